"""The IAM catalog: what a provider knows of its cloud's permissions without asking an account.

It holds the cloud's actions, the permissions that Kubernetes needs and the escalation paths, each with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cloudguard.model.identity import Condition, Identity, PolicyDocument, Statement
from cloudguard.permission_sets.condition_operators import KnownContext


class ActionCatalog(Protocol):
    """A cloud's list of actions. Service names, action names and condition keys are compared in lower case."""

    @property
    def version(self) -> str:
        """The version that the report shows."""
        ...

    @property
    def services(self) -> Collection[str]:
        """The listed services, in lower case: "storage"."""
        ...

    def actions(self, service: str) -> Iterable[str]:
        """Return the names of a listed service's actions: "GetObject"."""
        ...

    def resource_formats(self, action: str) -> Iterable[str] | None:
        """Return the resource formats of "service:Action": six segments, with ``*`` for what varies.

        In the last segment ``*`` matches no colon, ``**`` (an object's key) any character. Empty: the action takes no
        resource and is requested on "*". None: unknown, it may take any resource.
        """
        ...

    def multivalued(self, key: str) -> bool:
        """Whether condition ``key`` (lower case) can have several values in one request."""
        ...

    def service_context(self, service: str) -> Mapping[str, str]:
        """Return what all requests to a service (lower case) have in their context, by lower-case key."""
        ...

    def access(self, action: str) -> Access:
        """Return the kind of access of "service:Action"; ``WRITE``, the worst, for an action that is not listed."""
        ...


class Access(StrEnum):
    """What harm an action can do."""

    LIST = "list"
    """It lists or describes resources and their settings."""
    DATA = "data"
    """It reads secrets, credentials or users' data."""
    WRITE = "write"
    """It creates, changes or deletes something; also tags and permissions."""


class Confidence(StrEnum):
    """How a need is known."""

    DOCUMENTED = "documented"
    """Upstream documents or grants it."""
    CODE = "code"
    """Derived from the calls in the source code."""
    IMPLICIT = "implicit"
    """Follows from how the cloud works; documented nowhere."""
    DECLARED = "declared"
    """Declared by the user."""


@dataclass(frozen=True, slots=True)
class UnplacedStatement:
    """A statement of a need on resources that nothing shows: it names every resource that may be the one.

    ``place`` says what is not known, in words: "the state store". ``own_policy``: a policy of that resource, which is
    not read, may grant the need.
    """

    place: str
    statement: Statement
    own_policy: bool = False


@dataclass(frozen=True, slots=True)
class PermissionNeed:
    """Permissions that one part of a cluster needs, with all placeholders filled for this cluster.

    ``statements`` are about the cluster's own resources, wherever these can be told from others.
    """

    id: str
    holders: tuple[str, ...]
    """Which identities need it: "control-plane", "node", "etcd", "cluster", "pods"."""
    statements: tuple[Statement, ...]
    source: str
    confidence: Confidence
    release: str = ""
    """The release or date of ``source``; "" for a declared need."""
    installers: tuple[str, ...] = ()
    """The installers whose clusters have it; empty: all."""
    except_installers: tuple[str, ...] = ()
    """The installers whose clusters do not have it."""
    addon: str = ""
    """The add-on that needs it; "" if every such cluster does."""
    service_accounts: tuple[str, ...] = ()
    """Kubernetes service accounts ("namespace:name", with wildcards) that it runs as.

    If one of them has an identity of its own, the hosts do not need the permissions.
    """
    traits: tuple[tuple[str, str], ...] = ()
    """Traits that the cluster must have (``Cluster.traits``)."""
    implied_by_grant: bool = False
    """The installer grants it only where the add-on runs: an identity that holds all of it shows that it runs."""
    note: str = ""
    documented: tuple[Statement, ...] = ()
    """What ``source`` grants beyond ``statements``: the same actions, on resources that are not the cluster's too."""
    unplaced: tuple[UnplacedStatement, ...] = ()

    @property
    def source_and_release(self) -> str:
        """The source, with its release where it has one."""
        return f"{self.source} ({self.release})" if self.release else self.source


