"""Escape texts for a terminal: what data and file names hold has no effect there."""

from __future__ import annotations

import dataclasses
import json
from itertools import chain
from typing import Any

CONTROLS = (range(0x20), range(0x7F, 0xA0))
"""Escape sequences begin with one of these."""
LINE_ENDS = (range(0x2028, 0x202A),)
TURNING = (range(0x61C, 0x61D), range(0x200E, 0x2010), range(0x202A, 0x202F), range(0x2066, 0x206A))
"""Marks that turn the direction of writing: by them a text reads as another one."""
HALVES = (range(0xD800, 0xE000),)
"""Half characters, which stand for bytes of file names that are no text."""
SPELT = {n: f"\\u{n:04x}" for n in chain(*CONTROLS, *LINE_ENDS, *TURNING, *HALVES)} | {
    ord("\n"): "\n",
    ord("\t"): " ",
}


def escape_control_chars(text: object) -> str:
    r"""The text with every sign that a terminal or a page would obey spelt out, like `\u001b`.

    Line feeds stay, a tab becomes a blank. What was JSON is the same JSON afterwards.
    """
    return str(text).translate(SPELT)


def json_text(value: object) -> str:
    """A value as escaped JSON: records as objects, whatever else JSON does not know as text."""
    return escape_control_chars(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever JSON does not know
    """A record as its columns, anything else as text."""
    is_record = dataclasses.is_dataclass(value) and not isinstance(value, type)
    return dataclasses.asdict(value) if is_record else str(value)
