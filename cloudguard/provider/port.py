"""The port: what a provider must do. Installed adapters are found by entry point."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

from cloudguard.errors import AccessError, UsageError
from cloudguard.model.cluster import Role
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.ways_in import WayIn

if TYPE_CHECKING:
    from cloudguard.provider.sharing.shared_answers import SharedAnswers

ENTRY_POINTS = "cloudguard.providers"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option:
    """A flag that only this provider has: ``--profile``. ``many``: it may be repeated.

    ``target_key``: the key of a targets' file that stands for it: "account", "role" or "regions".
    ``implicit``: a ``cloudguard.toml`` that is not named may hold it, because it sends nothing elsewhere.
    ``variables``: the cloud's own environment variables that hold its default, the first that is set.
    """

    name: str
    help: str
    metavar: str = "TEXT"
    many: bool = False
    implicit: bool = True
    variables: tuple[str, ...] = ()
    target_key: str = ""


class StoppedError(ValueError):
    """The reading was ended before an answer came."""


class Stop:
    """Ends a reading: once it is set, no call is made and no answer is waited for. Safe to use from threads."""

    def __init__(self) -> None:
        self._why: Future[str] = Future()

    def set(self, why: str) -> None:
        """End the reading; ``why`` is what gaps say of each call without an answer. Only the first call counts."""
        with suppress(InvalidStateError):
            self._why.set_result(why)

    def check(self) -> None:
        """Raise StoppedError if the reading is ended."""
        if self._why.done():
            raise StoppedError(self._why.result())

    def result(self, answer: Future[T]) -> T:
        """Return the answer, or raise what it raises; raises StoppedError if the reading is ended before it comes."""
        wait(cast("tuple[Future[Any], ...]", (answer, self._why)), return_when=FIRST_COMPLETED)
        if not answer.done():
            self.check()
        return answer.result()


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """What to collect.

    ``options`` holds the provider's own flags by name without dashes ("role-arn"), repeated ones in order.
    ``role_tags`` are ``KEY=VALUE`` tags that show a host's role where no installer's tag does; see ``tag_patterns``.
    ``client`` is the provider SDK's session to use instead of the ambient one (for library users and tests).
    ``stop`` ends the reading early: what was not read by then is a Gap.
    ``assume_empty`` names calls that are not made and taken as answered with nothing, for tests against a cloud's
    imitation that lacks them; the adapter raises UsageError for a name that is no call of its own.
    ``shared`` holds the answers that other readings of the same run got: an adapter asks none of those again.
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
    """Return a flag's last value, "" without one."""
    values = request.options.get(name, ())
    return values[-1] if values else ""


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """A cluster that ``discover`` found; ``hosts`` are (role, number of hosts), the role "unknown" among them.

    ``options`` are the provider's flags, by name, that choose it among clusters of its name.
    """

    name: str
    installer: str
    region: str
    hosts: tuple[tuple[str, int], ...]
    options: tuple[tuple[str, str], ...] = ()


class NotAllSeenError(AccessError):
    """Some part of the account could not be asked for clusters; ``seen`` are those of the others."""

    def __init__(self, message: str, seen: Sequence[ClusterSummary], *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seen = tuple(seen)


class Progress(Protocol):
    """Called with each step of reading, from any thread."""

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
        """Its name on the command line."""
        ...

    @property
    def options(self) -> tuple[Option, ...]:
        """Its own flags. Reading them must import no SDK."""
        ...

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters that the account shows.

        Raises AccessError when nothing can be asked, NotAllSeenError where a part can't.
        """
        ...

    def collect(self, request: CollectRequest, progress: Progress = silent) -> Snapshot:
        """Read one cluster. A refused call is a Gap. Raises ClusterNotFoundError, AccessError or UsageError."""
        ...

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return what is known of this cloud's permissions, for the cluster of ``snapshot``. Makes no call."""
        ...

    def ways_in(self) -> tuple[WayIn, ...]:
        """Return the table of all ways in that this cloud offers, asked for or not. Makes no call."""
        ...

    def permissions(self) -> str:
        """Return the read-only policy that ``collect`` needs, in the cloud's own form."""
        ...


def installed() -> tuple[str, ...]:
    """Return the names of the installed providers, sorted."""
    return tuple(sorted(_points(tuple(sys.path))))


def load(name: str) -> Adapter:
    """Return the installed adapter called ``name``; raises UsageError when there is none."""
    point = _points(tuple(sys.path)).get(name)
    if point is None:
        near = get_close_matches(name, installed(), n=1)
        message = f"no provider is called {name!r} (installed: {', '.join(installed()) or 'none'})"
        raise UsageError(message, hint=f"Did you mean {near[0]!r}?" if near else "Install the package that adds it")
    adapter = point.load()
    if not isinstance(adapter, Adapter):
        message = f"the provider {name!r} ({point.value}) is not a cloudguard adapter"
        raise UsageError(message, hint="Update or remove the package that registers it")
    return adapter


@cache
def _points(path: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """Return the providers on the import ``path``, by name; each path is searched once."""
    del path
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}
