"""Changes to one snapshot in AWS's form. Chooses the module for each kind of change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudguard.model.filters import Direction, Filter
from cloudguard.provider.calls.cloud_forms import CloudForms, Pair
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
from cloudguard_aws.changes.edits import needed_answers
from cloudguard_aws.changes.exports.terraform import terraform
from cloudguard_aws.changes.rule_parts import rules_of
from cloudguard_aws.network.rules import NETWORK_ACL


class Forms(CloudForms):
    """Changes to the resources of a snapshot, in AWS's form."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return the fewest rules of a security group or network ACL that allow exactly ``traffic``.

        ICMP of the other IP version than a range's is left out, because no such packet exists.
        """
        return network_acls.rules(traffic) if guard.kind == NETWORK_ACL else rules_of(traffic)

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return None: a security group's rules have no order, and a network ACL alone lets nobody in."""
        del guard, order
        return None

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return the default quota of a security group's or network ACL's rules, and how much of it is used."""
        return network_acls.quota(guard) if guard.kind == NETWORK_ACL else security_groups.quota(self.index, guard)

    def calls(self, change: Change, earlier: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
        """Return the calls that make a change after the ``earlier`` changes.

        Empty if the change names something that is not known, not declared, or not made before.
        """
        planned, answered = super().calls(change, earlier), set[str]()
        needed = needed_answers(planned)
        for place, other in enumerate(earlier if needed else ()):
            answered |= {name for made in super().calls(other, earlier[:place]) for name in made.call.answers}
        return planned if needed <= answered else ()

    def shell(self, call: ApiCall) -> str:
        """Return a call as a command line for ``aws``. A second line waits if the next call would come too early."""
        from cloudguard_aws.changes.exports.shell import shell  # noqa: PLC0415 - loads the SDK

        return shell(call, self.index.snapshot.cluster.regions[0])

    def terraform(self, change: Change) -> str:
        """Return HCL blocks that make a change. A comment replaces a block that has more settings than the change."""
        rules = self.index.rules.values()
        egress = {rule.id for rule in rules if rule.direction is Direction.EGRESS}
        return terraform(super().calls(change), egress)

    def rule_calls(self, change: Change, earlier: Sequence[Change]) -> Iterable[PlannedCall]:
        """Return the calls for edits of a security group's rules, or of a network ACL's entries."""
        guard = self.index.filters.get(change.resource.id)
        if guard is not None and guard.kind == NETWORK_ACL:
            return network_acls.calls(self.index, change, earlier)
        return security_groups.calls(self.index, change)

    def edit_calls(self, change: Change, edit: Edit, earlier: Sequence[Change]) -> Iterable[Pair]:
        """Return the calls of an edit. Raises NoCallError if no call can make it."""
        match edit:
            case GroupEdit() | MembershipEdit():
                return group_moves.calls(self.index, change, edit, earlier)
            case AttributeEdit() if change.kind != endpoints.RESTRICT:
                return attributes.calls(self.index, change, edit, earlier)
            case AttributeEdit() | ListEdit():
                return endpoints.calls(self.index, change, edit)
            case DocumentEdit():
                return policies.calls(self.index, change, edit)
            case Procedure():
                return storage.calls(self.index, change, earlier)
            case RuleEdit():
                return ()
