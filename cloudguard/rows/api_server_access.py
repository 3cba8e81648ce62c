"""Who can open a connection to the API server? Only the administrators' addresses may.

The row judges every way in: the public addresses of control-plane hosts, each load balancer in front of them, a
managed endpoint, and connections from inside the network. If no list of administrators is declared (`--admin-cidr`),
access from small public ranges and access from the whole inside network are reported as advice.
"""

from __future__ import annotations

from dataclasses import replace

from cloudguard.model.cluster import Role
from cloudguard.model.network import Endpoint
from cloudguard.model.source import FactKind
from cloudguard.model.ways_in import WayInTarget
from cloudguard.needs.in_force import is_everyone, is_many
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.narrowing.peer_names import range_peers
from cloudguard.reachability.paths import Path
from cloudguard.results.change import (
    PRIVATE_RANGES,
    PUBLIC_RANGES,
    Change,
    KeptTraffic,
    ListEdit,
    PeerOf,
    Procedure,
    RulePeer,
)
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Assumed, Basis
from cloudguard.rows.context import NETWORK_FACTS, NO_CONTROL_PLANE, TO_HOSTS, WAY_OUT, Context, tally
from cloudguard.rows.declared import declared_check
from cloudguard.rows.network.behind_balancers import HEALTH, health_checks, hosts_by_balancers
from cloudguard.rows.network.latent import with_latent
from cloudguard.rows.network.mandated import MandatedRules
from cloudguard.rows.network.phrases import connections, subject
from cloudguard.rows.network.problem import (
    BY_CONSUMERS,
    GUARDED,
    GUARDED_ADVICE,
    GUARDED_TEXT,
    Assessment,
    Problem,
    ProblemKind,
    kind_by_sender,
)
from cloudguard.rows.network.problem_collector import ProblemCollector
from cloudguard.rows.network.way_out import lasting_addresses, way_out_peers, with_own_addresses
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding, judged_row

ROW = "api-server-access"
AREA = "Network access to API Server (Control plane)"
INTERNET = Check(
    f"{ROW}/internet",
    {
        Severity.CRITICAL: "more than 2²⁴ public IPv4 addresses, or an IPv6 /16 or wider, can connect",
        Severity.HIGH: "more than 65,536 public IPv4 addresses, or more than an IPv6 /48, can connect; or any public "
        "address outside the given `--admin-cidr`",
        Severity.LOW: "a smaller public range can connect, while no `--admin-cidr` is declared; or any public range "
        "can connect to an endpoint that requires a cloud identity",
    },
    "Public addresses other than the administrators' can connect to the API server.",
)
INSIDE = Check(
    f"{ROW}/inside",
    {
        Severity.MEDIUM: "a private address outside `--admin-cidr` can connect (by a provider-mandated rule: only if "
        f"hosts outside the cluster are in the cluster's subnets); or {BY_CONSUMERS}",
        Severity.LOW: f"senders inside the network can connect, while no `--admin-cidr` is declared; or {GUARDED_TEXT}",
    },
    "Private addresses other than the cluster's and the administrators' can connect to the API server.",
)
DECLARED = declared_check(ROW)
CHECKS = (INTERNET, INSIDE, DECLARED)
USED_DECLARATIONS = ("admin-cidr", "admin-reason", "api-port")

UNDECLARED = RulePeer(PeerOf.ADMINISTRATORS)


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    unknown = context.missing(NETWORK_FACTS | {FactKind.ENDPOINT})
    collector = ProblemCollector(context.reach, ROW, context.administrators)
    paths, masters = paths_to_api(context), context.cluster.hosts_by(Role.CONTROL_PLANE)
    if not masters and not context.snapshot.topology.endpoints:
        unknown += (NO_CONTROL_PLANE,)
    unknown += context.without_interfaces(masters)
    possible = ProblemCollector(context.reach, ROW)
    for path, api in sorted(paths, key=lambda item: item[0].sender.inside):
        collector.add(path, _excess(context, path, path.allowed.only(api)), _kind)
        if isinstance(path.target, HostClass) and not (path.balancer and path.balancer.declared_service):
            possible.add(path, _excess(context, path, path.allowed.only(context.ports.api_possible)), _kind)
    mandated = MandatedRules(context)
    pending = collector.pending_findings(lambda problem: _assessment(context, problem, mandated))
    pending = tuple(_with_restriction(context, finding) for finding in pending)
    unknown += (*collector.unknown, *mandated.unknown)
    unknown += possible.undecided(
        lambda problem: _assessment(context, problem, mandated), "the API server's ports are unknown; give --api-port"
    )
    clean, basis = _clean(context, pending), _basis(context, len(paths))
    return judged_row((ROW, AREA), pending, unknown, clean, basis, connections=collector.undecided_connections)


