"""Sources of facts, and gaps: facts that could not be read."""

from __future__ import annotations

from enum import StrEnum

from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """The API call that returned a fact, and the resource that it asked about."""

    call: str
    resource: str = "*"


class FactKind(StrEnum):
    """A kind of facts. A row rests on some kinds, and a gap hides some."""

    HOSTS = "hosts"
    """The cluster's hosts, their roles, interfaces and addresses."""
    POOLS = "pools"
    """The properties of the next host: scaling groups and launch templates."""
    FILTERS = "filters"
    """Host, subnet and balancer filters and their rules."""
    ADDRESS_LISTS = "address-lists"
    """Named address lists. A list that was not read widens the upper bound of the rules and routes that name it, and so
    hides only what they can let in."""
    MEMBERS = "members"
    """The interfaces that are members of a group that a rule names as its peer."""
    ROUTES = "routes"
    """Subnets, routes, gateways, peerings."""
    BALANCERS = "balancers"
    """Load balancers, listeners, targets."""
    ENDPOINT = "endpoint"
    """The managed control plane's endpoint and its settings."""
    IDENTITIES = "identities"
    """Cloud identities of the hosts, and the policies attached to them."""
    DISKS = "disks"
    """Disks of the hosts that hold etcd, and their snapshots."""
    ETCD_CLUSTERS = "etcd-clusters"
    """The etcd clusters other than the main one, each with its own ports. Their disks show them."""
    KEYS = "keys"
    """Encryption keys: state and manager."""


class Reason(StrEnum):
    """The reason why something was not read."""

    DENIED = "denied"
    THROTTLED = "throttled"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    MISSING = "missing"
    NOT_ASKED = "not-asked"
    """The snapshot file is from an older version, which did not ask for it."""
    STOPPED = "stopped"
    """A signal or the time limit ended the reading before."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A failed read: the API call, the resource that it asked about, the reason, and the kinds of facts that it hides.

    ``permission`` is the missing permission in the cloud's terms ("" if no permission would help). ``hides`` is empty
    if the snapshot itself shows what is unknown, such as a filter that it names and does not contain.
    """

    call: str
    resource: str
    reason: Reason
    message: str
    hides: tuple[FactKind, ...]
    permission: str = ""
