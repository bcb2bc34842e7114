"""Make order lines of the columns of a file, as shop.yml or a preset says.

All columns of the file are landed as texts `c0`, `c1`, …. SQL then fills columns down, joins other
files, picks the fields and, once their form is known, marks lines by the shop's rules.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from retail.ingest.columns import (
    FIELDS,
    MOST_LANDED,
    PLACE,
    SETTING_NAMES,
    Header,
    find_columns,
    insist_on_few,
    match_header,
    normalise,
    resolve,
)
from retail.ingest.errors import IngestError
from retail.ingest.forms import moments, numbers
from retail.ingest.forms.rewriting import IGNORED, Rewriting, is_no_line, plain_id
from retail.ingest.nothing import is_nobody
from retail.ingest.shop.reading import presets
from retail.ingest.shop.settings import Column, Shop
from retail.storage.quoting import literal

UCI = "uci"
"""The preset of the public data set, whose rules are the models' own."""
SERVICE = "service"
"""The mark of lines of what is no merchandise."""
NO_SETTINGS = Shop()
"""Of a shop without a shop.yml."""
CURRENCIES = frozenset(
    (
        "currency", "currencycode", "ordercurrency", "ordercurrencycode", "currencyiso",
        "currencyisocode", "transactioncurrency", "documentcurrency", "invoicecurrency",
        "pricecurrency", "waers", "waerk", "wahrung", "waehrung", "devise", "moneda", "valuta",
    )
)  # fmt: skip
_NO_COLUMN_MATTERS = {"name", "home_country", "holidays"}
"""What shop.yml says of a shop and no line of its files depends on."""
_MONEY = ("quantity", "unit_price", "line_amount")
_FIELD_OF = {SETTING_NAMES.get(name, name): name for name in FIELDS}
"""The fields, by their names in shop.yml."""


@dataclass(frozen=True)
class Joined:
    """A file with one row per key: its rows as SQL, its columns, and how they are matched."""

    path: Path
    rows: str
    names: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    """Columns of the order lines, each with the one of this file that it equals."""
    sha256: str


@dataclass(frozen=True)
class Plan:
    """How order lines are made of a file's columns."""

    shop: Shop
    names: tuple[str, ...]
    """Of its own columns and those of the files joined, in the order of `c0`, `c1`, …."""
    joined: tuple[Joined, ...]
    columns: Mapping[str, tuple[int, ...]]
    """Positions of each field that is taken from columns as they are."""

    def column(self, name: str, where: str) -> int:
        """Find a column by its name; refuse one that there is not."""
        return self.names.index(resolve(name, self.names, where))

    def names_at(self, places: Sequence[int]) -> list[str]:
        """Names of the columns at some positions."""
        return [self.names[i] for i in places]

    @property
    def in_no_zone(self) -> Plan:
        """The same without the shop's zone, to which moments would be converted."""
        said = self.shop.shop.model_copy(update={"timezone": None})
        return replace(self, shop=self.shop.model_copy(update={"shop": said}))

    @property
    def settled(self) -> set[str]:
        """The fields whose numbers a setting reads."""
        every = self.shop.columns.items()
        return {_FIELD_OF[key] for key, column in every if column.sql or column.decimal}

    @property
    def read_as(self) -> dict[str, str]:
        """What each field is read from, by its name in shop.yml: columns, or an expression."""
        read = {
            key: column.sql or " + ".join(self.names_at(self.columns.get(_FIELD_OF[key], ())))
            for key, column in self.shop.columns.items()
        }
        return {key: source for key, source in read.items() if source}

    @property
    def used(self) -> set[int]:
        """Positions of the columns that are read."""
        every = self.shop.dimensions.items()
        named = [name for _, one in every for name in one.names]
        named += _columns_of({f"dimensions.{key}.sql": one.sql for key, one in every})
        known = {normalise(name) for name in named}
        of_dimensions = {i for i, name in enumerate(self.names) if normalise(name) in known}
        return self.read_by_rules | of_dimensions

    @property
    def read_by_rules(self) -> set[int]:
        """Positions of the columns that order lines are made of, and told apart by."""
        shop, used = self.shop, {i for at in self.columns.values() for i in at}
        made = {f"columns.{key}.sql": column.sql for key, column in shop.columns.items()}
        named = [name for joined in self.joined for pair in joined.keys for name in pair]
        named += _columns_of(shop.lines.rules | made)
        known = {normalise(name) for name in named}
        return used | {
            i for i, name in enumerate(self.names) if normalise(name) in known or is_currency(name)
        }

    @property
    def ruling(self) -> set[int]:
        """Positions of the columns that rules tell lines apart by, and that are no field of one."""
        known = {normalise(name) for name in _columns_of(self.shop.lines.rules)}
        fields = {i for at in self.columns.values() for i in at}
        return {i for i, n in enumerate(self.names) if normalise(n) in known} - fields

    @property
    def words_of_rules(self) -> set[str]:
        """The texts that the rules of lines compare with, as they are compared."""
        rules = self.shop.lines.rules.values()
        found = (one for rule in rules for one in re.findall(r"'((?:[^']|'')*)'", rule))
        return {one.replace("''", "'").strip().lower() for one in found}


