"""Excess and missing permissions of an identity, as exact sets in one space."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial

from cloudguard.authorization.boundary import without_boundary
from cloudguard.authorization.effective import EffectivePermissions, MatchedStatement, allowed, effective, space_of
from cloudguard.authorization.statements import depends_on_context, matched
from cloudguard.model.cluster import Cluster, Strength
from cloudguard.model.iam_catalog import Access, Confidence, IamCatalog, PermissionNeed
from cloudguard.model.identity import SERVICE_ACCOUNT, Identities, Identity, PolicyDocument, PolicyKind
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.permissions import NeedChoice, NeedFacts, chosen, covers_all_users, matching_needs
from cloudguard.permission_sets.boxes import Box
from cloudguard.permission_sets.condition_operators import Assumption
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request, Space
from cloudguard.values import cached_method, dataclass


@dataclass(frozen=True)
class Excess:
    """The allowed permissions of one identity, and its needed permissions according to the needs in ``choices``."""

    identity: Identity
    effective: EffectivePermissions
    required: PermissionSet
    """The permissions that are certainly needed."""
    unplaced: PermissionSet
    """The permissions needed on resources that nothing shows. They are assumed to be where they are granted."""
    choices: tuple[NeedChoice, ...]
    by_mandated: PermissionSet
    """The permissions that provider-mandated policies grant. Nobody can remove them."""
    comparer: Comparer
    mandated_policies: frozenset[str] = frozenset()
    """The ids of provider-mandated policies."""

    @property
    def need_is_known(self) -> bool:
        """Whether the need of the identity is known. The need of an application's pods is unknown."""
        hosts = self.identity.roles != (SERVICE_ACCOUNT,)
        return hosts or covers_all_users(self.choices, self.identity, self.comparer.facts)

    @property
    def allowed(self) -> PermissionSet:
        """The effective permissions."""
        return self.effective.permissions

    @cached_property
    def needed(self) -> PermissionSet:
        """The permissions that are needed or may be needed."""
        return self.required | self.unplaced

    @cached_property
    def documented(self) -> PermissionSet:
        """The permissions that the sources of the needs document, also on resources that are not the cluster's."""
        statements = [statement for choice in self.choices for statement in choice.need.documented]
        return allowed(self.allowed.space, statements, self.comparer.iam_catalog.known_context(self.identity))

    @cached_property
    def by_provider(self) -> PermissionSet:
        """The part of the certain excess that only provider-written policies grant. Nobody can narrow these."""
        if self.comparer.iam_catalog.grants_are_conditional:
            return PermissionSet(self.allowed.space)
        policies = self.comparer.policies
        others = (name for name in self.identity.policies if not _of_provider(policies.get(name)))
        return (
            self.certain - self.comparer.effective(replace(self.identity, policies=tuple(others))).permissions
        ).lower

    @cached_property
    def total(self) -> PermissionSet:
        """All excess, including the part that rests on assumptions."""
        return self.comparer.harmful(self.allowed - self.needed)

    @cached_property
    def certain(self) -> PermissionSet:
        """The excess that rests on no assumption and that no provider-mandated policy grants."""
        return (self.total.lower - self.by_mandated.upper).lower

    @cached_property
    def mandated(self) -> PermissionSet:
        """The excess that rests on no assumption and that provider-mandated policies grant."""
        return (self.total.lower & self.by_mandated).lower

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """The assumptions of the excess that is not certain."""
        return self.total.assumptions

    @cached_property
    def missing(self) -> PermissionSet:
        """The needed actions that no statement grants. Needs that are known only from source code are ignored.

        An action that is granted on some resources is assumed to be narrowed on purpose.
        """
        needs = (choice.need for choice in self.choices if choice.need.confidence is not Confidence.CODE)
        needed = self.comparer.needs_of_all(needs, self.identity)
        return needed.only(needed.actions & ~self.allowed.actions).lower

    def with_access(self, *kinds: Access) -> PermissionSet:
        """Return the part of the certain excess with these kinds of access."""
        return self.certain.only(self.comparer.mask_of(self.certain.actions, frozenset(kinds)))

    def responsible(self, requests: Iterable[Request]) -> tuple[MatchedStatement, ...]:
        """Return the first statement that grants each of ``requests``."""
        return tuple(
            dict.fromkeys(statement for request in requests for statement in self.effective.responsible(request)[:1])
        )


