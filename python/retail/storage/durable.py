"""Publish a file so that a power cut leaves the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_UNKNOWN = (errno.EINVAL, errno.ENOTSUP)
"""What file systems answer that know no fsync of a folder."""


def put_in_place(draft: Path, target: Path) -> None:
    """Give a finished file, or a folder of files, its name.

    A rename may reach the disk before what it renames, and is itself lost until its folder has
    been written: so both are written out, one before and one after.

    Raises:
        OSError: the disk refuses, or the name is that of a device or a pipe.
    """
    if target.exists() and not (target.is_file() or target.is_dir()):  # /dev/null, for one
        raise FileExistsError(errno.EEXIST, "is a device or a pipe", str(target))
    for path in [*draft.rglob("*"), draft] if draft.is_dir() else [draft]:
        _write_out(path)
    draft.replace(target)
    _write_out(target.parent)


def write_text(target: Path, text: str) -> None:
    """Write a text file whole, over what another account may have left of an earlier try.

    Raises:
        OSError: the disk refuses.
    """
    draft = target.with_name(f".{target.name}.tmp")
    draft.unlink(missing_ok=True)
    draft.write_text(text, encoding="utf-8")
    put_in_place(draft, target)


def _write_out(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if not (path.is_dir() and error.errno in _UNKNOWN):
            raise
    finally:
        os.close(opened)
