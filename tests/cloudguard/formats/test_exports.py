"""Formats for other programs, each checked by its consumer's validator."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

import boto3
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from moto import mock_aws

import sample
from cloudguard.errors import UsageError
from cloudguard.formats.exports import (
    asff,
    code_quality,
    junit,
    ocsf,
    openmetrics,
    sarif,
    spreadsheet,
    workflow_commands,
)
from cloudguard.formats.exports.common import Export
from cloudguard.known import references_about
from cloudguard.results.finding import Severity, Waiver
from cloudguard.results.report import Report, Verdict
from cloudguard.rows.judge import ROWS
from cloudguard.rows.references import checks_with_references, with_references
from validators import VALIDATORS, needs

JUNITPARSER: Final[Any] = import_module("junitparser")
OCSF: Final[Any] = import_module("ocsf_json_schema")
JSONSCHEMA: Final[Any] = import_module("jsonschema")
METRICS: Final[Any] = import_module("prometheus_client.openmetrics.parser")
"""Libraries without types; the tests check what they return."""
CHECKS: Final = checks_with_references(
    (check for row in ROWS for check in row.CHECKS), references_about("aws"), managed=False
)
WAIVER: Final = Waiver("ops", "it is a lab", "2027-01-01")
FULL: Final = sample.report(
    sample.finding(1, Severity.LOW),
    sample.finding(2, Severity.CRITICAL, changes=("c-1",)),
    sample.finding(3, Severity.HIGH, waived=WAIVER),
    unknown=("the filter of n-1",),
    gaps=(sample.GAP,),
)
CLEAN: Final = sample.report()
FORMULA: Final = "=cmd|'/c calc'!A1"
HOSTILE: Final = sample.report(
    sample.finding(1, text=sample.HOSTILE),
    sample.finding(2, text=FORMULA),
    sample.finding(3, text=f"{sample.HOSTILE * 400}::error::%0A"),
    text=sample.HOSTILE,
    unknown=(sample.HOSTILE,),
    gaps=(sample.GAP,),
)
UNKNOWN: Final = ("etcd-access",)
"""The rows of FULL and HOSTILE with unknown parts."""
REPORTS: Final = (FULL, CLEAN, HOSTILE)
EXPORTS: Final = (sarif, junit, spreadsheet, ocsf, code_quality, workflow_commands, openmetrics)


def on_aws(report: Report) -> Report:
    """Return the report with its cluster in an AWS account."""
    return replace(
        report, cluster=replace(report.cluster, provider="aws", account="123456789012", regions=("eu-west-1",))
    )


def rendered(export: ModuleType, report: Report) -> str:
    """Return the text that an export writes."""
    return str(export.render(Export((report,), lambda _report: CHECKS)))


@pytest.mark.parametrize("report", REPORTS, ids=["full", "clean", "hostile"])
@pytest.mark.parametrize("export", EXPORTS, ids=[row.__name__.rpartition(".")[2] for row in EXPORTS])
def test_every_export_escapes_names_and_is_deterministic(export: ModuleType, report: Report) -> None:
    text = rendered(export, report)
    assert text == rendered(export, report)
    assert all(char.isprintable() or char in "\n\r" for char in text)


MULTITOOL: Final = VALIDATORS / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
PROMTOOL: Final = VALIDATORS / "usr/bin/promtool"


@needs(MULTITOOL)
def test_sarif_is_valid_for_github(tmp_path: Path) -> None:
    files = [f"{number}.sarif" for number in range(len(REPORTS))]
    for file, report in zip(files, REPORTS, strict=True):
        (tmp_path / file).write_text(rendered(sarif, report), encoding="utf-8")
    sarif_file = tmp_path / "told.sarif"
    command = [str(MULTITOOL), "validate", *files, "--rule-kind", "Sarif;Ghas", "--output", str(sarif_file)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert sarif_file.exists(), done.stdout + done.stderr
    assert f"{len(files)} files scanned" in done.stdout
    (run,) = json.loads(sarif_file.read_text(encoding="utf-8-sig"))["runs"]
    said = [
        f"{result['ruleId']}: {result['message']}" for result in run.get("results", ()) if result.get("level") != "note"
    ]
    assert said == []


def test_sarif_has_waived_findings_and_gaps() -> None:
    (run,) = json.loads(rendered(sarif, FULL))["runs"]
    assert [(result["level"], bool(result["suppressions"])) for result in run["results"]] == [
        ("error", False),
        ("error", True),
        ("note", False),
    ]
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert "memory:ReadFilters" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {check.id for check in CHECKS}


def test_sarif_rules_refer_to_standards_as_their_results_do() -> None:
    aws = replace(FULL, rows=with_references(FULL.rows, references_about("aws"), managed=False))
    (run,) = json.loads(rendered(sarif, aws))["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        rule = rules[result["ruleId"]]
        assert rule["properties"]["references"] == result["properties"]["references"] != []
        assert rule["helpUri"] == result["properties"]["references"][0]["link"]
    assert all("https://" in rule["help"][form] for rule in rules.values() for form in ("text", "markdown"))
    assert any("CIS" in reference["id"] for rule in rules.values() for reference in rule["properties"]["references"])


def test_junit_has_failures_skips_for_waived_findings_and_errors_for_unknown() -> None:
    suites = JUNITPARSER.JUnitXml.fromstring(rendered(junit, FULL).encode())
    cases = [case for suite in suites for case in suite]
    outcomes = [str(type(result).__name__) for case in cases for result in case.result]
    assert sorted(outcomes) == ["Error", "Failure", "Skipped"]
    totals = (suites.tests, suites.failures, suites.skipped, suites.errors)
    assert totals == (len(cases), 1, 1, 1)
    suites.update_statistics()
    assert totals == (suites.tests, suites.failures, suites.skipped, suites.errors)


def test_junit_case_names_are_unique() -> None:
    suites = JUNITPARSER.JUnitXml.fromstring(rendered(junit, HOSTILE).encode())
    names = [str(case.name) for suite in suites for case in suite]
    assert len(names) == len(set(names))


def test_csv_has_a_line_for_each_finding_and_each_row_without_findings() -> None:
    lines = [*csv.DictReader(io.StringIO(rendered(spreadsheet, FULL)))]
    assert sorted(line["number"] for line in lines) == ["", "1", "2", "3"]
    assert [line["verdict"] for line in csv.DictReader(io.StringIO(rendered(spreadsheet, CLEAN)))] == ["PASS", "PASS"]


def test_no_cell_of_csv_is_a_formula() -> None:
    cells = [cell for line in csv.reader(io.StringIO(rendered(spreadsheet, HOSTILE))) for cell in line]
    assert any(FORMULA in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_code_quality_has_unique_fingerprints_and_gitlab_s_severities() -> None:
    found = json.loads(rendered(code_quality, FULL))
    assert [item["severity"] for item in found] == ["blocker", "info", "major"]
    assert found[-1]["description"] == "etcd-access is not completely known: the filter of n-1"
    assert len({item["fingerprint"] for item in found}) == len(found)
    assert all(item["location"]["path"].startswith("cloud/memory/1234/prod/") for item in found)


def test_workflow_commands_have_one_command_per_line() -> None:
    lines = rendered(workflow_commands, HOSTILE).splitlines()
    assert len(lines) == len(HOSTILE.findings) + len(HOSTILE.gaps) + len(UNKNOWN) + 1
    assert all(line.startswith(("::error title=", "::warning title=", "::notice title=")) for line in lines)
    assert not any("%0A" in line for line in lines)


def metrics(report: Report) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the value of each sample by its name and its labels, without the cluster's labels."""
    families: Any = METRICS.text_string_to_metric_families(rendered(openmetrics, report))
    samples = [sample for family in families for sample in family.samples]
    own = {"cluster", "provider", "account"}
    return {
        (sample.name, tuple(sorted(pair for pair in sample.labels.items() if pair[0] not in own))): sample.value
        for sample in samples
    }


