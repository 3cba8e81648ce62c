"""The read-only policy that the adapter needs, generated from its declared calls."""

from __future__ import annotations

import json

from cloudguard.provider.permissions.hcl import listed
from cloudguard_aws.access.calls import CALLS

_DESCRIPTION = "Read-only access for cloudguard"


def _actions() -> list[str]:
    return sorted({action for call in CALLS for action in call.permissions})


def _document() -> dict[str, object]:
    statement = {"Sid": "CloudguardReads", "Effect": "Allow", "Action": _actions(), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy() -> str:
    """Return the policy as JSON for IAM: every action of every declared call, on every resource."""
    return json.dumps(_document(), indent=2)


def cloudformation() -> str:
    """Return a CloudFormation template of a managed policy (CloudFormation user guide, AWS::IAM::ManagedPolicy)."""
    reader = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"Description": _DESCRIPTION, "PolicyDocument": _document()},
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{_DESCRIPTION}: attach it to the role that runs cloudguard",
        "Resources": {"CloudguardReader": reader},
        "Outputs": {"PolicyArn": {"Value": {"Ref": "CloudguardReader"}}},
    }
    return json.dumps(template, indent=2)


def terraform() -> str:
    """Return HCL blocks for the provider hashicorp/aws (its resource aws_iam_policy)."""
    return f"""\
# Attach it to the role that runs cloudguard.
data "aws_iam_policy_document" "cloudguard" {{
  statement {{
    sid       = "CloudguardReads"
    actions   = {listed(_actions(), 4)}
    resources = ["*"]
  }}
}}

resource "aws_iam_policy" "cloudguard" {{
  name        = "cloudguard-reader"
  description = "{_DESCRIPTION}"
  policy      = data.aws_iam_policy_document.cloudguard.json
}}

output "cloudguard_policy_arn" {{
  value = aws_iam_policy.cloudguard.arn
}}
"""
