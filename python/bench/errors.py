"""What can go wrong here, told in one line."""


class BenchError(Exception):
    """The benchmark can't do its work; the message says what, where and what to do."""
