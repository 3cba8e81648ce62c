"""The command ``schema``: prints the JSON Schema of a file that cloudguard writes or reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from cloudguard.cli import output
from cloudguard.cli.settings import CommandLine
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.setting import Setting
from cloudguard.needs.settings import IN_FILE, WAIVER
from cloudguard.results.comparison import Comparison
from cloudguard.results.plan import Plan
from cloudguard.results.report import SEVERAL_SCHEMA, Report

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FILES: Final = {
    "report": "report.v1.json",
    "fleet": "fleet.v1.json",
    "snapshot": "snapshot.v2.json",
    "plan": "plan.v1.json",
    "comparison": "comparison.v1.json",
    "config": "config.v1.json",
    "waivers": "waivers.v1.json",
}
"""Name of a schema → its file in ``docs/schemas``."""


def schema(line: CommandLine) -> int:
    """Write the schema that the argument names."""
    settings, name = line.settings(), line.argument("name")
    if name not in FILES:
        message = f"there is no schema {name!r}" if name else "name a schema"
        raise UsageError(message, hint=f"One of: {', '.join(FILES)}")
    output.save(text_of(name), output.file_of(settings))
    return int(ExitStatus.CLEAN)


@cache
def text_of(name: str) -> str:
    """Return the schema ``name`` as JSON, made from the types or settings of this version."""
    if name == "config":
        return _of_settings(IN_FILE, "The content of `cloudguard.toml`.")
    if name == "waivers":
        return _of_settings((WAIVER,), "The content of `cloudguard-waivers.toml`.")
    return json.dumps(_of_types(name), indent=2) + "\n"


def _of_types(name: str) -> Mapping[str, object]:
    from cloudguard.formats.contract.comparison_shapes import COMPARISON_SHAPES  # noqa: PLC0415 - as schema_of
    from cloudguard.formats.contract.plan_shapes import PLAN_SHAPES  # noqa: PLC0415 - likewise
    from cloudguard.formats.contract.report_shapes import REPORT_SHAPES  # noqa: PLC0415 - likewise
    from cloudguard.formats.contract.schema import schema_of  # noqa: PLC0415 - pydantic is loaded only when used

    match name:
        case "report":
            return schema_of(Report, REPORT_SHAPES, "The output of `cloudguard check -f json`.")
        case "fleet":
            return _of_several(_of_types("report"))
        case "plan":
            return schema_of(Plan, PLAN_SHAPES, "The output of `cloudguard plan -f json`.")
        case "comparison":
            return schema_of(Comparison, COMPARISON_SHAPES, "The output of `cloudguard diff -f json`.")
        case _:
            return schema_of(Snapshot, {}, "The output of `cloudguard collect`.")


def _of_several(report: Mapping[str, object]) -> Mapping[str, object]:
    """Return the schema of a document of several reports, made from the schema of one report."""
    above = {"$schema", "description", "$defs"}
    of_cluster = {name: value for name, value in report.items() if name not in above}
    members = {
        "schema": {"const": SEVERAL_SCHEMA},
        "complete": {"type": "boolean"},
        "reports": {"type": "array", "items": of_cluster},
    }
    return {
        "$schema": DIALECT,
        "description": "The output of `cloudguard check -f json` for several clusters.",
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "$defs": report["$defs"],
    }


def _of_settings(settings: Iterable[Setting[Any]], description: str) -> str:
    members = {setting.name: {"description": setting.help, **setting.kind.schema} for setting in settings}
    schema = {"$schema": DIALECT, "description": description, "type": "object", "properties": members}
    return json.dumps({**schema, "additionalProperties": False}, indent=2) + "\n"
