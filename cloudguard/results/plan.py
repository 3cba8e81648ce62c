"""The remediation plan: changes with their steps in order, the proofs, and the findings that stay."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from enum import StrEnum

from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change, Edit, GroupEdit, Procedure, RuleEdit, RuleOp
from cloudguard.results.report import Report
from cloudguard.values import dataclass

SCHEMA = "cloudguard/plan/v1"


class Obligation(StrEnum):
    """A property of a plan that is proved on the model at every step."""

    NOTHING_OPENED = "nothing-opened"
    """Traffic that was not allowed stays not allowed, except declared traffic."""
    NOTHING_NEEDED_LOST = "nothing-needed-lost"
    """Traffic that is needed and allowed today stays allowed, for today's hosts and the next host of every pool."""
    DONE_TWICE = "done-twice"
    """Making the edits a second time changes nothing."""
    QUOTAS = "quotas"
    """No filter exceeds its maximum number of rules at any step."""
    ADMINISTRATORS_LET_IN = "administrators-let-in"
    """Declared administrators who could not reach the API can reach it."""
    ROWS_MENDED = "rows-mended"
    """The findings that the plan fixes are gone when the changed model is judged again."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One obligation that holds. ``examined`` says what it was checked on."""

    obligation: Obligation
    examined: str


class Phase(StrEnum):
    """The phase in which an edit is made. A phase starts after the earlier phases of all changes are done."""

    GROUP = "group"
    """Groups are created, with their members."""
    IN_PLACE = "in-place"
    """A rule, list or setting is changed in place. The edit allows no new traffic."""
    ADD = "add"
    REMOVE = "remove"
    """A rule is removed, or narrowed in place, after added rules allow its needed traffic."""
    PROCEDURE = "procedure"
    """Steps that a person takes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edit and its place ``number`` in the order, from 1.

    It is the edit at index ``edit`` of the change with the id ``change``. ``calls`` make the edit. They are empty if
    an earlier step's call makes this edit too, or if no call can make it.
    """

    number: int
    phase: Phase
    change: str
    edit: int
    calls: tuple[PlannedCall, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftFinding:
    """A finding (its id) that the plan does not fix, and the reason."""

    finding: str
    why: str


@dataclass(frozen=True, slots=True)
class EditCounts:
    """The numbers of a plan's edits by kind."""

    in_place: int
    add: int
    remove: int
    procedures: int

    @property
    def by_calls(self) -> int:
        """The number of edits that are no procedures for a person."""
        return self.in_place + self.add + self.remove


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes of one cluster in the order to make them, proved on the model.

    ``report`` is the report whose findings the plan fixes. ``asked`` are the ids of the findings to fix, and ``mends``
    are the ids of the findings that are gone afterwards. ``verdicts`` are the verdicts afterwards, by row.
    ``residual`` are the messages of findings afterwards that were not separate findings before. ``shut_out`` are
    declared ranges of administrators that the plan cannot let in to the API. ``by_hand`` are the findings of ``mends``
    that stay until a person has taken the steps of a procedure.
    """

    report: Report
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    proofs: tuple[Proof, ...] = ()
    asked: tuple[str, ...] = ()
    mends: tuple[str, ...] = ()
    left: tuple[LeftFinding, ...] = ()
    residual: tuple[str, ...] = ()
    verdicts: tuple[tuple[str, str], ...] = ()
    shut_out: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    plan_again: bool = False
    """Whether another plan after this one may mend more findings."""
    schema: str = field(default=SCHEMA)

    def change(self, name: str) -> Change:
        """Return the change with the id ``name``. Raises KeyError if there is none."""
        for change in self.changes:
            if change.id == name:
                return change
        raise KeyError(name)

    def edit(self, step: Step) -> Edit:
        """Return the edit that a step makes."""
        return self.change(step.change).edits[step.edit]

    @property
    def counts(self) -> EditCounts:
        """The number of edits that change in place, add, remove, or are procedures for a person."""
        tally = Counter(_kind_of_edit(self.edit(step)) for step in self.steps)
        return EditCounts(tally["in place"], tally["add"], tally["remove"], tally["procedure"])


def _kind_of_edit(edit: Edit) -> str:
    if isinstance(edit, RuleEdit) and edit.op is not RuleOp.MODIFY:
        return "add" if edit.op is RuleOp.ADD else "remove"
    return "add" if isinstance(edit, GroupEdit) else "procedure" if isinstance(edit, Procedure) else "in place"
