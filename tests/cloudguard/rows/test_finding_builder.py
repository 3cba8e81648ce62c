"""The builder gives findings a stable id, evidence and a witness, and a severity that the check declares."""

from __future__ import annotations

from dataclasses import replace

import pytest

import builders
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness, finding_id
from cloudguard.rows.finding_builder import FindingBuilder

CLUSTER = builders.snapshot().cluster
RESOURCE = Resource("filter", "sg", "masters")
CHECK = Check("row/check", {Severity.HIGH: "it is open"}, "Something is open.")
BUILDER = FindingBuilder(
    CHECK, Severity.HIGH, RESOURCE, "open", Witness("one packet"), (Evidence(RESOURCE, "r", "Read", "open"),), ("sg",)
)


def test_the_id_depends_on_check_and_key_and_the_hosts_are_sorted() -> None:
    finding = replace(BUILDER, hosts=("b", "a")).build(CLUSTER)
    assert (finding.id, finding.check) == (finding_id(CLUSTER, "row/check", "sg"), "row/check")
    assert finding.hosts == ("a", "b")
    assert replace(BUILDER, key=("other",)).build(CLUSTER).id != finding.id


def test_a_finding_without_evidence_or_witness_is_refused() -> None:
    for lacking in (replace(BUILDER, evidence=()), replace(BUILDER, witness=Witness(""))):
        with pytest.raises(ValueError, match="row/check has no evidence or no witness"):
            lacking.build(CLUSTER)


def test_a_severity_that_the_check_does_not_declare_is_refused() -> None:
    with pytest.raises(ValueError, match="row/check declares no finding of severity low"):
        replace(BUILDER, severity=Severity.LOW).build(CLUSTER)
