"""The first screen: cluster, five rows, findings, diff, gaps, summary, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from tabulate import tabulate

from cloudguard.formats.diff import by_resource, diff_lines
from cloudguard.formats.escaping import visible
from cloudguard.formats.hops import path_lines
from cloudguard.formats.phrases import (
    cluster_lines,
    gap_line,
    host_list,
    named,
    summary,
    waiver,
    witness,
)
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, Verdict

_RESET = "\x1b[0m"
_COLOURS = {
    "critical": "\x1b[1;31m",
    "high": "\x1b[31m",
    "medium": "\x1b[33m",
    "low": "\x1b[36m",
    "PASS": "\x1b[32m",
    "FAIL": "\x1b[1;31m",
    "UNKNOWN": "\x1b[1;33m",
    "PROVIDER": "\x1b[36m",
}
_SEVERITY_WIDTH = 8
_NARROWEST = 40
_VERDICT_COLUMNS = 31
"""Columns that the row's id and verdict take before the reason, at most."""


def render(report: Report, *, color: bool = False, width: int | None = None) -> str:
    """Return ``report`` as text; ``width`` is a terminal's, in columns (None: lines are never broken)."""
    room = None if width is None else max(width, _NARROWEST)
    blocks = [
        _grid([(label, visible(text)) for label, text in cluster_lines(report)], (), room),
        _rows(report, color=color, room=room),
        *(_lines(_finding(finding, color=color), room) for finding in report.findings),
        *(_lines(map(visible, diff_lines(*group)), room) for group in by_resource(report.plan)),
        _gaps(report, room),
        _lines([visible(summary(report))], room),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def grid(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> str:
    """Return ``rows`` under ``headers``, every cell made harmless, for lists that are piped."""
    cells = [[visible(cell) for cell in row] for row in rows]
    return tabulate(cells, headers, tablefmt="simple" if headers else "plain", disable_numparse=True)


def _grid(rows: Sequence[Sequence[str]], headers: Sequence[str], room: int | None, used: int = 12) -> str:
    """Lay out ``rows``; on a terminal the last column is broken to fit beside the ``used`` columns before it."""
    columns = len(rows[0]) if rows else 0
    limits = None if room is None or not columns else [None] * (columns - 1) + [max(room - used, _NARROWEST // 2)]
    style = "simple" if headers else "plain"
    return tabulate(rows, headers, tablefmt=style, disable_numparse=True, maxcolwidths=limits)


def _paint(word: str, *, color: bool) -> str:
    return f"{_COLOURS[word]}{word}{_RESET}" if color else word


def _rows(report: Report, *, color: bool, room: int | None) -> str:
    rows = [(visible(row.row), _paint(row.verdict, color=color), visible(row.why)) for row in report.rows]
    text = _grid(rows, ("ROW", "VERDICT", "WHY"), room, _VERDICT_COLUMNS)
    missing = [f"{row.row}: {need}" for row in report.rows if row.verdict is not Verdict.PASS for need in row.unknown]
    return "\n".join([text, *(_lines([f"  ? {visible(need)}"], room) for need in missing)])


def _finding(finding: Finding, *, color: bool) -> Iterator[str]:
    word = str(Severity(finding.severity))
    pad = " " * (_SEVERITY_WIDTH - len(word))
    yield f"{_paint(word, color=color)}{pad}  {visible(finding.check)}  {visible(finding.id)}"
    told = [
        ("", finding.message),
        ("on ", named(finding.resource)),
        ("witness ", witness(finding)),
        *(("  via ", gate) for gate in path_lines(finding.witness)),
        ("hosts ", host_list(finding.hosts)),
        ("advice ", finding.advice),
        ("", waiver(finding)),
    ]
    yield from (f"  {label}{visible(text)}" for label, text in told if text)


def _gaps(report: Report, room: int | None) -> str:
    if not report.gaps:
        return ""
    rows = [(visible(gap.call), visible(gap.resource), visible(gap_line(gap))) for gap in report.gaps]
    used = sum(max(len(row[column]) for row in rows) + 2 for column in (0, 1))
    return _grid(rows, ("NOT READ", "OF", "WHY"), room, used)


def _lines(lines: Iterator[str] | Sequence[str] | map[str], room: int | None) -> str:
    if room is None:
        return "\n".join(lines)
    return "\n".join(part for line in lines for part in _broken(line, room))


def _broken(line: str, room: int) -> list[str]:
    if "\x1b[" in line or len(line) <= room:
        return [line]
    lead = line[: len(line) - len(line.lstrip())]
    return wrap(line.strip(), room, initial_indent=lead, subsequent_indent=lead + "    ", break_on_hyphens=False)
