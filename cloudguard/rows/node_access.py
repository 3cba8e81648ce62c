"""Who can open a connection to a node? The control plane on its ports, and clients of the cluster's services.

Every host of the cluster is judged, on every port that no other row judges. NodePorts behind a load balancer, and
whatever comes through a balancer that Kubernetes made for a Service or Ingress, are services and expected; but not
remote login or the kubelet where the balancer hands on a whole range of ports. The inside
(the network's own range, peers, VPNs, strangers that carry a named group) is judged apart from the internet.
"""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.model.cluster import Role
from cloudguard.model.network import Endpoint
from cloudguard.model.source import FactKind
from cloudguard.needs.ports import ALL_TCP, HEALTH_CHECKS, ICMP, KUBELET, PATH_MTU, SSH_AND_RDP, judged_by_other_rows
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path
from cloudguard.reachability.senders import SenderKind
from cloudguard.results.change import KeptTraffic, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.rows.context import PLACES, Context, keep_from, unmeant
from cloudguard.rows.network.latent import latent, lets_internet_in
from cloudguard.rows.network.phrases import senders_text, services_text, subject
from cloudguard.rows.network.problem import Assessment, Problem, ProblemKind
from cloudguard.rows.network.problem_collector import ProblemCollector
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding, judged_row

ROW = "node-access"
AREA = "Network access to Nodes (nodes)"
INTERNET = Check(
    f"{ROW}/internet",
    {
        Severity.CRITICAL: "the internet can connect to every port, to 22 or 3389, or to the kubelet's 10250 or 10255",
        Severity.HIGH: "the internet can connect to any other port but NodePorts and declared services",
        Severity.LOW: "the internet can ping",
    },
    "The internet can connect to a host, other than to a service of the cluster.",
)
NODE_PORTS = Check(
    f"{ROW}/node-ports",
    {Severity.MEDIUM: "the internet can connect to NodePorts of a public host, and no declared service says so"},
    "NodePorts are open from the internet to hosts with a public address, past every load balancer.",
)
INSIDE = Check(
    f"{ROW}/inside",
    {
        Severity.MEDIUM: "inside sources wider than the cluster can connect to the kubelet or to every port",
        Severity.LOW: "inside sources wider than the cluster can connect to other ports",
    },
    "Sources inside the network that are wider than the cluster can connect to a host.",
)
PUBLIC_ADDRESS = Check(
    f"{ROW}/public-address",
    {Severity.LOW: "hosts have a public address and a route to the internet, though nothing gets in"},
    "Hosts have a public address that nothing uses: one wrong rule would open them.",
)
FROM_CONTROL_PLANE = Check(
    f"{ROW}/control-plane",
    {Severity.LOW: "the control plane can connect to every port of nodes"},
    "The control plane is let in to nodes on every port, not only on those that it needs.",
)
CHECKS = (INTERNET, NODE_PORTS, INSIDE, PUBLIC_ADDRESS, FROM_CONTROL_PLANE)
EVERY_PORT = "every port"


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    unknown = context.missing(PLACES | ({FactKind.ENDPOINT} if context.cluster.managed else frozenset[FactKind]()))
    targets = tuple(one for one in context.reach.classes if not one.has(Role.BASTION))
    unknown += context.bare(host for host in context.cluster.hosts if Role.BASTION not in host.roles)
    if not any(one.hosts for one in targets):
        unknown += ("no host was found; name the hosts with --node-tag",)
    collector = ProblemCollector(context.reach, ROW)
    ways = [(target, way) for target in targets for way in context.reach.paths_to(target)]
    for target, way in sorted(ways, key=lambda item: item[1].sender.inside):
        collector.add(way, _excess(context, target, way), lambda way, one: _tier(context, way, one))
    needed = context.ports.control_plane_to_node or ServiceSet.nothing()
    for way in _from_control_plane(context):
        collector.add(way, exactly(way.allowed.lower.only(ServiceSet.everything() - needed)), _whole)
    drafts = collector.pending_findings(lambda problem: _worded(context, problem))
    drafts += _public_addresses(context, targets)
    return judged_row(
        ROW, AREA, drafts, unknown + collector.unknown, "nothing reaches a node but the cluster and its services"
    )


