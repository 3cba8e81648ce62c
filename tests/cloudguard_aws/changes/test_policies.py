"""A role's replacement policy as calls: it is attached before the old policies are removed, and denials are kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from builders import SOURCE, snapshot
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change, Resource
from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate
from cloudguard_aws.changes.change_forms import Forms
from cloudguard_aws.identity.policy_documents import statements

ROLE = "arn:aws:iam::1:role/path/nodes"
ALLOW = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
DENY = {"Sid": "no", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}
NEW = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Action": "ec2:DescribeInstances"}]})


def policy(name: str, *written: dict[str, Any], by: str = "inline", version: str = "2012-10-17") -> PolicyDocument:
    """Return a granting policy."""
    text = json.dumps({"Version": version, "Statement": [*written]})
    id_ = f"{ROLE}#inline/{name}" if by == "inline" else f"arn:aws:iam::1:policy/{name}"
    return PolicyDocument(id_, name, PolicyKind.GRANT, by, text, statements(text), SOURCE)


def calls(*policies: PolicyDocument, documents: tuple[str, ...] = (NEW,), unproved: str = "") -> list[ApiCall]:
    """Return the calls that put ``documents`` in place of policies that grant too much."""
    identity = Identity(ROLE, "nodes", ("node",), tuple(policy.id for policy in policies), SOURCE)
    facts = snapshot(identities=Identities((identity,), policies))
    fates = {"Allow": StatementFate.DROP, "Deny": StatementFate.STAYS}
    changes = [
        StatementChange(fates[statement.effect.value.capitalize()], each.name, statement)
        for each in policies
        for statement in each.statements
    ]
    edit = DocumentEdit(documents, (), tuple(changes), unproved=unproved)
    change = Change("c", "cloud-api-access", "permission.narrow", Resource("identity", ROLE, "nodes"), (edit,))
    return [planned.call for planned in Forms(facts).calls(change)]


def test_the_new_policy_is_attached_before_the_old_one_is_removed() -> None:
    made = calls(policy("wide", ALLOW), policy("shared", ALLOW, by="user"))
    assert [call.operation for call in made] == ["PutRolePolicy", "DeleteRolePolicy", "DetachRolePolicy"]
    assert made[0].parameters["RoleName"] == "nodes"
    assert json.loads(made[0].parameters["PolicyDocument"]) == json.loads(NEW)


def test_the_denials_of_a_policy_are_kept() -> None:
    made = calls(policy("wide", ALLOW, DENY))
    assert [call.operation for call in made] == ["PutRolePolicy", "PutRolePolicy", "DeleteRolePolicy"]
    (kept,) = json.loads(made[1].parameters["PolicyDocument"])["Statement"]
    assert kept == {key: value for key, value in DENY.items() if key != "Sid"}


def test_a_policy_that_only_denies_stays() -> None:
    assert [call.operation for call in calls(policy("only-denies", DENY))] == ["PutRolePolicy"]


def test_documents_too_long_for_inline_policies_become_managed_policies() -> None:
    long = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Action": ["ec2:Describe" + "x" * 6000]}]})
    made = calls(policy("wide", ALLOW), documents=(long, long))
    assert [call.operation for call in made] == ["CreatePolicy", "AttachRolePolicy"] * 2 + ["DeleteRolePolicy"]
    assert made[1].parameters["PolicyArn"] == "arn:aws:iam::1:policy/cloudguard-least-privilege-nodes-1"


def test_an_unproved_replacement_has_no_calls() -> None:
    assert calls(policy("wide", ALLOW), unproved="a place is not known") == []
    assert calls(policy("old", ALLOW, DENY, version="2008-10-17")) == []
    many = [
        replace(policy(f"p{number}", ALLOW, by="user"), id=f"arn:aws:iam::1:policy/p{number}") for number in range(9)
    ]
    long = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Action": ["ec2:Describe" + "x" * 6000]}]})
    assert calls(*many, documents=(long, long)) == []
