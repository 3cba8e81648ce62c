"""Check that a report keeps its contract: its JSON Schema without further members, and its reader."""

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
    """Return ``schema`` with additional members forbidden at every level."""
    if isinstance(schema, list):
        return [closed(item) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(item) for name, item in cast("dict[str, Any]", schema).items()}
    return inner | ({"additionalProperties": False} if isinstance(inner.get("properties"), dict) else {})


@cache
def validator(name: str, *, strict: bool = True) -> Any:  # noqa: ANN401 - the library has no types
    """Return a validator for the schema ``name``. ``strict``: members that the schema does not name are faults."""
    schema = json.loads(text_of(name))
    return _JSONSCHEMA.Draft202012Validator(closed(schema) if strict else schema)


def faults(name: str, text: str, *, strict: bool = True) -> list[str]:
    """Return the faults of the JSON document ``text`` according to the schema ``name``."""
    found = validator(name, strict=strict).iter_errors(json.loads(text))
    return [f"{item.json_path}: {str(item.message)[:200]}" for item in found]


def assert_contract(report: Report) -> None:
    """Assert that the report's JSON matches its schema, and that the report read from it renders equally everywhere."""
    text = json_report.render(report)
    assert faults("report", text) == []
    again = report_file.load(text.encode(), "it")
    formats = (*CHEAP, "asff") if report.cluster.provider == "aws" else CHEAP
    assert [name for name in formats if rendered(again, name) != rendered(report, name)] == []