def _excess(context: Context, target: HostClass, way: Path) -> Bounds:
    """What is granted beyond the cluster, its services and what is declared."""
    ports = context.ports
    if way.balancer is not None and way.balancer.declared_service:
        return way.allowed.only(unmeant(way.listener) if way.listener else ServiceSet.nothing())
    expected = judged_by_other_rows(ports, frozenset(target.key.roles)) | PATH_MTU
    if way.sender.inside:
        expected |= HEALTH_CHECKS | ICMP | ports.etcd_auxiliary
        expected |= ServiceSet.nothing() if target.key.roles else ports.api | ports.etcd  # may be its own
    if way.balancer is not None:
        expected |= ports.node_ports
    granted = way.allowed.only(ServiceSet.everything() - expected)
    fronted = () if way.balancer else ((one.peer.value, one.services) for one in context.fronted(target))
    granted -= exactly(_by_address([*_trusted(context, way), *fronted]))
    declared, _ = context.declared(target)
    for label in way.sender.groups:
        known = context.declared_groups(target).get(label)
        granted = granted.only(ServiceSet.everything() - known) if known else granted
    granted -= exactly(declared)
    return granted.within(way.sender.addresses - context.own_addresses) if way.sender.inside else granted


def _by_address(pairs: Iterable[tuple[str, ServiceSet]]) -> PacketSet:
    return PacketSet.of([(AddressSet.parse(peer), services) for peer, services in pairs])


def _trusted(context: Context, way: Path) -> list[tuple[str, ServiceSet]]:
    """Return who is no stranger: administrators to the API's ports on any host, own hosts by the internet."""
    trusted = [(cidr, context.ports.api) for cidr in context.declarations.admin_cidrs or ()]
    outbound = () if way.sender.inside else context.snapshot.topology.outbound_addresses.cidrs()
    return trusted + [(cidr, ServiceSet.everything()) for cidr in outbound]


def _ways_out(context: Context, way: Path) -> tuple[str, ...]:
    """Return the addresses from which the cluster's hosts come to the control plane through a public balancer."""
    masters = isinstance(way.target, HostClass) and way.target.has(Role.CONTROL_PLANE)
    public = way.balancer is not None and way.balancer.internet_facing
    return context.snapshot.topology.outbound_addresses.cidrs() if public and masters else ()


def _kept(context: Context, problem: Problem) -> tuple[KeptTraffic, ...]:
    """Return what the blamed rules must go on letting in: by declaration, for balancers, for own ways out."""
    blamed = {one.filter.id for one in problem.attributions if one.filter is not None}
    guarded = [one for one in context.reach.classes if blamed.intersection(one.key.filters)]
    kept = [pair for one in guarded for pair in (*context.declared(one)[1], *context.fronted(one))]
    services = problem.packets.services()
    own = "the cluster's own hosts by their way out"
    kept += [keep_from(cidr, services, own) for way in problem.paths for cidr in _ways_out(context, way)]
    return tuple(dict.fromkeys(kept))


def _tier(context: Context, way: Path, one: Attribution) -> ProblemKind | None:
    services = one.part.services()
    whole = _is_every_port(way, one)
    if way.sender.inside:
        if services <= context.ports.node_ports:
            return (f"{ROW}/inside", "NodePorts") if lets_internet_in(context.reach, one) else None
        return f"{ROW}/inside", EVERY_PORT if whole else "kubelet" if services & KUBELET else "other ports"
    if not whole and services <= context.ports.node_ports:
        return f"{ROW}/node-ports", "NodePorts"
    return f"{ROW}/internet", EVERY_PORT if whole else _kind(services)


def _kind(services: ServiceSet) -> str:
    if services & SSH_AND_RDP:
        return "remote login"
    if services & KUBELET:
        return "kubelet"
    return "ping" if services <= ICMP else "other ports"


