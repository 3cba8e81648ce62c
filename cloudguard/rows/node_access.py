"""Who can open a connection to a node? The control plane on its ports, and clients of the cluster's services.

The row judges every host of the cluster, on every port that no other row judges. Two kinds of traffic are services, and
expected: NodePorts behind a load balancer, and traffic through a balancer that Kubernetes made for a Service or
Ingress. Remote login and the kubelet are not expected if such a balancer forwards a whole range of ports. Sources
inside the network (its own range, peers, VPNs, external members of a named group) are judged separately from the
internet.
"""

from __future__ import annotations

from dataclasses import replace

from cloudguard.model.cluster import Role
from cloudguard.model.network import Endpoint
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.ports import (
    ALL_TCP,
    DEFAULT,
    HEALTH_CHECKS,
    ICMP,
    KUBELET,
    PATH_MTU,
    SSH_AND_RDP,
    judged_by_other_rows,
)
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass, Registration
from cloudguard.reachability.paths import Path
from cloudguard.reachability.senders import SenderKind
from cloudguard.results.change import KeptTraffic, RulePeer
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.report import Assumed, Basis
from cloudguard.rows.context import NETWORK_FACTS, NO_NODE, TO_HOSTS, WAY_OUT, Context, incidental_ports, tally
from cloudguard.rows.declared import declared_check
from cloudguard.rows.network.idle_addresses import PUBLIC_ADDRESS, idle_addresses
from cloudguard.rows.network.latent import lets_internet_in, with_latent
from cloudguard.rows.network.mandated import MandatedRules
from cloudguard.rows.network.phrases import connections, services_text, subject
from cloudguard.rows.network.problem import (
    BY_CONSUMERS,
    GUARDED,
    GUARDED_ADVICE,
    GUARDED_TEXT,
    Assessment,
    Problem,
    ProblemKind,
)
from cloudguard.rows.network.problem_collector import ProblemCollector
from cloudguard.rows.network.way_out import way_out_peers
from cloudguard.rows.pending_finding import JudgedRow, judged_row

ROW = "node-access"
AREA = "Network access to Nodes (nodes)"
INTERNET = Check(
    f"{ROW}/internet",
    {
        Severity.CRITICAL: "the internet can connect to every port, to 22 or 3389, or to the kubelet's 10250 or 10255",
        Severity.HIGH: "the internet can connect to another port, except NodePorts and ports of declared services",
        Severity.LOW: "the internet can ping",
    },
    "The internet can connect to a port of a host that belongs to no service of the cluster.",
)
NODE_PORTS = Check(
    f"{ROW}/node-ports",
    {Severity.MEDIUM: "the internet can connect to NodePorts of a public host, and no service is declared for them"},
    "The internet can connect to NodePorts of hosts with a public address directly, without a load balancer.",
)
INSIDE = Check(
    f"{ROW}/inside",
    {
        Severity.MEDIUM: "senders inside the network, other than the cluster, can connect to the kubelet or to every "
        f"port, by a provider-mandated rule only if other hosts are in the cluster's subnets; or {BY_CONSUMERS}",
        Severity.LOW: f"senders inside the network, other than the cluster, can connect to others; or {GUARDED_TEXT}",
    },
    "Senders inside the network, other than the cluster, can connect to a host.",
)
FROM_CONTROL_PLANE = Check(
    f"{ROW}/control-plane",
    {Severity.LOW: "the control plane can connect to every port of nodes"},
    "The control plane can connect to every port of nodes, not only to the ports that it needs.",
)
DECLARED = declared_check(ROW)
CHECKS = (INTERNET, NODE_PORTS, INSIDE, PUBLIC_ADDRESS, FROM_CONTROL_PLANE, DECLARED)
USED_DECLARATIONS = ("service", "need", "node-ports", "cni")
EVERY_PORT = "every port"


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    unknown = context.missing(NETWORK_FACTS | context.endpoint_facts)
    targets = tuple(target for target in context.reach.classes if not target.only_bastions)
    judged = [host for host in context.cluster.hosts if {*host.roles} != {Role.BASTION}]
    unknown += context.without_interfaces(judged)
    unknown += () if context.has_nodes else (NO_NODE,)
    collector = ProblemCollector(context.reach, ROW, context.administrators)
    paths = [(target, path) for target in targets for path in context.reach.paths_to(target)]
    for target, path in sorted(paths, key=lambda item: item[1].sender.inside):
        collector.add(path, _excess(context, target, path), lambda attribution: _kind(context, attribution))
    needed = context.ports.control_plane_to_node or ServiceSet.nothing()
    from_control_plane = _control_plane_paths(context)
    for path in from_control_plane:
        excess = exactly(path.allowed.lower.only(ServiceSet.everything() - needed))
        collector.add(path, excess, lambda attribution: _every_port_kind(FROM_CONTROL_PLANE, attribution))
    mandated = MandatedRules(context)
    pending = collector.pending_findings(lambda problem: _assessment(context, problem, mandated))
    pending += idle_addresses(context, targets)
    clean = "only the cluster and the clients of its services can reach a node"
    assumed = (_node_ports(context), *context.assumed_empty)
    basis = Basis(
        len(paths) + len(from_control_plane), tally(judged), assumed=assumed, not_asked=context.not_asked(*TO_HOSTS)
    )
    unknown += collector.unknown + mandated.unknown
    return judged_row((ROW, AREA), pending, unknown, clean, basis, connections=collector.undecided_connections)


