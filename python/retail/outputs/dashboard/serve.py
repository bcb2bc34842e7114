"""What `streamlit run` serves: the dashboard behind its checks of host and token."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from retail.outputs.dashboard import security, server
from retail.outputs.dashboard.render import SILENCE, TO_TOP

PAGE = Path(st.__file__).parent / "static" / "index.html"
"""Streamlit's own page, whose scripts may run."""

app = st.App(
    str(server.APP),
    middleware=[
        Middleware(
            security.guard,
            is_known=security.known_hosts(os.environ.get(server.HOST_VARIABLE, server.HOST)),
            token=os.environ.get(server.TOKEN_VARIABLE, ""),
            extra=security.headers([PAGE.read_text(encoding="utf-8"), TO_TOP, SILENCE]),
        )
    ],
)
