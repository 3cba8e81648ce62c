"""What an identity is granted beyond need, and what it needs beyond grant: exact sets, compared in one space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cloudguard.authorization.effective import EffectivePermissions, MatchedStatement, allowed, effective, space_of
from cloudguard.authorization.statements import matched
from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import Access, Confidence, IamCatalog, PermissionNeed
from cloudguard.model.identity import Identities, Identity, PolicyDocument
from cloudguard.needs.declarations import Declarations as Declared
from cloudguard.needs.permissions import NeedChoice, Setting, chosen, fitting
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request, Space


@dataclass(frozen=True)
class Excess:
    """One identity: ``granted`` and ``needed``, and by which components."""

    identity: Identity
    effective: EffectivePermissions
    allowed: PermissionSet
    needed: PermissionSet
    choices: tuple[NeedChoice, ...]
    by_mandated: PermissionSet
    """What policies that the provider insists on grant."""
    comparer: Comparer
    mandated_policies: frozenset[str] = frozenset()
    """Ids of policies that the provider insists on."""

    @cached_property
    def total(self) -> PermissionSet:
        """Granted beyond need, with what is in doubt."""
        return self.allowed - self.needed

    @cached_property
    def certain(self) -> PermissionSet:
        """Granted beyond need for sure, by policies that the provider does not insist on."""
        return (self.total.lower - self.by_mandated.upper).lower

    @cached_property
    def mandated(self) -> PermissionSet:
        """Granted beyond need for sure, by policies that the provider insists on."""
        return (self.total.lower & self.by_mandated).lower

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """What leaves open whether more is granted beyond need."""
        return self.total.assumptions

    @cached_property
    def missing(self) -> PermissionSet:
        """Needed and granted nowhere, for sure; what only the code of a component tells is no promise.

        What is granted in part is taken to be narrower than documented on purpose.
        """
        needed = PermissionSet(self.allowed.space, ())
        for choice in self.choices:
            if choice.need.confidence is not Confidence.CODE:
                needed |= self.comparer.needs_of(choice.need)
        return needed.only(needed.actions & ~self.allowed.actions).lower

    def part(self, *kinds: Access) -> PermissionSet:
        """Return the definite excess of some kinds of access."""
        return self.certain.only(self.comparer.mask_of(self.certain.actions, frozenset(kinds)))

    def responsible(self, request: Request) -> tuple[MatchedStatement, ...]:
        """Return the statements that grant ``request``."""
        return self.effective.responsible(request)


class Comparer:
    """Compares the identities of one cluster, in one space."""

    def __init__(
        self, cluster: Cluster, identities: Identities, known: IamCatalog, declared: Declared | None = None
    ) -> None:
        self.setting = Setting(cluster, identities.service_accounts, declared or Declared())
        self.identities = identities
        self.known = known
        self.policies: Mapping[str, PolicyDocument] = {policy.id: policy for policy in identities.policies}
        self.space = self._space()
        self._access: dict[str, Access] = {}
        self._components: dict[str, PermissionSet] = {}

    def _space(self) -> Space:
        """Return a space in which all that is granted, needed and dangerous can be told apart."""
        held = [statement for policy in self.identities.policies for statement in policy.statements]
        fit = {
            one.id: one
            for each in self.identities.identities
            for one in fitting(self.known.needs, self.setting.cluster, each)
        }
        needed = [statement for component in fit.values() for statement in component.statements]
        actions = {action for way in self.known.escalation_paths for action in way.actions} | {*self.known.tag_actions}
        for one in self.setting.declarations.permissions:
            actions |= {*one.actions}
        return space_of(self.known.catalog, (*held, *needed), sorted(actions), self.known.home)

    @cached_property
    def own(self) -> PermissionSet:
        """Requests that can only concern the cluster's own things: by many tags, which say nothing of one another."""
        parts = (matched(self.space, statement, self.known.variables) for statement in self.known.cluster_resources)
        return PermissionSet(self.space, tuple(box for part in parts for box in part.parts))

    def of(self, identity: Identity) -> Excess:
        """Return what ``identity`` is granted, what it needs, and how they differ."""
        grants = effective(
            self.space, identity, self.policies, self.known.variables, self.identities.organization_limits
        )
        granted = grants.permissions
        choices = chosen(self.known.needs, identity, self.setting, lambda component: self._shown(component, grants))
        needed = PermissionSet(self.space, ())
        for choice in choices:
            needed |= self.needs_of(choice.need)
        insisted = {name for holder, name in self.known.provider_mandated if holder in identity.roles or not holder}
        imposed = PermissionSet(self.space, ())
        if insisted & {*identity.policies}:
            free = tuple(name for name in identity.policies if name not in insisted)
            rest = Identity(identity.id, identity.name, identity.roles, free, identity.source, identity.complete)
            others = effective(
                self.space, rest, self.policies, self.known.variables, self.identities.organization_limits
            )
            imposed = granted - others.permissions
        return Excess(identity, grants, granted, needed, choices, imposed, self, frozenset(insisted))

    def _shown(self, component: PermissionNeed, grants: EffectivePermissions) -> bool:
        """Whether an identity is granted all that a component needs, action by action: a wildcard tells nothing."""
        spelt = {action.lower() for one in grants.statements for action in one.statement.actions}
        named = all(action.lower() in spelt for one in component.statements for action in one.actions)
        return named and self.needs_of(component) <= grants.permissions

    def needs_of(self, component: PermissionNeed) -> PermissionSet:
        """Return what a component needs."""
        if component.id not in self._components:
            self._components[component.id] = allowed(self.space, component.statements, self.known.variables)
        return self._components[component.id]

    def would_need(self, excess: Excess) -> tuple[str, ...]:
        """Return the add-ons that a part of an identity's definite excess would be a need of, if they ran with it."""
        taken = {choice.need.id for choice in excess.choices}
        names = dict[str, None]()
        risky = excess.part(Access.WRITE, Access.DATA)
        for one in fitting(self.known.needs, self.setting.cluster, excess.identity):
            if one.addon and one.id not in taken and not self.needs_of(one).isdisjoint(risky):
                names[one.addon] = None
        return tuple(names)

    def mask_of(self, actions: int, kinds: frozenset[Access]) -> int:
        """Return those of ``actions`` (a mask) that are of some kinds of access."""
        found, table = 0, self.space.table
        for name in table.names(actions):
            if name not in self._access:
                self._access[name] = self.known.catalog.access(name)
            if self._access[name] in kinds:
                found |= table.bit(name) or 0
        return found

    def words_for(self, actions: int, most: int) -> str:
        """Return a mask of actions in words: whole services folded, the first ``most``, and how many more."""
        table = self.space.table
        if actions == table.everything:
            return "*"
        words: list[str] = []
        for service in table.services:
            mask = table.service_mask(service)
            inside = actions & mask
            if inside and inside == mask:
                words.append(f"{service}:*")
            else:
                words += table.names(inside)
        more = len(words) - most
        return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")


def first_of(parts: Iterable[PermissionSet]) -> Request | None:
    """Return a witness of the first part that has one."""
    return next((found for part in parts if (found := part.witness()) is not None), None)
