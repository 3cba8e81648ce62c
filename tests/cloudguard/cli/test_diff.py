"""``diff``: its output, its exit statuses, and its errors about files that are neither snapshots nor reports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import sample
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from command import install, ran, refusal


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def written(name: str, snapshot: Snapshot) -> str:
    """Write a snapshot and return the file's name."""
    Path(name).write_text(snapshot_file.dump(snapshot), encoding="utf-8")
    return name


def narrowed(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose control plane admits no traffic to etcd's ports."""
    masters, *others = snapshot.topology.filters
    guard = replace(masters, rules=tuple(rule for rule in masters.rules if rule.id != "r-etcd"))
    return replace(snapshot, topology=replace(snapshot.topology, filters=(guard, *others)))


@pytest.fixture
def files() -> tuple[str, str]:
    """A snapshot in which etcd is open, and one in which it is not."""
    return written("open.json", sample.snapshot()), written("shut.json", narrowed(sample.snapshot()))


def test_diff_shows_opened_and_closed_traffic_and_fixed_findings(
    capsys: pytest.CaptureFixture[str], files: tuple[str, str]
) -> None:
    status, out, err = ran(capsys, "diff", *files)
    assert status == 0
    assert "Closed:" in out
    assert "tcp/2379-2380" in out
    assert "Findings fixed:" in out
    assert "Opened:" not in out
    assert err.strip() == out.strip().splitlines()[-1]
    status, out, _ = ran(capsys, "diff", *reversed(files))
    assert status == 3
    assert "Opened:" in out
    assert "Findings new:" in out


def test_json_has_a_witness_for_each_set(capsys: pytest.CaptureFixture[str], files: tuple[str, str]) -> None:
    _, out, _ = ran(capsys, "diff", *reversed(files), "-f", "json")
    document = json.loads(out)
    assert document["schema"] == "cloudguard/comparison/v1"
    assert {item["kind"] for item in document["opened"]} == {"traffic"}
    assert all(item["witness"] and item["packets"] for item in document["opened"])
    assert "new" in {finding["fate"] for finding in document["findings"]}
    assert document["closed"] == []


def test_reports_are_compared_by_their_findings(capsys: pytest.CaptureFixture[str], files: tuple[str, str]) -> None:
    names = list[str]()
    for name in files:
        ran(capsys, "check", "--snapshot", name, "-f", f"json=report-{name}")
        names.append(f"report-{name}")
    status, out, _ = ran(capsys, "diff", *names, "-f", "json")
    document = json.loads(out)
    assert (status, document["opened"]) == (0, None)
    assert "fixed" in {finding["fate"] for finding in document["findings"]}
    assert ran(capsys, "diff", *reversed(names))[0] == 3
    assert ran(capsys, "diff", *reversed(names), "--fail-on", "never")[0] == 0
    assert ran(capsys, "diff", names[0], files[1])[0] == 0


def test_findings_on_unread_facts_are_no_longer_visible(
    capsys: pytest.CaptureFixture[str], files: tuple[str, str]
) -> None:
    gap = Gap("memory:Read", "*", Reason.DENIED, "access denied", (FactKind.FILTERS,))
    shut = narrowed(sample.snapshot())
    unread = replace(shut, gaps=(*shut.gaps, gap), topology=replace(shut.topology, filters=()))
    status, out, _ = ran(capsys, "diff", files[0], written("unread.json", unread))
    assert status == 4
    assert "Findings unconfirmed:" in out
    assert "Findings fixed:" not in out
    assert "Closed:" not in out


def test_snapshots_of_two_clusters_are_refused(capsys: pytest.CaptureFixture[str], files: tuple[str, str]) -> None:
    other = written("other.json", sample.snapshot(name="other"))
    assert "two different clusters" in refusal(capsys, "diff", files[0], other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("{}", "not a cloudguard snapshot"),
        ("\xff\xfe", "not a cloudguard snapshot"),
        ('{"schema": "cloudguard/report/v1"}', "not a report of cloudguard: tool: missing"),
        ('{"schema": "cloudguard/report/v1", ', "not a report of cloudguard"),
        ('{"schema": "cloudguard/report/v2", "cluster": 1}', "not a report of cloudguard: its schema is"),
        ('{"schema": "cloudguard/snapshot/v2", "cluster": [', "damaged"),
    ],
)
def test_a_file_that_is_no_snapshot_or_report_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], files: tuple[str, str], text: str, words: str
) -> None:
    Path("bad.json").write_text(text, encoding="utf-8")
    for names in ((files[0], "bad.json"), ("bad.json", files[0])):
        line = refusal(capsys, "diff", *names)
        assert words in line
        assert "bad.json" in line


def test_diff_needs_two_files(capsys: pytest.CaptureFixture[str], files: tuple[str, str]) -> None:
    assert "two files" in refusal(capsys, "diff", files[0])
    assert "cannot read nowhere.json" in refusal(capsys, "diff", files[0], "nowhere.json")


def test_a_file_that_is_no_terraform_state_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], files: tuple[str, str]
) -> None:
    Path("state.json").write_text("{}", encoding="utf-8")
    line = refusal(capsys, "plan", "--snapshot", files[0], "--terraform-state", "state.json")
    assert "terraform show -json" in line
    status, out, _ = ran(capsys, "plan", "--snapshot", files[0], "-f", "source")
    assert status == 3
    assert out == "" or out.startswith("# ")
