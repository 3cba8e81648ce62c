"""Names in camel case, as APIs write them, in the forms of SDKs, command lines and Terraform."""

from __future__ import annotations

import re
from typing import Final

_BOUNDARY: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """Return "source_ranges" for "sourceRanges"."""
    return _BOUNDARY.sub("_", name).lower()


def kebab_case(name: str) -> str:
    """Return "source-ranges" for "sourceRanges"."""
    return _BOUNDARY.sub("-", name).lower()
