"""Public addresses of hosts to which nothing can connect directly."""

from __future__ import annotations

from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.senders import SenderKind
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.rows.context import Context
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.network.phrases import subject
from cloudguard.rows.pending_finding import PendingFinding

PUBLIC_ADDRESS = Check(
    "node-access/public-address",
    {Severity.LOW: "hosts have a public address and a route to the internet, although nothing can connect to them"},
    "Hosts have a public address that nothing uses: one wrong rule would expose them.",
)


def idle_addresses(context: Context, targets: tuple[HostClass, ...]) -> tuple[PendingFinding, ...]:
    """Return the advice on hosts that need no public address, because nothing connects to them by it."""
    exposed = [target for target in targets if target.hosts and context.reach.exposed(target)]
    idle = [target for target in exposed if not _is_reachable_directly(context, target)]
    if not idle:
        return ()
    hosts = {host.id: host for target in idle for host in target.hosts}
    ordered = [hosts[name] for name in sorted(hosts)]
    first = ordered[0]
    addresses = (each for nic in first.interfaces for each in (*nic.public, *nic.addresses))
    address = next((text for each in addresses for text in each.texts()), "")
    builder = FindingBuilder(
        check=PUBLIC_ADDRESS,
        severity=Severity.LOW,
        resource=Resource("host", first.id, first.name),
        message=f"nothing can connect to the public addresses of {subject(idle)}, which have a route to the internet",
        witness=Witness(f"{first.id} has {address} and its subnet has a route to the internet"),
        evidence=(
            Evidence(Resource("host", host.id, host.name), "", host.source.call, "has a public address")
            for host in ordered
        ),
        hosts=hosts,
        advice="Give the hosts private addresses only, and let them connect to the internet through NAT",
    )
    return (PendingFinding(builder.build(context.cluster)),)


def _is_reachable_directly(context: Context, target: HostClass) -> bool:
    return any(
        path.sender.kind is SenderKind.INTERNET and path.balancer is None and path.allowed.upper
        for path in context.reach.paths_to(target)
    )
