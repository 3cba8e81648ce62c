"""Findings need evidence, verdicts follow from findings, and ids depend on what identifies a problem."""

from __future__ import annotations

from dataclasses import replace

import pytest

import builders
from cloudguard.results.change import Resource
from cloudguard.results.finding import Evidence, Finding, Severity, Waiver, Witness, finding_id
from cloudguard.results.report import SCHEMA, Basis, Report, RowResult, Verdict, verdict_of
from cloudguard.rows.pending_finding import PendingFinding, judged_row, provider_row

CLUSTER = builders.snapshot().cluster
RESOURCE = Resource("filter", "sg", "masters")
PROOF = (Evidence(RESOURCE, "r", "test:Read", "lets the world in"),)


def finding(severity: Severity = Severity.HIGH, check: str = "row/a", name: str = "1") -> Finding:
    return Finding(name, check, severity, RESOURCE, f"{check} is bad", Witness("one packet"), PROOF)


def report(*rows: RowResult) -> Report:
    return Report("cloudguard test", "t0", "t1", CLUSTER, rows)


def test_a_finding_without_evidence_or_witness_is_refused() -> None:
    for lacking in ({"evidence": ()}, {"witness": Witness("")}):
        with pytest.raises(ValueError, match="row/a has no evidence or no witness"):
            replace(finding(), **lacking)


@pytest.mark.parametrize("severity", list(Severity))
def test_low_findings_leave_a_row_passed_and_unknown_never_hides_a_failure(severity: Severity) -> None:
    bad = severity is not Severity.LOW
    assert verdict_of([finding(severity)], ()) is (Verdict.FAIL if bad else Verdict.PASS)
    assert verdict_of([finding(severity)], ["unread"]) is (Verdict.FAIL if bad else Verdict.UNKNOWN)


def test_a_waived_finding_does_not_fail_its_row_but_the_rest_still_counts() -> None:
    waived = replace(finding(), waived=Waiver("me", "known", "2030-01-01"))
    assert verdict_of([waived], ()) is Verdict.WAIVED
    assert verdict_of([waived], ["unread"]) is Verdict.UNKNOWN
    assert verdict_of([waived, finding(Severity.MEDIUM)], ()) is Verdict.FAIL
    assert verdict_of((), ()) is Verdict.PASS
    assert verdict_of((), ["unread"]) is Verdict.UNKNOWN


def test_severities_are_ordered_and_written_in_lower_case() -> None:
    assert [str(severity) for severity in sorted(Severity)] == ["low", "medium", "high", "critical"]


def test_an_id_depends_only_on_the_cluster_the_check_and_its_parts() -> None:
    name = finding_id(CLUSTER, "row/a", "sg", "ssh")
    assert name == finding_id(replace(CLUSTER, version="9", scanned_by="you", hosts=()), "row/a", "sg", "ssh")
    assert len(name) == 12
    assert int(name, 16) >= 0
    others = [
        finding_id(replace(CLUSTER, name="test"), "row/a", "sg", "ssh"),
        finding_id(replace(CLUSTER, account="2"), "row/a", "sg", "ssh"),
        finding_id(replace(CLUSTER, provider="other"), "row/a", "sg", "ssh"),
        finding_id(replace(CLUSTER, regions=("here", "there")), "row/a", "sg", "ssh"),
        finding_id(CLUSTER, "row/b", "sg", "ssh"),
        finding_id(CLUSTER, "row/a", "sgssh"),
        finding_id(CLUSTER, "row/a", "sgs", "sh"),
    ]
    assert len({name, *others}) == len(others) + 1
    assert finding_id(CLUSTER, "row/a", "lone \ud800") != finding_id(CLUSTER, "row/a", "lone ?")


def test_a_report_finds_its_rows_and_lists_the_worst_first() -> None:
    row = RowResult("one", "", Verdict.FAIL, "", (finding(Severity.LOW, "one/z"), finding(Severity.HIGH, "one/b", "2")))
    two = RowResult("two", "", Verdict.FAIL, "", (finding(Severity.CRITICAL, "two/a"), finding(Severity.HIGH, "one/b")))
    made = report(row, two)
    assert made.row("two") is two
    with pytest.raises(KeyError):
        made.row("three")
    listed = [(str(finding.severity), finding.check, finding.id) for finding in made.findings]
    assert listed == [("critical", "two/a", "1"), ("high", "one/b", "1"), ("high", "one/b", "2"), ("low", "one/z", "1")]
    assert made.schema == SCHEMA


def test_a_finding_is_found_by_its_number_or_its_id() -> None:
    made = report(RowResult("one", "", Verdict.FAIL, "", (finding(Severity.LOW, name="b"), finding(name="a"))))
    assert made.numbers == {"a": 1, "b": 2}
    assert made.finding("2") is made.finding("b")
    assert made.finding("1").severity is Severity.HIGH
    for name in ("0", "3", "c", ""):
        with pytest.raises(KeyError):
            made.finding(name)


@pytest.mark.parametrize(
    ("row", "complete"),
    [
        (RowResult("one", "", Verdict.PASS, ""), True),
        (RowResult("one", "", Verdict.FAIL, ""), True),
        (RowResult("one", "", Verdict.PROVIDER, ""), True),
        (RowResult("one", "", Verdict.UNKNOWN, ""), False),
        (RowResult("one", "", Verdict.FAIL, "", unknown=("unread",)), False),
        (RowResult("one", "", Verdict.PROVIDER, "", unknown=("unread",)), False),
    ],
)
def test_a_report_is_complete_if_no_row_has_unknown_parts(row: RowResult, complete: bool) -> None:  # noqa: FBT001 - a case
    assert report(RowResult("zero", "", Verdict.PASS, ""), row).complete is complete


def why(*findings: Finding, unknown: tuple[str, ...] = ()) -> str:
    return judged_row(("row", "area"), tuple(map(PendingFinding, findings)), unknown, "all is well", Basis())[0].why


def test_a_row_s_reason_is_its_worst_finding() -> None:
    assert why() == "all is well"
    assert why(finding(Severity.LOW)) == "all is well"
    assert why(finding(Severity.LOW, "row/z"), finding(Severity.MEDIUM)) == "row/a is bad"
    assert why(finding(Severity.MEDIUM), finding(Severity.HIGH, "row/b")) == "row/b is bad (and 1 more)"
    assert why(finding(Severity.LOW), unknown=("a was not read",)) == "a was not read"
    assert why(unknown=("a was not read", "b was not read")) == "a was not read (and 1 more)"
    assert why(finding(), unknown=("a was not read",)) == "row/a is bad"


def test_a_provider_row_names_the_service() -> None:
    managed = replace(CLUSTER, managed=True, managed_by="a service")
    row = provider_row("row", "area", managed, "yours is the rest")
    assert (row.verdict, row.why) == (
        Verdict.PROVIDER,
        "a service runs and attests it; yours is the rest",
    )
    assert "the provider runs" in provider_row("row", "area", CLUSTER, "").why
