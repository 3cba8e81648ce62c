"""What became of a cluster's findings since an earlier run."""

from __future__ import annotations

from dataclasses import dataclass

from cloudguard.results.comparison import Fate, FindingChange

LASTING = frozenset({Fate.UNCHANGED, Fate.UNCONFIRMED})


@dataclass(frozen=True, slots=True)
class Since:
    """What is different from an earlier run; ``earlier``: when that was finished.

    ``findings``: each of today's, and each earlier one that is not among them. ``newly_unknown``: ids of rows of which
    not all is known, though it was then; ``known_again``: the other way round.
    """

    earlier: str
    findings: tuple[FindingChange, ...] = ()
    newly_unknown: tuple[str, ...] = ()
    known_again: tuple[str, ...] = ()

    def of_fate(self, *fates: Fate) -> tuple[FindingChange, ...]:
        """Return the findings of some fates."""
        return tuple(one for one in self.findings if one.fate in fates)

    @property
    def fixed(self) -> tuple[FindingChange, ...]:
        """The findings that are gone: all that they rested on was read."""
        return self.of_fate(Fate.FIXED)

    @property
    def unconfirmed(self) -> tuple[FindingChange, ...]:
        """The findings that were not seen, but of which nothing shows that they are gone."""
        return self.of_fate(Fate.UNCONFIRMED)

    def of(self, finding: str) -> FindingChange:
        """Return what became of the finding with the id ``finding``; raises KeyError when it is not known."""
        for one in self.findings:
            if one.id == finding:
                return one
        raise KeyError(finding)

    @property
    def changed(self) -> bool:
        """Whether anything is different: a finding, its severity or its waiver, or what is known of a row."""
        return bool(self.newly_unknown or self.known_again) or any(map(self._differs, self.findings))

    def _differs(self, one: FindingChange) -> bool:
        if one.fate is Fate.UNCONFIRMED:  # one that was not seen then either is nothing new
            return one.last_seen == self.earlier
        return one.fate not in LASTING or one.was != "" or one.waived != one.was_waived
