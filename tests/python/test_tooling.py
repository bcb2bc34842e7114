"""Tests of what holds the project together: locks, make targets, macros and their description."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, distributions, packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from retail.console import logs

ROOT = Path(__file__).parents[2]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
WORKFLOW = ROOT / ".github/workflows/ci.yml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MACROS = sorted((ROOT / "macros").rglob("*.sql"))
OURS = {path.name for path in (ROOT / "python").iterdir() if path.is_dir()}


def locked(lock: str) -> dict[str, str]:
    """Read a lock: name to version."""
    return {name: version for name, _, version in entries(lock)}


def entries(lock: str) -> list[tuple[str, str, str]]:
    """Read a lock: names, extras and versions."""
    pattern = r"^([a-z0-9-]+)(?:\[([^]]+)\])?==([^ ;]+)"
    return re.findall(pattern, (ROOT / lock).read_text(), re.MULTILINE)


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run make in the project, or in a folder with its Makefile, and give what it said."""
    command = ["make", "--directory", str(folder), *arguments]
    # The make that runs these tests would have its own options obeyed, and count itself in.
    environment = {name: text for name, text in os.environ.items() if "MAKE" not in name}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_there_are_five_locks() -> None:
    assert len(LOCKS) == 5


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|^-", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    parts = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert len(parts) == len(entries(lock)) > 0
    assert all("--hash=sha256:" in part for part in parts)


def test_tests_run_on_the_versions_that_users_get() -> None:
    development = locked("requirements-dev.txt").items()
    assert locked("requirements.txt").items() <= development
    assert locked("requirements-serve.txt").items() <= development


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.txt", PROJECT["project"]["dependencies"]),
        ("requirements.txt", PROJECT["build-system"]["requires"]),
        ("requirements-dev.txt", PROJECT["dependency-groups"]["dev"]),
        ("requirements-serve.txt", PROJECT["dependency-groups"]["dashboard"]),
        ("requirements-dev.txt", PROJECT["dependency-groups"]["dashboard"]),
        ("requirements-serve.txt", PROJECT["dependency-groups"]["mcp"]),
        ("requirements-serve.txt", PROJECT["project"]["dependencies"]),
        ("requirements-dev.txt", PROJECT["dependency-groups"]["mcp"]),
        ("requirements-flow.txt", PROJECT["dependency-groups"]["flow"]),
        ("requirements-flow.txt", PROJECT["project"]["dependencies"]),
        ("requirements-spark.txt", PROJECT["project"]["optional-dependencies"]["spark"]),
        ("requirements-spark.txt", PROJECT["project"]["dependencies"]),
        ("requirements-spark.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_lock_fits_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    versions = locked(lock)
    for requirement in map(Requirement, wanted):
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier


OVERRIDDEN = {("dbt-bouncer", "duckdb")}
"""What `make lock` overrides: dbt-bouncer never imports duckdb."""


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_pip_finds_all_that_it_resolves_in_the_lock(lock: str) -> None:
    """With hashes, pip refuses what the lock does not name, and an extra that it names without."""
    versions = locked(lock)
    extras = {name: set(named.replace(" ", "").split(",")) for name, named, _ in entries(lock)}
    installed = [name for name in versions if is_installed(name)]
    assert len(installed) > 50
    missing = [
        f"{name} wants {wanted}"
        for name in installed
        for wanted in map(Requirement, requires(name) or [])
        if is_wanted(wanted, extras[name])
        and (name, wanted.name) not in OVERRIDDEN
        and not (
            (found := canonicalize_name(wanted.name)) in versions
            and versions[found] in wanted.specifier
            and wanted.extras <= extras[found]
        )
    ]
    assert missing == []


def is_installed(name: str) -> bool:
    return any(distributions(name=name))


def is_wanted(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})


