"""A small cluster on AWS whose control plane runs etcd, and the disks that hold etcd's data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aws_hosts import api_of, hosts_of
from builders import snapshot as snapshot_of
from cloudguard.model.cluster import Host, Role
from cloudguard.provider.etcd_disks import EtcdStorage
from cloudguard.results.report import RowResult
from cloudguard_aws.storage.disks import read_storage
from judged import rows_of
from moto_fixtures.aws.builder import Account, Tags
from moto_fixtures.aws.installers import capa

SHARED = "210987654321"
"""The id of another account."""


@dataclass
class StackedCluster:
    """A stacked control-plane host with its root volume, and a worker with its own."""

    account: Account
    master: str
    root: str
    worker: str
    worker_root: str
    hosts: tuple[Host, ...]

    def storage(self) -> EtcdStorage:
        """Return the disks and keys of etcd, as the adapter reads them."""
        api = api_of(self.account)
        storage = read_storage(api, cluster="prod", hosts=self.hosts)
        assert api.gaps == ()
        return storage

    def row(self) -> RowResult:
        """Return the result of the row etcd-encryption."""
        storage = self.storage()
        snapshot = snapshot_of(self.hosts, disks=storage.disks, keys=storage.keys)
        return rows_of(replace(snapshot, cluster=replace(snapshot.cluster, copies=storage.copies)))["etcd-encryption"]

    def volume(self, *, tags: Tags | None = None, origin: str = "", encrypted: bool = True) -> str:
        """Create a volume without a host. ``origin``: the id of the snapshot that it is made from."""
        fields = {"SnapshotId": origin} if origin else {"Encrypted": encrypted, "Size": 1}
        made = str(self.account.call("ec2", "create_volume", AvailabilityZone="eu-west-1a", **fields)["VolumeId"])
        self.account.tag(made, tags or {})
        return made

    def former(self, tags: Tags) -> str:
        """Create an unencrypted snapshot, and delete its volume."""
        volume = self.volume(encrypted=False)
        made = self.account.snapshot(volume)
        self.account.tag(made, tags)
        self.account.call("ec2", "delete_volume", VolumeId=volume)
        return made

    def made_from(self, volume: str, snapshot: str) -> None:
        """Record in moto that a volume was made from a snapshot."""
        self.account.backend("ec2").volumes[volume].snapshot_id = snapshot

    def image_of(self, snapshot: str) -> str:
        """Create an image from a snapshot."""
        image, ec2 = self.account.image(), self.account.backend("ec2")
        ec2.amis[image].ebs_snapshot = ec2.snapshots[snapshot]
        return image


def stacked_cluster(a: Account) -> StackedCluster:
    """Create the cluster, with encrypted root volumes."""
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "all")
    master, node = a.host("m", subnet, [group], capa.control_plane), a.host("n", subnet, [group], capa.node)
    hosts = (*hosts_of(a, master.id, role=Role.CONTROL_PLANE), *hosts_of(a, node.id))
    roles = ((Role.CONTROL_PLANE, Role.ETCD), (Role.NODE,))
    stacked = tuple(replace(host, roles=known) for host, known in zip(hosts, roles, strict=True))
    return StackedCluster(a, master.id, master.root, node.id, node.root, stacked)
