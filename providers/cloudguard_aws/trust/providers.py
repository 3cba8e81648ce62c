"""Callers with a token of an identity provider: pods of the cluster, and subjects of other providers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html,
https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition
from cloudguard_aws.trust.context_keys import NO_NAME, absent, from_time, holds, not_understood, of_provider, present
from cloudguard_aws.trust.issuers import SharedIssuer, shared_issuers
from cloudguard_aws.trust.mentions import Mentions
from cloudguard_aws.trust.principals import OIDC_PROVIDER, HomeAccount

_WEB_IDENTITY: Final = ("sts:AssumeRoleWithWebIdentity",)
_SAML: Final = ("sts:AssumeRoleWithSAML",)
_PODS: Final = "system:serviceaccount:"
_SOME_SUBJECT: Final = "some-subject-of-the-issuer"
_SOME_POD: Final = f"{_PODS}some-namespace:some-service-account"
_FOR_EVERYONE: Final = "accounts.google.com"
"""An issuer that works without an identity provider in the account, and that gives tokens to anyone."""
_ANY_SAML: Final = "any SAML provider of the account"


def callers(home: HomeAccount, mentions: Mentions) -> Iterator[Caller]:
    """Yield the callers with a token of a provider that the policy trusts."""
    trusted = [*mentions.named("Federated"), *(_of_everyone(home, mentions) if mentions.everyone else ())]
    for provider in dict.fromkeys(trusted):
        if ":saml-provider/" in provider or provider == _ANY_SAML:
            yield _of_saml(home, mentions, provider)
            continue
        issuer = provider.partition(OIDC_PROVIDER)[2] or provider
        shared = shared_issuers().get(issuer)
        if issuer in home.providers:
            yield _pods(home, mentions, provider, issuer)
        elif shared is not None:
            yield from _of_shared(home, mentions, provider, shared)
        else:
            yield _of_issuer(home, mentions, provider)


def _of_everyone(home: HomeAccount, mentions: Mentions) -> Iterator[str]:
    """Yield the providers that the principal "everyone" includes: any provider that the account may have."""
    providers = {name.lower(): name for name in home.providers}
    yield from (providers.get(issuer, issuer) for issuer in (_FOR_EVERYONE, *mentions.issuers))
    yield _ANY_SAML


def _base(home: HomeAccount, mentions: Mentions, provider: str, issuer: str) -> tuple[Condition, ...]:
    claims = tuple(f"{issuer}:{claim}" for claim in ("sub", "aud"))
    return (*of_provider(provider, f"{issuer}:", mentions.keys), *map(present, claims), *from_time(home.now))


def _certain(mentions: Mentions, issuer: str, *claims: str) -> tuple[Condition, ...]:
    known = ("sub", "aud", "amr", "iss", *claims)
    return not_understood(mentions.keys, (f"{issuer}:{claim}".lower() for claim in known))


def _pods(home: HomeAccount, mentions: Mentions, provider: str, issuer: str) -> Caller:
    """Return the cluster's pods, except those whose service account the policy names in full."""
    key = f"{issuer}:sub"
    literals, values = mentions.literals(key.lower()), mentions.values(key.lower())
    wide = [value for value in values if value not in literals]
    context = (
        *_base(home, mentions, provider, issuer),
        holds("StringLike", key, f"{_PODS}?*:?*"),
        holds("StringNotLike", key, *NO_NAME),
        *([holds("StringNotEqualsIgnoreCase", key, *literals)] if literals else []),
    )
    who = f"any subject like {', '.join(wide)}" if wide else "any subject"
    some = (holds("StringEquals", key, _SOME_POD),)
    certain = _certain(mentions, issuer)
    return Caller(CallerKind.PODS, f"{who} of {issuer}", _WEB_IDENTITY, context, certain, some)


def _of_issuer(home: HomeAccount, mentions: Mentions, provider: str) -> Caller:
    """Return the subjects of an issuer that belongs to one owner, or of an unknown issuer."""
    issuer = provider.partition(OIDC_PROVIDER)[2] or provider
    some = (holds("StringEquals", f"{issuer}:sub", _SOME_SUBJECT, _SOME_POD),)
    context, certain = _base(home, mentions, provider, issuer), _certain(mentions, issuer)
    who, every = f"a subject of {issuer}", f"{issuer}:*"
    return Caller(CallerKind.OUTSIDER, who, _WEB_IDENTITY, context, certain, some, every)


def _of_shared(home: HomeAccount, mentions: Mentions, provider: str, shared: SharedIssuer) -> Iterator[Caller]:
    """Yield everyone with a token of a shared issuer, and each owner that the policy names."""
    issuer, claims = shared.name, {claim: f"{shared.name}:{claim}" for claim in shared.formats}
    owners = shared.owners({claim: mentions.values(key.lower()) for claim, key in claims.items()})
    base = _base(home, mentions, provider, issuer)
    certain = _certain(mentions, issuer, *shared.formats, *shared.free)
    base = (*base, holds("StringNotLike", f"{issuer}:sub", *NO_NAME))
    everyone = [holds("StringLike", key, *shared.everyone(claim)) for claim, key in claims.items()]
    for claim, key in claims.items():
        named = [owner.pattern for owner in owners if owner.claim == claim]
        everyone += [holds("StringNotLike", key, *named)] if named else []
        # A case-insensitive comparison may match a value in another case: it has the same owner.
        theirs = [literal for literal in mentions.literals(key.lower()) if shared.owners({claim: (literal,)})]
        everyone += [holds("StringNotEqualsIgnoreCase", key, *theirs)] if theirs else []
    is_named = provider in mentions.named("Federated")
    what = shared.what if is_named else "Google, Facebook, Amazon or Cognito"
    yield Caller(CallerKind.ANYONE, f"anyone with a token of {what}", _WEB_IDENTITY, (*base, *everyone), certain)
    for owner in owners:
        of_owner = (holds("StringLike", claims[owner.claim], owner.pattern),)
        guest, value = shared.guest
        guests = (holds("StringEquals", f"{issuer}:{guest}", value),) if guest and owner.claim != "sub" else None
        who = f"{owner.name} of {shared.what}"
        name = f"{issuer}:{owner.pattern}" if owner.claim == "sub" else ""
        yield Caller(CallerKind.OUTSIDER, who, _WEB_IDENTITY, (*base, *of_owner), certain, guests, name)


def _of_saml(home: HomeAccount, mentions: Mentions, provider: str) -> Caller:
    """Return the users of a SAML provider.

    Conditions on claims other than the audience tell some users from others.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
    """
    common = {"saml:aud", "saml:iss", "saml:doc", "saml:sub_type", "saml:namequalifier"}
    keys = [key for key in mentions.keys if key.startswith("saml:")]
    context = (
        *of_provider(provider, "saml:", mentions.keys),
        *map(present, ("SAML:aud", "SAML:iss")),
        *from_time(home.now),
    )
    others = [key for key in keys if key not in common | {"saml:sub"}]
    some = (holds("StringEquals", "SAML:sub", _SOME_SUBJECT), *absent(*others))
    who = f"a user of {provider.rpartition(':')[2]}"
    return Caller(CallerKind.OUTSIDER, who, _SAML, context, not_understood(mentions.keys, keys), some, provider)
