"""Clusters on Google Cloud, each with its expected findings."""

from __future__ import annotations

from collections.abc import Mapping

from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import Verdict
from gcp_clusters import (
    OFFICE,
    authorized,
    behind_balancer,
    by_account,
    capg,
    cilium_etcd,
    endpoints,
    gke,
    host_of_shared,
    kops,
    open_ssh,
    openshift,
    policy,
    shared,
    under,
)
from gcp_project import Project
from gcp_ways_in import (
    balancer_inside,
    etcd_by_tunnel,
    gke_beside,
    gke_dns_for_everyone,
    gke_of_terraform,
    gke_rule,
)
from marked_scenes import ALL_PASS, API, DISKS, ETCD, IDENTITY, MANAGED, NODES, Scene

_METADATA = ("cloud-api-access/metadata", "medium")
"""The finding if the identity can do more than pull images and write metrics and logs. Compute has no switch for the
metadata service."""
KEY = "projects/acme-prod/locations/europe/keyRings/etcd/cryptoKeys/main/cryptoKeyVersions/1"


_OUTSIDE = ("cloud-api-access/outside", "high")
"""The finding if everyone is bound to a role, because this includes the nodes' service account."""
_INSIDE = ("node-access/inside", "medium")
_SSH = ("node-access/internet", "critical")
SCENES: Mapping[str, Scene[Project]] = {
    "kops": Scene(kops, ALL_PASS),
    "open-ssh": Scene(
        open_ssh,
        ALL_PASS | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "denied-above": Scene(lambda: under(policy("HIERARCHY", "deny")), ALL_PASS),
    "passed-on-above": Scene(
        lambda: under(policy("HIERARCHY", "goto_next")),
        ALL_PASS | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "allowed-above": Scene(
        lambda: under(policy("HIERARCHY", "allow"), allow=False),
        ALL_PASS | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "allowed-below": Scene(lambda: under(policy("NETWORK", "allow"), allow=False), ALL_PASS),
    "denied-in-region": Scene(
        lambda: under(regional=[policy("NETWORK_REGIONAL", "deny")]),
        ALL_PASS | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "denied-by-system": Scene(lambda: under(regional=[policy("SYSTEM_REGIONAL", "deny")]), ALL_PASS),
    "allowed-by-system": Scene(
        lambda: under(regional=[policy("SYSTEM_REGIONAL", "allow")], allow=False),
        ALL_PASS | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "threat-list": Scene(
        lambda: under(policy("HIERARCHY", "deny", srcIpRanges=[], srcThreatIntelligences=["iplist-tor-exit-nodes"])),
        ALL_PASS | {NODES: Verdict.UNKNOWN},
    ),
    "cilium-etcd": Scene(
        cilium_etcd,
        ALL_PASS | {ETCD: Verdict.FAIL},
        (("etcd-access/inside", "high"),),
    ),
    "balancer-denied": Scene(lambda: behind_balancer(denied=True), ALL_PASS),
    "balancer-not-denied": Scene(
        lambda: behind_balancer(denied=False),
        ALL_PASS | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "balancer-denied-yet-direct": Scene(
        lambda: behind_balancer(denied=True, public=True),
        ALL_PASS | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "service-account": Scene(
        by_account,
        ALL_PASS | {NODES: Verdict.FAIL},
        (("node-access/inside", "medium"),),
    ),
    "editor": Scene(
        lambda: kops(editor=True),
        ALL_PASS | {IDENTITY: Verdict.FAIL},
        (("cloud-api-access/escalation", "critical"), _OUTSIDE, _METADATA),
    ),
    "cmek": Scene(lambda: kops(cmek=KEY), ALL_PASS, policy=Declarations(require_customer_key=True)),
    "no-cmek": Scene(
        kops,
        ALL_PASS | {DISKS: Verdict.FAIL},
        (("etcd-encryption/customer-key", "medium"),),
        policy=Declarations(require_customer_key=True),
    ),
    "capg": Scene(capg, ALL_PASS | {ETCD: Verdict.FAIL, IDENTITY: Verdict.PASS}, (("etcd-access/inside", "high"),)),
    "shared-vpc": Scene(
        shared, ALL_PASS | {NODES: Verdict.FAIL, IDENTITY: Verdict.PASS}, (_SSH,), beside=host_of_shared
    ),
    "openshift": Scene(
        openshift,
        ALL_PASS | {API: Verdict.FAIL, IDENTITY: Verdict.PASS},
        (("api-server-access/internet", "critical"),),
    ),
    "gke-public": Scene(gke, MANAGED | {API: Verdict.FAIL}, (("api-server-access/internet", "critical"),)),
    "gke-authorized": Scene(
        lambda: gke(masterAuthorizedNetworksConfig=authorized(gcpPublicCidrsAccessEnabled=False)), MANAGED, ()
    ),
    "gke-authorized-google": Scene(
        lambda: gke(masterAuthorizedNetworksConfig=authorized()),
        MANAGED | {API: Verdict.FAIL},
        (("api-server-access/internet", "high"),),
    ),
    "gke-authorized-new-fields": Scene(
        lambda: gke(
            controlPlaneEndpointsConfig=endpoints(
                enablePublicEndpoint=True,
                authorizedNetworksConfig=authorized(gcpPublicCidrsAccessEnabled=False),
            )
        ),
        MANAGED,
        (),
    ),
    "gke-private": Scene(
        lambda: gke(privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"}),
        MANAGED,
        (),
    ),
    "gke-dns": Scene(
        lambda: gke(
            controlPlaneEndpointsConfig=endpoints(enablePublicEndpoint=False, privateEndpoint="10.1.0.2")
            | {"dnsEndpointConfig": {"allowExternalTraffic": True, "endpoint": "gke-1.europe-west1.gke.goog"}}
        ),
        MANAGED,
        (),
    ),
    "gke-dns-for-everyone": Scene(
        gke_dns_for_everyone,
        MANAGED | {API: Verdict.FAIL, IDENTITY: Verdict.FAIL},
        (
            ("api-server-access/internet", "critical"),
            _OUTSIDE,
        ),
    ),
    "gke-beside-a-machine": Scene(gke_beside, MANAGED | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "gke-beside-a-machine-elsewhere": Scene(lambda: gke_beside(subnet="other"), MANAGED),
    "gke-of-an-auto-mode-network": Scene(
        lambda: gke_rule(sourceRanges=["10.0.0.0/9"]), MANAGED | {NODES: Verdict.FAIL}, (_INSIDE,)
    ),
    "gke-of-terraform": Scene(gke_of_terraform, MANAGED),
    "gke-rule-of-another-name": Scene(lambda: gke_rule(name="all"), MANAGED | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "gke-rule-for-all": Scene(lambda: gke_rule(targetTags=[]), MANAGED | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "etcd-by-tunnel": Scene(etcd_by_tunnel, ALL_PASS),
    "etcd-by-a-tunnel-for-everyone": Scene(
        lambda: etcd_by_tunnel(everyone=True),
        ALL_PASS | {ETCD: Verdict.FAIL, NODES: Verdict.FAIL, IDENTITY: Verdict.FAIL},
        (("etcd-access/internet", "critical"), ("node-access/internet", "high"), _OUTSIDE, _METADATA),
    ),
    "balancer-inside-a-subnet": Scene(
        balancer_inside,
        ALL_PASS | {API: Verdict.FAIL},
        (("api-server-access/inside", "medium"),),
        policy=Declarations(admin_cidrs=(OFFICE,)),
    ),
    "autopilot": Scene(
        lambda: gke(autopilot=True), MANAGED | {API: Verdict.FAIL}, (("api-server-access/internet", "critical"),)
    ),
}
