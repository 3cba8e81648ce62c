"""Cloud identities and the policy documents attached to them, statement by statement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloudguard.model.cluster import Strength
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source

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
    """Those statements of a resource's own policy that name the identity."""
    ORGANIZATION_LIMIT = "limit"
    """Set above the account. Nothing outside it is allowed, whatever other policies grant."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``operator`` compares the context ``key`` with ``values``, in the cloud's own terms."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy. ``name`` is its name in the document, or its number ("#2").

    It is about ``actions`` (none: all) but ``not_actions``. Exactly one of ``resources``/``not_resources`` is filled.
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

    What stands behind a "#" in ``id`` is no part of the cloud's id: it tells its uses apart.
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
    """The roles of what uses it: "control-plane", "node", "etcd", "cluster" (a managed control plane), "pods" (what
    starts them), ``SERVICE_ACCOUNT``."""
    policies: tuple[str, ...]
    source: Source
    complete: bool = True
    unique_id: str = ""
    """The id that no other identity has or ever had, where the cloud gives one; "" if it was not read."""
    tags: tuple[tuple[str, str], ...] | None = None
    """Its tags; None if they were not read."""
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
    """An issuer of tokens for the cluster's service accounts; ``strength``: how sure it is that it is the cluster's.

    ``id`` is its name as trust policies write it.
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
    """Ids of the policies set above the account, by level, outermost first; one without a document was not read."""
    unread_limits: str = ""
    """Why it is unknown whether there are organization limits; "" if it is known."""
    providers: tuple[IdentityProvider, ...] = ()
    """The cluster's own identity providers."""
    organization: str | None = None
    """The id of the account's organization; "": it is in none; None: not known."""
    organization_accounts: tuple[str, ...] = ()
    """Accounts that are known to be in it."""
    account_names: tuple[str, ...] = ()
    """Other names of the account, such as its number."""
    unread_grants: str = ""
    """Where further grants may be that cannot be read from this account; "" if there are none."""
