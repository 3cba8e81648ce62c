"""The cluster: its hosts with their roles, its pools, its disks and keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.keys import Key
from cloudguard.model.network import Interface
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, Ranges


class Role(StrEnum):
    """What a host does in the cluster. A host without any role is one whose role is unknown."""

    CONTROL_PLANE = "control-plane"
    ETCD = "etcd"
    NODE = "node"
    BASTION = "bastion"


class EvidenceKind(StrEnum):
    """What shows a role."""

    USER = "user"
    """A flag or setting of the user's."""
    INSTALLER = "installer"
    """A tag, label or name that an installer writes."""
    MANAGED = "managed"
    """The provider runs the control plane, so the cluster's own hosts are nodes."""
    REGISTRATION = "registration"
    """A load balancer sends the API's traffic there."""
    DISK = "disk"
    """A disk that holds etcd is attached."""
    HOSTS = "hosts"
    """The roles of other hosts of the cluster or pool."""
    NAME = "name"
    """Its name, or that of what it belongs to."""
    UNKNOWN = "unknown"
    """Not kept: the evidence is from a snapshot file of a former schema."""


class Strength(StrEnum):
    """How far evidence can be relied on."""

    STRONG = "strong"
    WEAK = "weak"
    """Anyone may have written it by chance: it may add a role, never take one away."""


@dataclass(frozen=True, slots=True)
class RoleEvidence:
    """What shows the roles of a host or pool, or that a disk holds etcd; ``text`` says it in words."""

    kind: EvidenceKind
    text: str
    strength: Strength = Strength.STRONG


@dataclass(frozen=True, slots=True)
class MetadataService:
    """The instance metadata service of a host or template; ``hop_limit`` is in network hops.

    ``remedy``: what keeps pods from it on this cloud ("": tokens, and no more than one hop); ``has_switch``: it is a
    setting of the cloud. ``has_tokens``: it can require them; without, whoever reaches it is answered.
    """

    enabled: bool
    tokens_required: bool
    hop_limit: int
    remedy: str = ""
    has_switch: bool = True
    has_tokens: bool = True


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of the cluster. Without ``roles``, ``role_evidence`` says why they are unknown, if anything does."""

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
    """Where the cloud gives one machine several."""
    written_by: Owner | None = None
    """The program that made it; None: a person, as far as is known. So of all that has it."""

    @property
    def identities(self) -> tuple[str, ...]:
        """The ids of all identities that it has."""
        return (self.identity, *self.further_identities) if self.identity else ()

    @property
    def evidence(self) -> tuple[str, ...]:
        """The evidence for its roles in words."""
        return tuple(one.text for one in self.role_evidence)


@dataclass(frozen=True, slots=True)
class DiskTemplate:
    """A disk that the next host of a pool will get; ``encrypted`` None: unknown."""

    device: str
    encrypted: bool | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class NextInterface:
    """A further interface of a pool's next host, in one of ``subnets`` (none: of the pool's).

    ``public``, ``public_ipv6``: the template gives it a public address; without, the subnet may give one of version 6.
    """

    filters: tuple[str, ...]
    groups: tuple[str, ...]
    subnets: tuple[str, ...] = ()
    public: bool = False
    public_ipv6: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """A scaling group and what its next host will get. ``template`` names the launch template.

    ``public``, ``public_ipv6`` None: the subnet's default decides. ``further``: interfaces beside the primary one.
    ``host_encryption``: temporary disks and disk caches are encrypted too, on the physical host; None: not told.
    ``template_fields``: what a new version of the template has to say again, as JSON in the cloud's own fields ("":
    there is no template, or it is not the user's to edit).
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
        """The ids of all identities that its next host gets."""
        return (self.identity, *self.further_identities) if self.identity else ()


@dataclass(frozen=True, slots=True)
class DiskSnapshot:
    """A copy of a disk, or what it was made from (``relation``); ``shared_with`` lists accounts, "all" for the world.

    ``shared_with`` None: not read. ``evidence`` shows that it holds etcd's data where its ``disk`` is gone; None: it is
    the cluster's, and may. ``kind``: "snapshot", "image" or "disk".
    """

    id: str
    disk: str
    encrypted: bool
    shared_with: tuple[str, ...] | None
    source: Source
    relation: str = "a copy of"
    evidence: RoleEvidence | None = None
    kind: str = "snapshot"

    @property
    def words(self) -> str:
        """What it is: "a copy of vol-1", "a copy of a former disk"."""
        former = f"a former disk of etcd ({self.evidence.text})" if self.evidence else "a former disk"
        return f"{self.relation} {self.disk or former}"


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a host; ``host`` is "" if it is detached.

    ``etcd_evidence`` shows that it holds etcd's data; ``etcd_cluster``: of which etcd cluster ("": unknown, or none).
    ``copy_fields``: what a disk in its place has to have too, as JSON in the cloud's own fields ("": not read).
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
    def holds_etcd(self) -> bool:
        """Whether anything shows that it holds etcd's data."""
        return self.etcd_evidence is not None

    @property
    def is_the_place_of_etcd(self) -> bool:
        """Whether strong evidence shows it: then etcd's data is on no other disk of its host, unless shown too.

        A disk of another etcd cluster than the main one ("events") says nothing of where that is.
        """
        return self.is_shown_to_hold_etcd and self.etcd_cluster in {"", "main"}

    @property
    def is_shown_to_hold_etcd(self) -> bool:
        """Whether strong evidence shows that it holds etcd's data."""
        return self.etcd_evidence is not None and self.etcd_evidence.strength is Strength.STRONG


@dataclass(frozen=True, slots=True)
class Datastore:
    """A database that may hold what etcd would; ``engine``: "mysql"."""

    id: str
    engine: str
    encrypted: bool
    source: Source


@dataclass(frozen=True, slots=True)
class SecretsEncryption:
    """A managed control plane's own encryption of Secrets; ``key`` "" means the provider's."""

    key: str
    source: Source


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kubernetes cluster as its cloud shows it.

    ``installer_strength``: strong where all that the installer itself writes is there, weak where a word or one tag is.
    ``managed``: the provider runs the control plane and etcd (``managed_by`` names the service).
    ``scanned_by`` is the cloud identity that read all this. ``pod_ranges`` are the addresses that its pods have beside
    those of its hosts, and those of nodes that are on no cloud.
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
    """Facts about the installation that choose needs: ("cni", "cilium"), ("etcd-cluster", "cilium") …"""
    installer_strength: Strength = Strength.WEAK
    copies: tuple[DiskSnapshot, ...] = ()
    """Copies of disks that are gone, and disks that no host has, with the cluster's tags."""
    datastores: tuple[Datastore, ...] = ()
    """Databases that may hold what etcd would, as far as nothing shows that etcd runs."""

    def hosts_by(self, role: Role) -> tuple[Host, ...]:
        """Hosts that have ``role``."""
        return tuple(host for host in self.hosts if role in host.roles)