def test_metrics_have_the_times_and_the_numbers_of_findings() -> None:
    found = metrics(FULL)
    assert found["cloudguard_complete", ()] == 0
    assert ("cloudguard_last_complete_run_timestamp_seconds", ()) not in found
    assert found["cloudguard_findings", (("row", "etcd-access"), ("severity", "critical"))] == 1
    assert found["cloudguard_waived_findings", (("row", "etcd-access"),)] == 1
    assert found["cloudguard_verdict", (("row", "etcd-access"), ("verdict", "FAIL"))] == 1
    assert metrics(CLEAN)["cloudguard_complete", ()] == 1


def test_the_number_of_series_does_not_grow_with_findings() -> None:
    many = sample.report(*(sample.finding(number, Severity.HIGH) for number in range(1, 60)))
    assert len(metrics(many)) == len(metrics(CLEAN))


@needs(PROMTOOL)
@pytest.mark.parametrize("report", REPORTS, ids=["full", "clean", "hostile"])
def test_promtool_accepts_the_metrics(report: Report) -> None:
    text = rendered(openmetrics, report).replace(
        "# EOF\n", ""
    )  # promtool reads Prometheus' text format, which has no EOF line
    command = [str(PROMTOOL), "check", "metrics"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def compliance_finding() -> Any:  # noqa: ANN401 - a library without types
    schemas = OCSF.OcsfJsonSchemaEmbedded(OCSF.get_ocsf_schema("1.5.0"))
    return JSONSCHEMA.Draft202012Validator(schemas.get_class_schema("compliance_finding", ["cloud"]))


@pytest.mark.parametrize("report", REPORTS, ids=["full", "clean", "hostile"])
def test_ocsf_events_are_compliance_findings(compliance_finding: Any, report: Report) -> None:  # noqa: ANN401 - likewise
    events = json.loads(rendered(ocsf, report))
    assert events
    for event in events:
        assert [error.message for error in compliance_finding.iter_errors(event)] == []


def test_ocsf_suppresses_waived_findings_and_passes_rows_that_pass() -> None:
    found = [item for item in json.loads(rendered(ocsf, FULL)) if item["severity"] != "Informational"]
    assert [(item["status"], item["compliance"]["status"]) for item in found] == [
        ("New", "Warning"),
        ("New", "Fail"),
        ("Suppressed", "Fail"),
    ]
    assert {item["compliance"]["status"] for item in json.loads(rendered(ocsf, CLEAN))} == {"Pass"}


@pytest.mark.parametrize("report", [on_aws(FULL), on_aws(HOSTILE)], ids=["full", "hostile"])
def test_asff_fits_security_hub_s_api(report: Report) -> None:
    findings = json.loads(rendered(asff, report))
    operation = ServiceModel(Loader().load_service_model("securityhub", "service-2")).operation_model(
        "BatchImportFindings"
    )
    assert operation.input_shape
    validation = ParamValidator().validate({"Findings": findings}, operation.input_shape)
    assert not validation.has_errors(), validation.generate_report()
    with mock_aws():
        hub = cast("Any", boto3).client("securityhub", region_name="eu-west-1")
        hub.enable_security_hub()
        for _ in range(2):
            answer = hub.batch_import_findings(Findings=findings)
            assert (answer["SuccessCount"], answer["FailedCount"]) == (len(report.findings) + len(UNKNOWN), 0)
        stored = hub.get_findings()["Findings"]
        assert len(stored) == len(report.findings) + len(UNKNOWN)
        assert sum(item["Compliance"]["Status"] == "NOT_AVAILABLE" for item in stored) == len(UNKNOWN)


ONLY_UNKNOWN: Final = on_aws(sample.report(unknown=("the filter of n-1",)))


@pytest.mark.parametrize("export", [*EXPORTS, asff], ids=[row.__name__.rpartition(".")[2] for row in [*EXPORTS, asff]])
def test_every_export_distinguishes_an_unknown_row_from_a_clean_one(export: ModuleType) -> None:
    clean = on_aws(sample.report())
    assert rendered(export, ONLY_UNKNOWN) != rendered(export, clean)
    if export is not openmetrics:  # its series have verdicts and no reasons
        assert "the filter of n-1" in rendered(export, ONLY_UNKNOWN)


def test_ocsf_gives_an_unknown_row_with_advice_the_status_unknown() -> None:
    report = sample.report(sample.finding(1, Severity.LOW), unknown=("the filter of n-1",))
    row, *others = report.rows
    events = json.loads(rendered(ocsf, replace(report, rows=(replace(row, verdict=Verdict.UNKNOWN), *others))))
    (event,) = [event for event in events if event["compliance"]["control"] == row.row]
    assert event["compliance"]["status"] == "Unknown"


def test_asff_is_only_for_aws() -> None:
    with pytest.raises(UsageError, match="asff is only for clusters on AWS"):
        rendered(asff, FULL)