def _node_ports(context: Context) -> Assumed:
    declared = context.declarations.node_ports != Declarations().node_ports
    return Assumed(f"NodePorts: {context.ports.node_ports}", "declaration" if declared else DEFAULT)


def _excess(context: Context, target: HostClass, path: Path) -> Bounds:
    """Return the traffic of ``path`` beyond the traffic of the cluster, of its services and of the declarations.

    Administrators may connect on the API's ports.
    """
    ports = context.ports
    if path.registration is not None and path.registration.balancer.declared_service:
        return path.allowed.only(beyond_service(context, target, path.registration))
    expected = judged_by_other_rows(ports, target.key.roles) | PATH_MTU
    if path.sender.inside:
        expected |= HEALTH_CHECKS | ICMP | ports.etcd_auxiliary
        expected |= ServiceSet.nothing() if target.key.roles else ports.api | ports.etcd  # it may run them
    if path.balancer is not None or (path.sender.kind is SenderKind.TUNNEL and path.sender.uncertain):
        expected |= ports.node_ports
    outbound = AddressSet.nothing() if path.sender.inside else context.snapshot.topology.outbound_addresses
    trusted = [(context.administrators, ports.api), (outbound, ServiceSet.everything())]
    needed = () if path.balancer else context.needed_by_balancers(target)
    trusted += [(AddressSet.parse(kept.peer.value), kept.services) for kept in needed]
    excess = context.undeclared(target, path.sender, path.allowed.only(ServiceSet.everything() - expected))
    excess -= exactly(PacketSet.of(trusted))
    return excess.within(path.sender.addresses - context.own_addresses) if path.sender.inside else excess


def beyond_service(context: Context, target: HostClass, registration: Registration) -> ServiceSet:
    """Return the ports of a target that a Service's balancer forwards to although no Service means them.

    At a host id, a Service means only NodePorts, except for packets that stay addressed to the balancer. At an address
    it may mean a pod's port, and at the host's own address the port of a pod on the host's network.
    """
    listener = registration.listener
    if registration.balancer.keeps_destination:
        return incidental_ports(listener)
    if any(not target.address for target in listener.targets):
        return (
            ServiceSet.everything() - context.ports.node_ports - judged_by_other_rows(context.ports, target.key.roles)
        )
    addresses = {address for interface in target.interfaces for address in interface.addresses[:1]}
    at_host = ServiceSet.union(target.service for target in listener.targets if target.address in addresses)
    return incidental_ports(listener) | (at_host & (SSH_AND_RDP | KUBELET))


def _own_public_addresses(context: Context, path: Path) -> tuple[RulePeer, ...]:
    """Return the way-out peers of the cluster's hosts, if the path leads to the control plane by a public balancer."""
    masters = isinstance(path.target, HostClass) and path.target.has(Role.CONTROL_PLANE)
    public = path.balancer is not None and path.balancer.internet_facing
    return way_out_peers(context, path) if public and masters else ()


