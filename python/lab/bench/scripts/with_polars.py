"""Idiomatic Polars, lazy and streaming: `python -m lab.bench.scripts.with_polars ORDERS OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

NAMES = {
    "InvoiceNo": "invoice",
    "StockCode": "product",
    "Description": "description",
    "Quantity": "quantity",
    "InvoiceDate": "ordered_at",
    "UnitPrice": "price",
    "CustomerID": "customer",
    "Country": "country",
}
SERVICES = "seeds/service_codes.csv"
BEST = 10
EVERY = {"daily": "1d", "weekly": "1w"}


def main(orders: Path, out: Path) -> None:
    """Work out the KPIs at both grains, and write them to `out`."""
    lines = classify(clean(read(orders))).collect(engine="streaming").lazy()
    traded = number_orders(lines.filter(pl.col("line_type").is_in(["sale", "return"])))
    traded = traded.collect(engine="streaming").lazy()
    first, last = lines.select(pl.min("day"), pl.max("day").alias("last")).collect().row(0)
    days = pl.LazyFrame({"day": pl.date_range(first, last, eager=True)})
    countries = lines.select(pl.col("country").unique())
    answers = [
        kpis(at(traded, every), at(days, every).select(pl.col("period").unique()), countries)
        .with_columns(pl.lit(grain).alias("grain"))
        .select("grain", "kpi", "segment", "period", "value")
        for grain, every in EVERY.items()
    ]
    pl.concat(pl.collect_all(answers)).write_csv(out, include_header=False)


def read(orders: Path) -> pl.LazyFrame:
    """All order lines of a folder."""
    return pl.scan_csv(
        orders / "*.csv", schema=dict.fromkeys(NAMES, pl.String()), encoding="utf8-lossy"
    ).rename(NAMES)


def clean(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Trimmed, typed, every line once."""
    text = pl.col("invoice", "product", "description", "customer", "country").str.strip_chars()
    needed = ["invoice", "product", "quantity", "ordered_at", "price"]
    return (
        lines.with_columns(text.replace("", None))
        .with_columns(
            pl.col("invoice", "product").str.to_uppercase(),
            pl.col("country").fill_null("Unspecified"),
            pl.col("quantity").cast(pl.Int64, strict=False),
            pl.col("price").cast(pl.Float64, strict=False),
            pl.col("ordered_at").str.to_datetime("%m/%d/%Y %H:%M", strict=False),
        )
        .drop_nulls(needed)
        .unique()
        .with_columns(pl.col("ordered_at").dt.date().alias("day"))
    )


def classify(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Say of every line what it is, and what it brings."""
    codes = pl.read_csv(SERVICES)["code"].str.replace_all(r"\*", ".*").to_list()
    invoice, quantity, paid = pl.col("invoice"), pl.col("quantity"), pl.col("price") > 0
    is_credit = invoice.str.starts_with("C")
    return lines.with_columns(
        pl.when(pl.col("product").str.contains(f"^({'|'.join(codes)})$"))
        .then(pl.lit("service"))
        .when(is_credit & (quantity < 0) & paid)
        .then(pl.lit("return"))
        .when(~is_credit & ~invoice.str.starts_with("A") & (quantity > 0) & paid)
        .then(pl.lit("sale"))
        .otherwise(pl.lit("adjustment"))
        .alias("line_type"),
        (quantity * pl.col("price")).alias("amount"),
    ).drop("description", "price")


def number_orders(traded: pl.LazyFrame) -> pl.LazyFrame:
    """Count off each customer's sale invoices by first line time, then invoice."""
    is_sale = pl.col("line_type") == "sale"
    invoices = (
        traded.filter(is_sale & pl.col("customer").is_not_null())
        .group_by("customer", "invoice")
        .agg(pl.min("ordered_at").alias("sold_at"))
        .sort("sold_at", "invoice")
        .with_columns(pl.int_range(1, pl.len() + 1).over("customer").alias("number"))
    )
    number, first_day = pl.col("number"), pl.col("sold_at").dt.date()
    return traded.join(invoices, on=["customer", "invoice"], how="left").with_columns(
        is_sale.alias("is_sale"),
        (is_sale & (number > 1)).fill_null(value=False).alias("is_repeat"),
        (is_sale & (number == 1) & (pl.col("day") == first_day))
        .fill_null(value=False)
        .alias("is_first"),
    )


def at(frame: pl.LazyFrame, every: str) -> pl.LazyFrame:
    """With the period that each day falls in."""
    return frame.with_columns(pl.col("day").dt.truncate(every).alias("period"))


def kpis(traded: pl.LazyFrame, periods: pl.LazyFrame, countries: pl.LazyFrame) -> pl.LazyFrame:
    """The 15 KPIs of every period, one row each."""
    amount, customer = pl.col("amount"), pl.col("customer")
    is_sale, country = pl.col("is_sale"), pl.col("country")
    measured = traded.group_by("period").agg(
        amount.sum().alias("net"),
        amount.filter(is_sale).sum().alias("gross"),
        (-amount.filter(~is_sale).sum()).alias("returned"),
        amount.filter(customer.is_not_null()).sum().alias("identified"),
        amount.filter(~country.is_in(["United Kingdom", "Unspecified"])).sum().alias("abroad"),
        pl.col("quantity").filter(is_sale).sum().alias("units"),
        pl.col("invoice").filter(is_sale).n_unique().alias("orders"),
        customer.filter(is_sale).drop_nulls().n_unique().alias("customers"),
        customer.filter("is_repeat").n_unique().alias("repeaters"),
        customer.filter("is_first").n_unique().alias("newcomers"),
    )
    whole = (
        periods.join(measured, on="period", how="left")
        .join(top_products(traded), on="period", how="left")
        .with_columns(pl.exclude("period").fill_null(0))
        .select("period", *(value.cast(pl.Float64).alias(kpi) for kpi, value in RATIOS.items()))
        .unpivot(index="period", variable_name="kpi")
        .with_columns(pl.lit("all").alias("segment"))
    )
    by_country = traded.group_by("period", "country").agg(amount.sum().alias("value"))
    parts = (
        periods.join(countries, how="cross")
        .join(by_country, on=["period", "country"], how="left")
        .with_columns(pl.col("value").fill_null(0), pl.lit("revenue_by_country").alias("kpi"))
        .rename({"country": "segment"})
    )
    return pl.concat([whole, parts.select("period", "kpi", "value", "segment")])


def ratio(above: str, below: str) -> pl.Expr:
    """A ratio, NULL where there is nothing below."""
    return pl.when(pl.col(below) != 0).then(pl.col(above) / pl.col(below))


RATIOS = {
    "total_revenue": pl.col("net"),
    "revenue_per_order": ratio("net", "orders"),
    "revenue_per_customer": ratio("identified", "customers"),
    "order_count": pl.col("orders"),
    "items_per_order": ratio("units", "orders"),
    "units_sold": pl.col("units"),
    "active_customers": pl.col("customers"),
    "repeat_rate": ratio("repeaters", "customers"),
    "new_customers": pl.col("newcomers"),
    "product_concentration": ratio("top", "gross"),
    "average_price": ratio("gross", "units"),
    "return_rate": ratio("returned", "gross"),
    "international_revenue": pl.col("abroad"),
    "international_share": ratio("abroad", "net"),
}


def top_products(traded: pl.LazyFrame) -> pl.LazyFrame:
    """What each period's best-selling products bring."""
    sold = traded.filter("is_sale").group_by("period", "product").agg(pl.sum("amount"))
    return sold.group_by("period").agg(pl.col("amount").top_k(BEST).sum().alias("top"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
