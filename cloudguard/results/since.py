"""The fate of a cluster's findings since an earlier run."""

from __future__ import annotations

from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.values import dataclass

LASTING = frozenset({Fate.UNCHANGED, Fate.UNCONFIRMED})


@dataclass(frozen=True, slots=True)
class Since:
    """The differences from an earlier run. ``earlier`` is the time when that run finished.

    ``findings``: each finding of today, and each earlier finding that is not among them. ``newly_unknown``: the ids of
    rows with unknown facts that had none then. ``known_again``: the ids of rows without unknown facts that had some
    then.
    """

    earlier: str
    findings: tuple[FindingChange, ...] = ()
    newly_unknown: tuple[str, ...] = ()
    known_again: tuple[str, ...] = ()

    def with_fate(self, *fates: Fate) -> tuple[FindingChange, ...]:
        """Return the findings with one of ``fates``."""
        return tuple(finding for finding in self.findings if finding.fate in fates)

    @property
    def fixed(self) -> tuple[FindingChange, ...]:
        """The findings that are gone, whose facts were all read."""
        return self.with_fate(Fate.FIXED)

    @property
    def by_id(self) -> dict[str, FindingChange]:
        """The changes by the ids of their findings."""
        return {change.id: change for change in self.findings}

    @property
    def changed(self) -> bool:
        """Whether anything is different: a finding, its severity or waiver, or the unknown facts of a row."""
        return bool(self.newly_unknown or self.known_again) or any(map(self._differs, self.findings))

    def _differs(self, change: FindingChange) -> bool:
        if change.fate is Fate.UNCONFIRMED:  # it is a difference only if the earlier run saw it
            return change.last_seen == self.earlier
        return change.fate not in LASTING or change.was != "" or change.waived != change.was_waived
