"""Rows to an `.xlsx` workbook that a spreadsheet of any country reads right, and runs nothing of.

A CSV file can't be right for all: where a comma is the decimal sign, Excel takes a file with commas
between its cells for one column. The cells of a workbook have types (ECMA-376).
"""

from __future__ import annotations

import datetime as dt
import io
import math
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from xml.sax.saxutils import escape

from retail.console import escape_control_chars

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST = 32_767
"""Characters that a cell may have."""
NO_CHARACTERS = dict.fromkeys((0xFFFE, 0xFFFF))
DAY_ZERO = dt.datetime(1899, 12, 30)
DATE, MOMENT = 1, 2
"""Places in the list of styles."""
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml."
FIXED = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet {MAIN}><fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" xfId="0"/>'
    '<xf numFmtId="14" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="22" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>",
}
"""All parts but the sheet; 14 and 22 are dates and moments as the reader's country writes them."""


def as_workbook(head: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Rows as a workbook of one sheet."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, text in FIXED.items():
            parts.writestr(name, HEAD + text)
        with parts.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f"{HEAD}<worksheet {MAIN}><sheetData>".encode())
            for row in (head, *rows):
                sheet.write(f"<row>{''.join(map(_cell, row))}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")
    return file.getvalue()


def _cell(value: object) -> str:
    """A cell of its type; a text is never a formula."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "<c/>"
    if isinstance(value, int | float | Decimal):
        return f"<c><v>{float(value)!r}</v></c>"
    if isinstance(value, dt.datetime):
        return f'<c s="{MOMENT}"><v>{(value - DAY_ZERO) / dt.timedelta(days=1)}</v></c>'
    if isinstance(value, dt.date):
        return f'<c s="{DATE}"><v>{(value - DAY_ZERO.date()).days}</v></c>'
    return f'<c t="inlineStr"><is><t xml:space="preserve">{_text(str(value))}</t></is></c>'


def _text(text: str) -> str:
    """A text as XML may hold it; `_x` would begin the code of a character."""
    held = escape_control_chars(text)[:LONGEST].translate(NO_CHARACTERS)
    return escape(held).replace("_x", "_x005F_x")
