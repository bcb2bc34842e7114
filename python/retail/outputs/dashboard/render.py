"""Put texts on the page, always escaped: into fragments, or into labels."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import streamlit as st
from jinja2 import Template
from markupsafe import Markup

from retail.console import escape_control_chars
from retail.outputs.report import page

TEMPLATES = Path(__file__).parent / "templates"
TO_TOP = """<script>
document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
</script>"""
SILENCE = """<script>
window.unnamed ??= new MutationObserver(() => document.querySelectorAll('[class*="_brush"]')
    .forEach(mark => mark.setAttribute('aria-hidden', 'true')));
window.unnamed.observe(document.body, {childList: true, subtree: true});
</script>"""
PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def style() -> None:
    """Colours and parts of the report, within our own HTML only, and what we need besides."""
    sheet = page.style("colours.css") + ".stHtml {\n" + page.style("parts.css") + "}\n"
    own = (TEMPLATES / "dashboard.css").read_text(encoding="utf-8")
    html(Markup("<style>{}</style>").format(Markup(sheet + own)))  # noqa: S704 - templates escape, sheets are our own


def fragment(name: str, **given: object) -> None:
    """A part of the page from its template, which escapes whatever it is given."""
    html(Markup(_template(name).render(**given)))  # noqa: S704 - templates escape, sheets are our own


@functools.cache
def _template(name: str) -> Template:
    return page.environment(TEMPLATES).get_template(f"{name}.html")


def html(body: Markup) -> None:
    """Show what is escaped already; a plain text has no way in."""
    if body.strip():
        st.html(escape_control_chars(body))


def from_the_top() -> None:
    """Begin a new page at its top: Streamlit leaves it where the last one was scrolled to."""
    st.html(TO_TOP, unsafe_allow_javascript=True)


def hide_selection() -> None:
    """Hide a chart's selected stretch from screen readers: Vega gives it a role and no name."""
    st.html(SILENCE, unsafe_allow_javascript=True)


def picture(drawn: Markup, alt: str) -> None:
    """A chart of the report; Streamlit shows no SVG but as an image, so it brings its style."""
    sheet = page.style("colours.css", "parts.css") + "text { font-family: sans-serif; }"
    style = Markup("<style>{}</style></svg>").format(Markup(sheet))  # noqa: S704 - templates escape, sheets are our own
    st.image(escape_control_chars(drawn.removesuffix("</svg>") + style), alt=alt, width="stretch")


def plain(text: str) -> str:
    """Text for a label or a message, where Streamlit reads Markdown: nothing in it is markup."""
    return PUNCTUATION.sub(r"\\\1", escape_control_chars(" ".join(text.split())))
