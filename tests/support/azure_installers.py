"""Clusters on Azure as their installers' own definitions create them."""

from __future__ import annotations

from typing import Any, Final

from azure_clusters import capz_tags
from azure_fixtures import Subscription
from azure_ids import Item
from azure_networks import NETWORK, link
from azure_rules import ANY, rule

CONTROLLERS, WORKERS = "10.0.0.0/24", "10.0.128.0/24"
BOTH: Final = [CONTROLLERS, WORKERS]
FIREWALL: Final = "20.90.0.4"


def typhoon() -> Subscription:
    """Return a Typhoon cluster: no tags, rules for subnets, and SSH to controllers open to everyone.

    poseidon/typhoon azure/flatcar-linux/kubernetes: security.tf, controllers.tf, lb.tf, workers/workers.tf.
    """
    account = Subscription()
    network = account.network("prod", "10.0.0.0/16")
    deny = rule("deny-all", 3005, source="*", protocol=ANY, access="Deny")
    probes = rule("allow-loadbalancer", 3000, source="AzureLoadBalancer", protocol=ANY)
    controllers = account.security_group(
        "prod-controller",
        rule("allow-ssh", 2000, "22", "*", destination=CONTROLLERS),
        rule("allow-etcd", 2005, "2379-2380", [CONTROLLERS], destination=CONTROLLERS),
        rule("allow-etcd-metrics", 2010, "2381", [WORKERS], destination=CONTROLLERS),
        rule("allow-apiserver", 2016, "6443", "*", destination=CONTROLLERS),
        rule("allow-kubelet", 2030, "10250", BOTH, destination=CONTROLLERS),
        probes,
        deny,
    )
    workers = account.security_group(
        "prod-worker",
        rule("allow-ssh", 2000, "22", [CONTROLLERS], destination=WORKERS),
        rule("allow-http", 2005, "80", "*", destination=WORKERS),
        rule("allow-kubelet", 2025, "10250", BOTH, destination=WORKERS),
        probes,
        deny,
    )
    control = account.subnet(network, "prod-controller", CONTROLLERS, nsg=controllers)
    work = account.subnet(network, "prod-worker", WORKERS, nsg=workers)
    shown = account.public_address("prod-apiserver", "20.90.0.1")
    balancer = account.load_balancer("prod", (6443, 6443), public=shown)
    account.machine(
        "prod-controller-0",
        control,
        "10.0.0.4",
        nsg=controllers,
        public=account.public_address("prod-controller-0-ipv4", "20.90.0.2"),
        pools=[account.pool(balancer)],
    )
    account.scale_set("prod-worker", work, "10.0.128.4", "10.0.128.5", nsg=workers)
    return account


def talos() -> Subscription:
    """Return a Talos cluster as in its guide: one group for all hosts, ports 50000 and 6443 open, no tags.

    siderolabs/talos website/content/v1.10/talos-guides/install/cloud-platforms/azure.md
    """
    account = Subscription()
    nsg = account.security_group(
        "talos-sg",
        rule("apid", 1001, "50000", "*"),
        rule("trustd", 1002, "50001", "*"),
        rule("etcd", 1003, "2379-2380", "*"),
        rule("kube", 1004, "6443", "*"),
    )
    subnet = account.subnet(account.network("talos-vnet", "10.0.0.0/16"), "talos", "10.0.0.0/24", nsg=nsg)
    shown = account.public_address("talos-public-ip", "20.90.1.1")
    balancer = account.load_balancer("talos-lb", (6443, 6443), public=shown)
    for number in range(3):
        public = account.public_address(f"talos-controlplane-public-ip-{number}", f"20.90.1.{number + 4}")
        account.machine(
            f"talos-controlplane-{number}",
            subnet,
            f"10.0.0.{number + 4}",
            public=public,
            pools=[account.pool(balancer)],
        )
    account.machine("talos-worker-0", subnet, "10.0.0.9", nsg=nsg)
    return account


