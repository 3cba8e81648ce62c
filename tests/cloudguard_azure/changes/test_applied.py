"""Plans made true: check, the plan's own calls, check; a few scenes at each run."""

from __future__ import annotations

import pytest

from azure_applied import applied
from azure_proxy import AzureProxy
from azure_scenes import SCENES
from cloudguard.results.report import Verdict


@pytest.mark.parametrize(
    "name",
    ["two-groups-let-in", "nat-rule", "contributor-of-a-management-group", "key-disabled", "aks-integrated-public"],
)
def test_every_failing_row_passes_after_the_calls_of_the_plan(name: str, azure_cloud: AzureProxy) -> None:
    found = applied(azure_cloud, SCENES[name])
    assert found.calls
    assert {after for _, after in found.verdicts.values()} == {Verdict.PASS}
