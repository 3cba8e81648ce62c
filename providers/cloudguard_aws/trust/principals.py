"""Principals of trust policies as conditions on the context of their requests.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

from cloudguard.intervals import cidr_interval
from cloudguard.model.identity import Condition, Effect
from cloudguard.values import dataclass
from cloudguard_aws.trust import context_keys as keys
from cloudguard_aws.trust.context_keys import absent, holds, present

ACCOUNT: Final = re.compile(r"^\d{12}$")
OIDC_PROVIDER: Final = ":oidc-provider/"
_ROOT: Final = re.compile(r"^arn:[^:]+:iam::([^:]*):root$")
_IDENTITY: Final = re.compile(r"^arn:[^:]+:(?:iam|sts)::([^:]*):(.+)$")
_SESSION: Final = re.compile(r"^(arn:[^:]+):sts::([^:]*):assumed-role/([^/]+)/(.+)$")
_UNIQUE_ID: Final = re.compile(r"^A[A-Z]{3}[A-Z0-9]{12,}$")
_ORGANIZATION: Final = re.compile(r"^o-[a-z0-9]{10,32}$")
_UNDECIDED: Final = "is not understood"
_CHOSEN: Final = frozenset({"sts:rolesessionname", "sts:sourceidentity"})
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (STS); AssumeRole takes
both as parameters, with the same characters as names of users."""
_USER_NAME: Final = "aws:username"
_EQUAL: Final = frozenset({"stringequals", "stringequalsignorecase", "stringlike"})
_UNEQUAL: Final = frozenset({"stringnotequals", "stringnotequalsignorecase", "stringnotlike"})


@dataclass(frozen=True, slots=True)
class HomeAccount:
    """The account whose roles are judged. ``organization``: its id, "" for none, None if not known.

    ``members``: accounts that are known to be in the same organization. ``providers``: names of the cluster's own
    identity providers. ``instances``: the ids of its own instances. ``now``: the time of the scan in ISO 8601.
    """

    account: str
    partition: str = "aws"
    organization: str | None = None
    members: frozenset[str] = field(default_factory=frozenset[str])
    providers: frozenset[str] = field(default_factory=frozenset[str])
    instances: frozenset[str] = field(default_factory=frozenset[str])
    now: str = ""

    @property
    def known_context(self) -> Mapping[str, str]:
        """Context that is the same for all callers of a role."""
        known = {"aws:resourceaccount": self.account, "aws:resourceorgid": self.organization or ""}
        return {key: value for key, value in known.items() if value}


def requests_of(principal: str, *, excepted: bool = False) -> tuple[tuple[Condition, ...], ...]:
    """Return alternatives of conditions on requests of a principal ("AWS:arn:…", "Service:…", "*").

    ``policy_documents`` gives principals in this form. Empty: no principal can have that name. The root of an account
    stands for the whole account; if it is ``excepted``, it stands only for the root itself.
    """
    kind, colon, name = principal.partition(":")
    if principal == "*" or (kind == "AWS" and name == "*"):
        return ((),)
    if not colon or kind not in {"AWS", "Service", "Federated", "CanonicalUser"}:
        return ((holds(_UNDECIDED, keys.KIND, principal),),)
    match kind:
        case "Service":
            return ((holds("StringEquals", keys.KIND, keys.SERVICE_KIND), holds("StringEquals", keys.SERVICE, name)),)
        case "Federated":
            return ((holds("StringEquals", keys.KIND, keys.PROVIDER_KIND), holds("StringLike", keys.PROVIDER, name)),)
        case "AWS":
            return tuple(
                (holds("StringEquals", keys.KIND, keys.ACCOUNT_KIND), *identity)
                for identity in _identities(name, excepted)
            )
        case _:
            return ()


