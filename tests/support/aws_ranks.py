"""Policies of a node's role on AWS, and the severity of what they grant."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import builders
from builders import CONTROL_PLANE, NODE, SOURCE, host
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog
from cloudguard_aws.identity.policy_documents import statements
from identities import SHUT
from judged import rows_of

ACCOUNT, ORGANIZATION = "111122223333", "o-own"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/node"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/bound"
Json = dict[str, Any]
CRITICAL, HIGH, GRANTED_NOTHING = "FAIL CRITICAL", "FAIL HIGH", "PASS LOW"


def allow(actions: str | list[str], resource: str = "*", **condition: object) -> Json:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition}


def deny(actions: str | list[str], resource: str = "*", **condition: object) -> Json:
    return {**allow(actions, resource, **condition), "Effect": "Deny"}


def policy(name: str, kind: PolicyKind, listed: list[Json], version: str | None) -> PolicyDocument:
    text = json.dumps({"Statement": listed} | ({"Version": version} if version else {}))
    return PolicyDocument(name, name.rpartition("/")[2], kind, "user", text, statements(text), SOURCE)


def worst(
    granted: list[Json],
    boundary: list[Json] | None = None,
    version: str | None = "2012-10-17",
    limits: tuple[list[Json], ...] = (),
) -> str:
    """Return the verdict, and the severity of the worst finding of a node's role with these policies.

    ``limits``: the organization's policies, one for each level. An empty one was not read.
    """
    policies = [policy("p", PolicyKind.GRANT, granted, version)]
    policies += [policy(BOUNDARY, PolicyKind.BOUNDARY, boundary, version)] if boundary else []
    role = Identity(ROLE, "node", ("node",), tuple(policy.id for policy in policies), SOURCE, tags=(("team", "core"),))
    levels = {f"p-{number}": limit for number, limit in enumerate(limits)}
    policies += [policy(name, PolicyKind.ORGANIZATION_LIMIT, limit, version) for name, limit in levels.items() if limit]
    identities = Identities((role,), tuple(policies), organization_limits=tuple((name,) for name in levels))
    return severity_of(identities)


def severity_of(identities: Identities) -> str:
    """Return the verdict, and the severity of the worst finding, of a cluster with these identities."""
    snapshot = builders.snapshot(
        [
            replace(host("n", NODE, identity=ROLE), metadata=SHUT),
            replace(host("cp", CONTROL_PLANE), metadata=SHUT),
        ],
        identities=replace(identities, organization=ORGANIZATION),
        provider="aws",
        account=ACCOUNT,
        region="eu-west-1",
    )
    snapshot = replace(snapshot, started="2026-05-05T12:00:00Z")
    row = rows_of(snapshot, None, iam_catalog(snapshot))["cloud-api-access"]
    return (
        f"{row.verdict.name} {max(finding.severity for finding in row.findings).name}"
        if row.findings
        else row.verdict.name
    )
