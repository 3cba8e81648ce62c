"""Whole clusters on Google Cloud, read with the real SDK: exactly the expected findings above advice."""

from __future__ import annotations

import pytest

from cloudguard import collection, pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import Report, Verdict
from finding_ids import assert_ids
from gcp_proxy import Proxy
from gcp_scenes import SCENES
from gcp_server import Google


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_has_exactly_the_expected_findings(name: str, google_cloud: Proxy) -> None:
    scene = SCENES[name]
    google_cloud.google = Google(scene.build(), beside=scene.beside())
    assert_ids(f"gcp/{name}", scene.check(collection.collect("gcp", cluster="prod")))


def _judged(name: str, google_cloud: Proxy) -> Report:
    google_cloud.google = Google(SCENES[name].build())
    return pipeline.evaluate(collection.collect("gcp", cluster="prod"), SCENES[name].policy)


def test_a_threat_list_that_cannot_be_resolved_is_named(google_cloud: Proxy) -> None:
    unknown = _judged("threat-list", google_cloud).row("node-access").unknown
    assert any("threat list iplist-tor-exit-nodes could not be read" in text for text in unknown)


def test_a_policy_of_google_is_a_finding_without_a_change(google_cloud: Proxy) -> None:
    report = _judged("allowed-by-system", google_cloud)
    (finding,) = [finding for finding in report.row("node-access").findings if finding.check == "node-access/internet"]
    assert finding.evidence[0].resource.name == "1"
    assert finding.changes == ()


@pytest.mark.mistake("imposed-misjudged")
def test_a_machine_in_the_ranges_that_gke_lets_in_is_named(google_cloud: Proxy) -> None:
    row = _judged("gke-beside-a-machine", google_cloud).row("node-access")
    assert "jenkins is in these ranges today" in row.why


@pytest.mark.mistake("imposed-misjudged")
def test_another_machine_with_an_address_of_the_pods_range_is_named_too(google_cloud: Proxy) -> None:
    """GKE lets the pods' whole range in, and a machine in any subnetwork with the range may have a part of it."""
    project = SCENES["gke-private"].build()
    subnet = project.link("regions/europe-west1/subnetworks/nodes")
    project.instance("runner", subnet, "10.0.0.99")
    (nic,) = project.lists["projects/acme-prod/zones/europe-west1-b/instances"][-1]["networkInterfaces"]
    nic["aliasIpRanges"] = [{"ipCidrRange": "10.4.200.7/32", "subnetworkRangeName": "pods"}]
    google_cloud.google = Google(project)
    row = pipeline.evaluate(collection.collect("gcp", cluster="prod"), Declarations()).row("node-access")
    assert row.verdict is Verdict.FAIL
    named = [finding for finding in row.findings if "runner is in these ranges today" in finding.message]
    assert any(fact.rule.endswith("-all") for finding in named for fact in finding.evidence), [
        finding.message for finding in row.findings
    ]


@pytest.mark.mistake("imposed-misjudged")
def test_the_machines_in_a_shared_subnet_are_unknown(google_cloud: Proxy) -> None:
    project = SCENES["gke-private"].build()
    project.answer("compute", "projects/acme-prod", {"name": "acme-prod", "xpnProjectStatus": "HOST"})
    google_cloud.google = Google(project)
    row = pipeline.evaluate(collection.collect("gcp", cluster="prod"), Declarations()).row("node-access")
    assert row.verdict is Verdict.UNKNOWN
    assert any("not all interfaces" in text for text in row.unknown)


def test_a_finding_on_a_rule_of_gke_says_what_to_change_instead(google_cloud: Proxy) -> None:
    findings = _judged("gke-public", google_cloud).row("node-access").findings
    (advice,) = (
        finding.advice
        for finding in findings
        if finding.resource.id == "gke-prod-12345678-vms" or "priority" in finding.advice
    )
    assert "with a smaller priority number, allow the nodes" in advice
    plan = _judged("open-ssh", google_cloud).plan
    assert {change.owner for change in plan if change.kind.startswith("rule.")} == {""}, "a person wrote it"
