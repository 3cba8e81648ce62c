"""Reads a report's file, the JSON of ``check -f json``, as far as reports are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from cloudguard.comparison.listed import ListedFinding, ListedReport, ListedRow
from cloudguard.errors import UsageError
from cloudguard.results.change import Resource

T = TypeVar("T")
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
    width: list[str] = Field(default_factory=list[str])


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


class _Fleet(BaseModel):
    schema_: Literal["cloudguard/fleet/v1"] = Field(alias="schema")
    reports: list[_Report]


_EITHER: TypeAdapter[_Report | _Fleet] = TypeAdapter(Annotated[_Report | _Fleet, Field(discriminator="schema_")])


def load(data: bytes, name: str) -> ListedReport:
    """Return the report in ``data``, read from the file ``name``; raises UsageError in a line if it is none."""
    return _listed(_read(_Report.model_validate_json, data, name))


def load_all(data: bytes, name: str) -> tuple[ListedReport, ...]:
    """Return the reports in ``data``: of one cluster, or of several in one document. Raises UsageError as ``load``."""
    found = _read(_EITHER.validate_json, data, name)
    return tuple(map(_listed, found.reports if isinstance(found, _Fleet) else (found,)))


def _read(validate: Callable[[bytes], T], data: bytes, name: str) -> T:
    try:
        return validate(data)
    except ValidationError as error:
        first, *more = error.errors(include_url=False, include_context=False, include_input=False)
        place = ".".join(map(str, first["loc"])) or "it"
        rest = f" (and {len(more)} more)" if more else ""
        message = f"{name} is not a cloudguard report: {place}: {first['msg']}{rest}"
        raise UsageError(message, hint=_HINT) from None


def _listed(report: _Report) -> ListedReport:
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
    waived, width = one.waived is not None, tuple(one.width)
    return ListedFinding(one.id, one.check, one.severity, one.message, waived, resource, width=width)