def _of_provider(policy: PolicyDocument | None) -> bool:
    return policy is not None and policy.kind is PolicyKind.GRANT and policy.managed_by == "provider"


class Comparer:
    """Compares the granted and the needed permissions of one cluster's identities, in one space."""

    def __init__(  # noqa: PLR0913 - one parameter for each source of the sets
        self,
        cluster: Cluster,
        identities: Identities,
        iam_catalog: IamCatalog,
        declared: Declarations | None = None,
        *,
        other_identities: Identities | None = None,
        space: Space | None = None,
    ) -> None:
        """Create a comparer.

        ``other_identities``: more identities whose grants the space distinguishes. ``space``: the space of another
        comparer, to share it.
        """
        in_doubt = (provider.id for provider in identities.providers if provider.strength is Strength.WEAK)
        self.facts = NeedFacts(cluster, identities.service_accounts, declared or Declarations(), frozenset(in_doubt))
        self.identities = identities
        self.iam_catalog = iam_catalog
        self.policies: Mapping[str, PolicyDocument] = {policy.id: policy for policy in identities.policies}
        self.space = space or self._space(other_identities or Identities())
        self._needs: dict[tuple[str, str], PermissionSet] = {}

    def _space(self, other_identities: Identities) -> Space:
        """Return a space that distinguishes all granted and needed requests, and all actions of escalation paths."""
        policies = (*self.identities.policies, *other_identities.policies)
        granted = [statement for policy in policies for statement in policy.statements]
        needs = {
            need.id: need
            for identity in self.identities.identities
            for need in matching_needs(self.iam_catalog.needs, self.facts.cluster, identity)
        }
        needed = [statement for need in needs.values() for statement in (*need.statements, *need.documented)]
        needed += [each.statement for need in needs.values() for each in need.unplaced]
        actions = {action for path in self.iam_catalog.escalation_paths for action in path.actions}
        actions.update((*self.iam_catalog.tag_actions, *self.iam_catalog.boundary_actions))
        for permission in self.facts.declarations.permissions:
            actions.update(permission.actions)
        return space_of(
            self.iam_catalog.catalog, (*granted, *needed), sorted(actions), self.iam_catalog.preferred_segments
        )

    @cached_property
    def cluster_resources(self) -> PermissionSet:
        """The requests that can only concern the cluster's own resources."""
        sets = (matched(self.space, statement, {}) for statement in self.iam_catalog.cluster_resources)
        # Not ``of``: the parts for the many tags overlap, and its search for empty boxes would take long.
        return PermissionSet(self.space, tuple(box for requests in sets for box in requests.parts))

    def harmful(self, requests: PermissionSet) -> PermissionSet:
        """Return the requests of ``requests`` that are not harmless."""
        return requests - self._harmless

    @cached_property
    def _harmless(self) -> PermissionSet:
        return allowed(self.space, self.iam_catalog.harmless, {})

    def beyond_telemetry(self, requests: PermissionSet) -> PermissionSet:
        """Return the requests of ``requests`` that do more than pull images and write metrics and logs."""
        return requests - allowed(self.space, self.iam_catalog.telemetry, {})

    def of(self, identity: Identity) -> Excess:
        """Return the excess of ``identity``: its granted and its needed permissions, and their difference."""
        granted = self.effective(identity)
        is_granted = partial(self._is_granted, granted, identity)
        choices = chosen(self.iam_catalog.needs, identity, self.facts, is_granted)
        required = self.needs_of_all((choice.need for choice in choices), identity)
        chosen_needs = {choice.need.id for choice in choices} | {""}
        mandated = frozenset(
            name
            for holder, name, need in self.iam_catalog.provider_mandated
            if holder in {*identity.roles, ""} and need in chosen_needs and name in identity.policies
        )
        by_mandated = self._granted_by(identity, mandated) if mandated else PermissionSet(self.space)
        return Excess(
            identity, granted, required, self._unplaced(identity, choices), choices, by_mandated, self, mandated
        )

    def _granted_by(self, identity: Identity, policies: Container[str]) -> PermissionSet:
        """Return the permissions that ``policies`` alone grant an identity, within its boundary."""
        kept = (
            name
            for name in identity.policies
            if name in policies or (name in self.policies and self.policies[name].kind is not PolicyKind.GRANT)
        )
        return self.effective(replace(identity, policies=tuple(kept))).permissions

    def _unplaced(self, identity: Identity, choices: Iterable[NeedChoice]) -> PermissionSet:
        """Return the unplaced needs. Each is assumed to be where it is granted."""
        known, boxes = self.iam_catalog.known_context(identity), list[Box]()
        for unplaced in (each for choice in choices for each in choice.need.unplaced):
            assumption = Assumption(f"it is unknown which resource is {unplaced.place}")
            documented = matched(self.space, unplaced.statement, known).parts
            boxes += (Box(box.actions, box.scope.assuming(assumption)) for box in documented)
        return PermissionSet.of(self.space, boxes)

    def effective(
        self, identity: Identity, policies: Mapping[str, PolicyDocument] | None = None
    ) -> EffectivePermissions:
        """Return the effective permissions of ``identity``. ``policies`` are by id (None: all that were read).

        A boundary that the identity may change itself does not count.
        """
        limits, known = self.identities.organization_limits, self.iam_catalog.known_context(identity)
        evaluated = partial(effective, self.space, policies=policies or self.policies, known=known, limits=limits)
        return without_boundary(evaluated, identity, self.policies, self.iam_catalog)

    def _is_granted(self, granted: EffectivePermissions, identity: Identity, need: PermissionNeed) -> bool:
        """Whether all of a need is granted, by statements that name its actions exactly as the need does.

        A grant with a wider wildcard does not show that an add-on runs.
        """
        named = {action.lower() for statement in granted.statements for action in statement.statement.actions}
        exactly_named = all(action.lower() in named for statement in need.statements for action in statement.actions)
        return exactly_named and self.needs_of(need, identity) <= granted.permissions

    def needs_of(self, need: PermissionNeed, identity: Identity) -> PermissionSet:
        """Return the permissions of a need of ``identity``."""
        known = self.iam_catalog.known_context(identity)
        place = (need.id, identity.id if depends_on_context(need.statements, known) else "")
        if place not in self._needs:
            self._needs[place] = allowed(self.space, need.statements, known)
        return self._needs[place]

    def needs_of_all(self, needs: Iterable[PermissionNeed], identity: Identity) -> PermissionSet:
        """Return the permissions of several needs of ``identity``."""
        return PermissionSet.union(self.space, (self.needs_of(need, identity) for need in needs))

    def possible_addons(self, excess: Excess) -> tuple[str, ...]:
        """Return the add-ons that would need a part of the certain excess, if they ran with this identity."""
        chosen = {choice.need.id for choice in excess.choices}
        risky = excess.with_access(Access.WRITE, Access.DATA)
        fit = matching_needs(self.iam_catalog.needs, self.facts.cluster, excess.identity)
        others = (need for need in fit if need.addon and need.id not in chosen)
        needs = (need for need in others if not self.needs_of(need, excess.identity).isdisjoint(risky))
        return tuple(dict.fromkeys(need.addon for need in needs))

    def mask_of(self, actions: int, kinds: frozenset[Access]) -> int:
        """Return the actions of a mask that have one of these kinds of access, as a mask."""
        return sum(bit for name, bit in self.space.table.items(actions) if self._access(name) in kinds)

    @cached_method
    def _access(self, action: str) -> Access:
        return self.iam_catalog.catalog.access(action)
