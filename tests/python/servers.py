"""A webhook and a mail server on this machine, which keep what they are told and obey orders."""

from __future__ import annotations

import base64
import http.server
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import IO


@dataclass
class Web:
    """Answers with `answers` one after the other, the last one again and again.

    An answer is a status, or a status and a body, or seconds to hang (a float).
    """

    port: int = 0
    answers: list[object] = field(default_factory=lambda: [200])
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def json(self) -> list[dict[str, object]]:
        return [json.loads(body) for body in self.bodies]

    def next(self) -> object:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def web() -> Iterator[Web]:
    kept = Web()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            kept.headers.append(dict(self.headers))
            kept.paths.append(self.path)
            answer = kept.next()
            if isinstance(answer, float):
                time.sleep(answer)
                return
            status, body = answer if isinstance(answer, tuple) else (answer, b"ok")
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{kept.url}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            kept.paths.append(self.path)
            self.send_error(403)

        def do_GET(self) -> None:
            kept.paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with _serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        kept.port = port
        yield kept


@contextmanager
def drip(start: bytes, pause: float = 0.2) -> Iterator[int]:
    """Answer whatever is asked with a beginning, and then with a byte at a time, for ever."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the client has gone
                self.request.sendall(start)
                while True:
                    time.sleep(pause)
                    self.request.sendall(b"x")

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port


DRIPS = {
    "status": b"HTTP/1.1 20",
    "header": b"HTTP/1.1 200 OK\r\nX-Long: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
}
"""Where an answer begins to drip."""


@dataclass
class Mail:
    """Takes messages; `refusals` are replies by command, each given once."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    refusals: dict[str, list[str]] = field(default_factory=dict)
    was_encrypted: list[bool] = field(default_factory=list)


@contextmanager
def mail(certificate: Path | None = None, *, wrapped: bool = False) -> Iterator[Mail]:
    """Speak SMTP; with a certificate also STARTTLS, or TLS from the start where `wrapped`."""
    kept = Mail()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is not None:
        context.load_cert_chain(certificate)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # The client may not trust the certificate, or have gone.
            with suppress(OSError):
                _converse(self.request, kept, context if certificate else None, wrapped=wrapped)

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        kept.port = port
        yield kept


def _converse(
    line: socket.socket, kept: Mail, context: ssl.SSLContext | None, *, wrapped: bool
) -> None:
    with ExitStack() as stack:
        encrypted = wrapped
        if wrapped and context:
            line = stack.enter_context(context.wrap_socket(line, server_side=True))
        stream = stack.enter_context(line.makefile("rwb"))

        def say(text: str) -> None:
            stream.write(f"{text}\r\n".encode())
            stream.flush()

        say("220 here")
        while words := stream.readline().decode().strip():
            verb = words.split()[0].upper()
            if kept.refusals.get(verb):
                say(kept.refusals[verb].pop(0))
            elif verb == "EHLO":
                offers = "250-STARTTLS\r\n" if context and not encrypted else ""
                say(f"250-here\r\n250-AUTH PLAIN\r\n{offers}250 8BITMIME")
            elif verb == "STARTTLS" and context:
                say("220 go ahead")
                line = stack.enter_context(context.wrap_socket(line, server_side=True))
                stream, encrypted = stack.enter_context(line.makefile("rwb")), True
            elif verb == "AUTH":
                kept.logins.append(base64.b64decode(words.split()[2]).decode())
                say("235 welcome")
            elif verb == "RCPT":
                kept.receivers.append(words.split("<")[1].split(">")[0])
                say("250 fine")
            elif verb == "DATA":
                say("354 go on")
                _take(stream, kept, encrypted=encrypted)
                say("250 taken")
            else:
                say("221 bye" if verb == "QUIT" else "250 fine")


def _take(stream: IO[bytes], kept: Mail, *, encrypted: bool) -> None:
    lines = []
    while (line := stream.readline()) != b".\r\n":
        lines.append(line[1:] if line.startswith(b"..") else line)
    kept.messages.append(message_from_bytes(b"".join(lines), policy=policy.default))
    kept.was_encrypted.append(encrypted)


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