def is_currency(name: str) -> bool:
    """Whether a column says by its name in what currency money is."""
    return normalise(name) in CURRENCIES


def recognise(names: Sequence[str]) -> str | None:
    """The preset whose header this is: of several, the one that asks for most columns."""
    known = {normalise(name) for name in names}
    fitting = [
        (len(header), preset)
        for preset, (headers, _) in presets().items()
        for header in headers
        if known.issuperset(map(normalise, header))
    ]
    return max(fitting)[1] if fitting else None


def settings_for(names: Sequence[str], shop: Shop) -> tuple[str | None, Shop]:
    """The preset of a file with these columns, and the settings that hold for it."""
    preset = shop.source.preset or recognise(names)
    if preset is None:
        return None, shop
    return preset, shop.over(_without_missing(presets()[preset][1], names))


@dataclass(frozen=True)
class Reader:
    """Finds order lines among columns: as shop.yml says, as a preset does, or by their names."""

    shop: Shop = NO_SETTINGS
    joined: tuple[Joined, ...] = ()
    """The files whose columns are added."""
    returns: tuple[Path, Reader] | None = None
    """The file of which every line is a return, and what reads it."""
    may_lack_dimensions: bool = False
    """Whether dimensions whose columns a file does not have are left out."""
    looks: bool = True
    """Whether columns that no order line is made of are landed, to be looked into."""

    @property
    def digest(self) -> str:
        """What tells a reader that makes other order lines of a file; empty of the usual one."""
        if not self.joined and self.shop == NO_SETTINGS:
            return ""
        left_out: Any = {"contracts": True, "returns": True, "shop": _NO_COLUMN_MATTERS}
        said = self.shop.model_dump_json(exclude=left_out)
        return hashlib.sha256(
            "\0".join((said, *(j.sha256 for j in self.joined))).encode()
        ).hexdigest()

    def match(self, names: Sequence[str], where: str) -> Header:
        """Find the columns of an order line.

        Args:
            names: the columns of a file, in its order.
            where: the file, as the error line names it.

        Raises:
            IngestError: a needed column is missing, or nothing says which of two is meant.
        """
        preset, settings = settings_for(names, self.shop)
        if not (settings.maps_columns or self.joined or any(map(is_currency, names))):
            header = replace(match_header(names, where), preset=preset)
            if not (self.looks and header.ignored and len(names) <= MOST_LANDED):
                return header
        every = (*names, *_added(names, self.joined))
        insist_on_few(every, where, MOST_LANDED)
        if self.may_lack_dimensions:
            settings = _with_known_dimensions(settings, every)
        plan = Plan(settings, every, self.joined, {})
        given = {
            _FIELD_OF[key]: tuple(plan.column(n, f"columns.{key}") for n in column.names)
            for key, column in settings.columns.items()
            if not column.is_found_by_name
        }
        plan = replace(plan, columns=find_columns(every, where, given))
        return Header.of_all(names, plan, preset)

    def is_header(self, names: Sequence[str]) -> bool:
        """Whether the columns `names` hold all that an order line needs."""
        try:
            self.match(names, "")
        except IngestError:
            return False
        return True


def _columns_in(expression: str, where: str) -> list[str]:
    """Name the columns that an expression reads."""
    # Imported late, as in `_Scope.write`.
    from retail.ingest.shop.expressions import columns_in

    return columns_in(expression, where)


def _columns_of(expressions: Mapping[str, str | None]) -> list[str]:
    """Name the columns that expressions read, each by its setting; of those that are set."""
    return [n for where, one in expressions.items() if one for n in _columns_in(one, where)]


def _added(names: Sequence[str], joined: Sequence[Joined]) -> list[str]:
    """Names of joined columns; one that is there already gets its file's name in front."""
    known, added = {normalise(name) for name in names}, []
    for one in joined:
        for name in one.names:
            shown = f"{one.path.stem}.{name}" if normalise(name) in known else name
            known.add(normalise(shown))
            added.append(shown)
    return added


