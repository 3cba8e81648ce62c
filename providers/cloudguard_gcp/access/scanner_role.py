"""The read-only custom role that the adapter needs, generated from the calls it declares."""

from __future__ import annotations

import json

from cloudguard_gcp.access.calls import CALLS


def role() -> str:
    """Return the role as ``gcloud iam roles create --file`` takes it."""
    permissions = sorted({permission for call in CALLS for permission in call.permissions})
    return json.dumps(
        {
            "title": "cloudguard reader",
            "description": "What cloudguard reads; bind it on the project, and above it where you can",
            "stage": "GA",
            "includedPermissions": permissions,
        },
        indent=2,
    )