def test_continuous_integration_runs_the_two_commands_of_the_readme() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    (job,) = workflow["jobs"].values()
    steps = job["steps"]
    (first, *_) = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    readme = [line.partition("#")[0].strip() for line in first.splitlines()]
    assert readme == ["make run", "make test"]
    assert [step["run"] for step in steps if "run" in step] == readme
    (python,) = [step["with"] for step in steps if "setup-python" in step.get("uses", "")]
    assert python["python-version"] == "3.11"
    assert python["cache"] == "pip"
    assert sorted(ROOT.glob(python["cache-dependency-path"])) == [ROOT / lock for lock in LOCKS]


@pytest.mark.parametrize(
    ("package", "groups"),
    [("detect", ()), ("retail", ("flow", "dashboard", "mcp")), ("lab", ("dev",))],
)
def test_packages_import_only_what_the_project_depends_on(
    package: str, groups: tuple[str, ...]
) -> None:
    optional = [line for name in groups for line in PROJECT["dependency-groups"].get(name, [])]
    extras = PROJECT["project"]["optional-dependencies"]
    optional += [*extras["spark"], *extras["postgres"]]
    wanted = PROJECT["project"]["dependencies"] + optional
    declared = {canonicalize_name(Requirement(line).name) for line in wanted}
    homes = packages_distributions()
    files = (ROOT / "python" / package).rglob("*.py")
    imported = {name for path in files for name in imports_of(path)}
    foreign = imported - OURS - set(sys.stdlib_module_names)
    # dbt is one name that its core and its adapters share.
    assert {
        name
        for name in foreign - {"dbt"}
        if declared.isdisjoint(map(canonicalize_name, homes.get(name, [name])))
    } == set()


def test_every_package_is_under_the_import_contracts_and_heard_in_the_log() -> None:
    packages = {path.parent.name for path in (ROOT / "python").glob("*/__init__.py")}
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == packages
    assert set(logs.OURS) == packages


