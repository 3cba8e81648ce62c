"""Wrong flags, credentials, subscriptions and answers are errors with one clear line."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from azure_account import SUBSCRIPTION, TENANT, guid
from azure_fixtures import Subscription
from azure_proxy import CLIENT, AzureProxy
from azure_server import Azure, Fault
from cloudguard.errors import AccessError, UsageError
from cloudguard.provider.port import CollectRequest, silent
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import (
    CLIENTS,
    LIST_DISKS,
    LIST_MACHINES,
    LIST_MANAGED_CLUSTERS,
    LIST_NETWORKS,
    LIST_ROLE_ASSIGNMENTS,
    LIST_USER_ASSIGNED_IDENTITIES,
    LIST_VAULTS,
)
from cloudguard_azure.access.session import Caller, begin

pytestmark = pytest.mark.sockets
CALLS = (
    LIST_MACHINES,
    LIST_MANAGED_CLUSTERS,
    LIST_NETWORKS,
    LIST_ROLE_ASSIGNMENTS,
    LIST_USER_ASSIGNED_IDENTITIES,
    LIST_VAULTS,
)
"""One call for each client."""
REQUEST = CollectRequest(cluster="prod", options={"subscription": (SUBSCRIPTION,)})


def reading(azure: Azure, proxy: AzureProxy, /, **options: str) -> tuple[Api, Caller]:
    """Begin to read ``azure`` with the given flags."""
    proxy.azure = azure
    given = {"subscription": SUBSCRIPTION} | {name.replace("_", "-"): value for name, value in options.items()}
    return begin(CollectRequest(cluster="prod", options={name: (value,) for name, value in given.items()}), silent)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"subscription": "acme"}, "'acme' is not a subscription id, and az knows no subscription with this name"),
        ({"subscription": ""}, "no subscription is given, and az has no default subscription"),
        ({"cloud": "AzureMoon"}, "no cloud is called 'AzureMoon'"),
        ({"tenant": "a tenant"}, "--tenant is not a tenant: 'a tenant'"),
        ({"client_id": "nodes"}, "--client-id is not a client id: 'nodes'"),
    ],
)
def test_a_wrong_flag_is_a_usage_error(flags: dict[str, str], words: str, azure_cloud: AzureProxy) -> None:
    with pytest.raises(UsageError) as raised:
        reading(Azure(Subscription()), azure_cloud, **flags)
    assert words in str(raised.value)
    assert raised.value.hint
    assert azure_cloud.azure.asked == []


def test_missing_credentials_are_an_error(azure_cloud: AzureProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    with pytest.raises(AccessError) as raised:
        reading(Azure(Subscription()), azure_cloud)
    assert str(raised.value).startswith("no Azure credentials were found. Log in with: az login")


def test_an_expired_secret_is_an_error(azure_cloud: AzureProxy) -> None:
    azure_cloud.secret = "expired"  # noqa: S105 - whether it is still good
    with pytest.raises(
        AccessError, match="AADSTS7000222: The provided client secret keys for app are expired"
    ) as raised:
        reading(Azure(Subscription()), azure_cloud)
    assert "az login" in raised.value.hint
    assert "\n" not in str(raised.value)


def test_an_unknown_tenant_is_an_error(azure_cloud: AzureProxy) -> None:
    with pytest.raises(AccessError, match=r"Azure issued no token: .*authority.* Check --tenant and AZURE_TENANT_ID"):
        reading(Azure(Subscription()), azure_cloud, tenant=guid("another tenant"))


def test_a_wrong_variable_of_the_sdk_is_a_usage_error(azure_cloud: AzureProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "nonsense")
    with pytest.raises(UsageError, match="Invalid value for AZURE_TOKEN_CREDENTIALS: nonsense"):
        reading(Azure(Subscription()), azure_cloud)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "InvalidAuthenticationTokenTenant", "the subscription belongs to another tenant: .* Give --tenant ID"),
        (401, "ExpiredAuthenticationToken", "Azure does not accept the credentials: 401: Expired.* az login"),
        (429, "TooManyRequests", "Azure throttled the request: 429: TooManyRequests: .* Try again later"),
    ],
)
def test_an_error_of_azure_s_first_answer_is_an_access_error(
    status: int, code: str, words: str, azure_cloud: AzureProxy
) -> None:
    fault = Fault(status, code, {"Retry-After": "3600"} if status == 429 else {})
    azure = Azure(Subscription(), faults={"Microsoft.ContainerService/managedClusters/read": [fault]})
    with pytest.raises(AccessError, match=words):
        reading(azure, azure_cloud)


def test_an_unknown_subscription_is_an_error(azure_cloud: AzureProxy) -> None:
    with pytest.raises(AccessError, match=f"these credentials cannot see a subscription {guid('b')}. Check --sub"):
        reading(Azure(Subscription()), azure_cloud, subscription=guid("b"))


def test_the_caller_is_named(azure_cloud: AzureProxy) -> None:
    _, caller = reading(Azure(Subscription()), azure_cloud, tenant=TENANT)
    assert caller == Caller(SUBSCRIPTION, CLIENT)


def test_a_refused_call_does_not_end_the_reading(azure_cloud: AzureProxy) -> None:
    azure = Azure(Subscription(), refused=frozenset({"Microsoft.ContainerService/managedClusters/read"}))
    reading(azure, azure_cloud)


@pytest.mark.parametrize(
    ("cloud", "host"),
    [
        ("AzureCloud", "management.azure.com"),
        ("AzureUSGovernment", "management.usgovcloudapi.net"),
        ("AzureChinaCloud", "management.chinacloudapi.cn"),
    ],
)
def test_every_client_calls_the_given_cloud(cloud: str, host: str, azure_cloud: AzureProxy) -> None:
    api, _ = reading(Azure(Subscription()), azure_cloud, cloud=cloud.upper())
    assert {call.provider for call in CALLS} == {*CLIENTS}
    for call in CALLS:
        assert api.read(call, hides=()) == []
    assert api.gaps == ()
    assert [request.host for request in azure_cloud.azure.asked] == [host] * len(CALLS)


def test_the_profile_of_az_names_the_subscription_and_its_cloud(
    azure_cloud: AzureProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".azure").mkdir()
    other = {"id": guid("b"), "name": "other", "isDefault": False, "environmentName": "AzureChinaCloud"}
    own = {"id": SUBSCRIPTION, "name": "Acme Prod", "isDefault": True, "environmentName": "AzureUSGovernment"}
    written = json.dumps({"subscriptions": [{"id": 7}, other, own]})
    (tmp_path / ".azure" / "azureProfile.json").write_text(written, encoding="utf-8-sig")
    for named in ("", "acme prod", SUBSCRIPTION.upper()):
        api, caller = reading(Azure(Subscription()), azure_cloud, subscription=named)
        assert (caller.subscription, api.endpoint) == (SUBSCRIPTION, "https://management.usgovcloudapi.net")
    for unreadable in ("", "[]", "{}", '{"subscriptions": 7}', '{"subscriptions": [{}, null]}'):
        (tmp_path / ".azure" / "azureProfile.json").write_text(unreadable, encoding="utf-8")
        with pytest.raises(UsageError, match="no subscription is given"):
            reading(Azure(Subscription()), azure_cloud, subscription="")


def token_for(audience: str) -> str:
    """Return an unsigned token in the form of Azure's."""
    claims = {"aud": audience, "tid": TENANT, "unique_name": "user@example.com", "oid": 7}
    return ".".join(b64encode(json.dumps(item).encode()).decode().rstrip("=") for item in ({}, claims, {}))


