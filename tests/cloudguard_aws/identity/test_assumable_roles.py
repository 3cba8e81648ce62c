"""Roles of the account that the cluster's roles may assume, or pass to a service."""

from __future__ import annotations

import json
from typing import Any

from aws_hosts import api_of
from cloudguard.model.identity import PolicyKind
from cloudguard_aws.identity.other_roles import with_assumable_roles, with_trusting_roles
from cloudguard_aws.identity.roles import read_identities
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


def test_roles_that_statements_name_are_read(inner_account: Account) -> None:
    a = inner_account
    role(a, "node", ROOT, "deploy", "guarded", "shut", "gone", "app-*", "*-all")
    role(a, "deploy", ROOT, "admin")
    role(a, "admin", f"arn:aws:iam::{ACCOUNT}:role/deploy")
    role(a, "guarded", ROOT, when=CONDITION)
    role(a, "shut", "arn:aws:iam::222222222222:root")
    role(a, "app-1", ROOT)
    role(a, "for-all", ROOT)
    role(a, "by-trust", NODE)
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/passed"}
    own = json.dumps({"Version": "2012-10-17", "Statement": [passing]})
    a.call("iam", "put_role_policy", RoleName="node", PolicyName="pass", PolicyDocument=own)
    role(a, "passed", ROOT)
    api = api_of(a)
    identities = read_identities(api, hosts=(), pools=(), extra=((NODE, ("node",)),))
    found = with_assumable_roles(api, with_trusting_roles(api, identities))
    names = {other.name for other in found.others}
    assert names == {"deploy", "admin", "guarded", "shut", "by-trust", "app-1", "passed"}
    trusts = {policy.id for policy in found.policies if policy.kind is PolicyKind.TRUST}
    assert trusts >= {f"{other.id}#trust" for other in found.others}
    assert api.gaps == ()
