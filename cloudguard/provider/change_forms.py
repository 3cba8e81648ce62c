"""What a provider must do so that a plan can be made and handed over: say changes in the cloud's own form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from cloudguard.model.filters import Filter
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, RuleTraffic


@dataclass(frozen=True, slots=True)
class RuleQuota:
    """How many rules a filter may hold, counted as the cloud counts them, and how many it holds today."""

    most: int
    present: int


class ChangeForms(Protocol):
    """Changes to one snapshot in the form of one cloud. Makes no call."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return the fewest rules of ``guard`` that together allow exactly ``traffic``; none if no rules can say it.

        Each is one rule of the cloud: one protocol and span of ports, or one ICMP type, where it knows no more.
        """
        ...

    def rule_fields(self, guard: Filter, traffic: RuleTraffic) -> Mapping[str, Any]:
        """Return one rule, as ``rules`` gives it, in the cloud's own fields."""
        ...

    def order_before(self, guard: Filter, order: int | None) -> int | None:
        """Return a free order for a rule of ingress that permits, before those of ``order`` (None: before no rule).

        None where there is none, or where a filter's rules have no order.
        """
        ...

    def quota(self, guard: Filter) -> RuleQuota | None:
        """Return the quota of a filter's rules; None where none is known."""
        ...

    def calls(self, change: Change, made: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
        """Return the calls that make a change, in its edits' order; none for an edit that no call makes.

        ``made`` are the changes made before it: where a cloud only puts a rule or a list whole, what they left of it
        is put with it.
        """
        ...

    def shell(self, call: ApiCall) -> str:
        """Return a call as a line of the cloud's own command-line tool, quoted for a POSIX shell."""
        ...

    def terraform(self, change: Change) -> str:
        """Return blocks of HCL that make a change, "" where Terraform has none for it."""
        ...


@runtime_checkable
class MakesPlans(Protocol):
    """An adapter that can say changes in its cloud's form."""

    def change_forms(self, snapshot: Snapshot) -> ChangeForms:
        """Return the forms of changes to what ``snapshot`` shows."""
        ...
