"""The obligations of a plan, proved on the model: open nothing, lose no needed traffic, exceed no quota.

A plan has four points: its beginning, after all edits in place, after all additions, after all removals. The traffic
that the filters allow shrinks up to the second point, grows up to the third, and shrinks up to the last. The filters
therefore allow the least traffic at the second or the last point, and the most at the first or the third point. An
obligation that holds at these points holds after every step between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cloudguard.model.cluster import Role
from cloudguard.model.filters import Filter
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.planning.edits.model_edits import EditOfChange, edited
from cloudguard.planning.proof.needed_traffic import needed_traffic
from cloudguard.planning.proof.network_state import IMPOSSIBLE, NetworkState, Peer
from cloudguard.planning.proof.opened import Opened, opened_by_endpoint, opened_by_filter
from cloudguard.provider.change_forms import ChangeForms, RuleQuota
from cloudguard.results.change import Change, Edit, ListEdit, MembershipEdit, PeerOf, RuleEdit, RuleOp
from cloudguard.results.plan import Obligation, Phase, Proof
from cloudguard.results.wording import FEW, count
from cloudguard.rows.context import Context
from cloudguard.values import dataclass

Ordered = Sequence[tuple[Phase, EditOfChange]]
"""Edits in the order to make them, each with its phase."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An obligation that a plan breaks.

    ``resource``: ids of the filters or endpoints. ``text``: the violation in words. ``packets``: the packets that are
    opened or lost, for ``peer`` (None: for anyone).
    """

    obligation: Obligation
    resource: frozenset[str]
    text: str
    packets: PacketSet
    peer: Peer | None = None


class Prover:
    """Proves the plans of one cluster. The traffic that the cluster needs today is computed once."""

    def __init__(self, context: Context, change_forms: ChangeForms) -> None:
        self._context = context
        self._change_forms = change_forms
        self.first = NetworkState(context.snapshot)
        self._needed = tuple(needed_traffic(context, self.first))
        self._today = [need.allowed(self.first) for need in self._needed]
        self._points: tuple[Ordered, tuple[Snapshot, Snapshot, Snapshot]] | None = None
        self._states: tuple[Ordered, tuple[NetworkState, ...]] | None = None

    def violations(self, ordered: Ordered) -> Iterator[Violation]:
        """Yield the obligations that the plan breaks if its edits are made in this order."""
        yield from self._over_quota(ordered)
        points = self.states(ordered)
        touched = {change.resource.id for _, (change, edit) in ordered if isinstance(edit, RuleEdit | ListEdit)}
        touched |= {name for _, (_, edit) in ordered if isinstance(edit, MembershipEdit) for name in edit.leaves}
        touched |= {endpoint.id for endpoint in self.first.snapshot.topology.endpoints}
        yield from self._opened(points[1], touched)
        yield from self._opened(points[2], set())
        for point in (points[0], points[2]):
            yield from self._lost(point, touched)

    def states(self, ordered: Ordered) -> tuple[NetworkState, ...]:
        """Return the network at the three points of ``points``. The result of the last call is cached."""
        if self._states is None or self._states[0] is not ordered:
            states = dict[int, NetworkState]()
            for snapshot in self.points(ordered):
                states.setdefault(id(snapshot), NetworkState(snapshot, self.first))
            self._states = ordered, tuple(states[id(snapshot)] for snapshot in self.points(ordered))
        return self._states[1]

    def points(self, ordered: Ordered) -> tuple[Snapshot, Snapshot, Snapshot]:
        """Return the snapshots after all edits in place, after all additions, and at the end of the plan."""
        if self._points is None or self._points[0] is not ordered:
            self._points = ordered, self._find_points(ordered)
        return self._points[1]

    def _find_points(self, ordered: Ordered) -> tuple[Snapshot, Snapshot, Snapshot]:
        first = self.first.snapshot
        early = [entry for phase, entry in ordered if phase in {Phase.GROUP, Phase.IN_PLACE}]
        added = [entry for phase, entry in ordered if phase is Phase.ADD]
        late = [entry for phase, entry in ordered if phase in {Phase.REMOVE, Phase.PROCEDURE}]
        shrunk = edited(first, early)
        grown = edited(shrunk, added)
        return shrunk, grown, edited(grown, late)

    def _opened(self, point: NetworkState, touched: set[str]) -> Iterator[Violation]:
        declared = self.declared()
        new = list[Opened]()
        for guard in self.first.snapshot.topology.filters:
            if guard.id in touched:
                new += opened_by_filter(self.first, point, guard, declared)
        for place, _ in enumerate(self.first.snapshot.topology.endpoints):
            new += opened_by_endpoint(self.first, point, place, declared)
        for opened in new:
            text = f"{opened.id} would let in {opened.packets.services()} from {_sender_text(opened)}"
            yield Violation(Obligation.NOTHING_OPENED, frozenset({opened.id}), text, opened.packets, opened.peer)

    def declared(self) -> PacketSet:
        """Return the traffic that a plan may open: from the declared administrators to the API's ports."""
        context = self._context
        services = context.ports.api
        for endpoint in self.first.snapshot.topology.endpoints:
            services |= endpoint.service
        for host_class in context.with_role(Role.CONTROL_PLANE):
            for registration in host_class.key.registrations:
                if registration.service & context.ports.api:
                    services |= registration.listener.service
        return PacketSet.product(context.administrators, services)

    def _lost(self, point: NetworkState, touched: set[str]) -> Iterator[Violation]:
        for need, today in zip(self._needed, self._today, strict=True):
            if touched.isdisjoint(need.filters) or not today.upper:
                continue
            then = need.allowed(point)
            lost = ((today.lower - then.lower) | (today.upper - then.upper)) - IMPOSSIBLE
            if lost:
                text = f"{need.who} would lose {lost.services()} on {need.target}, which it needs: {need.why}"
                yield Violation(Obligation.NOTHING_NEEDED_LOST, need.filters, text, lost)

    def _over_quota(self, ordered: Ordered) -> Iterator[Violation]:
        for name, peak, quota in over_quota(ordered, self.first.reach.filters.filters, self._change_forms):
            if peak:
                text = f"{name} would have {quota.present + peak} rules, but at most {quota.most} are allowed"
                yield Violation(Obligation.QUOTAS, frozenset({name}), text, PacketSet.everything())

    def proofs(self, ordered: Ordered) -> tuple[Proof, ...]:
        """Return the proofs of a plan without violations: each obligation, and what it was checked on."""
        filters = {change.resource.id for _, (change, edit) in ordered if isinstance(edit, RuleEdit)}
        twice = [entry for _, entry in ordered]
        last = self.points(ordered)[2]
        steps = f"after each of {count(len(ordered), 'step')}"
        number = count(len(filters), "filter")
        proofs = [
            Proof(Obligation.NOTHING_OPENED, f"{number}, {count(len(self.first.peers), 'sender')}, {steps}"),
            Proof(Obligation.NOTHING_NEEDED_LOST, f"{count(len(self._needed), 'needed flow')}, {steps}"),
            Proof(Obligation.QUOTAS, f"{number}, each at its largest number of rules"),
        ]
        if edited(last, twice) == last:
            proofs.append(Proof(Obligation.DONE_TWICE, count(len(ordered), "edit")))
        return tuple(proofs)


