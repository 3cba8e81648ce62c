"""A made-up subscription with services in front of a host and its load balancer."""

from __future__ import annotations

from typing import Any, Final

from azure_fixtures import Subscription
from azure_networks import NETWORK, link

ADDRESS: Final = "10.0.0.4"


class Made(Subscription):
    """The host "cp-0" behind an internal balancer, in a network with a peer."""

    def __init__(self) -> None:
        super().__init__()
        self.vnet, self.hub = self.network(), self.network("hub", "10.9.0.0/16")
        self.peering(self.vnet, self.hub)
        self.nodes = self.subnet(self.vnet)
        self.balancer = self.load_balancer("api", (443, 6443), subnet=self.nodes, address="10.0.0.200")
        self.front = f"{self.balancer}/frontendIPConfigurations/front"
        self.machine("cp-0", self.nodes, ADDRESS, pools=[self.pool(self.balancer)])

    def link_service(self, name: str = "api", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a private link service."""
        return self.add(f"{NETWORK}/privateLinkServices", name, rest)

    def bastion(self, subnet: str = "", network: str = "", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a bastion in a subnet, or a Developer bastion for a network."""
        made: dict[str, Any] = {"ipConfigurations": []}
        if subnet:
            made["ipConfigurations"].append({"name": "ip", "properties": {"subnet": link(subnet)}})
        made |= {"virtualNetwork": link(network)} if network else {}
        return self.add(f"{NETWORK}/bastionHosts", "bastion", made | rest)
