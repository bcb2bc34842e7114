"""Which raw data are read: those named, those of the last run, sample data; and never our own."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from retail import ingest, simulate
from retail.ingest.shop import Shop, read_shop
from retail.ingest.simulated import SIMULATED_FILE
from retail.ingest.sources import PUBLIC_FILE, LastSource, Origin, choose, resolve
from test_ingest_support import good_csv, write

DATABASE = Path("retail.duckdb")


def last(origin: Origin, location: Path | None = None) -> LastSource:
    return LastSource(origin, str(location) if location else None, DATABASE)


@pytest.fixture
def no_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a shop was simulated")

    monkeypatch.setattr(simulate, "simulate_shop", fail)


def test_without_a_name_the_source_of_the_last_run_is_read_again(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "mine/orders.csv", rows=2)
    good_csv(tmp_path / PUBLIC_FILE)
    for location in (source, source.parent, source.parent / "*.csv"):
        choice = choose(tmp_path, {}, last("given", location))
        assert (choice.origin, choice.location) == ("given", location)
        found = resolve(tmp_path, {}, last("given", location))
        assert [file.path for file in found.files] == [source]
        assert found.location == str(location)


def test_a_name_that_is_given_counts_more_than_the_last_run(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "other.csv")
    choice = choose(tmp_path, {"RETAIL_SOURCE": "other.csv"}, last("given", tmp_path / "a.csv"))
    assert (choice.origin, choice.location) == ("given", source)


@pytest.mark.parametrize("name", ["gone.csv", "gone", "gone/*.csv"])
def test_sample_data_never_take_the_place_of_somebodys_own(
    tmp_path: Path, no_simulation: None, name: str
) -> None:
    good_csv(tmp_path / PUBLIC_FILE)
    good_csv(tmp_path / SIMULATED_FILE)
    with pytest.raises(ingest.IngestError, match=r"gone.*(is not there|matches no file)"):
        resolve(tmp_path, {}, last("given", tmp_path / name))
    with pytest.raises(ingest.IngestError, match="does not say from where; set RETAIL_SOURCE"):
        resolve(tmp_path, {}, last("given"))


def test_a_simulated_shop_does_not_take_the_place_of_the_public_data_set(
    tmp_path: Path, no_simulation: None
) -> None:
    with pytest.raises(ingest.IngestError, match=r"retail source download.*--simulate"):
        choose(tmp_path, {}, last("public data set"))
    assert choose(tmp_path, {}, last("simulated shop")).origin == "simulated shop"
    assert choose(tmp_path, {}, None).origin == "simulated shop"
    good_csv(tmp_path / PUBLIC_FILE)
    for origin in ("public data set", "simulated shop"):
        assert choose(tmp_path, {}, last(origin)).origin == "public data set"  # type: ignore[arg-type]


def test_the_simulated_shop_is_known_by_its_name_too(tmp_path: Path) -> None:
    good_csv(tmp_path / SIMULATED_FILE)
    assert choose(tmp_path, {"RETAIL_SOURCE": str(SIMULATED_FILE)}).origin == "simulated shop"


@pytest.mark.parametrize("asked", ["data", "data/**/*", "data/**/*.[cp]*", "."])
def test_what_this_project_wrote_is_not_read_as_raw_data(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, asked: str
) -> None:
    source = good_csv(tmp_path / "data/mine.csv", rows=2)
    for written in (PUBLIC_FILE, SIMULATED_FILE, "data/old_cache/1.parquet"):
        good_csv(tmp_path / written)
    ingest.workspace.mark_as_cache(tmp_path / "data/old_cache")
    cache = tmp_path / ingest.LANDED_FOLDER
    ingest.land(resolve(tmp_path, {"RETAIL_SOURCE": str(source)}), cache)
    assert list(cache.glob("*.parquet"))
    caplog.clear()
    found = resolve(tmp_path, {"RETAIL_SOURCE": asked}, landed=cache)
    assert [file.path for file in found.files] == [source]
    assert any("files that this project wrote" in record.message for record in caplog.records)


def test_a_folder_of_nothing_but_our_own_files_is_refused(tmp_path: Path) -> None:
    source = good_csv(tmp_path / "mine.csv")
    cache = tmp_path / ingest.LANDED_FOLDER
    ingest.land(resolve(tmp_path, {"RETAIL_SOURCE": str(source)}), cache)
    for asked in ("data", "data/landed", "data/landed/*.parquet"):
        with pytest.raises(ingest.IngestError, match="nothing but 1 files that this project wrote"):
            resolve(tmp_path, {"RETAIL_SOURCE": asked}, landed=cache)


def test_one_of_our_own_files_is_read_when_it_is_named(tmp_path: Path) -> None:
    good_csv(tmp_path / PUBLIC_FILE)
    found = resolve(tmp_path, {"RETAIL_SOURCE": str(PUBLIC_FILE)})
    assert [file.path for file in found.files] == [tmp_path / PUBLIC_FILE]


def test_a_folder_may_have_the_signs_of_a_pattern_in_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "shop [2011]*"
    source = good_csv(root / "in/orders.csv")
    for asked in ("in/*.csv", str(root / "in/*.csv")):
        assert [file.path for file in resolve(root, {"RETAIL_SOURCE": asked}).files] == [source]
    with pytest.raises(ingest.IngestError, match=r"no\.csv does not exist"):
        resolve(root, {"RETAIL_SOURCE": "no.csv"})


# The settings of shop.yml ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns: {ordered_at: {format: '%d/%m'}}",
         "columns.ordered_at.format is '%d/%m'; allowed: a format of strptime with a day"),
        ("column: {}", "the file has the key 'column'; did you mean columns? Allowed: shop, "),
        ("columns: {orderd_at: {}}",
         "columns has the key 'orderd_at'; did you mean ordered_at? Allowed: order_id, "),
        ("columns: {ordered_at: {formt: x}}",
         "columns.ordered_at has the key 'formt'; did you mean format? Allowed: from, "),
        ("columns: {unit_price: {decimal: ';'}}",
         "columns.unit_price.decimal is ';'; allowed: '.', ','"),
        ("columns: {unit_price: {from: A, sql: B}}", "columns.unit_price is {'from': 'A'"),
        ("columns: {customer_id: {from: A, pseudonym: perhaps}}",
         "columns.customer_id.pseudonym is 'perhaps'"),
        ("columns: 3", "columns is 3; allowed: a mapping with order_id, product, "),
        ("shop: {currency: pound}",
         "shop.currency is 'pound'; allowed: a code of ISO 4217, such as GBP"),
        ("shop: {timezone: Europe/Lundon}",
         "shop.timezone is 'Europe/Lundon'; allowed: a zone such as Europe/London"),
        ("shop: {holidays: Ruritania}",
         "shop.holidays is 'Ruritania'; allowed: a country of the holidays package"),
        ("source: {postgres: 'postgresql://me:s3cret@host/db', name: orders}",
         "source.postgres is '…'; allowed: env and the environment variable that has the address"),
        ("source: {duckdb: shop.duckdb}", "of duckdb, sqlite and postgres either a table by its"),
        ("source: {sqlite: s.db, name: a, query: b.sql}", "either a table by its name, or a query"),
        ("source: {duckdb: shop.duckdb, query: orders}", "source.query is 'orders'; allowed: the"),
        ("source: {path: o.csv, sqlite: s.db, name: a}", "one of path, duckdb, sqlite and post"),
        ("source: {path: o.csv, name: orders}", "a name or a query of a database: duckdb, sqlite"),
        ("source: {ref: orders}", "source.ref is 'orders'; allowed: nothing: this project can't"),
        ("shop: {home: US}", "shop has the key 'home'; did you mean name? Allowed: name, "),
        ("source: {preset: shopfy}",
         "source.preset is 'shopfy'; did you mean shopify? Allowed: uci, shopify, "),
        ("join: [{path: a.csv}]", "join.0.on is missing"),
        ("join: [{path: a.csv, on: id, skip_rows: -1}]", "join.0.skip_rows is -1"),
        ("fill_down: {columns: [A]}", "fill_down.by is missing"),
        ("lines: {duplicates: across-files}",
         "lines.duplicates is 'across-files'; did you mean across_files? Allowed: drop, "),
        ("lines: {returns: x}", "lines has the key 'returns'; did you mean return? Allowed: "),
        ("dimensions: {Channel: Source}",
         "dimensions.Channel is 'Channel'; allowed: a name in lower case"),
        ("dimensions: {channel: {parent: region}}",
         "dimensions.channel is {'parent': 'region'}; allowed: either from or sql"),
        ("contracts: {malformd: {warn: 1}}",
         "contracts has the key 'malformd'; did you mean malformed? Allowed: "),
        ("dimensions: {line_type: Line Type}",
         "allowed: names other than line_type, which every order line has, such as shop_line"),
        ("contracts: {malformed: {warn: much}}",
         "contracts.malformed.warn is 'much'; allowed: a number"),
        ("contracts: {malformed: {warn: -1}}", "contracts.malformed.warn is -1; allowed: 0 or mor"),
        ("join: {path: a.csv}", "join is {'path': 'a.csv'}; allowed: a list of mappings with path"),
        ("lines: {service: {a: b}}", "lines.service is {'a': 'b'}; allowed: a list"),
        ("columns: {customer_id: {from: E, pseudonym: yess}}", "is 'yess'; allowed: true or false"),
        ("- a", "the file is ['a']; allowed: a mapping with shop, source, columns, "),
        ("columns: {", "is not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_in_shop_yml_is_one_line_with_what_is_allowed(
    tmp_path: Path, text: str, message: str
) -> None:
    write(tmp_path / "shop.yml", text)
    with pytest.raises(ingest.IngestError) as refused:
        read_shop(tmp_path, {})
    assert message in str(refused.value)
    assert str(tmp_path / "shop.yml") in str(refused.value)


def test_shop_yml_may_be_missing_or_empty_or_elsewhere(tmp_path: Path) -> None:
    assert read_shop(tmp_path, {}) == Shop()
    write(tmp_path / "shop.yml", "columns: {ordered_at:}\n")
    assert read_shop(tmp_path, {}) == Shop()
    write(tmp_path / "other.yml", 'columns: {ordered_at: {format: "%d/%m/%Y"}}')
    assert read_shop(tmp_path, {"RETAIL_SHOP": "other.yml"}).date_order == "day first"
    with pytest.raises(ingest.IngestError, match=r"missing\.yml"):
        read_shop(tmp_path, {"RETAIL_SHOP": "missing.yml"})


def test_reading_what_the_last_run_read_warns_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = good_csv(tmp_path / "orders.csv")
    resolve(tmp_path, {}, last("given", source))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
