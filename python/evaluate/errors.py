"""What can go wrong here, told in one line."""


class EvaluateError(Exception):
    """The evaluation can't do its work; the message says what, where and what to do."""
