"""Made-up clusters on machines of a subscription, as their installers create them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from azure_fixtures import Subscription
from azure_ids import Item
from azure_rules import ANY, rule

WORLD, OFFICE, INTERNET = "*", "198.51.100.0/24", "Internet"
MASTERS, NODES = "10.0.0.0/24", "10.0.1.0/24"
CAPZ: Final = "sigs.k8s.io_cluster-api-provider-azure_"


NOBODY: Final = (
    rule("probes", 4000, source="AzureLoadBalancer", protocol=ANY),
    rule("nobody", 4096, source="VirtualNetwork", protocol=ANY, access="Deny"),
)
"""Rules that override the first default rule, which lets in the virtual network."""


def capz_tags(role: str, name: str = "prod") -> Item:
    """Return the tags that Cluster API writes: kubernetes-sigs/cluster-api-provider-azure api/v1beta1/tags.go."""
    return {f"{CAPZ}cluster_{name}": "owned", f"{CAPZ}role": role, "Name": f"{name}-{role}"}


class Clean(Subscription):
    """A cluster of one control-plane host and two nodes, whose security groups let in only what it needs.

    ``masters`` and ``nodes``: further rules of the two groups. ``on_nodes``: rules of a further group on the nodes'
    interfaces (empty: no such group). By default nothing has a public address, and no machine has an identity.
    """

    def __init__(
        self,
        *,
        masters: Sequence[Item] = (),
        nodes: Sequence[Item] = (),
        on_nodes: Sequence[Item] = (),
        guarded: bool = True,
        public: str = "",
        identities: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.vnet = self.network("prod-vnet", "10.0.0.0/16")
        self.masters, self.nodes = self.application_group("masters"), self.application_group("nodes")
        self.master_group = self.security_group("prod-controlplane-nsg", *self._master_rules(), *masters)
        self.node_group_rules = self.security_group("prod-node-nsg", *self.node_rules(), *nodes)
        control = self.subnet(self.vnet, "prod-controlplane-subnet", MASTERS, nsg=self.master_group)
        workers = self.subnet(self.vnet, "prod-node-subnet", NODES, nsg=self.node_group_rules if guarded else "")
        nsg = self.security_group("prod-nic-nsg", *self.node_rules(), *on_nodes) if on_nodes else ""
        disk = self.disk("prod-cp-0_etcddisk")
        tags = capz_tags("control-plane")
        self.machine("prod-cp-0", control, "10.0.0.4", disks=[disk], asgs=[self.masters], tags=tags)
        for number in (1, 2):
            shown = self.public_address(f"node-{number}", f"20.71.0.{number}", sku=public) if public else ""
            self.machine(
                f"prod-node-{number}",
                workers,
                f"10.0.1.{number + 3}",
                nsg=nsg,
                asgs=[self.nodes],
                public=shown,
                identities=[self.identity(name) for name in identities] if number == 1 else (),
                tags=capz_tags("node"),
            )

    def interface_of(self, machine: str) -> str:
        """Return the id of a machine's interface."""
        return self.id("Microsoft.Network/networkInterfaces", f"{machine}-nic")

    def _master_rules(self) -> list[Item]:
        """Return rules that let in the traffic that a control plane needs, and nothing else."""
        return [
            rule("office", 200, "6443", OFFICE),
            rule("nodes", 210, "6443", source_groups=[self.nodes]),
            rule("masters", 220, "2379-2380,6443,10250", source_groups=[self.masters]),
            *NOBODY,
        ]

    def node_rules(self) -> list[Item]:
        """Return rules that let in the traffic that nodes need, and nothing else."""
        return [
            rule("kubelet", 200, "10250", source_groups=[self.masters]),
            rule("nodes", 210, source_groups=[self.nodes], protocol=ANY),
            *NOBODY,
        ]


def capz() -> Subscription:
    """Return a cluster with the groups, load balancer and identities of Cluster API.

    kubernetes-sigs/cluster-api-provider-azure internal/api/v1beta1/azurecluster_default.go, azure/scope/cluster.go.
    A system-assigned identity has Contributor on the subscription (docs/book/src/self-managed/vm-identity.md).
    """
    account = Subscription()
    network = account.network("prod-vnet", "10.0.0.0/8")
    owned = {f"{CAPZ}cluster_prod": "owned"}
    masters = account.security_group(
        "prod-controlplane-nsg", rule("allow_ssh", 2200, "22"), rule("allow_apiserver", 2201, "6443"), tags=owned
    )
    control = account.subnet(network, "prod-controlplane-subnet", "10.0.0.0/16", nsg=masters)
    nodes = account.security_group("prod-node-nsg", tags=owned)
    workers = account.subnet(network, "prod-node-subnet", "10.1.0.0/16", nsg=nodes)
    shown = account.public_address("prod-api", "20.71.0.10", tags=capz_tags("apiserver"))
    balancer = account.load_balancer("prod-public-lb", (6443, 6443), public=shown, tags=capz_tags("apiserver"))
    disk = account.disk("prod-control-plane-x7_etcddisk")
    own = account.machine(
        "prod-control-plane-x7",
        control,
        "10.0.0.4",
        disks=[disk],
        system=True,
        pools=[account.pool(balancer)],
        tags=capz_tags("control-plane"),
    )
    interface = account.id("Microsoft.Network/networkInterfaces", "prod-control-plane-x7-nic")
    account.nat_rule(balancer, "prod-control-plane-x7", 22, 22, interface=interface)
    account.machine("prod-md-0-a", workers, "10.1.0.4", system=True, tags=capz_tags("node"))
    node = account.id("Microsoft.Compute/virtualMachines", "prod-md-0-a")
    for machine in (own, node):
        account.assign(account.principal(machine), "Contributor")
    return account


