"""Which components' needs are an identity's: by its holder, the installer, the add-ons, and who has one of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import Confidence, PermissionNeed
from cloudguard.model.identity import Effect, Identity, ServiceAccountIdentity, Statement
from cloudguard.needs.declarations import Declarations, DeclaredPermission

Holds = Callable[[PermissionNeed], bool]
"""Whether the identity holds all that a component needs."""


@dataclass(frozen=True, slots=True)
class NeedChoice:
    """A component that an identity needs to hold, and by what that is known."""

    need: PermissionNeed
    why: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What needs are chosen by, beside the identity itself."""

    cluster: Cluster
    workloads: tuple[ServiceAccountIdentity, ...] = ()
    policy: Declarations = field(default_factory=Declarations)


def chosen(
    components: Iterable[PermissionNeed], identity: Identity, setting: Setting, holds: Holds
) -> tuple[NeedChoice, ...]:
    """Return the components that ``identity`` is there for, the declared permissions last.

    ``holds`` is asked only of components whose installer grants them where they are run, and nowhere else.
    """
    moved = [account for workload in setting.workloads for account in workload.service_accounts]
    found = list[NeedChoice]()
    for component in fitting(components, setting.cluster, identity):
        why = _why(component, moved, setting.policy, holds)
        if why:
            found.append(NeedChoice(component, why))
    declared = (one for one in setting.policy.permissions if one.role in identity.roles)
    return (*found, *(NeedChoice(_declared(one), "declared") for one in declared))


def fitting(components: Iterable[PermissionNeed], cluster: Cluster, identity: Identity) -> Iterator[PermissionNeed]:
    """Yield the components that an identity of this cluster may be there for, run or not."""
    labels: dict[str, set[str]] = {}
    for name, value in cluster.traits:
        labels.setdefault(name, set()).add(value)
    for one in components:
        mine = (
            not one.installers or cluster.installer in one.installers
        ) and cluster.installer not in one.except_installers
        if mine and set(one.holders) & set(identity.roles) and all(v in labels.get(k, ()) for k, v in one.traits):
            yield one


def _why(component: PermissionNeed, moved: list[str], policy: Declarations, holds: Holds) -> str:
    """Return by what a component is known to be the identity's need; "" where nothing tells."""
    if component.addon and component.addon in policy.addons:
        return "declared"
    if any(_same(account, own) for account in moved for own in component.service_accounts):
        return ""
    if not component.addon:
        return "every such cluster"
    return (
        "granted in full, as its installer does where it is used"
        if component.implied_by_grant and holds(component)
        else ""
    )


def _same(account: str, own: str) -> bool:
    """Whether two service accounts, either with wildcards, may be one."""
    return fnmatchcase(account, own) or fnmatchcase(own, account)


def _declared(one: DeclaredPermission) -> PermissionNeed:
    statement = Statement(f"declared: {one.reason}", Effect.ALLOW, one.actions, resources=one.resources)
    return PermissionNeed(f"declared: {one.reason}", (one.role,), (statement,), "the declarations", Confidence.DECLARED)
