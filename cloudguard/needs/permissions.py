"""Which components' needs are an identity's: by its holder, the installer, the add-ons, and who has one of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import Component, Confidence
from cloudguard.model.identity import Effect, Identity, Statement, Workload
from cloudguard.needs.declarations import DeclaredPermission, Policy

Holds = Callable[[Component], bool]
"""Whether the identity holds all that a component needs."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A component that an identity needs to hold, and by what that is known."""

    component: Component
    why: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What needs are chosen by, beside the identity itself."""

    cluster: Cluster
    workloads: tuple[Workload, ...] = ()
    policy: Policy = field(default_factory=Policy)


def chosen(components: Iterable[Component], identity: Identity, setting: Setting, holds: Holds) -> tuple[Choice, ...]:
    """Return the components that ``identity`` is there for, the declared permissions last.

    ``holds`` is asked only of components whose installer grants them where they are run, and nowhere else.
    """
    moved = [account for workload in setting.workloads for account in workload.service_accounts]
    found = list[Choice]()
    for component in fitting(components, setting.cluster, identity):
        why = _why(component, moved, setting.policy, holds)
        if why:
            found.append(Choice(component, why))
    declared = (one for one in setting.policy.permissions if one.role in identity.roles)
    return (*found, *(Choice(_declared(one), "declared") for one in declared))


def fitting(components: Iterable[Component], cluster: Cluster, identity: Identity) -> Iterator[Component]:
    """Yield the components that an identity of this cluster may be there for, run or not."""
    labels: dict[str, set[str]] = {}
    for name, value in cluster.labels:
        labels.setdefault(name, set()).add(value)
    for one in components:
        mine = (not one.installers or cluster.installer in one.installers) and cluster.installer not in one.but_for
        if mine and set(one.holders) & set(identity.roles) and all(v in labels.get(k, ()) for k, v in one.labels):
            yield one


def _why(component: Component, moved: list[str], policy: Policy, holds: Holds) -> str:
    """Return by what a component is known to be the identity's need; "" where nothing tells."""
    if component.addon and component.addon in policy.addons:
        return "declared"
    if any(_same(account, own) for account in moved for own in component.accounts):
        return ""
    if not component.addon:
        return "every such cluster"
    return "granted in full, as its installer does where it is used" if component.telling and holds(component) else ""


def _same(account: str, own: str) -> bool:
    """Whether two service accounts, either with wildcards, may be one."""
    return fnmatchcase(account, own) or fnmatchcase(own, account)


def _declared(one: DeclaredPermission) -> Component:
    statement = Statement(f"declared: {one.reason}", Effect.ALLOW, one.actions, resources=one.resources)
    return Component(f"declared: {one.reason}", (one.role,), (statement,), "the declarations", Confidence.DECLARED)
