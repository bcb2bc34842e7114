"""What a story may say of the cause."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from retail import formatting as shown
from retail.reading.proof import asking
from retail.reading.proof.asking import Asker
from retail.reading.proof.forms import Form, form
from retail.storage.quoting import literal


def causes(ask: Asker) -> Iterator[Form]:
    """The first cause and how much of the change it is, or that nothing recorded explains it."""
    unit = ask.story.unit
    added = partial(shown.contribution, unit=unit, full=True)
    came = ask.cause("contribution", added)
    share = ask.cause("share_of_change", shown.percent)
    whole = ask.lead("change", added)
    on = ask.lead("period_start", lambda day: shown.day(day, full=True))
    along = ask.cause("if(share_of_change > 0, 'from', null)")
    against = ask.cause("if(share_of_change <= 0, 'offset', null)")
    more = ask.cause("if(share_of_change > 1.05, 'More', null)")
    every = ask.cause("if(share_of_change between 0.995 and 1.05, 'All', null)")
    for where in asking.segments(ask):
        facts = {"came": came, "share": share, "whole": whole, "every": every, "on": on,
                 "where": where, "along": along, "against": against, "more": more}  # fmt: skip
        for before in ("", "On {on}: "):
            for template in (
                "The change was partly {against} by {where} ({came}).",
                "{more} than all of the change ({came}) is {along} {where}, partly offset by the "
                "rest.",
                "{came} of {whole} is {along} {where}.",
                "{every} of the change ({came}) is {along} {where}.",
                "{share} of the change ({came}) is {along} {where}.",
            ):
                yield from form(template, lead_in=before, **facts)
    yield from _outside(ask)


def _outside(ask: Asker) -> Iterator[Form]:
    one = ask.story
    table = "attributions" if one.source == "anomalies" else "early_attributions"
    query = f"""
        select max(cause_confidence), string_agg(dimensions, ',' order by rank)
        from insights.{table}
        where {one.key} = {literal(one.lead)} and analysis = 'ruled_out'
    """  # noqa: S608 - quoted
    sure = ask.fact(query, lambda sure, _: shown.percent(sure), f"insights.{table}", one.lead)
    if sure is None:
        return
    looked_at = {f"no {_or(some)} stands out" for some in _looked_at(ask.rows(query)[0][1])}
    for text in looked_at:
        for surely in (" ({sure} sure)", ""):
            yield from form(
                f"None of the recorded dimensions explains it{surely}: {{text}}.",
                sure=sure,
                text=replace(sure, figure=text),
            )


def _looked_at(dimensions: str) -> Iterator[list[str]]:
    """All dimensions that were examined, and the same without their groupings."""
    names = sorted(shown.words(name) for name in set(dimensions.split(",")))
    groups = {"region", "market", "category"} & set(names)
    for size in range(len(groups) + 1):
        for left_out in itertools.combinations(sorted(groups), size):
            yield [name for name in names if name not in left_out]


def _or(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
