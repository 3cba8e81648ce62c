"""The made-up resource manager refuses items that Azure could not send; the real SDK reads what was built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.network import NetworkManagementClient

from azure_fixtures import Subscription
from azure_ids import Item
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_server import MALFORMED, PAGE_OF_A_PROXY, UNREGISTERED, Azure, Fault
from fixture_error import FixtureError

GROUPS = "Microsoft.Network/networkSecurityGroups"
READ_GROUPS = f"{GROUPS}/read"


def group(**properties: object) -> Item:
    """Return a security group."""
    own = Subscription().id(GROUPS, "nodes")
    return {"id": own, "name": "nodes", "type": GROUPS, "location": "westeurope", "properties": properties}


def spoilt(change: Callable[[Item], object]) -> Item:
    """Return a changed rule."""
    item = rule("ssh", 100, "22")
    change(item["properties"])
    return group(securityRules=[item])


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (group(colour="red"), "properties.colour: there is no such field"),
        (group(securityRules="all"), "properties.securityRules: 'all' is no list"),
        (spoilt(lambda item: item.update(priority="100")), "properties.priority: '100' is no integer"),
        (spoilt(lambda item: item.update(access="Perhaps")), "properties.access: 'Perhaps' is none of Allow, Deny"),
        (spoilt(lambda item: item.pop("direction")), "properties.direction is missing"),
        ({**group(), "name": "masters"}, "its name is 'masters'"),
        ({**group(), "id": "/subscriptions/x/providers/Microsoft.Foo/bars/b"}, "no operation reads"),
    ],
)
def test_an_item_that_azure_could_not_send_is_refused(item: Item, words: str) -> None:
    with pytest.raises(FixtureError) as error:
        Subscription().put(item)
    assert words in str(error.value)


def test_values_and_fields_of_the_older_models_are_checked() -> None:
    account = Subscription()
    with pytest.raises(FixtureError, match="principalType: 'Robot' is none of"):
        account.assign(account.principal("x"), "Reader", kind="Robot")
    with pytest.raises(FixtureError, match="there is no such field"):
        account.assign(account.principal("x"), "Reader", colour="red")


def test_an_unknown_value_is_accepted_on_request() -> None:
    assert Subscription().put(spoilt(lambda item: item.update(access="Perhaps")), odd=True)


def test_ids_of_missing_resources_are_refused() -> None:
    account = Subscription()
    account.subnet(account.network(), nsg=account.id(GROUPS, "gone"))
    with pytest.raises(FixtureError, match=r"there is no .*/gone"):
        Azure(account)
    account.elsewhere.add(account.id(GROUPS, "gone"))
    assert Azure(account)


@pytest.fixture
def network(azure_cloud: AzureProxy) -> NetworkManagementClient:
    return NetworkManagementClient(DefaultAzureCredential(), azure_cloud.azure.account.subscription)


def test_lists_are_answered_in_pages_with_empty_pages(
    network: NetworkManagementClient, azure_cloud: AzureProxy
) -> None:
    account = Subscription()
    for number in range(3):
        account.security_group(f"g{number}", rule("ssh", 100, "22"), rg=f"R{number % 2}")
    azure_cloud.azure = Azure(account, page=2, empty_pages=True)
    assert [network_security_group.name for network_security_group in network.network_security_groups.list_all()] == [
        "g0",
        "g1",
        "g2",
    ]
    assert [network_security_group.name for network_security_group in network.network_security_groups.list("r0")] == [
        "g0",
        "g2",
    ]
    assert [security_rule.name for security_rule in network.security_rules.list("R0", "G0")] == ["ssh"]
    assert len(azure_cloud.azure.asked) == 4 + 2 + 2
    assert azure_cloud.azure.taken == {READ_GROUPS, f"{GROUPS}/securityRules/read"}


def test_interfaces_of_uniform_scale_sets_are_only_in_their_own_list(
    network: NetworkManagementClient, azure_cloud: AzureProxy
) -> None:
    account = Subscription()
    subnet = account.subnet(account.network())
    account.scale_set("uniform", subnet, "10.0.0.4", "10.0.0.5", public=["203.0.113.7"])
    account.scale_set("flexible", subnet, "10.0.0.6", flexible=True)
    azure_cloud.azure = Azure(account)
    (listed,) = network.network_interfaces.list_all()
    assert listed.ip_configurations[0].private_ip_address == "10.0.0.6"
    members = network.network_interfaces.list_virtual_machine_scale_set_network_interfaces("prod", "uniform")
    assert [member.ip_configurations[0].private_ip_address for member in members] == ["10.0.0.4", "10.0.0.5"]
    shown = network.public_ip_addresses.list_virtual_machine_scale_set_public_ip_addresses("prod", "uniform")
    assert [public_ip_address.ip_address for public_ip_address in shown] == ["203.0.113.7"]


def test_assignments_are_filtered_by_scope_and_group(azure_cloud: AzureProxy) -> None:
    account = Subscription()
    who, team, all_teams = (account.principal(name) for name in ("node", "team", "all teams"))
    account.members[all_teams], account.members[team] = {team}, {who}
    scopes = ("/", "/providers/Microsoft.Management/managementGroups/acme", account.whole(), account.in_group())
    for principal, scope in zip((who, all_teams, team, who), scopes, strict=True):
        account.assign(principal, "Reader", scope)
    azure_cloud.azure = Azure(account)
    client: Any = AuthorizationManagementClient(DefaultAzureCredential(), account.subscription)

    def asked(words: str | None) -> list[str | None]:
        return [item.scope for item in client.role_assignments.list_for_subscription(filter=words)]

    assert asked(None) == [*scopes]
    assert asked("atScope()") == [*scopes[:3]]
    assert asked(f"principalId eq '{who}'") == [scopes[0], scopes[3]]
    assert asked(f"assignedTo('{who}')") == [*scopes]
    assert asked(f"assignedTo('{team}')") == [*scopes[1:3]]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(MALFORMED, HttpResponseError), (PAGE_OF_A_PROXY, ValueError), (UNREGISTERED, ResourceExistsError)],
)
def test_faults_reach_the_sdk_as_in_the_real_cloud(
    network: NetworkManagementClient, azure_cloud: AzureProxy, fault: Fault, raised: type[Exception]
) -> None:
    azure_cloud.azure.faults[READ_GROUPS] = [fault]
    with pytest.raises(raised):
        list(network.network_security_groups.list_all())
    if fault is UNREGISTERED:
        assert azure_cloud.azure.asked[-1].path.endswith("/Microsoft.Network/register"), "the SDK writes by itself"


def test_refusals_name_the_action(network: NetworkManagementClient, azure_cloud: AzureProxy) -> None:
    azure_cloud.azure = Azure(Subscription(), refused=frozenset({READ_GROUPS}))
    with pytest.raises(HttpResponseError, match=f"perform action '{READ_GROUPS}'"):
        list(network.network_security_groups.list_all())


def test_a_token_is_valid_for_one_cloud(azure_cloud: AzureProxy) -> None:
    client = NetworkManagementClient(
        DefaultAzureCredential(),
        azure_cloud.azure.account.subscription,
        base_url="https://management.usgovcloudapi.net",
        credential_scopes=["https://management.azure.com/.default"],
    )
    with pytest.raises(ClientAuthenticationError, match="InvalidAuthenticationTokenAudience"):
        list(client.network_security_groups.list_all())
