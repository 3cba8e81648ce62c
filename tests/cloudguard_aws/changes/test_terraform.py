"""The HCL blocks are valid, and have only arguments of the provider's resources."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from aws_scenes import collected
from cloudguard import pipeline
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard_aws.changes.change_forms import Forms
from cloudguard_aws.changes.exports.terraform import terraform
from moto_fixtures.aws.scene import scenes
from terraform_blocks import blocks, resources

ARGUMENTS = tomllib.loads((Path(__file__).parent / "data" / "terraform_arguments.toml").read_text(encoding="utf-8"))
HOSTILE = 'a" }\nresource "x" "y" {} ${file("/etc/passwd")} %{ for a in b }'
SCENES = ("all_protocols", "tunnels", "ipv6_open", "conditions", "prefix_lists", "showcase", "eks_public")


def check(text: str) -> int:
    """Check that each resource has only arguments of its kind. Return the number of blocks."""
    resources(text, ARGUMENTS)
    return sum(len(listed) for listed in blocks(text).values())


@pytest.mark.parametrize("name", SCENES)
def test_the_blocks_of_a_plan_are_valid_terraform(name: str) -> None:
    snapshot = collected(name).snapshot
    forms, declared = Forms(snapshot), scenes()[name].DECLARED.policy
    if declared.admin_cidrs is None:
        declared = replace(declared, admin_cidrs=("198.51.100.0/24",))
    text = "\n".join(forms.terraform(change) for change in pipeline.evaluate(snapshot, declared).plan)
    assert check(text) or text.startswith("#")


def test_a_hostile_name_stays_a_string() -> None:
    put = ApiCall("iam", "PutRolePolicy", {"RoleName": HOSTILE, "PolicyName": "p", "PolicyDocument": "{}"})
    text = terraform([PlannedCall(0, put)])
    (resource,) = blocks(text)["resource"]
    assert len(blocks(text)) == 1
    assert "$${file(" in text
    assert "%%{ for" in text
    assert check(text) == 1
    assert [*resource] == ['"aws_iam_role_policy"'] or [*resource] == ["aws_iam_role_policy"]


def test_a_changed_rule_is_imported_and_a_revoked_rule_is_removed() -> None:
    fields = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "10.0.0.0/8"}
    body = {"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": fields}
    modify = ApiCall("ec2", "ModifySecurityGroupRules", {"GroupId": "sg-1", "SecurityGroupRules": [body]})
    gone = ApiCall("ec2", "RevokeSecurityGroupIngress", {"GroupId": "sg-1", "SecurityGroupRuleIds": ["sgr-2"]})
    text = terraform([PlannedCall(0, modify), PlannedCall(1, gone)])
    assert {kind: len(listed) for kind, listed in blocks(text).items()} == {"import": 1, "resource": 1, "removed": 1}
    assert "from_port" not in text
