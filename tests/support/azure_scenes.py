"""Clusters on Azure, each with its expected findings."""

from __future__ import annotations

from collections.abc import Mapping

from azure_clusters import OFFICE, Clean, capz, kops, rke2
from azure_edges import EDGES
from azure_fixtures import Subscription
from azure_fronts import FRONTS
from azure_further import admin_rule, behind_appliance, by_v6, from_tag, of_the_cluster, service, with_public_nodes
from azure_ways_in import (
    AUTHORIZED,
    SSH,
    aks,
    aks_guarded,
    aks_integrated,
    aks_kubelet,
    aks_peered,
    aks_private,
    aks_with_kms,
    balanced,
    by_application_group,
    holding,
    keyed,
    translated,
    two_groups,
    unmanaged_disk,
    without_group,
)
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import Verdict
from marked_scenes import ALL_PASS, API, DISKS, ETCD, IDENTITY, MANAGED, NODES, Scene

ACME = "/providers/Microsoft.Management/managementGroups/acme"
_SSH = ("node-access/internet", "critical")
_WORLD = ("api-server-access/internet", "critical")
_INSIDE = ("node-access/inside", "medium")
_ETCD_INSIDE = ("etcd-access/inside", "high")
_METADATA = ("cloud-api-access/metadata", "medium")
_ESCALATION = ("cloud-api-access/escalation", "critical")
_CONTRIBUTOR = (_ESCALATION, ("cloud-api-access/outside", "high"), _METADATA)
_CONTRIBUTOR_OF_ITS_OWN = (("cloud-api-access/inside", "medium"), _METADATA)
"""Contributor only on the cluster's own resource group."""
_LONG_AGO, _FAR_AWAY = 1_700_000_000, 4_000_000_000
_ADMINS = Declarations(admin_cidrs=(OFFICE,))
_CMEK = Declarations(require_customer_key=True)