class Given:
    """A credential that a user of the library passes."""

    def __init__(self, token: str = "not.readable") -> None:  # noqa: S107 - it opens nothing
        self.token, self.asked = token, list[dict[str, Any]]()

    def get_token(self, *scopes: str, **rest: Any) -> AccessToken:  # noqa: ANN401 - the SDK's protocol
        """Return a token."""
        self.asked.append({"scopes": scopes, **rest})
        return AccessToken(self.token, 4102444800)


def test_a_given_credential_is_asked_for_one_token(azure_cloud: AzureProxy) -> None:
    good = Given(token_for("https://management.azure.com"))
    azure_cloud.azure = Azure(Subscription())
    request = CollectRequest(options={"subscription": (SUBSCRIPTION,), "tenant": (TENANT,)}, client=good)
    api, caller = begin(request, silent)
    assert api.read(LIST_DISKS, hides=()) == []
    assert caller.account == "user@example.com"
    assert good.asked == [{"scopes": ("https://management.azure.com/.default",), "tenant_id": TENANT}]


def test_a_token_that_cannot_be_decoded_is_sent_all_the_same(azure_cloud: AzureProxy) -> None:
    for token in ("", "opaque", "two.parts"):
        with pytest.raises(AccessError, match="does not accept the credentials: 401"):
            begin(CollectRequest(options=REQUEST.options, client=Given(token)), silent)
    assert azure_cloud.refused == []


def test_a_client_that_is_no_credential_is_refused() -> None:
    with pytest.raises(UsageError, match="client is a str, not a credential"):
        begin(CollectRequest(options=REQUEST.options, client="secret"), silent)
    both = {**REQUEST.options, "client-id": (guid("identity"),)}
    with pytest.raises(UsageError, match="--client-id cannot be used together with a given credential"):
        begin(CollectRequest(options=both, client=Given()), silent)
