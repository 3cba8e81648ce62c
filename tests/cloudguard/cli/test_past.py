"""Changes since the last run or a baseline: gates, --only-changes with a heartbeat, and stores that fail."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

import sample
from cloudguard.needs.setting import Setting
from cloudguard.needs.settings import BASELINE, FAIL_ON_NEW, HEARTBEAT, LOCK_WAIT, ONLY_CHANGES, STORE
from command import install, ran, refusal
from nights import denied, night, without

AT = ("--store", "sqlite:///h.db")
OPEN = sample.snapshot()
SHUT = without("r-etcd")


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"; the user's state folder is empty."""
    install(monkeypatch, tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def status(capsys: pytest.CaptureFixture[str], *words: str) -> int:
    """Run ``check`` on a snapshot and return its status."""
    return ran(capsys, "check", "--snapshot", *words)[0]


def test_a_check_writes_nothing_unless_a_store_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {*tmp_path.rglob("*"), tmp_path / "work" / night(1)}
    assert status(capsys, "night-1.json") == 3
    monkeypatch.setenv("CLOUDGUARD_STORE", "none")
    assert status(capsys, "night-1.json") == 3
    assert {*tmp_path.rglob("*")} == before


def test_with_fail_on_new_only_new_findings_give_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    gate = (*AT, "--fail-on-new")
    nights = [SHUT, SHUT, OPEN, OPEN, SHUT, OPEN, denied(OPEN), OPEN, denied(SHUT), SHUT]
    statuses = [status(capsys, night(day, snapshot), *gate) for day, snapshot in enumerate(nights, 1)]
    assert statuses == [3, 0, 3, 0, 0, 3, 4, 0, 4, 0]


def test_findings_behind_a_denied_permission_are_unconfirmed(capsys: pytest.CaptureFixture[str]) -> None:
    status(capsys, night(1), *AT)
    _, out, _ = ran(capsys, "check", "--snapshot", night(2, denied(OPEN)), *AT, "-f", "json")
    since = json.loads(out)["since"]
    fates = {finding["check"]: finding["fate"] for finding in since["findings"] if finding["severity"] != "low"}
    assert fates == {"api-server-access/internet": "unconfirmed", "etcd-access/internet": "unconfirmed"}
    assert "etcd-access" in since["newly_unknown"]
    _, out, _ = ran(capsys, "check", "--snapshot", night(3, SHUT), *AT, "-f", "json")
    assert "fixed" in {finding["fate"] for finding in json.loads(out)["since"]["findings"]}


def test_a_baseline_is_an_earlier_json_report(capsys: pytest.CaptureFixture[str]) -> None:
    status(capsys, night(1, SHUT), "-f", "json=shut.json")
    status(capsys, night(2), "-f", "json=open.json")
    gate = ("night-2.json", "--fail-on-new", "--baseline")
    assert [status(capsys, *gate, "shut.json"), status(capsys, *gate, "open.json")] == [3, 0]
    assert not Path("h.db").exists()


def test_a_baseline_of_another_cluster_is_an_error_after_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    status(capsys, night(1, sample.snapshot(name="other")), "-f", "json=other.json")
    code, out, err = ran(capsys, "check", "--snapshot", night(2), "--baseline", "other.json")
    assert code == 2
    assert "etcd-access" in out
    assert "--baseline: the report is on the cluster memory 1234 other here, not on memory 1234 prod here" in err


@pytest.mark.parametrize("content", ["{}", "", '{"schema": "cloudguard/report/v1"}'])
def test_a_baseline_that_is_no_report_is_refused(capsys: pytest.CaptureFixture[str], content: str) -> None:
    Path("bad.json").write_text(content, encoding="utf-8")
    assert "bad.json is not a report of cloudguard" in refusal(
        capsys, "check", "--snapshot", night(1), "--baseline", "bad.json"
    )


def test_only_changes_prints_nothing_without_changes_until_the_heartbeat(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = (*AT, "--only-changes", "--heartbeat", "7d", "-f", "table", "-f", "json=latest.json")
    printed = list[str]()
    for day, snapshot in enumerate((OPEN, OPEN, SHUT, SHUT, denied(SHUT), denied(SHUT), SHUT, *[SHUT] * 7), 1):
        _, out, err = ran(capsys, "check", "--snapshot", night(day, snapshot), *quiet)
        lines = [line for line in err.splitlines() if "made a history" not in line]
        assert bool(out) is bool(lines)
        assert json.loads(Path("latest.json").read_text(encoding="utf-8"))["finished"][8:10] == f"{day:02}"
        printed += [str(day)] if out else []
    assert printed == ["1", "3", "5", "7", "14"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--fail-on-new",), "--fail-on-new needs an earlier run"),
        (("--only-changes", "--store", "none"), "--only-changes needs an earlier run"),
        (("--heartbeat", "7d", *AT), "--heartbeat has no effect without --only-changes"),
        (("--store", "h.db"), "must begin with sqlite:///"),
        (("--store", "sqlite://h.db"), "is sqlite:/// and the file, without options"),
        (("--store", "sqlite:///"), "is sqlite:/// and the file, without options"),
        (("--store", "mysql://guard:s3cret@db/x"), "must begin"),
        (("--store", "postgresql://guard:s3cret@db:port/x"), "not valid"),
        (("--store", "sqlite:///none/h.db"), "there is no folder none"),
        (("--store", "sqlite:///."), "is not a file"),
        (("--lock-wait", "soon", *AT), "is not a time: write 90s, 30m, 2h or 7d"),
    ],
)
def test_a_wrong_flag_is_refused_in_one_line_without_the_password(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    text = refusal(capsys, "check", "--snapshot", night(1), *words)
    assert says in text
    assert "s3cret" not in text


def test_cloudguard_toml_may_not_set_stores_baselines_or_gates(capsys: pytest.CaptureFixture[str]) -> None:
    settings: tuple[Setting[object], ...] = (STORE, BASELINE, FAIL_ON_NEW, ONLY_CHANGES, HEARTBEAT, LOCK_WAIT)
    values = (
        f"{setting.name} = {'true' if setting.kind.switch else chr(34) + '7d' + chr(34)}\n" for setting in settings
    )
    Path("cloudguard.toml").write_text("".join(values), encoding="utf-8")
    code, _, err = ran(capsys, "check", "--snapshot", night(1))
    assert code == 2
    for setting in settings:
        assert f"{setting.name} is allowed only in a file that is named with --config" in err


def test_a_named_file_and_a_variable_may_set_the_store_and_the_gate(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("nightly.toml").write_text('store = "sqlite:///h.db"\nfail-on-new = true\n', encoding="utf-8")
    named = ("--config", "nightly.toml")
    assert [status(capsys, night(1), *named), status(capsys, night(2), *named)] == [3, 0]
    monkeypatch.setenv("CLOUDGUARD_STORE", "sqlite:///h.db")
    monkeypatch.setenv("CLOUDGUARD_FAIL_ON_NEW", "yes")
    assert status(capsys, night(3)) == 0


def test_a_store_that_fails_loses_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path("h.db").write_bytes(b"no database at all" * 1000)
    code, out, err = ran(capsys, "check", "--snapshot", night(1), *AT, "-f", "table", "-f", "json=report.json")
    assert code == 1
    assert "etcd-access" in out
    assert Path("report.json").is_file()
    assert [line for line in err.splitlines() if "sqlite:///h.db" in line] == [
        "cloudguard: the store sqlite:///h.db failed: file is not a database"
    ]


def test_a_store_that_fails_during_the_writing_loses_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    status(capsys, night(1), *AT)
    with sqlite3.connect("h.db") as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON cloudguard_run BEGIN SELECT RAISE(FAIL, 'full'); END")
    code, out, err = ran(capsys, "check", "--snapshot", night(2), *AT)
    assert code == 1
    assert "since  2026-01-01" in out
    assert "the store sqlite:///h.db failed: full" in err


def test_a_database_with_other_tables_is_not_changed(capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect("h.db") as connection:
        connection.execute("CREATE TABLE theirs (id)")
    before = Path("h.db").read_bytes()
    assert "has tables, but no history" in refusal(capsys, "check", "--snapshot", night(1), *AT)
    assert Path("h.db").read_bytes() == before


def test_each_of_several_clusters_is_stored_and_compared_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    several = ("check", "memory", "--cluster", "prod", "--cluster", "gappy", "--cluster", "none")
    status, _, _ = ran(capsys, *several, *AT, "-f", "json=first.json")
    assert status == 5
    status, out, err = ran(capsys, *several, *AT, "--only-changes", "--fail-on-new")
    assert status == 4
    assert "none" in out + err
    assert "gappy" not in out
    status, out, _ = ran(capsys, *several, "--baseline", "first.json", "--fail-on-new", "-f", "json")
    assert status == 4
    since = {report["cluster"]["name"]: report["since"] is not None for report in json.loads(out)["reports"]}
    assert since == {"prod": True, "gappy": True, "none": False}
