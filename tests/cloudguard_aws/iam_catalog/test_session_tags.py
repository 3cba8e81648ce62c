"""Conditions on the tags of sessions of service accounts. Each id gives the reason for its answer."""

from __future__ import annotations

import pytest

from aws_ranks import CRITICAL, ROLE, Json, allow, deny, policy, severity_of
from builders import SOURCE
from cloudguard.model.identity import SERVICE_ACCOUNT, Identities, Identity, PolicyKind, ServiceAccountIdentity

POD, UNIT, TEAM = (f"aws:PrincipalTag/{name}" for name in ("kubernetes-pod-name", "unit", "team"))
UNDECIDED, NOTHING = "UNKNOWN", "PASS"
NAMESPACE, ACCOUNT, CLUSTER = (
    f"aws:PrincipalTag/{name}" for name in ("kubernetes-namespace", "kubernetes-service-account", "eks-cluster-name")
)
ONE, TWO, CAPABILITY = ("shop:api",), ("shop:api", "backup:job"), ("capability:ack/x",)
POD_IDENTITY, ISSUER = "", "oidc.eks.eu-west-1.amazonaws.com/id/A"
Row = tuple[str, tuple[str, ...], str, list[Json]]


def only_if(key: str, value: str) -> list[Json]:
    return [allow("*", StringEquals={key: value})]


def unless(key: str, value: str) -> list[Json]:
    return [allow("*"), deny("*", StringNotEquals={key: value})]


ROWS: dict[str, Row] = {
    "the own namespace": (CRITICAL, ONE, POD_IDENTITY, only_if(NAMESPACE, "shop")),
    "another namespace": (NOTHING, ONE, POD_IDENTITY, only_if(NAMESPACE, "backup")),
    "the own service account": (CRITICAL, ONE, POD_IDENTITY, only_if(ACCOUNT, "api")),
    "the own cluster": (CRITICAL, ONE, POD_IDENTITY, only_if(CLUSTER, "prod")),
    "another cluster": (NOTHING, ONE, POD_IDENTITY, only_if(CLUSTER, "test")),
    "a denial outside another namespace": (NOTHING, ONE, POD_IDENTITY, unless(NAMESPACE, "backup")),
    "a denial outside the own namespace, unless the tags are switched off": (
        UNDECIDED,
        ONE,
        POD_IDENTITY,
        unless(NAMESPACE, "shop"),
    ),
    "the namespace of one of two service accounts": (UNDECIDED, TWO, POD_IDENTITY, only_if(NAMESPACE, "shop")),
    "a pod's name, which is not known": (
        UNDECIDED,
        ONE,
        POD_IDENTITY,
        only_if(POD, "x"),
    ),
    "a tag that neither the role nor the session has": (
        NOTHING,
        ONE,
        POD_IDENTITY,
        only_if(UNIT, "x"),
    ),
    "a namespace, which a session by an issuer does not have": (NOTHING, ONE, ISSUER, only_if(NAMESPACE, "shop")),
    "a tag of the role, which a session by an issuer has": (
        CRITICAL,
        ONE,
        ISSUER,
        only_if(TEAM, "core"),
    ),
    "a tag of a capability's session": (
        UNDECIDED,
        CAPABILITY,
        POD_IDENTITY,
        only_if(NAMESPACE, "shop"),
    ),
}


@pytest.mark.mistake("rank-lowered")
@pytest.mark.parametrize(("found", "accounts", "provider", "granted"), ROWS.values(), ids=ROWS)
def test_an_administrator_by_the_tags_of_its_session(
    found: str, accounts: tuple[str, ...], provider: str, granted: list[Json]
) -> None:
    document = policy("p", PolicyKind.GRANT, granted, "2012-10-17")
    role = Identity(ROLE, "node", (SERVICE_ACCOUNT,), ("p",), SOURCE, tags=(("team", "core"),))
    pods = ServiceAccountIdentity(ROLE, "node", accounts, "", SOURCE, provider)
    assert severity_of(Identities((role,), (document,), service_accounts=(pods,))) == found
