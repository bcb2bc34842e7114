"""The settings of shop.yml: whose data these are, and how to read them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from retail.ingest.dates import FORMATS, SETTING, DateOrder
from retail.ingest.errors import IngestError, reading

SHOP_VARIABLE = "RETAIL_SHOP"
SHOP_FILE = Path("shop.yml")
"""Below the project root."""

_PATH = tuple(SETTING.split("."))


@dataclass(frozen=True)
class Shop:
    """What shop.yml says; every setting may be left out."""

    date_order: DateOrder | None = None


def read_shop(root: Path, environ: Mapping[str, str] = os.environ) -> Shop:
    """Read shop.yml beside the project, or the file that RETAIL_SHOP names.

    Args:
        root: the project root.
        environ: the environment, for RETAIL_SHOP.

    Raises:
        IngestError: RETAIL_SHOP names no file, or the file has a key or a value that is not
            allowed.
    """
    named = environ.get(SHOP_VARIABLE)
    path = root / (Path(named).expanduser() if named else SHOP_FILE)
    if not named and not path.exists():
        return Shop()
    with reading(path):
        text = path.read_text(encoding="utf-8")
    try:
        return Shop(_date_order(yaml.safe_load(text), path))
    except yaml.YAMLError as error:
        raise IngestError(f"{path} is not YAML: {' '.join(str(error).split())}") from error


def _date_order(settings: object, path: Path) -> DateOrder | None:
    """Follow the keys of the one setting; an empty file has none."""
    for depth, key in enumerate(_PATH):
        if settings is None:
            return None
        place = ".".join(_PATH[:depth]) or "the file"
        if not isinstance(settings, dict):
            raise IngestError(f"{path}: {place} is {settings!r}; allowed: a mapping with {key}")
        for unknown in settings.keys() - {key}:
            raise IngestError(f"{path}: {place} has the key {unknown!r}; allowed: {key}")
        settings = settings.get(key)
    if settings is None:
        return None
    orders = {form: order for order, form in FORMATS.items()}
    if settings not in orders:
        raise IngestError(f"{path}: {SETTING} is {settings!r}; allowed: {', '.join(orders)}")
    return orders[str(settings)]
