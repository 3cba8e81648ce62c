"""The command ``waivers``: lists the waivers of the file, shows the effect of each, and adds waivers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.flags import EXPIRES, LIST_FORMAT, OWNER, REASON, SNAPSHOT
from cloudguard.cli.reports.delivery import STRICT_STATES, exit_status
from cloudguard.cli.settings import CommandLine, fail_on
from cloudguard.cli.snapshots import read_file, snapshot_of
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import waiver_line
from cloudguard.needs.declarations_file import declarations, load_waivers
from cloudguard.needs.setting import Setting, Settings
from cloudguard.needs.settings import WAIVERS
from cloudguard.needs.waivers import FILE_NAME, MOST_DAYS, DeclaredWaiver
from cloudguard.results.finding import Finding, Severity, WaiverState, WaiverUse
from cloudguard.results.report import Report
from cloudguard.results.wording import count

_DAYS: Final = 90
_HEADERS: Final = ("NO", "FOR", "CLUSTER", "OWNER", "UNTIL", "REASON", "FILE")
_USES: Final = ("NO", "STATE", "FOR", "FINDINGS", "OWNER", "UNTIL", "DAYS", "FILE")
_NONE: Final = f"no waiver is declared in --waivers FILE or in ./{FILE_NAME}"


def list_all(line: CommandLine) -> int:
    """Write the waivers of the file, for all clusters."""
    settings = line.settings()
    sinks = output.sinks(settings, LIST_FORMAT)
    _write_declared(declarations(settings).waivers, sinks)
    return int(ExitStatus.CLEAN)


def check(line: CommandLine) -> int:
    """Write the effect of each waiver on a cluster's report; without a cluster, only check and list the file.

    The exit status is 3 if a waiver has expired, covers nothing or is outgrown, 4 if its effect is unknown, 5 for both.
    """
    settings = line.settings()
    sinks = output.sinks(settings, LIST_FORMAT)
    declared = declarations(settings)
    if not declared.waivers:
        raise UsageError(_NONE, hint="To accept a finding: cloudguard waivers add")
    if settings.get(SNAPSHOT) is None and not line.provider:
        _write_declared(declared.waivers, sinks)
        today = datetime.now(UTC).date()
        late = any(waiver.expires < today for waiver in declared.waivers)
        return int(ExitStatus.FINDINGS if late else ExitStatus.CLEAN)
    report = pipeline.evaluate(snapshot_of(line, settings).result, declared)
    output.save_list(sinks, report.waivers, lambda: _uses_table(report))
    for use in report.waivers:
        if use.state is not WaiverState.ACTIVE:
            output.inform(settings, f"cloudguard: waiver {waiver_line(use, report.numbers)}")
    states = {use.state for use in report.waivers}
    failed = not states.isdisjoint({*STRICT_STATES, WaiverState.OUTGROWN})
    return int(exit_status(findings=failed, incomplete=WaiverState.UNKNOWN in states))


def add(line: CommandLine) -> int:
    """Add a waiver for one finding, with the finding's current width, to the file."""
    name = line.argument("finding")
    if not name:
        message = "name the finding by its number in the table, or by its id"
        raise UsageError(message, hint="List them: cloudguard check --snapshot prod.json")

    hint = "List them: cloudguard check --snapshot prod.json"
    return _accept(line, lambda report: (pipeline.finding_of(report, name, hint),))


def baseline(line: CommandLine) -> int:
    """Add a waiver for every open finding at or above ``--fail-on``."""
    least = fail_on(line.settings())
    if least == "never":
        message = "--fail-on never selects no finding"
        raise UsageError(message, hint="Name a severity: --fail-on medium")

    def chosen(report: Report) -> Sequence[Finding]:
        of_note = (finding for finding in report.findings if finding.severity >= Severity[least.upper()])
        return tuple(finding for finding in of_note if finding.waived is None)

    return _accept(line, chosen)


ACTIONS: Final[Mapping[str, Callable[[CommandLine], int]]] = {
    "waivers list": list_all,
    "waivers check": check,
    "waivers add": add,
    "waivers baseline": baseline,
}


