"""Small snapshots in memory, of no particular cloud. A test sets the fields that it needs; the others have defaults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cloudguard.model.cluster import Cluster, Disk, EvidenceKind, Host, Pool, Role, RoleEvidence, Strength
from cloudguard.model.filters import Action, AddressList, Direction, Filter, Group, Peer, Rule
from cloudguard.model.identity import Identities
from cloudguard.model.keys import Key, SecretsEncryption
from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress, Listener
from cloudguard.model.network import Endpoint, Interface, Network, NextHop, Route, Subnet, Topology
from cloudguard.model.owner import Owner
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.source import Gap, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet

SOURCE = Source("test:Made")
SAID = RoleEvidence(EvidenceKind.USER, "said so")
NETWORK, RANGE, RANGE6 = "net", "10.0.0.0/16", "2001:db8:0:1::/64"
WORLD, WORLD6 = "0.0.0.0/0", "::/0"
CONTROL_PLANE, ETCD, NODE = (Role.CONTROL_PLANE, Role.ETCD), (Role.ETCD,), (Role.NODE,)


def peer(text: str) -> Peer:
    """Return a peer: a CIDR, "list:NAME" or a group."""
    if text.startswith("list:"):
        return Peer(address_list=text.removeprefix("list:"))
    return Peer(AddressSet.parse(text)) if "/" in text else Peer(group=text)


def address_sets(*texts: str) -> tuple[AddressSet, ...]:
    """Return one address set for each text, an address or a range."""
    return tuple(map(AddressSet.parse, texts))


def rule(name: str, services: str, peer_text: str, *, out: bool = False, deny: bool = False, order: int = 0) -> Rule:
    """Return a rule for ``peer_text``: ingress or egress (``out``), permit or ``deny``."""
    return Rule(
        id=name,
        direction=Direction.EGRESS if out else Direction.INGRESS,
        action=Action.DENY if deny else Action.PERMIT,
        services=ServiceSet.parse(services),
        peer=peer(peer_text),
        source=SOURCE,
        order=order,
    )


def group(name: str, *allowed: tuple[str, str], closed: bool = False, editable: bool = True) -> Filter:
    """Return a stateful filter that lets in the (services, peer) pairs, and lets everything out unless ``closed``."""
    rules = [rule(f"{name}-{number}", services, who) for number, (services, who) in enumerate(allowed)]
    if not closed:
        rules += [rule(f"{name}-out", "all", WORLD, out=True), rule(f"{name}-out6", "all", WORLD6, out=True)]
    owner = None if editable else Owner("cloud", "the cloud", undone="at once", instead="the cloud's own setting")
    made = tuple(replace(rule, written_by=owner) for rule in rules)
    return Filter(name, f"{name}.prod", "security group", made, SOURCE, editable=editable, written_by=owner)


def network_acl(name: str, *lines: tuple[str, str, str]) -> Filter:
    """Return an ordered, stateless filter. ``lines``: ("permit in", services, CIDR) in their order."""
    rules = [
        rule(f"{name}-{order}", services, who, out=kind.endswith("out"), deny=kind.startswith("deny"), order=order)
        for order, (kind, services, who) in enumerate(lines)
    ]
    return Filter(name, "", "network ACL", tuple(rules), SOURCE, ordered=True, stateful=False)


OPEN = (
    ("permit in", "all", WORLD),
    ("permit out", "all", WORLD),
    ("permit in", "all", WORLD6),
    ("permit out", "all", WORLD6),
)


def subnet(
    name: str,
    ranges: tuple[str, ...],
    *routes: tuple[str, NextHop, str],
    guard: str = "",
    inspected: bool = False,
) -> Subnet:
    """Return a subnet. ``routes``: (destination, next hop, target)."""
    made = tuple(_route(*route) for route in routes)
    return Subnet(
        name, "", NETWORK, "a", AddressSet.of(ranges), (guard,) if guard else (), made, SOURCE, inspected=inspected
    )


def _route(destination: str, hop: NextHop, target: str) -> Route:
    """Return a route to a CIDR or "list:NAME"."""
    if destination.startswith("list:"):
        return Route(AddressSet.nothing(), hop, target, SOURCE, destination.removeprefix("list:"))
    return Route(AddressSet.parse(destination), hop, target, SOURCE)


PUBLIC = subnet("public", ("10.0.0.0/24", RANGE6), (WORLD, NextHop.INTERNET, "gw"), (WORLD6, NextHop.INTERNET, "gw"))
PRIVATE = subnet("private", ("10.0.1.0/24",), (WORLD, NextHop.OUTBOUND, "nat"))


def interface(name: str, where: str, address: str, *filters: str, public: str = "", v6: str = "") -> Interface:
    """Return an interface. Its groups are its filters."""
    addresses = address_sets(*filter(None, (address, v6)))
    return Interface(name, where, addresses, SOURCE, address_sets(*filter(None, (public,))), filters, filters)


def host(
    name: str,
    roles: tuple[Role, ...],
    *filters: str,
    where: str = "private",
    address: str = "",
    public: str = "",
    v6: str = "",
    identity: str = "",
    pool: str = "",
) -> Host:
    """Return a host with one interface. By default its address is derived from its name."""
    last = 10 + sum(map(ord, name)) % 200
    own = address or f"10.0.{0 if where == 'public' else 1}.{last}"
    nic = interface(f"nic-{name}", where, own, *filters, public=public, v6=v6)
    return Host(name, f"{name}.prod", roles, (SAID,), (nic,), SOURCE, identity=identity, pool=pool)


def balancer(
    name: str,
    listening: str,
    targets: Iterable[BackendTarget],
    *filters: str,
    seen: ClientAddress = ClientAddress.PRESERVED,
    facing: bool = True,
    where: tuple[str, ...] = ("public",),
    service: str = "",
    plaintext: bool = False,
    dual: bool = False,
) -> Balancer:
    """Return a load balancer with one listener."""
    services = ServiceSet.parse(listening)
    parts = [ServiceSet.parse(part) for part in listening.split(",")]
    ranges = services - ServiceSet.union(part for part in parts if part.size == 1)
    listener = Listener(
        f"{name}-listener", services, tuple(targets), seen, SOURCE, plaintext=plaintext, port_ranges=ranges
    )
    return Balancer(
        id=name,
        name=name,
        kind="nlb",
        internet_facing=facing,
        network=NETWORK,
        subnets=where,
        filters=filters,
        groups=filters,
        listeners=(listener,),
        source=SOURCE,
        declared_service=service,
        dual_stack=dual,
    )


def managed_endpoint(
    *ranges: str,
    private: bool = False,
    filters: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    gatekeeper: str = "",
) -> Endpoint:
    """Return the endpoint "api" on tcp/443 in the private subnet. With ``ranges`` (CIDRs, "list:NAME") it is public."""
    return Endpoint(
        id="api",
        service=ServiceSet.parse("tcp/443"),
        public=bool(ranges),
        public_ranges=AddressSet.of(text for text in ranges if not text.startswith("list:")),
        private=private,
        network=NETWORK,
        subnets=("private",),
        filters=filters,
        groups=groups,
        source=SOURCE,
        gatekeeper=gatekeeper,
        public_lists=tuple(text.removeprefix("list:") for text in ranges if text.startswith("list:")),
    )


def to(node: Host, service: str) -> BackendTarget:
    """Return a load balancer's target: ``service`` of the host ``node``."""
    return BackendTarget(node.id, AddressSet.nothing(), ServiceSet.parse(service))


