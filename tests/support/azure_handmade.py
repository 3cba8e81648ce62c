"""Made-up self-managed clusters on Azure whose machines have the names, tags and disks that a test gives them."""

from __future__ import annotations

from typing import Any, Final

from azure_clusters import MASTERS, NOBODY, NODES, capz_tags
from azure_fixtures import Subscription
from azure_ids import Item
from azure_rules import ANY, rule

CONTROL, WORKERS = "10.0.0.4", "10.0.1.4"
INSIDE: Final = "10.0.9.0/24"
"""A subnet of the network without machines of the cluster."""


class HandMade(Subscription):
    """A network with a subnet for control planes and one for nodes, which let in only what a cluster needs.

    ``masters`` and ``workers`` are further rules of their security groups.
    """

    def __init__(self, *, masters: tuple[Item, ...] = (), workers: tuple[Item, ...] = ()) -> None:
        super().__init__()
        self.vnet = self.network("prod", "10.0.0.0/16")
        own = (
            rule("masters", 200, source=MASTERS, destination=MASTERS, protocol=ANY),
            rule("nodes", 210, "6443", NODES),
        )
        self.of_masters = self.security_group("masters", *own, *masters, *NOBODY)
        kubelet = (rule("kubelet", 200, "10250", MASTERS), rule("nodes", 210, source=NODES, protocol=ANY))
        self.of_workers = self.security_group("workers", *kubelet, *workers, *NOBODY)
        self.control = self.subnet(self.vnet, "masters", MASTERS, nsg=self.of_masters)
        self.workers = self.subnet(self.vnet, "workers", NODES, nsg=self.of_workers)
        self.tools = self.subnet(self.vnet, "tools", INSIDE)

    def master(self, name: str = "prod-cp-0", address: str = CONTROL, **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a machine in the subnet of control planes. By default it has the tags of Cluster API."""
        rest.setdefault("tags", capz_tags("control-plane"))
        return self.machine(name, self.control, address, **rest)

    def worker(self, name: str = "prod-node-1", address: str = WORKERS, **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a machine in the subnet of nodes. By default it has the tags of Cluster API."""
        rest.setdefault("tags", capz_tags("node"))
        return self.machine(name, self.workers, address, **rest)

    def other(self, name: str = "jenkins", address: str = "10.0.9.4", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a machine that is not the cluster's, without tags."""
        return self.machine(name, self.tools, address, **rest)


def open_etcd(ports: str = "2379-2380") -> Item:
    """Return a rule by which a subnet of others reaches ``ports`` of the control plane."""
    return rule("tools", 150, ports, INSIDE)
