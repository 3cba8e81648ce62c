"""Holds a report to its contract: its JSON Schema, with no member that it does not name, and its reader."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

from cloudguard.cli.subcommands.schema import text_of
from cloudguard.formats import json_report
from cloudguard.results.files import report_file
from cloudguard.results.report import Report
from rendered import CHEAP, rendered

_JSONSCHEMA: Final[Any] = import_module("jsonschema")


def closed(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a schema that lets no other members through than those that it names."""
    if isinstance(schema, list):
        return [closed(one) for one in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(one) for name, one in cast("dict[str, Any]", schema).items()}
    return inner | ({"additionalProperties": False} if isinstance(inner.get("properties"), dict) else {})


@cache
def validator(name: str, *, strict: bool = True) -> Any:  # noqa: ANN401 - the library has no types
    """Return what validates by the schema called ``name``; ``strict``: it lets no members through but its own."""
    schema = json.loads(text_of(name))
    return _JSONSCHEMA.Draft202012Validator(closed(schema) if strict else schema)


def faults(name: str, text: str, *, strict: bool = True) -> list[str]:
    """Return what is wrong with a document by the schema called ``name``."""
    found = validator(name, strict=strict).iter_errors(json.loads(text))
    return [f"{one.json_path}: {str(one.message)[:200]}" for one in found]


def assert_contract(report: Report) -> None:
    """Assert that the JSON is as its schema says, and that the report read from it is written alike in every format."""
    text = json_report.render(report)
    assert faults("report", text) == []
    again = report_file.load(text.encode(), "it")
    formats = (*CHEAP, "asff") if report.cluster.provider == "aws" else CHEAP
    assert [name for name in formats if rendered(again, name) != rendered(report, name)] == []
