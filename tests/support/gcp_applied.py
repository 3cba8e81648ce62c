"""Carry out the plan of a made-up cluster on Google Cloud: check, make the plan's calls, check again."""

from __future__ import annotations

from applied import Applied, Cloud, apply
from cloudguard import collection
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall
from gcp_clusters import OFFICE
from gcp_plan import run
from gcp_probe import Reading
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google
from marked_scenes import Scene
from probes import Pair


def applied(cloud: Proxy, scene: Scene[Project]) -> Applied:
    """Check a scene, make the calls of its plan, and check it again; the administrators are declared."""
    cloud.google = Google(scene.build(), beside=scene.beside(), writable=True)

    def make(call: ApiCall) -> None:
        run(cloud.google, call)

    def open_pairs() -> set[Pair]:
        return Reading((cloud.google.project, *cloud.google.beside)).open_pairs()

    return apply(Cloud(collected, make, OFFICE, open_pairs), scene)


def collected() -> Snapshot:
    """Read the cluster "prod"."""
    return collection.collect("gcp", cluster="prod")