def _with_known_dimensions(shop: Shop, names: Sequence[str]) -> Shop:
    """Settings without the dimensions that are made of columns that are not there."""
    known = {normalise(name) for name in names}
    dimensions = {
        key: one
        for key, one in shop.dimensions.items()
        for read in [one.names or _columns_in(str(one.sql), f"dimensions.{key}.sql")]
        if known.issuperset(map(normalise, read))
    }
    return shop.model_copy(update={"dimensions": dimensions})


def _without_missing(preset: Shop, names: Sequence[str]) -> Shop:
    """A preset without what it says of columns that a file does not have."""
    known = {normalise(name) for name in names}

    def has(named: Iterable[str]) -> bool:
        return known.issuperset(map(normalise, named))

    def is_there(one: Mapping[str, object]) -> bool:
        if sql := one.get("sql"):
            return has(_columns_in(str(sql), "preset"))
        named = one.get("names", ())
        return has(named if isinstance(named, tuple) else ())

    said = preset.model_dump(exclude_unset=True)
    for part in ("columns", "dimensions"):
        said[part] = {key: one for key, one in said.get(part, {}).items() if is_there(one)}
    lines = said.get("lines", {})
    for rule in ("returned", "ignore"):
        if rule in lines and not has(_columns_in(lines[rule], "preset")):
            del lines[rule]
    if filled := said.get("fill_down"):
        filled["columns"] = [name for name in filled["columns"] if has([name])]
    return Shop.model_validate(said)


# SQL -------------------------------------------------------------------------------------------


@dataclass
class _Scope:
    """The columns that expressions may read, and the numbers that they ask for."""

    texts: Callable[[str], str]
    sign: numbers.Sign
    other_sign: numbers.Sign | None = None
    """By which a number is read that is none by the first."""
    numbers: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Names of these numbers by those of their texts."""
    date_names: Sequence[str] = ()
    """Of the columns of the date, where rows are marked."""

    def number(self, name: str) -> str:
        text = self.texts(name)
        alias = self.aliases[text] = f"n{'c' if self.sign == numbers.COMMA else ''}_{text}"
        signs = dict.fromkeys((self.sign, self.other_sign or self.sign))
        read = [f"try_cast({numbers.as_read(text, sign)} as double)" for sign in signs]
        self.numbers[alias] = f"coalesce({', '.join(read)})"
        return alias

    def write(self, expression: str, where: str) -> str:
        # Imported late: sqlglot takes half a second, which a run without expressions saves.
        from retail.ingest.shop.expressions import to_sql

        return to_sql(expression, where, self.texts, self.number)

    def over(self, rows: str) -> str:
        """SQL: rows, with the numbers that were asked for."""
        added = "".join(f", {sql} as {alias}" for alias, sql in self.numbers.items())
        return f"(select *{added} from {rows})"  # noqa: S608 - names are made here, texts quoted


def field_query(plan: Plan, rows: str) -> str:
    """SQL: the fields of order lines as the file writes them, beside all of its columns.

    Args:
        plan: how they are made.
        rows: SQL of the file's rows, in columns `c0`, `c1`, ….
    """
    columns = plan.shop.columns
    fields, scopes = dict[str, str](), dict[numbers.Sign, _Scope]()
    for key, column in columns.items():
        sign: numbers.Sign = column.decimal or numbers.POINT
        scope = scopes.setdefault(
            sign, _Scope(lambda name: f"c{plan.column(name, 'columns of shop.yml')}", sign)
        )
        name = _FIELD_OF[key]
        if column.sql:
            written = scope.write(column.sql, f"columns.{key}.sql")
            rounded = f"round({written}, 8)" if name in _MONEY else written
            fields[name] = f"cast({rounded} as varchar)"
        else:
            fields[name] = _text(plan, name, column)
    source = _joined(plan, rows)
    for scope in scopes.values():
        source = scope.over(source)
    listed = ", ".join(f"{sql} as {name}" for name, sql in fields.items())
    return f"(select *, {listed} from {source})"  # noqa: S608 - names are made here, texts quoted


@dataclass(frozen=True)
class PlannedRows:
    """The rows of a file with the fields that a plan makes of them.

    `rows` is SQL of them, as `field_query` writes it; `rewriting` says how their dates and numbers
    are rewritten to be read.
    """

    plan: Plan
    rows: str
    rewriting: Rewriting | None
    file: str

    @property
    def sign(self) -> numbers.Sign:
        """The decimal sign of the file's numbers."""
        return self.rewriting.sign if self.rewriting else numbers.POINT

    @property
    def rule_sign(self) -> numbers.Sign:
        """That of the numbers that rules read: that of the money, or as a setting says."""
        columns = self.plan.shop.columns
        return columns.unit_price.decimal or columns.line_amount.decimal or self.sign


