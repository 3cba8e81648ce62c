"""Several clusters of one subscription in one run: the same reports as single checks; each list is read once."""

from __future__ import annotations

import json

import pytest

from azure_clusters import Clean
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_server import Azure
from command import ran
from several import assert_each_is_as_alone


def _two() -> Subscription:
    """Return a Cluster API cluster "prod", and an AKS cluster "stage" whose API is open to everyone."""
    account = Clean()
    account.managed_cluster("stage", rg="stage")
    return account


def test_each_report_equals_that_of_the_cluster_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, azure_cloud: AzureProxy
) -> None:
    azure_cloud.azure = Azure(_two())
    assert_each_is_as_alone(capsys, monkeypatch, "azure", "prod", "stage")
    listed = [
        request for request in azure_cloud.azure.asked if request.path.endswith("/Microsoft.Compute/virtualMachines")
    ]
    assert len(listed) == 3, "one for both clusters, and one for each alone"


def test_clusters_with_one_name_in_two_resource_groups_are_both_checked(
    capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy
) -> None:
    account = Subscription()
    for group in ("one", "two"):
        account.managed_cluster("prod", rg=group)
    azure_cloud.azure = Azure(account)
    out = ran(capsys, "check", "azure", "--all", "-f", "json")[1]
    clusters = [report["cluster"] for report in json.loads(out)["reports"]]
    assert [(cluster["name"], cluster["place"]) for cluster in clusters] == [("prod", "one"), ("prod", "two")]
    assert len({tuple(cluster["regions"]) for cluster in clusters}) == 1
