"""Disks that may hold etcd whatever their names and labels say, and everything that holds a copy of etcd's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloudguard.needs.declarations import Declarations
from gcp_clusters import capg, kops
from gcp_judged import DISKS, Build, Shape, assert_shape, machine, report_of
from gcp_project import REGION, ZONE, Project
from gcp_proxy import Proxy

RING = f"projects/acme-prod/locations/{REGION}/keyRings/etcd/cryptoKeys"
WHERE, HERE = f"zones/{ZONE}", f"regions/{REGION}"
OTHERS = "serviceAccount:backup@elsewhere-1.iam.gserviceaccount.com"
READER = "roles/compute.storageAdmin"
CLUSTER = {"k8s-io-cluster-name": "prod"}


def disabled(project: Project, name: str, host: str = "master-a", **disk: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a project with a disk that is attached to ``host`` ("": detached) and whose key is disabled."""
    key = f"{RING}/{name}"
    project.answer("kms", key, {"name": key, "primary": {"name": f"{key}/cryptoKeyVersions/1", "state": "DISABLED"}})
    link = project.disk(name, diskEncryptionKey={"kmsKeyName": key}, **disk)
    if host:
        machine(project, host)["disks"].append({"source": link, "type": "PERSISTENT", "deviceName": name})
    return project


def unmarked(*, label: str = "", **labels: str) -> Project:
    """Return a kops cluster whose etcd disk has other labels than the installer's."""
    project = kops()
    for disk in project.lists[f"projects/acme-prod/{WHERE}/disks"]:
        if disk["name"] == "etcd-main":
            disk["labels"] = CLUSTER | ({label: "a-2fa"} if label else {}) | labels
    return project


def renamed_host(build: Callable[[], Project]) -> Project:
    return disabled(build(), "logs", host="prod-control-plane")


COUNTED: dict[str, Shape] = {
    "a name without etcd beside one with it": (lambda: disabled(unmarked(), "scratch"), DISKS, "FAIL"),
    "a label for another use": (
        lambda: disabled(unmarked(), "data", labels={"purpose": "container-images"}),
        DISKS,
        "FAIL",
    ),
    "a label with etcd in another form": (lambda: disabled(unmarked(etcd="false"), "data"), DISKS, "FAIL"),
    "an installer's label of events only": (
        lambda: disabled(unmarked(label="k8s-io-etcd-events"), "data"),
        DISKS,
        "FAIL",
    ),
    "an installer's label of Cilium's etcd only": (
        lambda: disabled(unmarked(label="k8s-io-etcd-cilium"), "data"),
        DISKS,
        "FAIL",
    ),
    "the labels of another cluster on an attached disk": (
        lambda: disabled(unmarked(), "data", labels={"k8s-io-cluster-name": "stage"}),
        DISKS,
        "FAIL",
    ),
    "a second disk with the installer's label": (
        lambda: disabled(kops(), "more", labels=CLUSTER | {"k8s-io-etcd-main": "b-2fab"}),
        DISKS,
        "FAIL",
    ),
    "a detached disk with the installer's label": (
        lambda: disabled(kops(), "old", "", labels=CLUSTER | {"k8s-io-etcd-events": "a-2fa"}),
        DISKS,
        "FAIL",
    ),
    "a disk named for etcd beside the labelled one": (lambda: disabled(kops(), "etcd-old"), DISKS, "FAIL"),
    "a disk without labels of a Cluster API machine": (lambda: renamed_host(capg), DISKS, "FAIL"),
    "a node's disk, which holds no etcd": (lambda: disabled(kops(), "data", "node-1"), DISKS, "PASS"),
}


@pytest.mark.mistake("disk-removed")
@pytest.mark.parametrize("shape", COUNTED.values(), ids=COUNTED)
def test_no_word_takes_a_disk_out_of_the_row(google_cloud: Proxy, shape: Shape) -> None:
    """The key of the disk in question is disabled, which is a finding if the disk counts."""
    assert_shape(google_cloud, shape)