SCENES: Mapping[str, Scene[Subscription]] = {
    "clean": Scene(Clean, ALL_PASS),
    "two-groups-let-in": Scene(
        lambda: two_groups(subnet=True, interface=True), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)
    ),
    "interface-group-shuts": Scene(lambda: two_groups(subnet=True, interface=False), ALL_PASS),
    "subnet-group-shuts": Scene(lambda: two_groups(subnet=False, interface=True), ALL_PASS),
    "application-group": Scene(
        lambda: by_application_group(member=True),
        ALL_PASS | {ETCD: Verdict.FAIL},
        (_ETCD_INSIDE,),
    ),
    "basic-without-group": Scene(lambda: without_group("Basic"), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)),
    "standard-without-group": Scene(lambda: without_group("Standard"), ALL_PASS | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "balancer-to-ssh": Scene(balanced, ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)),
    "floating-to-the-host": Scene(lambda: balanced(floating=True), ALL_PASS),
    "floating-to-the-front": Scene(
        lambda: balanced(floating=True, destination="20.71.0.20"), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)
    ),
    "pool-by-address": Scene(lambda: balanced(by_address=True), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)),
    "nat-rule": Scene(translated, ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)),
    "nat-rule-of-a-pool": Scene(lambda: translated(of_pool=True), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)),
    "contributor": Scene(holding, ALL_PASS | {IDENTITY: Verdict.FAIL}, _CONTRIBUTOR),
    "contributor-through-groups": Scene(
        lambda: holding(through_group=True), ALL_PASS | {IDENTITY: Verdict.FAIL}, _CONTRIBUTOR
    ),
    "contributor-of-a-management-group": Scene(
        lambda: holding(ACME), ALL_PASS | {IDENTITY: Verdict.FAIL}, _CONTRIBUTOR
    ),
    "denied-by-a-manager": Scene(lambda: admin_rule("Deny", allowed_below=True), ALL_PASS),
    "allowed-by-a-manager": Scene(lambda: admin_rule("Allow", allowed_below=False), ALL_PASS),
    "always-allowed-by-a-manager": Scene(
        lambda: admin_rule("AlwaysAllow", allowed_below=False), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)
    ),
    "from-all-of-azure": Scene(lambda: from_tag("AzureCloud"), ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)),
    "from-a-tag-that-nobody-knows": Scene(lambda: from_tag("Elsewhere"), ALL_PASS | {NODES: Verdict.UNKNOWN}),
    "by-v6": Scene(by_v6, ALL_PASS | {NODES: Verdict.FAIL}, (_SSH,)),
    "behind-an-appliance": Scene(behind_appliance, ALL_PASS | {NODES: Verdict.UNKNOWN}),
    "service": Scene(service, MANAGED),
    "service-and-a-wide-rule": Scene(lambda: service(everywhere=True), MANAGED),
    "key-disabled": Scene(
        lambda: keyed(enabled=False), ALL_PASS | {DISKS: Verdict.FAIL}, (("etcd-encryption/key", "high"),)
    ),
    "unmanaged-disk": Scene(
        unmanaged_disk, ALL_PASS | {DISKS: Verdict.UNKNOWN}, gaps=("Microsoft.Compute/virtualMachines:listAll",)
    ),
    "customer-key": Scene(keyed, ALL_PASS, policy=_CMEK),
    "no-customer-key": Scene(
        Clean, ALL_PASS | {DISKS: Verdict.FAIL}, (("etcd-encryption/customer-key", "medium"),), policy=_CMEK
    ),
    "key-expired": Scene(
        lambda: keyed(expires=_LONG_AGO), ALL_PASS | {DISKS: Verdict.FAIL}, (("etcd-encryption/key", "high"),)
    ),
    "key-expires-some-day": Scene(lambda: keyed(expires=_FAR_AWAY), ALL_PASS),
    "capz": Scene(
        capz,
        {API: Verdict.FAIL, NODES: Verdict.FAIL, ETCD: Verdict.FAIL, DISKS: Verdict.PASS, IDENTITY: Verdict.FAIL},
        (_WORLD, _SSH, *(_INSIDE,) * 2, _ETCD_INSIDE, *_CONTRIBUTOR * 2),
    ),
    "kops": Scene(
        kops,
        ALL_PASS | {NODES: Verdict.FAIL, ETCD: Verdict.FAIL, IDENTITY: Verdict.FAIL},
        (_SSH, _ETCD_INSIDE, *_CONTRIBUTOR_OF_ITS_OWN),
    ),
    "rke2": Scene(rke2, ALL_PASS | {NODES: Verdict.FAIL, ETCD: Verdict.FAIL}, (*(_INSIDE,) * 2, _ETCD_INSIDE)),
    "aks-guarded": Scene(aks_guarded, MANAGED),
    "aks-public": Scene(aks, MANAGED | {API: Verdict.FAIL}, (_WORLD,)),
    "aks-peered": Scene(lambda: aks_peered(machine=False), MANAGED | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "aks-beside-a-machine": Scene(lambda: aks_peered(machine=True), MANAGED | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "aks-authorized": Scene(lambda: aks(AUTHORIZED), MANAGED),
    "aks-no-ranges": Scene(lambda: aks({"authorizedIPRanges": []}), MANAGED | {API: Verdict.FAIL}, (_WORLD,)),
    "aks-private": Scene(aks_private, MANAGED),
    "aks-private-and-administrators": Scene(
        aks_private, MANAGED | {API: Verdict.FAIL}, (("api-server-access/inside", "medium"),), policy=_ADMINS
    ),
    "aks-private-with-policies": Scene(lambda: aks_private(policies="Enabled"), MANAGED, policy=_ADMINS),
    "aks-integrated": Scene(aks_integrated, MANAGED, policy=_ADMINS),
    "aks-integrated-public": Scene(lambda: aks_integrated(public=True), MANAGED | {API: Verdict.FAIL}, (_WORLD,)),
    "aks-integrated-authorized": Scene(lambda: aks_integrated(public=True, ranges=(OFFICE,)), MANAGED),
    "aks-integrated-without-rules": Scene(
        lambda: aks_integrated(rules=False),
        MANAGED | {API: Verdict.FAIL},
        (("api-server-access/inside", "medium"),),
        policy=_ADMINS,
    ),
    "aks-kms": Scene(aks_with_kms, MANAGED, policy=_CMEK),
    "aks-without-kms": Scene(
        lambda: aks_with_kms(enabled=False),
        MANAGED | {DISKS: Verdict.FAIL},
        (("etcd-encryption/secrets", "medium"),),
        policy=_CMEK,
    ),
    "aks-kms-key-expired": Scene(
        lambda: aks_with_kms(expires=_LONG_AGO),
        MANAGED | {DISKS: Verdict.FAIL},
        (("etcd-encryption/key", "high"),),
    ),
    "aks-kubelet-contributor": Scene(
        lambda: aks_kubelet("Contributor"), MANAGED | {IDENTITY: Verdict.FAIL}, _CONTRIBUTOR_OF_ITS_OWN
    ),
    "aks-kubelet-pulls-images": Scene(lambda: of_the_cluster("AcrPull", kubelet=True, everywhere=True), MANAGED),
    "aks-kubelet-owner": Scene(
        lambda: of_the_cluster("Owner", kubelet=True, everywhere=True),
        MANAGED | {IDENTITY: Verdict.FAIL},
        (("cloud-api-access/administrator", "critical"), _METADATA),
    ),
    "aks-contributor-of-its-nodes": Scene(lambda: of_the_cluster("Contributor", kubelet=False), MANAGED),
    "aks-contributor": Scene(
        lambda: of_the_cluster("Contributor", kubelet=False, everywhere=True),
        MANAGED | {IDENTITY: Verdict.FAIL},
        (_ESCALATION, ("cloud-api-access/outside", "high")),
    ),
    "aks-node-addresses": Scene(with_public_nodes, MANAGED),
    "aks-node-addresses-and-ssh": Scene(lambda: with_public_nodes(SSH), MANAGED | {NODES: Verdict.FAIL}, (_SSH,)),
    "aks-nobody-else": Scene(lambda: aks({"authorizedIPRanges": ["0.0.0.0/32"]}), MANAGED),
    "aks-ranges-that-nobody-knows": Scene(
        lambda: aks({"authorizedIPRanges": ["office"]}), MANAGED | {API: Verdict.UNKNOWN}
    ),
    "aks-public-access-disabled": Scene(lambda: aks(publicNetworkAccess="Disabled"), MANAGED | {API: Verdict.UNKNOWN}),
    "aks-automatic": Scene(lambda: aks_kubelet(automatic=True), MANAGED),
    "aks-automatic-kubelet-contributor": Scene(
        lambda: aks_kubelet("Contributor", automatic=True),
        MANAGED | {IDENTITY: Verdict.FAIL},
        _CONTRIBUTOR_OF_ITS_OWN,
    ),
    **FRONTS,
    **EDGES,
}
