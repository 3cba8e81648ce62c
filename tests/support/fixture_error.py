"""What is wrong with a made-up cloud."""

from __future__ import annotations


class FixtureError(ValueError):
    """Everything that is wrong with a fixture, a line each."""