def _accept(line: CommandLine, chosen: Callable[[Report], Sequence[Finding]]) -> int:
    """Add waivers for the findings that ``chosen`` selects to the file; return the exit status."""
    from cloudguard.waivers.editing import with_added  # noqa: PLC0415 - loaded only to write a file

    settings = line.settings()
    reason, owner, expires = _required(settings, REASON), _required(settings, OWNER), _expires(settings)
    place = settings.get(WAIVERS) or FILE_NAME
    there = Path(place).exists()
    output.writable(place)
    declared = declarations(settings if there else settings.without(WAIVERS))
    report = pipeline.evaluate(snapshot_of(line, settings).result, declared)
    waivers = [_new_waiver(report, finding, reason, owner, expires) for finding in chosen(report)]
    if waivers:
        before = read_file(place).decode() if there else ""  # the declarations have shown that it is UTF-8
        mode = Path(place).stat().st_mode if there else output.OWN
        output.save(with_added(before, waivers, place), place, mode)
        load_waivers(Path(place))
    output.inform(
        settings, f"cloudguard: {count(len(waivers), 'waiver')} by {owner} until {expires} written to {place}"
    )
    return int(ExitStatus.CLEAN)


def _new_waiver(report: Report, finding: Finding, reason: str, owner: str, expires: date) -> tuple[DeclaredWaiver, str]:
    """Return the waiver for a finding, and the comment to write above it."""
    waiver = DeclaredWaiver(
        reason, owner, expires, finding=finding.id, cluster=report.cluster.name, width=finding.width
    )
    return waiver, visible(f"{finding.severity} {finding.check}: {finding.message}")


def _required(settings: Settings, setting: Setting[str]) -> str:
    value = settings.get(setting)
    if value is None:
        message = f"--{setting.name} is missing: {setting.help.rstrip('.').lower()}"
        raise UsageError(message)
    return value


def _expires(settings: Settings) -> date:
    """Return the last day of ``--expires``; raises UsageError if it is no date, in the past or too far ahead."""
    text, today = settings.get(EXPIRES) or f"{_DAYS}d", datetime.now(UTC).date()
    days = re.fullmatch(r"(\d{1,4})d", text)
    try:
        day = today + timedelta(int(days[1])) if days else date.fromisoformat(text)
    except ValueError:
        message = f"--expires: {text!r} is not a date: write 2027-03-31 or 90d"
        raise UsageError(message) from None
    if day < today or (day - today).days > MOST_DAYS:
        message = f"--expires: {day} is in the past, or more than {MOST_DAYS} days ahead"
        raise UsageError(message)
    return day


def _write_declared(waivers: Iterable[DeclaredWaiver], sinks: Sequence[output.Sink]) -> None:
    from cloudguard.formats.table import grid  # noqa: PLC0415 - tabulate only where a table is shown

    listed = tuple(waivers)
    rows = [
        (
            str(waiver.number),
            waiver.target,
            waiver.cluster,
            waiver.owner,
            str(waiver.expires),
            waiver.reason,
            waiver.origin,
        )
        for waiver in listed
    ]
    document = [{**asdict(waiver), "expires": str(waiver.expires)} for waiver in listed]
    output.save_list(sinks, document, lambda: grid(rows, _HEADERS) + "\n")


def _uses_table(report: Report) -> str:
    """Return the effect of each waiver as a table."""
    from cloudguard.formats.table import grid  # noqa: PLC0415 - tabulate only where a table is shown

    return grid([_row(use, report.numbers) for use in report.waivers], _USES) + "\n"


def _row(use: WaiverUse, numbers: Mapping[str, int]) -> Sequence[str]:
    covered = sorted(numbers[name] for name in (*use.covered, *use.uncovered) if name in numbers)
    named = ", ".join(map(str, covered)) or "none"
    return str(use.number), use.state, use.target, named, use.owner, use.expires, str(use.days_left), use.origin
