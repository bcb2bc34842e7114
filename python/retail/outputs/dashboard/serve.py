"""What `streamlit run` serves: the dashboard behind its guard."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from retail.outputs.dashboard import guard, server
from retail.outputs.dashboard.render import TO_TOP

PAGE = Path(st.__file__).parent / "static" / "index.html"
"""Streamlit's own page, whose scripts may run."""

app = st.App(
    str(server.APP),
    middleware=[
        Middleware(
            guard.guard,
            is_known=guard.known_hosts(os.environ.get(server.HOST_VARIABLE, server.HOST)),
            token=os.environ.get(server.TOKEN_VARIABLE, ""),
            extra=guard.headers([PAGE.read_text(encoding="utf-8"), TO_TOP]),
        )
    ],
)
