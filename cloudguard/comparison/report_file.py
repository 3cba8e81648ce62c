"""Reads a report's file, the JSON of ``check -f json``, as far as reports are compared."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from cloudguard.comparison.listed import ListedFinding, ListedReport, ListedRow
from cloudguard.errors import UsageError
from cloudguard.results.change import Resource

_HINT = "Make one with: cloudguard check PROVIDER --cluster NAME -f json=FILE"


class _Resource(BaseModel):
    kind: str
    id: str
    name: str = ""


class _Finding(BaseModel):
    id: str
    check: str
    severity: Literal["low", "medium", "high", "critical"]
    message: str
    resource: _Resource = Field(default_factory=lambda: _Resource(kind="", id=""))
    waived: object = None


class _NotAsked(BaseModel):
    what: str


class _Basis(BaseModel):
    declared: list[str] = Field(default_factory=list[str])
    not_asked: list[_NotAsked] = Field(default_factory=list[_NotAsked])


class _Row(BaseModel):
    row: str
    unknown: list[str]
    findings: list[_Finding]
    basis: _Basis = Field(default_factory=_Basis)


class _Cluster(BaseModel):
    name: str
    provider: str
    account: str


class _Declared(BaseModel):
    values: list[str]


class _Tool(BaseModel):
    version: str = ""


class _Gap(BaseModel):
    call: str
    resource: str
    hides: list[str]


class _Report(BaseModel):
    schema_: Literal["cloudguard/report/v1"] = Field(alias="schema")
    cluster: _Cluster
    rows: list[_Row]
    declarations: dict[str, _Declared]
    finished: str = ""
    tool: _Tool = Field(default_factory=_Tool)
    gaps: list[_Gap] = Field(default_factory=list[_Gap])


def load(data: bytes, name: str) -> ListedReport:
    """Return the report in ``data``, read from the file ``name``; raises UsageError in a line if it is none."""
    try:
        report = _Report.model_validate_json(data)
    except ValidationError as error:
        first, *more = error.errors(include_url=False, include_context=False, include_input=False)
        place = ".".join(map(str, first["loc"])) or "it"
        rest = f" (and {len(more)} more)" if more else ""
        message = f"{name} is not a cloudguard report: {place}: {first['msg']}{rest}"
        raise UsageError(message, hint=_HINT) from None
    cluster = report.cluster
    return ListedReport(
        cluster=f"{cluster.provider} {cluster.account} {cluster.name}",
        rows={row.row: _row(row) for row in report.rows},
        declared={key: tuple(one.values) for key, one in report.declarations.items()},
        finished=report.finished,
        version=report.tool.version,
        gaps=frozenset(f"{gap.call} on {gap.resource}" for gap in report.gaps if not gap.hides),
    )


def _row(row: _Row) -> ListedRow:
    not_asked = frozenset(one.what for one in row.basis.not_asked)
    return ListedRow(tuple(map(_finding, row.findings)), tuple(row.unknown), not_asked, tuple(row.basis.declared))


def _finding(one: _Finding) -> ListedFinding:
    resource = Resource(one.resource.kind, one.resource.id, one.resource.name)
    return ListedFinding(one.id, one.check, one.severity, one.message, one.waived is not None, resource)
