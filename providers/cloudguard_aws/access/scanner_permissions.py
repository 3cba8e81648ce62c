"""The read-only policy that the adapter needs, generated from its declared calls."""

from __future__ import annotations

import json

from cloudguard.provider.permissions.hcl import listed
from cloudguard.provider.reader import permissions_of
from cloudguard_aws.access.calls import CALLS

_DESCRIPTION = "Read-only access for cloudguard"
_ACTIONS = permissions_of(CALLS)


def _document() -> dict[str, object]:
    statement = {"Sid": "CloudguardReads", "Effect": "Allow", "Action": _ACTIONS, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy() -> str:
    """Return the policy as JSON for IAM: every action of every declared call, on every resource."""
    return json.dumps(_document(), indent=2)


def _cloudformation() -> str:
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


def _terraform() -> str:
    """Return HCL blocks for the provider hashicorp/aws (its resource aws_iam_policy)."""
    return f"""\
# Attach it to the role that runs cloudguard.
data "aws_iam_policy_document" "cloudguard" {{
  statement {{
    sid       = "CloudguardReads"
    actions   = {listed(_ACTIONS, 4)}
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


FORMATS = {"json": _policy, "terraform": _terraform, "cloudformation": _cloudformation}
