"""The change forms for a provider without its own: the cloud can hold any rule, and no call is known."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.model.filters import Filter
from cloudguard.provider.change_forms import RuleQuota
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, RuleTraffic


class PlainForms:
    """Change forms of no particular cloud."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return ``traffic`` as one rule."""
        del guard
        return (traffic,)

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return the next smaller order. None for a filter without order."""
        ordered = guard.ordered or guard.in_chain
        return (0 if order is None else order - 1) if ordered else None

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return None: no quota is known."""
        del guard
        return None

    def calls(self, change: Change, earlier: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
        """Return an empty tuple: no call is known."""
        del change, earlier
        return ()

    def shell(self, call: ApiCall) -> str:
        """Return an empty text: no command is known."""
        del call
        return ""

    def terraform(self, change: Change) -> str:
        """Return an empty text: no block is known."""
        del change
        return ""
