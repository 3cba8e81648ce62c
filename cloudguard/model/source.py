"""Where a fact came from, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Source:
    """The API call that gave a fact, and the resource it was asked about."""

    call: str
    resource: str = "*"


class FactKind(StrEnum):
    """A part of the facts: a check rests on some, a gap hides some."""

    HOSTS = "hosts"
    """The cluster's hosts, their roles, interfaces and addresses."""
    POOLS = "pools"
    """What the next host will get: scaling groups and launch templates."""
    FILTERS = "filters"
    """Host, subnet and balancer filters and their rules."""
    ADDRESS_LISTS = "address-lists"
    """Named address lists; one that was not read widens the upper bound where a rule names it."""
    MEMBERS = "members"
    """Which interfaces are members of a group that a rule names as its peer."""
    ROUTES = "routes"
    """Subnets, routes, gateways, peerings."""
    BALANCERS = "balancers"
    """Load balancers, listeners, targets."""
    ENDPOINT = "endpoint"
    """The managed control plane's endpoint and its settings."""
    IDENTITIES = "identities"
    """Cloud identities of the hosts and what is attached to them."""
    DISKS = "disks"
    """Disks of the hosts that hold etcd, and their snapshots."""
    ETCD_CLUSTERS = "etcd-clusters"
    """Which etcd clusters run beside the main one, each with ports of its own, as their disks show."""
    KEYS = "keys"
    """Encryption keys: state and manager."""


class Reason(StrEnum):
    """Why something could not be read."""

    DENIED = "denied"
    THROTTLED = "throttled"
    FAILED = "failed"
    UNSUPPORTED = "unsupported"
    MISSING = "missing"
    NOT_ASKED = "not-asked"
    """A snapshot file of an older version, which did not ask for it."""
    STOPPED = "stopped"
    """The reading was ended first, by a signal or its time limit."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not read: the call, what it was asked about, why, and what it hides.

    ``permission`` is the missing permission in the cloud's words ("" where none would help).
    """

    call: str
    resource: str
    reason: Reason
    message: str
    hides: tuple[FactKind, ...]
    permission: str = ""
