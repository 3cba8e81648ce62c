"""Changes that let in declared administrators who cannot reach the API server: new rules, or entries of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import product
from typing import Final

from cloudguard.model.cluster import Role
from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import NOTHING
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.candidates import can_be_called
from cloudguard.planning.proof.network_state import NetworkState
from cloudguard.planning.proposal import Proposal, Proposer
from cloudguard.reachability.host_classes import HostClass
from cloudguard.results.change import (
    PUBLIC_RANGES,
    Change,
    ListEdit,
    PeerOf,
    Resource,
    RuleEdit,
    RuleOp,
    RulePeer,
    RuleTraffic,
)
from cloudguard.rows.api_server_access import ROW, paths_to_api
from cloudguard.rows.context import Context
from cloudguard.values import dataclass

WHY: Final = "administrators"
MOST_TRIALS: Final = 12
"""At most this many sets of changes are tried on the model."""
Changes = tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class LetIn:
    """The addresses that can reach the API server.

    ``lower``: the addresses that certainly can. ``upper``: also the addresses that facts that were not read may let in.
    """

    lower: AddressSet
    upper: AddressSet

    @classmethod
    def of(cls, context: Context) -> LetIn:
        """Return the addresses that can reach the API server, according to the facts in ``context``."""
        bounds = [path.allowed.only(services) for path, services in paths_to_api(context)]
        lower = AddressSet.union(allowed.lower.addresses() for allowed in bounds)
        return cls(lower, AddressSet.union(allowed.upper.addresses() for allowed in bounds))

    def lacks(self, administrators: AddressSet) -> AddressSet:
        """Return the addresses of ``administrators`` that certainly cannot reach the API server."""
        return administrators - self.lower - self.upper


def shut_out(context: Context) -> tuple[str, ...]:
    """Return the administrators' declared ranges (CIDRs) in which certainly no address can reach the API server."""
    let_in = LetIn.of(context)
    listed = context.declarations.admin_cidrs or () if context.administrators else ()
    return tuple(cidr for cidr in listed if let_in.lacks(AddressSet.parse(cidr)) == AddressSet.parse(cidr))


def with_administrators(proposer: Proposer, proposal: Proposal) -> Proposal:
    """Return ``proposal`` with changes that let declared administrators in to the API server.

    Return ``proposal`` unchanged if no such change can be proved. The changes open only the API: they do not open its
    port on hosts that do not run the control plane.
    """
    missing = _missing(proposer, proposal)
    peers = _cidrs_within(proposer.case.declarations.admin_cidrs or (), missing)
    while peers:
        completed = _by_one_way(proposer, proposal, peers)
        arrived = _cidrs_within(peers, missing - _missing(proposer, completed))
        if arrived != peers and arrived:
            completed = _by_one_way(proposer, proposal, arrived)
        if completed is proposal:
            break
        proposal, missing = completed, _missing(proposer, completed)
        peers = tuple(peer for peer in peers if peer not in arrived)
    return proposal


def _missing(proposer: Proposer, proposal: Proposal) -> AddressSet:
    context = proposer.case.at(proposal.after).context
    return LetIn.of(context).lacks(context.administrators)


def _cidrs_within(cidrs: Iterable[str], addresses: AddressSet) -> tuple[str, ...]:
    return tuple(cidr for cidr in cidrs if AddressSet.parse(cidr) & addresses)


def _by_one_way(proposer: Proposer, proposal: Proposal, peers: tuple[str, ...]) -> Proposal:
    """Return ``proposal`` with one set of changes that lets in ``peers`` (CIDRs).

    The set after which the fewest administrators are shut out is chosen; of equal sets, the first. Return ``proposal``
    itself if no set can be proved.
    """
    best, missing = proposal, _missing(proposer, proposal)
    before = NetworkState(proposal.after, proposer.prover.first)
    tried = dict.fromkeys(_AccessChanges(proposer, proposer.case.at(proposal.after).context, peers).all())
    for changes in [*tried][:MOST_TRIALS]:
        trial = proposer.of((*(change for change in proposal.changes if change.kind != "group.add"), *changes))
        still = _missing(proposer, trial)
        fewer = (still.size4, still.size6) < (missing.size4, missing.size6)
        others = fewer and _opens_others(before, NetworkState(trial.after, proposer.prover.first))
        if fewer and not others and proposer.holds(trial):
            best, missing = trial, still
    return best


def _opens_others(before: NetworkState, after: NetworkState) -> bool:
    """Whether hosts that do not run the control plane accept more traffic ``after`` than ``before``."""
    others = [number for number, host_class in enumerate(before.classes) if not host_class.has(Role.CONTROL_PLANE)]
    return any(
        bool(allowed.upper - before.paths_to(number).get(path, NOTHING).upper)
        for number in others
        for path, allowed in after.paths_to(number).items()
    )


def lets_in_administrators(change: Change) -> bool:
    """Whether ``change`` was made to let in declared administrators."""
    return change.kind in {"administrators.add", "endpoint.add"}


