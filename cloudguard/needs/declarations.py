"""What the user declares about one cluster: administrators, services, needs of its own."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Declarations:
    """The user's declarations. Ports are services as in a rule ("tcp/443").

    ``admin_cidrs`` None: not declared; (): nobody connects. ``addons`` are those that run with the identity of the
    hosts. ``require_customer_key``: etcd's disks need a key of the user's own. ``cni``, ``api_ports``, ``etcd_ports``
    empty: those that the installation shows.
    """

    admin_cidrs: tuple[str, ...] | None = None
    services: tuple[DeclaredService, ...] = ()
    needs: tuple[DeclaredNeed, ...] = ()
    permissions: tuple[DeclaredPermission, ...] = ()
    outsiders: tuple[DeclaredOutsider, ...] = ()
    addons: tuple[str, ...] = ()
    require_customer_key: bool = False
    cni: str = ""
    api_ports: tuple[str, ...] = ()
    etcd_ports: tuple[str, ...] = ()
    node_ports: str = "tcp/30000-32767,udp/30000-32767"
