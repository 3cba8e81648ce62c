"""A comparison for programs: the JSON contract ``cloudguard/comparison/v1``."""

from __future__ import annotations

import json
from dataclasses import asdict

from cloudguard.formats.escaping import spelt_out
from cloudguard.results.comparison import AccessChange, Comparison, PermissionChange


def render(found: Comparison) -> str:
    """Return a comparison as JSON in ASCII; equal comparisons give equal text."""
    access = found.access
    document = {
        "schema": found.schema,
        "cluster": found.cluster,
        "old": found.old,
        "new": found.new,
        "opened": [_access(one) for one in access.opened] if access else None,
        "closed": [_access(one) for one in access.closed] if access else None,
        "undecided": access.undecided if access else None,
        "findings": [asdict(one) for one in found.findings],
        "unknown": found.unknown,
    }
    clean = json.loads(spelt_out(json.dumps(document, ensure_ascii=False)))
    return json.dumps(clean, indent=2, ensure_ascii=True) + "\n"


def _access(one: AccessChange) -> dict[str, object]:
    if isinstance(one, PermissionChange):
        return {"kind": "permissions", **asdict(one)}
    packets = [{"addresses": addresses, "services": services} for addresses, services in one.packets]
    return {"kind": "traffic", **asdict(one), "packets": packets}