class Impact(StrEnum):
    """What an escalation path leads to."""

    ADMINISTRATOR = "administrator"
    """All permissions in the account."""
    ROLE = "role"
    """The permissions of another identity that can be passed or assumed."""
    HOSTS = "hosts"
    """The hosts, and what runs on them."""
    DATA = "data"
    """Secrets, or data of others."""


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """Actions that together lead to ``impact``; ``why`` completes the sentence "an identity with all of them …"."""

    id: str
    actions: tuple[str, ...]
    impact: Impact
    why: str
    source: str
    on_own_identity: bool = False
    """The first action must be allowed on the holder's own identity."""
    account_wide: bool = False
    """The actions must be allowed on resources of any name in the account."""
    passrole_action: str = ""
    """The one of ``actions`` that passes another identity to a service, and has identities as resources; "" if none."""
    passrole_conditions: tuple[Condition, ...] = ()
    """Conditions that every request of ``passrole_action`` meets on this path: which service gets the identity."""


class PolicyWriter(Protocol):
    """Writes policies as the cloud takes them."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as documents within the cloud's size limit; raises ValueError if it cannot."""
        ...

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements; raises ValueError if any part of it is not understood."""
        ...


class CallerKind(StrEnum):
    """Who callers are, seen from the account of the identity that they ask for."""

    ANYONE = "anyone"
    OUTSIDER = "outsider"
    """One other owner with a name: an account, another organization, a tenant of an identity provider."""
    ORGANIZATION = "organization"
    """The other accounts of the account's own organization."""
    PODS = "pods"
    """Pods of the cluster, by service accounts that the policy does not name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A class of those who may ask for an identity, told by the context of their requests. ``who`` names them.

    ``actions``: the requests that give them the identity. ``context`` holds for all their requests, ``certain`` for
    some that they can surely make. ``ordinary`` holds for some requests of a member whom the policy does not name and
    who was given nothing (a secret, an address); None: the policy names every member.
    """

    kind: CallerKind
    who: str
    actions: tuple[str, ...]
    context: tuple[Condition, ...]
    certain: tuple[Condition, ...] = ()
    ordinary: tuple[Condition, ...] | None = ()
    declared_as: str = ""
    """The principal by which a declaration names all of them; "" where none does."""


class Principals(Protocol):
    """Reads the principals of trust policies, for one cluster."""

    @property
    def known_context(self) -> Mapping[str, str]:
        """Context that is the same whoever asks for an identity of the cluster, by lower-case key."""
        ...

    def requests_of(self, principal: str, *, excepted: bool) -> Iterable[tuple[Condition, ...]]:
        """Return what holds for requests of ``principal``, one of the alternatives; none: nobody is called so.

        ``excepted``: a statement is about everyone but this principal.
        """
        ...

    def declared(self, outsider: str) -> Iterable[tuple[Condition, ...]]:
        """Return what holds for requests of an outsider that the user declares; none: the text is not understood."""
        ...

    def callers(self, policy: PolicyDocument) -> Iterable[Caller]:
        """Return the classes of callers, other than those whom the identity is for, that ``policy`` may tell apart."""
        ...


def _nothing_known(identity: Identity) -> KnownContext:
    del identity
    return {}


@dataclass(frozen=True, slots=True)
class IamCatalog:
    """All that is known of a cloud's permissions, for one cluster."""

    catalog: ActionCatalog
    writer: PolicyWriter
    needs: tuple[PermissionNeed, ...] = ()
    escalation_paths: tuple[EscalationPath, ...] = ()
    known_context: Callable[[Identity], KnownContext] = _nothing_known
    """What is known of the context of an identity's requests."""
    ordinary_context: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Values that ordinary requests have, by lower-case key; () for a key whose value the caller chooses.

    "tag/*" stands for every key "tag/…".
    """
    boundary_actions: tuple[str, ...] = ()
    """Actions on an identity, or on the policy that bounds it, after which it is not bounded as before."""
    harmless: tuple[Statement, ...] = ()
    """They match requests that give nobody anything: on what only the provider changes, and what all may read."""
    telemetry: tuple[Statement, ...] = ()
    """They match requests that pull images and write metrics and logs: what any host may hand to pods."""
    cluster_resources: tuple[Statement, ...] = ()
    """They match requests that can only concern the cluster's own resources, by tags or names."""
    grants_are_conditional: bool = False
    """Whoever grants a policy that the provider writes can put a condition on it."""
    provider_mandated: tuple[tuple[str, str, str], ...] = ()
    """(holder, policy id, need id) of the policies that the provider writes and requires; holder "": any.

    One with a need id is required of the identities that have that need.
    """
    tag_keys: tuple[str, ...] = ()
    """Lower-case prefixes of condition keys about the tags of a resource."""
    tag_actions: tuple[str, ...] = ()
    """Actions that set such tags."""
    principals: Principals | None = None
    home: tuple[str, ...] = ()
    """Name segments that the cluster's own resources have in common; "" for a segment that varies."""
