"""The one exception this package raises on purpose."""


class SimulateError(Exception):
    """A request that cannot be met; its message says what, where and what to do, in one line."""
