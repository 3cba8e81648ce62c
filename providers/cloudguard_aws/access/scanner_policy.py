"""The read-only policy that the adapter needs, generated from the calls it declares."""

from __future__ import annotations

import json

from cloudguard_aws.access.calls import CALLS


def policy() -> str:
    """Return the policy as IAM takes it: every action of every declared call, on every resource."""
    actions = sorted({action for call in CALLS for action in call.permissions})
    statement = {"Sid": "CloudguardReads", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
