"""The last part of ``check``: write the reports and summaries, and return the exit status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cloudguard.cli import notices, output
from cloudguard.cli.failures import SignalError, say
from cloudguard.cli.flags import QUIET
from cloudguard.cli.reports import rendering
from cloudguard.cli.reports.past import Past
from cloudguard.errors import CloudguardError, ExitStatus, UsageError
from cloudguard.formats import overview
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import notable_waivers, summary, waiver_line
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import FAIL_ON, FAIL_ON_NEW, STRICT_WAIVERS
from cloudguard.results.finding import Severity, WaiverState
from cloudguard.results.report import Report
from cloudguard.values import dataclass

DEFAULT_FAIL_ON = "medium"
STRICT_STATES = frozenset({WaiverState.EXPIRED, WaiverState.UNUSED})
"""Waivers in these states count as findings with ``--strict-waivers``."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A cluster that was not read: its name as requested, and the error."""

    cluster: str
    error: CloudguardError


@dataclass(frozen=True, slots=True)
class Run:
    """The results of one run of ``check``, and the signal that ended its reading early, None if none did.

    ``several``: more than one cluster was requested. A cluster of ``failures`` then has a report too, in which every
    row is UNKNOWN.
    """

    reports: tuple[Report, ...]
    failures: tuple[Failure, ...] = ()
    signal: SignalError | None = None
    several: bool = False


def deliver(run: Run, settings: Settings, sinks: Sequence[output.Sink], past: Past) -> ExitStatus:
    """Compare the reports with ``past``, write them and the summary lines, and return the exit status.

    The notices and the store come last, so that their errors do not stop the reports. Both errors give status 1. A run
    whose notice failed is not stored, so that its findings are new in the next run too. Raises the signal of ``run``,
    and UsageError if a file can't be written.
    """
    files, screen = [sink for sink in sinks if sink.file], [sink for sink in sinks if not sink.file]
    if run.signal:
        write_reports(run, settings, files)
        raise run.signal
    run = replace(run, reports=tuple(map(past.compared, run.reports)))
    shown = replace(run, reports=tuple(filter(past.is_shown, run.reports)))
    write_reports(run, settings, files)
    if shown.reports:
        write_reports(shown, settings, screen)
    say_results(shown, settings, sinks)
    sent = notices.notify(settings, run.reports)
    for report in run.reports if sent else ():
        past.keep(report, shown=report in shown.reports)
    if past.store and not sent:
        say("cloudguard: the run is not saved in the store, so that the next run sends the notice again")
    if past.failed:
        say(visible(f"cloudguard: {past.failed}"))
        return past.failed.status
    if not sent:
        return ExitStatus.INTERNAL
    return exit_status_of(run, settings)


def write_reports(run: Run, settings: Settings, sinks: Sequence[output.Sink]) -> None:
    """Write the reports to every sink. If some sinks fail, raise the first UsageError after writing the others."""
    errors = list[UsageError]()
    for sink in sinks:
        try:
            rendering.write(run.reports, sink, settings, several=run.several)
        except UsageError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def say_results(run: Run, settings: Settings, sinks: Sequence[output.Sink]) -> None:
    """Write to stderr the clusters that failed, the notable waivers and the summary of the reports.

    Waivers and summary are left out if the table is on the same screen, and with ``--quiet``.
    """
    for failure in run.failures:
        say(visible(f"cloudguard: {failure.cluster}: {failure.error}"))
    on_screen = output.Sink("table") in sinks and output.streams_are_one()
    if run.reports and not on_screen and not settings.get(QUIET):
        for line in dict.fromkeys(_waiver_lines(run)):
            say(visible(f"cloudguard: {line}"))
        lines = [overview.summary(run.reports)] if run.several else [summary(report) for report in run.reports]
        for line in lines:
            say(visible(line))


def _waiver_lines(run: Run) -> Iterator[str]:
    """Yield a line for each notable waiver of each cluster; a waiver that no cluster uses gets no cluster's name."""
    for report in run.reports:
        name = report.cluster.name
        for use in notable_waivers(report):
            of_all = use.state is WaiverState.UNUSED and use.cluster != name
            where = f"{name}: " if run.several and not of_all else ""
            yield f"{where}waiver {waiver_line(use, report.numbers)}"


def exit_status_of(run: Run, settings: Settings) -> ExitStatus:
    """Return the exit status of the whole run, combined from its reports and failures."""
    fail_on, only_new = settings.get(FAIL_ON) or DEFAULT_FAIL_ON, bool(settings.get(FAIL_ON_NEW))
    of_failures = (ExitStatus.INCOMPLETE for _ in run.failures)
    strict = bool(settings.get(STRICT_WAIVERS))
    statuses = (exit_status(report, fail_on, strict_waivers=strict, only_new=only_new) for report in run.reports)
    return united(*of_failures, *statuses)


def exit_status(report: Report, fail_on: str, *, strict_waivers: bool = False, only_new: bool = False) -> ExitStatus:
    """Return the exit status of ``report``. Findings below the severity ``fail_on`` do not count; "never": none counts.

    With ``strict_waivers``, waivers that have expired or cover nothing count as findings. With ``only_new``, findings
    that an earlier run had too do not count.
    """
    if only_new and report.since:
        from cloudguard.comparison.findings import fails  # noqa: PLC0415 - only with --fail-on-new

        failed = fails(report.since.findings, fail_on)
    else:  # without an earlier run, all findings are new
        least = None if fail_on == "never" else Severity[fail_on.upper()]
        unwaived = (finding.severity for finding in report.findings if finding.waived is None)
        failed = least is not None and any(severity >= least for severity in unwaived)
    failed |= strict_waivers and any(use.state in STRICT_STATES for use in report.waivers)
    status = ExitStatus.FINDINGS if failed else ExitStatus.CLEAN
    return status if report.complete else united(status, ExitStatus.INCOMPLETE)


def united(*statuses: ExitStatus) -> ExitStatus:
    """Return the combination of ``statuses``: 0, 3, 4, or 5 for both 3 and 4."""
    both = ExitStatus.FINDINGS_AND_INCOMPLETE
    with_findings = any(status in {ExitStatus.FINDINGS, both} for status in statuses)
    incomplete = any(status in {ExitStatus.INCOMPLETE, both} for status in statuses)
    if with_findings and incomplete:
        return both
    return ExitStatus.FINDINGS if with_findings else ExitStatus.INCOMPLETE if incomplete else ExitStatus.CLEAN
