"""The user's declarations about one cluster: administrators, services, further needs."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from cloudguard.needs.waivers import DeclaredWaiver
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """Ports that clients may reach on the nodes. ``services``: as in a rule ("tcp/443"). ``sources``: CIDRs."""

    services: str
    sources: tuple[str, ...] = ("0.0.0.0/0", "::/0")
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeclaredNeed:
    """A declared flow: from ``peer`` (a CIDR or a group's id) to hosts of ``role`` on ``services``."""

    peer: str
    role: str
    services: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeclaredPermission:
    """A declared permission: ``actions`` on ``resources``.

    The identities of ``role`` whose names match ``identity`` (a glob) need it.
    """

    role: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    identity: str = "*"


@dataclass(frozen=True, slots=True)
class DeclaredOutsider:
    """An outsider that may become each identity whose name matches ``identity`` (a glob).

    ``principal``: the outsider, as the cloud's policies write it.
    """

    principal: str
    reason: str
    identity: str = "*"


class InForce(NamedTuple):
    """A declaration in words.

    ``name``: its key in ``cloudguard.toml``. ``origin``: the flag, variable or file that sets it ("": the caller).
    """

    name: str
    values: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Declarations:
    """The user's declarations about one cluster. Ports are written as services in a rule ("tcp/443").

    ``admin_cidrs``: None means not declared, and () means that no administrator connects. ``admin_reason``: the reason
    for a large number of administrators' addresses. ``api_inside``: the cluster's own hosts connect to the API server
    inside their network, not by its public address. ``addons``: add-ons that run with the identity of the hosts.
    ``require_customer_key``: etcd's disks must be encrypted with a key of the user's own. ``cni``, ``api_ports``,
    ``etcd_ports``: if empty, the values that the installation shows are used. ``etcd_tls``: how the user knows that
    etcd uses TLS ("": not known). ``waivers``: accepted findings. ``stated_in``: pairs of a key of ``cloudguard.toml``
    and the flag, variable or file that sets it. ``others``: declarations that are used when the cluster is read, for
    example the roles of hosts.
    """

    admin_cidrs: tuple[str, ...] | None = None
    admin_reason: str = ""
    api_inside: bool = False
    services: tuple[DeclaredService, ...] = ()
    needs: tuple[DeclaredNeed, ...] = ()
    permissions: tuple[DeclaredPermission, ...] = ()
    outsiders: tuple[DeclaredOutsider, ...] = ()
    addons: tuple[str, ...] = ()
    require_customer_key: bool = False
    cni: str = ""
    api_ports: tuple[str, ...] = ()
    etcd_ports: tuple[str, ...] = ()
    etcd_tls: str = ""
    node_ports: str = "tcp/30000-32767,udp/30000-32767"
    waivers: tuple[DeclaredWaiver, ...] = ()
    stated_in: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    others: tuple[InForce, ...] = field(default=(), compare=False)
