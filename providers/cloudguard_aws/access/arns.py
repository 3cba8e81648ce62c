"""ARNs, the names of AWS's resources."""

from __future__ import annotations


def account_of(arn: str) -> str:
    """Return the account that an ARN names ("aws": the provider), "" where it names none."""
    segments = arn.split(":", maxsplit=5)
    return segments[4] if segments[0] == "arn" and len(segments) > 5 else ""  # noqa: PLR2004 - an ARN has six
