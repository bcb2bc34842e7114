"""How fast, how large: the daily job beside plain scripts that work out the same KPIs.

Simulated shops of growing size; every contender in a process of its own, in turn, under a limit
of time and memory; no figure before all answers agree.
"""