def _identities(who: str, excepted: bool) -> Iterator[tuple[Condition, ...]]:  # noqa: FBT001 - private, one caller
    root = _ROOT.match(who)
    if ACCOUNT.match(who) or (root and not excepted):
        yield (holds("StringLike", keys.PRINCIPAL_ACCOUNT, root[1] if root else who),)
    elif session := _SESSION.match(who):
        partition, account, role, name = session.groups()
        arns = (f"{partition}:iam::{account}:role/{role}", f"{partition}:iam::{account}:role/*/{role}")
        yield (
            holds("StringLike", keys.PRINCIPAL_ACCOUNT, account),
            holds("ArnLike", keys.PRINCIPAL_ARN, *arns),
            holds("StringEquals", keys.SESSION, name),
        )
    elif identity := _IDENTITY.match(who):
        yield holds("StringLike", keys.PRINCIPAL_ACCOUNT, identity[1]), holds("ArnLike", keys.PRINCIPAL_ARN, who)
    elif not _UNIQUE_ID.match(who):
        # AWS replaces the ARN of a deleted principal by its unique id, and never reuses the id.
        yield (holds(_UNDECIDED, keys.KIND, who),)


def _by_context(text: str) -> tuple[tuple[Condition, ...], ...]:
    """Return alternatives of conditions on requests of an organization or from a network. Empty for any other text."""
    if _ORGANIZATION.match(text):
        return ((holds("StringEquals", keys.KIND, keys.ACCOUNT_KIND), holds("StringEquals", keys.ORGANIZATION, text)),)
    if text.startswith("vpce-"):
        return ((holds("StringEquals", "aws:SourceVpce", text),),)
    if text.startswith("vpc-"):
        return (holds("StringEquals", "aws:SourceVpc", text),), (holds("StringLike", keys.SOURCE_VPC_ARN, f"*/{text}"),)
    try:
        cidr_interval(text)
    except ValueError:
        return ()
    return ((holds("IpAddress", keys.SOURCE_IP, text),),)


def declared(text: str, partition: str) -> tuple[tuple[Condition, ...], ...]:
    """Return alternatives of conditions on requests of an outsider that the user declares.

    The text is an account, an ARN, an organization, an address range, a VPC, a VPC endpoint, a service, or
    "ISSUER:SUBJECT" with wildcards in the subject. Empty: the text is not understood, or it names no single account.
    """
    identity = _IDENTITY.match(text)
    if ACCOUNT.match(text) or (identity and ACCOUNT.match(identity[1]) and "-provider/" not in text):
        return requests_of(f"AWS:{text}")
    if known := _by_context(text):
        return known
    if text.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return requests_of(f"Service:{text}")
    if ":saml-provider/" in text:
        return requests_of(f"Federated:{text}")
    issuer, colon, subject = (
        text.partition(OIDC_PROVIDER)[2].partition(":") if OIDC_PROVIDER in text else text.partition(":")
    )
    if not issuer or not colon:
        return ()
    providers = (issuer, f"arn:{partition}:iam::*{OIDC_PROVIDER}{issuer}")
    return (
        (
            holds("StringEquals", keys.KIND, keys.PROVIDER_KIND),
            holds("StringLike", keys.PROVIDER, *providers),
            holds("StringLike", f"{issuer}:sub", subject),
        ),
    )


def by_caller(condition: Condition, effect: Effect) -> Condition:
    """Return a condition on the caller for one that compares a chosen value with ``aws:username``, else ``condition``.

    An IAM user can choose the own user name as the value. The user then meets the condition of an Allow, and does not
    meet that of a Deny. Callers that are not IAM users have no ``aws:username``.
    """
    values = [value.lower() for value in condition.values]
    if condition.key.lower() not in _CHOSEN or values != [f"${{{_USER_NAME}}}"]:
        return condition
    operator = condition.operator.lower()
    if effect is Effect.ALLOW and operator in _EQUAL:
        return present(_USER_NAME)
    if effect is Effect.DENY and operator in _UNEQUAL:
        return absent(_USER_NAME)[0]
    return condition
