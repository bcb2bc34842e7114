"""The documentation, compared with what is there: README, docs and the descriptions of models."""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import duckdb
import pytest
import yaml
from dbt.cli.main import cli as dbt

from conftest import PROJECT, Shop
from retail.ingest.shop.contracts import Contract, Contracts
from retail.ingest.shop.expressions import to_sql
from retail.ingest.shop.settings import Preset
from retail.jobs.daily import operations
from retail.jobs.spark.compare import BOOKKEEPING
from retail.schema import TABLES

LONGEST_README = 150
PAGES = {
    path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])
}
"""Text of each page, by its path."""
GUIDES = {name: text for name, text in PAGES.items() if name not in ("CHANGELOG.md",)}
"""Pages about the present: the changelog names commands and tables of its time."""
README = PAGES["README.md"]
ALL = "\n\n".join(GUIDES.values())
MODEL_FILES = sorted((PROJECT / "models").rglob("*.yml"))
SCHEMAS = ("raw", "staging", "intermediate", "marts", "insights", "operations", "seeds")
PROGRAMS = ("dbt", "git", "make", "mf", "pip", "python", "retail")
INTERNAL = {
    "RETAIL_DASHBOARD_HOST", "RETAIL_DASHBOARD_TOKEN", "RETAIL_LAKE_RUN", "RETAIL_PRIVATE_COPY",
    "RETAIL_SPARK_",
}  # fmt: skip
"""Variables that the project sets for its own subprocesses, and the prefix of documented ones."""
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", flags=re.DOTALL | re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(text) if name == language]


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", text)


def spans(text: str) -> list[str]:
    """What stands between backticks in a page's prose."""
    return re.findall(r"`([^`]+)`", prose(text))


def commands() -> list[tuple[str, ...]]:
    """Every command of a shell block, and those in the prose: the program's name and its words."""
    lines = [line for block in blocks(ALL, "sh") for line in block.splitlines()]
    lines += [span for span in spans(ALL) if re.match(rf"(\S*/bin/)?({'|'.join(PROGRAMS)}) ", span)]
    lines += re.findall(r"\.venv/bin/.*", "".join(blocks(ALL, "cron")))
    found = [words for line in lines for words in parsed(line)]
    return sorted(set(found))


def parsed(line: str) -> Iterator[tuple[str, ...]]:
    """The commands of a line, without variables that are set before them and without comments."""
    for part in re.split(r"&&|;", re.sub(r"(^|\s)#.*", "", line)):
        words = [word for word in shlex.split(part) if not re.match(r"[A-Z_]+=", word)]
        if words:
            yield Path(words[0]).name, *words[1:]


def commands_of(program: str) -> list[tuple[str, ...]]:
    return [words for name, *words in commands() if name == program]


def example_queries() -> Iterator[tuple[str, str]]:
    for page, text in GUIDES.items():
        for number, query in enumerate(blocks(text, "sql")):
            yield f"{page} {number}", query
    for path in MODEL_FILES:
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            for query in blocks(model["description"], "sql"):
                yield model["name"], query


@pytest.fixture(scope="module")
def database(detected: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session's shop after a run of the daily job."""
    path = tmp_path_factory.mktemp("readme") / "retail.duckdb"
    shutil.copyfile(detected.database, path)
    operations.write(path, [])
    return path


# ------------------------------------------------------------------------------------ pages


def test_readme_is_one_page() -> None:
    assert len(README.splitlines()) <= LONGEST_README


def test_readme_links_to_every_page() -> None:
    named = set(re.findall(r"\]\(([\w/.-]+\.md)\)", README))
    assert named >= set(PAGES) - {"README.md", "CHANGELOG.md"}


LINKS = [
    (page, link)
    for page, text in PAGES.items()
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose(text))
]


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_somewhere(page: str, link: str) -> None:
    file, _, anchor = link.partition("#")
    target = (PROJECT / page).parent / file if file else PROJECT / page
    assert target.exists()
    assert not anchor or anchor in anchors(target.resolve())


@functools.cache
def anchors(path: Path) -> frozenset[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", prose(path.read_text(encoding="utf-8")), re.MULTILINE)
    slugs = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    assert max(Counter(slugs).values()) == 1, f"two headings of {path.name} have the same anchor"
    return frozenset(slugs)


@pytest.mark.parametrize("page", PAGES)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(page: str) -> None:
    for table in re.findall(r"(?:^\|.*\n?)+", prose(PAGES[page]), flags=re.MULTILINE):
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()]
        assert all(re.fullmatch(r" *:?-+:? *", cell) for cell in rows[1]), table
        assert {len(row) for row in rows} == {len(rows[0])}, table


@pytest.mark.parametrize("page", PAGES)
def test_no_placeholder_and_no_machine_is_left(page: str) -> None:
    assert not re.findall(r"^[A-Z_]{5,}$", PAGES[page], flags=re.MULTILINE)
    assert not re.findall(r"(?<![\w.])/(?:home|root|tmp|work|Users)/", PAGES[page])


