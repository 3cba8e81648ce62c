"""The error for faults of a made-up cloud."""

from __future__ import annotations


class FixtureError(ValueError):
    """All faults of a fixture, one on each line."""
