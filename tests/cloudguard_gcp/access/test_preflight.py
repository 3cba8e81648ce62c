"""The preflight tries each call about a project once, and names the refused calls."""

from __future__ import annotations

import pytest

from cloudguard.provider.permissions.preflight import Outcome
from cloudguard.provider.port import CollectRequest, silent
from cloudguard_gcp import ADAPTER
from cloudguard_gcp.access.calls import CALLS
from gcp_everything import everything
from gcp_proxy import Proxy
from gcp_server import Google

pytestmark = pytest.mark.sockets
DENIED = "compute.snapshots.getIamPolicy"


def test_each_call_is_tried_and_the_refused_one_is_named(google_cloud: Proxy) -> None:
    google_cloud.google = Google(everything(), refused=frozenset({DENIED}))
    shown = {outcome.call: outcome for outcome in ADAPTER.verify(CollectRequest("prod"), silent)}
    assert shown.keys() == {call.name for call in CALLS}
    assert {name for name, outcome in shown.items() if outcome.outcome is Outcome.REFUSED} == {DENIED}
    granted = {name for name, outcome in shown.items() if outcome.outcome is Outcome.GRANTED}
    assert {call.name for call in CALLS if call.client} - granted == {DENIED}
    assert google_cloud.google.asked
