"""Changes to one snapshot in AWS's form. Chooses the module for each kind of change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudguard.model.filters import Direction, Filter
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.change_forms import RuleQuota
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    Edit,
    GroupEdit,
    ListEdit,
    MembershipEdit,
    Procedure,
    RuleEdit,
    RuleTraffic,
)
from cloudguard.results.document_edit import DocumentEdit
from cloudguard_aws.changes import attributes, endpoints, group_moves, network_acls, policies, security_groups, storage
from cloudguard_aws.changes.edits import NoCallError, needed_answers
from cloudguard_aws.changes.exports.terraform import terraform
from cloudguard_aws.changes.snapshot_index import SnapshotIndex
from cloudguard_aws.network.rules import NETWORK_ACL


class Forms:
    """Changes to the resources of a snapshot, in AWS's form."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._index = SnapshotIndex(snapshot)

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return the fewest rules of a security group or network ACL that allow exactly ``traffic``.

        ICMP of the other IP version than a range's is left out, because no such packet exists.
        """
        return network_acls.rules(traffic) if guard.kind == NETWORK_ACL else security_groups.rules(traffic)

    def rule_fields(self, guard: Filter, traffic: RuleTraffic) -> Mapping[str, Any]:
        """Return one rule in the fields of SecurityGroupRuleRequest, or of a network ACL entry.

        Raises ValueError for a peer without a value, such as administrators who are not declared.
        """
        return network_acls.fields(traffic) if guard.kind == NETWORK_ACL else security_groups.fields(traffic)

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return None: a security group's rules have no order, and a network ACL alone lets nobody in."""
        del guard, order
        return None

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return the default quota of a security group's or network ACL's rules, and how much of it is used."""
        return network_acls.quota(guard) if guard.kind == NETWORK_ACL else security_groups.quota(self._index, guard)

    def calls(self, change: Change, earlier: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
        """Return the calls that make a change after the ``earlier`` changes.

        Empty if the change names something that is not known, not declared, or not made before.
        """
        planned = self._possible_calls(change, earlier)
        if not needed_answers(planned) <= self._answered(earlier):
            return ()
        return planned

    def _possible_calls(self, change: Change, earlier: Sequence[Change]) -> tuple[PlannedCall, ...]:
        """Return the calls that make a change, even if they use answers that no earlier change gives."""
        try:
            return tuple(self._calls(change, earlier))
        except NoCallError:
            return ()

    def _answered(self, earlier: Sequence[Change]) -> frozenset[str]:
        """Return the names of the answers that the calls of ``earlier`` give."""
        calls = (
            planned.call
            for place, change in enumerate(earlier)
            for planned in self._possible_calls(change, earlier[:place])
        )
        return frozenset(name for call in calls for name in call.answers)

    def shell(self, call: ApiCall) -> str:
        """Return a call as a command line for ``aws``. A second line waits if the next call would come too early."""
        from cloudguard_aws.changes.exports.shell import shell  # noqa: PLC0415 - loads the SDK

        return shell(call, self._index.snapshot.cluster.regions[0])

    def terraform(self, change: Change) -> str:
        """Return HCL blocks that make a change. A comment replaces a block that has more settings than the change."""
        rules = self._index.rules.values()
        egress = {rule.id for rule in rules if rule.direction is Direction.EGRESS}
        return terraform(self._possible_calls(change, ()), egress)

    def _calls(self, change: Change, earlier: Sequence[Change]) -> Iterator[PlannedCall]:
        if any(isinstance(edit, RuleEdit) for edit in change.edits):
            guard = self._index.filters.get(change.resource.id)
            if guard is not None and guard.kind == NETWORK_ACL:
                yield from network_acls.calls(self._index, change, earlier)
            else:
                yield from security_groups.calls(self._index, change)
        for place, edit in enumerate(change.edits):
            yield from self._edit(change, place, edit, earlier)

    def _edit(self, change: Change, place: int, edit: Edit, earlier: Sequence[Change]) -> Iterator[PlannedCall]:
        """Return the calls of an edit. Rule edits are made together in ``_calls``, so they have none here."""
        index = self._index
        match edit:
            case GroupEdit() | MembershipEdit():
                return group_moves.calls(index, change, place, edit, earlier)
            case AttributeEdit() if change.kind != endpoints.RESTRICT:
                return attributes.calls(index, change, place, edit, earlier)
            case AttributeEdit() | ListEdit():
                return endpoints.calls(index, change, place, edit)
            case DocumentEdit():
                return policies.calls(index, change, place, edit)
            case Procedure():
                return storage.calls(index, change, place, earlier)
            case RuleEdit():
                return iter(())
