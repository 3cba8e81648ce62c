"""From a provider's name to a report: collect, then evaluate. Prints nothing, holds no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from cloudguard.adapter import Progress, Request, installed, load, silent
from cloudguard.checks import judge
from cloudguard.checks.base import Report
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.policy import Policy

DISTRIBUTION = "cloudguard-k8s"


def tool() -> str:
    """Return "cloudguard" and its version."""
    try:
        return f"cloudguard {version(DISTRIBUTION)}"
    except PackageNotFoundError:
        return "cloudguard unknown"


def collect(provider: str, request: Request, progress: Progress = silent) -> Snapshot:
    """Read one cluster through the installed ``provider``.

    Raises UsageError (no such provider, no such cluster) and AccessError; a refused call is a Gap in the snapshot.
    """
    return load(provider).collect(request, progress)


def evaluate(snapshot: Snapshot, policy: Policy) -> Report:
    """Judge ``snapshot`` by what ``policy`` declares; times are the snapshot's: the same facts give the same report."""
    provider = snapshot.cluster.provider
    known = load(provider).entitlements(snapshot) if provider in installed() else None
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


def check(  # noqa: PLR0913 - one keyword per thing a caller may declare
    provider: str,
    *,
    cluster: str = "",
    policy: Policy | None = None,
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
    request = Request(
        cluster=cluster,
        options=given,
        role_tags=role_tags or {},
        extra_hosts=extra_hosts or {},
        client=session,
    )
    return evaluate(collect(provider, request, progress), policy or Policy())
