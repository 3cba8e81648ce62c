"""What a provider knows of its cloud's permissions: the catalog of actions, what Kubernetes needs, what gives power.

Facts that no account is asked for; each need and escalation names its source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cloudguard.model.identity import Condition, Statement


class ActionCatalog(Protocol):
    """A cloud's list of actions. Names and keys are compared in lower case."""

    @property
    def version(self) -> str:
        """Its version, for the report."""
        ...

    @property
    def services(self) -> Collection[str]:
        """The services that are listed, in lower case: "storage"."""
        ...

    def actions(self, service: str) -> Iterable[str]:
        """Names of the actions of a listed service: "GetObject"."""
        ...

    def resource_formats(self, action: str) -> Iterable[str] | None:
        """Return the forms of resource names that "service:Action" takes: six segments, with ``*`` for what varies.

        In the last segment ``*`` holds no colon; ``**`` is for what may (an object's key).

        None of them: it takes no resource and is asked for on "*". None: not known, any resource.
        """
        ...

    def multivalued(self, key: str) -> bool:
        """Whether condition ``key`` (lower case) can have several values in one request."""
        ...

    def access(self, action: str) -> Access:
        """Return what a listed "service:Action" does; of one that is not listed, ``WRITE``: the worst is assumed."""
        ...


class Access(StrEnum):
    """What an action does, as far as harm goes."""

    LIST = "list"
    """It tells what there is and how it is set up."""
    DATA = "data"
    """It reads secrets, credentials or what users stored."""
    WRITE = "write"
    """It changes, makes or removes something, tags and permissions among them."""


class Confidence(StrEnum):
    """How a need is known."""

    DOCUMENTED = "documented"
    CODE = "code"
    """Derived from the calls that the component's code makes."""
    IMPLICIT = "implicit"
    """Follows from how the cloud works; nobody writes it down."""
    DECLARED = "declared"
    """The user says so."""


@dataclass(frozen=True, slots=True)
class PermissionNeed:
    """Permissions that one part of a cluster needs, for this cluster: no placeholder is left in the statements.

    ``holders``: which identities' need it is ("control-plane", "node", "etcd", "cluster", "pods").
    ``installers``: of which it is one (empty: of any), ``but_for``: of which it is none. ``addon``: "" for what every
    such cluster runs; else it is a need only where the add-on is run. ``accounts`` are the Kubernetes service accounts
    ("namespace:name", with wildcards) that it runs as: where one has an identity of its own, it is no need of a host's.
    ``labels``: facts of the cluster that must all hold (``Cluster.labels``), any value of one name being enough.
    ``telling``: the installer grants it only where it is run, so that an identity that holds all of it shows it.
    ``release``: the release or date of ``source`` ("" if declared).
    """

    id: str
    holders: tuple[str, ...]
    statements: tuple[Statement, ...]
    source: str
    confidence: Confidence
    installers: tuple[str, ...] = ()
    except_installers: tuple[str, ...] = ()
    addon: str = ""
    service_accounts: tuple[str, ...] = ()
    traits: tuple[tuple[str, str], ...] = ()
    implied_by_grant: bool = False
    note: str = ""
    release: str = ""

    @property
    def source_and_release(self) -> str:
        """The source, with its release where it has one."""
        return f"{self.source} ({self.release})" if self.release else self.source


class Impact(StrEnum):
    """What an escalation leads to."""

    ADMINISTRATOR = "administrator"
    """Everything that the account may."""
    ROLE = "role"
    """Whatever another identity may that can be passed or become."""
    HOSTS = "hosts"
    """The hosts, and what runs on them."""
    DATA = "data"
    """Secrets or data of others."""


@dataclass(frozen=True, slots=True)
class EscalationPath:
    """A way up: who may do all of ``actions`` on compatible resources gets ``power``.

    ``on_self``: it is one only where the first action may be done on the holder's own identity or on "*".
    ``source``: where it is described; ``why`` in words.
    """

    id: str
    actions: tuple[str, ...]
    impact: Impact
    why: str
    source: str
    on_own_identity: bool = False
    passrole_action: str = ""
    """The action among them that hands over another identity, whose resources are identities ("" if none)."""
    passrole_conditions: tuple[Condition, ...] = ()
    """What is so of every request of ``passes`` on this way: who gets the identity."""


class PolicyWriter(Protocol):
    """How a cloud writes policies."""

    def write(self, statements: Iterable[Statement]) -> tuple[str, ...]:
        """Return the statements as documents, each within the cloud's limit of size."""
        ...

    def read(self, text: str) -> tuple[Statement, ...]:
        """Return a document's statements; raises ValueError when any of it can't be made out."""
        ...


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whom a statement of a trust policy lets become the identity.

    ``kind``: "anyone", "account" (another one), "federated" (an identity provider's subjects), or "own" (the account's
    own identities, or a service of the cloud). ``narrowed``: a condition names who it is. ``subjects`` of an identity
    provider, with wildcards; None: any.
    """

    kind: str
    who: str
    narrowed: bool = False
    subjects: tuple[str, ...] | None = None


class Principals(Protocol):
    """How a cloud writes whom a policy trusts."""

    def trusted(self, principal: str, statement: Statement, account: str) -> Trusted:
        """Return whom one ``principal`` of an allowing ``statement`` is; ``account`` is the cluster's."""
        ...


@dataclass(frozen=True, slots=True)
class IamCatalog:
    """All of it, for one cluster.

    ``variables``: known values of policy variables and context keys by lower-case name.
    ``own`` matches requests that can only concern what is the cluster's (its tags, its names).
    ``imposed`` are ids of policies that the provider writes and insists on, by holder; "" for any holder. ``tag_keys``
    are prefixes, in lower case, of condition keys that a resource's own tags decide; ``tag_actions`` set such tags.
    ``home``: the segments of the names of the cluster's own things, as far as they are the same ("" where not).
    """

    catalog: ActionCatalog
    writer: PolicyWriter
    needs: tuple[PermissionNeed, ...] = ()
    escalation_paths: tuple[EscalationPath, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    cluster_resources: tuple[Statement, ...] = ()
    provider_mandated: tuple[tuple[str, str], ...] = ()
    tag_keys: tuple[str, ...] = ()
    tag_actions: tuple[str, ...] = ()
    principals: Principals | None = None
    home: tuple[str, ...] = ()
