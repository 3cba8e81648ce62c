"""From excess to findings: one finding a problem, with the rules to blame, a witness and its path."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from cloudguard.model.cluster import Host
from cloudguard.model.network import Direction, Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.packets import Packet, PacketSet
from cloudguard.packet_sets.services import ServiceSet, service_name
from cloudguard.reachability.explanation import Attribution, attribute, path
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.narrowing import RuleExcess
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.results.change import Change, Resource
from cloudguard.results.report import Evidence, Finding, Severity, Witness, finding_id

FEW = 3
MOST_SPANS = 6
ALMOST_EVERYONE4, ALMOST_EVERYONE6 = 2**24, 2**112
"""So many addresses, a v6 /16 among them, are as good as everyone."""
MANY_ADDRESSES4, MANY_ADDRESSES6 = 2**16, 2**80
"""More than anyone's own: a v6 /48 is one site (RFC 6177)."""
NOTABLE = tuple(ServiceSet.parse(text) for text in ("tcp/22", "tcp/10250", "tcp/6443", "tcp/443"))
"""Services that make a witness telling, where they are in the set."""

ProblemKind = tuple[str, str]
"""A check's id, and what tells its problems apart within one filter ("ssh", "all ports")."""


@dataclass(eq=False)
class Problem:
    """Excess of one tier through one filter, balancer or endpoint."""

    check: str
    kind: str
    resource: Resource
    attributions: list[Attribution] = field(default_factory=list[Attribution])
    paths: list[Path] = field(default_factory=list[Path])

    @property
    def packets(self) -> PacketSet:
        """All of the excess, by the sender's address and the service at the target."""
        together = PacketSet.nothing()
        for one in self.attributions:
            together |= one.part
        return together

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts that have the problem, each once, by id."""
        found = {host.id: host for target in self.targets if isinstance(target, HostClass) for host in target.hosts}
        return tuple(found[name] for name in sorted(found))

    @property
    def targets(self) -> tuple[HostClass | Endpoint, ...]:
        """The classes and endpoints that have the problem, each once."""
        return tuple(dict.fromkeys(way.target for way in self.paths))


@dataclass(frozen=True, eq=False)
class Assessment:
    """How a row words a problem: severity, message, advice, and what its rules must go on letting in."""

    severity: Severity
    message: str
    advice: str = ""
    keep: tuple[tuple[str, ServiceSet], ...] = ()
    narrow: ServiceSet | None = None
    """All that the blamed rules' own peer needs, where that is known; None: cut the excess instead."""
    mend: bool = True
    """Whether the blamed rules are to be edited at all."""


@dataclass(frozen=True, eq=False)
class PendingFinding:
    """A finding, with the edits of rules and the other changes that would mend it."""

    finding: Finding
    edits: tuple[RuleExcess, ...] = ()
    changes: tuple[Change, ...] = ()


class ProblemCollector:
    """Gathers one row's excess by problem, and what can't be told."""

    def __init__(self, reach: Reachability, row: str) -> None:
        self._reach = reach
        self._row = row
        self._problems: dict[tuple[str, str, str], Problem] = {}
        self._blamed: dict[tuple[str, str], ServiceSet] = {}
        self._open: dict[str, None] = {}

    @property
    def unknown(self) -> tuple[str, ...]:
        """What can't be told, a line each."""
        return tuple(self._open)

    def add(self, way: Path, excess: Bounds, tier: Callable[[Path, Attribution], ProblemKind | None]) -> None:
        """Take in what a way lets in beyond need; what the internet is blamed for is not blamed on the inside again."""
        for found in attribute(self._reach, way, excess.lower) if excess.lower else ():
            one = self._news(way, found)
            told = tier(way, one) if one.part else None
            if told is not None:
                self._enter(told, way, one)
        if excess.undecided:
            self._ask(way, excess.undecided)

    def _news(self, way: Path, one: Attribution) -> Attribution:
        """Return what of a blame the same rule or resource was not blamed for already, the internet's part first."""
        key = (one.resource.id, one.rule.id if one.rule else "")
        known = self._blamed.get(key, ServiceSet.nothing())
        if not way.sender.inside:
            self._blamed[key] = known | one.part.services()
            return one
        return replace(one, part=one.part.only(ServiceSet.everything() - known)) if known else one

    def _enter(self, told: ProblemKind, way: Path, one: Attribution) -> None:
        check, name = told
        problem = self._problems.setdefault((check, name, one.resource.id), Problem(check, name, one.resource))
        problem.attributions.append(one)
        problem.paths.append(way)

    def _ask(self, way: Path, packets: PacketSet) -> None:
        services = services_text(packets.services())
        because = next(iter(_causes(self._reach, way, packets)), "a filter or route on the way could not be read")
        self._open[f"whether {way.sender.name} can reach {services} on {subject([way.target])}: {because}"] = None

    def pending_findings(self, judge: Callable[[Problem], Assessment]) -> tuple[PendingFinding, ...]:
        """Return a finding a problem, worded by ``judge``."""
        return tuple(self._draft(problem, judge(problem)) for _, problem in sorted(self._problems.items()))

    def _draft(self, problem: Problem, judged: Assessment) -> PendingFinding:
        name = finding_id(self._reach.cluster, problem.check, problem.resource.id, problem.kind)
        finding = Finding(
            id=name,
            check=problem.check,
            severity=judged.severity,
            resource=problem.resource,
            message=judged.message,
            witness=witness(self._reach, problem.paths[0], problem.attributions[0]),
            evidence=tuple(_evidence(problem)),
            hosts=tuple(host.id for host in problem.hosts),
            advice=judged.advice,
        )
        return PendingFinding(finding, self._edits(problem, judged) if judged.mend else ())

    def _edits(self, problem: Problem, judged: Assessment) -> tuple[RuleExcess, ...]:
        """Return an edit a blamed rule, with all of its excess."""
        found: dict[tuple[str, str], RuleExcess] = {}
        for one in problem.attributions:
            if one.filter is None or one.rule is None or not (one.filter.editable or one.filter.note):
                continue
            edit = RuleExcess(self._row, one.filter, one.rule, judged.message, judged.keep, judged.narrow)
            known = found.get((one.filter.id, one.rule.id), edit)
            found[one.filter.id, one.rule.id] = known.also(one.part.services())
        return tuple(found.values())


