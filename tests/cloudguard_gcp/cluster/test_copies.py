"""Copies of etcd's disks on Google Cloud: which copies are found, and their sharing."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import kops
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google

DISKS = "projects/acme-prod/zones/europe-west1-b/disks"
FORMER = {"k8s-io-cluster-name": "prod", "k8s-io-etcd-main": "a-2fa"}


READS = ("disks", "snapshots", "images", "machineImages", "instantSnapshots")


def share(project: Project, kind: str, name: str, *members: str, **made_from: object) -> str:
    """Add a snapshot or image whose own policy shares it with members."""
    project.role("roles/compute.storageAdmin", *(f"compute.{word}.useReadOnly" for word in READS))
    bindings = [{"role": "roles/compute.storageAdmin", "members": [*members]}] if members else []
    where = "zones/europe-west1-b" if kind == "instantSnapshots" else "global"
    path = f"projects/{project.name}/{where}/{kind}/{name}/getIamPolicy"
    project.answer("compute", path, {"bindings": bindings})
    if kind == "machineImages" and "sourceDisk" in made_from:
        made_from["savedDisks"] = [{"sourceDisk": made_from.pop("sourceDisk")}]
    return project.add(where, kind, name, **made_from)


def disk(project: Project, name: str) -> str:
    return project.link(f"zones/europe-west1-b/disks/{name}")


def collected(google_cloud: Proxy, project: Project) -> Snapshot:
    google_cloud.google = Google(project)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert snapshot.gaps == ()
    return snapshot


def verdict(google_cloud: Proxy, project: Project) -> Verdict:
    return pipeline.evaluate(collected(google_cloud, project), Declarations()).row("etcd-encryption").verdict


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(
    ("member", "permission", "expected"),
    [
        ("allAuthenticatedUsers", "compute.snapshots.useReadOnly", Verdict.FAIL),
        ("allUsers", "compute.snapshots.useReadOnly", Verdict.FAIL),
        ("allAuthenticatedUsers", "compute.snapshots.list", Verdict.PASS),
        ("group:operators@acme.com", "compute.snapshots.useReadOnly", Verdict.PASS),
    ],
)
@pytest.mark.parametrize("level", ["", "folders/1"])
def test_a_policy_above_shares_a_copy_with_everyone(
    google_cloud: Proxy, level: str, member: str, permission: str, expected: Verdict
) -> None:
    project = kops()
    share(project, "snapshots", "copy", sourceDisk=disk(project, "etcd-main"))
    project.answer("resources", f"v3:projects/{project.name}", {"projectId": project.name, "parent": "folders/1"})
    project.answer("resources", "folders/1", {"name": "folders/1"})
    project.policy("folders/1")
    project.role("roles/compute.storageAdmin", permission)
    project.bind("roles/compute.storageAdmin", member, on=level)
    assert verdict(google_cloud, project) is expected


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(
    ("kind", "made_from"),
    [
        ("snapshots", "disk"),
        ("snapshots", "copy"),
        ("snapshots", "former"),
        ("images", "disk"),
        ("images", "former"),
        ("machineImages", "disk"),
        ("instantSnapshots", "disk"),
        ("instantSnapshots", "former"),
    ],
)
def test_a_shared_copy_is_found_whatever_its_origin(google_cloud: Proxy, kind: str, made_from: str) -> None:
    project = kops()
    if made_from == "disk":
        share(project, kind, "copy", "allAuthenticatedUsers", sourceDisk=disk(project, "etcd-main"))
    elif made_from == "copy":
        first = share(project, "snapshots", "first", sourceDisk=disk(project, "etcd-main"))
        share(project, "images", "copy", "allAuthenticatedUsers", sourceSnapshot=first)
    else:
        share(project, kind, "copy", "allAuthenticatedUsers", sourceDisk=disk(project, "gone"), labels=FORMER)
    assert verdict(google_cloud, project) is Verdict.FAIL


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("serviceAccount:backup@acme-prod.iam.gserviceaccount.com", Verdict.PASS),
        ("serviceAccount:123456789012-compute@developer.gserviceaccount.com", Verdict.PASS),
        ("projectViewer:acme-prod", Verdict.PASS),
        ("serviceAccount:backup@elsewhere-1.iam.gserviceaccount.com", Verdict.FAIL),
        ("serviceAccount:999999999999-compute@developer.gserviceaccount.com", Verdict.FAIL),
        ("serviceAccount:acme-prod@elsewhere-1.iam.gserviceaccount.com", Verdict.FAIL),
        ("projectViewer:elsewhere-1", Verdict.FAIL),
        ("user:eve@gmail.com", Verdict.FAIL),
        ("domain:partner.com", Verdict.FAIL),
        ("principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*", Verdict.FAIL),
    ],
)
def test_a_copy_for_the_project_s_own_accounts_is_not_shared(
    google_cloud: Proxy, member: str, expected: Verdict
) -> None:
    project = kops()
    share(project, "snapshots", "copy", member, sourceDisk=disk(project, "etcd-main"))
    assert verdict(google_cloud, project) is expected


@pytest.mark.mistake("copy-left-out")
def test_the_origin_of_etcd_s_disk_holds_etcd_s_data(google_cloud: Proxy) -> None:
    project = kops()
    link = share(project, "snapshots", "origin", "allUsers", sourceDisk=disk(project, "gone"))
    for list_ in project.lists[DISKS]:
        if list_["name"] == "etcd-main":
            list_["sourceSnapshot"] = link
    assert verdict(google_cloud, project) is Verdict.FAIL


def test_private_copies_and_copies_of_other_disks_pass(google_cloud: Proxy) -> None:
    project = kops()
    project.disk("node-data", labels={"k8s-io-cluster-name": "prod"})
    share(project, "snapshots", "own", sourceDisk=disk(project, "etcd-main"))
    share(project, "images", "of-a-node", "allUsers", sourceDisk=disk(project, "node-data"), labels=FORMER)
    share(project, "images", "another", "allUsers", sourceDisk=disk(project, "elsewhere"))
    assert verdict(google_cloud, project) is Verdict.PASS


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize("field", ["sourceDisk", "asyncPrimaryDisk", "sourceSnapshot"])
@pytest.mark.parametrize("kind", ["snapshots", "machineImages"])
def test_a_copy_of_a_clone_of_etcd_s_disk_holds_etcd_s_data(google_cloud: Proxy, field: str, kind: str) -> None:
    """A clone is in no row itself, but the copies of it are."""
    project, etcd = kops(), disk(kops(), "etcd-main")
    origins: dict[str, Any] = {"sourceDisk": etcd, "asyncPrimaryDisk": {"disk": etcd}}
    origin = origins.get(field) or share(project, "snapshots", "first", sourceDisk=etcd)
    clone = project.disk("clone", **{field: origin})
    share(project, kind, "copy", "allUsers", sourceDisk=project.disk("second", sourceDisk=clone))
    assert verdict(google_cloud, project) is Verdict.FAIL


KMS = "projects/acme-prod/locations/europe/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
KEY_FIELDS = {
    "snapshots": "snapshotEncryptionKey",
    "images": "imageEncryptionKey",
    "machineImages": "machineImageEncryptionKey",
    "instantSnapshots": "",
}


@pytest.mark.parametrize(
    ("key", "expected"),
    [({"kmsKeyName": KMS}, (KMS, True)), ({"sha256": "x="}, ("customer-supplied:x=", True)), ({}, ("", False))],
)
@pytest.mark.parametrize("kind", KEY_FIELDS)
def test_a_copy_has_the_key_that_its_answer_names(
    google_cloud: Proxy, kind: str, key: dict[str, str], expected: tuple[str, bool]
) -> None:
    """Answers name no key of an instant snapshot."""
    project, field = kops(), KEY_FIELDS[kind]
    share(project, kind, "copy", sourceDisk=disk(project, "etcd-main"), **({field: key} if field and key else {}))
    snapshot = collected(google_cloud, project)
    (copy,) = [copy for each in snapshot.cluster.disks for copy in each.snapshots if copy.id != copy.disk]
    assert (copy.key, copy.customer_key) == (expected if field else ("", None))


def test_a_key_of_an_unknown_kind_keeps_the_copy(google_cloud: Proxy) -> None:
    project = kops()
    share(
        project,
        "images",
        "copy",
        sourceDisk=disk(project, "etcd-main"),
        imageEncryptionKey={"kmsKeyServiceAccount": "a@acme.com"},
    )
    disks = collected(google_cloud, project).cluster.disks
    (copy,) = [copy for each in disks for copy in each.snapshots if copy.id != copy.disk]
    assert copy.customer_key is None
