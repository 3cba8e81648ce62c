"""Cloud identities and the policy documents attached to them, statement by statement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.source import Source


class Effect(StrEnum):
    """What a statement does to a request that it matches."""

    ALLOW = "allow"
    DENY = "deny"


class PolicyKind(StrEnum):
    """How a policy document counts in an evaluation."""

    GRANT = "grant"
    BOUNDARY = "boundary"
    TRUST = "trust"
    """Who may become the identity."""
    RESOURCE = "resource"
    """What a resource's own policy says of one identity: only the statements that name it."""
    ORGANIZATION_LIMIT = "limit"
    """Set above the account: nothing beyond it is allowed, whatever else grants it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``operator`` applied to context ``key`` and ``values``, in the cloud's own words."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy; ``label`` is its name in the document or its index ("#2").

    Exactly one of ``actions``/``not_actions`` and of ``resources``/``not_resources`` is filled.
    """

    label: str
    effect: Effect
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A policy document. ``document`` is its text as the cloud gave it."""

    id: str
    name: str
    kind: PolicyKind
    managed_by: str
    """"user", "provider" (the cloud writes it), or "inline"."""
    document: str
    statements: tuple[Statement, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Identity:
    """A cloud identity that hosts of the cluster hold; ``policies`` are ids of ``Policy``.

    ``complete`` is false when some attached document could not be read.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    """What holds it: "control-plane", "node", "etcd", "cluster" (a managed control plane), "pods"."""
    policies: tuple[str, ...]
    source: Source
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ServiceAccountIdentity:
    """An identity that Kubernetes service accounts ("namespace:name", with wildcards) become, not hosts.

    ``trust`` is the id of its trust policy ("" where the cloud binds it otherwise).
    """

    identity: str
    name: str
    service_accounts: tuple[str, ...]
    trust: str
    source: Source


@dataclass(frozen=True, slots=True)
class Identities:
    """The identities of one cluster.

    ``limits``: ids of the policies that limit the account, level by level from the outermost; an id without a policy
    is one that exists and could not be read. ``limits_unseen`` says why it is not known whether there are any ("":
    it is); ``grants_unseen`` what may grant them more, which nobody can look up from here.
    """

    identities: tuple[Identity, ...] = ()
    policies: tuple[PolicyDocument, ...] = ()
    service_accounts: tuple[ServiceAccountIdentity, ...] = ()
    organization_limits: tuple[tuple[str, ...], ...] = ()
    unread_limits: str = ""
    unread_grants: str = ""
