"""Parts of Terraform's language for the roles of all adapters (HCL native syntax specification)."""

from __future__ import annotations

import json
from collections.abc import Iterable


def listed(names: Iterable[str], indent: int) -> str:
    """Return a list of texts, one on each line. ``indent``: the column of the closing bracket."""
    lines = "".join(f"{' ' * (indent + 2)}{json.dumps(name)},\n" for name in names)
    return f"[\n{lines}{' ' * indent}]"
