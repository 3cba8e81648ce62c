"""The preflight tries each call of the adapter once, and names the refused calls."""

from __future__ import annotations

from azure_account import SUBSCRIPTION
from azure_everything import everything
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard.provider.permissions.preflight import Outcome
from cloudguard.provider.port import CollectRequest, silent
from cloudguard_azure import ADAPTER
from cloudguard_azure.access.calls import CALLS

PROD = CollectRequest("prod", {"subscription": (SUBSCRIPTION,)})
DENIED = "Microsoft.Network/firewallPolicies/ruleCollectionGroups/read"


def test_each_call_is_tried_and_the_refused_one_is_named(azure_cloud: AzureProxy) -> None:
    azure_cloud.azure = Azure(everything(), refused=frozenset({DENIED}))
    outcomes = ADAPTER.verify(PROD, silent)
    assert {outcome.call for outcome in outcomes} == {call.name for call in CALLS}
    (refused,) = (outcome for outcome in outcomes if outcome.outcome is not Outcome.GRANTED)
    assert refused.permissions == (DENIED,)
    assert refused.outcome is Outcome.REFUSED
