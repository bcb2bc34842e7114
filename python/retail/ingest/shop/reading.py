"""Read shop.yml and the presets; what is wrong in it is said in one line."""

from __future__ import annotations

import difflib
import os
import re
import reprlib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast, get_args

import yaml
from pydantic import BaseModel, ValidationError

from retail.ingest.errors import IngestError, at_home, reading
from retail.ingest.shop.settings import QUERY, VARIABLE, Shop

SHOP_VARIABLE = "RETAIL_SHOP"
SHOP_FILE = Path("shop.yml")
"""Below the project root."""
PRESETS_FILE = Path(__file__).with_name("presets.yml")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Reads `on`, `no` and `yes` as what they are: texts, a key of joins, a country.

    A key that is there twice is refused: YAML would forget what stands below the first one.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is there twice."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                where = f"the key {key} is there twice; put all of it below one"
                raise yaml.constructor.ConstructorError(problem=where, problem_mark=node.start_mark)
        return cast("dict[Any, Any]", super().construct_mapping(node, deep))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|false|False)$"), list("tTfF")
)


def shop_path(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the settings of a shop are: shop.yml beside the project, or what RETAIL_SHOP names."""
    return root / at_home(environ.get(SHOP_VARIABLE) or str(SHOP_FILE))


def read_shop(root: Path, environ: Mapping[str, str] = os.environ) -> Shop:
    """Read shop.yml beside the project, or the file that RETAIL_SHOP names.

    Args:
        root: the project root.
        environ: the environment, for RETAIL_SHOP.

    Raises:
        IngestError: RETAIL_SHOP names no file, or the file has a key or a value that is not
            allowed.
    """
    path = shop_path(root, environ)
    if not environ.get(SHOP_VARIABLE) and not path.exists():
        return Shop()
    return parse_shop(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Read a file that people edit.

    Raises:
        IngestError: it can't be read, or is not UTF-8; the line names its first row that is not.
    """
    with reading(path):
        content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise IngestError(f"{path} is not UTF-8 (row {row}); save it as UTF-8") from error


@lru_cache(maxsize=8)
def parse_shop(text: str, where: str) -> Shop:
    """Check the text of a shop.yml; a job asks several times, and the same text is parsed once.

    Args:
        text: YAML.
        where: the file, as the error line names it.

    Raises:
        IngestError: it is not YAML, or has a key or a value that is not allowed.
    """
    settings = read_yaml(text, where)
    return _checked({} if settings is None else settings, where)


def read_yaml(text: str, where: str) -> object:
    """Read YAML whose keys are there once.

    Args:
        text: YAML.
        where: the file, as the error line names it.

    Raises:
        IngestError: it is none.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a day 99, brackets without end
        raise IngestError(f"{where} is not YAML: {' '.join(str(error).split())}") from error


@cache
def presets() -> Mapping[str, tuple[tuple[frozenset[str], ...], Shop]]:
    """The built-in presets by name: headers that each is recognised by, and its settings."""
    known = yaml.load(PRESETS_FILE.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - as below
    return {
        name: (
            tuple(frozenset(header) for header in preset.pop("headers")),
            _checked(preset, f"{PRESETS_FILE.name}: {name}"),
        )
        for name, preset in known.items()
    }


def _checked(settings: object, where: str) -> Shop:
    try:
        return Shop.model_validate(settings)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise IngestError(f"{where}: {_sentence(dict(first))}") from error


# What is wrong, in one sentence ----------------------------------------------------------------


def _sentence(error: dict[str, Any]) -> str:
    """Say what is wrong at one place: the key or the value, and what is allowed."""
    place = _place(error["loc"])
    # Somebody may have written the address of a server, with its password.
    value = "'…'" if error["loc"][-1:] == ("postgres",) else _short(error["input"])
    match error["type"]:
        case "extra_forbidden":
            *above, key = error["loc"]
            allowed = _keys(_type_at(above))
            return f"{_place(above)} has the key {_short(key)}{_nearest(str(key), allowed)}"
        case "literal_error":
            expected = error["ctx"]["expected"].replace(" or ", ", ").split(", ")
            words = [one.strip("'") for one in expected]
            allowed = words if all(word.isidentifier() for word in words) else expected
            return f"{place} is {value}{_nearest(str(error['input']), allowed)}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{place} is {value}; allowed: a mapping{_with_keys(error['loc'])}"
        case "missing":
            return f"{place} is missing"
        case "string_pattern_mismatch":
            return f"{place} is {value}; allowed: {_PATTERNS[error['ctx']['pattern']]}"
        case "tuple_type":
            return f"{place} is {value}; allowed: a list{_with_keys(error['loc'], ' of mappings')}"
        case "value_error":
            return f"{place} is {value}; allowed: {error['ctx']['error']}"
        case "greater_than_equal":
            return f"{place} is {value}; allowed: {error['ctx']['ge']:g} or more"
    if kind := _KINDS.get(error["type"].partition("_")[0]):
        return f"{place} is {value}; allowed: {kind}"
    return f"{place} is {value}; {error['msg'].lower()}"


def _short(value: object) -> str:
    """A value as it is written in code; a few aliases of YAML may stand for a billion of them."""
    writer = reprlib.Repr()
    writer.maxlevel, writer.maxlist, writer.maxstring, writer.maxother = 2, 4, 200, 200
    return writer.repr(value)


_KINDS = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "string": "a text",
}  # fmt: skip
_PATTERNS = {
    VARIABLE: "env and the environment variable that has the address, such as env SHOP_DB",
    QUERY: "the file of a query, which ends in .sql",
    "^[A-Z]{3}$": "a code of ISO 4217, such as GBP",
    r"^[a-z][a-z0-9_]*$": "a name in lower case, of letters, digits and _",
}


def _place(loc: Sequence[str | int]) -> str:
    keys = [str(key) for key in loc if key != "[key]" and not str(key).startswith("function-")]
    return ".".join(keys) or "the file"


def _nearest(written: str, allowed: Sequence[str]) -> str:
    """What is meant, perhaps, and what is allowed."""
    near = difflib.get_close_matches(written, allowed, n=1, cutoff=0.5)
    meant = f"did you mean {near[0]}? Allowed: " if near else "allowed: "
    return f"; {meant}{', '.join(allowed)}"


def _with_keys(loc: Sequence[str | int], of: str = "") -> str:
    keys = _keys(_type_at(loc))
    return f"{of} with {', '.join(keys)}" if keys else ""


def _keys(model: type[BaseModel] | None) -> list[str]:
    fields = model.model_fields if model else {}
    return [field.alias or name for name, field in fields.items()]


def _type_at(loc: Sequence[str | int]) -> type[BaseModel] | None:
    """The settings that stand at a place; None where none do."""
    model: type[BaseModel] | None = Shop
    for key in loc:
        if model is None or isinstance(key, int):
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if key in fields:
            model = _model_in(fields[key].annotation)
    return model


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The settings that an annotation has in it, such as `tuple[Join, ...]` or `Join | None`."""
    parts = get_args(annotation)
    if not parts:
        is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        return cast("type[BaseModel]", annotation) if is_model else None
    return next((found for part in parts if (found := _model_in(part))), None)
