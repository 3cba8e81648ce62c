"""All pages are read; a failure is one gap with its reason; writing requests are never sent."""

from __future__ import annotations

import pytest

from azure_account import SUBSCRIPTION, guid
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_server import CUT_OFF, FAILED, MALFORMED, PAGE_OF_A_PROXY, UNREGISTERED, Azure, Fault, throttled
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.port import CollectRequest, silent
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import (
    CALLS,
    GET_KEY,
    GET_ROLE_DEFINITION,
    LIST_ASSIGNED_TO,
    LIST_DISKS,
    LIST_FEDERATED_CREDENTIALS,
    LIST_ROLE_ASSIGNMENTS,
    LIST_USER_ASSIGNED_IDENTITIES,
    Call,
)
from cloudguard_azure.access.session import begin

pytestmark = pytest.mark.sockets
GENERATIONS = (LIST_DISKS, LIST_ROLE_ASSIGNMENTS, LIST_USER_ASSIGNED_IDENTITIES)
"""One call for each kind of SDK client: two kinds, and Microsoft.ManagedIdentity's, which mixes them."""
HIDES = (FactKind.DISKS,)


def account() -> Subscription:
    """Return an account with three items for each call of ``GENERATIONS``."""
    subscription = Subscription()
    for name in ("a", "b", "c"):
        subscription.disk(name)
        subscription.assign(guid(name), "Reader")
        subscription.federated(
            subscription.identity(name), "pods", "https://issuer.example/", f"system:serviceaccount:default:{name}"
        )
    return subscription


def reading(cloud: AzureProxy, azure: Azure) -> Api:
    """Begin to read ``azure``."""
    cloud.azure = azure
    return begin(CollectRequest(options={"subscription": (SUBSCRIPTION,)}), silent)[0]


def only_gap(api: Api) -> Gap:
    (gap,) = api.gaps
    return gap


@pytest.mark.parametrize("call", GENERATIONS, ids=lambda call: call.name)
def test_all_pages_are_read_with_the_field_names_of_the_api(call: Call, azure_cloud: AzureProxy) -> None:
    subscription = account()
    api = reading(azure_cloud, Azure(subscription, page=1, empty_pages=True))
    items = api.read(call, hides=HIDES)
    assert api.gaps == ()
    assert len(azure_cloud.azure.asked) == 2 + 6
    assert items == [subscription.get(item["id"]) for item in items]
    assert len({item["id"] for item in items}) == 3


@pytest.mark.parametrize("call", GENERATIONS[:2], ids=lambda call: call.name)
@pytest.mark.parametrize(
    ("faults", "reason", "words", "requests"),
    [
        ([throttled("3600")], Reason.THROTTLED, "429: TooManyRequests: ", 1),
        ([Fault(403, "AuthorizationFailed")], Reason.DENIED, "403: AuthorizationFailed: ", 1),
        ([Fault(403, "LinkedAuthorizationFailed")], Reason.DENIED, "403: LinkedAuthorizationFailed: ", 1),
        ([Fault(404, "ResourceGroupNotFound")], Reason.MISSING, "404: ResourceGroupNotFound: ", 1),
        ([Fault(400, "NoRegisteredProviderFound")], Reason.UNSUPPORTED, "400: NoRegisteredProviderFound: ", 1),
        ([Fault(400, "InvalidApiVersionParameter")], Reason.UNSUPPORTED, "400: InvalidApiVersionParameter: ", 1),
        ([MALFORMED], Reason.FAILED, "returned an answer that is not JSON", 1),
        ([PAGE_OF_A_PROXY], Reason.FAILED, "returned an answer that is not JSON", 1),
        ([Fault(200, body=b"{}")], Reason.FAILED, "returned no list", 1),
        ([Fault(302, headers={"Location": "https://elsewhere.example/"}, body=b"{}")], Reason.FAILED, "302: ", 1),
        ([UNREGISTERED], None, "", 1),
    ],
)
def test_a_failed_call_is_a_gap_with_its_reason(
    call: Call, faults: list[Fault], reason: Reason | None, words: str, requests: int, azure_cloud: AzureProxy
) -> None:
    (permission,) = call.permissions
    api = reading(azure_cloud, Azure(account(), faults={permission: [*faults]}))
    items = api.read(call, hides=HIDES)
    assert len(azure_cloud.azure.asked) == 1 + requests
    assert {request.verb for request in azure_cloud.azure.asked} == {"GET"}
    if reason is None:
        assert (items, api.gaps) == ([], ())
        return
    gap = only_gap(api)
    assert (items, gap.call, gap.reason) == ([], call.name, reason)
    assert words in gap.message
    assert "\n" not in gap.message
    assert gap.permission == (permission if reason is Reason.DENIED else "")


