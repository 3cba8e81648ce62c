"""Balancers, proxies, links and endpoints in front of a cluster on Azure, wherever they are: rare forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azure_aks import Aks
from azure_clusters import Clean
from azure_fixtures import CLUSTERS, Subscription
from azure_networks import NETWORK, link
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_variants import Variant
from azure_ways_in import aks_private

pytestmark = pytest.mark.mistake("way-in-left-out")
ROW = "api-server-access"
WORLD = rule("world", 150, "6443", "Internet")
FROM_LINK, FROM_GATEWAY = rule("link", 150, "6443", "10.0.7.0/28"), rule("gateway", 150, "6443", "10.0.8.0/24")
CONTROL, SHOWN = "10.0.0.4", "20.71.0.20"
THEIRS = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/theirs/providers"


class Front(Clean):
    """A clean cluster whose control plane lets in what a test names, with services in front of it."""

    def __init__(self, *rules: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(masters=rules or (WORLD,))
        self.control = f"{self.vnet}/subnets/prod-controlplane-subnet"

    def shown(self, name: str = "front", address: str = SHOWN) -> str:
        """Add a public address."""
        return self.public_address(name, address)

    def join(self, pool: str) -> Front:
        """Add the control plane to a pool."""
        held = self.properties(self.interface_of("prod-cp-0"))["ipConfigurations"][0]["properties"]
        held.setdefault("loadBalancerBackendAddressPools", []).append(link(pool))
        return self

    def behind(self, *ports: tuple[int, int], rg: str = "prod", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a balancer in front of the control plane, public by default, and return its id."""
        if "subnet" not in rest:
            rest["public"] = self.shown()
        own = self.load_balancer("api", *(ports or ((443, 6443),)), rg=rg, **rest)
        self.join(self.pool(own))
        return own

    def by_address(self, **member: Any) -> Front:  # noqa: ANN401 - JSON
        """Add a balancer of another resource group whose pool names the control plane's address only."""
        own = self.load_balancer("hub", (443, 6443), public=self.shown(), addresses=[(CONTROL, self.vnet)], rg="hub")
        pool = self.properties(own)["backendAddressPools"][0]["properties"]
        held = pool["loadBalancerBackendAddresses"][0]["properties"]
        if member:
            del held["virtualNetwork"]
            held.update(member)
        return self

    def publish(self, *, everyone: bool = True, connected: bool = False) -> Front:
        """Offer an internal balancer by a private link service. ``connected``: a foreign endpoint was approved."""
        nat = self.subnet(self.vnet, "link", "10.0.7.0/28")
        own = self.behind((0, 0), subnet=nat, address="10.0.7.4", protocol="All")
        made = {
            "loadBalancerFrontendIpConfigurations": [link(f"{own}/frontendIPConfigurations/front")],
            "ipConfigurations": [{"name": "nat", "properties": {"subnet": link(nat)}}],
            "visibility": {"subscriptions": ["*"] if everyone else []},
            "autoApproval": {"subscriptions": ["*"] if everyone else []},
        }
        service = self.add(f"{NETWORK}/privateLinkServices", "api", made)
        if connected:
            endpoint = f"{THEIRS}/Microsoft.Network/privateEndpoints/door"
            self.elsewhere.add(endpoint)
            held = {"privateEndpoint": link(endpoint), "privateLinkServiceConnectionState": {"status": "Approved"}}
            connection = {"id": f"{service}/privateEndpointConnections/door", "name": "door", "properties": held}
            self.properties(service)["privateEndpointConnections"] = [connection]
        return self

    def firewall(self, target: str) -> Front:
        """Add a firewall that forwards its port 443 to ``target``."""
        subnet = self.subnet(self.vnet, "AzureFirewallSubnet", "10.0.8.0/26")
        item = {
            "name": "api",
            "protocols": ["TCP"],
            "sourceAddresses": ["*"],
            "destinationAddresses": [SHOWN],
            "destinationPorts": ["443"],
            "translatedAddress": target,
            "translatedPort": "6443" if target == CONTROL else "443",
        }
        rules = {"priority": 100, "action": {"type": "Dnat"}, "rules": [item]}
        place = {"name": "ip", "properties": {"subnet": link(subnet), "publicIPAddress": link(self.shown())}}
        made = {"ipConfigurations": [place], "natRuleCollections": [{"name": "in", "properties": rules}]}
        self.add(f"{NETWORK}/azureFirewalls", "hub", made)
        return self


