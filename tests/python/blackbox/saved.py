"""Ids of the shop that people have noted down: they keep their meaning, whatever is rebuilt."""

from __future__ import annotations

OUTAGE = "a5ce53ce6d1a"
RETURNS = "2d2744bfb819"
GERMAN_DAY = "ebd0872b54b8"
RUSH = "607876a8bf35"
SLUMP = "5143d990cefa"
INCIDENTS = {OUTAGE, RETURNS, GERMAN_DAY, RUSH, SLUMP}

ANOMALIES = {
    "3fce7629e285": ("order_count", "all", "daily", "2011-03-01", OUTAGE),
    "ff4cd9fb3b29": ("active_customers", "all", "daily", "2011-03-01", OUTAGE),
    "d0b6de3124f8": ("return_rate", "all", "daily", "2011-03-09", RETURNS),
    "05f8bb41545f": ("return_rate", "all", "weekly", "2011-03-07", RETURNS),
    "784ce706f9de": ("order_count", "all", "daily", "2011-03-16", GERMAN_DAY),
    "b06d8f244fa0": ("units_sold", "all", "daily", "2011-03-16", GERMAN_DAY),
    "87a78bcb853e": ("order_count", "all", "daily", "2011-03-23", RUSH),
    "d9c90de633d1": ("order_count", "all", "daily", "2011-04-07", SLUMP),
    "994bb02a1e08": ("order_count", "all", "daily", "2011-04-08", SLUMP),
    "f7b7d4e665a1": ("revenue_by_country", "United Kingdom", "daily", "2011-04-08", SLUMP),
}
"""KPI, segment, grain, start of the period, and incident of each."""
