"""The report as Markdown, with the content of the first screen, for a pull request or the summary of a CI job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cloudguard.formats.diff import change_lines, change_title
from cloudguard.formats.escaping import code, link, markdown, visible
from cloudguard.formats.hops import details
from cloudguard.formats.phrases import (
    basis_text,
    brief,
    cluster_lines,
    gap_line,
    open_questions,
    row_text,
    summary,
    waiver,
    waiver_line,
)
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report


def render(report: Report, *, level: int = 1) -> str:
    """Return ``report`` as Markdown; ``level`` is that of its first heading."""
    numbers, above = report.numbers, "#" * (level - 1)
    rows = [(row.row, row.verdict, row_text(row, numbers), basis_text(row.basis)) for row in report.rows]
    advice = [finding for finding in report.findings if finding.severity is Severity.LOW]
    blocks = [
        f"{above}# cloudguard: {markdown(report.cluster.name)}",
        "\n".join(f"- {label}: {markdown(text)}" for label, text in cluster_lines(report)),
        table(("Row", "Verdict", "Why", "Basis"), rows),
        "\n".join(
            f"- {markdown(row.row)} is unknown: {markdown(text)}"
            for row in report.rows
            for text in open_questions(row, report.gaps)
        ),
        f"{above}## Fix in this order" if report.plan else "",
        *(_change(change, numbers) for change in report.plan),
        f"{above}## Findings" if report.findings else "",
        *(
            f"{above}### " + "\n".join(_finding(finding, numbers[finding.id]))
            for finding in report.findings
            if finding not in advice
        ),
        "\n".join(
            f"- {numbers[finding.id]} {_title(finding)}: {markdown(_with_waiver(finding))}" for finding in advice
        ),
        f"{above}## Waivers" if report.waivers else "",
        "\n".join(f"- {markdown(waiver_line(use, numbers))}" for use in report.waivers),
        f"{above}## Not read" if report.gaps else "",
        table(("Call", "Of", "Why"), [(gap.call, gap.resource, gap_line(gap)) for gap in report.gaps]),
        markdown(summary(report)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table of ``rows`` with every cell escaped; "" if there are no rows."""
    if not rows:
        return ""
    lines = [headers, ["---"] * len(headers), *([markdown(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _with_waiver(finding: Finding) -> str:
    return finding.message + (f" ({waiver(finding)})" if finding.waived else "")


def _title(finding: Finding) -> str:
    return f"{finding.severity}: {markdown(finding.check)} {code(finding.id)}"


def _finding(finding: Finding, number: int) -> Iterator[str]:
    yield f"{number} {_title(finding)}\n"
    yield f"{markdown(finding.message)}\n"
    yield from (f"- {label}: {markdown(brief(text))}" for label, text in details(finding))
    if finding.references:
        yield f"- references: {'; '.join(link(reference.id, reference.link) for reference in finding.references)}"


def _change(change: Change, numbers: Mapping[str, int]) -> str:
    lines = [brief(visible(line)) for line in change_lines(change)]
    fence = "`" * max((3, *(len(line) - len(line.replace("`", "")) + 1 for line in lines)))
    title = f"{change.order}. {markdown(change_title(change, numbers))}"
    return "\n".join([title, "", f"{fence}diff", *lines, fence])
