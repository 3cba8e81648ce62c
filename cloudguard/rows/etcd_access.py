"""Who can open a connection to etcd's ports? Only the control plane may, and over TLS.

The ports are the client and peer ports of the installer's etcd, on every host that runs it. Nodes may not connect
either, except to an etcd whose clients are nodes by design (Cilium's own). The cloud does not show whether a connection
uses TLS. Only a balancer that speaks plain HTTP to etcd shows that a connection does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.model.cluster import Role
from cloudguard.model.load_balancers import Listener
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.results.report import Assumed, Basis
from cloudguard.rows.context import NETWORK_FACTS, NO_ETCD, TO_HOSTS, Context, tally
from cloudguard.rows.datastore import datastore_unknown
from cloudguard.rows.declared import declared_check
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.network.latent import with_latent
from cloudguard.rows.network.phrases import connections, services_text, subject
from cloudguard.rows.network.problem import (
    GUARDED,
    GUARDED_ADVICE,
    GUARDED_TEXT,
    Assessment,
    Problem,
    ProblemKind,
    kind_by_sender,
)
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
    {
        Severity.HIGH: "senders other than control-plane and etcd hosts can connect to an etcd client or peer port",
        Severity.LOW: GUARDED_TEXT,
    },
    "Senders other than the control plane and etcd hosts can connect to an etcd client or peer port: nodes, the "
    "whole network, or external members of a named group.",
)
PLAINTEXT = Check(
    f"{ROW}/plaintext",
    {Severity.MEDIUM: "a load balancer sends unencrypted traffic to etcd"},
    "A load balancer sends unencrypted traffic to an etcd port.",
)
AUXILIARY = Check(
    f"{ROW}/auxiliary",
    {Severity.LOW: "other senders can connect to the ports of etcd's helper programs"},
    "Other senders can connect to the ports of etcd's helper programs: manager, metrics, quarantine.",
)
TLS = Check(
    f"{ROW}/tls",
    {Severity.LOW: "the cloud does not show whether etcd uses TLS, and `--etcd-tls` is not declared"},
    "The cloud does not show whether etcd uses TLS: check it on the hosts.",
)
DECLARED = declared_check(ROW)
CHECKS = (INTERNET, INSIDE, PLAINTEXT, AUXILIARY, TLS, DECLARED)
USED_DECLARATIONS = ("need", "etcd-port", "etcd-tls")


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    if context.cluster.managed:
        return provider_row(ROW, AREA, context.cluster, "none of your settings opens etcd"), ()
    unknown = context.missing(NETWORK_FACTS | {FactKind.ETCD_CLUSTERS})
    targets = context.with_role(Role.ETCD)
    if not any(target.hosts for target in targets):
        unknown += (NO_ETCD,)
    unknown += (*context.without_interfaces(context.cluster.hosts_by(Role.ETCD)), *datastore_unknown(context))
    collector = ProblemCollector(context.reach, ROW, context.administrators)
    possible = ProblemCollector(context.reach, ROW)
    etcd = context.ports.etcd | context.ports.etcd_from_nodes
    paths = [
        (to, path) for to in targets for path in (*context.reach.paths_to(to), *_paths_from_other_hosts(context, to))
    ]
    for target, path in sorted(paths, key=lambda item: item[1].sender.inside):
        excess = _excess(context, target, path)
        collector.add(path, excess.only(etcd), _kind)
        collector.add(path, excess.only(context.ports.etcd_auxiliary), _auxiliary)
        possible.add(path, excess.only(context.ports.etcd_possible), _kind)
    pending = collector.pending_findings(lambda problem: _assessment(context, problem))
    pending += tuple(_plaintext(context, targets)) + _tls(context, targets)
    unknown += collector.unknown + possible.undecided(
        lambda problem: _assessment(context, problem), "etcd's ports are unknown; give --etcd-port"
    )
    hosts = tally(context.cluster.hosts_by(Role.ETCD))
    assumed = (*(Assumed(f"etcd: {what}", who) for what, who in context.ports.etcd_sources), *context.assumed_empty)
    basis = Basis(len(paths), hosts, assumed=assumed, not_asked=context.not_asked(*TO_HOSTS))
    clean = "only the control plane can reach etcd"
    return judged_row((ROW, AREA), pending, unknown, clean, basis, connections=collector.undecided_connections)


def _paths_from_other_hosts(context: Context, target: HostClass) -> list[Path]:
    """Return the paths from the cluster's hosts that have other roles than control plane and etcd."""
    others = [other for other in context.reach.classes if not (other.has(Role.CONTROL_PLANE) or other.has(Role.ETCD))]
    known = context.ports
    ports = known.etcd | known.etcd_from_nodes | known.etcd_auxiliary | known.etcd_possible
    return [path for other in others for path in context.reach.host_paths(other, target, ports)]