class _AccessChanges:
    """The sets of changes that let ``peers`` (CIDRs) in to the API server: one set for each path to it."""

    def __init__(self, proposer: Proposer, context: Context, peers: tuple[str, ...]) -> None:
        self._forms = proposer.case.change_forms
        self._context = context
        self._peers = peers
        topology = context.snapshot.topology
        self._filters = {guard.id: guard for guard in topology.filters}
        self._external_interfaces = (*topology.external_members, *(topology.neighbours or ()))

    def all(self) -> Iterator[Changes]:
        """Yield each set of changes that the cloud's calls can make; the smallest sets first."""
        proposals = [
            changes
            for changes in self._each()
            if changes and all(can_be_called(change, self._forms) for change in changes)
        ]
        yield from sorted(proposals, key=len)

    def _each(self) -> Iterator[Changes]:
        for endpoint in self._context.snapshot.topology.endpoints:
            if endpoint.public and not (endpoint.gatekeeper or endpoint.for_all_or_nobody):
                yield (self._on_list(endpoint),)
            if endpoint.private:
                yield from self._by_filters(endpoint.filters, endpoint.service, None)
        ports = self._context.ports.api
        for target in self._context.with_role(Role.CONTROL_PLANE):
            for registration in target.key.registrations:
                if registration.service & ports and not registration.balancer.declared_service:
                    front = [*self._by_filters(registration.balancer.filters, registration.listener.service, None)]
                    behind = [*self._by_filters(target.key.filters, registration.service, target)]
                    yield from (*front, *behind)
                    yield from ((*first, *then) for first, then in product(front, behind))
            yield from self._by_filters(target.key.filters, ports, target)

    def _on_list(self, endpoint: Endpoint) -> Change:
        before = tuple(RulePeer(PeerOf.RANGE, cidr) for cidr in endpoint.public_ranges.cidrs())
        lists = tuple(RulePeer(PeerOf.ADDRESS_LIST, name) for name in endpoint.public_lists)
        added = tuple(RulePeer(PeerOf.RANGE, cidr) for cidr in self._peers)
        after = (*before, *lists, *added)
        needs = ("allowed today",) * (len(before) + len(lists)) + (WHY,) * len(added)
        edit = ListEdit(PUBLIC_RANGES, str(endpoint.service), (*before, *lists), after, needs)
        resource = Resource("endpoint", endpoint.id)
        return Change(f"endpoint.add:{endpoint.id}:{','.join(self._peers)}", ROW, "endpoint.add", resource, (edit,))

    def _by_filters(self, names: tuple[str, ...], services: ServiceSet, target: HostClass | None) -> Iterator[Changes]:
        """Yield the sets of changes that add rules to the filters ``names``.

        First, a rule in one filter alone: the filter that guards the fewest other hosts comes first. Then, if several
        filters are in series, a rule in each filter of the series.
        """
        known = [self._filters[name] for name in names if name in self._filters and self._filters[name].editable]
        series = [guard for guard in known if guard.in_series]
        for guard in sorted(known, key=self._others_guarded_by):
            yield from ((change,) for change in self._on_filter(guard, services, target))
        if len(series) > 1:
            yield from product(*([*self._on_filter(guard, services, target)] for guard in series))

    def _others_guarded_by(self, guard: Filter) -> int:
        """Return how many host classes without the control plane, and other interfaces, the filter ``guard`` guards."""
        hosts = (host_class for host_class in self._context.reach.classes if not host_class.has(Role.CONTROL_PLANE))
        return sum(guard.id in host_class.key.filters for host_class in hosts) + sum(
            guard.id in interface.filters for interface in self._external_interfaces
        )

    def _on_filter(self, guard: Filter, services: ServiceSet, target: HostClass | None) -> Iterator[Change]:
        for group in self._targets(guard, target):
            peer = RulePeer(PeerOf.RANGE, ",".join(self._peers))
            order = self._forms.order_before(guard, _first_refusal(guard, services, AddressSet.of(self._peers)))
            rules = self._forms.rules(guard, RuleTraffic(Direction.INGRESS, services, peer))
            targets = (group,) if group else ()
            if order is None and (guard.ordered or guard.in_chain):
                return
            edits = tuple(RuleEdit(RuleOp.ADD, "", None, rule, (WHY,), order, targets) for rule in rules)
            name = sha256(f"administrators\0{guard.id}\0{services}\0{group}\0{self._peers}".encode()).hexdigest()[:12]
            resource = Resource("filter", guard.id, guard.name)
            if edits:
                yield Change(name, ROW, "administrators.add", resource, edits)

    def _targets(self, guard: Filter, target: HostClass | None) -> Iterable[str]:
        """Return the target groups that a rule in the filter ``guard`` may have; "" means no target group.

        A filter that guards only hosts of the control plane needs no target group. A filter that also guards other
        hosts needs a group that no other host is in; the result is empty if its rules cannot name target groups.
        """
        if not self._others_guarded_by(guard):
            return ("",)
        if target is None or not guard.in_chain:
            return ()
        used = {group for interface in self._external_interfaces for group in interface.groups}
        used |= {
            group
            for host_class in self._context.reach.classes
            if not host_class.has(Role.CONTROL_PLANE)
            for group in host_class.key.groups
        }
        read = {group.id for group in self._context.snapshot.topology.groups if group.members_known}
        return tuple(group for group in target.key.groups if group in read - used)


def _first_refusal(guard: Filter, services: ServiceSet, addresses: AddressSet) -> int | None:
    """Return the order of the first ingress rule that does not permit some of ``services`` to some of ``addresses``.

    This is a rule that denies, or that passes packets on to the next filter of a chain. None if there is no such rule.
    """
    refused = [
        rule.order
        for rule in guard.rules
        if rule.direction is Direction.INGRESS and rule.action is not Action.PERMIT and rule.services & services
        if rule.peer.addresses is None or rule.peer.addresses & addresses
    ]
    return min(refused, default=None)
