"""What a plan is made for: the facts of a cluster, the declarations, and the findings that are to be mended."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.ways_in import WayIn
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.edits.sayable import MOST_RULES
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult
from cloudguard.rows.context import Context
from cloudguard.rows.judge import judge
from cloudguard.rows.pending_finding import Waive


@dataclass(frozen=True, slots=True)
class Choice:
    """Which findings to plan for: of these rows, with these ids (empty: all); ``with_advice``: also low ones.

    ``most_rules``: so many rules take the place of one at most.
    """

    rows: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    with_advice: bool = False
    most_rules: int = MOST_RULES

    def asks_for(self, finding: Finding) -> bool:
        """Whether a finding is to be mended."""
        if finding.waived is not None or (finding.severity is Severity.LOW and not self.with_advice):
            return False
        return self.asks_for_row(finding.check.partition("/")[0]) and (not self.only or finding.id in self.only)

    def asks_for_row(self, row: str) -> bool:
        """Whether findings of a row are to be mended."""
        return not self.rows or row in self.rows


@dataclass(frozen=True)
class Case:
    """What is judged and by what: the facts, what is declared and waived, what is known of the provider, its forms."""

    snapshot: Snapshot
    declarations: Declarations
    change_forms: ChangeForms
    iam_catalog: IamCatalog | None = None
    ways_in: tuple[WayIn, ...] = ()
    waive: Waive | None = None

    @property
    def context(self) -> Context:
        """The context to judge it in, with nothing worked out yet."""
        reach = Reachability(self.snapshot)
        return Context(self.snapshot, self.declarations, reach, self.iam_catalog, self.ways_in)

    def at(self, snapshot: Snapshot) -> Case:
        """Return the same case with other facts."""
        return replace(self, snapshot=snapshot)

    def judged(self, *, with_advice: bool = False) -> tuple[tuple[RowResult, ...], tuple[Change, ...]]:
        """Return the rows and the changes of their findings; ``with_advice``: rules are edited for low ones too."""
        known, said = (self.iam_catalog, self.ways_in), self.waive
        return judge(self.snapshot, self.declarations, *known, with_advice=with_advice, waive=said)