def _sender_text(opened: Opened) -> str:
    if opened.peer.groups:
        return opened.peer.name
    cidrs = opened.packets.addresses().cidrs()
    return ", ".join(cidrs) if len(cidrs) <= FEW else opened.peer.name


def over_quota(
    ordered: Ordered, filters: Mapping[str, Filter], change_forms: ChangeForms
) -> Iterator[tuple[str, int, RuleQuota]]:
    """Yield each filter (its id) that exceeds its quota at some step, its largest number of added rules, and the quota.

    ``filters``: filter id → filter.
    """
    for name, peak in _peaks(ordered).items():
        quota = change_forms.quota(filters[name]) if name in filters else None
        if quota is not None and quota.present + peak > quota.most:
            yield name, peak, quota


def _peaks(ordered: Ordered) -> dict[str, int]:
    """Return filter id → the largest number of rules that the filter holds beyond today's number."""
    now, most = dict[str, int](), dict[str, int]()
    for _, (change, edit) in ordered:
        if isinstance(edit, RuleEdit) and edit.op is not RuleOp.MODIFY:
            name = change.resource.id
            now[name] = now.get(name, 0) + (1 if edit.op is RuleOp.ADD else -1)
            most[name] = max(most.get(name, 0), now[name])
    return most


def responsible(violation: Violation, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes that cause a violation: the changes of its filters that lose or open its traffic.

    If no single change does, return all changes of its filters.
    """
    on_it = [change for change in changes if change.resource.id in violation.resource]
    involved = [change for change in on_it if any(_takes_part(edit, violation) for edit in change.edits)]
    return tuple(involved or on_it)


def _takes_part(edit: Edit, violation: Violation) -> bool:
    if isinstance(edit, ListEdit) and violation.obligation is Obligation.NOTHING_NEEDED_LOST:
        listed = (read_addresses(peer.value) for peer in edit.after if peer.kind is PeerOf.RANGE)
        return bool(violation.packets.addresses() - AddressSet.union(listed))
    if not isinstance(edit, RuleEdit):
        return True
    services = violation.packets.services()
    if violation.obligation is Obligation.NOTHING_NEEDED_LOST:
        return bool(edit.loses & services)
    if edit.op is not RuleOp.ADD or edit.after is None:
        return False
    return violation.obligation is Obligation.QUOTAS or bool(edit.after.services & services)