def snapshot(
    hosts: Iterable[Host] = (),
    filters: Iterable[Filter] = (),
    *,
    subnets: Iterable[Subnet] = (PUBLIC, PRIVATE),
    balancers: Iterable[Balancer] = (),
    lists: Iterable[AddressList] = (),
    external_members: Iterable[Interface] = (),
    groups: Iterable[Group] | None = None,
    endpoints: Iterable[Endpoint] = (),
    outbound: tuple[str, ...] = (),
    pools: Iterable[Pool] = (),
    disks: Iterable[Disk] = (),
    keys: Iterable[Key] = (),
    identities: Identities | None = None,
    gaps: Iterable[Gap] = (),
    installer: str = "kubeadm",
    shown: Strength = Strength.STRONG,
    managed: bool = False,
    secrets: SecretsEncryption | None = None,
    traits: tuple[tuple[str, str], ...] = (),
    pods: tuple[str, ...] = (),
    provider: str = "test",
    account: str = "1",
    region: str = "here",
) -> Snapshot:
    """Return a snapshot of the cluster "prod". By default the groups of its rules and hosts are known."""
    filters = tuple(filters)
    cluster = Cluster(
        name="prod",
        provider=provider,
        account=account,
        regions=(region,),
        installer=installer,
        version="",
        managed=managed,
        scanned_by="me",
        hosts=tuple(hosts),
        pools=tuple(pools),
        disks=tuple(disks),
        keys=tuple(keys),
        managed_by="a managed service" if managed else "",
        secrets_encryption=secrets,
        pod_ranges=AddressSet.of(pods),
        traits=traits,
        installer_strength=shown,
    )
    topology = Topology(
        networks=(Network(NETWORK, "vpc", AddressSet.of((RANGE, RANGE6)), SOURCE),),
        subnets=tuple(subnets),
        filters=filters,
        groups=_groups_of(filters, cluster) if groups is None else tuple(groups),
        address_lists=tuple(lists),
        balancers=tuple(balancers),
        endpoints=tuple(endpoints),
        external_members=tuple(external_members),
        outbound_addresses=AddressSet.of(outbound),
    )
    return Snapshot(SCHEMA, "cloudguard test", "t0", "t1", cluster, topology, identities or Identities(), tuple(gaps))


def _groups_of(filters: Iterable[Filter], cluster: Cluster) -> tuple[Group, ...]:
    names = {rule.peer.group for guard in filters for rule in guard.rules if rule.peer.group}
    names.update(
        *(nic.groups for host in cluster.hosts for nic in host.interfaces), *(pool.groups for pool in cluster.pools)
    )
    return tuple(Group(name, name, SOURCE) for name in sorted(names))
