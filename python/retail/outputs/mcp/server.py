"""The server: seven read-only tools over standard input and output."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as ToolDescription
from pydantic import BaseModel, ValidationError

from detect import VERSION
from retail.console import escape_control_chars
from retail.errors import RetailError
from retail.outputs.mcp import questions as asked
from retail.outputs.mcp.client import NAME
from retail.outputs.mcp.data import Answer
from retail.outputs.mcp.guide import GUIDE
from retail.outputs.mcp.tools import definitions as names
from retail.outputs.mcp.tools import detection_limits as limits
from retail.outputs.mcp.tools import explain, incidents, series, state, why
from retail.reading import reading
from retail.reading.measures import require_known

_log = logging.getLogger(__name__)
LONGEST_REFUSAL = 2_000
"""Characters: what was asked for is named in it, and may be a megabyte."""
LONGEST_LINE = 2**20
"""Bytes of a question; the longest that makes sense has a few hundred."""
UNKNOWN = "extra_forbidden"
"""Pydantic's word for an argument that there is not."""


@dataclass(frozen=True)
class Tool:
    """A tool: what may be asked, what is answered, and how; the question's text describes it."""

    title: str
    question: type[BaseModel]
    answer: type[Answer]
    read: Callable[..., Answer]


TOOLS: dict[str, Tool] = {
    "state": Tool("State of the KPIs", asked.StateQuestion, state.StateAnswer, state.state),
    "incidents": Tool(
        "Incidents", asked.IncidentsQuestion, incidents.IncidentsAnswer, incidents.incidents
    ),
    "explain": Tool(
        "Explain an incident", asked.ExplainQuestion, explain.ExplainAnswer, explain.explain
    ),
    "why": Tool("Why a KPI differs", asked.WhyQuestion, why.WhyAnswer, why.why),
    "series": Tool("A KPI over time", asked.SeriesQuestion, series.SeriesAnswer, series.series),
    "detection_limits": Tool(
        "Detection limits",
        asked.DetectionLimitsQuestion,
        limits.DetectionLimitsAnswer,
        limits.detection_limits,
    ),
    "definitions": Tool(
        "Definitions", asked.DefinitionsQuestion, names.DefinitionsAnswer, names.definitions
    ),
}
READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def serve(database: Path) -> None:
    """Answer until standard input ends.

    Raises:
        RetailError: standard input is nothing that can be waited for.
    """
    asyncio.run(_serve(database))


def ask(database: Path, name: str, arguments: Mapping[str, Any]) -> Answer:
    """Answer a question to the finished file, which is open for as long as that takes.

    Raises:
        RetailError: there is no such tool, argument or name, or the file can't be read.
    """
    require_known("tool", name, TOOLS)
    tool = TOOLS[name]
    question = _question(tool, arguments)
    with reading(database) as connection:
        return tool.read(connection, question)


def _question(tool: Tool, arguments: Mapping[str, Any]) -> BaseModel:
    """The arguments as a question.

    Raises:
        RetailError: they make no sense.
    """
    try:
        return tool.question.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        if first["type"] == UNKNOWN:
            require_known("argument", where, tool.question.model_fields)
        if first["type"].startswith("date"):
            first["msg"] = f"{first['input']!r} is no day such as 2011-12-31"
        raise RetailError(f"{where}: {first['msg']}") from error


async def _serve(database: Path) -> None:
    async def list_tools(_: object, __: PaginatedRequestParams | None) -> ListToolsResult:
        described = [
            ToolDescription(
                name=name,
                title=tool.title,
                description=tool.question.__doc__,
                input_schema=tool.question.model_json_schema(),
                output_schema=tool.answer.model_json_schema(),
                annotations=READ_ONLY,
            )
            for name, tool in TOOLS.items()
        ]
        return ListToolsResult(tools=described)

    async def call_tool(_: object, params: CallToolRequestParams) -> CallToolResult:
        return await asyncio.to_thread(_result, database, params.name, params.arguments or {})

    server = Server(
        NAME,
        version=VERSION,
        title="E-Commerce Analytics Intelligence",
        instructions=GUIDE,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    lines = cast(Any, _lines(await _standard_input()))  # all that is done with a file is to iterate
    async with stdio_server(stdin=lines) as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())


async def _standard_input() -> asyncio.StreamReader:
    """Standard input without a thread that waits for it: Ctrl-C could not end that.

    Raises:
        RetailError: it is a file, or nothing.
    """
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or sys.stdin.isatty()):
        raise RetailError("standard input is no pipe; a client starts this, see `--config`")
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    return reader


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines up to the end, or to one that is too long to be a question."""
    try:
        while line := await reader.readline():
            yield line.decode(errors="replace")
    except ValueError:
        _log.error("a line of more than %d bytes: no client sends that", LONGEST_LINE)


def _result(database: Path, name: str, arguments: Mapping[str, Any]) -> CallToolResult:
    """An answer as data, and as its JSON for clients that read text; or what went wrong."""
    try:
        answer = ask(database, name, arguments)
    except RetailError as error:
        line = " ".join(escape_control_chars(error).split("\n"))[:LONGEST_REFUSAL]
        return CallToolResult(content=[TextContent(type="text", text=line)], is_error=True)
    text = TextContent(type="text", text=escape_control_chars(answer.model_dump_json()))
    return CallToolResult(content=[text], structured_content=answer.model_dump(mode="json"))