def test_the_index_of_decisions_lists_each_with_its_layer_in_order() -> None:
    text = PAGES["DECISIONS.md"]
    listed = re.findall(r"^\| (\d+) \| \[(.+)\]\(#.*\) \| (.+) \|$", text, re.MULTILINE)
    made = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        layer, _, body = section.partition("\n")
        made |= {n: (t, layer) for n, t in re.findall(r"^### (\d+)\. (.+)$", body, re.MULTILINE)}
    assert [int(number) for number, _, _ in listed] == list(range(1, len(made) + 1))
    assert {number: (title, layer) for number, title, layer in listed} == made


# ----------------------------------------------------------------------------------- tables


@pytest.mark.parametrize(("where", "query"), list(example_queries()))
def test_every_example_query_runs(database: Path, where: str, query: str) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute(query).description, where


def test_every_model_has_an_example_query() -> None:
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    assert models == {where for where, _ in example_queries() if ".md " not in where}


def tables(database: Path) -> set[str]:
    """Tables and views of a file, with their schemas."""
    with duckdb.connect(str(database), read_only=True) as connection:
        query = "select table_schema || '.' || table_name from information_schema.tables"
        return {name for (name,) in connection.execute(query).fetchall()}


def test_every_table_listed_is_there_and_every_mart_is_listed(database: Path) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (`.*?) \|", PAGES["docs/tables.md"], flags=re.MULTILINE)
    named = {f"{schema}.{name}" for schema, row in rows for name in re.findall(r"`(\w+)`", row)}
    marts = {f"marts.{path.stem}" for path in (PROJECT / "models/marts").rglob("*.sql")}
    assert marts <= named, marts - named
    assert named <= tables(database), named - tables(database)


def test_every_table_named_is_there(database: Path) -> None:
    named = set(re.findall(rf"`((?:{'|'.join(SCHEMAS)})\.\w+)", prose(ALL)))
    assert {"marts.fct_kpis_daily", "insights.incidents"} <= named
    assert named - tables(database) == set()


def test_the_kpi_table_is_that_of_the_yaml(shop: Shop) -> None:
    with duckdb.connect(str(shop.database), read_only=True) as connection:
        kpis = connection.execute(
            "select kpi, description, owner, cadence from marts.dim_kpis"
        ).fetchall()
    expected = {f"| `{kpi}` | {what} | {owner} | {cadence} |" for kpi, what, owner, cadence in kpis}
    assert len(expected) == 15
    row = r"^\| `\w+` \| .* \| (?:daily|weekly) \|$"
    rows = re.findall(row, PAGES["docs/kpis.md"], flags=re.MULTILINE)
    assert len(rows) == 15
    assert set(rows) == expected


def test_every_table_of_insights_is_listed() -> None:
    rows = re.findall(r"^\| `insights`.*", PAGES["docs/tables.md"], flags=re.MULTILINE)
    assert set(TABLES) <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_rates_of_the_readme_are_those_of_the_tables() -> None:
    def of(table: str, *shops: str) -> tuple[int, int]:
        """Cases in the rows of a table, and the percentage of them in the next column."""
        rows = re.findall(
            rf"^\| {table} \| (.*?) \| (\d+) \| (\d+) % \|", PAGES["docs/accuracy.md"], re.MULTILINE
        )
        found = [(int(cases), int(rate)) for shop, cases, rate in rows if shop in shops]
        assert len(found) == len(shops)
        cases = sum(cases for cases, _ in found)
        return cases, round(sum(cases * rate for cases, rate in found) / cases)

    public = ("2009–10", "2010–11")
    cases, rate = of("≥ 4 σ", *public)
    _, lasting = of("orders −40 %", *public)
    _, small = of("orders −40 %", *(f"simulated, {number} orders a day" for number in (20, 50)))
    readme = " ".join(README.split())
    assert f"{rate} % of {cases:,} on the day" in readme
    assert f"{lasting} % within twelve trading days" in readme
    assert f"in shops of 20 and 50 orders a day {small} %" in readme


def test_the_kpi_example_is_accepted_as_it_stands() -> None:
    (example,) = [block for block in blocks(ALL, "yaml") if "metrics:" in block]
    (kpi,) = yaml.safe_load(example)["metrics"]
    assert kpi == yaml.safe_load((PROJECT / "tests/python/new_kpi.yml").read_text())["metrics"][0]


def test_every_project_file_named_is_there() -> None:
    folders = r"(?:analyses|docs|macros|models|python|seeds|tests)"
    named = {span for span in spans(ALL) if re.fullmatch(rf"{folders}/[\w/.-]+", span)}
    assert len(named) > 10
    assert {name for name in named if not (PROJECT / name).exists()} == set()


# --------------------------------------------------------------------------------- commands


def test_every_command_is_of_a_known_program() -> None:
    assert {words[0] for words in commands()} <= set(PROGRAMS)


def test_every_make_target_named_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join([*spans(ALL), *blocks(ALL, "sh")])))
    assert {"run", "test"} <= named <= targets


