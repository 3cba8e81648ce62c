"""The reader of report files, which hold the JSON of ``check -f json``."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NewType, cast

from cloudguard.errors import UsageError
from cloudguard.model.files.faults import faults, listed
from cloudguard.results.files.restored import restored
from cloudguard.results.report import SCHEMA, SEVERAL_SCHEMA, Report

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_HEAD = re.compile(rb'\s*\{\s*"schema"\s*:\s*"cloudguard/report/')
_HINT = "Create one with: cloudguard check PROVIDER --cluster NAME -f json=FILE"
_Root = NewType("_Root", Report)
"""A separate type, because pydantic accepts a configuration for a dataclass only under another name."""


@cache
def _adapter() -> TypeAdapter[Report]:
    from pydantic import ConfigDict, TypeAdapter  # noqa: PLC0415 - loaded only when a file is read

    return TypeAdapter(_Root, config=ConfigDict(extra="ignore", strict=True))


def is_report(data: bytes) -> bool:
    """Whether a file begins like a report file of any version."""
    return _HEAD.match(data) is not None


def load(data: bytes, name: str) -> Report:
    """Return the report in ``data``, read from the file ``name``. Raises UsageError with a list of all faults.

    Unknown members are ignored. Members that an older version did not write have their defaults.
    """
    return _report(_table(data, name), name)


def load_all(data: bytes, name: str) -> tuple[Report, ...]:
    """Return the reports in ``data``: one report, or several in one document. Raises UsageError like ``load``."""
    table = _table(data, name)
    if table.get("schema") != SEVERAL_SCHEMA:
        return (_report(table, name),)
    reports = table.get("reports")
    if not isinstance(reports, list) or not reports:
        raise _refusal(name, "it has no reports")
    return tuple(
        _report(cast("dict[str, object]", report) if isinstance(report, dict) else {}, f"{name}: reports[{number}]")
        for number, report in enumerate(cast("list[object]", reports))
    )


def _table(data: bytes, name: str) -> dict[str, object]:
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):  # not JSON, or not UTF-8
        raise _refusal(name, "it is not JSON" if data.strip() else "it is empty") from None
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _report(table: dict[str, object], name: str) -> Report:
    from pydantic import ValidationError  # noqa: PLC0415 - loaded only when a file is read

    if table.get("schema") != SCHEMA:
        raise _refusal(name, f"its schema is {table.get('schema')!r}, not {SCHEMA!r}")
    try:
        report = _adapter().validate_json(json.dumps(restored(table)))
    except ValidationError as error:
        raise _refusal(name, listed([*faults(error)])) from None
    for key, time in (("started", report.started), ("finished", report.finished)):
        if not _is_time(time):
            raise _refusal(name, f"{key}: {time!r} is not a time")
    return report


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _refusal(name: str, why: str) -> UsageError:
    return UsageError(f"{name} is not a report of cloudguard: {why}", hint=_HINT)
