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


def resource_block(kind: str, label: str, arguments: str) -> str:
    """Return the block of a resource. ``arguments``: its lines in HCL."""
    return f'resource "{kind}" "{label}" {{\n{arguments}}}\n'


def import_block(kind: str, label: str, id_: str) -> str:
    """Return the block that imports an existing resource."""
    return f"import {{\n  to = {kind}.{label}\n  id = {hcl(id_)}\n}}\n"


def removed_block(kind: str, label: str) -> str:
    """Return the block that deletes a resource. Terraform deletes only resources in its state."""
    return f"removed {{\n  from = {kind}.{label}\n  lifecycle {{\n    destroy = true\n  }}\n}}\n"
