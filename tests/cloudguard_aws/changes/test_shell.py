"""Command lines for ``aws``: the shell and the tool read them as intended, with any names."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cloudguard.results.api_call import ApiCall, answer
from cloudguard_aws.changes.exports.shell import shell

HOSTILE = 'a\'; touch /tmp/pwned; $(id) `id` "$HOME" \\ \n --x'
ECHO = 'aws() { for word in "$@"; do printf "%s\\0" "$word"; done; }\n'


def words(line: str) -> list[str]:
    """Return the words that a POSIX shell passes to ``aws``."""
    process = subprocess.run(["/bin/sh", "-c", ECHO + line], capture_output=True, check=True, text=True)  # noqa: S603
    return process.stdout.split("\0")[:-1]


def test_an_option_s_name_is_the_parameter_s_name_in_words() -> None:
    call = ApiCall("ec2", "CreateNetworkAclEntry", {"NetworkAclId": "acl-1", "RuleNumber": 7, "Egress": False})
    line = shell(call, "eu-west-1")
    assert line == (
        "aws --region eu-west-1 ec2 create-network-acl-entry --network-acl-id acl-1 --rule-number 7 --no-egress"
    )


def test_a_hostile_text_stays_one_word() -> None:
    call = ApiCall("iam", "PutRolePolicy", {"RoleName": HOSTILE, "PolicyName": "p", "PolicyDocument": HOSTILE})
    assert words(shell(call, "eu-west-1"))[-6:] == [
        "--role-name",
        HOSTILE,
        "--policy-name",
        "p",
        "--policy-document",
        HOSTILE,
    ]


@pytest.mark.parametrize("text", ["file:///etc/passwd", "https://198.51.100.1/x", "--profile", "fileb://x"])
def test_no_value_is_read_as_a_file_or_an_option(text: str) -> None:
    (*_, option, document) = words(shell(ApiCall("iam", "DeleteRolePolicy", {"RoleName": text}), "eu-west-1"))
    assert option == "--cli-input-json"
    assert json.loads(document) == {"RoleName": text}


def test_a_value_of_an_answer_is_kept_in_a_shell_variable() -> None:
    make = ApiCall("ec2", "CreateSecurityGroup", {"GroupName": "g"}, {"NEW_GROUP": "GroupId"})
    assert shell(make, "eu-west-1").startswith("NEW_GROUP=$(aws --region eu-west-1 ec2 create-security-group ")
    pairs = [{"IpProtocol": "tcp", "UserIdGroupPairs": [{"GroupId": answer("NEW_GROUP"), "Description": HOSTILE}]}]
    use = ApiCall("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": answer("NEW_GROUP"), "IpPermissions": pairs})
    made = words(f"NEW_GROUP=sg-1; {shell(use, 'eu-west-1')}")
    assert made[made.index("--group-id") + 1] == "sg-1"
    document = json.loads(made[made.index("--ip-permissions") + 1])
    assert document[0]["UserIdGroupPairs"] == [{"GroupId": "sg-1", "Description": HOSTILE}]


def test_slow_calls_are_followed_by_a_wait() -> None:
    make = ApiCall("ec2", "CreateSnapshot", {"VolumeId": "vol-1"}, {"SNAPSHOT": "SnapshotId"})
    assert shell(make, "eu-west-1").splitlines()[1:] == [
        'aws --region eu-west-1 ec2 wait snapshot-completed --snapshot-ids "$SNAPSHOT"'
    ]
    stop = ApiCall("ec2", "StopInstances", {"InstanceIds": ["i-1", "i-2"]})
    assert shell(stop, "eu-west-1").endswith("wait instance-stopped --instance-ids i-1 i-2")
    assert not Path("/tmp/pwned").exists()  # noqa: S108 - what a hostile text would have made