def _excess(context: Context, target: HostClass, path: Path) -> Bounds:
    trusted = context.with_role(Role.CONTROL_PLANE) + context.with_role(Role.ETCD)
    excess = context.undeclared(target, path.sender, path.allowed)
    if path.sender.hosts is not None and path.sender.hosts.has(Role.NODE):
        excess = excess.only(ServiceSet.everything() - context.ports.etcd_from_nodes)
    if path.sender.hosts is None and path.sender.inside:
        excess = excess.within(path.sender.addresses - context.addresses_of(trusted))
    return excess


def _kind(attribution: Attribution) -> ProblemKind:
    return kind_by_sender(attribution, INTERNET, INSIDE)


def _auxiliary(attribution: Attribution) -> ProblemKind:
    del attribution
    return ProblemKind(AUXILIARY, "auxiliary")


def _assessment(context: Context, problem: Problem) -> Assessment:
    target = "ports of etcd's helper programs" if problem.check is AUXILIARY else "etcd"
    reached = connections(problem, lambda services: f"{target} ({services_text(services)})")
    message = f"{reached} on {subject(problem.targets)}"
    hosts = [target for target in problem.targets if isinstance(target, HostClass)]
    keep = tuple({kept: None for target in hosts for kept in context.declared_traffic(target)})
    if problem.check is AUXILIARY:
        return Assessment(Severity.LOW, message, keep=keep)
    if problem.check is INTERNET:
        return Assessment(Severity.CRITICAL, message, keep=keep)
    if problem.name == GUARDED:
        return Assessment(Severity.LOW, message, GUARDED_ADVICE)
    return with_latent(context.reach, problem, Assessment(Severity.HIGH, message, keep=keep))


def _plaintext(context: Context, targets: tuple[HostClass, ...]) -> Iterator[PendingFinding]:
    registrations = {registration for target in targets for registration in target.key.registrations}
    etcd = context.ports.etcd | context.ports.etcd_from_nodes
    for balancer in context.snapshot.topology.balancers:
        for listener in balancer.listeners:
            key = (balancer.id, listener.id)
            reached = [registration.service for registration in registrations if registration.listener is listener]
            if not listener.plaintext or not any(services & etcd for services in reached):
                continue
            resource = Resource("balancer", balancer.id, balancer.name)
            fact = f"{balancer.name} sends unencrypted traffic ({listener.service}) to etcd"
            to = ", ".join(sorted(map(str, reached)))
            witness = Witness(f"{balancer.kind}/{balancer.name} {listener.service} → {to}")
            evidence = (Evidence(resource, listener.id, listener.source.call, fact),)
            width = _receivers(targets, listener)
            builder = FindingBuilder(PLAINTEXT, Severity.MEDIUM, resource, fact, witness, evidence, key, width=width)
            yield PendingFinding(builder.build(context.cluster))


def _receivers(targets: Iterable[HostClass], listener: Listener) -> list[str]:
    """Return what a listener sends to, a line each: "tcp/2379 to host m-1", or to the hosts of a pool."""
    return sorted(
        {
            f"{registration.service} to {f'the hosts of pool {host.pool}' if host.pool else f'host {host.id}'}"
            for target in targets
            for registration in target.key.registrations
            for host in target.hosts
            if registration.listener is listener
        }
    )


def _tls(context: Context, targets: tuple[HostClass, ...]) -> tuple[PendingFinding, ...]:
    hosts = {host.id: host for target in targets for host in target.hosts}
    if not hosts or context.declarations.etcd_tls:
        return ()
    first = hosts[min(hosts)]
    resource = Resource("host", first.id, first.name)
    builder = FindingBuilder(
        check=TLS,
        severity=Severity.LOW,
        resource=resource,
        message="the cloud does not show whether etcd uses TLS",
        witness=Witness(f"{context.ports.etcd} on {first.id} may or may not use TLS"),
        evidence=(Evidence(resource, "", first.source.call, "; ".join(first.evidence)),),
        hosts=hosts,
        advice="Check etcd's --cert-file and --client-cert-auth on the hosts, then declare TLS with --etcd-tls",
    )
    return (PendingFinding(builder.build(context.cluster)),)
