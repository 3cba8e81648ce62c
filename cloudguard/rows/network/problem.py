"""Problems (a row's excess of one kind through one filter, balancer or endpoint), and how a row rates them."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import NamedTuple

from cloudguard.model.cluster import Host
from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path
from cloudguard.reachability.senders import SenderKind
from cloudguard.results.change import KeptTraffic, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Latent, Severity
from cloudguard.values import dataclass


class ProblemKind(NamedTuple):
    """A check, and a name that distinguishes its problems within one filter ("kubelet", "every port")."""

    check: Check
    name: str


GUARDED = "guarded"
"""The name of problems whose senders come through a service of the cloud that requires an identity first."""
GUARDED_TEXT = "anyone that a cloud service lets through after an identity check can connect"
GUARDED_ADVICE = "Restrict who may use that service, or remove its range from the rule"
BY_CONSUMERS = "consumers of a published service can connect"


def kind_by_sender(attribution: Attribution, internet: Check, inside: Check) -> ProblemKind:
    """Return the kind of a problem that only its senders decide: ``internet``, or ``inside`` for all others."""
    if attribution.path.sender.guarded:
        return ProblemKind(inside, GUARDED)
    return ProblemKind(inside, "inside") if attribution.path.sender.inside else ProblemKind(internet, "internet")


@dataclasses.dataclass(eq=False)
class Problem:
    """Excess of one kind through one filter, balancer or endpoint."""

    check: Check
    name: str
    resource: Resource
    part: str = ""
    """The name of the part, if the excess of this kind is split into several problems by sender."""
    attributions: list[Attribution] = field(default_factory=list[Attribution])

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths with the excess, each once."""
        return tuple(dict.fromkeys(attribution.path for attribution in self.attributions))

    @property
    def by_consumers(self) -> bool:
        """Whether consumers of a published service can connect, from networks of their own."""
        return any(path.sender.kind is SenderKind.CONSUMERS for path in self.paths)

    @property
    def packets(self) -> PacketSet:
        """All of the excess: sender addresses and services at the target."""
        return PacketSet.union(attribution.packets for attribution in self.attributions)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts that have the problem, each once, sorted by id."""
        hosts = {host.id: host for target in self.targets if isinstance(target, HostClass) for host in target.hosts}
        return tuple(hosts[name] for name in sorted(hosts))

    @property
    def targets(self) -> tuple[HostClass | Endpoint, ...]:
        """The classes and endpoints that have the problem, each once."""
        return tuple(dict.fromkeys(path.target for path in self.paths))


@dataclass(frozen=True, eq=False)
class Assessment:
    """The severity and message of a problem, and the traffic that its rules must keep allowing.

    ``mend``: whether the rules may be edited. ``latent``: the latent exposure that the message mentions.
    """

    severity: Severity
    message: str
    advice: str = ""
    keep: tuple[KeptTraffic, ...] = ()
    mend: bool = True
    latent: Latent | None = None
