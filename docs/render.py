"""``docs/rows``: a page for each row, made from its module's docstring and checks."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

from cloudguard.results.check import Check
from cloudguard.rows.judge import ROWS

PAGES = Path(__file__).parent / "rows"
ORIGIN = "<!-- Written by `make docs` from cloudguard/rows/{name}.py. Edit that file instead. -->"


def page(row: ModuleType) -> str:
    """Return the Markdown page of one row."""
    name = row.__name__.rpartition(".")[2]
    sections = [ORIGIN.format(name=name), f"# {row.ROW}", f"*{row.AREA}*", inspect.cleandoc(row.__doc__ or "")]
    sections.append("## Checks")
    checks: tuple[Check, ...] = row.CHECKS
    for check in checks:
        sections += [f"### {check.id}", check.text]
        sections.append("\n".join(f"- {severity}: {when}" for severity, when in check.severities.items()))
    return "\n\n".join(sections) + "\n"


def pages() -> dict[Path, str]:
    """Return every page's text by its path."""
    return {PAGES / f"{row.ROW}.md": page(row) for row in ROWS}