def _is_every_port(way: Path, one: Attribution) -> bool:
    """Whether one rule names every TCP port, and nothing else on the way bars any."""
    if one.rule is None or one.part.services() <= ICMP:
        return False
    every = ALL_TCP - ServiceSet.parse("tcp/0")
    return every <= one.rule.services and every <= way.allowed.lower.services()


def _whole(way: Path, one: Attribution) -> ProblemKind | None:
    return (f"{ROW}/control-plane", EVERY_PORT) if _is_every_port(way, one) else None


def _from_control_plane(context: Context) -> list[Path]:
    nodes = [one for one in context.with_role(Role.NODE) if not one.has(Role.CONTROL_PLANE)]
    masters = context.with_role(Role.CONTROL_PLANE)
    ways = [context.reach.between(master, node) for node in nodes for master in masters]
    endpoints = context.snapshot.topology.endpoints
    return ways + [context.reach.from_endpoint(endpoint, node) for node in nodes for endpoint in endpoints]


def _worded(context: Context, problem: Problem) -> Assessment:
    found = problem.packets.services()
    services = EVERY_PORT if problem.kind == EVERY_PORT else services_text(found - context.ports.node_ports or found)
    who = subject(problem.targets)
    keep = _kept(context, problem)
    if problem.check == f"{ROW}/control-plane":
        needed = context.ports.control_plane_to_node
        advice = "" if needed else "Name the CNI with --cni to see which ports are needed"
        message = f"the control plane is let in to {who} on every port"
        return Assessment(Severity.LOW, message, advice, narrow=needed, mend=needed is not None)
    message = f"{senders_text(problem)} can connect to {services} of {who}"
    if problem.check == f"{ROW}/inside":
        wide = problem.kind in {EVERY_PORT, "kubelet"}
        hidden = latent(context.reach, problem)
        message = f"{message}; {hidden}" if hidden else message
        told = all(isinstance(one, Endpoint) or one.key.roles for one in problem.targets)
        advice = "" if told else "Name the hosts' roles first: what they need can't be told"
        return Assessment(Severity.MEDIUM if wide else Severity.LOW, message, advice, keep, mend=told)
    if problem.check == f"{ROW}/node-ports":
        advice = "Declare the services in cloudguard.toml, or put a load balancer in front"
        return Assessment(Severity.MEDIUM, message, advice, keep)
    severity = {"other ports": Severity.HIGH, "ping": Severity.LOW}.get(problem.kind, Severity.CRITICAL)
    advice = "Declare in cloudguard.toml what of it is a service" if problem.kind == "other ports" else ""
    return Assessment(severity, message, advice, keep)


def _public_addresses(context: Context, targets: tuple[HostClass, ...]) -> tuple[PendingFinding, ...]:
    """Return the advice on hosts that need no public address: nothing gets in by it."""
    idle = [one for one in targets if one.hosts and context.reach.exposed(one) and not _entered(context, one)]
    if not idle:
        return ()
    hosts = {host.id: host for one in idle for host in one.hosts}
    ordered = [hosts[name] for name in sorted(hosts)]
    first, check = ordered[0], f"{ROW}/public-address"
    address = next(
        (text for one in first.interfaces for part in (*one.public, *one.addresses) for text in part.texts()), ""
    )
    finding = Finding(
        id=finding_id(context.cluster, check),
        check=check,
        severity=Severity.LOW,
        resource=Resource("host", first.id, first.name),
        message=f"nothing gets in to {subject(idle)} by the public address and the route to the internet there",
        witness=Witness(f"{first.id} has {address} and its segment answers the internet"),
        evidence=tuple(
            Evidence(Resource("host", one.id, one.name), "", one.source.call, "has a public address") for one in ordered
        ),
        hosts=tuple(host.id for host in ordered),
        advice="Give the hosts private addresses only, and let them out by address translation",
    )
    return (PendingFinding(finding),)


def _entered(context: Context, target: HostClass) -> bool:
    return any(
        way.sender.kind is SenderKind.INTERNET and way.balancer is None and way.allowed.upper
        for way in context.reach.paths_to(target)
    )
