"""The declarations in force, in words and with their origins, and the declarations that allow everything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple, cast

from cloudguard.needs.declarations import (
    Declarations,
    DeclaredNeed,
    DeclaredOutsider,
    DeclaredPermission,
    DeclaredService,
    InForce,
)
from cloudguard.needs.ports import network_plugins
from cloudguard.needs.setting_values import nearest
from cloudguard.needs.settings import IN_FILE, NEED
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.packet_sets.services import PORTS, ServiceSet

_ALMOST_EVERYONE4, _ALMOST_EVERYONE6 = 2**24, 2**112
"""The numbers of IPv4 and IPv6 addresses from which public addresses count as everyone (IPv6: a /16)."""
_ONE_ORGANIZATION4, _ONE_ORGANIZATION6 = 2**16, 2**80
"""The largest numbers of IPv4 and IPv6 addresses of one organization; an IPv6 /48 is one site (RFC 6177)."""
_ALMOST_EVERY_PORT: Final = PORTS // 2 - 1
_NAMES: Final = {
    **{setting.declares: setting.name for setting in IN_FILE if setting.declares},
    **dict.fromkeys(("needs", "permissions"), NEED.name),
}
"""Field of ``Declarations`` → key of ``cloudguard.toml``."""


class Everything(NamedTuple):
    """A declaration that allows everyone, every port or every action, with its ``reason``.

    ``permission``: the declaration is about permissions of identities, not about connections.
    """

    name: str
    text: str
    reason: str
    permission: bool = False


def in_force(declared: Declarations) -> tuple[InForce, ...]:
    """Return the declarations in words, each key once."""
    values: dict[str, tuple[str, ...]] = {}
    plain = Declarations()
    for field, name in _NAMES.items():
        value: object = getattr(declared, field)
        if value != getattr(plain, field):
            values[name] = (*values.get(name, ()), *_texts(value))
    origins = dict(declared.stated_in)
    return (*(InForce(name, texts, origins.get(name, "")) for name, texts in values.items()), *declared.others)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        texts = (_text(item) + (f": {reason}" if (reason := getattr(item, "reason", "")) else "") for item in items)
        return tuple(texts) or ("nobody",)
    return ("yes",) if value is True else (str(value),)


def _text(item: object) -> str:
    match item:
        case DeclaredService():
            text = f"{item.services} from {', '.join(item.sources)}"
        case DeclaredNeed():
            text = f"{item.services} from {item.peer} to {item.role}"
        case DeclaredPermission():
            text = f"{', '.join(item.actions)} on {', '.join(item.resources)} for {item.role}"
        case DeclaredOutsider():
            text = f"{item.principal} may assume {item.identity}"
        case _:
            return str(item)
    return text


@lru_cache(maxsize=4)
def everything_declared(declared: Declarations) -> tuple[Everything, ...]:
    """Return the declarations that allow everything."""
    return tuple(_everything(declared))


def _everything(declared: Declarations) -> Iterator[Everything]:
    admins = declared.admin_cidrs or ()
    if is_everyone(AddressSet.of(admins)):
        yield Everything("admin-cidr", ", ".join(admins), declared.admin_reason)
    yield from _services(declared.services)
    for need in declared.needs:
        if _every_port(need.services) or is_everyone(range_of(need.peer)):
            yield Everything("need", _text(need), need.reason)
    for permission in declared.permissions:
        if any(not action.strip("*?:") for action in permission.actions):
            yield Everything("need", _text(permission), permission.reason, permission=True)


def _services(declared: Collection[DeclaredService]) -> Iterator[Everything]:
    """Yield the declared services that allow every port. If only all together do, yield them as one."""
    every = [service for service in declared if _every_port(service.services)]
    for service in every:
        yield Everything("service", _text(service), service.reason)
    if not every and _every_port(",".join(service.services for service in declared)):
        reasons = [service.reason for service in declared]
        yield Everything("service", "; ".join(map(_text, declared)), "; ".join(reasons) if all(reasons) else "")


def is_everyone(addresses: AddressSet) -> bool:
    """Whether ``addresses`` hold so many public addresses that they count as everyone."""
    public = addresses & PUBLIC
    return public.size4 > _ALMOST_EVERYONE4 or public.size6 >= _ALMOST_EVERYONE6


def is_many(addresses: AddressSet) -> bool:
    """Whether ``addresses`` are more than those of one organization."""
    return addresses.size4 > _ONE_ORGANIZATION4 or addresses.size6 > _ONE_ORGANIZATION6


def faults_of(declared: Declarations) -> Iterator[str]:
    """Yield the faults of the declarations: an unknown CNI, or a declaration that allows everything without reason."""
    yield from unknown_names("cni", filter(None, [declared.cni]), network_plugins())
    if _every_port(declared.node_ports):
        origin = dict(declared.stated_in).get("node-ports", "node-ports")
        yield f"{origin}: {declared.node_ports} is not a range of NodePorts: declare a [[service]] with a reason"
    yield from without_reason(declared)


def unknown_names(setting: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """Yield a fault for each of ``names`` that is not in ``known``."""
    for name in names:
        if name not in known:
            yield f"{setting}: {name!r} is unknown: declare its needs as [[need]]{nearest(name, known)}"


def without_reason(declared: Declarations) -> tuple[str, ...]:
    """Return a fault for each declaration that allows everything and gives no reason."""
    origins, hint = dict(declared.stated_in), {"admin-cidr": "admin-reason"}
    return tuple(
        f"{origins.get(each.name) or each.name}: {each.text}allows everything: give the reason, as {each.name}'s "
        f"{hint.get(each.name, 'reason')} in cloudguard.toml"
        for each in everything_declared(declared)
        if not each.reason.strip()
    )


def _every_port(services: str) -> bool:
    named = ServiceSet.parse(services) if services else ServiceSet.nothing()
    return any((ServiceSet.parse(name) & named).size > _ALMOST_EVERY_PORT for name in ("tcp", "udp"))


def range_of(peer: str) -> AddressSet:
    """Return the addresses of a declared peer; no addresses if the peer is a group's id.

    The peer is parsed, because a group's id may hold slashes and colons too.
    """
    try:
        return AddressSet.parse(peer)
    except ValueError:
        return AddressSet.nothing()
