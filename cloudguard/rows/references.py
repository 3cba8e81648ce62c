"""The references of each row's findings: the Kubernetes documentation, and standards that apply to every cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cloudguard.results.check import Check
from cloudguard.results.finding import Finding
from cloudguard.results.reference import Reference, ReferenceEntry, reference_table, references_of
from cloudguard.results.report import RowResult

_PACKAGE = "cloudguard.rows"


def check_references(check: str) -> tuple[Reference, ...]:
    """Return the references of ``check`` (its id) that apply to every cluster in any cloud."""
    return references_of(check, reference_table(_PACKAGE), managed=None)


def checks_with_references(
    checks: Iterable[Check], further: Sequence[ReferenceEntry], *, managed: bool
) -> tuple[Check, ...]:
    """Return ``checks`` with the references that their findings have; ``further`` and ``managed`` as below."""
    entries = (*reference_table(_PACKAGE), *further)
    return tuple(replace(check, references=references_of(check.id, entries, managed=managed)) for check in checks)


def with_references(
    rows: Sequence[RowResult], further: Sequence[ReferenceEntry], *, managed: bool
) -> tuple[RowResult, ...]:
    """Return ``rows`` with the references of their findings. ``further`` are the provider's references.

    ``managed``: the provider runs the cluster's control plane.
    """
    entries = (*reference_table(_PACKAGE), *further)

    def with_own(finding: Finding) -> Finding:
        return replace(finding, references=references_of(finding.check, entries, managed=managed))

    return tuple(replace(row, findings=tuple(map(with_own, row.findings))) for row in rows)
