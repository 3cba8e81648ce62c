"""The report as Markdown: what the first screen says, for a pull request or a job's summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudguard.formats.diff import by_resource, diff_lines
from cloudguard.formats.escaping import code, markdown, visible
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
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report


def render(report: Report) -> str:
    """Return ``report`` as Markdown."""
    blocks = [
        f"# cloudguard: {markdown(report.cluster.name)}",
        "\n".join(f"- {label}: {markdown(text)}" for label, text in cluster_lines(report)),
        table(("Row", "Verdict", "Why"), [(row.row, row.verdict, row.why) for row in report.rows]),
        "\n".join(f"- {markdown(row.row)} lacks: {markdown(need)}" for row in report.rows for need in row.unknown),
        "## Findings" if report.findings else "",
        *("\n".join(_finding(finding)) for finding in report.findings),
        "## Changes" if report.plan else "",
        *_plan(report),
        "## Not read" if report.gaps else "",
        table(("Call", "Of", "Why"), [(gap.call, gap.resource, gap_line(gap)) for gap in report.gaps]),
        markdown(summary(report)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a pipe table of ``rows``, every cell escaped ("" without rows)."""
    if not rows:
        return ""
    lines = [headers, ["---"] * len(headers), *([markdown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"### {finding.severity}: {markdown(finding.check)} {code(finding.id)}\n"
    yield f"{markdown(finding.message)}\n"
    told = [
        ("on", named(finding.resource)),
        ("witness", witness(finding)),
        *(("via", gate) for gate in path_lines(finding.witness)),
        ("hosts", host_list(finding.hosts)),
        ("advice", finding.advice),
        ("waiver", waiver(finding)),
    ]
    yield from (f"- {label}: {markdown(text)}" for label, text in told if text)


def _plan(report: Report) -> Iterator[str]:
    for resource, changes in by_resource(report.plan):
        lines = [visible(line) for line in diff_lines(resource, changes)]
        fence = "`" * max(3, *(len(line) - len(line.replace("`", "")) + 1 for line in lines))
        yield "\n".join([f"{fence}diff", *lines, fence])
