"""Public holidays of a shop's country, from the `holidays` package."""

from __future__ import annotations

import datetime as dt

from retail.ingest.countries import code_of
from retail.ingest.facts import Facts
from retail.ingest.shop import Shop

FIRST_YEAR = 2000
YEARS_TO_COME = 2
LISTED = frozenset({"GB"})
"""Countries whose holidays are in seeds/holidays.csv."""


def holidays_of(shop: Shop, facts: Facts) -> list[tuple[str, str]]:
    """Holidays as ISO dates with their names; none of a country that has no calendar.

    Args:
        shop: the settings of shop.yml, which may name another country for them.
        facts: what holds for the shop's files.
    """
    asked = shop.shop.holidays
    country = asked or (code_of(facts.home_country) if facts.home_country else None)
    if country is None or (country in LISTED and not asked):
        return []
    # Imported late: most runs need no other calendar.
    import holidays

    years = range(FIRST_YEAR, dt.datetime.now(dt.UTC).year + YEARS_TO_COME)
    try:
        calendar = holidays.country_holidays(country, years=years)
    except NotImplementedError:
        return []
    return [(day.isoformat(), name) for day, name in sorted(calendar.items())]
