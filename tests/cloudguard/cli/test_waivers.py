"""``cloudguard waivers``, and the effect of waivers on ``check``: verdicts, formats and exit statuses."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

import sample
from command import install, ran, refusal, today, written_snapshot

FILE = "cloudguard-waivers.toml"
WHO = ("--owner", "alice", "--reason", "until the VPN is there")
PLAIN = ("check", "--snapshot", "prod.json")


@pytest.fixture(autouse=True)
def snapshot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The file of the sample snapshot, finished today, and the provider "memory"."""
    install(monkeypatch, tmp_path)
    written_snapshot()
    document = json.loads(Path("prod.json").read_text(encoding="utf-8"))
    document["finished"] = f"{today()}T12:00:00+00:00"
    Path("prod.json").write_text(json.dumps(document), encoding="utf-8")
    return "prod.json"


def report(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, Any]:
    status, out, _ = ran(capsys, *PLAIN, "-f", "json", *flags)
    return status, json.loads(out)


def findings(document: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return [finding for row in document["rows"] for finding in row["findings"]]


def waive_all(capsys: pytest.CaptureFixture[str], *flags: str) -> None:
    assert ran(capsys, "waivers", "baseline", "--snapshot", "prod.json", *WHO, *flags)[0] == 0


def rewritten(old: str, new: str) -> None:
    """Replace a text in the waivers file. The file must contain the text."""
    text = Path(FILE).read_text(encoding="utf-8")
    assert old in text
    Path(FILE).write_text(text.replace(old, new), encoding="utf-8")


def test_a_baseline_waives_every_finding_and_all_its_waivers_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, *PLAIN)[0] == 3
    waive_all(capsys)
    status, document = report(capsys, "--strict-waivers")
    assert status == 0
    assert {row["verdict"] for row in document["rows"]} == {"WAIVED", "PASS"}
    assert {use["state"] for use in document["waivers"]} == {"active"}
    assert all(use["origin"] == str(Path(FILE).resolve()) for use in document["waivers"])
    assert all(bool(finding["waived"]) is (finding["severity"] != "low") for finding in findings(document))


def test_add_waives_one_finding_by_its_number_and_keeps_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path(FILE).write_text("# ours\n", encoding="utf-8")
    Path(FILE).chmod(0o644)
    status, out, err = ran(capsys, "waivers", "add", "1", "--snapshot", "prod.json", *WHO, "--expires", "30d")
    assert (status, out) == (0, "")
    assert err == f"cloudguard: 1 waiver by alice until {today() + timedelta(days=30)} written to {FILE}\n"
    assert Path(FILE).read_text(encoding="utf-8").startswith("# ours\n")
    assert Path(FILE).stat().st_mode & 0o777 == 0o644
    _, document = report(capsys)
    (waived,) = (finding for finding in findings(document) if finding["waived"])
    assert waived["number"] == 1
    assert waived["waived"]["reason"] == "until the VPN is there"


def test_a_baseline_includes_low_findings_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys, "--fail-on", "low")
    assert report(capsys, "--fail-on", "low")[0] == 0


def test_a_finding_with_an_expired_waiver_counts_and_its_owner_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    rewritten(f"expires = {today() + timedelta(days=90)}", f"expires = {today() - timedelta(days=1)}")
    status, out, err = ran(capsys, *PLAIN, "-f", "json")
    assert status == 3
    assert {use["state"] for use in json.loads(out)["waivers"]} == {"expired"}
    assert f"waived by alice expired on {today() - timedelta(days=1)}: finding 1 counts" in err
    assert ran(capsys, *PLAIN, "--fail-on", "never")[0] == 0
    assert ran(capsys, *PLAIN, "--fail-on", "never", "--strict-waivers")[0] == 3


def test_an_unused_waiver_is_a_warning_and_a_finding_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    text = Path(FILE).read_text(encoding="utf-8")
    more = f'[[waiver]]\ncheck = "etcd-access/plaintext"\nreason = "r"\nowner = "bob"\nexpires = {today()}\n'
    Path(FILE).write_text(text + more, encoding="utf-8")
    status, _, err = ran(capsys, *PLAIN, "-f", "json")
    assert status == 0
    assert "cloudguard: waiver unused: etcd-access/plaintext, waived by bob" in err
    assert ran(capsys, *PLAIN, "--strict-waivers")[0] == 3
    status, out, err = ran(capsys, "waivers", "check", "--snapshot", "prod.json")
    assert (status, "unused" in out, "there is no such finding" in err) == (3, True, True)


def test_a_waiver_that_expires_soon_is_announced(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys, "--expires", "7d")
    status, _, err = ran(capsys, *PLAIN, "-f", "json", "--strict-waivers")
    assert status == 0
    assert "cloudguard: waiver expiring: finding " in err
    assert ", 7 days left; until the VPN is there" in err


