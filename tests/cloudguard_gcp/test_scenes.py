"""Whole clusters on Google Cloud through the real SDK: what must be found is found, and nothing else above advice."""

from __future__ import annotations

import pytest

from cloudguard import pipeline
from cloudguard.model import snapshot_file
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report
from gcp_proxy import Proxy
from gcp_scenes import SCENES
from gcp_server import Google


@pytest.mark.parametrize("name", SCENES)
def test_what_must_be_found_is_found_and_nothing_else(name: str, google_cloud: Proxy) -> None:
    scene = SCENES[name]
    google_cloud.google = Google(scene.build(), beside=scene.beside())
    snapshot = pipeline.collect("gcp", cluster="prod")
    assert snapshot.gaps == ()
    report = pipeline.evaluate(snapshot, scene.policy)
    found = sorted(
        (one.check, str(one.severity.name).lower())
        for row in report.rows
        for one in row.findings
        if one.severity > Severity.LOW
    )
    assert found == sorted(scene.findings)
    assert {row.row: row.verdict for row in report.rows} == scene.verdicts
    assert snapshot_file.load(snapshot_file.dump(snapshot), "it") == snapshot


def _judged(name: str, google_cloud: Proxy) -> Report:
    google_cloud.google = Google(SCENES[name].build())
    return pipeline.evaluate(pipeline.collect("gcp", cluster="prod"), SCENES[name].policy)


def test_what_cannot_be_resolved_is_named(google_cloud: Proxy) -> None:
    unknown = _judged("threat-list", google_cloud).row("node-access").unknown
    assert any("threat list iplist-tor-exit-nodes could not be read" in text for text in unknown)


def test_what_google_writes_is_found_and_never_proposed_for_change(google_cloud: Proxy) -> None:
    report = _judged("allowed-by-system", google_cloud)
    (found,) = [one for one in report.row("node-access").findings if one.check == "node-access/internet"]
    assert found.evidence[0].resource.name == "1"
    assert found.changes == ()


def test_a_rule_that_gke_wrote_says_what_to_change_instead(google_cloud: Proxy) -> None:
    owners = {one.rule: one.owner for one in _judged("gke-public", google_cloud).plan if one.row == "node-access"}
    assert list(owners) == ["gke-prod-12345678-vms"]
    assert owners["gke-prod-12345678-vms"] == "GKE wrote the rule and may write it again: change the cluster"
    assert {one.owner for one in _judged("open-ssh", google_cloud).plan} == {""}
