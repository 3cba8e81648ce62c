"""The fate of each finding between reports of one cluster: new, fixed, wider and so on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.comparison.listed import ListedFinding, ListedReport, ListedRow
from cloudguard.results.comparison import BroughtBy, Fate, FindingChange
from cloudguard.results.finding import Severity
from cloudguard.results.since import Since
from cloudguard.values import dataclass

_FATES: Final = (*Fate,)


@dataclass(frozen=True, slots=True)
class Unseen:
    """The reason why a report may lack a finding of another report, although the finding still exists.

    ``read``: all facts that the finding rests on were read, but they were judged by other data. ``check``: the check of
    the finding was not made.
    """

    why: str
    read: bool = False
    check: bool = False


@dataclass(frozen=True, slots=True)
class _ReportedFinding:
    """A finding, with the report and the row that contain it."""

    finding: ListedFinding
    report: ListedReport
    row: str

    @property
    def first(self) -> str:
        """The time when the first report with the finding was finished."""
        return self.finding.first_seen or self.report.finished


def since(
    old: ListedReport, new: ListedReport, *, older: Sequence[ListedReport] = (), closed: Collection[str] = ()
) -> Since:
    """Return the differences between ``old``, the latest earlier report, and ``new``.

    ``older``: reports with earlier findings that are not in ``old`` and that no report shows to be fixed. ``closed``:
    ids of findings that an earlier report contained and a later report showed to be fixed.
    """
    open_before, open_now = ({name for name, row in report.rows.items() if row.unknown} for report in (old, new))
    both = old.rows.keys() & new.rows.keys()
    return Since(
        earlier=old.finished,
        findings=compared(old, new, older=older, closed=closed),
        newly_unknown=tuple(name for name in new.rows if name in (open_now - open_before)),
        known_again=tuple(name for name in new.rows if name in (open_before - open_now) & both),
    )


def compared(
    old: ListedReport, new: ListedReport, *, older: Sequence[ListedReport] = (), closed: Collection[str] = ()
) -> tuple[FindingChange, ...]:
    """Return the fate of each finding, in the order of ``Fate`` and then by severity. Parameters as in ``since``."""
    today = _findings_by_id(new)
    known = {name: reported for report in (*reversed(older), old) for name, reported in _findings_by_id(report).items()}
    gone = {name: (reported, _unseen(reported, by=new)) for name, reported in known.items() if name not in today}
    replaced = _replaced(
        [reported.finding for name, reported in today.items() if name not in known],
        [reported for reported, hidden in gone.values() if hidden is None],
    )
    changes = list[FindingChange]()
    for name, reported in today.items():
        earlier = known.get(name) or replaced.get(name)
        changes.append(_change_of_known(reported, earlier) if earlier else _change_of_new(reported, old, closed))
    for reported, hidden in gone.values():
        if reported not in replaced.values():
            changes.append(_change_of_missing(reported, hidden))
    return tuple(sorted(changes, key=_order))


def _order(change: FindingChange) -> tuple[int, int, str, str]:
    return _FATES.index(change.fate), -Severity[change.severity.upper()], change.check, change.id


def unknown_rows(new: ListedReport) -> tuple[str, ...]:
    """Return one line for each unknown fact of the later report."""
    return tuple(f"{name}: {line}" for name, row in new.rows.items() for line in row.unknown)


def fails(changes: tuple[FindingChange, ...], fail_on: str) -> bool:
    """Whether any finding at or above the severity ``fail_on`` is new or has become worse. "never": always False."""
    if fail_on == "never":
        return False
    least = Severity[fail_on.upper()]
    return any(
        Severity[change.severity.upper()] >= least
        and (change.counts_as_new or (not change.waived and change.was != "" and Severity[change.was.upper()] < least))
        for change in changes
    )


def _unseen(reported: _ReportedFinding, by: ListedReport) -> Unseen | None:
    """Return why a finding may still exist although the report ``by`` lacks it. None if it does not exist."""
    row = by.rows.get(reported.row)
    if row is None:
        return Unseen("the other report does not have this row")
    if by.checks is not None and reported.finding.check not in by.checks:
        return Unseen(f"the check {reported.finding.check} was not run", check=True)
    if unread := _unread_fact(reported, row, by):
        return Unseen(unread)
    if others := _other_data(reported, row, by):
        return Unseen(f"judged with a different {others}", read=True)
    return None


def _unread_fact(reported: _ReportedFinding, row: ListedRow, by: ListedReport) -> str:
    """Return a fact that the finding may rest on and that was not read for ``by``; "" if all facts were read."""
    if row.unknown:
        return f"not completely known: {row.unknown[0]}"
    if missed := sorted(row.not_asked - reported.report.rows[reported.row].not_asked):
        return f"not asked for: {missed[0]}"
    failed = sorted(by.gaps - reported.report.gaps)
    return f"not read: {failed[0]}" if failed else ""


def _other_data(reported: _ReportedFinding, row: ListedRow, by: ListedReport) -> str:
    """Return a declaration or version that differs between the two reports' judgements; "" if none differs."""
    there = reported.report
    keys = dict.fromkeys((*there.rows[reported.row].used_declarations, *row.used_declarations))
    changed = [key for key in keys if there.declared.get(key, ()) != by.declared.get(key, ())]
    if changed:
        return f"declaration: {changed[0]}"
    known = "" not in {there.version, by.version}
    return f"version: {by.version}" if known and there.version != by.version else ""


