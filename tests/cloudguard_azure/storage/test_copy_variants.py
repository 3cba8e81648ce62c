"""Disks and copies of etcd's data on Azure in rare forms, and names and tags that do not take a disk away."""

from __future__ import annotations

from typing import Any

import pytest

from azure_clusters import CAPZ, capz_tags, kops_tags
from azure_handmade import HandMade
from azure_networks import link
from azure_proxy import AzureProxy
from azure_variants import Variant, report_on
from cloudguard_azure import ADAPTER
from judged import changes_of

ROW = "etcd-encryption"
DISKS, MACHINES = "Microsoft.Compute/disks", "Microsoft.Compute/virtualMachines"
OPEN: dict[str, Any] = {"diskState": "ActiveSAS"}
"""The state of a disk or snapshot with a link that anyone may use."""
SHUT: dict[str, Any] = {"diskState": "Unattached"}
KOPS = kops_tags(**{"k8s.io_role_control-plane": "1", "kops.k8s.io_instancegroup": "cp"})


def cluster(*disks: str, tags: dict[str, str] | None = None, local: bool = False, **rest: Any) -> HandMade:  # noqa: ANN401 - JSON
    """Return a cluster whose control plane has data disks with these names. ``local``: its OS disk is not encrypted."""
    account = HandMade()
    ids = [account.disk(name, **rest) for name in disks]
    account.master(disks=ids, tags=tags or capz_tags("control-plane"))
    account.worker(tags=kops_tags(**{"k8s.io_role_node": "1"}) if tags else capz_tags("node"))
    if local:
        root = account.properties(account.id(MACHINES, "prod-cp-0"))["storageProfile"]["osDisk"]
        root["diffDiskSettings"] = {"option": "Local", "placement": "CacheDisk"}
        del root["managedDisk"], account.items[account.id(DISKS, "prod-cp-0-os").lower()]
    return account


def of(account: HandMade, name: str = "prod-cp-0-os") -> str:
    return account.id(DISKS, name)


def disk(name: str = "prod-cp-0-os", *disks: str, **properties: Any) -> HandMade:  # noqa: ANN401 - JSON
    """Return a cluster with other properties of one of its disks."""
    account = cluster(*disks)
    account.properties(of(account, name)).update(properties)
    return account


def chain(*states: dict[str, Any]) -> HandMade:
    """Return a cluster with a snapshot of its disk, a snapshot of this, and so on, with these states."""
    account = cluster()
    source = of(account)
    for number, state in enumerate(states):
        source = account.snapshot(f"s{number}", source, rg=f"backup-{number}", **state)
    return account


def restored(**state: Any) -> HandMade:  # noqa: ANN401 - JSON
    """Return a cluster with a disk that was made from a snapshot of its disk."""
    account = chain(SHUT)
    made = {
        "createOption": "Copy",
        "sourceResourceId": account.id("Microsoft.Compute/snapshots", "s0", group="backup-0"),
    }
    account.disk("restored", rg="lab", creationData=made, **state)
    return account


def origin(**state: Any) -> HandMade:  # noqa: ANN401 - JSON
    """Return a cluster whose disk was made from a snapshot of a disk that is gone."""
    account = cluster()
    account.elsewhere.add(of(account, "gone"))
    source = account.snapshot("old", of(account, "gone"), **state)
    account.properties(of(account))["creationData"] = {"createOption": "Copy", "sourceResourceId": source}
    return account


def former(name: str, tags: dict[str, str], **state: Any) -> HandMade:  # noqa: ANN401 - JSON
    """Return a cluster with a snapshot of a disk that is gone."""
    account = cluster()
    account.elsewhere.add(of(account, name))
    account.get(account.snapshot("old", of(account, name), **state))["tags"] = tags
    return account


