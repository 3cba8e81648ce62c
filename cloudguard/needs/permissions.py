"""The permission needs of an identity: by its holders, the installer, the add-ons and the service accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from fnmatch import fnmatchcase

from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import Confidence, PermissionNeed
from cloudguard.model.identity import SERVICE_ACCOUNT, Effect, Identity, ServiceAccountIdentity, Statement
from cloudguard.needs.declarations import Declarations, DeclaredPermission
from cloudguard.values import dataclass

Holds = Callable[[PermissionNeed], bool]
"""A function that returns whether the identity is granted all permissions of a need."""


@dataclass(frozen=True, slots=True)
class NeedChoice:
    """A need that an identity has, and the reason for this."""

    need: PermissionNeed
    why: str


@dataclass(frozen=True, slots=True)
class NeedFacts:
    """The facts, besides the identity, that decide which needs apply."""

    cluster: Cluster
    service_accounts: tuple[ServiceAccountIdentity, ...] = ()
    declarations: Declarations = field(default_factory=Declarations)
    in_doubt: frozenset[str] = field(default_factory=frozenset[str])
    """Identity providers that may belong to another cluster. Their service accounts take no need from the hosts."""


def chosen(
    needs: Iterable[PermissionNeed], identity: Identity, facts: NeedFacts, holds: Holds
) -> tuple[NeedChoice, ...]:
    """Return the needs that ``identity`` has. The declared permissions are last.

    ``holds`` is called only for needs that are implied by grant.
    """
    fit = [*matching_needs(needs, facts.cluster, identity)]
    accounts = _accounts(each for each in facts.service_accounts if each.identity == identity.id)
    others = (each for each in facts.service_accounts if each.identity != identity.id)
    moved = _accounts(each for each in others if each.provider not in facts.in_doubt)
    addons = _addons_of(fit, accounts)
    choices = list[NeedChoice]()
    for need in fit:
        why = _why_own(need, accounts, addons, facts.declarations, holds)
        why = why or (_why(need, moved, facts.declarations, holds) if _holds_hosts(need, identity) else "")
        if why:
            choices.append(NeedChoice(need, why))
    declared = (
        permission
        for permission in facts.declarations.permissions
        if permission.role in identity.roles and fnmatchcase(identity.name, permission.identity)
    )
    return (*choices, *(NeedChoice(_declared(permission), "declared") for permission in declared))


def _accounts(identities: Iterable[ServiceAccountIdentity]) -> list[str]:
    return [account for identity in identities for account in identity.service_accounts]


def matching_needs(needs: Iterable[PermissionNeed], cluster: Cluster, identity: Identity) -> Iterator[PermissionNeed]:
    """Yield the needs that match the installer, the traits and the identity's roles. Add-ons are not considered."""
    for need in needs:
        installer = not need.installers or cluster.installer in need.installers
        excepted = cluster.installer in need.except_installers
        matches = _holds_hosts(need, identity) or (SERVICE_ACCOUNT in identity.roles and need.service_accounts)
        if installer and not excepted and matches and {*need.traits} <= {*cluster.traits}:
            yield need


def _holds_hosts(need: PermissionNeed, identity: Identity) -> bool:
    """Whether a holder of the identity, other than pods with a service account, can have the need."""
    return not {*need.holders}.isdisjoint(identity.roles)


def _addons_of(fit: Iterable[PermissionNeed], accounts: Iterable[str]) -> frozenset[str]:
    """Return the add-ons that run as the service ``accounts``; "" stands for parts that every such cluster runs.

    If several add-ons run as one service account, the installer's own add-on is returned; the others are its options.
    """
    needs = dict[str, PermissionNeed]()
    for account in accounts:
        for need in fit:
            if _runs_as(need, account) and (account not in needs or need.installers > needs[account].installers):
                needs[account] = need
    return frozenset(need.addon for need in needs.values())


def covers_all_users(choices: Iterable[NeedChoice], identity: Identity, facts: NeedFacts) -> bool:
    """Whether the needs ``choices`` of an identity of service accounts cover all of its service accounts.

    A declared need covers them all.
    """
    needs = [choice.need for choice in choices]
    users = [each for each in facts.service_accounts if each.identity == identity.id]
    covered = all(any(_runs_as(need, account) for need in needs) for account in _accounts(users))
    known = covered and all(each.service_accounts for each in users)
    return bool(needs) and (known or any(need.confidence is Confidence.DECLARED for need in needs))


def _runs_as(need: PermissionNeed, account: str) -> bool:
    return any(fnmatchcase(account, pattern) for pattern in need.service_accounts)


def _why_own(
    need: PermissionNeed, accounts: Iterable[str], addons: frozenset[str], declarations: Declarations, holds: Holds
) -> str:
    """Return why an identity of the service ``accounts`` has a need; "" if it does not have the need."""
    account = next((account for account in accounts if _runs_as(need, account)), "")
    if not account or not (need.addon in addons or need.addon in declarations.addons or holds(need)):
        return ""
    return f"it is the identity of the service account {account}"


def _why(need: PermissionNeed, moved: Iterable[str], declarations: Declarations, holds: Holds) -> str:
    """Return why the identity of hosts has a need; "" if nothing shows that it does.

    ``moved``: service accounts with another identity; the needs that run as them are not the hosts'.
    """
    if need.addon and need.addon in declarations.addons:
        return "declared"
    if any(_overlap(account, needed) for account in moved for needed in need.service_accounts):
        return ""
    if not need.addon:
        return "all clusters of this kind"
    implied = need.implied_by_grant and holds(need)
    return "the identity has all its permissions, as its installer grants them" if implied else ""


def _overlap(account: str, other: str) -> bool:
    """Whether two service accounts may be the same. Both may contain wildcards."""
    return fnmatchcase(account, other) or fnmatchcase(other, account)


def _declared(permission: DeclaredPermission) -> PermissionNeed:
    name = f"declared: {permission.reason}"
    statement = Statement(name, Effect.ALLOW, permission.actions, resources=permission.resources)
    return PermissionNeed(name, (permission.role,), (statement,), "the declarations", Confidence.DECLARED)
