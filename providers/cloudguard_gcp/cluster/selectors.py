"""Groups: what rules name machines by, their network tags and their service account."""

from __future__ import annotations


def by_tag(name: str) -> str:
    """Return the group of those with a network tag."""
    return f"tag/{name}"


def by_account(email: str) -> str:
    """Return the group of those that run as a service account."""
    return f"service-account/{email}"
