"""Faults, really done: what is killed, cut, flipped, held or set back, and what survives it.

`python -m faults` (or `make faults`) does all of them in full numbers and prints what came of it;
`tests/python/test_faults.py` does a few of each.
"""
