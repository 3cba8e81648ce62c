"""ARNs, the names of resources on AWS."""

from __future__ import annotations


def account_of(arn: str) -> str:
    """Return the account in an ARN ("aws": the provider), or "" if the ARN has none."""
    segments = arn.split(":", maxsplit=5)
    return segments[4] if segments[0] == "arn" and len(segments) > 5 else ""  # noqa: PLR2004 - an ARN has six