def image(*, of_data: bool) -> HandMade:
    """Return a cluster with an image of its machine, made from a shared snapshot."""
    account = cluster("prod-cp-0_etcddisk")
    source = account.snapshot("s", of(account, "prod-cp-0_etcddisk" if of_data else "prod-cp-0-os"), **OPEN)
    root = {"osType": "Linux", "osState": "Generalized"}
    profile = {"osDisk": root | ({} if of_data else {"snapshot": link(source)})}
    data = {"dataDisks": [{"lun": 0, "snapshot": link(source)}]} if of_data else {}
    account.add("Microsoft.Compute/images", "golden", {"storageProfile": profile | data})
    return account


def attached_elsewhere() -> HandMade:
    """Return a cluster whose etcd disk another machine shares."""
    account = cluster("prod-cp-0_etcddisk", maxShares=2)
    other = account.other()
    own = of(account, "prod-cp-0_etcddisk")
    held = {"lun": 0, "name": "etcd", "createOption": "Attach", "managedDisk": link(own), "toBeDetached": False}
    account.properties(other)["storageProfile"]["dataDisks"].append(held)
    account.get(own)["managedByExtended"] = [account.id(MACHINES, "prod-cp-0"), other]
    return account


def on_k3s() -> HandMade:
    """Return two servers of k3s: with etcd there would be an odd number."""
    account = HandMade()
    tags = {"kubernetes.io_cluster_prod": "owned"}
    for number in (0, 1):
        account.master(f"k3s-server-{number}", f"10.0.0.{4 + number}", tags=tags)
    account.worker("k3s-agent-0", tags=tags)
    return account


def shared(build: Any, *says: str) -> Variant:  # noqa: ANN401 - a function
    return Variant(build, ROW, "FAIL", ["snapshot:high"], says=says)


