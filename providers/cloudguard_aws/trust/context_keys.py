"""The context keys of requests for a role's credentials, by kind of caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html (global keys),
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (web identity, SAML, STS)

cloudguard adds its own keys: ``KIND`` is the kind of caller, ``SERVICE`` or ``PROVIDER`` names it, and ``SESSION`` is
the name of the caller's role session.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cloudguard.model.identity import Condition
from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC
from cloudguard.permission_sets.condition_keys import ABSENT, FREE
from cloudguard.permission_sets.condition_operators import KnownContext

KIND, SERVICE, PROVIDER, SESSION = "caller:kind", "caller:service", "caller:provider", "caller:session"
ACCOUNT_KIND, SERVICE_KIND, PROVIDER_KIND = "account", "service", "provider"

PRINCIPAL_ACCOUNT: Final = "aws:principalaccount"
PRINCIPAL_ARN: Final = "aws:principalarn"
ORGANIZATION: Final = "aws:principalorgid"
ORGANIZATION_PATHS: Final = "aws:principalorgpaths"
USER_ID: Final = "aws:userid"
EXTERNAL_ID: Final = "sts:externalid"
SOURCE_ACCOUNT: Final = "aws:sourceaccount"
SOURCE_ARN: Final = "aws:sourcearn"
SOURCE_ORGANIZATION: Final = "aws:sourceorgid"
SOURCE_ORGANIZATION_PATHS: Final = "aws:sourceorgpaths"
SOURCE_IP: Final = "aws:sourceip"
SOURCE_VPC_ARN: Final = "aws:sourcevpcarn"
INSTANCE_ARN: Final = "ec2:sourceinstancearn"
SOME_INSTANCE: Final = "i-0a1b2c3d4e5f60718"
FUNCTION_ARN: Final = "lambda:sourcefunctionarn"
CREDENTIALS_OF: Final = (INSTANCE_ARN, FUNCTION_ARN)
"""Keys of requests with the credentials of an instance or a function: its ARN, in the account of the identity
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2-source-instance-arn,
https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html)."""
NETWORKS: Final = (
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:ec2instancesourcevpc",
)
"""Keys that name the network, or its owner, from which a request comes. ``SOURCE_VPC_ARN`` also names an account."""

_OF_PRINCIPALS: Final = (
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN,
    ORGANIZATION,
    ORGANIZATION_PATHS,
    USER_ID,
    EXTERNAL_ID,
    *CREDENTIALS_OF,
    "aws:principaltype",
    "aws:username",
)
"""Keys that only requests of an account's identities have."""
_OF_SERVICES: Final = (
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    SOURCE_ORGANIZATION,
    SOURCE_ORGANIZATION_PATHS,
    "aws:principalservicename",
    "aws:principalservicenameslist",
)
"""Keys that only requests that services make by themselves have."""
_ALWAYS: Final = (PRINCIPAL_ACCOUNT, PRINCIPAL_ARN, "aws:principaltype", USER_ID)
"""Keys that every request of an account's identity has."""
_NAMES: Final = (ORGANIZATION, EXTERNAL_ID, USER_ID, *CREDENTIALS_OF, SOURCE_VPC_ARN)
NO_NAME: Final = ("*${*}*", "*${?}*")
"""Globs of names with a star or a question mark. No organization, external id, session, instance, function, VPC,
service account, repository, ref, project or workspace has one in its name (API references of AWS Organizations, STS,
EC2 and Lambda; Kubernetes docs, object names)."""
_NO_ARN: Final = ("arn:*::*${*}*:*", "arn:*::*${?}*:*", "*${*}", "*${?}", "arn:*:sts::*:assumed-role/*")
"""Globs of ARNs with a star or a question mark in the account or at the end, and of sessions. No account, and no name
of a role or user, has one. A path may have one (IAM API reference, CreateRole). Requests of a session have the ARN
of its role (reference of global keys, aws:PrincipalArn)."""
_FREE: Final = frozenset(
    {
        *_OF_PRINCIPALS,
        *_OF_SERVICES,
        *NETWORKS,
        SOURCE_IP,
        SOURCE_VPC_ARN,
        *("aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:currenttime", "aws:epochtime"),
        *("aws:ec2instancesourceprivateipv4", "aws:federatedprovider", "aws:multifactorauthage"),
        *("aws:multifactorauthpresent", "aws:principalisawsservice", "aws:referer", "aws:requestedregion"),
        *("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:securetransport"),
        *("aws:sourceidentity", "aws:tagkeys", "aws:tokenissuetime", "aws:useragent", "aws:viaawsservice"),
        *("aws:vpceorgpaths", "aws:vpcsourceip", "aws:assumedroot", "aws:chatbotsourcearn"),
        *("sts:durationseconds", "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys"),
        *(KIND, SERVICE, PROVIDER, SESSION),
    }
)
_FREE_PREFIXES: Final = ("aws:principaltag/", "aws:requesttag/")


