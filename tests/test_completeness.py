"""Every check has a row, a page, a scene that shows it and a test that names it, as CONTRIBUTING.md demands."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

from cloudguard import rows
from cloudguard.results.check import Check
from cloudguard.rows.judge import ROWS
from docs.render import PAGES, pages
from moto_fixtures.aws.scene import scenes
from scene_marks import marked_lines

CHECKS: dict[str, Check] = {check.id: check for row in ROWS for check in row.CHECKS}
AREAS = {
    "api-server-access": "Network access to API Server (Control plane)",
    "node-access": "Network access to Nodes (nodes)",
    "cloud-api-access": "Kubernetes access to Cloud Provider API",
    "etcd-access": "Access to etcd",
    "etcd-encryption": "etcd Encryption",
}
"""https://kubernetes.io/docs/concepts/security/overview/, "Infrastructure security", in its order."""

NO_LINE_MAKES = {
    "etcd-access/tls": "every cluster that runs its own etcd has this advice",
    **{f"{row.ROW}/declared": "a declaration does" for row in ROWS},
}
"""Checks that no line of a scene is marked with, and why."""


TESTS = {
    str(path): path.read_text(encoding="utf-8")
    for path in Path(__file__).parent.glob("**/test_*.py")
    if path != Path(__file__)
}
MARKED = {check for scene in scenes().values() for checks in marked_lines(scene.__file__).values() for check in checks}


def test_rows_are_those_of_the_kubernetes_documentation() -> None:
    message = "AREAS (above) and ROWS (cloudguard/rows/judge.py) differ"
    assert [(row.ROW, row.AREA) for row in ROWS] == list(AREAS.items()), message


def test_every_row_module_is_listed_in_rows() -> None:
    modules = [import_module(f"{rows.__name__}.{info.name}") for info in pkgutil.iter_modules(rows.__path__)]
    left_out = {module.__name__ for module in modules if hasattr(module, "AREA") and module not in ROWS}
    assert left_out == set(), "add it to ROWS (cloudguard/rows/judge.py)"


def test_checks_are_named_after_their_row() -> None:
    assert [check.id for row in ROWS for check in row.CHECKS if not check.id.startswith(f"{row.ROW}/")] == []


def test_the_pages_of_rows_are_up_to_date() -> None:
    wanted = pages()
    there = {path: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    stale = [path.name for path in sorted({*wanted, *there}) if wanted.get(path) != there.get(path)]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_described_on_its_page(check: str) -> None:
    page = pages()[PAGES / f"{check.partition('/')[0]}.md"]
    one = CHECKS[check]
    assert f"### {check}\n\n{one.text}\n" in page
    assert one.severities
    for severity, when in one.severities.items():
        assert f"- {severity}: {when}\n" in page


@pytest.mark.parametrize("check", sorted(CHECKS.keys() - NO_LINE_MAKES))
def test_every_check_is_shown_by_a_scene(check: str) -> None:
    assert check in MARKED, f"no line of moto_fixtures/aws/scenes ends with `# NOT OK: {check}`"


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_named_by_a_test(check: str) -> None:
    assert any(f'"{check}"' in text for text in TESTS.values()), f'no tests/**/test_*.py holds the text "{check}"'


def test_every_mark_of_a_scene_names_a_declared_check() -> None:
    assert MARKED - CHECKS.keys() == set(), "scenes are marked with checks that no row declares in its CHECKS"
