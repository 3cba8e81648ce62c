"""The documents are true: their examples run, their tables are complete, and their links lead to files."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cloudguard.cli.app import parse
from cloudguard.errors import ExitStatus
from cloudguard.needs.declarations_file import load_declarations, read
from cloudguard.needs.declarations_file import parse as parse_file
from cloudguard.needs.settings import PROVIDER
from cloudguard.provider.port import installed
from cloudguard.results.report import Verdict
from cloudguard.rows.judge import ROWS
from docs.settings import page
from plugin_entry import environment
from process import pytest_in

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("providers/**/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of ``language``."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Return the lines of the shell examples that call cloudguard, without comments and redirections."""
    lines = [
        line
        for path in DOCUMENTS
        for text in blocks(path.read_text(encoding="utf-8"), "sh")
        for line in text.splitlines()
    ]
    words = [shlex.split(line.partition(" > ")[0], comments=True) for line in lines]
    return [shlex.join(word) for word in words if word[:1] == ["cloudguard"]]


def first_cells(heading: str) -> list[str]:
    """Return the first column of the tables under a heading of the README, without backquotes."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1].strip(" `") for line in section.splitlines() if line.startswith("|")]
    return [cell for cell in cells if not cell.startswith("---")]


def test_the_readme_s_library_example_runs(tmp_path: Path) -> None:
    (example,) = blocks(README, "python")
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    ran = pytest_in(tmp_path, environment(tmp_path))
    assert ran.status == 0, ran.out + ran.err
    assert "4 passed" in ran.out


@pytest.mark.parametrize("command", commands())
def test_every_command_in_the_documents_parses(command: str) -> None:
    assert callable(parse(shlex.split(command)[1:]))


def test_the_demo_runs_without_the_caller_s_settings_and_the_readme_shows_its_report(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:9\n", encoding="utf-8")
    settings = {
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "CLOUDGUARD_FORMAT": "json",
    }
    command = [sys.executable, "-m", "moto_fixtures.demo"]
    done = subprocess.run(  # noqa: S603 - our own
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ | settings
    )
    assert done.returncode == 0, done.stderr
    (excerpt,) = blocks(README, "text")
    shown = re.sub(r"\b([a-z]+)-[0-9a-f]{17}\b", r"\1-…", done.stdout)
    assert [line for line in excerpt.splitlines() if line not in shown] == []


def test_the_readme_lists_every_exit_status() -> None:
    assert {int(cell) for cell in first_cells("Exit status") if cell.isdigit()} == set(ExitStatus)


def test_the_readme_lists_every_verdict_and_row() -> None:
    assert re.findall(r"^\| \[`([a-z-]+)`\]", README, re.MULTILINE) == [row.ROW for row in ROWS], (
        "the README's questions"
    )
    assert [cell for cell in first_cells("How it judges") if cell in set(Verdict)] == list(Verdict)


def test_the_configuration_page_is_valid_and_its_tables_are_up_to_date() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    (example,) = blocks(text, "toml")
    assert set(read(parse_file(example, "it"), "it").get(PROVIDER) or {}) <= set(installed())
    assert page(text) == text, "run `make docs`"


def test_the_readme_s_configuration_example_is_valid() -> None:
    (example,) = blocks(README, "toml")
    assert load_declarations(example).admin_cidrs == ("198.51.100.0/24",)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_local_link_leads_to_a_file(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_the_walks_through_the_code_are_short_and_name_functions_that_exist() -> None:
    _, *walks = (ROOT / "docs/a-verdict-step-by-step.md").read_text(encoding="utf-8").split("\n## ")
    steps = [re.findall(r"^\d+\. `([^`]+)`: `(\w+)`", walk, re.MULTILINE) for walk in walks]
    assert [len(step) for step in steps] == [len(re.findall(r"^\d+\. ", walk, re.MULTILINE)) for walk in walks]
    for name, function in (step for found in steps for step in found):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert re.search(rf"^ *def {function}\(|^{function}\b", text, re.MULTILINE), f"{name} has no {function}"
    assert [len(found) <= most for found, most in zip(steps, (24, 26), strict=True)] == [True, True]


def test_every_make_target_and_script_in_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = "\n".join(block for path in DOCUMENTS for block in blocks(path.read_text(encoding="utf-8"), "sh"))
    targets, scripts = re.findall(r"^make (\w+)", text, re.MULTILINE), re.findall(r"python (\S+\.py)", text)
    assert targets
    assert scripts
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []
    assert [name for name in scripts if not (ROOT / name).is_file()] == []
