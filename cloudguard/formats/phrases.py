"""Phrases that the formats share: resources, hosts by role, the basis of a row, waivers, gaps, the summary line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cloudguard.results.change import Resource
from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.facts import Cluster, Gap, Host
from cloudguard.results.finding import Finding, Severity, WaiverState, WaiverUse
from cloudguard.results.report import Basis, Report, RowResult, Verdict, gap_text
from cloudguard.results.since import Since
from cloudguard.results.wording import count, few

MOST_HOSTS = 10
"""The largest number of hosts that a text for people names. Further hosts are counted."""
MOST_LETTERS = 160
"""The largest number of characters that are shown of the cloud's error message, and of a row's worst finding."""
_MOST_BEYOND = 200
"""The largest number of characters that are shown of the part of a finding's width that exceeds its waiver."""

LONG_ID = 80
"""The largest number of characters of an id that is shown. A resource with a longer id is shown by its name.

JSON and ``explain`` have the complete id.
"""
_PATH = re.compile(r"(?<![^\s(])(?:/[^/\s(),:;]+){6}/([^/\s(),:;]+/[^\s(),:;]+)(?: \(([^()]*)\))?")
"""An id that is a path. Its first six parts name the account, the group and the service of the resource."""


def brief(text: str) -> str:
    """Return ``text`` with ids that are long paths shortened to their last parts: kind and name."""
    return _PATH.sub(_unlinked_end, text)


def _unlinked_end(match: re.Match[str]) -> str:
    path, name = match.groups()
    named_already = name is None or path.rpartition("/")[2].lower() == name.lower()
    return path if named_already else f"{path} ({name})"


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield an empty line, ``title`` and the indented ``lines``; nothing if there are no lines."""
    indented = [f"  {line}" for line in lines]
    yield from ("", title, *indented) if indented else ()


def named(resource: Resource) -> str:
    """Return a resource's kind, id and name: "filter sg-0abc (api)"; without an id longer than ``LONG_ID``."""
    if resource.name and len(resource.id) > LONG_ID:
        return f"{resource.kind} {resource.name}"
    name = f" ({resource.name})" if resource.name and resource.name != resource.id else ""
    return f"{resource.kind} {resource.id}{name}"


def place(cluster: Cluster) -> str:
    """Return a cluster's provider, account, regions and place."""
    return " ".join(filter(None, (cluster.provider, cluster.account, *cluster.places)))


def roles(host: Host) -> str:
    """Return a host's roles: "control-plane+etcd", or "unknown role"."""
    return "+".join(host.roles) or "unknown role"


def hosts_by_role(cluster: Cluster) -> str:
    """Return the number of hosts by role: "3 control-plane+etcd, 12 node", and who runs a managed control plane."""
    tally = Counter(roles(host) for host in cluster.hosts)
    parts = [f"{number} {role}" for role, number in sorted(tally.items())]
    if cluster.managed:
        parts.append(f"control plane run by {cluster.managed_by or 'the provider'}")
    return ", ".join(parts) or "no host found"


def cluster_lines(report: Report) -> tuple[tuple[str, str], ...]:
    """Return the first lines of a report as (label, text): the cluster, its declarations and its changes."""
    cluster = report.cluster
    installer = f"{cluster.installer or 'unknown installer'} {cluster.version}".strip()
    place = " ".join((cluster.provider, cluster.account, ", ".join(cluster.places)))
    declared = "; ".join(
        f"{declaration.name} {', '.join(declaration.values)} ({declaration.origin or 'the caller'})"
        for declaration in report.declarations
    )
    return (
        ("cluster", f"{cluster.name} ({installer}), {place}: {hosts_by_role(cluster)}"),
        ("read by", f"{cluster.scanned_by or 'unknown identity'}, {report.finished}"),
        *([("declared", declared)] if declared else ()),
        *([("since", since_text(report.since, report.numbers))] if report.since else ()),
    )


