"""Groups of machines that rules name: those with a network tag or a service account."""

from __future__ import annotations


def by_tag(name: str) -> str:
    """Return the group of machines with a network tag."""
    return f"tag/{name}"


def by_account(email: str) -> str:
    """Return the group of machines that run as a service account."""
    return f"service-account/{email}"
