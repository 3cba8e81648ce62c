"""Whole clusters on Azure through the real SDK: what must be found is found, and nothing else above advice."""

from __future__ import annotations

import pytest

from azure_proxy import AzureProxy
from azure_scenes import SCENES
from azure_server import Azure
from cloudguard import pipeline
from cloudguard.model.snapshot import Snapshot


def collected(azure_cloud: AzureProxy, name: str) -> Snapshot:
    """Build a scene and read it."""
    azure_cloud.azure = Azure(SCENES[name].build())
    return pipeline.collect(
        "azure", cluster="prod", options={"subscription": (azure_cloud.azure.account.subscription,)}
    )


@pytest.mark.parametrize("name", SCENES)
def test_what_must_be_found_is_found_and_nothing_else(name: str, azure_cloud: AzureProxy) -> None:
    SCENES[name].check(collected(azure_cloud, name))
