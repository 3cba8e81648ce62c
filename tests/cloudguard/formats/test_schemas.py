"""The published JSON Schemas are made from the types, and every written file fits its schema."""

from __future__ import annotations

import json
import tomllib
from contextlib import nullcontext
from pathlib import Path

import pytest

import sample
from cloudguard import pipeline
from cloudguard.cli.subcommands.schema import FILES, text_of
from cloudguard.comparison.findings import compared
from cloudguard.comparison.listed import listed
from cloudguard.errors import SettingsError
from cloudguard.formats import json_report
from cloudguard.formats.contract import comparison_shapes, plan_shapes
from cloudguard.model.files import snapshot_file
from cloudguard.needs.declarations_file import read
from cloudguard.results.comparison import Comparison
from cloudguard.results.plan import Plan
from command import ran, refusal
from contract import assert_contract, faults
from docs.json_schemas import pages

OLDER = Path(__file__).parents[2] / "support" / "older"
SNAPSHOT = snapshot_file.load((OLDER / "snapshot.json").read_bytes(), "it")
REPORT = pipeline.evaluate(SNAPSHOT)


def test_the_published_schemas_are_up_to_date() -> None:
    stale = [path.name for path, text in pages().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize("name", FILES)
def test_the_schema_command_prints_a_schema(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert ran(capsys, "schema", name) == (0, text_of(name), "")
    assert json.loads(text_of(name))["description"]


def test_an_unknown_schema_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "One of: report" in refusal(capsys, "schema", "reports")
    assert "One of: report" in refusal(capsys, "schema")


@pytest.mark.parametrize("report", [REPORT, sample.report(sample.finding()), sample.report()])
def test_a_report_fits_its_schema(report: object) -> None:
    assert isinstance(report, type(REPORT))
    assert_contract(report)


def test_other_files_fit_their_pages() -> None:
    assert faults("snapshot", snapshot_file.dump(SNAPSHOT)) == []
    assert faults("plan", plan_shapes.as_json(pipeline.plan(sample.snapshot()).plan)) == []
    assert faults("plan", plan_shapes.as_json(Plan(REPORT))) == []
    access = pipeline.access_changes(SNAPSHOT, SNAPSHOT)
    comparison = Comparison("prod", "a", "b", compared(listed(sample.report()), listed(REPORT)), access=access)
    assert faults("comparison", comparison_shapes.as_json(comparison)) == []


@pytest.mark.parametrize("name", ["report", "snapshot", "plan", "comparison"])
def test_files_of_an_older_version_fit_today_s_schema(name: str) -> None:
    assert faults(name, (OLDER / f"{name}.json").read_text(encoding="utf-8"), strict=False) == []


WAIVED = '[[waiver]]\nfinding = "0123456789ab"\nreason = "a lab"\nowner = "ops"\nexpires = "2027-01-31"\n'


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("config", 'admin-cidr = "198.51.100.0/24"\nrequire-cmk = true\n[host]\ni-1 = "node"\n', True),
        ("config", '[[need]]\nrole = "node"\nreason = "ours"\npeer = "10.0.0.0/8"\nservices = "tcp/9100"\n', True),
        ("config", WAIVED, True),
        ("waivers", WAIVED, True),
        ("config", "admin-cdir = []\n", False),
        ("config", "require-cmk = 1\n", False),
        ("config", 'fail-on = "bad"\n', False),
        ("config", '[[need]]\nrole = "node"\n', False),
        ("waivers", WAIVED.replace("owner", "who"), False),
    ],
)
def test_the_schemas_of_settings_and_waivers_agree_with_the_readers(name: str, text: str, right: bool) -> None:  # noqa: FBT001 - a parameter
    raw = tomllib.loads(text)
    assert (faults(name, json.dumps(raw)) == []) is right
    with nullcontext() if right else pytest.raises(SettingsError):
        read(raw, "it")


def test_wrong_values_and_members_are_found() -> None:
    document = json.loads(json_report.render(REPORT))
    document["rows"][0]["verdict"] = "MAYBE"
    document["more"] = 1
    wrong = faults("report", json.dumps(document))
    assert len(wrong) == 2
    assert faults("report", json.dumps(document), strict=False) == [one for one in wrong if "verdict" in one]
