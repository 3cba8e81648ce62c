"""Cloud identities and the policy documents attached to them, statement by statement."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cloudguard.model.cluster import Strength
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.values import dataclass

SERVICE_ACCOUNT: Final = "service-account"
"""The role of an identity that pods take on by their service account."""


class Effect(StrEnum):
    """The effect of a statement on the requests that it matches."""

    ALLOW = "allow"
    DENY = "deny"


class PolicyKind(StrEnum):
    """How a policy document counts in the evaluation."""

    GRANT = "grant"
    BOUNDARY = "boundary"
    TRUST = "trust"
    """It says who may assume the identity."""
    RESOURCE = "resource"
    """The statements of a resource's own policy that name the identity."""
    ORGANIZATION_LIMIT = "limit"
    """Set above the account. Requests outside it are denied, even if other policies grant them."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition: ``operator`` compares the context ``key`` with ``values``, in the cloud's own terms."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy. ``name`` is its name in the document, or its number ("#2").

    It applies to ``actions`` (empty: all) except ``not_actions``. Exactly one of ``resources`` and ``not_resources`` is
    not empty.
    """

    name: str
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
    """A policy document. ``document`` is its text as the cloud returned it.

    The part of ``id`` after a "#" is not from the cloud. It distinguishes several uses of one policy.
    """

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
    """A cloud identity that the cluster's hosts or its managed control plane use.

    ``policies`` are ids of policy documents. ``complete`` is False if an attached document could not be read.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    """The roles of its users: "control-plane", "node", "etcd", "cluster" (a managed control plane), "pods" (the service
    that starts pods), ``SERVICE_ACCOUNT``."""
    policies: tuple[str, ...]
    source: Source
    complete: bool = True
    unique_id: str = ""
    """The cloud's unique id, which is never reused, if the cloud has one; "" if it was not read."""
    tags: tuple[tuple[str, str], ...] | None = None
    """The tags of the identity; None if they were not read."""
    written_by: Owner | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccountIdentity:
    """An identity that pods take on by their Kubernetes service account ("namespace:name", with wildcards).

    ``trust`` is the id of its trust policy; "" if the cloud binds the service account in another way. ``provider``: the
    identity provider through which it was found, if any.
    """

    identity: str
    name: str
    service_accounts: tuple[str, ...]
    trust: str
    source: Source
    provider: str = ""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An issuer of tokens for the cluster's service accounts.

    ``strength`` is the strength of the evidence that it belongs to the cluster. ``id`` is its name in trust policies.
    """

    id: str
    strength: Strength
    source: Source


@dataclass(frozen=True, slots=True)
class Identities:
    """The identities of one cluster."""

    identities: tuple[Identity, ...] = ()
    policies: tuple[PolicyDocument, ...] = ()
    service_accounts: tuple[ServiceAccountIdentity, ...] = ()
    organization_limits: tuple[tuple[str, ...], ...] = ()
    """Ids of the policies set above the account, by level, the outermost first. One without a document was not read."""
    unread_limits: str = ""
    """Why it is unknown whether there are organization limits; "" if it is known."""
    providers: tuple[IdentityProvider, ...] = ()
    """The cluster's own identity providers."""
    organization: str | None = None
    """The id of the account's organization. "": it is in none. None: unknown."""
    organization_accounts: tuple[str, ...] = ()
    """The accounts that are known to be in the organization."""
    account_names: tuple[str, ...] = ()
    """Other names of the account, such as its number."""
    unread_grants: str = ""
    """The place of further grants that cannot be read from this account; "" if there are none."""
    others: tuple[Identity, ...] = ()
    """Identities of the account that are not the cluster's, if one of the cluster's may gain their permissions.

    Their trust policies are among ``policies``."""
