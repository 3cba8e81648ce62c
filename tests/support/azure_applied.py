"""Carry out the plan of a made-up cluster on Azure: check, make the plan's calls, check again."""

from __future__ import annotations

from applied import Applied, Cloud, apply
from azure_clusters import OFFICE
from azure_fixtures import Subscription
from azure_plan import run
from azure_probe import Reading
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard import collection
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall
from marked_scenes import Scene
from probes import Pair
from spoilt import Json


def applied(cloud: AzureProxy, scene: Scene[Subscription]) -> Applied:
    """Check a scene, make the calls of its plan, and check it again; the administrators are declared."""
    cloud.azure = Azure(scene.build(), writable=True)
    answers: dict[str, Json] = {}

    def make(call: ApiCall) -> None:
        run(cloud.azure, call, answers)

    def open_pairs() -> set[Pair]:
        return Reading(cloud.azure.account).open_pairs()

    return apply(Cloud(lambda: collected(cloud), make, OFFICE, open_pairs), scene)


def collected(cloud: AzureProxy) -> Snapshot:
    """Read the cluster "prod"."""
    return collection.collect("azure", cluster="prod", options={"subscription": (cloud.azure.account.subscription,)})
