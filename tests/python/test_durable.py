"""What gets its final name is on the disk before and after: file, rename, folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from conftest import PROJECT
from retail.ingest.cache import Record
from retail.ingest.cache import publish as publish_landed
from retail.simulate import ShopConfig, simulate_shop
from retail.storage import durable
from retail.storage.durable import put_in_place
from retail.storage.publish import staged_build

Event = tuple[str, str]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """Each fsync and each rename, in their order, by name."""
    told: list[Event] = []
    names: dict[int, str] = {}
    rename, opened, synced = Path.replace, os.open, os.fsync

    def remember(path: str | Path, *how: int) -> int:
        number = opened(path, *how)
        names[number] = Path(path).name
        return number

    def sync(number: int) -> None:
        told.append(("fsync", names[number]))
        synced(number)

    def move(path: Path, target: Path) -> Path:
        told.append(("rename", f"{path.name} to {Path(target).name}"))
        return rename(path, target)

    monkeypatch.setattr(durable.os, "open", remember)
    monkeypatch.setattr(durable.os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", move)
    return told


def test_a_file_is_written_out_before_its_rename_and_its_folder_after(
    tmp_path: Path, events: list[Event]
) -> None:
    (tmp_path / "draft").write_text("new")
    (tmp_path / "final").write_text("old")
    put_in_place(tmp_path / "draft", tmp_path / "final")
    assert (tmp_path / "final").read_text() == "new"
    whole = [("fsync", "draft"), ("rename", "draft to final"), ("fsync", tmp_path.name)]
    assert events == whole


def test_no_device_and_no_pipe_loses_its_place_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "draft").write_text("a page")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "null"):
        with pytest.raises(FileExistsError, match="is a device or a pipe"):
            put_in_place(tmp_path / "draft", tmp_path / name)
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "null").is_symlink()


def test_all_files_of_a_folder_are_written_out_before_it(
    tmp_path: Path, events: list[Event]
) -> None:
    (tmp_path / "draft" / "in").mkdir(parents=True)
    (tmp_path / "draft" / "in" / "a").touch()
    put_in_place(tmp_path / "draft", tmp_path / "final")
    before = events[: events.index(("rename", "draft to final"))]
    assert {name for _, name in before} == {"draft", "in", "a"}
    assert events[-1] == ("fsync", tmp_path.name)


def test_each_thing_that_is_published_goes_that_way(tmp_path: Path, events: list[Event]) -> None:
    with staged_build(tmp_path / "shop.duckdb", lambda *_: None) as copy:
        copy.write_bytes(b"")
    publish_landed(tmp_path / "record.json", Record((), (), 0, "", 0))
    simulate_shop(ShopConfig(days=2), tmp_path / "out.csv")
    renames = [what for kind, what in events if kind == "rename"]
    finals = ("shop.duckdb", "record.json", "out.csv", "out.csv.truth.json")
    assert [any(one.endswith(f" to {name}") for one in renames) for name in finals] == [True] * 4
    for name in finals:
        at = next(i for i, (_, what) in enumerate(events) if what.endswith(f" to {name}"))
        assert events[at - 1] == ("fsync", events[at][1].partition(" to ")[0])
        assert events[at + 1] == ("fsync", tmp_path.name)


def test_nothing_else_renames_what_people_read() -> None:
    """Every other rename is of a draft onto a draft, or of what is given back."""
    known = {"simulate/private.py", "simulate/write.py", "ingest/parquet_cache.py"}
    package = PROJECT / "python" / "retail"
    call = ("draft.replace(", "copy.replace(", "part.replace(", "text.replace(root", "os.replace(")
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        if name not in {*known, "storage/durable.py"}:
            text = path.read_text(encoding="utf-8")
            assert not any(one in text for one in call), name


def test_a_file_system_without_fsync_of_folders_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.fsync

    def refuse(number: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{number}"):  # noqa: PTH112 - by its number
            raise OSError(errno.EINVAL, "invalid")
        whole(number)

    monkeypatch.setattr(durable.os, "fsync", refuse)
    (tmp_path / "draft").touch()
    put_in_place(tmp_path / "draft", tmp_path / "final")
    assert (tmp_path / "final").exists()
