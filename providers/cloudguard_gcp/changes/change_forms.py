"""Changes to one cluster in Google Cloud's form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.provider.calls.cloud_forms import TRUST, CloudForms, Pair
from cloudguard.provider.change_forms import RuleQuota
from cloudguard.provider.rule_parts.parts import parts_of
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    Edit,
    GroupEdit,
    ListEdit,
    MembershipEdit,
    Procedure,
    RuleTraffic,
)
from cloudguard.results.document_edit import DocumentEdit
from cloudguard_gcp.changes import shell as gcloud
from cloudguard_gcp.changes import terraform as hcl
from cloudguard_gcp.changes.cluster_calls import endpoint_calls, metadata_calls
from cloudguard_gcp.changes.disk_calls import disk_calls
from cloudguard_gcp.changes.firewalls import VPC, firewall_calls
from cloudguard_gcp.changes.policies import POLICY, policy_calls
from cloudguard_gcp.changes.role_calls import role_calls
from cloudguard_gcp.changes.rule_forms import rules_of
from cloudguard_gcp.changes.tag_calls import tag_calls
from cloudguard_gcp.changes.trust_calls import trust_calls

_DEFAULT_PRIORITY: Final = 1000
_MOST_FIREWALLS: Final = 1000
"""Most VPC firewall rules of a network (https://cloud.google.com/firewall/quotas)."""


class Forms(CloudForms):
    """The forms of changes to the resources of one snapshot."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return the fewest rules of a filter that allow exactly ``traffic``; none if no rules can express it."""
        in_policy = guard.kind.endswith(POLICY)
        return rules_of(traffic, in_policy=in_policy) if in_policy or guard.kind == VPC else ()

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return the rank of a new permitting rule: of the default priority, or the greatest free one before ``order``.

        A policy has one rule of each priority (https://cloud.google.com/firewall/docs/firewall-policies-rule-details).
        """
        last = _DEFAULT_PRIORITY if order is None else min(_DEFAULT_PRIORITY, (order + 1) // 2 - 1)
        in_policy = guard.kind.endswith(POLICY)
        used = {rule.order // 2 for rule in guard.rules} if in_policy else frozenset[int]()
        priority = next((number for number in range(last, -1, -1) if number not in used), None)
        return None if priority is None else 2 * priority + 1

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return the quota of a network's firewall rules. A policy's quota is in attributes, which are not counted."""
        return RuleQuota(_MOST_FIREWALLS, len(parts_of(guard))) if guard.kind == VPC else None

    def rule_calls(self, change: Change, earlier: Sequence[Change]) -> Iterable[PlannedCall]:
        """Return the calls for edits of a VPC network's firewall rules, or of a firewall policy's."""
        guard = self.index.filters.get(change.resource.id)
        if guard is not None and guard.kind == VPC:
            return firewall_calls(guard, change, earlier)
        is_policy = guard is not None and guard.kind.endswith(POLICY) and guard.editable
        return policy_calls(guard, change, earlier) if guard and is_policy else ()

    def edit_calls(self, change: Change, edit: Edit, earlier: Sequence[Change]) -> Iterable[Pair]:
        """Return the calls of an edit; none if no call can make it."""
        match edit:
            case GroupEdit() | MembershipEdit():
                return tag_calls(self.index.snapshot.cluster.account, edit)
            case ListEdit():
                return endpoint_calls(self.index, change, edit, earlier)
            case AttributeEdit() if change.kind == "metadata.restrict":
                return metadata_calls(self.index, edit)
            case DocumentEdit():
                return (trust_calls if change.kind == TRUST else role_calls)(self.index, change, edit)
            case Procedure():
                return disk_calls(self.index, change, earlier)
            case _:
                return ()

    def shell(self, call: ApiCall) -> str:
        """Return a call as a line for ``gcloud``, quoted for a POSIX shell."""
        return gcloud.shell(call)

    def terraform(self, change: Change) -> str:
        """Return blocks of HCL that make a change of VPC firewall rules; "" for other changes."""
        guard = self.index.filters.get(change.resource.id)
        is_vpc = guard is not None and guard.kind == VPC
        return hcl.terraform(guard.source.resource, self.calls(change)) if guard and is_vpc else ""
