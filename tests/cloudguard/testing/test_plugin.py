"""The pytest plugin: found by its entry point, loads nothing before a fixture is used, and uses the declarations."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import memory_adapter
from plugin_entry import environment
from process import Ran, pytest_in

ROOT = Path(__file__).parents[3]
TESTS = """
from cloudguard.testing import assert_rows

def test_verdicts_that_hold(cloudguard_check):
    assert_rows(cloudguard_check("memory", cluster="prod"), etcd_access="FAIL", api_server_access="FAIL")

def test_a_verdict_that_does_not_hold(cloudguard_check):
    assert_rows(cloudguard_check("memory", cluster="prod"), etcd_access="PASS")

def test_shared_declarations(cloudguard_check, cloudguard_declarations):
    assert cloudguard_declarations.etcd_tls == "kubeadm writes it"
    report = cloudguard_check("memory", cluster="prod")
    assert [one.name for one in report.declarations] == ["etcd-tls"]
    other = cloudguard_check("memory", cluster="prod", declarations="admin-cidr = ['0.0.0.0/0']\\nadmin-reason = 'lab'")
    assert "admin-cidr" in [one.name for one in other.declarations]
"""


def test_importing_the_plugin_loads_nothing_else() -> None:
    code = "import sys, cloudguard.testing.plugin; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    names = {name for name in done.stdout.split() if name.startswith("cloudguard")}
    assert names == {"cloudguard", "cloudguard.testing", "cloudguard.testing.plugin"}
    assert {"boto3", "pydantic", "tabulate"} & {*done.stdout.split()} == set()


def test_the_entry_point_names_the_plugin() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert points["pytest11"] == {"cloudguard": "cloudguard.testing.plugin"}


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """A run of pytest on ``TESTS``, in a folder of its own."""
    packages = tmp_path / "packages"
    packages.mkdir()
    memory_adapter.register(packages)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "declared.toml").write_text('etcd-tls = "kubeadm writes it"\n')
    (tmp_path / "pytest.ini").write_text("[pytest]\ncloudguard_config = declared.toml\n")
    own = environment(packages, Path(memory_adapter.__file__).parent, ROOT)
    return pytest_in(tmp_path, own)


def test_the_fixtures_check_clusters_and_a_failure_shows_the_first_screen(
    ran: Ran,
) -> None:
    assert "1 failed, 2 passed" in ran.out, ran.out + ran.err
    assert "AssertionError: etcd-access is FAIL, not PASS" in ran.out
    assert "FIX IN THIS ORDER" in ran.out