def since_text(since: Since, numbers: Mapping[str, int]) -> str:
    """Return the changes since an earlier run: "2026-01-02T02:17:00Z: 2 new (3, 4), 1 fixed"."""
    parts = [_since_part(since.with_fate(fate), numbers) for fate in Fate if since.with_fate(fate)]
    worse = [finding.id for finding in since.findings if finding.was and finding.id in numbers]
    unwaived = [finding.id for finding in since.findings if finding.was_waived and not finding.waived]
    more = [
        *([f"with another severity: {numbers_text(worse, numbers)}"] if worse else ()),
        *([f"no longer waived: {numbers_text(unwaived, numbers)}"] if unwaived else ()),
        *([f"newly unknown rows: {', '.join(since.newly_unknown)}"] if since.newly_unknown else ()),
        *([f"known again: {', '.join(since.known_again)}"] if since.known_again else ()),
    ]
    return f"{since.earlier or 'the earlier report'}: " + "; ".join([", ".join(parts) or "no findings", *more])


def _since_part(changes: Sequence[FindingChange], numbers: Mapping[str, int]) -> str:
    """Return the number of findings of one fate: "2 new (3, 4)".

    The numbers of today's findings are added, unless the fate is "unchanged".
    """
    fate = changes[0].fate
    shown = [change.id for change in changes if change.id in numbers and fate is not Fate.UNCHANGED]
    brought = Counter(
        f"by a new {change.brought_by}" if change.brought_by == "check" else "by new data"
        for change in changes
        if change.brought_by
    )
    which = [*([numbers_text(shown, numbers)] if shown else ()), *(f"{number} {by}" for by, number in brought.items())]
    return f"{len(changes)} {fate}" + (f" ({'; '.join(which)})" if which else "")


def row_text(row: RowResult, numbers: Mapping[str, int]) -> str:
    """Return the reason for a row's verdict: its worst finding, shortened, and the numbers of the others.

    Without findings that count, this is the row's own sentence.
    """
    waived = [finding for finding in row.findings if finding.waived]
    advice = [finding for finding in row.findings if not finding.waived and finding.severity is Severity.LOW]
    worse = [finding for finding in row.findings if not finding.waived and finding.severity > Severity.LOW]
    parts = [] if worse or row.verdict is Verdict.UNKNOWN else [row.why]
    if worse:
        first = min(worse, key=lambda finding: numbers[finding.id])
        parts.append(f"finding {numbers[first.id]}: {shortened(first.message, MOST_LETTERS)}")
        worse.remove(first)
    parts += [
        f"{label} {numbers_text((finding.id for finding in findings), numbers)}"
        for label, findings in (("also", worse), ("advice", advice), ("waived", waived))
        if findings
    ]
    if row.unknown:
        parts.append(f"{count(len(row.unknown), 'open question')}")
    return "; ".join(parts)


def numbers_text(ids: Iterable[str], numbers: Mapping[str, int]) -> str:
    """Return the numbers of findings: "1, 4". Ids without a number are left out."""
    return ", ".join(map(str, sorted(numbers[name] for name in ids if name in numbers)))


def basis_text(basis: Basis) -> str:
    """Return a row's basis: what was examined, not asked for, declared and assumed, and the provider's settings.

    For example: "13 paths, 3 node hosts; 2 ways in not asked for; declared: need; etcd: tcp/2379-2380 (kubeadm)".
    """
    examined = [
        *([count(basis.paths, "path")] if basis.paths else ()),
        *(count(number, f"{role} host") for role, number in basis.hosts),
        *([f"{count(len(basis.disks), 'disk')} with {count(len(basis.keys), 'key')}"] if basis.disks else ()),
        *([count(len(basis.identities), "identity")] if basis.identities else ()),
    ]
    unasked = [f"{count(len(basis.not_asked), 'way')} in not asked for"] if basis.not_asked else []
    declared = [f"declared: {', '.join(basis.declared)}"] if basis.declared else []
    assumed = [f"{item.what} ({item.source})" for item in basis.assumed]
    settings = [f"{name}: {value}" for name, value in basis.settings]
    return "; ".join([*([", ".join(examined)] if examined else ()), *unasked, *declared, *assumed, *settings])


