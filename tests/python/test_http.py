"""One deadline holds for a whole call, whatever the other side does."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

import servers
from retail.http import Address, PostError, each_within, post_json, within
from retail.outputs.alerts import mail
from retail.outputs.alerts.message import Links

SOON = 3
"""Seconds within which a call of half a second's deadline has to be over, on a busy machine."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize("place", servers.DRIPS)
def test_a_dripping_webhook_or_endpoint_is_given_up(place: str) -> None:
    with servers.drip(servers.DRIPS[place]) as port:
        address = Address(f"http://127.0.0.1:{port}/hook")
        with pytest.raises(PostError, match=r"127\.0\.0\.1 did not answer in time") as refused:
            post_json(address, {}, 0.5)
        assert refused.value.may_pass


def test_a_dripping_mail_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "compose", lambda *_: None)
    with servers.drip(b"220 he") as port:
        server = mail.Server("127.0.0.1", port, mail.NONE, "", "", 0.3)
        channel = mail.channel(server, "a@example.org", lambda _: ("b@example.org",), Links())
        with pytest.raises(PostError, match=r"127\.0\.0\.1 did not answer in time"):
            channel.send(SimpleNamespace(owner=""))  # type: ignore[arg-type]


def test_what_is_done_in_time_is_handed_over_with_its_error() -> None:
    assert within(1, lambda: 7) == 7
    assert list(each_within(1, lambda: iter("abc"))) == ["a", "b", "c"]
    with pytest.raises(ZeroDivisionError):
        within(1, lambda: 1 / 0)


def test_results_without_end_end_at_the_deadline_and_so_does_their_thread() -> None:
    before = threading.active_count()
    with pytest.raises(TimeoutError):
        for _ in each_within(0.2, itertools.count):
            pass
    while threading.active_count() > before:
        time.sleep(0.01)
