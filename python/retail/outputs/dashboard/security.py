"""Guard Streamlit's server: known hosts, a token for others, and a policy for pages.

A page of another site can make a browser send requests to this machine, also under a name of its
own that leads here (DNS rebinding), and could read the answers or open the socket that carries all
data. It can't forge the headers ``Host`` and ``Origin``, so these have to name this dashboard.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from retail.outputs.dashboard.server import EVERYWHERE, LOCAL, TOKEN

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORBIDDEN, SEE_OTHER = 403, 303
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def known_hosts(host: str) -> Callable[[str], bool]:
    """Say which names a browser may know a dashboard by that listens to ``host``.

    One that listens everywhere has all addresses of the machine; a name that was made to lead here
    is none of them, so addresses in figures are known.
    """
    names = LOCAL | {host.lower()}
    if host not in EVERYWHERE:
        return names.__contains__
    names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return lambda name: name in names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def policy(pages: Iterable[str]) -> str:
    """The content security policy: nothing from elsewhere, no script but Streamlit's and ours.

    Args:
        pages: HTML whose scripts may run, such as Streamlit's own page.
    """
    scripts = sorted({_hash(script) for page in pages for script in _INLINE.findall(page)})
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {' '.join(scripts)}",
            "style-src 'self' 'unsafe-inline'",  # Streamlit writes its styles as it draws
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def headers(pages: Iterable[str]) -> Mapping[str, str]:
    """What every answer carries."""
    return {
        "Content-Security-Policy": policy(pages),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def guard(
    app: ASGIApp, *, is_known: Callable[[str], bool], token: str, extra: Mapping[str, str]
) -> ASGIApp:
    """Let through what names a known host, comes from no other site, and has the token.

    Args:
        app: what is guarded.
        is_known: whether the host of an address is this dashboard's.
        token: what the address has to have once, and a cookie from then on; empty for none.
        extra: headers of every answer.
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(extra)
            await send(message)

        refusal = _judge(HTTPConnection(scope), is_known, token)
        await (refusal or app)(scope, receive, sending)

    return guarded


def _judge(asked: HTTPConnection, is_known: Callable[[str], bool], token: str) -> Response | None:
    """The answer to what is not let through."""
    origin = asked.headers.get("origin")
    places = [f"//{asked.headers.get('host', '')}", *([origin] if origin is not None else [])]
    if not all(is_known(_host(place)) for place in places):
        return PlainTextResponse("This dashboard is not known by that name.", FORBIDDEN)
    if not token:
        return None
    given = dict(asked.query_params)
    cookie = f"retail_{asked.url.port or ''}"  # browsers share cookies among ports
    if _equal(given.pop(TOKEN, ""), token) and asked.scope["type"] == "http":
        rest = [pair for pair in parse_qsl(asked.url.query) if pair[0] != TOKEN]
        answer = RedirectResponse(f"{asked.url.path}?{urlencode(rest)}".rstrip("?"), SEE_OTHER)
        answer.set_cookie(cookie, token, httponly=True, samesite="lax")
        return answer
    if _equal(asked.cookies.get(cookie, ""), token):
        return None
    return PlainTextResponse(
        "Open the address with its token, as `retail dashboard` printed it.", FORBIDDEN
    )


def _host(place: str) -> str:
    try:
        return (urlsplit(place).hostname or "").lower()
    except ValueError:
        return ""


def _equal(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
