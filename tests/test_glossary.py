"""The code uses every term of the glossary, and no name that the glossary retired."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = sorted([*ROOT.glob("cloudguard/**/*.py"), *ROOT.glob("providers/**/*.py")])
_NAME = re.compile(r"`([^`]+)`")
_FOLDERS = re.compile(r"\bin ((?:`[^`]+`(?:, )?)+)")


@dataclass(frozen=True, slots=True)
class Retired:
    """Names that these folders of ``cloudguard`` must not use. Without folders: the whole source."""

    names: frozenset[str]
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A line of the glossary: the names of a term in the code, and its retired names."""

    title: str
    names: tuple[str, ...]
    retired: tuple[Retired, ...]


def parsed(page: str) -> Iterator[Term]:
    """Yield the terms of a glossary page's tables."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4 or cells[0] in {"term", "---"}:
            continue
        retired: list[Retired] = []
        for part in filter(None, (part.strip() for part in cells[3].split(";"))):
            match = _FOLDERS.search(part)
            folders = tuple(_NAME.findall(match[1])) if match else ()
            names = frozenset(_NAME.findall(part[: match.start()] if match else part))
            retired.append(Retired(names, folders))
        yield Term(cells[0], tuple(_NAME.findall(cells[1])), tuple(retired))


TERMS = tuple(parsed((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")))


def identifiers(text: str) -> set[str]:
    """Return all names that a module defines, binds or uses, and its keyword arguments."""
    found = set[str]()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                found.add(name)
            case ast.keyword(arg=str(name)):
                found.add(name)
            case ast.ImportFrom() | ast.Import():
                found |= {part for alias in node.names for part in (alias.asname or alias.name).split(".")}
            case _:
                pass
    return found


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return a file's identifiers and its module name."""
    return frozenset({*identifiers(path.read_text(encoding="utf-8")), path.stem})


def uses_of_retired_names(term: Term) -> list[str]:
    """Return the places that still use a retired name of ``term``."""
    found: list[str] = []
    for retired in term.retired:
        for path in SOURCE:
            folders = path.relative_to(ROOT).parts
            if retired.folders and not (folders[0] == "cloudguard" and folders[1] in retired.folders):
                continue
            found += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(names_in(path) & retired.names)]
    return found


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.title)
def test_the_code_uses_every_term(term: Term) -> None:
    everywhere = {name for path in SOURCE for name in names_in(path)}
    assert term.names != ()
    left = [name for name in term.names if name not in everywhere]
    assert left == [], "docs/glossary.md names what the code does not"


@pytest.mark.parametrize("term", [term for term in TERMS if term.retired], ids=lambda term: term.title)
def test_the_code_uses_no_retired_name(term: Term) -> None:
    assert uses_of_retired_names(term) == [], f"docs/glossary.md retired these names: say {' or '.join(term.names)}"


def test_a_retired_name_is_parsed_and_found() -> None:
    term = next(parsed("| subnet | `Subnet` | a range | `Segment`; `side` in `rows`, `model` |"))
    assert term.retired == (
        Retired(frozenset({"Segment"}), ()),
        Retired(frozenset({"side"}), ("rows", "model")),
    )
    assert {"Segment", "side"} <= identifiers("def side(Segment): return 1")


def test_the_terms_of_the_page_are_read() -> None:
    assert len(TERMS) > 40
