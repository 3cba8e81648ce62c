"""What the user declares about one cluster: administrators, services, needs of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cloudguard.needs.waivers import DeclaredWaiver


@dataclass(frozen=True, slots=True)
class DeclaredService:
    """Ports that clients may reach on the nodes: ``services`` as in a rule ("tcp/443"), ``sources`` CIDRs."""

    services: str
    sources: tuple[str, ...] = ("0.0.0.0/0", "::/0")
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeclaredNeed:
    """A flow of the user's own: ``peer`` (a CIDR or a group's id) to hosts of ``role`` on ``services``."""

    peer: str
    role: str
    services: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeclaredPermission:
    """A permission of the user's own: ``actions`` on ``resources``.

    Identities of ``role`` whose names match ``identity`` need it.
    """

    role: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    identity: str = "*"


@dataclass(frozen=True, slots=True)
class DeclaredOutsider:
    """An outsider that may become identities of these names (a glob); ``principal`` is in the cloud's words."""

    principal: str
    reason: str
    identity: str = "*"


class InForce(NamedTuple):
    """A declaration in words: its key, what it says, and the flag, variable or file that says it ("": the caller)."""

    name: str
    values: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Declarations:
    """The user's declarations. Ports are services as in a rule ("tcp/443").

    ``admin_cidrs`` None: not declared; (): nobody connects. ``admin_reason``: why they are so many, if they are.
    ``addons`` are those that run with the identity of the
    hosts. ``require_customer_key``: etcd's disks need a key of the user's own. ``cni``, ``api_ports``, ``etcd_ports``
    empty: those that the installation shows. ``etcd_tls``: how it is known that etcd speaks TLS ("": not).
    ``stated_in``: by key of ``cloudguard.toml``, the flag, variable or file that says it. ``others``: what is said when
    the cluster is read, such as roles of hosts. ``waivers``: findings that are accepted.
    """

    admin_cidrs: tuple[str, ...] | None = None
    admin_reason: str = ""
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
