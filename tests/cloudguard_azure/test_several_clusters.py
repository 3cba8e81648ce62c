"""Several clusters of one subscription, read in one run: the reports of single checks, and each list asked for once."""

from __future__ import annotations

import pytest

from azure_clusters import Clean
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_server import Azure
from several import assert_each_is_as_alone


def _two() -> Subscription:
    """Cluster API's "prod", and AKS's "stage" whose API everyone can reach."""
    account = Clean()
    account.managed_cluster("stage", rg="stage")
    return account


def test_each_report_is_that_of_the_cluster_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, azure_cloud: AzureProxy
) -> None:
    azure_cloud.azure = Azure(_two())
    assert_each_is_as_alone(capsys, monkeypatch, "azure", "prod", "stage")
    listed = [one for one in azure_cloud.azure.asked if one.path.endswith("/Microsoft.Compute/virtualMachines")]
    assert len(listed) == 3, "one for both clusters, and one for each alone"