def line_query(lines: PlannedRows) -> str:
    """SQL: order lines in the columns of raw.order_lines, marked by the shop's rules."""
    shop, rows, scope = lines.plan.shop, *_scope_over(lines)
    fields = {name: name for name in FIELDS}
    if shop.lines.returned:
        is_return = scope.write(shop.lines.returned, "lines.return")
        fields["quantity"] = _negative("quantity", is_return)
        fields["line_amount"] = _negative("line_amount", is_return)
    listed = ", ".join(f"{sql} as {name}" for name, sql in fields.items())
    place = ", ".join(PLACE)
    marks = f"{_attributes(shop, scope)} as attributes, {_mark(shop, scope)} as line_mark"
    return f"select {listed}, {place}, {marks} from {scope.over(rows)} order by source_row"  # noqa: S608 - as above


def currency_queries(lines: PlannedRows) -> dict[str, str]:
    """SQL: the currencies of the lines that count, with their number and first row.

    Returns:
        A query by the name of each column of currencies; none where the price is converted by one.
    """
    plan = lines.plan
    at = [i for i, name in enumerate(plan.names) if is_currency(name)]
    converted = " ".join(
        column.sql or "" for key, column in plan.shop.columns.items() if _FIELD_OF[key] in _MONEY
    )
    if any(name.casefold() in converted.casefold() for name in plan.names_at(at)):
        return {}
    return {
        plan.names[i]: f"""
            select {code} as currency, count(*) as lines, min(source_row)
            from {marked_rows(lines)}
            where {code} is not null and line_mark is distinct from '{IGNORED}'
            group by 1 order by lines desc
        """  # noqa: S608 - names are made here, texts quoted
        for i in at
        for code in [f"nullif(upper(trim(c{i})), '')"]
    }


def marked_rows(lines: PlannedRows) -> str:
    """SQL: all columns of order lines, with the marks of the shop's rules and their money."""
    shop, rows, scope = lines.plan.shop, *_scope_over(lines)
    mark, is_return = _mark(shop, scope), "false"
    if shop.lines.returned:
        is_return = scope.write(shop.lines.returned, "lines.return")
    pieces, price, amount = (f"try_cast({name} as double)" for name in _MONEY)
    money = f"coalesce({amount}, {pieces} * {price})"
    added = f"case when {is_return} then true else false end as is_return, {money} as money"
    return f"(select *, {mark} as line_mark, {added} from {scope.over(rows)})"  # noqa: S608 - as above


def _scope_over(lines: PlannedRows) -> tuple[str, _Scope]:
    """Fields as they are read, and the names that the rules of lines may use for them."""
    plan, rewriting = lines.plan, lines.rewriting
    rows = f"({rewriting.of(lines.rows)})" if rewriting else lines.rows
    scope = _Scope(
        lambda name: _FIELD_OF.get(name) or f"c{plan.column(name, 'an expression of shop.yml')}",
        lines.rule_sign,
        lines.sign,
        date_names=plan.names_at(plan.columns["invoice_date"]),
    )
    return rows, scope


def _joined(plan: Plan, rows: str) -> str:
    """SQL: the file's rows with filled columns, and the columns of the files joined."""
    source, own = rows, len(plan.names) - sum(len(one.names) for one in plan.joined)
    if filled := plan.shop.fill_down:
        by = f"c{plan.column(filled.by, 'fill_down.by')}"
        at = [f"c{plan.column(name, 'fill_down.columns')}" for name in filled.columns]
        if by in at:
            at.remove(by)
            source = _with_numbers(source, by)
        window = f"over (partition by {by} order by source_row rows unbounded preceding)"
        whole = ", ".join(
            f"last_value(nullif(trim({c}), '') ignore nulls) {window} as {c}" for c in at
        )
        source = f"(select * replace ({whole}) from {source})" if at else source  # noqa: S608 - as above
    first = own
    for number, one in enumerate(plan.joined):
        added = ", ".join(f"j{number}.c{i} as c{first + i}" for i in range(len(one.names)))
        pairs = [
            (f"base.c{plan.column(left, 'join.on')}",
             f"j{number}.c{one.names.index(resolve(right, one.names, 'join.on'))}")
            for left, right in one.keys
        ]  # fmt: skip
        keys = " and ".join(f"{plain_id(left)} = {plain_id(right)}" for left, right in pairs)
        added += f", {pairs[0][1]} is not null as {matched(number)}"
        source = f"(select base.*, {added} from {source} as base left join {one.rows} as j{number} on {keys})"  # noqa: S608, E501 - as above
        first += len(one.names)
    return source