def balanced(*ports: tuple[int, int], **rest: Any) -> Front:  # noqa: ANN401 - JSON
    account = Front()
    account.behind(*ports, **rest)
    return account


def prefix() -> Front:
    """Return a balancer whose front end is a prefix."""
    account = Front()
    own = account.behind()
    made = account.add(f"{NETWORK}/publicIPPrefixes", "prefix", {"ipPrefix": "20.71.0.20/30", "prefixLength": 30})
    front = account.properties(own)["frontendIPConfigurations"][0]["properties"]
    del front["publicIPAddress"]
    front["publicIPPrefix"] = link(made)
    return account


def nat(last: int = 0) -> Front:
    account = Front()
    own = account.load_balancer("api", public=account.shown())
    account.join(account.pool(own))
    interface = "" if last else account.interface_of("prod-cp-0")
    account.nat_rule(own, "api", 60000, 6443, last=last, interface=interface)
    return account


def worldwide() -> Front:
    """Return a balancer of all regions in front of a regional one."""
    account = Front()
    regional = account.behind((6443, 6443))
    own = account.load_balancer("world", (443, 6443), public=account.shown("world", "20.99.0.1"))
    account.get(own)["sku"] = {"name": "Standard", "tier": "Global"}
    front = {"loadBalancerFrontendIPConfiguration": link(f"{regional}/frontendIPConfigurations/front")}
    pool = account.properties(own)["backendAddressPools"][0]["properties"]
    pool["loadBalancerBackendAddresses"] = [{"name": "r", "properties": front}]
    return account


def appliances(*, of_interface: bool = False) -> Front:
    """Return a way in that first passes the appliances of a gateway load balancer."""
    account = Front()
    subnet = account.subnet(account.network("nva", "10.8.0.0/16"), "nva", "10.8.0.0/24")
    own = account.load_balancer("nva", subnet=subnet, address="10.8.0.4", sku="Gateway")
    passes = {"gatewayLoadBalancer": link(f"{own}/frontendIPConfigurations/front")}
    if of_interface:
        held = account.properties(account.interface_of("prod-cp-0"))["ipConfigurations"][0]["properties"]
        held.update(passes, publicIPAddress=link(account.shown()))
    else:
        account.properties(account.behind())["frontendIPConfigurations"][0]["properties"].update(passes)
    return account


def gateway(*, of_tcp: bool) -> Front:
    """Return an application gateway in front of the API. ``of_tcp``: by a listener for TCP."""
    account = Front(FROM_GATEWAY)
    subnet = account.subnet(account.vnet, "gateways", "10.0.8.0/24")
    own = account.application_gateway(
        "waf", subnet, public=account.shown(), addresses=[{"ipAddress": CONTROL}], ports=(443, 6443)
    )
    if of_tcp:
        made = account.properties(own)
        made["requestRoutingRules"] = made["httpListeners"] = []
        part = {
            "listeners": {
                "frontendIPConfiguration": link(f"{own}/frontendIPConfigurations/one"),
                "frontendPort": link(f"{own}/frontendPorts/one"),
                "protocol": "Tcp",
            },
            "backendSettingsCollection": {"port": 6443, "protocol": "Tcp"},
            "routingRules": {
                "ruleType": "Basic",
                "priority": 1,
                "listener": link(f"{own}/listeners/t"),
                "backendAddressPool": link(f"{own}/backendAddressPools/one"),
                "backendSettings": link(f"{own}/backendSettingsCollection/t"),
            },
        }
        made |= {key: [{"id": f"{own}/{key}/t", "name": "t", "properties": inside}] for key, inside in part.items()}
    return account


def firewall_to_a_balancer() -> Front:
    account = Front(rule("firewall", 150, "6443", "10.0.8.0/26"))
    account.behind(subnet=account.control, address="10.0.0.50")
    return account.firewall("10.0.0.50")


def private_endpoint(*, foreign: bool) -> Subscription:
    """Return a private cluster with a second endpoint in a peered network, or in another subscription."""
    account = aks_private()
    cluster = account.id(CLUSTERS, "prod")
    own = f"{THEIRS}/Microsoft.Network/privateEndpoints/mine"
    if foreign:
        account.elsewhere.add(own)
    else:
        subnet = f"{account.id(f'{NETWORK}/virtualNetworks', 'other')}/subnets/tools"
        own = account.private_endpoint("mine", subnet, "10.2.0.50", cluster, "management")
    held = {"privateEndpoint": link(own), "privateLinkServiceConnectionState": {"status": "Approved"}}
    account.put({"id": f"{cluster}/privateEndpointConnections/mine", "name": "mine", "properties": held})
    return account


