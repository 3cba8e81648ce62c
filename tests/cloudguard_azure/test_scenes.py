"""Whole clusters on Azure, read with the real SDK: exactly the expected findings above advice."""

from __future__ import annotations

import pytest

from azure_everything import everything
from azure_proxy import AzureProxy, asking
from azure_scenes import SCENES
from azure_server import Azure
from cloudguard import collection, pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard_azure import ADAPTER
from finding_ids import assert_ids


def collected(azure_cloud: AzureProxy, name: str) -> Snapshot:
    """Build a scene and read it."""
    azure_cloud.azure = Azure(SCENES[name].build())
    return collection.collect(
        "azure", cluster="prod", options={"subscription": (azure_cloud.azure.account.subscription,)}
    )


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_has_exactly_the_expected_findings(name: str, azure_cloud: AzureProxy) -> None:
    assert_ids(f"azure/{name}", SCENES[name].check(collected(azure_cloud, name)))


def test_an_endpoint_that_may_be_closed_names_the_unreliable_setting(azure_cloud: AzureProxy) -> None:
    row = pipeline.evaluate(collected(azure_cloud, "aks-public-access-disabled")).row("api-server-access")
    assert "publicNetworkAccess: Disabled" in row.why
    [finding] = row.findings
    assert [hop.name for hop in finding.witness.path] == ["prod by commands"]


def test_all_pages_are_read_and_empty_ones_are_skipped(azure_cloud: AzureProxy) -> None:
    azure_cloud.azure = Azure(everything())
    whole = ADAPTER.collect(asking())
    azure_cloud.azure = Azure(everything(), page=1, empty_pages=True)
    paged = ADAPTER.collect(asking())
    assert (paged.cluster, paged.topology, paged.identities, paged.gaps) == (
        whole.cluster,
        whole.topology,
        whole.identities,
        (),
    )