COPIES = {
    "the disk itself, by a link": shared(lambda: disk(**OPEN), "shared access link"),
    "a frozen link": shared(lambda: disk(diskState="ActiveSASFrozen")),
    "a link to a data disk without a name of etcd's": shared(lambda: disk("app", "app", **OPEN), "app"),
    "a disk that another machine shares": shared(attached_elsewhere, "the machine jenkins"),
    "a snapshot in another resource group": shared(lambda: chain(OPEN), "a copy of"),
    "a snapshot of a snapshot": shared(lambda: chain(SHUT, OPEN)),
    "a snapshot of a snapshot of a snapshot": shared(lambda: chain(SHUT, SHUT, OPEN)),
    "a disk made from a snapshot": shared(lambda: restored(**OPEN), "restored"),
    "the snapshot that the disk was made from": shared(lambda: origin(**OPEN), "the origin of"),
    "a snapshot in an image": shared(lambda: image(of_data=False)),
    "a snapshot of a data disk in an image": shared(lambda: image(of_data=True)),
    "a snapshot of a former disk, by kops' tag": shared(
        lambda: former("gone", {"k8s.io_etcd_main": "a/a", "KubernetesCluster": "prod"}, **OPEN), "former"
    ),
    "a snapshot of a former disk, by its name": Variant(
        lambda: former("prod-cp-1_etcddisk", {}, **OPEN), ROW, "UNKNOWN", says=["former"]
    ),
    "a snapshot whose state is not told": Variant(
        lambda: chain({"networkAccessPolicy": "AllowAll"}), ROW, "UNKNOWN", says=["sharing settings"]
    ),
    "servers of k3s, perhaps with another database": Variant(on_k3s, ROW, "UNKNOWN", says=["another database"]),
}


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize("variant", COPIES.values(), ids=COPIES)
def test_copies_of_etcd_s_data_are_found(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


NOT_SHARED = {
    "a link that a policy forbids": lambda: disk(**OPEN, networkAccessPolicy="DenyAll"),
    "a link for private endpoints only": lambda: disk(**OPEN, networkAccessPolicy="AllowPrivate"),
    "a link for callers with a token": lambda: disk(**OPEN, dataAccessAuthMode="AzureActiveDirectory"),
    "a link to the disk of a node": lambda: disk("prod-node-1-os", **OPEN),
    "a snapshot of another cluster's former disk": lambda: former(
        "prod-cp-1_etcddisk", {f"{CAPZ}cluster_other": "owned"}, **OPEN
    ),
    "an upload": lambda: disk(diskState="ActiveUpload"),
}


@pytest.mark.parametrize("build", NOT_SHARED.values(), ids=NOT_SHARED)
def test_other_links_share_nothing_of_etcd(azure_cloud: AzureProxy, build: Any) -> None:  # noqa: ANN401 - a function
    Variant(build, ROW, "PASS").check(azure_cloud)


def test_copies_that_are_not_asked_for_are_listed(azure_cloud: AzureProxy) -> None:
    report = report_on(azure_cloud, cluster())
    listed = "\n".join(each.what for each in report.row(ROW).basis.not_asked)
    for words in ("Restore points", "compute galleries", "Azure Backup", "Site Recovery", "in place of etcd"):
        assert words in listed


def test_a_disk_that_another_machine_shares_is_detached_by_a_person(azure_cloud: AzureProxy) -> None:
    report = report_on(azure_cloud, attached_elsewhere())
    assert report.snapshot
    [change] = changes_of(report.snapshot, row=ROW)
    assert ADAPTER.change_forms(report.snapshot).calls(change) == ()


NAMES = {
    "the claim of an application's etcd": lambda: cluster("pvc-data-apisix-etcd-0", local=True),
    "a disk named as Cluster API names etcd's": lambda: cluster("prod-cp-0_etcddisk", local=True),
    "a disk with etcd in its name": lambda: cluster("etcd-backup", local=True),
    "two disks with etcd in their names": lambda: cluster("etcd-a", "etcd-b", local=True),
    "a free-form tag": lambda: tagged({"purpose": "etcd"}),
    "a tag of kops without a cluster": lambda: tagged({"k8s.io_etcd_backup": "yes"}),
    "kops' tag of its events": lambda: tagged({"k8s.io_etcd_events": "a/a", "KubernetesCluster": "prod"}),
    "kops' tag on a disk of nobody": lambda: apart({"k8s.io_etcd_main": "a/a", "KubernetesCluster": "prod"}),
    "kops' tag on a disk of a node": lambda: on_node({"k8s.io_etcd_main": "a/a", "KubernetesCluster": "prod"}),
    "kops' tag on a disk of another host": lambda: beside(KOPS),
}


def tagged(tags: dict[str, str]) -> HandMade:
    account = cluster("data", local=True)
    account.get(of(account, "data"))["tags"] = tags
    return account


def apart(tags: dict[str, str]) -> HandMade:
    account = cluster(local=True)
    account.disk("data", tags=tags)
    return account


def on_node(tags: dict[str, str]) -> HandMade:
    account = apart(tags)
    own, node = of(account, "data"), account.id(MACHINES, "prod-node-1")
    account.get(own)["managedBy"] = node
    held = {"lun": 0, "name": "data", "createOption": "Attach", "managedDisk": link(own), "toBeDetached": False}
    account.properties(node)["storageProfile"]["dataDisks"].append(held)
    return account


def beside(tags: dict[str, str]) -> HandMade:
    """Return a host whose only disk is not encrypted, beside a host with a disk that kops' tag names."""
    account = cluster(tags=tags, local=True)
    own = account.disk("a.etcd-main.prod", tags={**tags, "k8s.io_etcd_main": "a/a,b"})
    account.master("prod-cp-1", "10.0.0.5", tags=tags, disks=[own])
    return account


@pytest.mark.mistake("disk-removed")
@pytest.mark.parametrize("build", NAMES.values(), ids=NAMES)
def test_no_name_or_tag_takes_an_unencrypted_disk_out_of_the_row(azure_cloud: AzureProxy, build: Any) -> None:  # noqa: ANN401 - a function
    Variant(build, ROW, "FAIL", ["disk:high"], says=["prod-cp-0/OS disk"]).check(azure_cloud)