def imports_of(path: Path) -> set[str]:
    """List the top-level names that a file of Python imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_make_alone_lists_every_target_that_people_use() -> None:
    help_text = make().stdout
    often = help_text.partition("\n\n")[0]
    assert re.findall(r"^  make (\S+) +\w", often, re.MULTILINE) == [
        "run", "alerts", "dashboard", "test",
    ]  # fmt: skip
    wanted = ("run", "run-spark", "build", "detect", "docs", "test", "lint", "format", "lock")
    for target in wanted:
        assert re.search(rf"^  make {target} +\w", help_text, re.MULTILINE)


def test_make_test_measures_coverage_and_fails_below_its_floor() -> None:
    lines = make("--dry-run", "test").stdout.splitlines()
    (command,) = [line for line in lines if "-m pytest" in line]
    assert "--cov " in command
    assert "--cov-fail-under" not in command
    assert PROJECT["tool"]["coverage"]["report"]["fail_under"] == 85


def test_python_of_the_wrong_version_is_refused_in_one_line(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 && exit\nexit 1\n')
    python.chmod(0o755)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    made = make(f"PYTHON={python}", "run", folder=tmp_path)
    ours = [line for line in made.stderr.splitlines() if not line.startswith("make: ***")]
    assert made.returncode != 0
    assert len(ours) == 1
    assert "Python 3.11, 3.12 or 3.13" in ours[0]
    assert "Python 3.9.2" in ours[0]


PUBLIC_OF_DBT = {
    "BasePlugin", "DuckDBCredentials", "dbtRunner", "dbtRunnerResult", "EventLevel", "EventMsg",
}  # fmt: skip
"""dbtRunner, its callbacks and the plugins of dbt-duckdb are documented."""
OF_A_PRIVATE_PART = {
    "DuckDBConnectionManager": "close_all_connections",
    "Note": "fire_event",
    "flags": "GLOBAL_FLAGS",
}
DOCUMENTED_MACROS = {"generate_schema_name"}


def test_each_undocumented_part_of_dbt_has_its_reason_in_the_decisions() -> None:
    text = (ROOT / "DECISIONS.md").read_text(encoding="utf-8")
    (reasons,) = re.findall(r"^### 59\. .*?(?=^### )", text, re.DOTALL | re.MULTILINE)
    used = {
        alias.name
        for path in (ROOT / "python").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and re.match(r"dbt(_common|\.|$)", node.module or "")
        for alias in node.names
    }
    theirs = {
        name
        for path in distribution("dbt-adapters").locate_file("dbt/include").rglob("*.sql")
        for name in re.findall(r"{%-?\s*macro\s+(\w+)", path.read_text(encoding="utf-8"))
    }
    overridden = {path.stem.removeprefix("spark__") for path in MACROS} & theirs
    private = {OF_A_PRIVATE_PART.get(name, name) for name in used - PUBLIC_OF_DBT}
    private |= overridden - DOCUMENTED_MACROS
    assert {"GLOBAL_FLAGS", "cleanup_connections", "should_full_refresh"} <= private
    assert {name for name in private if not re.search(rf"\b{name}\b", reasons)} == set()


def test_thousands_and_percentages_of_what_people_read_are_formatted_in_one_place() -> None:
    files = [ROOT / "python/retail/jobs/daily/summary.py"]
    for folder in ("outputs", "reading", "feedback"):
        files += (ROOT / "python/retail" / folder).rglob("*.py")
    by_hand = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FormattedValue) and node.format_spec
        if "," in (form := ast.unparse(node.format_spec)) or form.endswith("%'")
    ]
    assert len(files) > 60
    assert by_hand == []


def test_macro_file_holds_the_macro_of_its_name_and_its_dispatched_forms() -> None:
    for path in MACROS:
        text = path.read_text()
        names = set(re.findall(r"{%-?\s*(?:macro|test)\s+(\w+)", text))
        made = re.findall(r"{%-?\s*materialization\s+(\w+), adapter='(\w+)'", text)
        names |= {f"materialization_{name}_{adapter}" for name, adapter in made}
        dispatched = {f"{engine}__{path.stem}" for engine in ("default", "duckdb", "spark")}
        assert path.stem in names
        assert names <= {path.stem} | dispatched


def test_every_macro_is_described() -> None:
    described = yaml.safe_load((ROOT / "macros" / "_macros.yml").read_text())["macros"]
    assert {macro["name"] for macro in described} == {path.stem for path in MACROS}
    assert all(macro["description"].strip() for macro in described)


def test_macros_keep_to_the_width_that_the_linter_holds_models_to() -> None:
    assert [
        f"{path.name}:{number}"
        for path in MACROS
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > 100 or line != line.rstrip() or "\t" in line
    ] == []


def test_every_test_that_the_threat_model_names_is_there() -> None:
    text = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)::(test_\w+)`", text)
    assert len(named) > 20
    for module, name in named:
        source = (ROOT / "tests/python" / f"{module}.py").read_text(encoding="utf-8")
        assert f"def {name}(" in source, f"{module}::{name}"


def test_what_could_run_data_as_code_stops_the_linter(tmp_path: Path) -> None:
    """The rules that the threat model relies on are on, and exceptions to them are single lines."""
    options = PROJECT["tool"]["ruff"]["lint"]
    assert [path for path in options["per-file-ignores"] if not path.startswith("tests/")] == []
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import pickle\n\nimport yaml\n\n"
        "def run(text: str, data: bytes) -> list[object]:\n"
        '    """Do it."""\n'
        '    query = f"select * from {text}"\n'
        "    return [eval(text), exec(text), pickle.loads(data), yaml.load(text), query]\n"
    )
    ruff = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*ruff, "--output-format", "concise", str(bad)], capture_output=True, text=True, check=False
    )
    for code in ("S102", "S301", "S307", "S506", "S608"):
        assert f" {code} " in done.stdout, done.stdout
