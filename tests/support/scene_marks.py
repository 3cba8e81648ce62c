"""Read the marks on the lines of a scene: ``# OK`` and ``# NOT OK: <check>[, <check>]``."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from moto_fixtures.aws.builder import SourceLine

MARK = re.compile(r"# (?:(?P<ok>OK)|NOT OK: (?P<checks>[a-z/-]+(?:, [a-z/-]+)*))\s*$")


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of a line. ``checks``: empty for OK; None if the line has no mark or an unreadable mark."""

    line: SourceLine
    checks: frozenset[str] | None

    def __str__(self) -> str:
        return f"{Path(self.line.file).name}:{self.line.number}"


@cache
def _statements(file: str) -> tuple[list[str], list[ast.stmt]]:
    text = Path(file).read_text(encoding="utf-8")
    simple = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt) and not hasattr(node, "body")]
    return text.splitlines(), simple


def mark_of(line: SourceLine) -> Mark:
    """Return the mark of the statement that contains ``line``. The mark is at the end of one of its lines."""
    lines, statements = _statements(line.file)
    span = range(line.number, line.number + 1)
    for node in statements:
        if node.lineno <= line.number <= (node.end_lineno or node.lineno):
            span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    matches = [match for number in span if (match := MARK.search(lines[number - 1]))]
    if len(matches) != 1:
        return Mark(SourceLine(line.file, span[0]), None)
    checks = matches[0]["checks"]
    return Mark(SourceLine(line.file, span[0]), frozenset(checks.split(", ")) if checks else frozenset())


def marked_lines(file: str) -> dict[SourceLine, frozenset[str]]:
    """Return first line of a statement → its checks, for every marked statement of ``file``."""
    _, statements = _statements(file)
    marks = [mark_of(SourceLine(file, node.lineno)) for node in statements]
    return {mark.line: mark.checks for mark in marks if mark.checks is not None}