def kops_tags(**more: str) -> Item:
    """Return the tags that kops writes: kubernetes/kops upup/pkg/fi/cloudup/azure/azure_cloud.go."""
    return {"KubernetesCluster": "prod", "kubernetes.io_cluster_prod": "owned", **more}


def kops() -> Subscription:
    """Return a cluster with the group, scale sets and load balancer of kops, open to an office.

    kubernetes/kops pkg/model/azuremodel/network.go. kops itself gives each host a public address, and lets nodes reach
    the second etcd on port 4002.
    """
    account = Subscription()
    network = account.network("prod", "10.0.0.0/16")
    control, nodes = account.application_group("control-plane.prod"), account.application_group("nodes.prod")
    group = account.security_group("prod", *kops_rules(control, nodes), tags=kops_tags())
    subnet = account.subnet(network, "eastus", "10.0.0.0/24", nsg=group)
    shown = account.public_address("api-prod", "20.71.0.10", tags=kops_tags())
    balancer = account.load_balancer("api-prod", (443, 443), (3988, 3988), public=shown, tags=kops_tags())
    role = {"k8s.io_role_control-plane": "1", "k8s.io_role_master": "1"}
    masters = account.scale_set(
        "control-plane-eastus-1.masters.prod",
        subnet,
        "10.0.0.4",
        asgs=[control],
        pools=[account.pool(balancer)],
        public=["20.71.0.11"],
        system=True,
        forwards=True,
        tags=kops_tags(**role, **{"kops.k8s.io_instancegroup": "control-plane-eastus-1"}),
    )
    for lun, kind in enumerate(("main", "events")):
        tags = kops_tags(**role, **{f"k8s.io_etcd_{kind}": "a/a"})
        disk = account.disk(f"a.etcd-{kind}.prod", machine=f"{masters}/virtualMachines/0", tags=tags)
        held = {"lun": lun, "name": f"a.etcd-{kind}.prod", "createOption": "Attach", "managedDisk": {"id": disk}}
        account.properties(f"{masters}/virtualMachines/0")["storageProfile"]["dataDisks"].append(held)
    account.scale_set(
        "nodes.prod",
        subnet,
        "10.0.0.5",
        "10.0.0.6",
        asgs=[nodes],
        public=["20.71.0.12", "20.71.0.13"],
        system=True,
        forwards=True,
        tags=kops_tags(**{"k8s.io_role_node": "1", "kops.k8s.io_instancegroup": "nodes"}),
    )
    account.assign(account.principal(masters), "Contributor", account.in_group())
    return account


def kops_rules(control: str, nodes: str) -> list[Item]:
    """Return kops' rules between application security groups."""
    return [
        rule("AllowSSH", 100, "22", [OFFICE], destination_groups=[control, nodes]),
        rule("AllowKubernetesAPI", 200, "443", [OFFICE], destination_groups=[control]),
        *(
            rule(name, priority, ports, protocol=protocol, access=access, source_groups=[a], destination_groups=[b])
            for name, priority, ports, protocol, access, a, b in (
                ("AllowControlPlaneToControlPlane", 1000, ANY, ANY, "Allow", control, control),
                ("AllowControlPlaneToNodes", 1001, ANY, ANY, "Allow", control, nodes),
                ("AllowNodesToNodes", 1002, ANY, ANY, "Allow", nodes, nodes),
                ("DenyNodesToEtcdManager", 1003, "2380-2381", "Tcp", "Deny", nodes, control),
                ("DenyNodesToEtcd", 1004, "4000-4001", "Tcp", "Deny", nodes, control),
                ("AllowNodesToControlPlane", 1005, ANY, ANY, "Allow", nodes, control),
            )
        ),
        rule("AllowAzureLoadBalancer", 4000, source="AzureLoadBalancer", protocol=ANY, destination="VirtualNetwork"),
        rule("DenyAllToControlPlane", 4001, protocol=ANY, access="Deny", destination_groups=[control]),
        rule("DenyAllToNodes", 4002, protocol=ANY, access="Deny", destination_groups=[nodes]),
    ]


def rke2() -> Subscription:
    """Return RKE2 as in rancherfederal/rke2-azure-tf: groups only on interfaces, the API behind a private balancer."""
    account = Subscription()
    subnet = account.subnet(account.network("prod-vnet", "10.0.0.0/16"), "default", "10.0.0.0/24")
    servers = account.security_group(
        "prod-rke2-server-nsg", rule("controlplane", 101, "6443"), rule("supervisor", 102, "9345")
    )
    agents = account.security_group("prod-agent-nsg")
    balancer = account.load_balancer("prod-cp-lb", (6443, 6443), (9345, 9345), subnet=subnet, address="10.0.0.100")
    who = account.identity("prod-cluster")
    tags = {"kubernetes.io_cluster_prod": "owned"}
    account.scale_set(
        "vm-prod-server",
        subnet,
        "10.0.0.4",
        "10.0.0.5",
        "10.0.0.6",
        nsg=servers,
        pools=[account.pool(balancer)],
        identities=[who],
        tags=tags | {"Role": "server"},
    )
    account.scale_set("vm-prod-agent", subnet, "10.0.0.7", nsg=agents, identities=[who], tags=tags | {"Role": "agent"})
    return account
