"""Values in Terraform's language (HCL native syntax specification)."""

from __future__ import annotations

import json
from collections.abc import Iterable


def hcl(value: object) -> str:
    """Return a value in HCL: JSON, in which no text is a template."""
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def listed(names: Iterable[str], indent: int) -> str:
    """Return a list of texts, one on each line. ``indent``: the column of the closing bracket."""
    lines = "".join(f"{' ' * (indent + 2)}{json.dumps(name)},\n" for name in names)
    return f"[\n{lines}{' ' * indent}]"
