"""Trust policies of roles in one account, and the callers that they admit."""

from __future__ import annotations

import json
from typing import Any

from cloudguard.authorization.trust import Admission, admissions
from cloudguard.model.iam_catalog import CallerKind, IamCatalog
from cloudguard.model.identity import PolicyDocument, PolicyKind
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.policy_writer import PolicyDocuments
from cloudguard_aws.identity.policy_documents import policy_document
from cloudguard_aws.trust.callers import TrustPrincipals
from cloudguard_aws.trust.principals import HomeAccount
from drawn_policies import SOURCE

ACCOUNT, OTHER, SISTER = "123456789012", "210987654321", "111122223333"
ORGANIZATION, FOREIGN = "o-aa111aaa11", "o-bb222bbb22"
CLUSTER = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF"
ELSEWHERE = "oidc.eks.eu-west-1.amazonaws.com/id/FEDCBA9876543210"
GITHUB, GITLAB, TERRAFORM = "token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io"
GOOGLE, COGNITO = "accounts.google.com", "cognito-identity.amazonaws.com"
ROOT, ROLE = f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{OTHER}:role/ci"
HOME = HomeAccount(
    ACCOUNT,
    organization=ORGANIZATION,
    members=frozenset({SISTER}),
    providers=frozenset({CLUSTER}),
    now="2026-11-29T15:00:00+00:00",
)
ANYONE, OUTSIDER, OWN, PODS = CallerKind.ANYONE, CallerKind.OUTSIDER, CallerKind.ORGANIZATION, CallerKind.PODS
Json = dict[str, Any]
Found = tuple[CallerKind, bool] | None
"""The worst caller: its kind, and whether it is narrowed. None: only the callers that the role is for."""


def trust(principal: object, action: str = "sts:AssumeRole", effect: str = "Allow", **condition: object) -> Json:
    return {"Effect": effect, "Principal": principal, "Action": action, "Condition": condition}


def web(issuer: str, **condition: object) -> Json:
    provider = issuer if issuer in {GOOGLE, COGNITO} else f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
    return {**trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity"), "Condition": condition}


def sub(issuer: str, value: str, operator: str = "StringLike") -> Json:
    return web(issuer, **{operator: {f"{issuer}:sub": value}})


def let_in(*statements: Json, home: HomeAccount = HOME, declared: tuple[str, ...] = ()) -> tuple[Admission, ...]:
    """Return the admissions of a trust policy."""
    facts = IamCatalog(published(), PolicyDocuments(), principals=TrustPrincipals(home))
    shell = PolicyDocument(f"arn:aws:iam::{ACCOUNT}:role/node#trust", "t", PolicyKind.TRUST, "inline", "", (), SOURCE)
    document = policy_document(shell, json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return admissions(facts, document, declared)


def callers_of(
    *statements: Json, home: HomeAccount = HOME, declared: tuple[str, ...] = ()
) -> list[tuple[CallerKind, bool, str]]:
    """Return the callers that a trust policy admits: kind, whether narrowed, name ("?" before undecided ones)."""
    found = let_in(*statements, home=home, declared=declared)
    return [
        (admission.caller.kind, admission.narrowed, ("?" if admission.assumptions else "") + admission.caller.who)
        for admission in found
    ]


def worst(*statements: Json, home: HomeAccount = HOME) -> Found:
    callers = callers_of(*statements, home=home)
    assert not any(who.startswith("?") for _, _, who in callers), callers
    return callers[0][:2] if callers else None
