"""The interface that a provider implements for plans: it expresses changes in the cloud's own form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from cloudguard.model.filters import Filter
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, RuleTraffic
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class RuleQuota:
    """The largest number of rules that a filter may hold, and today's number, both as the cloud counts rules."""

    most: int
    present: int


class ChangeForms(Protocol):
    """Expresses changes to one snapshot in the form of one cloud. Makes no call."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return the fewest rules of ``guard`` that together allow exactly ``traffic``. Empty if no rules can.

        Each is one rule of the cloud. Some clouds' rules hold only one protocol and range of ports, or one ICMP type.
        """
        ...

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return a free order for a new ingress rule that permits, before the rules of ``order``.

        ``order``: None if the new rule need not be before any rule. Return None if no order is free, or if the filter's
        rules have no order.
        """
        ...

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return the quota of a filter's rules. None if it is not known."""
        ...

    def calls(self, change: Change, earlier: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
        """Return the calls that make ``change``, in the order of its edits. An edit that no call can make has no call.

        ``earlier``: the changes made before this one. Some clouds can only replace a whole rule or list; the call then
        includes the state that the earlier changes left.
        """
        ...

    def shell(self, call: ApiCall) -> str:
        """Return a call as a line of the cloud's own command-line tool, quoted for a POSIX shell."""
        ...

    def terraform(self, change: Change) -> str:
        """Return the blocks of HCL that make ``change``; "" if Terraform has no block for it."""
        ...


@runtime_checkable
class MakesPlans(Protocol):
    """An adapter that can express changes in its cloud's form."""

    def change_forms(self, snapshot: Snapshot) -> ChangeForms:
        """Return the change forms for the cluster of ``snapshot``."""
        ...
