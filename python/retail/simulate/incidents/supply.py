"""Supply of unused invoice numbers and ids."""

import numpy as np

from retail.simulate.draws import IntArray


class Supply:
    """Hands out unused numbers: first those put in store, then ever higher ones from `beyond`."""

    def __init__(self, beyond: int, store: IntArray | None = None) -> None:
        """Start with an empty store, or the numbers given (ascending)."""
        self._beyond = beyond
        self._store = np.zeros(0, dtype=np.int64) if store is None else store

    def restock(self, store: IntArray) -> None:
        """Replace what is in store; for invoices, the numbers left free on the next day."""
        self._store = store

    def take(self, count: int) -> IntArray:
        """Return `count` numbers that were never returned before; shape (count,)."""
        kept = self._store[:count]
        self._store = self._store[count:]
        missing = count - len(kept)
        further = np.arange(self._beyond, self._beyond + missing, dtype=np.int64)
        self._beyond += missing
        return np.concatenate([kept, further])
