"""The cluster: its hosts with their roles, its pools, its disks and keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.network import Interface
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, Ranges


class Role(StrEnum):
    """What a host does in the cluster. No role at all means that nothing told it."""

    CONTROL_PLANE = "control-plane"
    ETCD = "etcd"
    NODE = "node"
    BASTION = "bastion"


@dataclass(frozen=True, slots=True)
class MetadataService:
    """The instance metadata service of a host or template; ``hop_limit`` is in network hops.

    ``remedy``: what keeps pods from it on this cloud ("": tokens, and no more than one hop).
    """

    enabled: bool
    tokens_required: bool
    hop_limit: int
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of the cluster; ``evidence`` says, in words, how its roles were told."""

    id: str
    name: str
    roles: tuple[Role, ...]
    evidence: tuple[str, ...]
    interfaces: tuple[Interface, ...]
    source: Source
    identity: str = ""
    pool: str = ""
    disks: tuple[str, ...] = ()
    metadata: MetadataService | None = None


@dataclass(frozen=True, slots=True)
class DiskTemplate:
    """A disk that the next host of a pool will get; ``encrypted`` None: can't be told."""

    device: str
    encrypted: bool | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """A scaling group and what its next host will get. ``template`` names the launch template.

    ``public`` None: the segment's default decides.
    """

    id: str
    name: str
    roles: tuple[Role, ...]
    evidence: tuple[str, ...]
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


class KeyManager(StrEnum):
    """Whose an encryption key is."""

    PROVIDER = "provider"
    CUSTOMER = "customer"


class KeyState(StrEnum):
    """Whether a key can be used."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    PENDING_DELETION = "pending-deletion"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Key:
    """An encryption key. ``rotates``: new material replaces it from time to time by itself; None: that was not told."""

    id: str
    manager: KeyManager
    state: KeyState
    source: Source
    rotates: bool | None = None


@dataclass(frozen=True, slots=True)
class DiskSnapshot:
    """A copy of a disk; ``shared_with`` lists accounts, or "all" for the world; None: not read."""

    id: str
    disk: str
    encrypted: bool
    shared_with: tuple[str, ...] | None
    source: Source


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a host; ``holds_etcd`` is the evidence that it does ("" if none); ``host`` "" if detached."""

    id: str
    name: str
    host: str
    device: str
    encrypted: bool
    key: str
    source: Source
    holds_etcd: str = ""
    snapshots: tuple[DiskSnapshot, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretsEncryption:
    """A managed control plane's own encryption of Secrets; ``key`` "" means the provider's."""

    key: str
    source: Source


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kubernetes cluster as its cloud shows it.

    ``managed``: the provider runs the control plane and etcd (``managed_by`` names the service).
    ``scanned_by`` is the cloud identity that read all this. ``pod_ranges`` are the addresses that its pods have beside
    those of its hosts.
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

    def hosts_by(self, role: Role) -> tuple[Host, ...]:
        """Hosts that have ``role``."""
        return tuple(host for host in self.hosts if role in host.roles)
