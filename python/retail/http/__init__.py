"""HTTP with a deadline; no message holds an address or a key."""

from __future__ import annotations

from retail.http.deadline import each_within, within
from retail.http.retry import PostError, with_retry
from retail.http.send import Address, causes, certificates, no_login, post_json

__all__ = [
    "Address",
    "PostError",
    "causes",
    "certificates",
    "each_within",
    "no_login",
    "post_json",
    "with_retry",
    "within",
]