def open_questions(row: RowResult, gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield a row's open questions. Failed calls are only named, because the gaps of the report describe them."""
    failed = {gap_text(gap): gap.call for gap in gaps}
    calls = dict.fromkeys(failed[text] for text in row.unknown if text in failed)
    if calls:
        yield f"depends on facts that were not read: {', '.join(calls)}"
    yield from (text for text in row.unknown if text not in failed)


def witness(finding: Finding) -> str:
    """Return the witness's summary; "" if it equals the finding's message."""
    return "" if finding.witness.summary == finding.message else finding.witness.summary


def host_list(hosts: tuple[str, ...]) -> str:
    """Return the first ``MOST_HOSTS`` ids, and the number of further ids."""
    return few(hosts, MOST_HOSTS)


def waiver(finding: Finding) -> str:
    """Return the waiver of ``finding``: its owner, last day, reason and file; "" if the finding is not waived."""
    waived = finding.waived
    if waived is None:
        return ""
    width = ", for any width" if waived.any_width else ""
    by = f" ({waived.origin})" if waived.origin else ""
    return f"waived by {waived.owner} until {waived.expires}{width}: {waived.reason}{by}"


def notable_waivers(report: Report) -> tuple[WaiverUse, ...]:
    """Return the waivers that need attention: all but the active and unknown ones, and those for any width."""
    quiet = {WaiverState.ACTIVE, WaiverState.UNKNOWN}
    return tuple(use for use in report.waivers if use.state not in quiet or use.any_width)


def waiver_line(use: WaiverUse, numbers: Mapping[str, int]) -> str:
    """Return a waiver's state, owner, last day, effect, reason and place.

    ``numbers`` maps a finding's id to its number.
    """
    until = "expired on" if use.days_left < 0 else "until"
    line = f"{use.state}: {use.target}, waived by {use.owner} {until} {use.expires}"
    return f"{line}: {_fate(use, numbers)}; {use.reason} ({use.origin or 'the caller'}, waiver {use.number})"


def _fate(use: WaiverUse, numbers: Mapping[str, int]) -> str:
    covered = f"covers {_findings(use.covered, numbers)}" + (", for any width" if use.any_width else "")
    counting = f"{_findings(use.uncovered, numbers)} {'counts' if len(use.uncovered) == 1 else 'count'}"
    match use.state:
        case WaiverState.EXPIRED:
            return counting
        case WaiverState.OUTGROWN:
            beyond = shortened("; ".join(use.beyond), _MOST_BEYOND)
            return f"{counting}, wider than the waiver: {beyond}" + (f"; {covered}" if use.covered else "")
        case WaiverState.UNUSED:
            return "there is no such finding"
        case WaiverState.UNKNOWN:
            return "no such finding was found, but not everything was read"
        case WaiverState.EXPIRING:
            return f"{covered}, {count(use.days_left, 'day')} left"
        case WaiverState.ACTIVE:
            return covered


def _findings(ids: tuple[str, ...], numbers: Mapping[str, int]) -> str:
    noun = "finding" if len(ids) == 1 else "findings"
    return f"{noun} {numbers_text(ids, numbers)}"


def gap_line(gap: Gap, *, full: bool = True) -> str:
    """Return the reason for a gap, and the permission that would close it, if one would.

    If not ``full``, the cloud's message is shortened to ``MOST_LETTERS`` characters.
    """
    message = gap.message if full else shortened(gap.message, MOST_LETTERS)
    needs = f"; grant {gap.permission}" if gap.permission else ""
    return f"{gap.reason}: {message}{needs}"


def shortened(text: str, most: int) -> str:
    """Return ``text`` on one line, cut between words to at most ``most`` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rsplit(' ', 1)[0]} …"


def severity_counts(findings: Iterable[Finding]) -> Counter[Severity]:
    """Return the number of findings that are not waived, by severity."""
    return Counter(finding.severity for finding in findings if finding.waived is None)


def severities_text(counts: Mapping[Severity, int]) -> str:
    """Return the numbers of findings, the worst severity first: "1 high, 2 low"; or "none"."""
    return ", ".join(f"{counts[severity]} {severity}" for severity in sorted(counts, reverse=True)) or "none"


def summary(report: Report) -> str:
    """Return the summary line: verdicts, findings by severity, proposed changes, and whether the report is complete."""
    tally = Counter(row.verdict for row in report.rows)
    verdicts = ", ".join(f"{tally[verdict]} {verdict}" for verdict in Verdict if tally[verdict])
    waived = sum(finding.waived is not None for finding in report.findings)
    counts = severities_text(severity_counts(report.findings))
    parts = [verdicts, f"findings: {counts}" + (f", {waived} waived" if waived else "")]
    parts.append(count(len(report.plan), "change") + " proposed")
    if not report.complete:
        parts.append("INCOMPLETE")
    if report.gaps:
        parts.append(count(len(report.gaps), "gap"))
    return f"{report.cluster.name}: " + "; ".join(parts)