def test_a_waived_finding_that_became_wider_counts_again(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    rewritten("0.0.0.0/0 to", "198.51.100.0/24 to")
    status, out, err = ran(capsys, *PLAIN)
    assert status == 3
    assert "outgrown: finding" in out
    assert "wider than the waiver: tcp/" in err
    assert ran(capsys, "waivers", "check", "--snapshot", "prod.json")[0] == 3
    waive_all(capsys)
    assert report(capsys)[0] == 0


def test_every_format_shows_waivers(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    forms = ("table", "markdown", "sarif", "junit", "csv", "ocsf", "gitlab", "github", "openmetrics")
    texts = {form: ran(capsys, *PLAIN, "-f", form, "--verbose")[1] for form in forms}
    assert "waived by alice" in texts["table"]
    assert "WAIVERS" in texts["table"]
    assert "## Waivers" in texts["markdown"]
    results = json.loads(texts["sarif"])["runs"][0]["results"]
    assert {bool(result["suppressions"]) for result in results if result["level"] != "note"} == {True}
    suite = fromstring(texts["junit"])  # noqa: S314 - made just now
    assert (suite.get("failures"), int(suite.get("skipped", "0")) > 0) == ("0", True)
    lines = [*csv.DictReader(StringIO(texts["csv"]))]
    assert {bool(line["waived"]) for line in lines if line["severity"] not in {"", "low"}} == {True}
    statuses = {event["status"] for event in json.loads(texts["ocsf"]) if event["compliance"]["status"] == "Fail"}
    assert statuses == {"Suppressed"}
    assert all(item["severity"] == "info" for item in json.loads(texts["gitlab"]))
    assert "::error" not in texts["github"]
    active = len(report(capsys)[1]["waivers"])
    assert f'state="active"}} {float(active)}' in texts["openmetrics"]
    number = ran(capsys, "explain", "1", "--snapshot", "prod.json")[1]
    assert "waived by alice" in number


def test_a_plan_edits_nothing_for_waived_findings(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    status, out, _ = ran(capsys, "plan", "--snapshot", "prod.json")
    assert (status, "@@" in out) == (0, False)


@pytest.mark.parametrize("way", ["flag", "variable", "file", "tables"])
def test_a_flag_a_variable_and_a_file_may_name_waivers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    waive_all(capsys)
    text = Path(FILE).read_text(encoding="utf-8")
    Path(FILE).rename("other.toml")
    assert report(capsys)[0] == 3
    flags: tuple[str, ...] = ("--waivers", "other.toml") if way == "flag" else ()
    if way == "variable":
        monkeypatch.setenv("CLOUDGUARD_WAIVERS", "other.toml")
    if way == "file":
        Path("cloudguard.toml").write_text('waivers = "other.toml"\n')
    if way == "tables":
        Path("cloudguard.toml").write_text(text)
    status, document = report(capsys, *flags)
    name = "cloudguard.toml" if way == "tables" else "other.toml"
    assert (status, {use["origin"] for use in document["waivers"]}) == (0, {str(Path(name).resolve())})


def test_cloudguard_toml_may_not_set_strict_waivers(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cloudguard.toml").write_text("strict-waivers = true\n")
    assert "strict-waivers is allowed only in a file that is named with --config" in refusal(capsys, *PLAIN)


def test_a_wrong_waivers_file_is_refused_with_all_its_faults(capsys: pytest.CaptureFixture[str]) -> None:
    Path(FILE).write_text('[[waiver]]\nowner = "o"\nexpires = "x"\ncheck = "a"\n', encoding="utf-8")
    for words in (PLAIN, ("waivers", "list"), ("waivers", "check"), ("plan", "--snapshot", "prod.json")):
        status, _, err = ran(capsys, *words)
        assert (status, err.count("\n")) == (2, 2), words
        assert f"{FILE}: waiver[0].reason: missing" in err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("add", "--snapshot", "prod.json", *WHO), "name the finding"),
        (("add", "99", "--snapshot", "prod.json", *WHO), "has no finding '99'"),
        (("add", "1", "--snapshot", "prod.json", "--owner", "a"), "--reason is missing"),
        (("add", "1", "--snapshot", "prod.json", "--reason", "a"), "--owner is missing"),
        (("add", "1", "--snapshot", "prod.json", *WHO, "--expires", "soon"), "'soon' is not a date"),
        (("add", "1", "--snapshot", "prod.json", *WHO, "--expires", "401d"), "more than 400 days ahead"),
        (("add", "1", "--snapshot", "prod.json", *WHO, "--expires", "2020-01-01"), "is in the past"),
        (("add", "1", *WHO), "name a provider"),
        (("baseline", "--snapshot", "prod.json", *WHO, "--fail-on", "never"), "selects no finding"),
        (("check",), "no waiver is declared"),
        (("renew",), "No such command"),
    ],
)
def test_a_wrong_command_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], part: str
) -> None:
    assert part in refusal(capsys, "waivers", *words)
    assert not Path(FILE).exists()


