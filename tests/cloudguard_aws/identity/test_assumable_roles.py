"""Roles of the account that the cluster's roles may assume, as both sides' policies say."""

from __future__ import annotations

import json
from typing import Any

from aws_hosts import api_of
from cloudguard_aws.identity.assumable_roles import with_assumable_roles
from cloudguard_aws.identity.roles import read_identities
from cloudguard_aws.identity.trusting_roles import with_trusting_roles
from moto_fixtures.aws.builder import ACCOUNT, Account

ROOT, NODE = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/node"
CONDITION = {"StringEquals": {"sts:ExternalId": "s3cret"}}


def role(a: Account, name: str, trusted: object, *assumes: str, when: dict[str, Any] | None = None) -> str:
    """Make a role that trusts ``trusted`` (ARN), and that may assume roles (names)."""
    trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust | ({"Condition": when} if when else {})]}
    made = a.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    if assumes:
        arns = [assume if assume.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:role/{assume}" for assume in assumes]
        own = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:Assume*", "Resource": arns}]}
        a.call("iam", "put_role_policy", RoleName=name, PolicyName="own", PolicyDocument=json.dumps(own))
    return str(made["Role"]["Arn"])


def test_roles_that_statements_name_are_read_with_the_roles_that_they_trust(inner_account: Account) -> None:
    a = inner_account
    role(a, "node", ROOT, "deploy", "guarded", "shut", "gone", "app-*")
    role(a, "deploy", ROOT, "admin")
    role(a, "admin", f"arn:aws:iam::{ACCOUNT}:role/deploy")
    role(a, "guarded", ROOT, when=CONDITION)
    role(a, "shut", "arn:aws:iam::222222222222:root")
    role(a, "app-1", ROOT)
    role(a, "by-trust", NODE)
    api = api_of(a)
    identities = read_identities(api, hosts=(), pools=(), extra=((NODE, ("node",)),))
    found = with_assumable_roles(api, with_trusting_roles(api, identities))
    assert {other.name for other in found.others} == {"deploy", "admin", "guarded", "shut", "by-trust"}
    pairs = {" ".join(arn.rpartition("/")[2] for arn in pair) for pair in found.admitted}
    assert {pair for pair in pairs if not pair.endswith(" deploy")} == {"deploy admin", "node by-trust"}
    assert "node deploy" in pairs
    assert api.gaps == ()
