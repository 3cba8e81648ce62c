"""The input of a plan: the facts of a cluster, the declarations, and which findings to mend."""

from __future__ import annotations

from dataclasses import replace

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.ways_in import WayIn
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.edits.rule_writer import MOST_RULES
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult
from cloudguard.rows.context import Context
from cloudguard.rows.judge import judge
from cloudguard.rows.pending_finding import Waive
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """The findings to plan for.

    ``rows``: names of rows (empty: all). ``only``: ids of findings (empty: all). ``with_advice``: also plan for low
    findings. ``most_rules``: the largest number of rules that may replace one rule.
    """

    rows: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    with_advice: bool = False
    most_rules: int = MOST_RULES

    def asks_for(self, finding: Finding) -> bool:
        """Whether the plan must mend ``finding``."""
        if finding.waived is not None or (finding.severity is Severity.LOW and not self.with_advice):
            return False
        return self.asks_for_row(finding.check.partition("/")[0]) and (not self.only or finding.id in self.only)

    def asks_for_row(self, row: str) -> bool:
        """Whether the plan must mend findings of the row ``row``."""
        return not self.rows or row in self.rows


@dataclass(frozen=True)
class Case:
    """The input of the judgement: the facts, the declarations and waivers, and the provider's data and change forms."""

    snapshot: Snapshot
    declarations: Declarations
    change_forms: ChangeForms
    iam_catalog: IamCatalog | None = None
    ways_in: tuple[WayIn, ...] = ()
    waive: Waive | None = None

    @property
    def context(self) -> Context:
        """A new context of the rows for this case; it has computed nothing yet."""
        reach = Reachability(self.snapshot)
        return Context(self.snapshot, self.declarations, reach, self.iam_catalog, self.ways_in)

    def at(self, snapshot: Snapshot) -> Case:
        """Return the same case with other facts."""
        return replace(self, snapshot=snapshot)

    def judged(self, *, with_advice: bool = False) -> tuple[tuple[RowResult, ...], tuple[Change, ...]]:
        """Return the rows and the changes for their findings. ``with_advice``: also edit rules for low findings."""
        known = self.iam_catalog, self.ways_in
        return judge(self.snapshot, self.declarations, *known, with_advice=with_advice, waive=self.waive)
