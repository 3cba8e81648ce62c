"""The cluster: its hosts with their roles, its pools, disks and keys."""

from __future__ import annotations

from enum import StrEnum

from cloudguard.model.keys import Key, SecretsEncryption
from cloudguard.model.network import Interface
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, Ranges
from cloudguard.values import dataclass


class Role(StrEnum):
    """The role of a host in the cluster. If a host has no role, its role is unknown."""

    CONTROL_PLANE = "control-plane"
    ETCD = "etcd"
    NODE = "node"
    BASTION = "bastion"


class EvidenceKind(StrEnum):
    """The kind of evidence for a role."""

    USER = "user"
    """A flag or setting of the user."""
    INSTALLER = "installer"
    """A tag, label or name that an installer writes."""
    MANAGED = "managed"
    """The provider runs the control plane, so the cluster's own hosts are nodes."""
    REGISTRATION = "registration"
    """A load balancer sends the API's traffic to it."""
    DISK = "disk"
    """A disk that holds etcd is attached to it."""
    HOSTS = "hosts"
    """The roles of other hosts of the cluster or pool."""
    NAME = "name"
    """Its own name, or the name of a resource that it belongs to."""
    UNKNOWN = "unknown"
    """Unknown: the evidence is from a snapshot file of an older schema."""


class Strength(StrEnum):
    """The strength of evidence."""

    STRONG = "strong"
    WEAK = "weak"
    """Anyone may have written it by chance. It may add a role, but it never removes one."""


@dataclass(frozen=True, slots=True)
class RoleEvidence:
    """Evidence for the roles of a host or pool, or for etcd on a disk. ``text`` is the evidence as text."""

    kind: EvidenceKind
    text: str
    strength: Strength = Strength.STRONG


@dataclass(frozen=True, slots=True)
class MetadataService:
    """The instance metadata service of a host or template. ``hop_limit`` is in network hops.

    ``remedy``: what keeps pods away from it in this cloud ("": required tokens and a hop limit of 1). ``has_switch``:
    the remedy is a setting of the cloud. ``has_tokens``: it can require tokens; without, it answers all who reach it.
    """

    enabled: bool
    tokens_required: bool
    hop_limit: int
    remedy: str = ""
    has_switch: bool = True
    has_tokens: bool = True


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of the cluster. If ``roles`` is empty, ``role_evidence`` says why they are unknown, if there is any."""

    id: str
    name: str
    roles: tuple[Role, ...]
    role_evidence: tuple[RoleEvidence, ...]
    interfaces: tuple[Interface, ...]
    source: Source
    identity: str = ""
    pool: str = ""
    disks: tuple[str, ...] = ()
    metadata: MetadataService | None = None
    further_identities: tuple[str, ...] = ()
    """More identities, in clouds where one machine can have several."""
    written_by: Owner | None = None
    """The program that made it. None: a person, as far as is known. This field is the same in all other types."""

    @property
    def identities(self) -> tuple[str, ...]:
        """The ids of all identities of the host."""
        return (self.identity, *self.further_identities) if self.identity else ()

    @property
    def evidence(self) -> tuple[str, ...]:
        """The evidence for the host's roles, as texts."""
        return tuple(evidence.text for evidence in self.role_evidence)


@dataclass(frozen=True, slots=True)
class DiskTemplate:
    """A disk that the next host of a pool will get. ``encrypted`` None: unknown.

    ``customer_key``: a customer's key encrypts it (None: the facts of ``key`` decide, or it is unknown).
    """

    device: str
    encrypted: bool | None
    key: str = ""
    customer_key: bool | None = None


@dataclass(frozen=True, slots=True)
class NextInterface:
    """A further interface of a pool's next host, in one of ``subnets`` (empty: in one of the pool's subnets).

    ``public``, ``public_ipv6``: the template gives it a public address. If the template gives no IPv6 address, the
    subnet may give one.
    """

    filters: tuple[str, ...]
    groups: tuple[str, ...]
    subnets: tuple[str, ...] = ()
    public: bool = False
    public_ipv6: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """A scaling group and the properties of its next host. ``template`` names the launch template.

    ``public``, ``public_ipv6`` None: the subnet's default decides. ``further``: the interfaces other than the primary
    one. ``host_encryption``: temporary disks and disk caches are encrypted too, on the physical host (None: unknown).
    ``template_fields``: the fields that a new version of the template must repeat, as JSON in the cloud's own fields
    ("": there is no template, or the user cannot edit it).
    """

    id: str
    name: str
    roles: tuple[Role, ...]
    role_evidence: tuple[RoleEvidence, ...]
    subnets: tuple[str, ...]
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    source: Source
    template: str = ""
    public: bool | None = None
    desired: int = 0
    disks: tuple[DiskTemplate, ...] = ()
    identity: str = ""
    metadata: MetadataService | None = None
    public_ipv6: bool | None = None
    further: tuple[NextInterface, ...] = ()
    further_identities: tuple[str, ...] = ()
    host_encryption: bool | None = None
    written_by: Owner | None = None
    template_fields: str = ""

    @property
    def identities(self) -> tuple[str, ...]:
        """The ids of all identities of the pool's next host."""
        return (self.identity, *self.further_identities) if self.identity else ()


