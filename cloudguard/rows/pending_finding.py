"""Findings whose changes are not planned yet, and the row results made from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Protocol, TypeAlias

from cloudguard.model.cluster import Cluster
from cloudguard.model.source import FactKind, Gap
from cloudguard.reachability.narrowing.changes import RuleExcess
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity, Waiver
from cloudguard.results.report import Basis, RowResult, Undecided, Verdict, gap_text, verdict_of
from cloudguard.results.wording import and_more
from cloudguard.rows.context import NETWORK_FACTS
from cloudguard.values import dataclass

_ON_CONNECTIONS: Final = NETWORK_FACTS | {FactKind.ADDRESS_LISTS}


@dataclass(frozen=True, eq=False)
class PendingFinding:
    """A finding, the excess of rules that it reports, and its other changes.

    The rules are narrowed after all rows are judged. ``hides`` are lines about unknown facts that do not matter while
    the finding counts. They matter once the finding is waived.
    """

    finding: Finding
    excesses: tuple[RuleExcess, ...] = ()
    changes: tuple[Change, ...] = ()
    hides: tuple[str, ...] = ()


JudgedRow: TypeAlias = tuple[RowResult, tuple[PendingFinding, ...]]
"""A row's result, with findings that have no changes yet, and its pending findings in the same order."""


def judged_row(  # noqa: PLR0913 - the parts of a result
    row: tuple[str, str],
    pending: tuple[PendingFinding, ...],
    unknown: tuple[str, ...],
    clean: str,
    basis: Basis,
    *,
    connections: tuple[Undecided, ...] = (),
) -> JudgedRow:
    """Return the result of ``row`` (its id and area) and its pending findings, the worst first.

    ``clean`` is the line that says why the row passes. ``connections`` are its undecided connections.
    """
    distinct = _with_distinct_messages(pending)
    ordered = tuple(sorted(distinct, key=lambda item: (-item.finding.severity, item.finding.check, item.finding.id)))
    passing = RowResult(*row, Verdict.PASS, clean, basis=basis, undecided=connections)
    return _with_verdict(passing, tuple(each.finding for each in ordered), unknown), ordered


def _with_verdict(row: RowResult, findings: tuple[Finding, ...], unknown: tuple[str, ...]) -> RowResult:
    """Return ``row`` with other findings and lines, and the verdict that follows, with its reason.

    The reason of ``row`` is kept if the row passes.
    """
    verdict, why = verdict_of(findings, unknown), row.why
    worse = [finding for finding in findings if finding.severity > Severity.LOW]
    counting = [finding.message for finding in worse if finding.counts]
    if verdict is Verdict.FAIL:
        why = and_more(counting[0], len(counting) - 1)
    elif verdict is Verdict.UNKNOWN:
        why = and_more(unknown[0], len(unknown) - 1)
    elif verdict is Verdict.WAIVED:
        why = and_more(f"{_waiver_text(worse[0])}: {worse[0].message}", len(worse) - 1)
    return replace(row, verdict=verdict, why=why, findings=findings, unknown=unknown)


def with_undecided(row: RowResult, gaps: Iterable[Gap]) -> RowResult:
    """Return ``row`` with an ``Undecided`` for each line of its unknown, with the ``gaps`` that may have caused it.

    For a connection these are the network gaps on a resource that its line names. If there are none, they are all gaps
    that hide facts about the network.
    """
    known, failed = {item.what: item for item in row.undecided}, [*gaps]

    def completed(line: str) -> Undecided:
        undecided = known.get(line, Undecided(line))
        hiding = [gap for gap in failed if gap_text(gap) == line]
        if undecided.sender:
            network = [gap for gap in failed if not gap.hides or _ON_CONNECTIONS.intersection(gap.hides)]
            named = [gap for gap in network if gap.resource in line]
            hiding = named or [gap for gap in network if gap.hides]
        calls = dict.fromkeys(gap.call for gap in hiding)
        permissions = dict.fromkeys(gap.permission for gap in hiding if gap.permission)
        return replace(undecided, gaps=tuple(calls), would_help=", ".join(permissions))

    return replace(row, undecided=tuple(map(completed, row.unknown)))


def with_unknown(row: RowResult, unknown: tuple[str, ...]) -> RowResult:
    """Return a row that does not fail, with the lines ``unknown`` added. It becomes UNKNOWN if there are any."""
    return _with_verdict(row, row.findings, (*row.unknown, *unknown)) if unknown else row


def _with_distinct_messages(pending: Iterable[PendingFinding]) -> Iterator[PendingFinding]:
    """Yield the findings with distinct messages.

    The resource is appended to a message that several findings share, and the finding's id if the resource is shared
    too.
    """
    by_message: dict[str, list[PendingFinding]] = {}
    for each in pending:
        by_message.setdefault(each.finding.message, []).append(each)
    for message, alike in by_message.items():
        resources = [each.finding.resource for each in alike]
        for each in alike:
            of = each.finding.resource
            more = f"; {of.kind} {of.id}" + ("" if resources.count(of) == 1 else f", finding {each.finding.id}")
            text = message + more if len(alike) > 1 else message
            yield replace(each, finding=replace(each.finding, message=text))


def provider_row(row: str, area: str, cluster: Cluster, yours: str) -> RowResult:
    """Return the result of a row that the provider runs and attests. ``yours`` says which settings the user has."""
    why = f"{cluster.managed_by or 'the provider'} runs and attests it; {yours}"
    return RowResult(row, area, Verdict.PROVIDER, why)


class Waive(Protocol):
    """A function that returns the waiver that covers a finding."""

    def __call__(self, finding: Finding, *, roles_known: bool = True) -> Waiver | None:
        """Return the waiver, or None. If ``roles_known`` is false, the width is compared without the roles of hosts."""
        ...


def with_waivers(judged: JudgedRow, waive: Waive | None, *, roles_known: bool = True) -> JudgedRow:
    """Return a judged row with the waivers of its findings. ``waive`` None: no finding is waived.

    Unknown facts that only waived findings hid are added to the row's unknown.
    """
    row, pending = judged
    if waive is None:
        return judged
    with_waiver = tuple(
        replace(each, finding=replace(each.finding, waived=waive(each.finding, roles_known=roles_known)))
        for each in pending
    )
    if not any(each.finding.waived for each in with_waiver):
        return judged
    findings = tuple(each.finding for each in with_waiver)
    if row.verdict is not Verdict.FAIL:  # only advice is waived: the verdict stays
        return replace(row, findings=findings), with_waiver
    hidden = {line for each in with_waiver if each.finding.counts for line in each.hides}
    no_longer_hidden = (line for each in with_waiver for line in each.hides if line not in hidden)
    unknown = tuple(dict.fromkeys((*row.unknown, *no_longer_hidden)))
    return _with_verdict(row, findings, unknown), with_waiver


def _waiver_text(finding: Finding) -> str:
    return f"waived by {finding.waived.owner} until {finding.waived.expires}" if finding.waived else ""
