"""The audit: fails on what is known and can be mended, and never keeps silent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import PROJECT

PIP_AUDIT = """
import os, sys
text = open(sys.argv[sys.argv.index("--requirement") + 1]).read()
assert "--require-hashes" in sys.argv and "--hash=sha256:" in text
print(os.environ["ANSWER"])
"""
KNOWN = {"id": "PYSEC-1", "aliases": ["GHSA-1"], "fix_versions": ["2.0"]}
LOCK = "# by\na==1.0 \\\n    --hash=sha256:00\nb==1 \\\n    --hash=sha256:11\n"
FINE = {"name": "jinja2", "version": "1.0", "vulns": []}


def audit(tmp_path: Path, *packages: dict[str, object], answer: str = "", ignored: str = "") -> str:
    """What the audit says of these answers, with its exit code at the end."""
    for folder, name, text in (
        ("fake", "pip_audit.py", PIP_AUDIT),
        (".ci", "audit.py", (PROJECT / ".ci/audit.py").read_text()),
        (".", "pyproject.toml", f"[tool.audit.ignored]\n{ignored}\n"),
        (
            ".",
            "some.txt",
            LOCK,
        ),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(text)
    given = answer or json.dumps({"dependencies": packages})
    done = subprocess.run(
        [sys.executable, ".ci/audit.py", "some.txt"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": "fake", "ANSWER": given},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return f"{done.stdout}{done.returncode}"


def test_a_known_vulnerability_with_a_fix_fails(tmp_path: Path) -> None:
    said = audit(tmp_path, FINE | {"vulns": [KNOWN]})
    assert "jinja2 1.0: PYSEC-1, fixed by 2.0" in said
    assert said.endswith("1")


def test_one_without_a_fix_is_told_and_does_not_fail(tmp_path: Path) -> None:
    said = audit(tmp_path, FINE | {"vulns": [KNOWN | {"fix_versions": []}]})
    assert "PYSEC-1, fixed by nothing yet" in said
    assert said.endswith("0")


@pytest.mark.parametrize("name", ["PYSEC-1", "GHSA-1"])
def test_one_that_is_ignored_with_a_reason_does_not_fail(tmp_path: Path, name: str) -> None:
    said = audit(tmp_path, FINE | {"vulns": [KNOWN]}, ignored=f'{name} = "not used"')
    assert "0 known vulnerabilities" in said
    assert said.endswith("0")


def test_what_need_not_be_ignored_any_more_is_told(tmp_path: Path) -> None:
    assert "PYSEC-1 is ignored" in audit(tmp_path, FINE, ignored='PYSEC-1 = "not used"')


@pytest.mark.parametrize("answer", ["", "no network"])
def test_where_nobody_answers_that_is_said_loudly(tmp_path: Path, answer: str) -> None:
    silent: dict[str, object] = {"name": "jinja2", "skip_reason": "not found"}
    said = audit(tmp_path, silent, answer=answer)
    assert "NOT DONE" in said
    assert said.endswith("0")


def test_a_package_that_nothing_is_known_of_is_told(tmp_path: Path) -> None:
    said = audit(tmp_path, FINE, {"name": "numpy", "skip_reason": "not found"})
    assert "nothing could be learned of 1 packages: numpy" in said