def without_profile() -> Aks:
    account = Aks()
    del account.itself["apiServerAccessProfile"]
    return account


def trusted() -> Aks:
    """Return a cluster whose API a backup vault may use."""
    account = Aks({"authorizedIPRanges": ["0.0.0.0/32"], "disableRunCommand": True})
    source = account.id("Microsoft.DataProtection/backupVaults", "vault", group="backup")
    account.elsewhere.add(source)
    made = {"sourceResourceId": source, "roles": ["Microsoft.DataProtection/backupVaults/backup-operator"]}
    kind = f"{CLUSTERS}/trustedAccessRoleBindings"
    own = f"{account.cluster}/trustedAccessRoleBindings/backup"
    account.put({"id": own, "name": "backup", "type": kind, "properties": made})
    return account


def world(build: Callable[[], Subscription]) -> Variant:
    return Variant(build, ROW, "FAIL", ["internet:critical"])


def ranges(*listed: str) -> Aks:
    return Aks({"authorizedIPRanges": [*listed]})


VARIANTS = {
    "a balancer in another resource group": world(lambda: balanced(rg="hub")),
    "a balancer for every port": world(lambda: balanced((0, 0), protocol="All")),
    "a balancer with another port": world(lambda: balanced((8080, 6443))),
    "a pool of addresses": world(lambda: Front().by_address()),
    "a pool of addresses in a subnet": world(lambda: Front().by_address(subnet=link(Front().control))),
    "a balancer with a prefix": world(prefix),
    "a NAT rule to an interface": world(nat),
    "a NAT rule to a pool": world(lambda: nat(last=60010)),
    "a balancer of all regions": world(worldwide),
    "an application gateway": world(lambda: gateway(of_tcp=False)),
    "an application gateway for TCP": world(lambda: gateway(of_tcp=True)),
    "a firewall": world(lambda: Front(rule("firewall", 150, "6443", "10.0.8.0/26")).firewall(CONTROL)),
    "a firewall to a balancer": world(firewall_to_a_balancer),
    "appliances before a balancer": Variant(appliances, ROW, "UNKNOWN", says=["drop connections"]),
    "appliances before an interface": Variant(
        lambda: appliances(of_interface=True), ROW, "UNKNOWN", says=["public address"]
    ),
    "a private link service for everyone": Variant(
        lambda: Front(FROM_LINK).publish(), ROW, "FAIL", ["inside:medium"], says=["anyone who creates an endpoint"]
    ),
    "a private link service with one foreign endpoint": Variant(
        lambda: Front(FROM_LINK).publish(everyone=False, connected=True), ROW, "FAIL", ["inside:medium"]
    ),
    "a private endpoint in another subscription": Variant(
        lambda: private_endpoint(foreign=True), ROW, "UNKNOWN", says=["another subscription"]
    ),
    "a private endpoint in a peered network": Variant(
        lambda: private_endpoint(foreign=False), ROW, "PASS", ["inside:low"], says=["other"]
    ),
    "AKS without a profile of its access": world(without_profile),
    "ranges for each half of the internet": world(lambda: ranges("0.0.0.0/1", "128.0.0.0/1")),
    "a range for all of IPv6": world(lambda: ranges("::/0", "198.51.100.0/24")),
    "a range for all of Azure": Variant(lambda: ranges("AzureCloud"), ROW, "FAIL", ["internet:high"]),
    "a service that Trusted Access lets in": Variant(trusted, ROW, "PASS", ["internet:low"], says=["Trusted Access"]),
    "an API in the network whose subnet is not told": Variant(
        lambda: Aks({"enableVnetIntegration": True, "authorizedIPRanges": ["198.51.100.0/24"]}), ROW, "UNKNOWN"
    ),
    "a private API without an endpoint": Variant(
        lambda: Aks({"enablePrivateCluster": True, "enablePrivateClusterPublicFQDN": True}), ROW, "UNKNOWN"
    ),
}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_every_way_to_the_api_is_found(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)
