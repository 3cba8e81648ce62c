"""``history``: it makes stores, and shows their contents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sample
from command import install, ran, refusal
from nights import denied, night, without

OPEN, SHUT = sample.snapshot(), without("r-etcd")
ETCD = "88262ad95f50"
"""The id of the finding that etcd is open."""


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"; the user's state folder is empty."""
    install(monkeypatch, tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def kept(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Six nights in the store that CLOUDGUARD_STORE names: etcd is closed on the third and open again on the fifth."""
    monkeypatch.setenv("CLOUDGUARD_STORE", "sqlite:///h.db")
    for day, snapshot in enumerate((OPEN, OPEN, SHUT, SHUT, OPEN, denied(OPEN)), 1):
        assert ran(capsys, "check", "--snapshot", night(day, snapshot), "-q")[0] in {3, 4}


def test_the_user_s_own_store_is_used_once_it_is_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "there is no history in" in refusal(capsys, "history", "list")
    status, out, err = ran(capsys, "history", "init")
    file = tmp_path / "state" / "cloudguard" / "history.db"
    assert (status, out) == (0, "")
    assert f"made a history in sqlite:///{file} with the tables cloudguard_schema, " in err
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "has the latest schema" in ran(capsys, "history", "init")[2]
    ran(capsys, "check", "--snapshot", night(1))
    assert "prod memory 1234 here" in ran(capsys, "history", "list")[1]
    before = file.read_bytes()
    ran(capsys, "check", "--snapshot", night(2), "--store", "none")
    assert file.read_bytes() == before


@pytest.mark.usefixtures("kept")
def test_clusters_are_listed_with_their_latest_run(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ran(capsys, "history", "list")
    assert status == 0
    assert "2026-01-06T02:17:00Z  2026-01-05T02:17:00Z  3 UNKNOWN, 2 PASS  2 critical, 1 low  0" in out
    (found,) = json.loads(ran(capsys, "history", "list", "-f", "json")[1])
    assert (found["runs"], found["unconfirmed"], found["last"]) == (6, 2, "2026-01-06T02:17:00Z")
    assert ran(capsys, "history", "list", "--cluster", "other")[1].splitlines()[2:] == []


@pytest.mark.usefixtures("kept")
def test_a_finding_is_shown_over_time(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capsys, "history", "show", ETCD[:6])
    lines = [line for line in out.splitlines() if ETCD in line]
    assert "unconfirmed: last seen 2026-01-05T02:17:00Z" in lines[0]
    assert "fixed 2026-01-03T02:17:00Z" in lines[1]
    assert len(lines) == 2
    assert ran(capsys, "history", "show", "prod")[1].count("2026-01-01T02:17:00Z") >= 3


@pytest.mark.usefixtures("kept")
def test_a_trend_counts_open_new_and_fixed_findings(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(ran(capsys, "history", "trend", "--every", "2d", "-f", "json")[1])
    shown = [(item["until"][8:10], item["runs"], item["incomplete"], dict(item["open"])["critical"]) for item in found]
    assert shown == [("02", 2, 0, 2), ("04", 2, 0, 1), ("06", 2, 1, 2)]
    assert [(item["new"], item["fixed"]) for item in found] == [(3, 0), (0, 1), (1, 0)]
    assert "OPEN CRITICAL" in ran(capsys, "history", "trend")[1]


@pytest.mark.usefixtures("kept")
def test_prune_removes_old_runs_and_ended_findings_only(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = ran(capsys, "history", "prune", "--keep", "2d")
    assert "3 runs and 1 finding that ended before 2026-01-04T02:17:00Z were deleted" in err
    found = json.loads(ran(capsys, "history", "export")[1])
    assert found["schema"] == "cloudguard/history/v1"
    assert [run["finished"][8:10] for run in found["runs"]] == ["04", "05", "06"]
    assert {finding["ended"] for finding in found["findings"]} == {""}
    assert ran(capsys, "check", "--snapshot", night(7), "--fail-on-new")[0] == 0


@pytest.mark.usefixtures("kept")
def test_an_export_is_written_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "history", "export", "-o", "all.json")[:2] == (0, "")
    assert len(json.loads(Path("all.json").read_text(encoding="utf-8"))["runs"]) == 6


def test_hostile_names_are_escaped(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDGUARD_STORE", "sqlite:///h.db")
    ran(capsys, "check", "--snapshot", night(1, sample.snapshot(name=sample.HOSTILE)))
    for words in (("list",), ("show", "0"), ("show", ETCD[:1]), ("trend",), ("export",)):
        status, out, err = ran(capsys, "history", *words)
        assert status in {0, 2}
        assert all(line.isprintable() for line in (out + err).splitlines())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show",), "name a finding by its id, or a cluster"),
        (("show", "nothing"), "has no finding or cluster 'nothing'"),
        (("prune",), "--keep is missing"),
        (("list", "--store", "sqlite:///none.db"), "there is no history in none.db"),
        (("list", "--store", "mysql://guard:s3cret@db/x"), "must begin"),
        (("export", "-o", "none/all.json"), "there is no folder"),
        (("trend", "--every", "soon"), "is not a time"),
    ],
)
@pytest.mark.usefixtures("kept")
def test_a_wrong_command_is_refused_in_one_line_without_the_password(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    text = refusal(capsys, "history", *words)
    assert says in text
    assert "s3cret" not in text
    assert not Path("none.db").exists()


def test_a_state_folder_that_can_t_be_made_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert "cannot make the folder" in refusal(capsys, "history", "init")