def _kept_traffic(context: Context, problem: Problem) -> tuple[KeptTraffic, ...]:
    """Return the traffic that a problem's rules must keep: declared, for balancers, and of the cluster's own hosts."""
    filters = {attribution.filter.id for attribution in problem.attributions if attribution.filter is not None}
    guarded = [target for target in context.reach.classes if filters.intersection(target.key.filters)]
    kept = [
        keep for target in guarded for keep in (*context.declared_traffic(target), *context.needed_by_balancers(target))
    ]
    services = problem.packets.services()
    kept += [
        KeptTraffic(peer, services, WAY_OUT) for path in problem.paths for peer in _own_public_addresses(context, path)
    ]
    return tuple(dict.fromkeys(kept))


def _kind(context: Context, attribution: Attribution) -> ProblemKind | None:
    services, sender = attribution.packets.services(), attribution.path.sender
    if sender.guarded:
        return ProblemKind(INSIDE, GUARDED)
    if sender.inside and services <= context.ports.node_ports:
        return ProblemKind(INSIDE, "NodePorts") if lets_internet_in(context.reach, attribution) else None
    every_port = _every_port_kind(INSIDE if sender.inside else INTERNET, attribution)
    if every_port is not None:
        return every_port
    if sender.inside:
        return ProblemKind(INSIDE, "kubelet" if services & KUBELET else "other ports")
    if services <= context.ports.node_ports:
        return ProblemKind(NODE_PORTS, "NodePorts")
    return ProblemKind(INTERNET, _name(services))


def _name(services: ServiceSet) -> str:
    if services & SSH_AND_RDP:
        return "remote login"
    if services & KUBELET:
        return "kubelet"
    return "ping" if services <= ICMP else "other ports"


def _every_port_kind(check: Check, attribution: Attribution) -> ProblemKind | None:
    """Return the kind "every port" if the rule allows every TCP port and the path blocks none. None otherwise."""
    if attribution.rule is None or attribution.packets.services() <= ICMP:
        return None
    every = ALL_TCP - ServiceSet.parse("tcp/0")
    is_every_port = every <= attribution.rule.services and every <= attribution.path.allowed.lower.services()
    return ProblemKind(check, EVERY_PORT) if is_every_port else None


def _control_plane_paths(context: Context) -> list[Path]:
    nodes = [node for node in context.with_role(Role.NODE) if not node.has(Role.CONTROL_PLANE)]
    masters = context.with_role(Role.CONTROL_PLANE)
    paths = [context.reach.between(master, node) for node in nodes for master in masters]
    endpoints = context.snapshot.topology.endpoints
    return paths + [context.reach.from_endpoint(endpoint, node) for node in nodes for endpoint in endpoints]


def _assessment(context: Context, problem: Problem, mandated: MandatedRules) -> Assessment:
    def named(services: ServiceSet) -> str:
        some = services_text(services - context.ports.node_ports or services)
        return EVERY_PORT if problem.name == EVERY_PORT else some

    targets = subject(problem.targets)
    if problem.check is FROM_CONTROL_PLANE:
        needed = context.ports.control_plane_to_node
        advice = f"It needs only {needed}" if needed else "Name the CNI with --cni to see which ports are needed"
        return Assessment(Severity.LOW, f"the control plane can connect to every port of {targets}", advice, mend=False)
    message, keep = f"{connections(problem, named)} of {targets}", _kept_traffic(context, problem)
    if problem.name == GUARDED:
        return Assessment(Severity.LOW, message, GUARDED_ADVICE)
    if problem.check is INSIDE:
        severe = problem.by_consumers or problem.name in {EVERY_PORT, "kubelet"}
        assessment = Assessment(Severity.MEDIUM if severe else Severity.LOW, message, keep=keep)
        assessment = mandated.rated(problem, with_latent(context.reach, problem, assessment))
        if all(isinstance(target, Endpoint) or target.key.roles for target in problem.targets):
            return assessment
        return replace(assessment, advice="Name the hosts' roles first: their needs are unknown", mend=False)
    if problem.check is NODE_PORTS:
        advice = "Declare the services in cloudguard.toml, or put a load balancer in front"
        return Assessment(Severity.MEDIUM, message, advice, keep)
    severity = {"other ports": Severity.HIGH, "ping": Severity.LOW}.get(problem.name, Severity.CRITICAL)
    advice = "If a port is a service, declare it in cloudguard.toml" if problem.name == "other ports" else ""
    return Assessment(severity, message, advice, keep)
