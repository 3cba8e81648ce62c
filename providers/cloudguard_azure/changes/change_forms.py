"""Changes to one cluster in Azure's form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloudguard.model.filters import Filter
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.calls.cloud_forms import TRUST, CloudForms, Pair
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
from cloudguard_azure.changes.cluster_calls import command_calls, endpoint_calls
from cloudguard_azure.changes.encryption_calls import encryption_calls
from cloudguard_azure.changes.exports import shell as az
from cloudguard_azure.changes.exports import terraform as hcl
from cloudguard_azure.changes.filter_calls import FilterCalls, group_id
from cloudguard_azure.changes.group_calls import group_calls
from cloudguard_azure.changes.key_calls import key_calls
from cloudguard_azure.changes.role_calls import role_calls
from cloudguard_azure.changes.rule_forms import MOST_RULES, rules_of
from cloudguard_azure.changes.security_rules import SecurityRules
from cloudguard_azure.changes.trust_calls import trust_calls


class Forms(CloudForms):
    """The forms of changes to the resources of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self._filters = FilterCalls(self.index)

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return the fewest rules of a filter that allow exactly ``traffic``; none if no rules can express it."""
        return rules_of(traffic) if guard.in_series else ()

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return the greatest free priority before ``order``; None if there is none."""
        return SecurityRules.of(guard).priority_before(order)

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return the most rules that a network security group may have, and the number that it has."""
        return RuleQuota(MOST_RULES, len(SecurityRules.of(guard).rules)) if group_id(guard) else None

    def rule_calls(self, change: Change, earlier: Sequence[Change]) -> Iterable[PlannedCall]:
        """Return the calls for edits of a security group's rules, or for a new group in its place."""
        return self._filters.calls(change, earlier)

    def edit_calls(self, change: Change, edit: Edit, earlier: Sequence[Change]) -> Iterable[Pair]:
        """Return the calls of an edit; none if no call can make it."""
        match edit:
            case GroupEdit() | MembershipEdit():
                return group_calls(self.index, edit, earlier)
            case ListEdit():
                return endpoint_calls(self.index, change, edit)
            case AttributeEdit():
                calls = key_calls(self.index, change.resource.id, edit)
                return (*calls, *encryption_calls(self.index, change, earlier))
            case Procedure():
                calls = command_calls(self.index, change)
                return (*calls, *encryption_calls(self.index, change, earlier))
            case DocumentEdit():
                return (trust_calls if change.kind == TRUST else role_calls)(self.index, change, edit)
            case RuleEdit():
                return ()

    def shell(self, call: ApiCall) -> str:
        """Return a call as a line for ``az``, quoted for a POSIX shell."""
        return az.shell(call)

    def terraform(self, change: Change) -> str:
        """Return blocks of HCL that make a change of rules; "" for other changes."""
        return hcl.terraform(self.calls(change)) if change.rule_edits else ""