def _basis(context: Context, paths: int) -> Basis:
    managed = context.cluster.managed
    endpoints = [(endpoint.service, "its endpoint") for endpoint in context.snapshot.topology.endpoints]
    sources = (*endpoints, *(() if managed else context.ports.api_sources))
    assumed = (*(Assumed(f"API: {what}", who) for what, who in sources), *context.assumed_empty)
    not_asked = context.not_asked(*TO_HOSTS, *([WayInTarget.ENDPOINT] if managed else []))
    return Basis(paths, tally(context.cluster.hosts_by(Role.CONTROL_PLANE)), assumed=assumed, not_asked=not_asked)


def _with_restriction(context: Context, pending: PendingFinding) -> PendingFinding:
    """Add the change that restricts the endpoint, if the finding's resource is an endpoint."""
    resource, topology = pending.finding.resource, context.snapshot.topology
    for endpoint in topology.endpoints if resource.kind == "endpoint" else ():
        if endpoint.id == resource.id:
            edit = _restriction(context, endpoint, pending.finding)
            guards = isinstance(edit, ListEdit) and edit.name == PRIVATE_RANGES
            kind = "endpoint.guard" if guards else "endpoint.restrict"
            change = Change(f"{kind}:{endpoint.id}", ROW, kind, resource, (edit,))
            return replace(pending, changes=(*pending.changes, change))
    return pending


def _restriction(context: Context, endpoint: Endpoint, finding: Finding) -> ListEdit | Procedure:
    """Return the edit that restricts an endpoint.

    If the endpoint has no private side, hosts of the cluster connect to its public side: their public addresses are
    then kept in its public ranges.
    """
    if endpoint.remedy and (endpoint.gatekeeper or finding.check == INSIDE.id):
        return Procedure((finding.message,), (endpoint.remedy,))
    public_first = endpoint.public and endpoint.public_ranges == AddressSet.everything()  # both sides may share a list
    if finding.check == INSIDE.id and endpoint.always_inside and not endpoint.filters and not public_first:
        return _private_list(context, endpoint)
    lists = tuple(RulePeer(PeerOf.ADDRESS_LIST, name) for name in endpoint.public_lists)
    before = (*range_peers(endpoint.public_ranges.cidrs()), *lists)
    if endpoint.for_all_or_nobody:
        return ListEdit(PUBLIC_RANGES, str(endpoint.service), before, ())
    needed = dict.fromkeys(_administrators(context), "administrators")
    needed |= {} if endpoint.private else dict.fromkeys(_way_out(context), WAY_OUT)
    inside = endpoint.gatekeeper or not needed  # an empty list would let everyone in
    after = {RulePeer(PeerOf.INSIDE): "the cluster's own network"} if inside else needed
    return ListEdit(PUBLIC_RANGES, str(endpoint.service), before, tuple(after), tuple(after.values()))


def _private_list(context: Context, endpoint: Endpoint) -> ListEdit:
    """Return the edit that guards an endpoint's private side with a list, in addition to what is always let in."""
    always_inside = range_peers(endpoint.always_inside.cidrs())
    after = dict.fromkeys(_administrators(context), "administrators") | dict.fromkeys(
        always_inside, "hosts need the API"
    )
    everyone = (RulePeer(PeerOf.INSIDE),)
    return ListEdit(PRIVATE_RANGES, str(endpoint.service), everyone, tuple(after), tuple(after.values()))


def _way_out(context: Context) -> tuple[RulePeer, ...]:
    """Return peers for the public addresses by which the cluster's hosts leave.

    They are the ranges of lasting addresses, and one placeholder peer if some addresses are unknown or may change.
    """
    subnets = {each.key.subnet for each in context.reach.classes}
    unknown = any(context.reach.senders.has_unknown_way_out(name) for name in subnets)
    lasting = range_peers(lasting_addresses(context).cidrs())
    return (*lasting, RulePeer(PeerOf.WAY_OUT)) if unknown or with_own_addresses(context) else lasting


def _administrators(context: Context) -> tuple[RulePeer, ...]:
    listed = context.declarations.admin_cidrs
    return (UNDECLARED,) if listed is None or (listed and not context.administrators) else range_peers(listed)


