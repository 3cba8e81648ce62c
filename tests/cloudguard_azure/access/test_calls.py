"""The role that ``permissions`` prints covers exactly the calls. A refused call is a gap, and makes no row pass."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError

from azure_account import SUBSCRIPTION
from azure_clusters import capz_tags
from azure_everything import everything
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_scenes import SCENES
from azure_server import UNREGISTERED, Azure, Fault
from cloudguard import pipeline
from cloudguard.errors import AccessError
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_azure import ADAPTER
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import CALLS
from cloudguard_azure.access.pipeline import READING_POSTS
from refused_calls import PROVIDED, RESTS_ON
from spoilt_answers import Recording

REFUSED = HttpResponseError("(AuthorizationFailed) The client does not have authorization to perform this")
REFUSED.status_code = 403
PROD = CollectRequest(cluster="prod", options={"subscription": (SUBSCRIPTION,)})
TAKES_AWAY = {
    "Microsoft.Authorization/denyAssignments/read",
    "Microsoft.Network/applicationGatewayWebApplicationFirewallPolicies/read",
    "Microsoft.Network/ipGroups/read",
    "Microsoft.Network/natGateways/read",
    "Microsoft.Network/publicIPPrefixes/read",
}
"""Permissions whose refusal hides no row: their facts can only remove access, show the cluster's own addresses, or
decide an uncertain rule.
"""


def accounts() -> list[Subscription]:
    """Return accounts that together need all calls. The last has a service tag, and addresses of scale set members."""
    tagged = Subscription()
    nsg = tagged.security_group("nodes", rule("storage", 200, "443", "Storage"))
    subnet = tagged.subnet(tagged.network(), nsg=nsg)
    tagged.machine("prod-cp-0", subnet, "10.0.0.4", tags=capz_tags("control-plane"))
    tagged.scale_set("prod-nodes", subnet, "10.0.0.5", public=["20.71.0.9"], tags=capz_tags("node"))
    return [everything(), SCENES["aks-private"].build(), tagged]


def collected(cloud: AzureProxy, account: Subscription, *refused: str) -> Snapshot:
    cloud.azure = Azure(account, refused=frozenset(refused))
    return ADAPTER.collect(PROD)


def test_the_role_has_exactly_the_permissions_of_the_calls(azure_cloud: AzureProxy) -> None:
    taken = set[str]()
    for account in accounts():
        assert collected(azure_cloud, account).gaps == ()
        taken |= {action.lower() for action in azure_cloud.azure.taken}
    printed = json.loads(ADAPTER.permissions())
    assert {action.lower() for action in printed["Actions"]} == taken
    assert set(printed["Actions"]) == {permission for call in CALLS for permission in call.permissions}
    assert printed["NotActions"] == printed["DataActions"] == printed["NotDataActions"] == []


def test_every_declared_permission_only_reads() -> None:
    for call in CALLS:
        (permission,) = call.permissions
        assert permission.endswith("/read") or permission.removesuffix("/action").rpartition("/")[2] in READING_POSTS


def test_a_refused_permission_is_named_and_makes_no_row_pass(
    azure_cloud: AzureProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refuse each permission in turn. The answers of other calls are recorded ones."""
    tried, problems, fetch = set[str](), list[str](), Api.fetch
    for account in accounts():
        recording = Recording()
        monkeypatch.setattr(Api, "fetch", recording.recording(fetch))
        collected(azure_cloud, account)
        monkeypatch.setattr(Api, "fetch", recording.replaying())
        asked = {name for name, _ in recording.answers}
        for permission in sorted(
            {permission for call in CALLS if call.name in asked for permission in call.permissions} - tried
        ):
            tried.add(permission)
            refused = {call.name for call in CALLS if permission in call.permissions}
            recording.errors = dict.fromkeys((key for key in recording.answers if key[0] in refused), REFUSED)
            problems += [f"{permission}: {fault}" for fault in _faults(permission)]
    assert problems == []
    assert tried == {permission for call in CALLS for permission in call.permissions}


def _faults(permission: str) -> Iterator[str]:
    """Yield the errors of the report while a permission is refused."""
    try:
        snapshot = ADAPTER.collect(PROD)
    except AccessError as error:
        if permission.rpartition("/")[0] not in str(error):
            yield f"{error}"
        return
    gaps = [gap for gap in snapshot.gaps if permission in gap.permission]
    hidden = {kind for gap in gaps for kind in gap.hides}
    if not gaps or any(gap.reason is not Reason.DENIED for gap in gaps):
        yield f"no gap says that it was denied: {snapshot.gaps}"
    if not hidden and permission not in TAKES_AWAY:
        yield "what is hidden is not told"
    for row in pipeline.evaluate(snapshot, Declarations()).rows:
        rests_on = (PROVIDED if row.verdict is Verdict.PROVIDER else RESTS_ON)[row.row]
        if row.verdict is Verdict.PASS and hidden & rests_on:
            yield f"{row.row} passes though {hidden} is hidden"
        if hidden & rests_on and not row.unknown:
            yield f"{row.row} does not say that it is incomplete"


def test_calls_grow_with_scale_sets_and_identities_not_with_hosts(azure_cloud: AzureProxy) -> None:
    assert calls_for(azure_cloud, machines=2) == calls_for(azure_cloud, machines=9)
    assert calls_for(azure_cloud, members=2) == calls_for(azure_cloud, members=9)


def calls_for(cloud: AzureProxy, *, machines: int = 1, members: int = 1) -> list[str]:
    """Return the number of calls per operation for a cluster with these numbers of machines and scale set members."""
    account = Subscription()
    subnet = account.subnet(account.network(), nsg=account.security_group("nodes"))
    held = [account.identity("nodes")]
    account.assign(account.principal(held[0]), "Reader")
    for number in range(machines):
        tags = {"KubernetesCluster": "prod", f"k8s.io_role_{'node' if number else 'control-plane'}": "1"}
        account.machine(f"host-{number}", subnet, f"10.0.0.{number + 4}", tags=tags, identities=held)
    addresses = [f"10.0.0.{number + 100}" for number in range(members)]
    account.scale_set("pool", subnet, *addresses, tags={"KubernetesCluster": "prod", "k8s.io_role_node": "1"})
    collected(cloud, account)
    return sorted(f"{request.operation} {request.path}" for request in cloud.azure.asked)


AKS = "Microsoft.ContainerService/managedClusters/read"


def test_aks_without_registration_in_the_subscription_hides_nothing(azure_cloud: AzureProxy) -> None:
    azure_cloud.azure = Azure(SCENES["kops"].build(), faults={AKS: [UNREGISTERED]})
    assert ADAPTER.collect(PROD).gaps == ()


def test_an_aks_api_version_unknown_to_the_cloud_is_a_gap(azure_cloud: AzureProxy) -> None:
    unknown = Fault(400, "NoRegisteredProviderFound")
    azure_cloud.azure = Azure(SCENES["kops"].build(), faults={AKS: [unknown]})
    (gap,) = ADAPTER.collect(PROD).gaps
    assert (gap.call, gap.reason) == ("Microsoft.ContainerService/managedClusters:list", Reason.UNSUPPORTED)
    azure_cloud.azure = Azure(SCENES["aks-public"].build(), faults={AKS: [unknown]})
    with pytest.raises(AccessError, match=r"could not check whether .*: .*NoRegisteredProviderFound"):
        ADAPTER.collect(PROD)
