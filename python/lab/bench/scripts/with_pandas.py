"""Idiomatic pandas: `python -m lab.bench.scripts.with_pandas ORDERS OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

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
TEXTS = dict.fromkeys(("InvoiceNo", "StockCode", "Description", "CustomerID", "Country"), "str")
SERVICES = "seeds/service_codes.csv"
BEST = 10


def main(orders: Path, out: Path) -> None:
    """Work out the KPIs at both grains, and write them to `out`."""
    lines = classify(clean(read(orders)))
    traded = number_orders(lines[lines["line_type"].isin(["sale", "return"])].copy())
    days = pd.date_range(lines["day"].min(), lines["day"].max())
    countries = sorted(lines["country"].unique())
    weeks = monday(days.to_series()).drop_duplicates()
    grains = {
        "daily": kpis(traded.assign(period=traded["day"]), days, countries),
        "weekly": kpis(
            traded.assign(period=monday(traded["day"])), pd.DatetimeIndex(weeks), countries
        ),
    }
    answer = pd.concat(grains, names=["grain"]).reset_index("grain")
    answer[["grain", "kpi", "segment", "period", "value"]].to_csv(
        out, index=False, header=False, date_format="%Y-%m-%d"
    )


def read(orders: Path) -> pd.DataFrame:
    """All order lines of a folder."""
    files = [
        pd.read_csv(path, dtype=TEXTS, encoding="iso-8859-1")
        for path in sorted(orders.glob("*.csv"))
    ]
    return pd.concat(files, ignore_index=True).rename(columns=NAMES)


def clean(lines: pd.DataFrame) -> pd.DataFrame:
    """Trimmed, typed, every line once."""
    for name in ("invoice", "product", "description", "customer", "country"):
        lines[name] = lines[name].str.strip()
    lines["invoice"] = lines["invoice"].str.upper()
    lines["product"] = lines["product"].str.upper()
    lines["country"] = lines["country"].fillna("Unspecified")
    lines["ordered_at"] = pd.to_datetime(
        lines["ordered_at"], format="%m/%d/%Y %H:%M", errors="coerce"
    )
    needed = ["invoice", "product", "quantity", "ordered_at", "price"]
    lines = lines.dropna(subset=needed).drop_duplicates()
    lines["day"] = lines["ordered_at"].dt.normalize()
    return lines


def classify(lines: pd.DataFrame) -> pd.DataFrame:
    """Say of every line what it is, and what it brings."""
    codes = pd.read_csv(SERVICES)["code"]
    begins = tuple(codes[codes.str.endswith("*")].str.rstrip("*"))
    products = lines["product"].drop_duplicates()
    is_code = products.isin(codes) | products.str.startswith(begins)
    is_service = lines["product"].isin(products[is_code])
    is_credit = lines["invoice"].str.startswith("C")
    is_odd = lines["invoice"].str.startswith(("C", "A"))
    paid = lines["price"] > 0
    lines["line_type"] = "adjustment"
    lines.loc[is_credit & (lines["quantity"] < 0) & paid, "line_type"] = "return"
    lines.loc[~is_odd & (lines["quantity"] > 0) & paid, "line_type"] = "sale"
    lines.loc[is_service, "line_type"] = "service"
    lines["amount"] = lines["quantity"] * lines["price"]
    return lines


def number_orders(traded: pd.DataFrame) -> pd.DataFrame:
    """Count off each customer's sale invoices by first line time, then invoice."""
    traded["is_sale"] = traded["line_type"] == "sale"
    sales = traded[traded["is_sale"] & traded["customer"].notna()]
    invoices = sales.groupby(["customer", "invoice"])["ordered_at"].min().reset_index()
    invoices = invoices.sort_values(["ordered_at", "invoice"])
    invoices["number"] = invoices.groupby("customer").cumcount() + 1
    invoices["first_day"] = invoices.pop("ordered_at").dt.normalize()
    traded = traded.merge(invoices, on=["customer", "invoice"], how="left")
    traded["is_repeat"] = traded["is_sale"] & (traded["number"] > 1)
    traded["is_first"] = (
        traded["is_sale"] & (traded["number"] == 1) & (traded["day"] == traded["first_day"])
    )
    return traded


def monday(days: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    """The first day of each day's ISO week."""
    return days - pd.to_timedelta(days.dt.day_of_week, unit="D")


def kpis(traded: pd.DataFrame, periods: pd.DatetimeIndex, countries: list[str]) -> pd.DataFrame:
    """The 15 KPIs of every period, one row each."""
    sales = traded[traded["is_sale"]]
    known = traded[traded["customer"].notna()]
    abroad = traded[~traded["country"].isin(["United Kingdom", "Unspecified"])]

    def total(lines: pd.DataFrame, column: str) -> pd.Series[float]:
        return lines.groupby("period")[column].sum().reindex(periods, fill_value=0)

    def distinct(lines: pd.DataFrame, column: str) -> pd.Series[int]:
        return lines.groupby("period")[column].nunique().reindex(periods, fill_value=0)

    net, gross = total(traded, "amount"), total(sales, "amount")
    units, orders = total(sales, "quantity"), distinct(sales, "invoice")
    customers = distinct(sales, "customer")
    international = total(abroad, "amount")
    wide = pd.DataFrame(
        {
            "total_revenue": net,
            "revenue_per_order": net / orders.where(orders != 0),
            "revenue_per_customer": total(known, "amount") / customers.where(customers != 0),
            "order_count": orders,
            "items_per_order": units / orders.where(orders != 0),
            "units_sold": units,
            "active_customers": customers,
            "repeat_rate": distinct(sales[sales["is_repeat"]], "customer")
            / customers.where(customers != 0),
            "new_customers": distinct(sales[sales["is_first"]], "customer"),
            "product_concentration": top_products(sales, periods) / gross.where(gross != 0),
            "average_price": gross / units.where(units != 0),
            "return_rate": -total(traded[~traded["is_sale"]], "amount") / gross.where(gross != 0),
            "international_revenue": international,
            "international_share": international / net.where(net != 0),
        }
    )
    whole = long(wide.rename_axis(index="period", columns="kpi")).assign(segment="all")
    by_country = traded.pivot_table(
        index="period", columns="country", values="amount", aggfunc="sum", observed=True
    ).reindex(index=periods, columns=countries)
    parts = long(by_country.fillna(0).rename_axis(index="period", columns="segment"))
    return pd.concat([whole, parts.assign(kpi="revenue_by_country")])


def top_products(sales: pd.DataFrame, periods: pd.DatetimeIndex) -> pd.Series[float]:
    """What each period's best-selling products bring."""
    sold = sales.groupby(["period", "product"])["amount"].sum().sort_values(ascending=False)
    best = sold.groupby(level="period").head(BEST)
    return best.groupby(level="period").sum().reindex(periods, fill_value=0)


def long(wide: pd.DataFrame) -> pd.DataFrame:
    """One row per cell."""
    return wide.reset_index().melt(id_vars="period")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
