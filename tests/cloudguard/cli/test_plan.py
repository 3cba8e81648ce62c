"""``plan``: its last line, and how many rules may replace one rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import CONTROL_PLANE, NODE, SAID, SOURCE, WORLD, group, host, snapshot
from cloudguard.model.cluster import Disk
from cloudguard.model.files import snapshot_file
from command import install, ran

OFFICES = [part for number in range(6) for part in ("--admin-cidr", f"198.51.100.{number}")]


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


@pytest.fixture
def file() -> str:
    """A snapshot of a cluster whose API is open to the internet and whose etcd data is on an unencrypted disk."""
    plain = Disk("d1", "", "cp1", "/dev/b", encrypted=False, key="", source=SOURCE, etcd_evidence=SAID)
    masters = group("masters", ("tcp/6443", WORLD))
    hosts = [host("cp1", CONTROL_PLANE, "masters", where="public", public="203.0.113.1"), host("n1", NODE, "nodes")]
    facts = snapshot(hosts, [masters, group("nodes")], disks=[plain], provider="memory")
    Path("prod.json").write_text(snapshot_file.dump(facts), encoding="utf-8")
    return "prod.json"


def planned(capsys: pytest.CaptureFixture[str], file: str, *arguments: str) -> str:
    """Return the last line of a plan for a snapshot's file."""
    _, out, _ = ran(capsys, "plan", "--snapshot", file, *arguments)
    return out.strip().splitlines()[-1]


def test_the_last_line_counts_edits_and_procedures(capsys: pytest.CaptureFixture[str], file: str) -> None:
    last = planned(capsys, file, *OFFICES[:2])
    assert "1 procedure; fixes 2 of 2 findings: 1 by edits, 1 by manual procedures" in last
    _, out, _ = ran(capsys, "plan", "--snapshot", file, *OFFICES[:2], "-f", "json")
    plan = json.loads(out)
    assert len(plan["by_hand"]) == 1
    assert {*plan["by_hand"]} < {*plan["mends"]}


@pytest.mark.parametrize(("most", "fixed"), [("2", 0), ("3", 1)])
def test_no_more_rules_replace_one_than_requested(
    most: str, fixed: int, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    last = planned(capsys, file, "--row", "api-server-access", *OFFICES, "--most-rules", most)
    assert f"fixes {fixed} of 1 finding" in last


@pytest.mark.parametrize("number", ["0", "-1", "four", "1.5"])
def test_a_wrong_number_of_rules_is_refused(capsys: pytest.CaptureFixture[str], file: str, number: str) -> None:
    status, out, err = ran(capsys, "plan", "--snapshot", file, f"--most-rules={number}")
    assert (status, out) == (2, "")
    assert "whole number" in err
