"""The page in Debian's Chromium: hostile names run no script, the page loads nothing, and it is accessible."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import pytest

import page_report
import sample
from cloudguard.formats.html import page
from cloudguard.results.finding import Waiver

IN_CI: Final = bool(os.environ.get("CI"))
VALIDATORS: Final = Path(os.environ.get("CLOUDGUARD_VALIDATORS", ".validators")).resolve()
BROWSER: Final = shutil.which("chromium")
AXE: Final = VALIDATORS / "node_modules/axe-core"
SCRIPT: Final = Path(__file__).with_name("page.mjs")

MARK: Final = "HOSTILE_NAME"
"""A placeholder, replaced by a hostile name when a page is made."""
TRICKS: Final = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "</title></style></script><script>alert(1)</script>",
    "\"><input autofocus onfocus='alert(1)'>",
    "' onmouseover='alert(1)' autofocus onfocus='alert(1)' tabindex='1",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a><details open ontoggle=alert(1)>",
    "<link rel=stylesheet href=//127.0.0.1:9/x.css><img src=//127.0.0.1:9/x.png>",
    "{{ 7 * 7 }}{% raw %}",
    sample.HOSTILE,
)
PLACES: Final = 8
"""Enough names to show that unescaped names run; each opens a dialog or two."""
WAIVER: Final = Waiver("ops", "it is a lab", "2026-02-01")


@dataclass(frozen=True, slots=True)
class Case:
    """A page; ``hostile`` if it is not meant to be read."""

    text: str
    hostile: bool = False


def unescaped(*, with_policy: bool) -> str:
    """Return the page without escaping, with or without its Content-Security-Policy."""
    text = page.render(page_report.report(MARK)).replace(MARK, "".join(TRICKS[:-1]), PLACES)
    return text if with_policy else re.sub(r"<meta http-equiv=.*?>", "", text)


def cases() -> Mapping[str, Case]:
    """Return the pages to open."""
    return {
        "full": Case(page.render(page_report.report(waived=WAIVER))),
        "clean": Case(page.render(sample.report())),
        "several": Case(page.render(page_report.report(waived=WAIVER), page_report.report("other"), sample.report())),
        "hostile": Case(page.render(page_report.report("".join(TRICKS)))),
        "long": Case(page.render(page_report.report("x" * 10_000))),
        "unescaped": Case(unescaped(with_policy=False), hostile=True),
        "unescaped behind its policy": Case(unescaped(with_policy=True), hostile=True),
    }


@cache
def answers() -> Mapping[str, Any]:
    """Open all pages in one browser and return its observations on each."""
    node = shutil.which("node")
    assert node, "node opens the browser"
    assert BROWSER, "Debian's chromium"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        opened = list[dict[str, object]]()
        for number, (title, case) in enumerate(cases().items()):
            file = folder / f"{number}.html"
            file.write_text(case.text, encoding="utf-8")
            opened.append({"name": title, "file": str(file), "hostile": case.hostile})
        command = [node, str(SCRIPT), str(VALIDATORS), BROWSER, json.dumps(opened)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr
    return cast("Mapping[str, Any]", json.loads(done.stdout))


pytestmark = pytest.mark.skipif(
    not (IN_CI or (BROWSER and AXE.exists())), reason="make validators installs axe-core and playwright-core"
)
READ: Final = ("full", "clean", "several", "hostile", "long")


@pytest.mark.parametrize("name", READ)
def test_hostile_names_run_no_script_and_the_page_loads_nothing(name: str) -> None:
    seen = answers()[name]
    assert (seen["dialogs"], len(seen["requests"]), seen["blocked"]) == (0, 1, 0), seen


def test_hostile_names_run_scripts_without_escaping() -> None:
    seen = answers()["unescaped"]
    assert seen["dialogs"] > 0
    assert len(seen["requests"]) > 1


def test_the_content_security_policy_alone_blocks_scripts() -> None:
    seen = answers()["unescaped behind its policy"]
    assert seen["dialogs"] == 0
    assert seen["blocked"] > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", READ)
def test_axe_finds_no_accessibility_fault(name: str, scheme: str) -> None:
    assert answers()[name][scheme] == []


@pytest.mark.parametrize(
    ("name", "rows", "cards"), [("full", 5, 3), ("hostile", 5, 3), ("clean", 2, 0), ("several", 12, 6)]
)
def test_the_page_is_complete_without_scripts(name: str, rows: int, cards: int) -> None:
    found = answers()[name]
    assert (found["rows"], found["cards"], found["filters"]) == (rows, cards, 0)


def test_findings_are_filtered() -> None:
    assert answers()["full"]["shown"] == {"critical": 1, "all": 3, "sections": 1}


@pytest.mark.parametrize("name", READ)
def test_the_page_fits_a_phone_s_screen(name: str) -> None:
    assert answers()[name]["tooWide"] <= 0