def holds(operator: str, key: str, *values: str) -> Condition:
    """Return a condition."""
    return Condition(operator, key, values)


_NOT_PUBLIC: Final = ((ALL4 | ALL6) - PUBLIC).cidrs()
_SENT: Final = (holds("Bool", "aws:SecureTransport", "true"), holds("NotIpAddress", SOURCE_IP, *_NOT_PUBLIC))
"""Requests are encrypted. They come from a public address, or through an endpoint and then have no source address."""


def present(key: str) -> Condition:
    """Return the condition that a request has ``key``."""
    return Condition("Null", key, ("false",))


def absent(*keys: str) -> tuple[Condition, ...]:
    """Return the conditions that a request has none of ``keys``."""
    return tuple(Condition("Null", key, ("true",)) for key in keys)


def from_time(moment: str) -> tuple[Condition, ...]:
    """Return conditions on requests made at or after ``moment`` (ISO 8601). Empty if ``moment`` is no valid time."""
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return ()
    now = (holds("DateGreaterThanEquals", key, moment) for key in ("aws:CurrentTime", "aws:EpochTime"))
    return (*now, holds("DateGreaterThanEqualsIfExists", "aws:TokenIssueTime", moment))


def of_account(keys: Iterable[str]) -> tuple[Condition, ...]:
    """Return conditions on requests of accounts' identities. ``keys``: the policy's context keys in lower case."""
    others = (key for key in keys if is_claim(key))
    return (
        holds("StringEquals", KIND, ACCOUNT_KIND),
        *absent(SERVICE, PROVIDER, *_OF_SERVICES, *others),
        *map(present, _ALWAYS),
        holds("Bool", "aws:PrincipalIsAWSService", "false"),
        *(holds("StringNotLike", key, *NO_NAME) for key in _NAMES),
        holds("StringNotLike", PRINCIPAL_ARN, *_NO_ARN),
        holds("ForAllValues:StringNotLike", ORGANIZATION_PATHS, *NO_NAME),
        *_SENT,
    )


def of_service(service: str, keys: Iterable[str]) -> tuple[Condition, ...]:
    """Return conditions on requests that a service makes by itself."""
    others = (key for key in keys if is_claim(key))
    return (
        holds("StringEquals", KIND, SERVICE_KIND),
        holds("StringEquals", SERVICE, service),
        *absent(PROVIDER, *_OF_PRINCIPALS, *others),
        holds("Bool", "aws:PrincipalIsAWSService", "true"),
    )


def role_context() -> KnownContext:
    """Return the context by which trust policies know a role, in addition to that of its other requests.

    The name of its session is unknown.
    """
    return {KIND: ACCOUNT_KIND, SERVICE: ABSENT, PROVIDER: ABSENT, SESSION: FREE}


def service_context(service: str, account: str) -> KnownContext:
    """Return the context of requests that a service makes by itself, with a role that ``account`` passed to it."""
    unread = (SOURCE_ARN, SOURCE_ORGANIZATION, SOURCE_ORGANIZATION_PATHS, SOURCE_IP)
    return {
        KIND: SERVICE_KIND,
        SERVICE: service,
        "aws:principalisawsservice": "true",
        SOURCE_ACCOUNT: account or FREE,
        **dict.fromkeys((PROVIDER, *_OF_PRINCIPALS), ABSENT),
        **dict.fromkeys(unread, FREE),
    }


def of_provider(provider: str, prefix: str, keys: Iterable[str]) -> tuple[Condition, ...]:
    """Return conditions on requests with a token of an identity provider. ``prefix``: that of its claims' keys."""
    others = (key for key in keys if is_claim(key) and not key.startswith(prefix.lower()))
    return (
        holds("StringEquals", KIND, PROVIDER_KIND),
        holds("StringEquals", PROVIDER, provider),
        *absent(SERVICE, *_OF_PRINCIPALS, *_OF_SERVICES, "aws:principalisawsservice", *others),
        *_SENT,
    )


def is_claim(key: str) -> bool:
    """Whether a key (in lower case) is a claim in a token of an identity provider, not a key of AWS."""
    prefix = key.partition(":")[0]
    return prefix == "saml" or "." in prefix or "/" in prefix


def not_understood(keys: Iterable[str], claims: Iterable[str] = ()) -> tuple[Condition, ...]:
    """Return the conditions that keys of unknown meaning are absent. ``claims``: further known keys."""
    known = _FREE.union(claims)
    return absent(*(key for key in keys if key not in known and not key.startswith(_FREE_PREFIXES)))
