"""The last part of ``check``: write the reports and summaries, and return the exit status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cloudguard.cli import notices, output
from cloudguard.cli.failures import SignalError, say
from cloudguard.cli.reports import rendering
from cloudguard.cli.reports.past import Past
from cloudguard.cli.settings import fail_on
from cloudguard.errors import CloudguardError, ExitStatus, UsageError
from cloudguard.formats import overview
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import notable_waivers, summary, waiver_line
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import FAIL_ON_NEW, STRICT_WAIVERS
from cloudguard.results.finding import Severity, WaiverState
from cloudguard.results.report import Report
from cloudguard.values import dataclass

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
    if run.reports and not on_screen:
        waivers = (f"cloudguard: {line}" for line in dict.fromkeys(_waiver_lines(run)))
        summaries = [overview.summary(run.reports)] if run.several else [summary(report) for report in run.reports]
        for line in (*waivers, *summaries):
            output.inform(settings, line)


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
    lowest, only_new = fail_on(settings), bool(settings.get(FAIL_ON_NEW))
    strict = bool(settings.get(STRICT_WAIVERS))
    failed = any(fails(report, lowest, strict_waivers=strict, only_new=only_new) for report in run.reports)
    return exit_status(
        findings=failed, incomplete=bool(run.failures) or not all(report.complete for report in run.reports)
    )


def exit_status_of_report(report: Report, lowest: str) -> ExitStatus:
    """Return the exit status of ``report``; ``lowest`` as in ``fails``."""
    return exit_status(findings=fails(report, lowest), incomplete=not report.complete)


def fails(report: Report, lowest: str, *, strict_waivers: bool = False, only_new: bool = False) -> bool:
    """Whether ``report`` has a finding that is not waived, with at least the severity ``lowest`` ("never": no finding).

    With ``strict_waivers``, waivers that have expired or cover nothing count as findings. With ``only_new``, findings
    that an earlier run had too do not count.
    """
    if strict_waivers and any(use.state in STRICT_STATES for use in report.waivers):
        return True
    if only_new and report.since:
        from cloudguard.comparison import findings  # noqa: PLC0415 - only with --fail-on-new

        return findings.fails(report.since.findings, lowest)
    # without an earlier run, all findings are new
    severities = [finding.severity for finding in report.findings if finding.waived is None]
    return lowest != "never" and any(severity >= Severity[lowest.upper()] for severity in severities)


def exit_status(*, findings: bool, incomplete: bool) -> ExitStatus:
    """Return the exit status of a run with ``findings`` that count, or that could not read something it rests on."""
    if findings and incomplete:
        return ExitStatus.FINDINGS_AND_INCOMPLETE
    return ExitStatus.FINDINGS if findings else ExitStatus.INCOMPLETE if incomplete else ExitStatus.CLEAN
