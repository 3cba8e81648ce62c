"""The documents' shell examples run, block by block, in made-up accounts of moto and other clouds on loopback.

One example, with a check of each cloud, runs in a shell. All others run in this process, where the SDKs are loaded.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

import azure_scenes
import gcp_scenes
import loopback_proxy
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard.cli import run
from gcp_proxy import Proxy
from gcp_server import Google
from loopback_proxy import Answer, Asked
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.scenes import showcase

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("providers/**/*.md")])
NOT_RUN = {
    "make demo": "tests/test_documents.py runs it",
    "make": "runs all tests, or tools that tests/test_documents.py only looks for",
    ".ci/run": "runs all tests",
    "pip install": "needs the network",
    "git clone": "needs the network",
    ".venv/bin/python tools/": "tests/tools run them",
}
"""Beginnings of the lines that this test does not run, and why."""
STATUSES = (0, 3, 4, 5)
"""An example may end with findings or with an incomplete report (moto lacks some calls)."""
IN_A_SHELL = "README.md 3"
"""The example with a check of each cloud."""
PRELUDE = f"""set -e
export XDG_STATE_HOME=$PWD/state
cloudguard() {{
  status=0; {sys.executable} -m cloudguard "$@" || status=$?
  case $status in {"|".join(map(str, STATUSES))}) ;; *) return 1 ;; esac
}}
"""


def examples() -> Iterator[tuple[str, str]]:
    """Yield the name and the lines of each shell block that this test runs."""
    for path in DOCUMENTS:
        for number, text in enumerate(
            re.findall(r"^```sh\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL), 1
        ):
            lines = [line for line in text.splitlines() if not line.startswith(tuple(NOT_RUN))]
            if lines:
                yield f"{path.relative_to(ROOT)} {number}", "\n".join(lines)


@dataclass
class BothClouds(loopback_proxy.Proxy):
    """One proxy for the examples that call several clouds."""

    google: Proxy
    azure: AzureProxy

    def serves(self, host: str) -> bool:
        """Whether a host belongs to Google or Azure."""
        return self.google.serves(host) or self.azure.serves(host)

    def answer(self, asked: Asked) -> Answer:
        """Return the answer of the host's cloud."""
        return (self.google if self.google.serves(asked.host) else self.azure).answer(asked)


@pytest.fixture
def clouds(
    google_cloud: Proxy, azure_cloud: AzureProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BothClouds]:
    """A cluster in Google Cloud and one in Azure."""
    google_cloud.google = Google(gcp_scenes.SCENES["kops"].build())
    azure_cloud.azure = Azure(azure_scenes.SCENES["kops"].build())
    both = BothClouds(google_cloud, azure_cloud)
    with loopback_proxy.running(both, tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield both
    assert both.refused == []


def test_an_example_of_each_cloud_runs_in_a_shell(account: Account, clouds: BothClouds, tmp_path: Path) -> None:
    showcase.build(account)
    assert clouds
    command = ["bash", "-c", PRELUDE + dict(examples())[IN_A_SHELL]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert "internal error" not in done.stderr


def test_every_other_example_runs(
    inner_account: Account,
    clouds: BothClouds,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    showcase.build(inner_account)
    assert clouds
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    keys = "\n".join(f"{name.lower()} = {os.environ[name]}" for name in names)
    (tmp_path / "config").write_text(f"[profile audit]\nregion = {REGION}\n{keys}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    blocks = {name: lines for name, lines in examples() if name != IN_A_SHELL}
    assert len(blocks) > 4
    for number, (name, lines) in enumerate(blocks.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("XDG_STATE_HOME", str(folder / "state"))
            for line in lines.splitlines():
                assert _status(line, patch) in STATUSES, (name, line, capfd.readouterr().err)
        assert "internal error" not in capfd.readouterr().err, name


def _status(line: str, patch: pytest.MonkeyPatch) -> int:
    """Run a line: ``export NAME=VALUE``, or ``cloudguard`` and its words, with ``> FILE`` for its output."""
    first, *words = shlex.split(line, comments=True)
    if first == "export":
        name, _, value = words[0].partition("=")
        patch.setenv(name, value)
        return 0
    assert first == "cloudguard", line
    if ">" not in words:
        return run(words)
    *words, _, file = words
    with Path(file).open("w", encoding="utf-8") as out, redirect_stdout(out):
        return run(words)
