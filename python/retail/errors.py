"""The errors that end a command with one line, and how long a line of any kind may be."""

from __future__ import annotations

LONGEST_LINE, LONGEST_END = 2_000, 500
"""Characters of a message, and of its end, which says what to do, where it is cut in the middle."""


class RetailError(RuntimeError):
    """A command could not do its work. The message says what, where, and what to do, in one line.

    dbt prints a ``RuntimeError`` raised while it connects without a traceback.
    """

    def __init__(self, message: str) -> None:
        """Keep ``message``, without the middle of what it quotes at length."""
        super().__init__(shorten(message))


def shorten(message: str) -> str:
    """A message whose values or names are too long for anybody to read, cut in the middle."""
    if len(message) <= LONGEST_LINE:
        return message
    return f"{message[: LONGEST_LINE - LONGEST_END]} […] {message[-LONGEST_END:]}"
