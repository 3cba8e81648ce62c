"""A report's file has everything that the formats show: read back, each format renders the same text."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sample
from cloudguard import pipeline
from cloudguard.errors import UsageError
from cloudguard.formats import json_report
from cloudguard.model.files import snapshot_file
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    Edit,
    GroupEdit,
    ListEdit,
    MembershipEdit,
    PeerOf,
    Procedure,
    Resource,
    RuleEdit,
    RuleOp,
    RulePeer,
    RuleTraffic,
)
from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate
from cloudguard.results.facts import Action, Direction, Effect, Statement
from cloudguard.results.files.report_file import load
from cloudguard.results.finding import Severity, Waiver
from cloudguard.results.report import Declared, Report
from command import install, ran, refusal
from rendered import CHEAP, rendered

OLDER = Path(__file__).parents[3] / "support" / "older"
"""Files that an older version wrote about one cluster."""
FULL = replace(
    sample.report(
        sample.finding(1, Severity.LOW),
        sample.finding(2, Severity.CRITICAL, changes=("c-1",)),
        sample.finding(3, Severity.HIGH, waived=Waiver("ops", "it is a lab", "2027-01-01")),
        unknown=("the filter of n-1",),
        gaps=(sample.GAP,),
    ),
    declarations=(Declared("admin-cidr", ("198.51.100.0/24",), "--admin-cidr"),),
)
HOSTILE = sample.report(sample.finding(1, text=sample.HOSTILE), text=sample.HOSTILE, unknown=(sample.HOSTILE,))
JUDGED = pipeline.evaluate(sample.snapshot(gaps=(sample.GAP,)))
REPORTS = {"full": FULL, "judged": JUDGED, "clean": sample.report()}


def read_back(report: Report) -> Report:
    """Return the report as read back from its own JSON."""
    return load(json_report.render(report).encode(), "report.json")


@pytest.mark.parametrize("format_name", [*CHEAP, "html"])
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_a_report_read_back_is_rendered_as_before(report: Report, format_name: str) -> None:
    assert rendered(read_back(report), format_name) == rendered(report, format_name)


@pytest.mark.parametrize("format_name", CHEAP)
def test_hostile_names_are_read_back_except_lone_surrogates(format_name: str) -> None:
    once = read_back(HOSTILE)
    assert once.cluster.name == sample.HOSTILE.replace("\ud800", "\\ud800")
    assert rendered(read_back(once), format_name) == rendered(once, format_name)


RANGE = RulePeer(PeerOf.RANGE, "0.0.0.0/0")
TRAFFIC = RuleTraffic(Direction.EGRESS, ServiceSet.parse("tcp/22-23"), RANGE, Action.DENY)
STATEMENT = Statement("#1", Effect.ALLOW, ("disk:*",), resources=("*",))
RESOURCE = Resource("interface", "eni-1", "n-1")
EDITS: tuple[Edit, ...] = (
    RuleEdit(RuleOp.MODIFY, "r", TRAFFIC, replace(TRAFFIC, services=ServiceSet.parse("tcp/22")), ("clients",), 7),
    RuleEdit(RuleOp.ADD, "", None, replace(TRAFFIC, action=Action.PERMIT)),
    RuleEdit(RuleOp.REMOVE, "r", TRAFFIC, None),
    AttributeEdit("rotation", "off", "on", (RESOURCE,), ("/dev/a",)),
    ListEdit("public ranges", "tcp/443", (RANGE,), (RulePeer(PeerOf.INSIDE),), ("nodes",)),
    GroupEdit(RulePeer(PeerOf.NEW_GROUP, "node"), "nodes", "net-1", (RESOURCE,)),
    MembershipEdit((RESOURCE,), ("a",), ("b",)),
    DocumentEdit(("{}",), (STATEMENT,), (StatementChange(StatementFate.DROP, "p", STATEMENT),), ("managed",), "why"),
    Procedure(("as it is",), ("copy it",)),
)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: type(edit).__name__)
def test_every_edit_is_read_back_unchanged(edit: Edit) -> None:
    change = Change("c", "etcd-access", "kind", Resource("filter", "f"), (edit,), loses=(TRAFFIC,))
    assert read_back(replace(FULL, plan=(change,))).plan == (change,)


def test_every_type_of_edit_is_tested() -> None:
    assert {type(edit) for edit in EDITS} == {*Edit.__args__}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is empty"),
        ("{", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "its schema is None"),
        ('{"schema": "cloudguard/report/v2"}', "its schema is 'cloudguard/report/v2', not 'cloudguard/report/v1'"),
        ('{"schema": "cloudguard/report/v1"}', "tool: missing; started: missing"),
    ],
)
def test_a_file_that_is_no_report_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text(text)
    assert fault in refusal(capsys, "report", "bad.json")


def test_a_wrong_time_is_refused() -> None:
    with pytest.raises(UsageError, match="finished: 'yesterday' is not a time"):
        load(json_report.render(replace(FULL, finished="yesterday")).encode(), "it")


def places(value: object) -> list[tuple[str | int, ...]]:
    """Return the paths of all members and items in a JSON value."""
    pairs: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        pairs += cast("dict[str, Any]", value).items()
    elif isinstance(value, list):
        pairs += enumerate(cast("list[object]", value))
    return [path for key, inner in pairs for path in [(key,), *((key, *rest) for rest in places(inner))]]


WHOLE = json.loads(json_report.render(replace(JUDGED, declarations=FULL.declarations)))
PLACES = places(WHOLE)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from([None, True, -1, "", "x", [], [None], {}, {"id": 1}]))
def test_a_file_with_a_wrong_value_is_read_or_refused(place: tuple[str | int, ...], value: object) -> None:
    document: Any = json.loads(json.dumps(WHOLE))
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with suppress(UsageError):
        report = load(json.dumps(document).encode(), "it")
        for format_name in CHEAP:
            assert rendered(report, format_name)


def test_the_report_command_has_the_output_and_status_of_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, tmp_path)
    Path("prod.json").write_text(snapshot_file.dump(sample.snapshot()), encoding="utf-8")
    assert ran(capsys, "check", "--snapshot", "prod.json", "-q", "-f", "json=report.json")[0] == 3
    for words in ((), ("-f", "markdown"), ("-f", "sarif", "--fail-on", "never"), ("--min-severity", "high", "-v")):
        checked = ran(capsys, "check", "--snapshot", "prod.json", *words)
        assert ran(capsys, "report", "report.json", *words) == checked
    assert "needs the file" in refusal(capsys, "report")


def test_a_report_of_an_older_version_is_rendered_in_every_format() -> None:
    data = (OLDER / "report.json").read_bytes()
    report = load(data, "it")
    for format_name in (*CHEAP, "asff", "html"):
        assert rendered(report, format_name)
    text = rendered(report, "table")
    now = rendered(pipeline.evaluate(snapshot_file.load((OLDER / "snapshot.json").read_bytes(), "it")), "table")
    paths = [line for line in now.splitlines() if line.lstrip().startswith("via ")]
    assert [line for line in paths if line not in text] == []
    assert [line for line in now.splitlines() if line.startswith("    - ") and line not in text] == []


def test_a_report_of_the_first_version_shows_its_changes_as_lines() -> None:
    document = json.loads((OLDER / "report.json").read_bytes())
    for host in document["cluster"]["hosts"]:
        del host["role_evidence"]
    written = {"id", "row", "kind", "resource", "rule", "before", "after", "why", "proved", "documents", "statements"}
    changes = [{key: change[key] for key in written & change.keys()} for change in document["plan"]["changes"]]
    document["plan"]["changes"] = changes
    report = load(json.dumps(document).encode(), "it")
    assert [change.order for change in report.plan] == [*range(1, len(changes) + 1)]
    assert all(change.mends for change in report.plan)
    for format_name in ("html", "markdown"):
        text = unescape(rendered(report, format_name))
        assert all(line in text for line in changes[0]["before"] + changes[0]["after"]), format_name
    assert "fixed by change 1" in rendered(report, "table")


def test_an_older_report_is_compared_with_today_s(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    today = pipeline.evaluate(snapshot_file.load((OLDER / "snapshot.json").read_bytes(), "it"))
    Path("today.json").write_text(json_report.render(today))
    status, out, _ = ran(capsys, "diff", str(OLDER / "report.json"), "today.json", "--fail-on", "never", "-f", "json")
    assert status in {0, 4}
    assert {finding["fate"] for finding in json.loads(out)["findings"]} == {"unchanged"}


def missing_paths(older: Any, today: Any, path: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """Return the paths of an older document that are missing in today's or have another type there."""
    alike = older is None or type(older) is type(today)
    if alike and isinstance(older, dict):
        before, now = cast("dict[str, Any]", older), cast("dict[str, Any]", today)
        gone = [f"{path}.{name} is gone" for name in before.keys() - now.keys()]
        both = before.keys() & now.keys()
        return gone + [line for name in both for line in missing_paths(before[name], now[name], f"{path}.{name}")]
    if alike and isinstance(older, list):
        pairs = zip(cast("list[object]", older), cast("list[object]", today), strict=False)
        return [line for item, other in pairs for line in missing_paths(item, other, f"{path}[]")]
    return [] if alike else [f"{path} is of another type"]


def test_the_json_contract_keeps_every_member_and_its_type() -> None:
    snapshot = snapshot_file.load((OLDER / "snapshot.json").read_bytes(), "it")
    today = json.loads(json_report.render(pipeline.evaluate(snapshot)))
    older = json.loads((OLDER / "report.json").read_text())
    assert missing_paths(older, today) == []
    assert [row["row"] for row in today["rows"]] == [row["row"] for row in older["rows"]]
    del today["rows"][0]["findings"][0]["severity"]
    assert missing_paths(older, today) == [".rows[].findings[].severity is gone"]
