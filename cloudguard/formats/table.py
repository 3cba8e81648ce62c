"""The first screen as plain text: cluster, five rows, changes in their order, findings, waivers and gaps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from tabulate import tabulate

from cloudguard.formats.diff import change_lines, change_title, proof_remark
from cloudguard.formats.escaping import visible
from cloudguard.formats.hops import details
from cloudguard.formats.phrases import (
    basis_text,
    brief,
    cluster_lines,
    gap_line,
    notable_waivers,
    open_questions,
    row_text,
    shortened,
    summary,
    waiver,
    waiver_line,
)
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, RowResult
from cloudguard.values import dataclass

_RESET = "\x1b[0m"
_COLOURS = {
    "critical": "\x1b[1;31m",
    "high": "\x1b[31m",
    "medium": "\x1b[33m",
    "low": "\x1b[36m",
    "PASS": "\x1b[32m",
    "FAIL": "\x1b[1;31m",
    "WAIVED": "\x1b[33m",
    "UNKNOWN": "\x1b[1;33m",
    "PROVIDER": "\x1b[36m",
}
_LABELS = {"via": "  via ", "waiver": ""}
"""Labels of a finding's details that the table writes in another form."""
_SEVERITY_WIDTH = 8
_NARROWEST = 60
_PIPED = 120
"""The width in columns if the output is not a terminal."""
_VERDICT_COLUMNS = 31
"""The largest number of columns that a row's name and verdict take, before the reason."""


@dataclass(frozen=True, slots=True)
class _Selection:
    """The part of a report to show. Findings keep the numbers that they have in the complete report."""

    report: Report
    rows: tuple[RowResult, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Page:
    width: int
    color: bool
    verbose: bool

    def paint(self, word: str) -> str:
        return f"{_COLOURS[word]}{word}{_RESET}" if self.color else word

    def lines(self, lines: Iterable[str]) -> str:
        """Return ``lines`` escaped and wrapped to the width. Continued lines keep the indentation of their line."""
        return "\n".join(part for line in lines for part in _broken(brief(visible(line)), self.width))


def render(  # noqa: PLR0913 - one keyword per choice of the reader
    report: Report,
    *,
    color: bool = False,
    width: int | None = None,
    verbose: bool = False,
    summary_only: bool = False,
    rows: Collection[str] = (),
    min_severity: Severity = Severity.LOW,
) -> str:
    """Return ``report`` as text of ``width`` columns (None: 120).

    ``verbose`` shows all advice and complete messages. ``summary_only`` shows only the cluster, the rows and the
    summary line. ``rows`` (names; empty: all) and ``min_severity`` select rows, findings and changes, which keep their
    numbers.
    """
    page = _Page(_PIPED if width is None else max(width, _NARROWEST), color, verbose)
    selection = _selected(report, rows, min_severity)
    blocks = [page.lines(f"{label}  {text}" for label, text in cluster_lines(report)), _rows(page, selection)]
    if not summary_only:
        blocks += [_plan(page, selection), *_findings(page, selection), _waivers(page, report), _gaps(page, report)]
    return "\n\n".join(block for block in (*blocks, page.lines([summary(report)])) if block) + "\n"


def _selected(report: Report, rows: Collection[str] = (), min_severity: Severity = Severity.LOW) -> _Selection:
    """Return the rows named in ``rows`` (empty: all), and their findings of ``min_severity`` and above with changes."""
    chosen = tuple(row for row in report.rows if not rows or row.row in rows)
    selected = {finding.id for row in chosen for finding in row.findings if finding.severity >= min_severity}
    findings = tuple(finding for finding in report.findings if finding.id in selected)
    changes = tuple(change for change in report.plan if selected.intersection(change.mends))
    return _Selection(report, chosen, findings, changes, report.numbers)


def grid(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> str:
    """Return a table of ``rows`` under ``headers`` with every cell escaped, for lists that may be piped."""
    cells = [[visible(cell) for cell in row] for row in rows]
    return tabulate(cells, headers, tablefmt="simple" if headers else "plain", disable_numparse=True)


def _rows(page: _Page, selection: _Selection) -> str:
    cells = list[tuple[str, str, str]]()
    for row in selection.rows:
        basis = visible(basis_text(row.basis))
        basis = basis if page.verbose else shortened(basis, page.width - _VERDICT_COLUMNS - len(" …"))
        why = "\n".join(filter(None, (brief(visible(row_text(row, selection.numbers))), basis)))
        cells.append((visible(row.row), page.paint(row.verdict), why))
    questions = [
        f"  ? {row.row}: {text}" for row in selection.rows for text in open_questions(row, selection.report.gaps)
    ]
    headers, limits = ("ROW", "VERDICT", "WHY, AND BASIS"), [None, None, page.width - _VERDICT_COLUMNS]
    table = tabulate(cells, headers, tablefmt="simple", disable_numparse=True, maxcolwidths=limits)
    return "\n".join([table, *([page.lines(questions)] if questions else ())])


def _plan(page: _Page, selection: _Selection) -> str:
    lines = ["FIX IN THIS ORDER"] if selection.changes else []
    messages = {finding.message for finding in selection.findings}
    for change in selection.changes:
        lines.append(f"{change.order:>2}. {change_title(change, selection.numbers)}")
        lines += [f"    {line}" for line in change_lines(change, messages)]
    return page.lines(lines)


def _findings(page: _Page, selection: _Selection) -> Iterator[str]:
    changes = {change.id: f"change {change.order}{proof_remark(change)}" for change in selection.report.plan}
    short = list[str]()
    for finding in selection.findings:
        head = _heading(finding, selection.numbers[finding.id])
        if finding.severity is Severity.LOW and not page.verbose:
            waived = f" ({waiver(finding)})" if finding.waived else ""
            short.append(_painted(page, finding, page.lines([f"{head}: {finding.message}{waived}"])))
        else:
            yield _painted(page, finding, page.lines([f"{head}  {finding.id}", *_details(finding, changes)]))
    yield "\n".join(short)


def _heading(finding: Finding, number: int) -> str:
    return f"{number:>2}  {str(finding.severity).ljust(_SEVERITY_WIDTH)}  {finding.check}"


def _painted(page: _Page, finding: Finding, text: str) -> str:
    word = str(finding.severity)
    return text.replace(word, page.paint(word), 1)


def _details(finding: Finding, changes: dict[str, str]) -> Iterator[str]:
    yield f"    {finding.message}"
    fixed_by = ", ".join(changes[name] for name in finding.changes if name in changes)
    for label, text in details(finding, fixed_by):
        yield f"    {_LABELS.get(label, f'{label} ')}{text}"


def _waivers(page: _Page, report: Report) -> str:
    shown = report.waivers if page.verbose else notable_waivers(report)
    lines = [f"    {waiver_line(use, report.numbers)}" for use in shown]
    return page.lines(["WAIVERS", *lines] if lines else [])


def _gaps(page: _Page, report: Report) -> str:
    lines = [f"    {gap.call} of {gap.resource}: {gap_line(gap, full=page.verbose)}" for gap in report.gaps]
    return page.lines(["NOT READ", *lines] if lines else [])


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    lead = line[: len(line) - len(line.lstrip())]
    return wrap(line.strip(), width, initial_indent=lead, subsequent_indent=lead + "    ", break_on_hyphens=False)
