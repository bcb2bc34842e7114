"""Known vulnerabilities in what the locks pin, by pip-audit: `make audit`.

Ends with 1 where a vulnerability is known, has a fix, and is not in `[tool.audit.ignored]` of
pyproject.toml; with 0 otherwise, also where nobody could be asked, which is then said loudly.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
ASK = (
    sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes",
    "--format", "json", "--progress-spinner", "off",
)  # fmt: skip
SECONDS = 600
Package = dict[str, Any]


def main(locks: list[Path]) -> int:
    """Ask about one package first: where nobody answers, asking about all is in vain."""
    ignored = tomllib.loads(PROJECT.read_text())["tool"]["audit"]["ignored"]
    answered = [package for package in _asked(_one_package(locks[0])) if _is_answer(package)]
    if not answered:
        _say("NOT DONE: the registry tells nothing of vulnerabilities from here.")
        _say("Run `make audit` where it does, before every release.")
        return 0
    packages = [package for lock in locks for package in _asked(lock.read_text())]
    return judge(packages, ignored)


def judge(packages: Iterable[Package], ignored: dict[str, str]) -> int:
    """Say what is known of the packages; 1 where something is to be done."""
    unique = {(p["name"], p.get("version")): p for p in packages}.values()
    silent = [package["name"] for package in unique if not _is_answer(package)]
    found = [(p, v) for p in unique for v in p.get("vulns", [])]
    names = {name for _, v in found for name in _names(v)}
    open_ = [(p, v) for p, v in found if not _names(v) & ignored.keys()]
    fixable = [(p, v) for p, v in open_ if v["fix_versions"]]
    for package, vulnerability in open_:
        fixed = " or ".join(vulnerability["fix_versions"]) or "nothing yet"
        _say(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed by {fixed}")
    for name in sorted(ignored.keys() - names):
        _say(f"{name} is ignored in pyproject.toml, and no longer found: take it out")
    if silent:
        _say(f"nothing could be learned of {len(silent)} packages: {', '.join(sorted(silent))}")
    _say(f"{len(unique)} packages, {len(open_)} known vulnerabilities, {len(fixable)} with a fix")
    return 1 if fixable else 0


def _names(vulnerability: Package) -> set[str]:
    return {vulnerability["id"], *vulnerability.get("aliases", [])}


def _is_answer(package: Package) -> bool:
    return "skip_reason" not in package


def _one_package(lock: Path) -> str:
    """The first entry of a lock: its lines up to the next one."""
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    more = [number for number, line in enumerate(lines) if number and not line.startswith(" ")]
    return "\n".join(lines[: more[0] if more else None]) + "\n"


def _asked(requirements: str) -> list[Package]:
    """What pip-audit says of the packages; nothing where it could not ask."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text(requirements)
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [*ASK, "--requirement", str(file)],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    try:
        return list(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        _say(f"pip-audit could not ask: {reason}")
        return []


def _say(line: str) -> None:
    print(f"==> audit: {line}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main([Path(name) for name in sys.argv[1:]]))
