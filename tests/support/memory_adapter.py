"""A provider in memory, installed by entry point like any other provider, for tests of the command line."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from time import sleep

import sample
from cloudguard.errors import AccessError, ClusterNotFoundError, SeveralClustersError
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Gap, Reason
from cloudguard.model.ways_in import WayIn, WayInTarget
from cloudguard.provider.port import (
    ClusterSummary,
    CollectRequest,
    NotAllSeenError,
    Option,
    Progress,
    Stop,
    StoppedError,
    silent,
)
from drawn_policies import PlainDocuments, SmallCatalog

NAME = "memory"


class Memory:
    """The adapter. The cluster's name selects its behaviour: "prod" is complete, "gappy" has a gap, others fail."""

    def __init__(self) -> None:
        self.name = NAME
        self.options = (
            Option("profile", "Whose eyes to look with.", variables=("MEMORY_PROFILE", "MEMORY_USER")),
            Option("region", "The region to search.", "REGION", many=True, target_key="regions"),
        )
        self.requests: list[CollectRequest] = []

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return two clusters: one in the region "here", none in "nowhere". "half" raises NotAllSeenError."""
        self.requests.append(request)
        progress("memory:List")
        if "nowhere" in request.options.get("region", ()):
            return ()
        hosts = (("control-plane", 1), ("node", 2))
        clusters = (ClusterSummary("prod", "kubeadm", "here", hosts), ClusterSummary(sample.HOSTILE, "kops", "1e5", ()))
        if "half" in request.options.get("region", ()):
            message = "half of it does not answer"
            raise NotAllSeenError(message, clusters[:1], hint="Ask later")
        return clusters[:1] if "here" in request.options.get("region", ()) else clusters

    def collect(self, request: CollectRequest, progress: Progress = silent) -> Snapshot:
        """Return the sample's snapshot, or fail in the way that the cluster's name selects."""
        self.requests.append(request)
        progress("memory:Read")
        match request.cluster:
            case "prod" | "hostile":
                return sample.snapshot(name=sample.HOSTILE if request.cluster == "hostile" else "prod")
            case "gappy":
                return sample.snapshot(gaps=(sample.GAP,), name="gappy")
            case "twins":
                return _one_of_twins(request.options.get("region", ()))
            case "slow":
                return sample.snapshot(gaps=(_never_answered(request.stop),), name="slow")
            case "deaf":
                Path("asked").touch()
                sleep(60)
                return sample.snapshot()
            case "locked":
                message = "no credentials"
                raise AccessError(message, hint="Log in")
            case "broken":
                message = "bad\x1b[31m wire"
                raise RuntimeError(message)
            case "interrupted":
                raise KeyboardInterrupt
            case "terminated":
                os.kill(os.getpid(), signal.SIGTERM)
                return sample.snapshot()
            case _:
                message = f"no cluster is called {request.cluster!r}"
                raise ClusterNotFoundError(message, hint="List them: cloudguard discover memory")

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return a catalog with the small cloud's actions and no needs."""
        del snapshot
        return IamCatalog(SmallCatalog(), PlainDocuments())

    def ways_in(self) -> tuple[WayIn, ...]:
        """Return one way in that is asked for, and one that is not asked for."""
        return (
            WayIn("route", "Route to the internet", (WayInTarget.HOST,), "https://memory.test", calls=("memory:Read",)),
            WayIn("tunnel", "Tunnel", (WayInTarget.HOST,), "https://memory.test", would_help="memory:ReadTunnels"),
        )

    def permissions(self) -> str:
        """Return a policy."""
        return '{"allow": ["memory:Read"]}'


def _one_of_twins(regions: Sequence[str]) -> Snapshot:
    """Return the cluster "twins" of the only region given; raises SeveralClustersError for more, as there are two."""
    if len(regions) != 1:
        message = "clusters called 'twins' are in here and there"
        raise SeveralClustersError(message, [{"region": "here"}, {"region": "there"}], hint="Choose one with --region")
    snapshot = sample.snapshot(name="twins")
    return replace(snapshot, cluster=replace(snapshot.cluster, regions=tuple(regions)))


def _never_answered(stop: Stop) -> Gap:
    """Wait for an answer that never arrives. The file "asked" shows the test that the wait has started."""
    Path("asked").touch()
    try:
        return stop.result(Future[Gap]())
    except StoppedError as error:
        return replace(sample.GAP, reason=Reason.STOPPED, message=str(error), permission="")


ADAPTER = Memory()


def register(folder: Path) -> None:
    """Write the package metadata that registers this provider into ``folder``, which must be on Python's path."""
    about = folder / "memory_adapter-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: memory-adapter\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[cloudguard.providers]\n{NAME} = memory_adapter:ADAPTER\n")
