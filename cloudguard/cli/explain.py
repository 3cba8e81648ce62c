"""``explain``: a row, a check or a finding."""

from __future__ import annotations

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.check import snapshot_of
from cloudguard.cli.settings import declarations
from cloudguard.cli.typer_commands import Values
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats import explain as pages
from cloudguard.formats.table import grid
from cloudguard.rows.judge import ROWS

_HINT = "List them: cloudguard explain. For a finding's id add --snapshot FILE or a provider"


def explain(values: Values) -> int:
    """Write the page of what is named, or the list of what can be."""
    file = values.one("output") or ""
    output.save(_page(values), "" if file == "-" else file)
    return int(ExitStatus.CLEAN)


def _page(values: Values) -> str:
    what = values.one("what") or ""
    if not what:
        listed = [(name, text) for row in ROWS for name, text in ((row.ROW, row.AREA), *row.CHECKS.items())]
        return grid(listed, ("ROW OR CHECK", "WHAT IT LOOKS AT")) + "\n"
    for row in ROWS:
        if what == row.ROW:
            return pages.row(row.ROW, row.AREA, row.__doc__ or "", row.CHECKS)
        if what in row.CHECKS:
            return pages.check(what, row.CHECKS[what], row.ROW)
    return _finding(what, values)


def _finding(what: str, values: Values) -> str:
    if values.one("snapshot") is None and not values.one("provider"):
        message = f"no row or check is called {what!r}"
        raise UsageError(message, hint=_HINT)
    declared = declarations(values)
    report = pipeline.evaluate(snapshot_of(values, declared), declared.policy())
    for finding in report.findings:
        if finding.id == what:
            return pages.finding(finding, report)
    message = f"the report on {report.cluster.name!r} has no finding {what!r}"
    raise UsageError(message, hint="List them: cloudguard check with the same flags")
