"""The callers of trust policies: classes of principals outside the account that may ask for a role's credentials.

Principals of the role's own account are no outsiders. A service is no outsider either: it gets only roles that a
principal in the account passes to it (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, PolicyDocument, Statement
from cloudguard.permission_sets.condition_operators import KnownContext
from cloudguard_aws.access.arns import account_of
from cloudguard_aws.trust import context_keys as keys
from cloudguard_aws.trust import providers
from cloudguard_aws.trust.context_keys import (
    from_time,
    holds,
    not_understood,
    of_account,
    of_service,
    present,
    role_context,
    service_context,
)
from cloudguard_aws.trust.mentions import Mentions
from cloudguard_aws.trust.principals import HomeAccount, by_caller, declared, requests_of

_ASSUME: Final = ("sts:AssumeRole",)
_CERTIFICATES: Final = "rolesanywhere.amazonaws.com"
_SOME_ROLE: Final = "role/some-role-of-the-account"
_SOME_FUNCTION: Final = "function:some-function-of-the-account"


class TrustPrincipals:
    """Reads the principals in trust policies of one account's roles."""

    def __init__(self, home: HomeAccount) -> None:
        self._home = home

    @property
    def known_context(self) -> Mapping[str, str]:
        """Context that is the same for all callers of a role."""
        return self._home.known_context

    def context_of(self, principal: str) -> KnownContext:
        """Return the context by which trust policies know a role of the account (ARN) or a service."""
        return role_context() if principal.startswith("arn:") else service_context(principal, self._home.account)

    def requests_of(self, principal: str, *, excepted: bool) -> tuple[tuple[Condition, ...], ...]:
        """Return alternatives of conditions that hold for requests of a principal."""
        return requests_of(principal, excepted=excepted)

    def conditions_of(self, statement: Statement) -> tuple[Condition, ...]:
        """Return the conditions of a statement. Those on a value that a caller chooses become ones on the caller."""
        return tuple(by_caller(condition, statement.effect) for condition in statement.conditions)

    def declared(self, outsider: str) -> tuple[tuple[Condition, ...], ...]:
        """Return alternatives of conditions that hold for requests of an outsider that the user declares."""
        return declared(outsider, self._home.partition)

    def callers(self, policy: PolicyDocument) -> Iterator[Caller]:
        """Yield the callers that the conditions of a trust policy may tell apart."""
        mentions, home = Mentions(policy), self._home
        if not home.account:
            home = replace(home, account=account_of(policy.id))
        yield from _Accounts(home, mentions).callers()
        yield from _behind_services(home, mentions)
        yield from providers.callers(home, mentions)


