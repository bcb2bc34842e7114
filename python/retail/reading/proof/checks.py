"""What a story may say against an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from retail import formatting as shown
from retail.reading.proof.asking import Asker
from retail.reading.proof.forms import Fact, Form, form
from retail.storage.quoting import literal

UNIT_SLIP = "if($is_unit_slip = 'true', ' a slip of the price unit,', '')"


def checks(ask: Asker) -> Iterator[Form]:
    """What speaks against an incident."""
    price = partial(shown.price, money=ask.money)
    whole = partial(shown.whole)

    def number(show: Callable[[float], str]) -> Callable[[str], str]:
        return lambda text: show(float(text))

    on = ask.lead("period_start", partial(shown.day, full=True))
    before = "" if ask.story.shift_start is None else "On {on}: "  # of a lasting change, its day

    def said(template: str, **facts: Fact | None) -> Iterator[Form]:
        return form(template, lead_in=before, on=on, **facts)

    yield from said(
        "{pieces} pieces of {product} were ordered by customer {customer} and cancelled {after} "
        "later.",
        pieces=ask.check("reversal", "$quantity", number(shown.quantity)),
        product=ask.check("reversal", "$product", ask.product),
        customer=ask.check("reversal", "$customer_id"),
        after=ask.check("reversal", "$minutes", _after),
    )
    for check, key in (("one_order", "invoice_no"), ("one_customer", "customer_id")):
        name = ask.check(check, f"${key}")
        what, kind = check.removeprefix("one_"), key.split("_")[0]
        yield from said(
            f"One {what} makes it: without {kind} {{name}} ({{worth}} in all) it would be "
            "{rest}.",
            name=name,
            worth=name and _worth(ask, key, name.figure),
            rest=ask.check(check, "if(verdict = 'vanishes', $without, null)",
                           number(partial(shown.amount, unit=ask.story.unit))),
        )  # fmt: skip
    yield from said(
        "The data may have been loaded twice: {share} of the {lines} sale lines come again with "
        "the same customer, product, quantity and price (usually {usual}).",
        share=ask.check("duplicate_load", "$share", number(shown.percent)),
        lines=ask.check("duplicate_load", "$lines", number(whole)),
        usual=ask.check("duplicate_load", "$usual", number(shown.percent)),
    )
    priced = "; {products} products are priced like that"
    for many in ("", priced, f"{priced}, all in country {{country}}"):
        yield from said(
            "A price may be wrong:{slip} {product} was sold at {sold}{times}{usual}"
            f"{many}.",
            slip=ask.check("price_slip", UNIT_SLIP),
            product=ask.check("price_slip", "$product", ask.product),
            sold=ask.check("price_slip", "$price", number(price)),
            times=ask.check("price_slip", "$factor", number(_times)),
            usual=ask.check("price_slip", "$usual", number(price)),
            products=ask.check("price_slip", "if($products::int > 1, $products, null)"),
            country=ask.check("price_slip", "$country"),
        )
    some = ask.check(
        "missing_ids", "$without, $orders", lambda *n: " of ".join(whole(float(x)) for x in n)
    )
    for share, of in (
        (ask.check("missing_ids", "$share", number(shown.percent)), "of the "),
        (some, ""),
    ):
        yield from said(
            f"Customer ids may be missing: {{share}} {of}orders have none, where {{usual}} is "
            "usual.",
            share=share, usual=ask.check("missing_ids", "$usual", number(shown.percent)),
        )  # fmt: skip
    yield from said(
        "Customer ids may have changed: {share} of the {orders} orders with a customer id are of "
        "new customers, where {usual} is usual.",
        share=ask.check("renumbered_ids", "$share", number(shown.percent)),
        orders=ask.check("renumbered_ids", "$orders", number(whole)),
        usual=ask.check("renumbered_ids", "$usual", number(shown.percent)),
    )
    moved = ask.check("missing_hours", "$moved", number(shown.percent))
    absent = (
        "nothing came in {hours} of the usual hours ({first}:00 to {last}:59), which bring {share} "
        "of the orders"
    )
    but = "but {moved} came in hours that usually have none"
    yield from said(
        f"The clock may be off: {absent}, {but}."
        if moved
        else f"A part of the day may be missing: {absent}.",
        hours=ask.check("missing_hours", "$hours"), first=ask.check("missing_hours", "$first"),
        last=ask.check("missing_hours", "$last"), moved=moved,
        share=ask.check("missing_hours", "$share", number(shown.percent)),
    )  # fmt: skip
    yield from said(
        "Sales may be recorded wrongly: {share} of the {lines} order lines are none (usually "
        "{usual}), {adjustments} as they have no price or no quantity, or are adjustments by their "
        "number, and {returns} as returns.",
        share=ask.check("unsold_lines", "$share", number(shown.percent)),
        usual=ask.check("unsold_lines", "$usual", number(shown.percent)),
        lines=ask.check("unsold_lines", "$lines", number(whole)),
        adjustments=ask.check("unsold_lines", "$adjustments", number(whole)),
        returns=ask.check("unsold_lines", "$returns", number(whole)),
    )
    yield from said(
        "Orders may go by another name: {mine} had {change} orders {way} than usual and {other} "
        "{of_other} {back}, while the shop had as many as usual.",
        mine=ask.check("relabelled", "concat($dimension, chr(31), $member)", partial(_named, ask)),
        other=ask.check("relabelled", "concat($dimension, chr(31), $other)", partial(_named, ask)),
        change=ask.check("relabelled", "abs($change::double)", number(whole)),
        of_other=ask.check("relabelled", "abs($change_of_other::double)", number(whole)),
        way=ask.check("relabelled", "if($change::double > 0, 'more', 'fewer')"),
        back=ask.check("relabelled", "if($change::double > 0, 'fewer', 'more')"),
    )
    for verdict, words in (
        ("= 0", "is another cause"),
        ("between 1e-9 and 1", "may be another cause"),
    ):
        yield from form(
            "Compared with the week before, or with the eight before, it {words}.",
            words=ask.check("stability", f"if($share::double {verdict}, '{words}', null)"),
        )


def _named(ask: Asker, text: str) -> str:
    """A dimension and its member as one place."""
    dimension, member = text.split("\x1f")
    return shown.segment({dimension: member}, ask.names, full=True)


def _after(minutes: str) -> str:
    number = int(minutes)
    size, word = next(
        ((size, word) for size, word in ((1440, "day"), (60, "hour")) if number >= 2 * size),
        (1, "minute"),
    )
    return shown.count(number // size, word)


def _times(factor: float) -> str:
    return f", {shown.times(factor)} times an earlier price of " if factor > 1 else " after "


def _worth(ask: Asker, key: str, name: str) -> Fact | None:
    """What an order or a customer bought in the period, or sent back where that is more."""
    one = ask.story
    period = replace(ask, story=replace(one, dimension=None)).within()
    query = f"""
        select cast(greatest(
            sum(amount) filter (where line_type = 'sale'),
            -sum(amount) filter (where line_type = 'return')
        ) as double)
        from marts.fct_kpi_lines where {key} = {literal(name)} and {period}
    """  # noqa: S608 - quoted
    return ask.fact(query, partial(shown.amount, unit=ask.money), "marts.fct_kpi_lines", name)
