"""Phrases for findings about connections: who sends, what is reached, on which services."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.rows.network.problem import Problem

FEW = 3
MOST_SPANS = 6
ALMOST_EVERYONE4, ALMOST_EVERYONE6 = 2**24, 2**112
"""So many addresses, a v6 /16 among them, are as good as everyone."""
MANY_ADDRESSES4, MANY_ADDRESSES6 = 2**16, 2**80
"""More than anyone's own: a v6 /48 is one site (RFC 6177)."""


def target_text(target: HostClass | Endpoint) -> str:
    """Return a target by one of its members: a host, a pool's next host or an endpoint."""
    if isinstance(target, Endpoint):
        return f"endpoint {target.id}"
    if target.hosts:
        host = target.hosts[0]
        return f"{host.id} ({host.name})" if host.name and host.name != host.id else host.id
    return f"the next host of {target.pools[0].name or target.pools[0].id}"


def subject(targets: Iterable[HostClass | Endpoint]) -> str:
    """Return who has a problem: "12 nodes in 2 groups", "the managed endpoint"."""
    classes, words = list[HostClass](), list[str]()
    for target in targets:
        if isinstance(target, Endpoint):
            words.append("the managed endpoint")
        else:
            classes.append(target)
    hosts = {host.id for each in classes for host in each.hosts}
    roles = {role for each in classes for role in each.key.roles}
    if hosts:
        kind = next((word for role, word in _ROLE_WORDS if roles == {*role}), "host")
        groups = {(each.key.filters, each.key.groups) for each in classes if each.hosts}
        spread = f" in {len(groups)} groups" if len(groups) > 1 else ""
        words.append(f"{len(hosts)} {kind}{'s' if len(hosts) != 1 else ''}{spread}")
    pools = {pool.name or pool.id for each in classes if not each.hosts for pool in each.pools}
    words += [f"the next host of {name}" for name in sorted(pools)]
    return " and ".join(dict.fromkeys(words))


_ROLE_WORDS = (
    (("node",), "node"),
    (("control-plane",), "control-plane host"),
    (("control-plane", "etcd"), "control-plane host"),
    (("etcd",), "etcd host"),
)


def senders_text(problem: Problem) -> str:
    """Return who gets in, a few by name; the cluster's own hosts by role, each counted once."""
    names, own = dict[str, None](), dict[str, set[str]]()
    for path in problem.paths:
        sender = path.sender.hosts
        if not path.sender.inside:
            names[_public_text(problem)] = None
        elif sender is None or not sender.hosts:
            names[path.sender.name] = None
        else:
            own.setdefault("/".join(sender.key.roles) or "unknown", set()).update(h.id for h in sender.hosts)
    names |= {f"{len(ids)} {role} host{'s' if len(ids) != 1 else ''}": None for role, ids in own.items()}
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join([*names][:FEW]) + more


def _public_text(problem: Problem) -> str:
    """Return who of the internet gets in: all of it in words, a few ranges as they are, what is between by number."""
    found = AddressSet.nothing()
    for path, attribution in zip(problem.paths, problem.attributions, strict=True):
        found |= AddressSet.nothing() if path.sender.inside else attribution.part.addresses()
    if found.size4 > ALMOST_EVERYONE4 or found.size6 >= ALMOST_EVERYONE6:
        return "the internet"
    ranges = [*found.cidrs()]
    if len(ranges) <= FEW:
        return f"{', '.join(ranges)} on the internet"
    return count_text(found)


def count_text(public: AddressSet) -> str:
    """Return how many public addresses there are: "4,097 public v4 addresses and v6 addresses"."""
    if not public.size4:
        return "public v6 addresses"
    return f"{public.size4:,} public v4 address{'es' if public.size4 > 1 else ''}" + (
        " and v6 addresses" if public.size6 else ""
    )


def services_text(services: ServiceSet) -> str:
    """Return services in words short enough for a line."""
    spans = str(services).split(",")
    return ",".join(spans[:MOST_SPANS]) + (f" and {len(spans) - MOST_SPANS} more" if len(spans) > MOST_SPANS else "")
