"""Who can open a connection to etcd's ports? Only the control plane may, and over TLS.

The ports are those of the installer's etcd (client and peer), on every host that runs it. Nodes are others too, but for
the etcd of which they are clients by design (Cilium's own). Whether a connection is TLS can't be seen from the cloud;
only a balancer that speaks plain HTTP to etcd gives it away.
"""

from __future__ import annotations

from cloudguard.model.cluster import Role
from cloudguard.packet_sets.bounds import Bounds, exactly
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.rows.context import NO_ETCD, PLACES, Context
from cloudguard.rows.network.latent import latent
from cloudguard.rows.network.phrases import senders_text, services_text, subject
from cloudguard.rows.network.problem import Assessment, Problem, ProblemKind
from cloudguard.rows.network.problem_collector import ProblemCollector
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding, judged_row, provider_row

ROW = "etcd-access"
AREA = "Access to etcd"
INTERNET = Check(
    f"{ROW}/internet",
    {Severity.CRITICAL: "the internet can connect to an etcd client or peer port"},
    "The internet can connect to an etcd client or peer port.",
)
INSIDE = Check(
    f"{ROW}/inside",
    {Severity.HIGH: "anything but control-plane and etcd hosts can connect to an etcd client or peer port"},
    "Something other than the control plane and etcd hosts can connect to an etcd client or peer port: nodes, the "
    "whole network, external members of a named group.",
)
PLAINTEXT = Check(
    f"{ROW}/plaintext",
    {Severity.MEDIUM: "a load balancer sends to etcd unencrypted"},
    "A load balancer speaks an unencrypted protocol to an etcd port.",
)
AUXILIARY = Check(
    f"{ROW}/auxiliary",
    {Severity.LOW: "others can connect to the ports of etcd's helpers"},
    "Others can connect to the ports of etcd's helpers: manager, metrics, quarantine.",
)
TLS = Check(
    f"{ROW}/tls",
    {Severity.LOW: "whether etcd speaks TLS cannot be seen from the cloud"},
    "Whether etcd speaks TLS is not visible from the cloud, so look on the hosts.",
)
CHECKS = (INTERNET, INSIDE, PLAINTEXT, AUXILIARY, TLS)


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    if context.cluster.managed:
        return provider_row(ROW, AREA, context.cluster, "no setting of yours opens etcd"), ()
    unknown = context.missing(PLACES)
    targets = context.with_role(Role.ETCD)
    if not any(one.hosts for one in targets):
        unknown += (NO_ETCD,)
    unknown += context.bare(context.cluster.hosts_by(Role.ETCD))
    collector = ProblemCollector(context.reach, ROW)
    ways = [(target, way) for target in targets for way in (*context.reach.paths_to(target), *_others(context, target))]
    for target, way in sorted(ways, key=lambda item: item[1].sender.inside):
        excess = _excess(context, target, way)
        collector.add(way, excess.only(context.ports.etcd | context.ports.etcd_from_nodes), _tier)
        collector.add(way, excess.only(context.ports.etcd_auxiliary), _auxiliary)
    drafts = collector.pending_findings(lambda problem: _worded(context, problem))
    drafts += tuple(_plaintext(context, targets)) + _tls(context, targets)
    return judged_row(ROW, AREA, drafts, unknown + collector.unknown, "only the control plane reaches etcd")


def _others(context: Context, target: HostClass) -> list[Path]:
    """Ways from the cluster's hosts that are neither control plane nor etcd."""
    others = [one for one in context.reach.classes if not (one.has(Role.CONTROL_PLANE) or one.has(Role.ETCD))]
    ports = context.ports.etcd | context.ports.etcd_from_nodes | context.ports.etcd_auxiliary
    return [way for other in others for way in context.reach.host_paths(other, target, ports)]


def _excess(context: Context, target: HostClass, way: Path) -> Bounds:
    trusted = context.with_role(Role.CONTROL_PLANE) + context.with_role(Role.ETCD)
    granted = way.allowed
    if way.sender.hosts is not None and way.sender.hosts.has(Role.NODE):
        granted = granted.only(ServiceSet.everything() - context.ports.etcd_from_nodes)
    for label in way.sender.groups:
        known = context.declared_groups(target).get(label)
        granted = granted.only(ServiceSet.everything() - known) if known else granted
    granted -= exactly(context.declared(target)[0])
    if way.sender.hosts is None and way.sender.inside:
        granted = granted.within(way.sender.addresses - context.addresses_of(trusted))
    return granted


def _tier(way: Path, one: Attribution) -> ProblemKind:
    del one
    where = "inside" if way.sender.inside else "internet"
    return f"{ROW}/{where}", where


def _auxiliary(way: Path, one: Attribution) -> ProblemKind:
    del way, one
    return f"{ROW}/auxiliary", "auxiliary"


def _worded(context: Context, problem: Problem) -> Assessment:
    services = services_text(problem.packets.services())
    message = f"{senders_text(problem)} can connect to etcd ({services}) on {subject(problem.targets)}"
    keep = tuple(
        {kept: None for one in problem.targets if isinstance(one, HostClass) for kept in context.declared(one)[1]},
    )
    if problem.check == f"{ROW}/auxiliary":
        return Assessment(Severity.LOW, message.replace("etcd (", "ports of etcd's helpers (", 1), keep=keep)
    if problem.check == f"{ROW}/internet":
        return Assessment(Severity.CRITICAL, message, keep=keep)
    hidden = latent(context.reach, problem)
    return Assessment(Severity.HIGH, f"{message}; {hidden}" if hidden else message, keep=keep)


def _plaintext(context: Context, targets: tuple[HostClass, ...]) -> list[PendingFinding]:
    registrations = {registration for one in targets for registration in one.key.registrations}
    etcd, check, drafts = context.ports.etcd | context.ports.etcd_from_nodes, f"{ROW}/plaintext", list[PendingFinding]()
    for balancer in context.snapshot.topology.balancers:
        for listener in balancer.listeners:
            reached = [one.service for one in registrations if one.listener is listener]
            if not listener.plaintext or not any(service & etcd for service in reached):
                continue
            resource = Resource("balancer", balancer.id, balancer.name)
            fact = f"{balancer.name} sends {listener.service} to etcd unencrypted"
            finding = Finding(
                id=finding_id(context.cluster, check, balancer.id, listener.id),
                check=check,
                severity=Severity.MEDIUM,
                resource=resource,
                message=fact,
                witness=Witness(
                    f"{balancer.kind}/{balancer.name} {listener.service} → {', '.join(sorted(map(str, reached)))}"
                ),
                evidence=(Evidence(resource, listener.id, listener.source.call, fact),),
            )
            drafts.append(PendingFinding(finding))
    return drafts


def _tls(context: Context, targets: tuple[HostClass, ...]) -> tuple[PendingFinding, ...]:
    hosts = {host.id: host for one in targets for host in one.hosts}
    if not hosts:
        return ()
    first, check = hosts[min(hosts)], f"{ROW}/tls"
    finding = Finding(
        id=finding_id(context.cluster, check),
        check=check,
        severity=Severity.LOW,
        resource=Resource("host", first.id, first.name),
        message="whether etcd speaks TLS is not visible from the cloud",
        witness=Witness(f"{context.ports.etcd} on {first.id} may speak TLS or not"),
        evidence=(Evidence(Resource("host", first.id, first.name), "", first.source.call, "; ".join(first.evidence)),),
        hosts=tuple(sorted(hosts)),
        advice="Look at etcd's --cert-file and --client-cert-auth on the hosts",
    )
    return (PendingFinding(finding),)