def openshift() -> Subscription:
    """Return an OpenShift cluster: a tag on all resources, roles in names, one identity, one group for all subnets.

    openshift/installer data/data/azure (release-4.14): vnet/nsg.tf, vnet/public-lb.tf, vnet/internal-lb.tf, main.tf.
    """
    account = Subscription()
    infra = "prod-x7k2m"
    tags = {f"kubernetes.io_cluster.{infra}": "owned"}
    nsg = account.security_group(f"{infra}-nsg", rule("apiserver_in", 101, "6443", "*"))
    network = account.network(f"{infra}-vnet", "10.0.0.0/16")
    masters = account.subnet(network, f"{infra}-master-subnet", "10.0.0.0/17", nsg=nsg)
    workers = account.subnet(network, f"{infra}-worker-subnet", "10.0.128.0/17", nsg=nsg)
    who = account.identity(f"{infra}-identity")
    account.assign(account.principal(who), "Contributor", account.in_group())
    shown = account.public_address(f"{infra}-pip-v4", "20.90.2.1", tags=tags)
    public = account.load_balancer(infra, (6443, 6443), public=shown, tags=tags)
    inside = account.load_balancer(
        f"{infra}-internal", (6443, 6443), (22623, 22623), subnet=masters, address="10.0.0.4", tags=tags
    )
    for number in range(3):
        account.machine(
            f"{infra}-master-{number}",
            masters,
            f"10.0.0.{number + 5}",
            pools=[account.pool(public), account.pool(inside)],
            identities=[who],
            tags=tags,
        )
    account.machine(f"{infra}-worker-westeurope1-abcde", workers, "10.0.128.5", identities=[who], tags=tags)
    return account


def kubespray() -> Subscription:
    """Return a cluster of Kubespray's templates: each machine has a tag with its groups, and no tag names a cluster.

    kubernetes-sigs/kubespray contrib/azurerm/roles/generate-templates/templates: masters.json, minions.json.
    """
    account = Subscription()
    masters = account.security_group(
        "masters-nsg", rule("allow-internet-ssh", 100, "22", "*"), rule("kubernetes-api", 110, "6443", "*")
    )
    minions = account.security_group("minions-nsg", rule("allow-ssh", 100, "22", "*"))
    network = account.network("KubVNET", "10.0.0.0/8")
    control = account.subnet(network, "masters-subnet", "10.0.0.0/24", nsg=masters)
    work = account.subnet(network, "minions-subnet", "10.0.1.0/24", nsg=minions)
    account.machine("master-0", control, "10.0.0.4", tags={"roles": "kube_control_plane,etcd"})
    account.machine("minion-0", work, "10.0.1.4", tags={"roles": "kube_node"})
    return account


def by_hand() -> Subscription:
    """Return a manual kubeadm cluster as in a tutorial: one network without a group, and roles only in names."""
    account = Subscription()
    subnet = account.subnet(account.network("kubeadm", "10.0.0.0/16"), "kubeadm", "10.0.0.0/24")
    account.machine("kube-master", subnet, "10.0.0.4", public=account.public_address("m", "20.90.4.1"))
    account.machine("kube-worker-1", subnet, "10.0.0.5", public=account.public_address("w", "20.90.4.2"))
    return account


def capz_pool() -> Subscription:
    """Return a Cluster API cluster with machines only for the control plane, and a machine pool (flexible scale set).

    kubernetes-sigs/cluster-api-provider-azure docs/book/src/self-managed/machinepools.md
    """
    account = Subscription()
    network = account.network("prod-vnet", "10.0.0.0/8")
    masters = account.security_group("prod-controlplane-nsg", rule("allow_apiserver", 2201, "6443", "*"))
    control = account.subnet(network, "prod-controlplane-subnet", "10.0.0.0/16", nsg=masters)
    workers = account.subnet(network, "prod-node-subnet", "10.1.0.0/16", nsg=account.security_group("prod-node-nsg"))
    shown = account.public_address("prod-api", "20.90.5.1", tags=capz_tags("apiserver"))
    balancer = account.load_balancer("prod-public-lb", (6443, 6443), public=shown, tags=capz_tags("apiserver"))
    disk = account.disk("prod-control-plane-x7_etcddisk")
    account.machine(
        "prod-control-plane-x7",
        control,
        "10.0.0.4",
        disks=[disk],
        pools=[account.pool(balancer)],
        tags=capz_tags("control-plane"),
    )
    account.scale_set("prod-mp-0", workers, "10.1.0.4", "10.1.0.5", flexible=True, tags=capz_tags("node"))
    return account