def _causes(reach: Reachability, way: Path, packets: PacketSet) -> Iterable[str]:
    if not way.sender.exact:
        yield way.sender.name
    for name in way.filters:
        if name not in reach.filters.filters:
            yield f"filter {name} could not be read"
    for one, rule in reach.filters.rules(way.filters, Direction.INGRESS, way.target_groups, way.destination):
        doubt = reach.filters.uncertain(rule, way.destination)
        if doubt and packets.only(ServiceSet.parse(rule.services)):
            yield f"{one.id}, rule {rule.id}: {doubt}"


def _evidence(problem: Problem) -> Iterable[Evidence]:
    seen: dict[tuple[str, str], Evidence] = {}
    for one in problem.attributions:
        rule = one.rule.id if one.rule else ""
        seen.setdefault((one.resource.id, rule), Evidence(one.resource, rule, one.call, one.fact))
    yield from seen.values()
    strangers = {one.id: one for way in problem.paths for one in way.sender.external_members[:FEW]}
    for stranger in strangers.values():
        resource = Resource("interface", stranger.id, stranger.owner)
        yield Evidence(resource, "", stranger.source.call, f"carries {', '.join(stranger.groups)}")
    for target in problem.targets[:FEW]:
        if isinstance(target, HostClass) and target.hosts:
            host = target.hosts[0]
            fact = "; ".join(host.evidence) or "no evidence of its role"
            yield Evidence(Resource("host", host.id, host.name), "", host.source.call, fact)
        elif isinstance(target, HostClass):
            for pool in target.pools:
                resource = Resource("pool", pool.id, pool.name)
                yield Evidence(resource, "", pool.source.call, "its next host would be reached so")


def witness(reach: Reachability, way: Path, one: Attribution) -> Witness:
    """Return one packet that gets in on ``way`` by what is blamed, and its path."""
    packets = one.part
    telling = next((part for part in map(packets.only, NOTABLE) if part), packets)
    packet = telling.witness() or Packet("0.0.0.0", 0)  # noqa: S104 - an empty set has no witness; callers give none
    place = target_text(way.target)
    via = f" via {way.balancer.kind}/{way.balancer.name}" if way.balancer else ""
    sender = f"{packet.address} ({way.sender.example})" if way.sender.example else packet.address
    service = service_name(packet.service)
    return Witness(
        f"{sender} → {service} on {place}{via}",
        path(reach, way, packet, one.rule),
        (("origin", way.sender.name), ("source", packet.address), ("service", service), ("target", place)),
    )


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
    hosts = {host.id for one in classes for host in one.hosts}
    roles = {role for one in classes for role in one.key.roles}
    if hosts:
        kind = next((word for role, word in _ROLE_WORDS if roles == {*role}), "host")
        groups = {(one.key.filters, one.key.groups) for one in classes if one.hosts}
        spread = f" in {len(groups)} groups" if len(groups) > 1 else ""
        words.append(f"{len(hosts)} {kind}{'s' if len(hosts) != 1 else ''}{spread}")
    pools = {pool.name or pool.id for one in classes if not one.hosts for pool in one.pools}
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
    for way in problem.paths:
        sender = way.sender.hosts
        if not way.sender.inside:
            names[_public_text(problem)] = None
        elif sender is None or not sender.hosts:
            names[way.sender.name] = None
        else:
            own.setdefault("/".join(sender.key.roles) or "unknown", set()).update(h.id for h in sender.hosts)
    names |= {f"{len(ids)} {role} host{'s' if len(ids) != 1 else ''}": None for role, ids in own.items()}
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join([*names][:FEW]) + more


def _public_text(problem: Problem) -> str:
    """Return who of the internet gets in: all of it in words, a few ranges as they are, what is between by number."""
    found = AddressSet.nothing()
    for way, one in zip(problem.paths, problem.attributions, strict=True):
        found |= AddressSet.nothing() if way.sender.inside else one.part.addresses()
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
