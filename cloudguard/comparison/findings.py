"""What became of each finding between two reports of one cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """A finding as far as reports can be compared by it; ``severity``: "high"."""

    id: str
    check: str
    severity: str
    message: str
    waived: bool = False


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row: its findings, what is unknown of it, the ways in that were not asked for, and the keys that it heeds."""

    findings: tuple[ListedFinding, ...]
    unknown: tuple[str, ...]
    not_asked: frozenset[str]
    heeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedReport:
    """A report: which cluster it is of ("provider account name"), its rows, and the declarations in force by key."""

    cluster: str
    rows: Mapping[str, ListedRow]
    declared: Mapping[str, tuple[str, ...]]


def listed(report: Report) -> ListedReport:
    """Return a report as far as it is compared."""
    cluster = report.cluster
    return ListedReport(
        cluster=f"{cluster.provider} {cluster.account} {cluster.name}",
        rows={
            row.row: ListedRow(
                tuple(
                    ListedFinding(one.id, one.check, str(one.severity), one.message, one.waived is not None)
                    for one in row.findings
                ),
                row.unknown,
                frozenset(one.what for one in row.basis.not_asked),
                row.basis.declared,
            )
            for row in report.rows
        },
        declared={one.name: one.values for one in report.declarations},
    )


def compared(old: ListedReport, new: ListedReport) -> tuple[FindingChange, ...]:
    """Return what became of each finding: the new ones first, each fate by severity."""
    order = [*Fate]
    found = (one for row in dict.fromkeys((*old.rows, *new.rows)) for one in _of_row(row, old, new))
    return tuple(
        sorted(found, key=lambda one: (order.index(one.fate), -Severity[one.severity.upper()], one.check, one.id))
    )


def unknown_rows(new: ListedReport) -> tuple[str, ...]:
    """Return what is unknown in the later report, a line each."""
    return tuple(f"{name}: {line}" for name, row in new.rows.items() for line in row.unknown)


def fails(changes: tuple[FindingChange, ...], fail_on: str) -> bool:
    """Whether any finding is new, or has become worse, at or above a severity ("never": none counts)."""
    if fail_on == "never":
        return False
    least = Severity[fail_on.upper()]
    return any(
        Severity[one.severity.upper()] >= least
        and (one.fate is Fate.NEW or (one.was != "" and Severity[one.was.upper()] < least))
        for one in changes
    )


def _of_row(name: str, old: ListedReport, new: ListedReport) -> Iterator[FindingChange]:
    before, after = old.rows.get(name), new.rows.get(name)
    known = {one.id: one for one in before.findings} if before else {}
    now = {one.id: one for one in after.findings} if after else {}
    for one in now.values():
        was = known.get(one.id)
        fate = Fate.NEW if was is None else Fate.UNCHANGED
        former = was.severity if was and was.severity != one.severity else ""
        yield FindingChange(fate, one.id, one.check, one.severity, one.message, former)
    hidden = _hidden(before, after, old, new) if before else ""
    for one in known.values():
        if one.id not in now:
            fate = Fate.NOT_VISIBLE if hidden else Fate.FIXED
            yield FindingChange(fate, one.id, one.check, one.severity, one.message, why=hidden)


def _hidden(before: ListedRow, after: ListedRow | None, old: ListedReport, new: ListedReport) -> str:
    """Return why a finding of a row may be there, though the later report has it no more; "" if it is gone."""
    if after is None:
        return "the later report has no such row"
    if after.unknown:
        return f"not all is known: {after.unknown[0]}"
    if missed := sorted(after.not_asked - before.not_asked):
        return f"not asked for: {missed[0]}"
    keys = dict.fromkeys((*before.heeds, *after.heeds))
    changed = [key for key in keys if old.declared.get(key, ()) != new.declared.get(key, ())]
    return f"judged by another declaration: {changed[0]}" if changed else ""
