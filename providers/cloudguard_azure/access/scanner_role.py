"""The read-only custom role that the adapter needs, generated from the calls it declares."""

from __future__ import annotations

import json

from cloudguard_azure.access.calls import CALLS


def role() -> str:
    """Return the role as ``az role definition create --role-definition`` takes it."""
    actions = sorted({permission for call in CALLS for permission in call.permissions})
    return json.dumps(
        {
            "Name": "cloudguard reader",
            "IsCustom": True,
            "Description": "What cloudguard reads; assign it on the subscription, and above it where you can",
            "Actions": actions,
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": ["/subscriptions/SUBSCRIPTION_ID"],
        },
        indent=2,
    )
