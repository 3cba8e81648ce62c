"""Labels: what rules name machines by, their network tags and their service account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from cloudguard_gcp.cluster.installer_labels import tags_of


def by_tag(name: str) -> str:
    """Return the label of those with a network tag."""
    return f"tag/{name}"


def by_account(email: str) -> str:
    """Return the label of those that run as a service account."""
    return f"service-account/{email}"


def labels_of(instance: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the labels of an instance, or of a template's next one: its tags first."""
    accounts = cast("Sequence[Mapping[str, Any]]", instance.get("serviceAccounts") or ())
    named = [by_account(str(one["email"])) for one in accounts if one.get("email")]
    return (*sorted(by_tag(tag) for tag in tags_of(dict(instance))), *sorted(named))