def matched(number: int) -> str:
    """The column that says whether a row of a file that is joined was found."""
    return f"m{number}"


def numbers_of_rules(lines: PlannedRows) -> Iterator[tuple[str, str, dict[int, str], str]]:
    """What expressions read as numbers, of the columns that are no field of an order line.

    Returns:
        Of each setting: its name, SQL of the rows, SQL of the number by the place of its column,
        and SQL of whether a row has come of it without the number.
    """
    shop = lines.plan.shop
    settings: list[tuple[str, str, str, numbers.Sign | None]] = [
        (setting, rule, "true", None) for setting, rule in shop.lines.rules.items()
    ]
    for key, one in shop.columns.items():
        if one.sql:
            is_made = f"{_FIELD_OF[key]} is not null"
            settings.append((f"columns.{key}.sql", one.sql, is_made, one.decimal or numbers.POINT))
    for setting, expression, is_made, sign in settings:
        given, scope = _scope_over(lines)
        scope = replace(scope, sign=sign, other_sign=None) if sign else scope
        scope.write(expression, setting)
        found = {
            int(text[1:]): alias
            for text, alias in scope.aliases.items()
            if re.fullmatch(r"c\d+", text)
        }
        if found:
            yield setting, scope.over(given), found, is_made


def _with_numbers(rows: str, by: str) -> str:
    """SQL: rows with the number of the order on each, where only its first line has one."""
    above = "over (partition by source_file order by source_row rows unbounded preceding)"
    number = f"last_value(nullif(trim({by}), '') ignore nulls) {above}"
    return f"(select * replace ({number} as {by}) from {rows})"  # noqa: S608 - names are made here


def _text(plan: Plan, name: str, column: Column) -> str:
    """SQL: a field that is taken from columns as they are."""
    texts = [f"c{i}" for i in plan.columns.get(name, ())]
    if name != "invoice_date" and len(texts) > 1:
        return f"concat_ws('-', {', '.join(texts)})"
    text = moments.field_sql(texts)
    if name == "invoice_date":
        return moments.in_zone(moments.by_format(text, column.format), plan.shop.shop.timezone)
    if column.decimal:
        return numbers.as_read(text, column.decimal)
    if column.pseudonym:
        return f"case when not {is_nobody(text)} then left(sha256(lower(trim({text}))), 16) end"
    return text


def _negative(name: str, is_return: str) -> str:
    """SQL: a number, below zero where a line is a return."""
    return (
        f"case when ({is_return}) and try_cast({name} as double) > 0 "
        f"then '-' || ltrim({name}, ' +') else {name} end"
    )


def _attributes(shop: Shop, scope: _Scope) -> str:
    """SQL: the shop's own dimensions as JSON; NULL where it has none."""
    pairs = []
    for key, one in shop.dimensions.items():
        where = f"dimensions.{key}"
        if one.sql:
            text = scope.write(one.sql, f"{where}.sql")
        else:
            texts = ", ".join(scope.texts(name) for name in one.names)
            text = f"concat_ws(' / ', {texts})" if len(one.names) > 1 else texts
        pairs.append(f"{literal(key)}, nullif(trim(cast({text} as varchar)), '')")
    return f"cast(json_object({', '.join(pairs)}) as varchar)" if pairs else "null::varchar"


def _mark(shop: Shop, scope: _Scope) -> str:
    """SQL: what the shop's rules say of a line, beyond its signs."""
    whens = [f"when {is_no_line(scope.date_names)} then {literal(IGNORED)}"]
    if shop.lines.ignore:
        whens.append(
            f"when {scope.write(shop.lines.ignore, 'lines.ignore')} then {literal(IGNORED)}"
        )
    if shop.lines.service:
        codes = " or ".join(
            f"upper(trim(stock_code)) like {literal(_as_pattern(code))} escape '\\'"
            for code in shop.lines.service
        )
        whens.append(f"when {codes} then {literal(SERVICE)}")
    return f"case {' '.join(whens)} end"


def _as_pattern(code: str) -> str:
    escaped = code.strip().upper().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%")
