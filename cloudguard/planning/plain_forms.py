"""The forms of changes where a provider has none of its own: any rule can be said, and no call is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudguard.model.filters import Filter
from cloudguard.provider.change_forms import RuleQuota
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, RuleTraffic


class PlainForms:
    """Changes in no cloud's form."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return ``traffic`` as one rule."""
        del guard
        return (traffic,)

    def rule_fields(self, guard: Filter, traffic: RuleTraffic) -> Mapping[str, Any]:
        """Return a rule's services and peer as text."""
        del guard
        return {"services": str(traffic.services), "peer": traffic.peer.value}

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return the next smaller order; in a filter without order, None."""
        ordered = guard.ordered or guard.in_chain
        return (0 if order is None else order - 1) if ordered else None

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return None: no quota is known."""
        del guard
        return None

    def calls(self, change: Change, made: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
        """Return nothing: no call is known."""
        del change, made
        return ()

    def shell(self, call: ApiCall) -> str:
        """Return nothing: no command is known."""
        del call
        return ""

    def terraform(self, change: Change) -> str:
        """Return nothing: no block is known."""
        del change
        return ""
