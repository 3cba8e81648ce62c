"""From a provider's name to a report: collect, then evaluate. Prints nothing, holds no state."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from cloudguard.errors import UsageError
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest, Progress, installed, load, silent
from cloudguard.results.report import Report

DISTRIBUTION = "cloudguard-k8s"


def tool() -> str:
    """Return "cloudguard" and its version."""
    try:
        return f"cloudguard {version(DISTRIBUTION)}"
    except PackageNotFoundError:
        return "cloudguard unknown"


def collect(provider: str, request: CollectRequest, progress: Progress = silent) -> Snapshot:
    """Read one cluster through the installed ``provider``.

    Raises UsageError (no such provider, no such cluster) and AccessError; a refused call is a Gap in the snapshot.
    """
    return load(provider).collect(request, Preparing(progress))


class Preparing:
    """Hands steps on; at the first, it begins to load what judging takes: the cloud leaves time for it."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._started = threading.Event()

    def __call__(self, step: str) -> None:
        """Report that ``step`` has begun."""
        if not self._started.is_set():
            self._started.set()
            threading.Thread(target=import_module, args=("cloudguard.rows.judge",), daemon=True).start()
        self._progress(step)


def evaluate(snapshot: Snapshot, policy: Declarations) -> Report:
    """Judge ``snapshot`` by what ``policy`` declares; times are the snapshot's: the same facts give the same report.

    Raises UsageError where an add-on is declared that nothing is known of.
    """
    provider = snapshot.cluster.provider
    known = load(provider).iam_catalog(snapshot) if provider in installed() else None
    if known:
        _refuse_unknown(policy.addons, {component.addon for component in known.needs} - {""})
    from cloudguard.rows.judge import judge  # noqa: PLC0415 - loaded while the cloud is asked, or now

    rows, plan = judge(snapshot, policy, known)
    return Report(
        tool=tool(),
        started=snapshot.started,
        finished=snapshot.finished,
        cluster=snapshot.cluster,
        rows=rows,
        plan=plan,
        gaps=snapshot.gaps,
    )


def _refuse_unknown(addons: Sequence[str], known: AbstractSet[str]) -> None:
    wrong = [name for name in addons if name not in known]
    if wrong:
        message = f"nothing is known of what the add-on {wrong[0]!r} needs"
        near = "".join(f"Did you mean {one!r}? " for one in get_close_matches(wrong[0], known, n=1))
        listed = f"Known are {', '.join(sorted(known))}; for others declare a [[need]]"
        hint = near + (listed if known else "Declare what it needs as a [[need]]")
        raise UsageError(message, hint=hint)


def check(  # noqa: PLR0913 - one keyword per thing a caller may declare
    provider: str,
    *,
    cluster: str = "",
    policy: Declarations | None = None,
    options: Mapping[str, str | Sequence[str]] | None = None,
    role_tags: Mapping[Role, Sequence[str]] | None = None,
    extra_hosts: Mapping[str, Sequence[Role]] | None = None,
    session: object | None = None,
    progress: Progress = silent,
) -> Report:
    """Read one cluster and judge it.

    ``options`` are the provider's own flags without dashes; ``session`` is the provider SDK's session to use
    instead of the ambient one. Raises as ``collect``; safe to call from several threads.
    """
    given = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in (options or {}).items()}
    request = CollectRequest(
        cluster=cluster,
        options=given,
        role_tags=role_tags or {},
        extra_hosts=extra_hosts or {},
        client=session,
    )
    return evaluate(collect(provider, request, progress), policy or Declarations())