@functools.cache
def help_of(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def options(words: tuple[str, ...]) -> list[str]:
    return [word.partition("=")[0] for word in words if re.match(r"--\w", word)]


MODULES = [words[1:] for words in commands_of("python") if words[0] == "-m"]


@pytest.mark.parametrize("words", MODULES, ids=" ".join)
def test_every_module_named_is_there(words: tuple[str, ...]) -> None:
    shown = help_of(words[0])
    assert shown.lower().startswith("usage:")
    assert all(option in shown for option in options(words))


@pytest.mark.parametrize("words", commands_of("retail"), ids=" ".join)
def test_every_command_of_retail_named_is_there(words: tuple[str, ...]) -> None:
    """`retail NAME`, or `retail NAME PART`, is in the help, and so are the options with it."""
    names = [word for word in words if re.fullmatch(r"[a-z]+", word)][:2]
    names = names[: 2 if names[:1] == ["source"] else 1]
    for depth, name in enumerate(names):
        assert re.search(rf"\b{name}\b", help_of("retail", *names[:depth]))
    shown = help_of("retail", *names)
    assert shown.startswith("Usage:")
    assert all(option in shown for option in options(words))


@pytest.mark.parametrize("words", commands_of("dbt"), ids=" ".join)
def test_every_command_of_dbt_named_is_there(words: tuple[str, ...]) -> None:
    assert words[0] in dbt.commands


# --------------------------------------------------------------------------------- settings

YOUR_DATA = PAGES["docs/your-data.md"]


def test_every_built_in_export_is_listed() -> None:
    assert set(get_args(Preset)) - {"uci"} <= set(re.findall(r"`(\w+)`", YOUR_DATA))


def test_what_an_expression_may_use_is_accepted() -> None:
    listed = YOUR_DATA.split("An expression is about one row: ")[1].split(" Anything else")[0]
    functions = {
        "abs": 1, "lower": 1, "upper": 1, "trim": 1, "coalesce": 2, "nullif": 2, "round": 2,
        "greatest": 2, "least": 2, "left": 2, "right": 2, "concat": 2, "starts_with": 2,
        "regexp_extract": 2, "replace": 3, "substring": 3, "split_part": 3,
    }  # fmt: skip
    operators = {
        "and", "or", "not", "in", "between", "like", "ilike", "is null", "case", "cast", "||",
        "+ - * / %",
    }  # fmt: skip
    assert set(re.findall(r"`([^`]+)`", listed)) == operators | set(functions)
    calls = [f"{name}({', '.join('abc'[:count])})" for name, count in functions.items()]
    others = [
        "a + b - c * 2 / 3 % 4 between 1 and 2 or not a in ('x') and b is null",
        "case when a like 'x%' or b ilike 'y%' then a || b else cast(c as double) end",
    ]
    for expression in [*calls, *others]:
        assert to_sql(expression, "lines.ignore", str, str)


def test_limits_of_checks_are_those_of_the_code() -> None:
    listed = YOUR_DATA.split("By default, checks warn from ")[1].split(" on; ")[0]
    found = re.findall(r"`(\w+)` ([\d.]+)", listed)
    assert len(found) == 5
    contracts = Contracts()
    assert all(getattr(contracts, name).warn == float(limit) for name, limit in found)
    assert contracts.freshness_days == Contract()


def test_every_variable_of_dbt_is_named() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(project["vars"]) <= set(re.findall(r"`(\w+)`", YOUR_DATA))


def test_every_key_of_a_kpi_is_told() -> None:
    allowed = (PROJECT / "macros/kpi/kpi_allowed.sql").read_text(encoding="utf-8")
    (keys,) = re.findall(r"'keys': \[(.*?)\]", allowed, re.DOTALL)
    page = PAGES["docs/kpis.md"]
    for key in re.findall(r"'(\w+)'", keys):
        assert re.search(rf"^ +{key}: |^\| .*`{key}(\.\w+)?`.* \|", page, re.MULTILINE), key


def test_columns_that_two_engines_may_differ_in_are_named() -> None:
    told = PAGES["docs/spark.md"].split("Not compared are ")[1].split("\n\n")[0]
    assert told.startswith("five columns")
    assert len(BOOKKEEPING) == 5
    assert {"row_hash", "line_hash", "source_checksum"} == set(re.findall(r"`(\w+)`", told))
    assert BOOKKEEPING - {"row_hash", "line_hash", "source_checksum"} == {"landed_at", "location"}


CODE = [*PROJECT.glob("python/**/*.py"), *PROJECT.glob("*.yml")]
READ_SETTINGS = sorted(
    {name for path in CODE for name in re.findall(r"\bRETAIL_[A-Z_]+", path.read_text("utf-8"))}
)
"""Variables that the code, or a profile, reads."""


@pytest.mark.parametrize("setting", sorted(set(re.findall(r"`(RETAIL_\w+)`", ALL))))
def test_every_setting_named_is_read(setting: str) -> None:
    assert setting in READ_SETTINGS


@pytest.mark.parametrize("setting", [name for name in READ_SETTINGS if name not in INTERNAL])
def test_every_setting_that_is_read_is_in_a_table(setting: str) -> None:
    rows = [line for line in ALL.splitlines() if line.startswith("| `")]
    assert any(f"`{setting}`" in row.split("|")[1] for row in rows)