@pytest.mark.mistake("disk-removed")
@pytest.mark.parametrize(("build", "verdict"), [(unmarked, "FAIL"), (kops, "PASS")])
def test_a_local_disk_has_no_customer_key(google_cloud: Proxy, build: Build, verdict: str) -> None:
    """Etcd may be on it, unless the installer's label shows another disk. The other disks have the user's own key."""
    project, key = build(), f"{RING}/own"
    project.answer("kms", key, {"name": key, "primary": {"state": "ENABLED"}, "rotationPeriod": "7776000s"})
    for disk in project.lists[f"projects/acme-prod/{WHERE}/disks"]:
        disk["diskEncryptionKey"] = {"kmsKeyName": key}
    machine(project, "master-a")["disks"].append({"type": "SCRATCH", "interface": "NVME", "deviceName": "local-ssd-0"})
    row = report_of(google_cloud, project, policy=Declarations(require_customer_key=True)).row(DISKS)
    assert row.verdict == verdict, (row.why, row.unknown)


def share(project: Project, where: str, kind: str, name: str, *members: str, **rest: Any) -> str:  # noqa: ANN401
    """Set the allow policy of a resource, which is added unless it exists, and return its link."""
    words = ("disks", "snapshots", "images", "machineImages", "instantSnapshots")
    project.role(READER, *(f"compute.{word}.useReadOnly" for word in words))
    path = f"projects/acme-prod/{where}/{kind}/{name}"
    project.answer("compute", f"{path}/getIamPolicy", {"bindings": [{"role": READER, "members": [*members]}]})
    if project.resource(path):
        return project.link(f"{where}/{kind}/{name}")
    return project.add(where, kind, name, **({"status": "READY"} if kind == "disks" else {}), **rest)


def shared(where: str, kind: str, name: str = "copy", **rest: Any) -> Callable[[], Project]:  # noqa: ANN401 - JSON
    """Return a function that builds a kops cluster with a resource that another project may read.

    ``rest``: fields of the resource. A value "disk" is the link of etcd's disk, and "master" of its machine.
    """

    def build() -> Project:
        project = kops()
        links = {"disk": f"{WHERE}/disks/etcd-main", "master": f"{WHERE}/instances/master-a"}
        named = {key: project.link(links[value]) if str(value) in links else value for key, value in rest.items()}
        share(project, where, kind, name, OTHERS, **named)
        return project

    return build


def clone_of(origin: str) -> Project:
    """Return a cluster with a shared snapshot of a clone, which was made from ``origin``, a kind of copy of etcd's."""
    project, disk = kops(), kops().link(f"{WHERE}/disks/etcd-main")
    where = WHERE if origin == "instantSnapshots" else "global"
    made = share(project, where, origin, "first", sourceDisk=disk)
    field = {"snapshots": "sourceSnapshot", "instantSnapshots": "sourceInstantSnapshot", "images": "sourceImage"}
    clone = project.disk("clone", **{field[origin]: made})
    share(project, "global", "snapshots", "copy", OTHERS, sourceDisk=clone)
    return project


def by_number() -> Project:
    project = kops()
    link = project.link(f"{WHERE}/disks/etcd-main").replace("acme-prod", project.number)
    share(project, "global", "snapshots", "copy", OTHERS, sourceDisk=link)
    return project


def inherited(member: str, role: str = "compute.snapshots.useReadOnly", condition: str = "", on: str = "") -> Project:
    """Return a cluster in a folder of an organization, with a snapshot that a policy above it lets a member use."""
    project = kops()
    project.answer("resources", f"v3:projects/{project.name}", {"projectId": project.name, "parent": "folders/1"})
    project.answer("resources", "folders/1", {"name": "folders/1", "parent": "organizations/2"})
    project.policy("folders/1")
    project.policy("organizations/2")
    share(project, "global", "snapshots", "copy", sourceDisk=project.link(f"{WHERE}/disks/etcd-main"))
    project.answers["projects/acme-prod/global/snapshots/copy/getIamPolicy"] = {"bindings": []}
    project.role("roles/x", role)
    project.bind("roles/x", member, condition=condition, on=on)
    return project


def restored(link: str, field: str = "sourceSnapshot") -> Project:
    """Return a cluster whose etcd disk was made from ``link``, in another project."""
    project = kops()
    for disk in project.lists[f"projects/acme-prod/{WHERE}/disks"]:
        if disk["name"] == "etcd-main":
            disk[field] = f"https://www.googleapis.com/compute/v1/{link}"
    return project


def role_of(*permissions: str, condition: str = "") -> Project:
    """Return a cluster with a snapshot whose policy binds another project's account to a role of ``permissions``."""
    project = kops()
    share(project, "global", "snapshots", "copy", OTHERS, sourceDisk=project.link(f"{WHERE}/disks/etcd-main"))
    project.role(READER, *permissions)
    (binding,) = project.answers["projects/acme-prod/global/snapshots/copy/getIamPolicy"]["bindings"]
    if condition:
        binding["condition"] = {"expression": condition}
    return project


