"""The IAM catalog: a provider's knowledge about its cloud's permissions, without calls to an account.

It contains the cloud's actions, the permissions that Kubernetes needs and the escalation paths, each with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Protocol

from cloudguard.model.identity import Condition, Identity, PolicyDocument, Statement
from cloudguard.permission_sets.condition_operators import KnownContext
from cloudguard.values import dataclass


class ActionCatalog(Protocol):
    """A cloud's list of actions. Service names, action names and condition keys are compared in lower case."""

    @property
    def version(self) -> str:
        """The version of the list. The report shows it."""
        ...

    @property
    def services(self) -> Collection[str]:
        """The listed services in lower case, such as "storage"."""
        ...

    def actions(self, service: str) -> Iterable[str]:
        """Return the names of a listed service's actions, such as "GetObject"."""
        ...

    def resource_formats(self, action: str) -> Iterable[str] | None:
        """Return the resource formats of "service:Action": six segments, with ``*`` for the parts that vary.

        In the last segment ``*`` matches no colon, and ``**`` (an object's key) matches any character. Empty: the
        action takes no resource and is requested on "*". None: the formats are unknown, so that it may take any
        resource.
        """
        ...

    def multivalued(self, key: str) -> bool:
        """Whether condition ``key`` (lower case) can have several values in one request."""
        ...

    def service_context(self, service: str) -> Mapping[str, str]:
        """Return the context values that all requests to a service (lower case) have, by lower-case key."""
        ...

    def access(self, action: str) -> Access:
        """Return the kind of access of "service:Action". It is ``WRITE``, the worst, for an unlisted action."""
        ...


class Access(StrEnum):
    """The kind of access that an action gives."""

    LIST = "list"
    """It lists or describes resources and their settings."""
    DATA = "data"
    """It reads secrets, credentials or users' data."""
    WRITE = "write"
    """It creates, changes or deletes something; also tags and permissions."""


class Confidence(StrEnum):
    """The kind of source of a need."""

    DOCUMENTED = "documented"
    """The upstream project documents or grants it."""
    CODE = "code"
    """Derived from the calls in the source code."""
    IMPLICIT = "implicit"
    """Follows from how the cloud works, and is documented nowhere."""
    DECLARED = "declared"
    """Declared by the user."""


@dataclass(frozen=True, slots=True)
class UnplacedStatement:
    """A statement of a need on a resource that no fact shows. It names every resource that it may be.

    ``place`` is the text for the unknown resource, such as "the state store". ``own_policy``: a policy of that
    resource may grant the need, and is not read.
    """

    place: str
    statement: Statement
    own_policy: bool = False


@dataclass(frozen=True, slots=True)
class PermissionNeed:
    """Permissions that one part of a cluster needs, with all placeholders filled for this cluster.

    ``statements`` name the cluster's own resources, if a statement can distinguish these from others.
    """

    id: str
    holders: tuple[str, ...]
    """The holders of identities that need it: "control-plane", "node", "etcd", "cluster", "pods"."""
    statements: tuple[Statement, ...]
    source: str
    confidence: Confidence
    release: str = ""
    """The release or date of ``source``; "" for a declared need."""
    installers: tuple[str, ...] = ()
    """The installers whose clusters have the need; empty: all."""
    except_installers: tuple[str, ...] = ()
    """The installers whose clusters do not have the need."""
    addon: str = ""
    """The add-on that needs it; "" if every cluster with these installers and traits needs it."""
    service_accounts: tuple[str, ...] = ()
    """The Kubernetes service accounts ("namespace:name", with wildcards) that the part runs as.

    If one of them has an identity of its own, the hosts do not need the permissions.
    """
    traits: tuple[tuple[str, str], ...] = ()
    """Traits that the cluster must have (``Cluster.traits``)."""
    implied_by_grant: bool = False
    """The installer grants it only if the add-on runs. An identity with all of these permissions shows that it runs."""
    note: str = ""
    documented: tuple[Statement, ...] = ()
    """What ``source`` grants beyond ``statements``: the same actions, also on resources outside the cluster."""
    unplaced: tuple[UnplacedStatement, ...] = ()

    @property
    def source_and_release(self) -> str:
        """The source, with its release if it has one."""
        return f"{self.source} ({self.release})" if self.release else self.source


class Impact(StrEnum):
    """The impact of an escalation path."""

    ADMINISTRATOR = "administrator"
    """All permissions in the account."""
    ROLE = "role"
    """The permissions of another identity that can be passed or assumed."""
    CLUSTER = "cluster"
    """All permissions in the Kubernetes cluster, and with them the identities of its hosts and pods."""
    HOSTS = "hosts"
    """The hosts, and everything that runs on them."""
    DATA = "data"
    """Secrets, or other owners' data."""


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """Actions that together lead to ``impact``. ``why`` completes the sentence "an identity with all of them …"."""

    id: str
    actions: tuple[str, ...]
    impact: Impact
    why: str
    source: str
    on_own_identity: bool = False
    """The first action must be allowed on the holder's own identity."""
    account_wide: bool = False
    """The actions must be allowed on resources of any name in the account."""
    by_trust: bool = False
    """The identities that it leads to are those whose trust policies admit the holder."""
    passrole_action: str = ""
    """The action that passes another identity to a service. Its resources are identities. "" if there is none."""
    passrole_conditions: tuple[Condition, ...] = ()
    """The conditions of every request of ``passrole_action`` on this path. They name the service that gets it."""


