"""Compares the verdicts of a report with the wanted ones, and makes declarations from keywords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from cloudguard.errors import UsageError
from cloudguard.formats import table
from cloudguard.needs.declarations import Declarations, InForce
from cloudguard.needs.declarations_file import FILE_NAME, declarations, parse, read
from cloudguard.needs.setting_values import nearest
from cloudguard.results.report import Report, Verdict

_EXAMPLE: Final = 'Example: assert_rows(report, etcd_access="PASS")'


def differences(report: Report, verdicts: Mapping[str, str]) -> str:
    """Return the differences between the report and the wanted ``verdicts``, with the first screen; "" if none.

    ``verdicts`` maps row names with underscores to verdicts. Raises UsageError if no row is named or a row or verdict
    does not exist.
    """
    rows = {row.row.replace("-", "_"): row for row in report.rows}
    if faults := [*_faults(verdicts, {*rows})]:
        raise UsageError("; ".join(faults), hint=_EXAMPLE)
    lines = [
        f"{rows[name].row} is {rows[name].verdict}, not {wanted}"
        for name, wanted in verdicts.items()
        if rows[name].verdict != wanted
    ]
    return "\n".join([*lines, "", table.render(report)]) if lines else ""


def _faults(verdicts: Mapping[str, str], rows: set[str]) -> list[str]:
    words = {*map(str, Verdict)}
    no_row = [f"there is no row {name!r}{nearest(name, rows)}" for name in verdicts if name not in rows]
    wrong = (word for word in verdicts.values() if word not in words)
    no_verdict = (f"there is no verdict {word!r}{nearest(word, words)}" for word in wrong)
    return [*no_row, *no_verdict] if verdicts else ["name at least one row"]


def declarations_of(text: str, keys: Mapping[str, object]) -> Declarations:
    """Return the declarations in the text of a ``cloudguard.toml``, or in ``keys``; raises errors like ``declared``."""
    if text and keys:
        message = "give either the text of a cloudguard.toml or keys, not both"
        raise UsageError(message)
    raw = parse(text, FILE_NAME) if text else {name.replace("_", "-"): _plain(value) for name, value in keys.items()}
    declared_values = declarations(read(raw, FILE_NAME if text else "declared"))
    others = tuple(InForce(declaration.name, declaration.values, "") for declaration in declared_values.others)
    return replace(declared_values, stated_in=(), others=others)  # the origin is the caller, not a file


def _plain(value: object) -> object:
    """Return a value in TOML's types: lists instead of tuples."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in cast("dict[str, object]", value).items()}
    return [_plain(item) for item in cast("list[object]", value)] if isinstance(value, list | tuple) else value
