"""Planted incidents: what is caught, how soon and at what cost, beside the usual rules.

Incidents of every kind are planted in order lines, in simulated shops and in copies of the given
data; each copy goes through `dbt build` and `detect` as a shop's own data would.
"""
