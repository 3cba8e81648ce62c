"""The version of cloudguard, as installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

DISTRIBUTION = "cloudguard-k8s"


def version() -> str:
    """Return the version of cloudguard, or "unknown" if the package is not installed."""
    try:
        return version_of(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