def aks_baseline() -> Subscription:
    """Return Microsoft's AKS baseline: a spoke with outbound traffic through a firewall in a hub, and a gateway.

    mspnp/aks-baseline network-team/hub-regionA.bicep, spoke-BU0001A0008.bicep; workload-team/cluster-stamp.bicep.
    """
    account = Subscription()
    hub, spoke = account.network("vnet-hub", "10.200.0.0/24"), account.network("vnet-spoke", "10.240.0.0/16")
    for one, other in ((hub, spoke), (spoke, hub)):
        account.peering(one, other, allowForwardedTraffic=True)
    place = account.subnet(hub, "AzureFirewallSubnet", "10.200.0.0/26")
    public = account.public_address("pip-fw", FIREWALL)
    policy = account.add(f"{NETWORK}/firewallPolicies", "fw-policies", {"threatIntelMode": "Alert"})
    held: Item = {"subnet": link(place), "publicIPAddress": link(public), "privateIPAddress": "10.200.0.4"}
    account.add(
        f"{NETWORK}/azureFirewalls",
        "fw",
        {"firewallPolicy": link(policy), "ipConfigurations": [{"name": "ip", "properties": held}]},
    )
    table = account.route_table("route-to-hub-fw", ("0.0.0.0/0", "VirtualAppliance", "10.200.0.4"))
    nodes = account.subnet(
        spoke, "snet-clusternodes", "10.240.0.0/22", nsg=account.security_group("nsg-nodepools"), routes=table
    )
    waf = account.security_group(
        "nsg-appgw",
        rule("Allow443Inbound", 100, "443", "Internet", destination="VirtualNetwork"),
        rule("AllowControlPlaneInbound", 110, "65200-65535", "GatewayManager", protocol=ANY),
        rule("AllowHealthProbesInbound", 120, source="AzureLoadBalancer", protocol=ANY),
        rule("DenyAllInbound", 1000, source="*", protocol=ANY, access="Deny"),
    )
    edge = account.subnet(spoke, "snet-applicationgateway", "10.240.5.0/24", nsg=waf)
    account.application_gateway(
        "apw",
        edge,
        public=account.public_address("pip-00", "20.90.6.2"),
        addresses=[{"fqdn": "bu0001a0008-00.aks-ingress.contoso.com"}],
        ports=(443, 443),
    )
    own = account.identity("mi-aks-controlplane")
    for subnet in (nodes,):
        account.assign(account.principal(own), "Network Contributor", subnet)
    addons: dict[str, Any] = {}
    rg = account.node_group()
    for name in ("omsagent", "azurepolicy", "azureKeyvaultSecretsProvider"):
        who = account.identity(f"{name}-prod", rg=rg)
        ids = account.properties(who)
        addons[name] = {
            "enabled": True,
            "identity": {"resourceId": who, "clientId": ids["clientId"], "objectId": ids["principalId"]},
        }
    cluster = account.managed_cluster(
        subnet=nodes,
        addresses=["10.240.0.4", "10.240.0.5"],
        access={"authorizedIPRanges": [f"{FIREWALL}/32"], "enablePrivateCluster": False},
        identities=[own],
        outbound="",
        addonProfiles=addons | {"httpApplicationRouting": {"enabled": False}},
    )
    omsagent = account.id("Microsoft.ManagedIdentity/userAssignedIdentities", "omsagent-prod", group=rg)
    account.assign(account.principal(omsagent), "Monitoring Metrics Publisher", cluster)
    return account
