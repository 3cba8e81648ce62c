"""What the findings of each row refer to: the Kubernetes documentation, and standards about every cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cloudguard.results.reference import Reference, ReferenceEntry, reference_table, references_of
from cloudguard.results.report import RowResult

_PACKAGE = "cloudguard.rows"


def check_references(check: str) -> tuple[Reference, ...]:
    """Return the references of ``check`` (its id) that are about every cluster, whatever its cloud."""
    return references_of(check, reference_table(_PACKAGE), managed=None)


def with_references(
    rows: Sequence[RowResult], further: Sequence[ReferenceEntry], *, managed: bool
) -> tuple[RowResult, ...]:
    """Return ``rows`` whose findings have their references; ``further`` are the provider's.

    ``managed``: the provider runs the cluster's control plane.
    """
    entries = (*reference_table(_PACKAGE), *further)
    return tuple(
        replace(
            row,
            findings=tuple(
                replace(finding, references=references_of(finding.check, entries, managed=managed))
                for finding in row.findings
            ),
        )
        for row in rows
    )
