"""Parts of Terraform's language that every adapter's role is written in (HCL native syntax specification)."""

from __future__ import annotations

import json
from collections.abc import Iterable


def listed(names: Iterable[str], indent: int) -> str:
    """Return a list of texts, one a line, whose closing bracket stands at ``indent``."""
    lines = "".join(f"{' ' * (indent + 2)}{json.dumps(name)},\n" for name in names)
    return f"[\n{lines}{' ' * indent}]"