def test_waivers_are_listed_without_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    status, out, _ = ran(capsys, "waivers", "list")
    assert (status, "alice" in out, "prod" in out) == (0, True, True)
    listed = json.loads(ran(capsys, "waivers", "list", "-f", "json")[1])
    assert listed[0]["expires"] == str(today() + timedelta(days=90))
    assert ran(capsys, "waivers", "check")[0] == 0
    states = json.loads(ran(capsys, "waivers", "check", "--snapshot", "prod.json", "-f", "json")[1])
    assert {state["state"] for state in states} == {"active"}
    rewritten(f"expires = {today() + timedelta(days=90)}", "expires = 2020-01-01")
    assert ran(capsys, "waivers", "check")[0] == 3


def test_hostile_names_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = sample.HOSTILE.replace("\ud800", "") + "=cmd" + "x" * 10_000
    waive_all(capsys, "--owner", hostile, "--reason", hostile)
    assert report(capsys)[0] == 0
    for form in ("table", "markdown", "sarif", "junit", "csv", "ocsf", "github", "openmetrics"):
        _, out, err = ran(capsys, *PLAIN, "-f", form, "--verbose")
        assert not any(bad in out.replace("\r\n", "") + err for bad in ("\x1b", "\u202e", "\x9b", "\r")), form
    for words in (("list",), ("check", "--snapshot", "prod.json")):
        _, out, err = ran(capsys, "waivers", *words)
        assert "\u202e" not in out + err


def test_waivers_reads_a_cluster_as_check_does(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("memory", "--cluster", "prod")
    assert ran(capsys, "waivers", "baseline", *asked, *WHO)[0] == 0
    assert ran(capsys, "check", *asked, "--strict-waivers")[0] == 0
    status, out, _ = ran(capsys, "waivers", "check", *asked, "-f", "json")
    assert (status, {item["state"] for item in json.loads(out)}) == (0, {"active"})


def test_a_waiver_for_another_cluster_is_not_unused(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    rewritten('cluster = "prod"', 'cluster = "stage"')
    status, document = report(capsys, "--strict-waivers")
    assert (status, document["waivers"]) == (3, [])


SHARED = ("check", "memory", "--strict-waivers")


def _states(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, list[str]], str]:
    """Check several clusters. Return the status, the states of the waivers by cluster, and stderr."""
    status, out, err = ran(capsys, *SHARED, *words, "-f", "json")
    reports = json.loads(out)["reports"]
    return status, {report["cluster"]["name"]: [use["state"] for use in report["waivers"]] for report in reports}, err


def test_a_waiver_is_unused_only_if_no_cluster_of_the_run_uses_it(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("prod", "hostile"):
        assert ran(capsys, "waivers", "baseline", "memory", "--cluster", name, *WHO)[0] == 0
    text = re.sub("cluster = .*\n", "", Path(FILE).read_text(encoding="utf-8"))
    Path(FILE).write_text(text, encoding="utf-8")
    both = ("--cluster=prod", "--cluster=hostile")
    status, states, _ = _states(capsys, *both)
    assert (status, {state for listed in states.values() for state in listed}) == (0, {"active"})
    alone = json.loads(ran(capsys, "check", "memory", "--cluster=prod", "-f", "json")[1])["waivers"]
    assert {use["state"] for use in alone} == {"active", "unused"}
    text += f'[[waiver]]\nfinding = "{"0" * 12}"\nreason = "r"\nowner = "o"\nexpires = {today()}\n'
    Path(FILE).write_text(text, encoding="utf-8")
    status, states, err = _states(capsys, *both)
    assert (status, [state[-1] for state in states.values()]) == (3, ["unused"] * 2)
    assert err.count("there is no such finding") == err.count("cloudguard: waiver unused: finding 000000000000") == 1


def test_a_waiver_for_an_unread_cluster_is_unknown_not_unused(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    unused = '\n[[waiver]]\ncheck = "etcd-encryption/pool"\nreason = "r"\nowner = "o"\nexpires = {}\ncluster = "{}"\n'
    text = Path(FILE).read_text(encoding="utf-8")
    Path(FILE).write_text(text + "".join(unused.format(today(), name) for name in ("prod", "*")), encoding="utf-8")
    _, states, _ = _states(capsys, "--cluster=prod", "--cluster=locked")
    assert states["prod"][-2:] == ["unused", "unknown"]
    _, states, _ = _states(capsys, "--cluster=prod", "--shard=1/1")
    assert states["prod"][-2:] == ["unused", "unused"]


def test_diff_marks_waived_findings(capsys: pytest.CaptureFixture[str]) -> None:
    waive_all(capsys)
    text = Path("prod.json").read_text(encoding="utf-8")
    Path("before.json").write_text(text.replace("0.0.0.0/0", "10.0.0.0/8"), encoding="utf-8")
    assert "0.0.0.0/0" in text
    _, out, _ = ran(capsys, "diff", "before.json", "prod.json", "-f", "json")
    waived = [finding for finding in json.loads(out)["findings"] if finding.get("waived")]
    assert waived
