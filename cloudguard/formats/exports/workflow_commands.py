"""Workflow commands of GitHub Actions: each finding and gap annotates the run as an error, warning or notice."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, description, unknown_rows
from cloudguard.formats.phrases import gap_line, notable_waivers, summary, waiver_line
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_COMMANDS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}


def render(report: Report, checks: Sequence[Check]) -> str:
    """Return the commands, one per line.

    There is one for each finding that is not waived, each gap, each row that is not completely known, each notable
    waiver, and the summary line.
    """
    del checks
    findings = [finding for finding in report.findings if not finding.waived]
    lines = [
        _command(_COMMANDS[each.severity], f"{each.severity}: {each.check}", description(each)) for each in findings
    ]
    gaps = (f"{gap.call} on {gap.resource}: {gap_line(gap)}" for gap in report.gaps)
    lines += [_command("warning", "not read", text) for text in gaps]
    lines += [_command("warning", "not completely known", text) for _, _, text in unknown_rows(report)]
    uses = (waiver_line(use, report.numbers) for use in notable_waivers(report))
    lines += [_command("warning", "waiver", text) for text in uses]
    lines.append(_command("notice", NAME, summary(report)))
    return "\n".join(lines) + "\n"


def _command(name: str, title: str, message: str) -> str:
    """Return a workflow command. GitHub's "Workflow commands": escape %, CR and LF, and in properties : and , too."""
    return f"::{name} title={_escaped(title).replace(':', '%3A').replace(',', '%2C')}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return visible(text).replace("%", "%25")
