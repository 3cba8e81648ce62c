"""Build the load balancers of a made-up subscription."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure_ids import Item
from azure_networks import NETWORK, NetworkFixtures, link

FRONT = "front"
Rule = tuple[int, int]
"""The port of the front end and the port of the back end."""


class BalancerFixtures(NetworkFixtures):
    """Fixtures of load balancers. Each has one front end, called "front", and one pool with the balancer's name."""

    def load_balancer(
        self,
        name: str,
        *rules: Rule,
        public: str = "",
        subnet: str = "",
        address: str = "",
        sku: str = "Standard",
        floating: bool = False,
        addresses: Sequence[tuple[str, str]] = (),
        outbound: bool = False,
        protocol: str = "Tcp",
        rg: str = "",
        tags: Item | None = None,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a load balancer and return its id. ``addresses``: pool members, as pairs of address and network id."""
        kind = f"{NETWORK}/loadBalancers"
        own = self.id(kind, name, group=rg)
        front, pool = f"{own}/frontendIPConfigurations/{FRONT}", f"{own}/backendAddressPools/{name}"
        made: Item = {
            "frontendIPConfigurations": [
                {"id": front, "name": FRONT, "properties": _front(public, subnet, address)},
            ],
            "backendAddressPools": [{"id": pool, "name": name, "properties": _pool(addresses)}],
            "loadBalancingRules": [
                {
                    "id": f"{own}/loadBalancingRules/{protocol.lower()}-{port}",
                    "name": f"{protocol.lower()}-{port}",
                    "properties": {
                        "frontendIPConfiguration": link(front),
                        "frontendPort": port,
                        "backendPort": behind,
                        "protocol": protocol,
                        "enableFloatingIP": floating,
                        "disableOutboundSnat": True,
                        "backendAddressPool": link(pool),
                        "backendAddressPools": [link(pool)],
                    },
                }
                for port, behind in rules
            ],
            "probes": [],
            "inboundNatRules": [],
            "inboundNatPools": [],
            "outboundRules": [],
        }
        if outbound:
            rule = {"frontendIPConfigurations": [link(front)], "backendAddressPool": link(pool), "protocol": "All"}
            made["outboundRules"] = [{"id": f"{own}/outboundRules/out", "name": "out", "properties": rule}]
        if public:
            self.properties(public)["ipConfiguration"] = link(front)
        return self.add(
            kind, name, made | rest, rg=rg, sku={"name": sku, "tier": "Regional"} if sku else None, tags=tags
        )

    def pool(self, balancer: str) -> str:
        """Return the id of a balancer's pool."""
        return f"{balancer}/backendAddressPools/{balancer.rpartition('/')[2]}"

    def application_gateway(
        self,
        name: str,
        subnet: str,
        *,
        public: str = "",
        addresses: Sequence[Item] = (),
        ports: Sequence[int] = (),
        protocol: str = "Https",
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add an application gateway. ``ports``: the listener's port and the target's port; empty: no rule."""
        kind = f"{NETWORK}/applicationGateways"
        own = self.id(kind, name)
        shown: Item = {"publicIPAddress": link(public)} if public else {"subnet": link(subnet)}
        made: dict[str, Item] = {
            "gatewayIPConfigurations": {"subnet": link(subnet)},
            "frontendIPConfigurations": shown,
            "backendAddressPools": {"backendAddresses": [*addresses]},
        }
        if ports:
            made |= {
                "frontendPorts": {"port": ports[0]},
                "backendHttpSettingsCollection": {"port": ports[1], "protocol": protocol},
                "httpListeners": {
                    "frontendIPConfiguration": link(f"{own}/frontendIPConfigurations/one"),
                    "frontendPort": link(f"{own}/frontendPorts/one"),
                    "protocol": "Https",
                },
                "requestRoutingRules": {
                    "ruleType": "Basic",
                    "httpListener": link(f"{own}/httpListeners/one"),
                    "backendAddressPool": link(f"{own}/backendAddressPools/one"),
                    "backendHttpSettings": link(f"{own}/backendHttpSettingsCollection/one"),
                },
            }
        listed = {
            key: [{"id": f"{own}/{key}/one", "name": "one", "properties": inside}] for key, inside in made.items()
        }
        return self.add(kind, name, listed | rest)

    def nat_rule(
        self,
        balancer: str,
        name: str,
        port: int,
        behind: int,
        *,
        interface: str = "",
        last: int = 0,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add an inbound NAT rule to one ``interface``, or to all members of the pool, from ``port`` to ``last``."""
        own = f"{balancer}/inboundNatRules/{name}"
        pool = {"frontendPort": 0, "frontendPortRangeStart": port, "frontendPortRangeEnd": last}
        made = {
            "frontendIPConfiguration": link(f"{balancer}/frontendIPConfigurations/{FRONT}"),
            "backendPort": behind,
            "protocol": "Tcp",
            "enableFloatingIP": False,
            **({"backendAddressPool": link(self.pool(balancer)), **pool} if last else {"frontendPort": port}),
        }
        if interface:
            made["backendIPConfiguration"] = link(f"{interface}/ipConfigurations/ipconfig1")
            configuration = self.properties(interface)["ipConfigurations"][0]["properties"]
            configuration.setdefault("loadBalancerInboundNatRules", []).append(link(own))
        item = {"id": own, "name": name, "type": f"{NETWORK}/loadBalancers/inboundNatRules", "properties": made | rest}
        self.properties(balancer)["inboundNatRules"].append(item)
        return own


def _front(public: str, subnet: str, address: str) -> Item:
    if public:
        return {"privateIPAllocationMethod": "Dynamic", "publicIPAddress": link(public)}
    return {"privateIPAllocationMethod": "Static", "privateIPAddress": address, "subnet": link(subnet)}


def _pool(addresses: Sequence[tuple[str, str]]) -> Item:
    made = [
        {"name": f"a{number}", "properties": {"ipAddress": address, "virtualNetwork": link(network)}}
        for number, (address, network) in enumerate(addresses)
    ]
    return {"provisioningState": "Succeeded", "loadBalancerBackendAddresses": made}