class PolicyWriter(Protocol):
    """Writes and reads policy documents in the cloud's own format."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as documents within the cloud's size limit. Raises ValueError if it is impossible."""
        ...

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements. Raises ValueError if any part of it is not understood."""
        ...


class CallerKind(StrEnum):
    """The kind of a caller, seen from the account of the identity that it asks for."""

    ANYONE = "anyone"
    OUTSIDER = "outsider"
    """One named owner other than the account: another account, another organization, an identity provider's tenant."""
    ORGANIZATION = "organization"
    """The other accounts of the account's own organization."""
    PODS = "pods"
    """Pods of the cluster with service accounts that the policy does not name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A class of callers that may ask for an identity, defined by the context of their requests. ``who`` names them.

    ``actions``: the actions that give them the identity. ``context``: the conditions that hold for all their requests.
    ``certain``: the conditions of some requests that they can certainly make. ``ordinary``: the conditions of some
    requests of a member that the policy does not name and that was given nothing (a secret, an address). None: the
    policy names every member.
    """

    kind: CallerKind
    who: str
    actions: tuple[str, ...]
    context: tuple[Condition, ...]
    certain: tuple[Condition, ...] = ()
    ordinary: tuple[Condition, ...] | None = ()
    declared_as: str = ""
    """The principal by which a declaration names all of the callers; "" if there is none."""


class Principals(Protocol):
    """Reads the principals of trust policies, for one cluster."""

    @property
    def known_context(self) -> Mapping[str, str]:
        """The context that is the same for all callers that ask for an identity of the cluster, by lower-case key."""
        ...

    def context_of(self, principal: str) -> KnownContext:
        """Return the context by which trust policies know a principal, in addition to the context of its requests.

        ``principal``: an identity's id, or a service as conditions of pass-role requests name it.
        """
        ...

    def requests_of(self, principal: str, *, excepted: bool) -> Iterable[tuple[Condition, ...]]:
        """Return the conditions of requests of ``principal``, as alternatives. Empty: nobody has that name.

        ``excepted``: the statement applies to everyone except this principal.
        """
        ...

    def conditions_of(self, statement: Statement) -> tuple[Condition, ...]:
        """Return the conditions of a trust policy's statement, as far as callers can't meet them as they choose."""
        ...

    def declared(self, outsider: str) -> Iterable[tuple[Condition, ...]]:
        """Return the conditions of requests of a declared outsider. Empty: the text ``outsider`` is not understood."""
        ...

    def callers(self, policy: PolicyDocument) -> Iterable[Caller]:
        """Return the classes of callers that ``policy`` may distinguish, without the identity's intended callers."""
        ...


@dataclass(frozen=True, slots=True)
class IamCatalog:
    """The knowledge about a cloud's permissions, for one cluster."""

    catalog: ActionCatalog
    writer: PolicyWriter
    needs: tuple[PermissionNeed, ...] = ()
    escalation_paths: tuple[EscalationPath, ...] = ()
    known_context: Callable[[Identity], KnownContext] = lambda _: {}
    """Returns the known context of an identity's requests."""
    ordinary_context: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The values of ordinary requests, by lower-case key. () for a key whose value the caller chooses.

    "tag/*" stands for every key "tag/…".
    """
    boundary_actions: tuple[str, ...] = ()
    """Actions on an identity, or on its boundary policy, that change or remove its boundary."""
    harmless: tuple[Statement, ...] = ()
    """Statements that match harmless requests: on resources that only the provider changes or that all may read."""
    telemetry: tuple[Statement, ...] = ()
    """Statements that match requests that pull images and write metrics and logs. Any host may give these to pods."""
    cluster_resources: tuple[Statement, ...] = ()
    """Statements that match requests that can only concern the cluster's own resources, by tags or names."""
    grants_are_conditional: bool = False
    """The grant of a provider-written policy can have a condition in this cloud."""
    provider_mandated: tuple[tuple[str, str, str], ...] = ()
    """The provider-mandated policies as (holder, policy id, need id). Holder "" means any holder.

    A policy with a need id is required for the identities that have that need.
    """
    tag_keys: tuple[str, ...] = ()
    """Lower-case prefixes of condition keys about the tags of a resource."""
    tag_actions: tuple[str, ...] = ()
    """Actions that set tags of a resource."""
    principals: Principals | None = None
    preferred_segments: tuple[str, ...] = ()
    """The name segments that the cluster's own resources have in common. "" for a segment that varies."""
