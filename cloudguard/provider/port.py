"""The port: the interface of a provider. Installed adapters are found by their entry points."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from contextlib import contextmanager, suppress
from dataclasses import field
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

from cloudguard.errors import AccessError, UsageError
from cloudguard.model.cluster import Role
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.ways_in import WayIn
from cloudguard.values import dataclass

if TYPE_CHECKING:
    from cloudguard.provider.sharing.shared_answers import SharedAnswers

ENTRY_POINTS = "cloudguard.providers"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option:
    """A flag that only this provider has, for example ``--profile``. ``many``: the flag may be repeated.

    ``target_key``: the equivalent key in a targets file: "account", "role" or "regions".
    ``implicit``: the flag may come from a ``cloudguard.toml`` that the user did not name, because it cannot send data
    to another place. ``variables``: environment variables of the cloud's own tools; the first that is set is the
    default.
    """

    name: str
    help: str
    metavar: str = "TEXT"
    many: bool = False
    implicit: bool = True
    variables: tuple[str, ...] = ()
    target_key: str = ""


class StoppedError(ValueError):
    """The reading was stopped before the answer arrived."""


class Stop:
    """A signal that stops a reading. After it is set, no call starts and no thread waits for an answer. Thread-safe."""

    def __init__(self) -> None:
        self._why: Future[str] = Future()

    def set(self, why: str) -> None:
        """Stop the reading. ``why``: the text of the gaps of calls without an answer. Only the first call counts."""
        with suppress(InvalidStateError):
            self._why.set_result(why)

    def check(self) -> None:
        """Raise StoppedError if the reading is stopped."""
        if self._why.done():
            raise StoppedError(self._why.result())

    def result(self, answer: Future[T]) -> T:
        """Wait for ``answer`` and return it, or raise its error. Raises StoppedError if the reading stops first."""
        wait(cast("tuple[Future[Any], ...]", (answer, self._why)), return_when=FIRST_COMPLETED)
        if not answer.done():
            self.check()
        return answer.result()


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """A request to read one cluster, or to discover clusters.

    ``options``: name of a provider's flag without leading dashes ("role-arn") → its values, in order.
    ``role_tags``: role → ``KEY=VALUE`` tags that show the role if no installer's tag does; see ``tag_patterns``.
    ``extra_hosts``: host id → roles that the user declares.
    ``client``: a session of the provider's SDK, used in place of the session from the environment (for library users
    and tests). ``stop`` stops the reading early: each call without an answer becomes a Gap.
    ``assume_empty``: names of calls that are not made; their answer is taken as empty. This is for tests against an
    imitation of a cloud that lacks these calls. The adapter raises UsageError if it makes no call of that name.
    ``shared``: the answers that other readings of the same run received. An adapter does not repeat these calls.
    """

    cluster: str = ""
    options: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])
    extra_hosts: Mapping[str, Sequence[Role]] = field(default_factory=dict[str, Sequence[Role]])
    client: object | None = None
    stop: Stop = field(default_factory=Stop)
    assume_empty: tuple[str, ...] = ()
    shared: SharedAnswers | None = None


def option(request: CollectRequest, name: str) -> str:
    """Return the last value of the flag ``name``; "" if it has no value."""
    values = request.options.get(name, ())
    return values[-1] if values else ""


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """A cluster that ``discover`` found. ``hosts``: pairs of a role, or "unknown", and its number of hosts.

    ``options``: names and values of the provider's flags that select this cluster among clusters with the same name.
    """

    name: str
    installer: str
    region: str
    hosts: tuple[tuple[str, int], ...]
    options: tuple[tuple[str, str], ...] = ()


class NotAllSeenError(AccessError):
    """Clusters could not be listed in a part of the account. ``seen``: the clusters in the other parts."""

    def __init__(self, message: str, seen: Sequence[ClusterSummary], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seen = tuple(seen)


class Progress(Protocol):
    """A function that is called at each step of a reading, from any thread."""

    def __call__(self, step: str) -> None:
        """Show that ``step`` ("ec2:DescribeInstances") has begun."""
        ...


def silent(step: str) -> None:
    """Show nothing."""
    del step


@runtime_checkable
class Adapter(Protocol):
    """A provider."""

    @property
    def name(self) -> str:
        """The provider's name on the command line."""
        ...

    @property
    def options(self) -> tuple[Option, ...]:
        """The provider's own flags. Reading this property must not import an SDK."""
        ...

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters that the caller can see in the account.

        Raises AccessError if no call is possible, and NotAllSeenError if a part of the account cannot be read.
        """
        ...

    def collect(self, request: CollectRequest, progress: Progress = silent) -> Snapshot:
        """Read one cluster. A refused call is a Gap. Raises ClusterNotFoundError, AccessError or UsageError."""
        ...

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return the catalog of this cloud's permissions for the cluster of ``snapshot``. Makes no call."""
        ...

    def ways_in(self) -> tuple[WayIn, ...]:
        """Return the table of all ways in that this cloud offers, also of those not asked for. Makes no call."""
        ...

    def permissions(self) -> str:
        """Return the read-only policy that ``collect`` needs, in the cloud's own form."""
        ...


def installed() -> tuple[str, ...]:
    """Return the names of the installed providers, sorted."""
    return tuple(sorted(_points(tuple(sys.path))))


def load(name: str) -> Adapter:
    """Return the installed adapter ``name``. Raises UsageError if it is not installed or is not an adapter."""
    point = _points(tuple(sys.path)).get(name)
    if point is None:
        near = get_close_matches(name, installed(), n=1)
        message = f"there is no provider {name!r} (installed: {', '.join(installed()) or 'none'})"
        raise UsageError(message, hint=f"Did you mean {near[0]!r}?" if near else "Install the package that adds it")
    adapter = point.load()
    if not isinstance(adapter, Adapter):
        message = f"the provider {name!r} ({point.value}) is not a cloudguard adapter"
        raise UsageError(message, hint="Update or remove the package that registers it")
    return adapter


@contextmanager
def sdk_of(provider: str) -> Generator[None]:
    """Raise UsageError, with the command to install it, if a package of the provider's SDK is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"the provider {provider!r} needs the package {error.name!r}, which is not installed"
        raise UsageError(message, hint=f"In a clone of cloudguard, run: pip install '.[{provider}]'") from error


@cache
def _points(path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """Return provider name → entry point, for the import ``path``. Each path is searched once."""
    del path
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}
