"""Workflow commands of GitHub Actions: each finding and gap annotates the run as an error, warning or notice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, Export, description, unknown_rows
from cloudguard.formats.phrases import gap_line, notable_waivers, summary, waiver_line
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_COMMANDS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}


def render(export: Export) -> str:
    """Return the commands, one per line.

    For each report, there is one for each finding that is not waived, each gap, each row that is not completely known,
    each notable waiver, and the summary line.
    """
    return "".join(f"{line}\n" for line in chain.from_iterable(map(_commands, export.reports)))


def _commands(report: Report) -> Iterator[str]:
    for each in report.findings:
        if not each.waived:
            yield _command(_COMMANDS[each.severity], f"{each.severity}: {each.check}", description(each))
    for gap in report.gaps:
        yield _command("warning", "not read", f"{gap.call} on {gap.resource}: {gap_line(gap)}")
    for _, _, text in unknown_rows(report):
        yield _command("warning", "not completely known", text)
    for use in notable_waivers(report):
        yield _command("warning", "waiver", waiver_line(use, report.numbers))
    yield _command("notice", NAME, summary(report))


def _command(name: str, title: str, message: str) -> str:
    """Return a workflow command. GitHub's "Workflow commands": escape %, CR and LF, and in properties : and , too."""
    return f"::{name} title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return visible(text).replace("%", "%25")