class _Accounts:
    """Callers that are identities of accounts, according to the accounts and organizations in a trust policy."""

    def __init__(self, home: HomeAccount, mentions: Mentions) -> None:
        self._home, self._mentions = home, mentions
        organizations = [home.organization] if home.organization else []
        accounts = [home.account, *mentions.accounts] if home.account else [*mentions.accounts]
        self._named_accounts: tuple[str, ...] = tuple(dict.fromkeys(accounts))
        self._named_organizations: tuple[str, ...] = tuple(dict.fromkeys([*organizations, *mentions.organizations]))
        self._any = (*of_account(mentions.keys), *from_time(home.now))
        self._certain = not_understood(mentions.keys)

    def callers(self) -> Iterator[Caller]:
        """Yield the callers."""
        mentions = self._mentions
        yield self._caller(
            CallerKind.ANYONE, "anyone in any account", (*self._unnamed_callers(), *self._outside_networks())
        )
        for key, values in mentions.networks:
            yield self._caller_from_network(key, values)
        for user in mentions.users:
            # The id does not show the identity's account.
            among = (*self._unnamed_callers(users=False), holds("StringLike", keys.USER_ID, user, f"{user}:*"))
            yield self._caller(CallerKind.OUTSIDER, f"the identity {user}", among, ordinary=None)
        for instance in mentions.instances:
            if instance not in self._home.instances:
                named = holds("StringLike", keys.INSTANCE_ARN, f"*/{instance}")
                among = (*self._unnamed_callers(instances=False), named)
                yield self._caller(CallerKind.OUTSIDER, f"the instance {instance}", among, ordinary=None)
        if {keys.ORGANIZATION, keys.ORGANIZATION_PATHS} & {*mentions.keys}:
            # Without a condition on organizations, an organization's accounts are let in like all others.
            for organization in self._named_organizations:
                yield self._of_organization(organization)
        for account in self._named_accounts:
            if account != self._home.account:
                yield from self._of_account(account)

    def _caller(
        self,
        kind: CallerKind,
        who: str,
        context: tuple[Condition, ...],
        ordinary: tuple[Condition, ...] | None = (),
        declared_as: str = "",
    ) -> Caller:
        if ordinary is not None:
            ordinary = (*ordinary, *self._without_id_or_network())
        return Caller(kind, who, _ASSUME, (*self._any, *context), self._certain, ordinary, declared_as)

    def _without_id_or_network(self) -> Iterator[Condition]:
        """Yield conditions on requests without a valid external id and from none of the named networks."""
        ids = self._mentions.external_ids
        yield from (holds("StringNotEqualsIgnoreCase", keys.EXTERNAL_ID, *ids),) if ids else ()
        yield from self._outside_networks()

    def _outside_networks(self) -> Iterator[Condition]:
        for key, values in self._mentions.networks:
            yield holds("NotIpAddress" if key == keys.SOURCE_IP else "StringNotLike", key, *values)

    def _unnamed_callers(self, *, users: bool = True, instances: bool = True) -> tuple[Condition, ...]:
        """Return conditions on requests of identities in accounts and organizations that the policy does not name.

        ``users``, ``instances``: without the identities and instances that the policy names by their id.
        """
        known = self._named_organizations
        conditions = [
            holds("StringLike", keys.PRINCIPAL_ACCOUNT, "?" * 12),
            holds("ArnLike", keys.PRINCIPAL_ARN, f"arn:{self._home.partition}:*::{'?' * 12}:*"),
        ]
        conditions += self._unnamed_accounts()
        if known:
            paths = (f"{organization}/*" for organization in known)
            conditions.append(holds("StringNotEqualsIgnoreCase", keys.ORGANIZATION, *known))
            conditions.append(holds("ForAllValues:StringNotLike", keys.ORGANIZATION_PATHS, *paths))
        if users and self._mentions.users:
            ids = (pattern for user in self._mentions.users for pattern in (user, f"{user}:*"))
            conditions.append(holds("StringNotLike", keys.USER_ID, *ids))
        if instances and self._mentions.instances:
            arns = (f"*/{instance}" for instance in self._mentions.instances)
            conditions.append(holds("StringNotLike", keys.INSTANCE_ARN, *arns))
        return tuple(conditions)

    def _unnamed_accounts(self) -> Iterator[Condition]:
        if self._named_accounts:
            arns = [f"arn:*:*:*:{account}:*" for account in self._named_accounts]
            yield holds("StringNotEquals", keys.PRINCIPAL_ACCOUNT, *self._named_accounts)
            yield from (holds("ArnNotLike", key, *arns) for key in (keys.PRINCIPAL_ARN, *keys.CREDENTIALS_OF))

    def _caller_from_network(self, key: str, values: tuple[str, ...]) -> Caller:
        within = holds("IpAddress" if key == keys.SOURCE_IP else "StringLike", key, *values)
        names = [value.removeprefix("*/") for value in values]
        who = f"anyone who calls from {', '.join(names)}"
        return self._caller(CallerKind.OUTSIDER, who, (*self._unnamed_callers(), within), None, names[0])

    def _of_organization(self, organization: str) -> Caller:
        among = (
            holds("StringLike", keys.PRINCIPAL_ACCOUNT, "?" * 12),
            *self._unnamed_accounts(),
            *_in_organization(organization),
        )
        kind = _kind(self._home, organization)
        who = f"another account of {_organization_text(self._home, organization)}"
        return self._caller(kind, who, among, (), organization)

    def _of_account(self, account: str) -> Iterator[Caller]:
        """Yield the callers of another account: as a member of the own organization, and as an outsider.

        Yield both if it is not known whether the account is a member.
        """
        organization, who = self._home.organization, f"account {account}"
        among = (
            holds("StringEquals", keys.PRINCIPAL_ACCOUNT, account),
            holds("ArnLike", keys.PRINCIPAL_ARN, f"arn:*:*:*:{account}:*"),
            *(holds("ArnLikeIfExists", key, f"arn:*:*:*:{account}:*") for key in keys.CREDENTIALS_OF),
        )
        # A role named in a principal is as ordinary as the account. A role named only in a condition is not.
        partition = self._home.partition
        some = f"arn:{partition}:iam::{account}:{_SOME_ROLE}"
        ordinary = (
            holds("ArnLike", keys.PRINCIPAL_ARN, some, *self._mentions.arns_of(account)),
            holds(
                "ArnLikeIfExists", keys.INSTANCE_ARN, f"arn:{partition}:ec2:*:{account}:instance/{keys.SOME_INSTANCE}"
            ),
            holds("ArnLikeIfExists", keys.FUNCTION_ARN, f"arn:{partition}:lambda:*:{account}:{_SOME_FUNCTION}"),
        )
        inside, outside = _in_organization(organization or ""), tuple(_outside_organization(organization or ""))
        asks = {keys.ORGANIZATION, keys.ORGANIZATION_PATHS} & {*self._mentions.keys}
        if organization and (account in self._home.members or asks):
            who_inside = f"{who} of its own organization"
            yield self._caller(CallerKind.ORGANIZATION, who_inside, (*among, *inside), ordinary, account)
        if account not in self._home.members:
            yield self._caller(CallerKind.OUTSIDER, who, (*among, *outside), ordinary, account)