def test_temporary_errors_are_retried(azure_cloud: AzureProxy) -> None:
    api = reading(
        azure_cloud, Azure(account(), faults={"Microsoft.Compute/disks/read": [throttled(), throttled("1"), FAILED]})
    )
    assert len(api.read(LIST_DISKS, hides=HIDES)) == 3
    assert api.gaps == ()


def test_a_broken_connection_is_retried(azure_cloud: AzureProxy) -> None:
    api = reading(azure_cloud, Azure(account(), faults={"Microsoft.Compute/disks/read": [CUT_OFF]}))
    assert len(api.read(LIST_DISKS, hides=HIDES)) == 3
    assert api.gaps == ()


@pytest.mark.parametrize("call", GENERATIONS, ids=lambda call: call.name)
@pytest.mark.parametrize("link", ["https://elsewhere.example/next", 7])
def test_a_next_page_on_another_host_is_a_gap(call: Call, link: object, azure_cloud: AzureProxy) -> None:
    api = reading(azure_cloud, Azure(account(), spoiled={call.permissions[0]: {"nextLink": link}}))
    assert len(api.read(call, hides=HIDES)) == 3
    assert only_gap(api).message == "the next page is on another host and was not read"


def test_a_single_resource_is_read_by_its_id(azure_cloud: AzureProxy) -> None:
    subscription = account()
    vault = subscription.vault()
    subscription.key(vault)
    role = subscription.role("Reader")
    api = reading(azure_cloud, Azure(subscription))
    named = {"resource_group_name": "prod", "vault_name": "vault", "key_name": "etcd"}
    assert api.read(GET_KEY, hides=(), **named) == [subscription.get(f"{vault}/keys/etcd")]
    assert api.read(GET_ROLE_DEFINITION, hides=(), role_id=role) == [subscription.get(role)]
    assert api.gaps == ()


def test_nested_resources_are_read_with_their_parameters(azure_cloud: AzureProxy) -> None:
    subscription = account()
    api = reading(azure_cloud, Azure(subscription))
    named = {"resource_group_name": "prod", "resource_name": "b"}
    (found,) = api.read(LIST_FEDERATED_CREDENTIALS, hides=(), **named)
    assert found["properties"]["subject"] == "system:serviceaccount:default:b"
    (assigned,) = api.read(LIST_ASSIGNED_TO, hides=(), filter=f"assignedTo('{guid('b')}')")
    assert assigned["properties"]["principalId"] == guid("b")
    assert api.gaps == ()


def test_another_subscription_is_read_by_its_own_client(azure_cloud: AzureProxy) -> None:
    other = Subscription(guid("other subscription"))
    disk = other.disk("elsewhere")
    subscription = account()
    subscription.items |= other.items
    api = reading(azure_cloud, Azure(subscription))
    assert [item["id"] for item in api.read(LIST_DISKS, hides=(), subscription=other.subscription)] == [disk]
    assert len(api.read(LIST_DISKS, hides=())) == 3
    assert api.gaps == ()


def test_a_writing_request_is_never_sent(azure_cloud: AzureProxy) -> None:
    """The test asks the SDK itself to write; the server would record the request."""
    api = reading(azure_cloud, Azure(account()))
    assert api.read(LIST_DISKS, hides=())
    sdk = api.client(LIST_DISKS, api.subscription)
    for change in (sdk.disks.begin_delete, sdk.disks.begin_grant_access):
        with pytest.raises(PermissionError, match="cloudguard only reads"):
            change("prod", "a", *([{"access": "Read"}] if change == sdk.disks.begin_grant_access else []))
    assert {request.verb for request in azure_cloud.azure.asked} == {"GET"}


def test_the_sdk_has_every_declared_call(azure_cloud: AzureProxy) -> None:
    api = reading(azure_cloud, Azure(Subscription()))
    assert [call.name for call in CALLS if not callable(api.operation(call))] == []
    assert len({call.name for call in CALLS}) == len(CALLS)
