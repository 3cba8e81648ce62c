"""Is the cloud under this Kubernetes cluster locked down, and what exactly would I change?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudguard.pipeline import check as check

__all__ = ["check"]


def __getattr__(name: str) -> object:
    """Load what a library user calls only when it is asked for, so that importing cloudguard costs nothing."""
    if name == "check":
        from cloudguard.pipeline import check  # noqa: PLC0415 - lazily, as the docstring says

        return check
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