def _clean(context: Context, pending: tuple[PendingFinding, ...]) -> str:
    """Return why the row passes. If no administrators are declared, the text does not claim that only they get in."""
    if context.declarations.admin_cidrs is None and pending:
        return "only small public ranges and senders inside the network reach the API; no administrators are declared"
    return "only the cluster and its administrators can reach the API"


def paths_to_api(context: Context) -> list[tuple[Path, ServiceSet]]:
    """Return every path to a control-plane host or an endpoint, each with the services of the API at its target."""
    masters = context.with_role(Role.CONTROL_PLANE)
    paths = [(path, context.ports.api) for target in masters for path in context.reach.paths_to(target)]
    for endpoint in context.snapshot.topology.endpoints:
        paths += [(path, endpoint.service) for path in context.reach.endpoint_paths(endpoint)]
    return paths


def _excess(context: Context, path: Path, allowed: Bounds) -> Bounds:
    """Return the part of ``allowed`` from senders other than administrators and the cluster's own hosts.

    Health checks come from the subnets of load balancers. Other hosts in these subnets are not expected.
    """
    if not path.sender.identified:
        return allowed
    expected, checks = context.administrators | context.snapshot.topology.outbound_addresses, AddressSet.nothing()
    if path.sender.inside:
        expected |= context.own_addresses
        checks = health_checks(context, (path.target,))
    least = expected | (checks - context.addresses_of_others())
    most = expected | (checks - context.addresses_of_others(certain=True))
    return allowed - Bounds(*(PacketSet.product(addresses, ServiceSet.everything()) for addresses in (least, most)))


def _needed(context: Context, problem: Problem, services: ServiceSet) -> tuple[KeptTraffic, ...]:
    """Return the traffic to the API on ``services`` that must stay allowed.

    It comes from administrators, from outbound addresses of the cluster's own hosts, from health checks, and from the
    cluster's own hosts by load balancers.
    """
    way_out = [peer for path in problem.paths for peer in way_out_peers(context, path)]
    needed = (
        (_administrators(context), "administrators"),
        (tuple(dict.fromkeys(way_out)) if problem.check is INTERNET else (), WAY_OUT),
        (range_peers(health_checks(context, problem.targets).cidrs()), HEALTH),
        (
            range_peers(hosts_by_balancers(context, problem.targets).cidrs()),
            "the cluster's own hosts by a load balancer",
        ),
    )
    return tuple(KeptTraffic(peer, services, why) for peers, why in needed for peer in peers)


def _kind(attribution: Attribution) -> ProblemKind:
    return kind_by_sender(attribution, INTERNET, INSIDE)


def _width(addresses: AddressSet) -> Severity:
    if is_everyone(addresses):
        return Severity.CRITICAL
    return Severity.HIGH if is_many(addresses) else Severity.LOW


def _api_text(services: ServiceSet) -> str:
    return f"the API ({services})"


def _assessment(context: Context, problem: Problem, mandated: MandatedRules) -> Assessment:
    listed = context.declarations.admin_cidrs is not None
    addresses, services = problem.packets.addresses(), problem.packets.services()
    targets = subject(problem.targets)
    keep = _needed(context, problem, services)
    declare = "" if listed else "Declare the administrators' addresses with --admin-cidr"
    if problem.name == GUARDED:
        message = f"{connections(problem, _api_text)} of {targets}"
        return Assessment(Severity.LOW, message, GUARDED_ADVICE)
    if problem.check is INSIDE:
        beyond = " in addition to the declared administrators" if listed else ""
        message = f"{connections(problem, _api_text)} of {targets}{beyond}"
        severity = Severity.MEDIUM if listed or problem.by_consumers else Severity.LOW
        assessment = Assessment(severity, message, declare, keep)
        return mandated.rated(problem, with_latent(context.reach, problem, assessment))
    severity = max(_width(addresses), Severity.HIGH if listed else Severity.LOW)
    message = f"{connections(problem, _api_text)} of {targets}"
    gatekeepers = [target.gatekeeper for target in problem.targets if isinstance(target, Endpoint)]
    if gatekeepers and all(gatekeepers):
        return Assessment(Severity.LOW, f"{message}, if {gatekeepers[0]} lets them through", declare, keep)
    if any(path.sender.lets_everyone_through for path in problem.paths):
        severity = Severity.CRITICAL
    return Assessment(severity, message, declare, keep)