READS, OVER = "compute.snapshots.useReadOnly", 'request.time < timestamp("2020-01-01T00:00:00Z")'
COPIES: dict[str, Shape] = {
    "the policy of etcd's disk itself": (shared(WHERE, "disks", "etcd-main"), DISKS, "FAIL"),
    "a clone in the same zone": (shared(WHERE, "disks", sourceDisk="disk"), DISKS, "FAIL"),
    "a regional clone": (shared(HERE, "disks", sourceDisk="disk"), DISKS, "FAIL"),
    "a secondary disk of asynchronous replication": (
        shared(HERE, "disks", asyncPrimaryDisk={"disk": kops().link(f"{WHERE}/disks/etcd-main")}),
        DISKS,
        "FAIL",
    ),
    "a regional instant snapshot": (shared(HERE, "instantSnapshots", sourceDisk="disk"), DISKS, "FAIL"),
    "a machine image that names only its machine": (
        shared("global", "machineImages", sourceInstance="master"),
        DISKS,
        "FAIL",
    ),
    "a link with the project's number": (by_number, DISKS, "FAIL"),
    "a snapshot of a clone from a snapshot": (lambda: clone_of("snapshots"), DISKS, "FAIL"),
    "a snapshot of a clone from an instant snapshot": (lambda: clone_of("instantSnapshots"), DISKS, "FAIL"),
    "a snapshot of a clone from an image": (lambda: clone_of("images"), DISKS, "FAIL"),
    "another project's account, bound on the project": (lambda: inherited(OTHERS), DISKS, "FAIL"),
    "another project's account, bound on the organization": (
        lambda: inherited(OTHERS, on="organizations/2"),
        DISKS,
        "FAIL",
    ),
    "a private Google Account, bound on the project": (lambda: inherited("user:ana@gmail.com"), DISKS, "FAIL"),
    "an account that may change the policies of copies": (
        lambda: inherited(OTHERS, "compute.snapshots.setIamPolicy"),
        DISKS,
        "FAIL",
    ),
    "a condition on the copy's name": (
        lambda: inherited(OTHERS, condition='resource.name.startsWith("projects/acme-prod/global/snapshots/c")'),
        DISKS,
        "FAIL",
    ),
    "a condition on the name by the project's number": (
        lambda: inherited(OTHERS, condition='resource.name.endsWith("123456789012/global/snapshots/copy")'),
        DISKS,
        "FAIL",
    ),
    "a condition that is not understood": (
        lambda: inherited(OTHERS, condition='resource.matchTag("1/env", "prod")'),
        DISKS,
        "UNKNOWN",
    ),
    "a condition on another resource": (
        lambda: inherited(OTHERS, condition='resource.name.startsWith("projects/acme-prod/global/snapshots/d")'),
        DISKS,
        "PASS",
    ),
    "a condition that is over": (lambda: role_of(READS, condition=OVER), DISKS, "PASS"),
    "a condition on another type": (
        lambda: role_of(READS, condition='resource.type == "compute.googleapis.com/Disk"'),
        DISKS,
        "PASS",
    ),
    "a role that only shows the snapshot": (lambda: role_of("compute.snapshots.get"), DISKS, "PASS"),
    "an account of the project's own, on the project": (
        lambda: inherited("serviceAccount:backup@acme-prod.iam.gserviceaccount.com"),
        DISKS,
        "PASS",
    ),
    "a snapshot of another project, from which the disk was made": (
        lambda: restored("projects/backups-1/global/snapshots/nightly"),
        DISKS,
        "UNKNOWN",
    ),
    "a disk of another project, from which the disk was made": (
        lambda: restored(f"projects/backups-1/{WHERE}/disks/old", "sourceDisk"),
        DISKS,
        "UNKNOWN",
    ),
}


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize("shape", COPIES.values(), ids=COPIES)
def test_a_copy_of_etcd_s_data_is_judged(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)


def test_advice_never_says_to_delete_etcd_s_own_disk(google_cloud: Proxy) -> None:
    row = assert_shape(google_cloud, (shared(WHERE, "disks", "etcd-main"), DISKS, "FAIL"))
    [finding] = [finding for finding in row.findings if finding.counts]
    assert finding.message.startswith("the content of ")
    assert finding.message.endswith("is shared with serviceAccount:backup@elsewhere-1.iam.gserviceaccount.com")
