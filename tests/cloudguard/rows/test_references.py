"""References of checks: each check refers to the Kubernetes documentation, and tables name only existing checks."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

import cloudguard
import sample
from cloudguard.formats import explain, json_report, markdown
from cloudguard.formats.exports import sarif
from cloudguard.formats.exports.common import Export
from cloudguard.provider.port import installed, load
from cloudguard.results.reference import (
    FILE,
    KnowsReferences,
    Reference,
    ReferenceEntry,
    reference_table,
    references_of,
)
from cloudguard.results.report import RowResult
from cloudguard.rows.judge import ROWS
from cloudguard.rows.references import check_references, with_references

CHECKS = [check.id for row in ROWS for check in row.CHECKS]
TABLES = ["cloudguard.rows", *(f"cloudguard_{name}" for name in installed())]


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_refers_to_its_row_of_the_kubernetes_documentation(check: str) -> None:
    (row,) = (row for row in ROWS if check.startswith(f"{row.ROW}/"))
    assert check_references(check)[0].id == f"Kubernetes documentation, Infrastructure security: {row.AREA}"


@pytest.mark.parametrize("package", TABLES)
def test_tables_name_existing_checks_and_have_sources(package: str) -> None:
    names = {*CHECKS, *(row.ROW for row in ROWS)}
    for entry in reference_table(package):
        assert entry.checks
        assert entry.checks <= names
        assert entry.reference.link.startswith("https://")
        assert entry.reference.title
        assert entry.reference.source


def test_each_control_is_listed_once() -> None:
    ids = [entry.reference.id for package in TABLES for entry in reference_table(package)]
    assert len(ids) == len({*ids})


def test_each_provider_has_a_table_and_the_core_s_names_no_provider_benchmark() -> None:
    for name in installed():
        adapter = load(name)
        assert isinstance(adapter, KnowsReferences)
        assert adapter.references() == reference_table(f"cloudguard_{name}")
    core = files("cloudguard.rows").joinpath(FILE).read_text(encoding="utf-8")
    assert not any(word in core for word in ("Amazon", "Google", "Azure"))


def test_a_benchmark_for_managed_clusters_applies_only_to_them() -> None:
    entries = reference_table("cloudguard_aws")

    def ids(*, managed: bool) -> str:
        return " ".join(
            reference.id for reference in references_of("cloud-api-access/metadata", entries, managed=managed)
        )

    assert "EKS" in ids(managed=True)
    assert "EKS" not in ids(managed=False)
    assert "Foundations" in ids(managed=False)


def test_findings_have_the_references_of_their_check() -> None:
    report = cloudguard.evaluate(sample.snapshot())
    (first, *_) = report.row("etcd-access").findings
    assert first.references[0].id.endswith("Access to etcd")
    (found,) = (
        finding
        for finding in json.loads(json_report.render(report))["rows"][3]["findings"]
        if finding["id"] == first.id
    )
    assert found["references"][0].keys() == {"id", "title", "link", "source"}
    assert "references: [Kubernetes documentation" in markdown.render(report)
    page = explain.finding_page(first, report)
    assert first.references[0].title in page
    assert first.references[0].link in page
    results = json.loads(sarif.render(Export((report,), lambda _report: ())))["runs"][0]["results"]
    assert all(result["properties"]["references"] for result in results)


def test_a_hostile_link_is_left_out() -> None:
    finding = sample.finding()
    for link in ("javascript:alert(1)", "https://e.vil/>)[x](http://y", "https://e.vil/ "):
        reference = Reference("id", "title", link, "source")
        (row,) = with_references(
            [RowResult("etcd-access", "", sample.report().rows[0].verdict, "", (finding,))],
            [ReferenceEntry(reference, frozenset({finding.check}))],
            managed=False,
        )
        text = markdown.render(sample.report(*row.findings))
        assert "id" in text
        assert "e.vil" not in text
        assert "javascript" not in text
