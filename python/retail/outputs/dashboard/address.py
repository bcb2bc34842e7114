"""The address of the page holds its state; widgets show it and change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

Pick = Callable[..., Any]


def go(**wanted: str | None) -> None:
    """Change the address; what is None leaves it."""
    for name, value in wanted.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def given(name: str) -> str | None:
    """A part of the address, or None."""
    return st.query_params.get(name)


def pick(
    widget: Pick,
    label: str,
    options: Sequence[str],
    value: str,
    name: str,
    *,
    forget: Sequence[str] = (),
    **how: object,
) -> str:
    """A widget that shows one part of the address and changes it, forgetting others with it."""
    key = f"pick_{name}"
    st.session_state[key] = value

    def keep() -> None:
        go(**{name: st.session_state[key] or value}, **dict.fromkeys(forget))

    chosen = widget(label, options, key=key, on_change=keep, **how)
    return str(chosen) if chosen is not None else value
