"""Writes ``docs/rows``, a page a row from its module's docstring and checks, and the README's table of severities."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.rows.judge import ROWS

PAGES = Path(__file__).parent / "rows"
README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- severities: written by `make docs` -->\n", "<!-- end of severities -->\n"
ORIGIN = "<!-- Written by `make docs` from cloudguard/rows/{name}.py. Edit that file instead. -->"


def page(row: ModuleType) -> str:
    """Return the Markdown page of one row."""
    name = row.__name__.rpartition(".")[2]
    parts = [ORIGIN.format(name=name), f"# {row.ROW}", f"*{row.AREA}*", inspect.cleandoc(row.__doc__ or "")]
    parts.append("## Checks")
    checks: tuple[Check, ...] = row.CHECKS
    for check in checks:
        parts += [f"### {check.id}", check.text]
        parts.append("\n".join(f"- {severity}: {when}" for severity, when in check.severities.items()))
    return "\n\n".join(parts) + "\n"


def severities() -> str:
    """Return the README's table: what makes a finding how bad, a line a row."""
    ranked = sorted(Severity, reverse=True)
    lines = [f"| row | {' | '.join(map(str, ranked))} |", "|---" * (len(ranked) + 1) + "|"]
    for row in ROWS:
        checks: tuple[Check, ...] = row.CHECKS
        cells = ("; ".join(one.severities[rank] for one in checks if rank in one.severities) for rank in ranked)
        lines.append(f"| `{row.ROW}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def readme() -> str:
    """Return the README with today's table between its two marks."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    return before + BEGIN + severities() + END + rest.split(END)[1]


def pages() -> dict[Path, str]:
    """Return every page's text by its path."""
    return {PAGES / f"{row.ROW}.md": page(row) for row in ROWS}


def main() -> None:
    """Write the pages and the table, and take away the pages of rows that are gone."""
    wanted = pages()
    PAGES.mkdir(exist_ok=True)
    for old in set(PAGES.glob("*.md")) - set(wanted):
        old.unlink()
    for path, text in (*wanted.items(), (README, readme())):
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
