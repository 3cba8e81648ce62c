"""Plans made true: check, the plan's own calls, check; a few scenes at each run."""

from __future__ import annotations

import pytest

from cloudguard.results.report import Verdict
from gcp_applied import applied
from gcp_proxy import Proxy
from gcp_scenes import SCENES


@pytest.mark.parametrize(
    "name", ["balancer-not-denied", "gke-authorized-google", "shared-vpc", "service-account", "cilium-etcd"]
)
def test_every_failing_row_passes_after_the_calls_of_the_plan(name: str, google_cloud: Proxy) -> None:
    found = applied(google_cloud, SCENES[name])
    assert found.calls
    assert {after for _, after in found.verdicts.values()} == {Verdict.PASS}
