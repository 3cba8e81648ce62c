"""One thing at length: a row's page, a check, or a finding with its evidence and its changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc

from cloudguard.formats.diff import change_lines, change_title, documents, statement_lines
from cloudguard.formats.escaping import visible
from cloudguard.formats.hops import path_lines
from cloudguard.formats.phrases import named, waiver
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding
from cloudguard.results.report import Report


def row(name: str, area: str, page: str, checks: Iterable[Check]) -> str:
    """Return a row's ``page`` with its checks below."""
    listed = [line for one in checks for line in _check(one)]
    return "\n".join([f"{name}: {area}", "", cleandoc(page), "", "Checks", *(f"  {line}" for line in listed)]) + "\n"


def check(one: Check, of: str) -> str:
    """Return what a check of the row ``of`` looks for."""
    return "\n".join([*_check(one), "", f"Its row: cloudguard explain {of}"]) + "\n"


def _check(one: Check) -> Iterator[str]:
    yield f"{one.id}: {one.text}"
    yield from (f"  {severity}: {when}" for severity, when in one.severities.items())


def finding(one: Finding, report: Report) -> str:
    """Return everything that ``report`` knows about a finding."""
    return "\n".join(visible(line) for line in _lines(one, report)) + "\n"


def _lines(one: Finding, report: Report) -> Iterator[str]:
    yield f"{report.numbers[one.id]}  {one.severity}  {one.check}  {one.id}"
    yield f"  {one.message}"
    yield f"  on {named(one.resource)}, cluster {report.cluster.name}"
    if one.waived:
        yield f"  {waiver(one)}"
    yield from ("", "Witness", f"  {one.witness.summary}", *(f"    via {gate}" for gate in path_lines(one.witness)))
    if one.witness.facts:
        yield from ("", "Facts", *(f"  {name}: {value}" for name, value in one.witness.facts))
    if one.hosts:
        yield from ("", f"Hosts ({len(one.hosts)})", *(f"  {host}" for host in one.hosts))
    yield from ("", "Evidence", *(line for fact in one.evidence for line in _evidence(fact)))
    changes = tuple(change for change in report.plan if change.id in one.changes)
    if changes:
        yield from ("", "Changes that mend it")
    for change in changes:
        yield f"  {change.order}. {change_title(change, report.numbers)}"
        yield from (f"     {line}" for line in change_lines(change))
        yield from (f"  {line}" for line in statement_lines(change))
        whole = documents(change)
        for number, document in enumerate(whole, 1):
            of = f" {number} of {len(whole)}" if len(whole) > 1 else ""
            yield from ("", f"Document{of}", *(f"  {line}" for line in document.splitlines()))
    yield from ("", "If it is meant to be so", *(f"  {line}" for line in _ways_out(one)))


def _evidence(fact: Evidence) -> Sequence[str]:
    rule = f", rule {fact.rule}" if fact.rule else ""
    return (f"  {named(fact.resource)}{rule}: {fact.fact}", f"    read by {fact.call}")


def _ways_out(one: Finding) -> Iterator[str]:
    if one.advice:
        yield one.advice
    yield "Declare what you need in cloudguard.toml (admin-cidr, service, need): what is declared is no finding"
    yield f"The check: cloudguard explain {one.check}"
