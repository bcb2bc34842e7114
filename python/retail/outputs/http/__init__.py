"""JSON to an address by HTTP POST, without ever telling the address or a key to anybody else."""

from __future__ import annotations

from retail.outputs.http.retry import PostError, with_retry
from retail.outputs.http.send import Address, post_json

__all__ = ["Address", "PostError", "post_json", "with_retry"]
