"""How Google's resources and permissions are named in the neutral model; this is the one place that knows.

A permission "compute.instances.list" is the action "compute:instances.list". A resource has six segments,
"gcp:PROJECT:SERVICE:KIND:LOCATION:NAME"; what belongs to a folder or an organization has "-" for its project.
"""

from __future__ import annotations

from typing import Final

EVERYWHERE: Final = "gcp:*:*:*:*:*"
"""Whatever a folder or an organization may hold: what is below them was not read."""
ACCOUNT: Final = "gcp:*:iam:serviceAccount:*:**"
_ABOVE: Final = {"organizations": "organization", "folders": "folder"}


def action(permission: str) -> str:
    """Return a permission as an action."""
    service, _, rest = permission.partition(".")
    return f"{service}:{rest}"


def permission(action: str) -> str:
    """Return an action as a permission."""
    return action.replace(":", ".", 1)


def all_of(project: str) -> str:
    """Return the pattern of everything in a project."""
    return f"gcp:{project}:*:*:*:*"


def account(email: str, project: str) -> str:
    """Return the name of a service account; one whose address tells no project is taken to be of ``project``."""
    return f"gcp:{project_of(email) or project}:iam:serviceAccount::{email}"


def project_of(email: str) -> str:
    """Return the project that a service account's address tells, "" for one that Google makes."""
    domain = email.partition("@")[2]
    own = domain.removesuffix(".iam.gserviceaccount.com")
    return own if own != domain and "." not in own else ""


def email_of(name: str) -> str:
    """Return a service account's address by its name."""
    return name.rpartition(":")[2]


def resource_formats(action: str) -> tuple[str, ...]:
    """Return the formats of the resources that an action applies to."""
    service, _, rest = action.partition(":")
    kind = rest.partition(".")[0]
    if service == "resourcemanager" and kind in _ABOVE:
        return (f"gcp:-:resourcemanager:{_ABOVE[kind]}:*:**",)
    if service == "iam" and kind.lower() in {"serviceaccounts", "serviceaccountkeys"}:
        return (ACCOUNT,)
    return (f"gcp:*:{service}:*:*:**",)