def _kind(home: HomeAccount, organization: str) -> CallerKind:
    return CallerKind.ORGANIZATION if home.organization in {organization, None} else CallerKind.OUTSIDER


def _organization_text(home: HomeAccount, organization: str) -> str:
    whose = "its own organization" if home.organization == organization else "organization"
    unknown = ", which may be its own" if home.organization is None else ""
    return f"{whose} {organization}{unknown}"


def _in_organization(
    organization: str, key: str = keys.ORGANIZATION, paths: str = keys.ORGANIZATION_PATHS
) -> tuple[Condition, ...]:
    """Return conditions on requests of an organization, by the keys for its id and for its paths."""
    return (
        holds("StringEquals", key, organization),
        holds("ForAllValues:StringLike", paths, f"{organization}/*"),
        present(paths),
    )


def _outside_organization(organization: str) -> Iterator[Condition]:
    if organization:
        yield holds("StringNotEquals", keys.ORGANIZATION, organization)
        yield holds("ForAllValues:StringNotLike", keys.ORGANIZATION_PATHS, f"{organization}/*")


def _behind_services(home: HomeAccount, mentions: Mentions) -> Iterator[Caller]:
    """Yield the accounts on whose behalf a service may call, and the holders of certificates of any trust anchor.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html,
    https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
    """
    services = (*mentions.named("Service"), *(["a service of AWS"] if mentions.everyone else ()))
    certain = not_understood(mentions.keys)
    for service in services:
        base = (*of_service(service, mentions.keys), *from_time(home.now))
        for account in mentions.source_accounts:
            if account != home.account:
                among = (
                    holds("StringEquals", keys.SOURCE_ACCOUNT, account),
                    holds("ArnLike", keys.SOURCE_ARN, f"arn:*:*:*:{account}:*"),
                )
                who = f"account {account} through {service}"
                yield Caller(CallerKind.OUTSIDER, who, _ASSUME, (*base, *among), certain, (), service)
        for organization in mentions.source_organizations:
            if organization != home.organization:
                inside = _in_organization(organization, keys.SOURCE_ORGANIZATION, keys.SOURCE_ORGANIZATION_PATHS)
                who = f"an account of {_organization_text(home, organization)} through {service}"
                yield Caller(_kind(home, organization), who, _ASSUME, (*base, *inside), certain, (), service)
        if service == _CERTIFICATES:
            anchors = mentions.literals(keys.SOURCE_ARN)
            bound = [key for key in mentions.keys if key.startswith("aws:principaltag/x509")]
            other = (holds("ArnNotEquals", keys.SOURCE_ARN, *anchors),) if anchors else ()
            named = tuple(holds("StringNotEquals", key, *mentions.values(key)) for key in bound)
            who = "anyone with a certificate of any trust anchor of the account"
            yield Caller(CallerKind.ORGANIZATION, who, _ASSUME, (*base, *other, *named), certain, (), service)
