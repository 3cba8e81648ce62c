"""The text of a notice: short lines for a phone. Names from the cloud can't add markup, mentions or links to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from cloudguard.formats.diff import change_lines
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import brief, named, notable_waivers, shortened, waiver_line
from cloudguard.notices.events import new_findings
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report, Verdict
from cloudguard.results.wording import and_more, count
from cloudguard.values import dataclass

WIDTH = 40
"""The largest number of characters of a line. A telephone shows such a line without a break."""
_MOST_CLUSTERS = 10
_MOST_LETTERS = 240
_MOST_LINES = 6
"""The largest number of lines that are shown of a change."""
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "&": "＆"})  # noqa: RUF001 - no chat reads these as markup


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: a one-line title, and the text."""

    title: str
    body: str


def notice_of(reports: Sequence[Report]) -> Notice:
    """Return the notice about the reports of one run."""
    if len(reports) == 1:
        return Notice(_safe(_title(reports[0])), _text(_of_one(reports[0])))
    return Notice(f"cloudguard: {count(len(reports), 'cluster')}", _text(_cluster_lines(reports)))


def notice_unread(name: str, error: str) -> Notice:
    """Return the notice about a run that could not read ``name`` (a provider or a snapshot) at all."""
    return Notice(_safe(f"{shortened(name, 60)}: not read"), _text((error, "", "every row is unknown")))


def _title(report: Report) -> str:
    news, since = new_findings(report), report.since is not None
    counted = f"{count(len(news), 'new finding' if since else 'finding')}" if news else "no new finding"
    return f"{shortened(report.cluster.name, 60)}: {counted}" + ("" if report.complete else ", incomplete")


def _of_one(report: Report) -> Iterator[str]:
    cluster = report.cluster
    yield f"{cluster.name} ({cluster.provider} {cluster.account})"
    yield from _verdicts(report)
    news = new_findings(report)
    if news:
        yield from ("", *_worst_finding_lines(report, news[0], len(news) - 1))
    if report.since and report.since.fixed:
        yield from ("", f"fixed: {count(len(report.since.fixed), 'finding')}")
    for gap in report.gaps[:1]:
        calls = and_more(gap.call, len(report.gaps) - 1)
        yield from ("", f"not read: {calls}" + (f"; grant {gap.permission}" if gap.permission else ""))
    lapsing = notable_waivers(report)
    if lapsing:
        yield from ("", *(f"waiver {waiver_line(use, report.numbers)}" for use in lapsing[:1]))
    yield from ("", f"more: cloudguard check {cluster.provider} --cluster {cluster.name}")


def _verdicts(report: Report) -> Iterator[str]:
    """Yield a line for each row that is not PASS or PROVIDER, and one line with the number of the others."""
    well = {Verdict.PASS, Verdict.PROVIDER}
    yield from (f"{row.verdict} {row.row}" for row in report.rows if row.verdict not in well)
    passed = sum(row.verdict in well for row in report.rows)
    if passed:
        yield f"PASS {count(passed, 'row')}"


def _worst_finding_lines(report: Report, finding: Finding, more: int) -> Iterator[str]:
    yield f"{str(finding.severity).upper()} {finding.check} {finding.id}"
    yield finding.message
    yield f"on {named(finding.resource)}"
    changes = [change for change in report.plan if change.id in finding.changes]
    if changes:
        yield "first change:"
        yield from change_lines(changes[0])[:_MOST_LINES]
    if more:
        yield f"and {count(more, 'finding')} more"


def _cluster_lines(reports: Sequence[Report]) -> Iterator[str]:
    """Yield a few lines for each cluster that is incomplete or has new findings, the worst first."""
    ranked = sorted(reports, key=_rank)
    names = [report.cluster.name for report in reports]
    shown = [report for report in ranked if new_findings(report) or not report.complete][:_MOST_CLUSTERS]
    for number, report in enumerate(shown):
        yield from ([""] if number else [])
        yield _title(report)
        if names.count(report.cluster.name) > 1:
            yield " ".join((report.cluster.provider, report.cluster.account, *report.cluster.places))
        yield from (f"{str(finding.severity).upper()} {finding.message}" for finding in new_findings(report)[:1])
    rest = len(reports) - len(shown)
    if rest:
        yield from ("", f"nothing new: {count(rest, 'cluster')}" if len(shown) < _MOST_CLUSTERS else f"and {rest} more")


def _rank(report: Report) -> tuple[int, int, str]:
    news = new_findings(report)
    return -max((finding.severity for finding in news), default=0), -len(news), report.cluster.name


def _text(lines: Iterable[str]) -> str:
    return "\n".join(part for line in lines for part in _wrapped(line))


def _wrapped(line: str) -> list[str]:
    text = _safe(shortened(brief(line), _MOST_LETTERS))
    return wrap(text, WIDTH, break_on_hyphens=False, break_long_words=True) or [""]


def _safe(text: str) -> str:
    """Return ``text`` without hidden characters, and without characters that a chat or mail reader takes as markup."""
    return visible(text).translate(_HARMLESS)
