"""The pages of ``explain``: a row, a check, or a finding with its evidence and its changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc
from itertools import chain

from cloudguard.formats.diff import change_lines, change_title, documents, statement_lines
from cloudguard.formats.escaping import visible
from cloudguard.formats.hops import path_lines
from cloudguard.formats.phrases import named, section, waiver, waiver_line
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding
from cloudguard.results.reference import Reference
from cloudguard.results.report import Report


def row_page(name: str, area: str, page: str, checks: Iterable[Check]) -> str:
    """Return the page of a row: its description ``page`` (a docstring), and its checks."""
    listed = [line for check in checks for line in _check(check)]
    return "\n".join([f"{name}: {area}", "", cleandoc(page), "", "Checks", *(f"  {line}" for line in listed)]) + "\n"


def check_page(check: Check, of: str, references: Iterable[Reference]) -> str:
    """Return the page of a check of the row ``of``: what it looks for, and its references."""
    return "\n".join([*_check(check), *_references(references), "", f"Its row: cloudguard explain {of}"]) + "\n"


def _check(check: Check) -> Iterator[str]:
    yield f"{check.id}: {check.text}"
    yield from (f"  {severity}: {when}" for severity, when in check.severities.items())


def finding_page(finding: Finding, report: Report) -> str:
    """Return the page of a finding: everything that ``report`` has about it."""
    return "\n".join(visible(line) for line in _lines(finding, report)) + "\n"


def _lines(finding: Finding, report: Report) -> Iterator[str]:
    yield f"{report.numbers[finding.id]}  {finding.severity}  {finding.check}  {finding.id}"
    yield f"  {finding.message}"
    yield f"  on {named(finding.resource)}, cluster {report.cluster.name}"
    if finding.waived:
        yield f"  {waiver(finding)}"
    for use in report.waivers:
        if finding.id in use.uncovered:
            yield f"  {waiver_line(use, report.numbers)}"
    yield from section("Witness", (finding.witness.summary, *(f"  via {line}" for line in path_lines(finding.witness))))
    yield from section("Facts", (f"{name}: {value}" for name, value in finding.witness.facts))
    yield from section(f"Hosts ({len(finding.hosts)})", finding.hosts)
    yield from section("Evidence", (line for fact in finding.evidence for line in _evidence(fact)))
    changes = tuple(change for change in report.plan if change.id in finding.changes)
    if changes:
        yield from ("", "Changes that fix it")
    for change in changes:
        yield f"  {change.order}. {change_title(change, report.numbers)}"
        yield from (f"     {line}" for line in change_lines(change))
        yield from (f"  {line}" for line in statement_lines(change))
        whole = documents(change)
        for number, document in enumerate(whole, 1):
            of = f" {number} of {len(whole)}" if len(whole) > 1 else ""
            yield from section(f"Document{of}", document.splitlines())
    yield from _references(finding.references)
    yield from section("If this is intended", _if_intended(finding))


def _evidence(fact: Evidence) -> Sequence[str]:
    rule = f", rule {fact.rule}" if fact.rule else ""
    return (f"{named(fact.resource)}{rule}: {fact.fact}", f"  read by {fact.call}")


def _references(references: Iterable[Reference]) -> Iterator[str]:
    lines = ((each.id, f"  {each.title}", f"  {each.link}") for each in references)
    yield from section("References", chain.from_iterable(lines))


def _if_intended(finding: Finding) -> Iterator[str]:
    if finding.advice:
        yield finding.advice
    yield "Declare the need in cloudguard.toml (admin-cidr, service, need). Declared access is not a finding"
    yield f"Or accept the finding until a date: cloudguard waivers add {finding.id}"
    yield f"The check: cloudguard explain {finding.check}"