def _findings_by_id(report: ListedReport) -> dict[str, _ReportedFinding]:
    """Return finding id → finding, for all findings of a report."""
    return {
        finding.id: _ReportedFinding(finding, report, name)
        for name, row in report.rows.items()
        for finding in row.findings
    }


def _replaced(fresh: Iterable[ListedFinding], gone: Iterable[_ReportedFinding]) -> dict[str, _ReportedFinding]:
    """Return id of a fresh finding → the earlier finding that it replaces. Each earlier finding is replaced once."""
    left, replaced = list(gone), dict[str, _ReportedFinding]()
    for finding in fresh:
        former = next((earlier for earlier in left if _is_anew(finding, earlier.finding)), None)
        if former:
            replaced[finding.id] = former
            left.remove(former)
    return replaced


def _is_anew(finding: ListedFinding, former: ListedFinding) -> bool:
    """Whether two findings are of the same check, on two resources with the same kind and name and different ids."""
    now, then = finding.resource, former.resource
    named_alike = now.name != "" and (now.kind, now.name) == (then.kind, then.name)
    return finding.check == former.check and named_alike and now.id != then.id


def _change_of_known(now: _ReportedFinding, then: _ReportedFinding) -> FindingChange:
    """Return the change of a finding that existed before, under the same id or, on a replaced resource, another id."""
    replaces = "" if then.finding.id == now.finding.id else then.finding.id
    fate = Fate.WIDER if _is_wider(now, then) else Fate.REPLACED if replaces else Fate.UNCHANGED
    return replace(
        _change(fate, now),
        replaces=replaces,
        was="" if then.finding.severity == now.finding.severity else then.finding.severity,
        first_seen=then.first,
        was_waived=then.finding.waived,
    )


def _change_of_new(now: _ReportedFinding, old: ListedReport, closed: Collection[str]) -> FindingChange:
    if now.finding.id in closed:
        return _change(Fate.REOPENED, now)
    hidden = _unseen(now, by=old)
    if hidden is None:
        return _change(Fate.NEW, now)
    brought_by = BroughtBy.CHECK if hidden.check else BroughtBy.DATA
    return replace(_change(Fate.NEW, now), brought_by=brought_by, why=f"before, {hidden.why}")


def _change_of_missing(then: _ReportedFinding, hidden: Unseen | None) -> FindingChange:
    change = replace(_change(Fate.UNCONFIRMED if hidden else Fate.FIXED, then), was_waived=then.finding.waived)
    return replace(change, why=hidden.why, read=hidden.read) if hidden else change


def _change(fate: Fate, reported: _ReportedFinding) -> FindingChange:
    finding = reported.finding
    return FindingChange(
        fate=fate,
        id=finding.id,
        check=finding.check,
        severity=finding.severity,
        message=finding.message,
        resource=finding.resource,
        first_seen=reported.first,
        last_seen=reported.report.finished,
        waived=finding.waived,
    )


def _is_wider(now: _ReportedFinding, then: _ReportedFinding) -> bool:
    """Whether a finding allows more than before. False if its earlier width is not known."""
    today, before = now.finding.width, then.finding.width
    if not before or today == before:
        return False
    from cloudguard.comparison.widths import inside  # noqa: PLC0415 - it loads engines that most comparisons need not

    return not inside(today, before)
