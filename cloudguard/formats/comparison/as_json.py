"""A comparison as JSON, in the contract ``cloudguard/comparison/v1``."""

from __future__ import annotations

from cloudguard.formats.contract.comparison_shapes import COMPARISON_SHAPES
from cloudguard.formats.contract.document import document, text
from cloudguard.results.comparison import Comparison


def render(comparison: Comparison) -> str:
    """Return a comparison as JSON in ASCII. Equal comparisons give equal text."""
    return text(document(comparison, comparison, COMPARISON_SHAPES))