@dataclass(frozen=True, slots=True)
class DiskSnapshot:
    """A copy of a disk, or the source that the disk was made from. ``relation`` says which.

    ``shared_with`` are accounts, "all" for everyone, or None if it was not read. ``evidence`` shows that a copy whose
    ``disk`` is gone holds etcd's data. None: the copy belongs to the cluster and may hold it. ``kind`` is "snapshot",
    "image" or "disk". ``key``, ``customer_key``: as of a ``DiskTemplate``.
    """

    id: str
    disk: str
    encrypted: bool
    shared_with: tuple[str, ...] | None
    source: Source
    relation: str = "a copy of"
    evidence: RoleEvidence | None = None
    kind: str = "snapshot"
    key: str = ""
    customer_key: bool | None = None

    @property
    def words(self) -> str:
        """A text for the copy, such as "a copy of vol-1" or "a copy of a former disk"."""
        former = f"a former disk of etcd ({self.evidence.text})" if self.evidence else "a former disk"
        return f"{self.relation} {self.disk or former}"


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a host. ``host`` is "" if the disk is detached.

    ``etcd_evidence`` is the evidence that it holds etcd's data. ``etcd_cluster`` names the etcd cluster of that data
    ("": unknown, or none). ``copy_fields``: the fields that a replacement disk must have too, as JSON in the cloud's
    own fields ("": not read).
    """

    id: str
    name: str
    host: str
    device: str
    encrypted: bool
    key: str
    source: Source
    etcd_evidence: RoleEvidence | None = None
    etcd_cluster: str = ""
    snapshots: tuple[DiskSnapshot, ...] = ()
    written_by: Owner | None = None
    copy_fields: str = ""

    @property
    def holds_main_etcd(self) -> bool:
        """Whether strong evidence shows that the disk holds the data of the main etcd cluster.

        Other disks of its host then hold that data only if evidence shows it. Disks of other etcd clusters don't count.
        """
        return self.certainly_holds_etcd and self.etcd_cluster in {"", "main"}

    @property
    def certainly_holds_etcd(self) -> bool:
        """Whether strong evidence shows that the disk holds etcd's data."""
        return self.etcd_evidence is not None and self.etcd_evidence.strength is Strength.STRONG


@dataclass(frozen=True, slots=True)
class Datastore:
    """A database that may hold the cluster's state in place of etcd. ``engine`` is, for example, "mysql"."""

    id: str
    engine: str
    encrypted: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kubernetes cluster as its cloud shows it.

    ``installer_strength`` is strong if all tags that the installer itself writes are there, and weak if only a word or
    one tag is. ``managed``: the provider runs the control plane and etcd (``managed_by`` names the service).
    ``scanned_by`` is the cloud identity that read the facts. ``pod_ranges`` are the addresses of pods that are not
    addresses of hosts, and the addresses of nodes outside the cloud.
    """

    name: str
    provider: str
    account: str
    regions: tuple[str, ...]
    installer: str
    version: str
    managed: bool
    scanned_by: str
    hosts: tuple[Host, ...] = ()
    pools: tuple[Pool, ...] = ()
    disks: tuple[Disk, ...] = ()
    keys: tuple[Key, ...] = ()
    managed_by: str = ""
    secrets_encryption: SecretsEncryption | None = None
    pod_ranges: Ranges = NO_ADDRESSES
    traits: tuple[tuple[str, str], ...] = ()
    """Facts about the installation that select needs, such as ("cni", "cilium") and ("etcd-cluster", "cilium")."""
    installer_strength: Strength = Strength.WEAK
    copies: tuple[DiskSnapshot, ...] = ()
    """Copies of deleted disks, and disks without a host, that have the cluster's tags."""
    datastores: tuple[Datastore, ...] = ()
    """Databases that may hold the cluster's state, if no evidence shows that etcd runs."""
    place: str = ""
    """The zone, resource group or network that tells it apart from others of its name in its account and regions."""

    @property
    def places(self) -> tuple[str, ...]:
        """The cluster's regions, and its place in them."""
        return (*self.regions, self.place) if self.place else self.regions

    @property
    def own_key(self) -> str:
        """The id of a customer's key that lasts, and that a disk of the cluster has ("": there is none)."""
        used = {disk.key for disk in self.disks} | {disk.key for pool in self.pools for disk in pool.disks}
        return min((key.id for key in self.keys if key.id in used and key.lasts), default="")

    @property
    def hosts_and_pools(self) -> tuple[Host | Pool, ...]:
        """The hosts, and the pools, which stand for their next hosts."""
        return (*self.hosts, *self.pools)

    def hosts_by(self, role: Role) -> tuple[Host, ...]:
        """Return the hosts that have ``role``."""
        return tuple(host for host in self.hosts if role in host.roles)
