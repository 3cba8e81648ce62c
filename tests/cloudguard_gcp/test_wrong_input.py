"""Wrong flags, credentials, projects and answers give one line and the right status."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.cli import run
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest, silent
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from cloudguard_gcp.access.session import begin
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_scenes import SCENES
from gcp_server import Google

CHECK = ("check", "gcp", "--cluster", "prod", "--no-progress")


def status_and_line(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    """Run ``argv`` and return the status and the one line on stderr."""
    status = run(argv)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    return status, err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--project", "Not A Project"), "is not a project's id"),
        (("--quota-project", "123"), "is not a project's id"),
        (("--impersonate-service-account", "nobody"), "is not a service account's address"),
        (("--credentials-file", "nowhere.json"), "there is no credentials file nowhere.json"),
    ],
)
def test_wrong_flags_are_a_usage_error_before_any_call(
    flags: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str], google_cloud: Proxy
) -> None:
    status, line = status_and_line(capsys, *CHECK, *flags)
    assert (status, words in line) == (2, True), line
    assert google_cloud.google.asked == []


def test_a_file_without_credentials_is_reported(
    capsys: pytest.CaptureFixture[str], google_cloud: Proxy, tmp_path: Path
) -> None:
    assert google_cloud
    for text in ("", "{}", '{"type": "service_account"}'):
        (tmp_path / "key.json").write_text(text, encoding="utf-8")
        status, line = status_and_line(capsys, *CHECK, "--credentials-file", str(tmp_path / "key.json"))
        assert (status, "has no valid credentials" in line) == (2, True), line


def test_missing_credentials_are_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, google_cloud: Proxy, tmp_path: Path
) -> None:
    assert google_cloud
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("HOME", str(tmp_path))
    status, line = status_and_line(capsys, *CHECK)
    assert status == 4
    assert "gcloud auth application-default login" in line


def test_an_unknown_project_is_reported(capsys: pytest.CaptureFixture[str], google_cloud: Proxy) -> None:
    assert google_cloud
    status, line = status_and_line(capsys, *CHECK, "--project", "another-one")
    assert (status, "these credentials cannot see a project 'another-one'" in line) == (4, True), line


def test_a_disabled_api_is_reported_with_the_command_to_enable_it(
    capsys: pytest.CaptureFixture[str], google_cloud: Proxy
) -> None:
    google_cloud.google = Google(Project(), disabled=frozenset({"compute"}))
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "gcloud services enable compute.googleapis.com" in line) == (4, True), line


def test_a_disabled_gke_api_hides_nothing_of_a_self_managed_cluster(google_cloud: Proxy) -> None:
    google_cloud.google = Google(SCENES["kops"].build(), disabled=frozenset({"container"}))
    assert ADAPTER.collect(CollectRequest(cluster="prod")).gaps == ()


def test_an_unknown_cluster_lists_the_clusters_that_exist(
    capsys: pytest.CaptureFixture[str], google_cloud: Proxy
) -> None:
    google_cloud.google = Google(SCENES["gke-private"].build())
    status, line = status_and_line(capsys, "check", "gcp", "--cluster", "prd", "--no-progress")
    assert (status, "no cluster is called 'prd' in acme-prod. Clusters found: prod" in line) == (2, True), line


def test_two_clusters_with_one_name_are_a_usage_error(capsys: pytest.CaptureFixture[str], google_cloud: Proxy) -> None:
    project = Project()
    project.cluster("prod", "europe-west1")
    google_cloud.google = Google(project)
    project.lists["projects/acme-prod/locations/-/clusters"].append({"name": "prod", "location": "us-east1-b"})
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "Choose one with --location" in line) == (2, True), line
    status, line = status_and_line(capsys, *CHECK, "--location", "asia-east1")
    assert (status, "It is not in asia-east1" in line) == (2, True), line


def test_temporary_errors_are_retried(google_cloud: Proxy) -> None:
    reasons = [(429, "rateLimitExceeded"), (403, "rateLimitExceeded"), (503, "backendError")]
    faults = {"compute.instances.aggregatedList": reasons, "iam.projects.serviceAccounts.list": [(500, "internal")]}
    google_cloud.google = Google(SCENES["kops"].build(), faults=faults)
    assert ADAPTER.collect(CollectRequest(cluster="prod")).gaps == ()


@pytest.mark.mistake("odd-answer")
def test_a_page_that_cannot_be_parsed_is_a_gap(google_cloud: Proxy) -> None:
    google_cloud.google = Google(SCENES["kops"].build(), faults={"compute.firewalls.list": [(200, "malformed")]})
    (gap,) = ADAPTER.collect(CollectRequest(cluster="prod")).gaps
    assert (gap.call, gap.reason, gap.hides) == ("compute.firewalls.list", Reason.FAILED, (FactKind.FILTERS,))


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("items", ["firewalls", ["a rule"], [None], {"global": "firewalls"}, 7])
def test_an_answer_that_is_no_list_of_objects_is_a_gap(google_cloud: Proxy, items: object) -> None:
    spoiled = {"compute.firewalls.list": {"items": items}}
    google_cloud.google = Google(SCENES["kops"].build(), spoiled=spoiled)
    (gap,) = ADAPTER.collect(CollectRequest(cluster="prod")).gaps
    assert (gap.call, gap.reason) == ("compute.firewalls.list", Reason.FAILED)
    assert gap.message.endswith("the answer of compute.firewalls.list contains an item that is not an object")


@pytest.mark.mistake("odd-answer")
def test_an_incomplete_answer_is_a_gap(google_cloud: Proxy) -> None:
    spoiled: dict[str, dict[str, Any]] = {
        "compute.instances.aggregatedList": {
            "unreachables": ["zones/europe-west1-c"],
            "warnings": {"zones/europe-west1-b": {"code": "UNREACHABLE", "message": "no answer\nfrom it"}},
        },
        "container.projects.locations.clusters.list": {"missingZones": ["europe-west1-d"]},
    }
    google_cloud.google = Google(SCENES["kops"].build(), spoiled=spoiled)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert {gap.message for gap in snapshot.gaps} == {
        "zones/europe-west1-c did not answer",
        "zones/europe-west1-b: no answer from it",
        "europe-west1-d did not answer",
    }
    verdicts = {row.verdict for row in pipeline.evaluate(snapshot, Declarations()).rows}
    assert verdicts <= {Verdict.UNKNOWN, Verdict.FAIL}


def test_all_pages_are_read(google_cloud: Proxy) -> None:
    google_cloud.google = Google(SCENES["kops"].build(), page=1)
    assert ADAPTER.collect(CollectRequest(cluster="prod")).cluster == _read_whole(google_cloud).cluster


def _read_whole(google_cloud: Proxy) -> Snapshot:
    google_cloud.google = Google(SCENES["kops"].build())
    return ADAPTER.collect(CollectRequest(cluster="prod"))


def test_another_account_is_impersonated_and_named(google_cloud: Proxy) -> None:
    google_cloud.google = Google(SCENES["kops"].build())
    chain = "first@acme-prod.iam.gserviceaccount.com, second@acme-prod.iam.gserviceaccount.com"
    options = {"impersonate-service-account": (chain,), "quota-project": ("acme-billing",)}
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod", options=options))
    assert snapshot.cluster.scanned_by == "second@acme-prod.iam.gserviceaccount.com"
    assert snapshot.gaps == ()


def test_flags_find_hosts_by_label_network_tag_and_name(google_cloud: Proxy) -> None:
    project = Project()
    subnet = project.subnet(project.network())
    project.instance("alpha", subnet, "10.0.0.2", labels={"role": "cp"})
    project.instance("beta", subnet, "10.0.0.3", tags=["workers"])
    project.instance("gamma", subnet, "10.0.0.4")
    project.instance("mine-node-0", subnet, "10.0.0.5", tags=["talos-api"])
    project.disk("alpha")
    google_cloud.google = Google(project)
    tags = {Role.CONTROL_PLANE: ("role=cp",), Role.NODE: ("tag=work*", "tag=nobody", "Name=mine-node-?")}
    request = CollectRequest(cluster="mine", role_tags=tags, extra_hosts={"gamma": (Role.NODE,)})
    snapshot = ADAPTER.collect(request)
    roles = {host.name: host.roles for host in snapshot.cluster.hosts}
    nodes = dict.fromkeys(("beta", "gamma", "mine-node-0"), (Role.NODE,))
    assert roles == {"alpha": (Role.CONTROL_PLANE, Role.ETCD), **nodes}
    (gap,) = snapshot.gaps
    assert re.search("--node-tag tag=nobody matches no host", gap.message)


def test_a_flag_adds_etcd_to_a_host_that_a_label_shows_as_control_plane(google_cloud: Proxy) -> None:
    project = Project()
    labels = {"capg-cluster-mine": "owned", "capg-role": "control-plane"}
    project.instance("alpha", project.subnet(project.network()), "10.0.0.2", labels=labels)
    google_cloud.google = Google(project)
    [host] = ADAPTER.collect(CollectRequest(cluster="mine", extra_hosts={"alpha": (Role.ETCD,)})).cluster.hosts
    assert host.roles == (Role.CONTROL_PLANE, Role.ETCD)


def test_a_writing_request_is_never_sent(google_cloud: Proxy) -> None:
    """The test asks Google's own SDK to write; the server would record the request."""
    api, caller = begin(CollectRequest(cluster="prod"), silent)
    session: Any = api.session
    with pytest.raises(PermissionError, match="cloudguard only reads"):
        session.post(f"https://compute.googleapis.com/compute/v1/projects/{caller.project}/global/firewalls", json={})
    with pytest.raises(PermissionError, match="cloudguard only reads"):
        session.delete(f"https://compute.googleapis.com/compute/v1/projects/{caller.project}/global/firewalls/x")
    assert {request.verb for request in google_cloud.google.asked} == {"GET"}
