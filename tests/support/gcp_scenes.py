"""Clusters on Google Cloud, each with what must be found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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
from gcp_ways_in import balancer_inside, etcd_by_tunnel, gke_beside, gke_dns_for_everyone, gke_rule

API, NODES, IDENTITY = "api-server-access", "node-access", "cloud-api-access"
ETCD, DISKS = "etcd-access", "etcd-encryption"


@dataclass(frozen=True)
class Scene:
    """A cluster called "prod": verdicts by row, and findings (check, severity) that are all of those above low."""

    build: Callable[[], Project]
    verdicts: Mapping[str, Verdict]
    findings: Sequence[tuple[str, str]] = ()
    beside: Callable[[], tuple[Project, ...]] = tuple
    policy: Declarations = field(default_factory=Declarations)


_PRIVATE = {API: Verdict.PASS, NODES: Verdict.PASS, ETCD: Verdict.PASS, DISKS: Verdict.PASS, IDENTITY: Verdict.PASS}
_METADATA = ("cloud-api-access/metadata", "medium")
"""Where the identity can do more than pull images and write metrics and logs: Compute has no switch for it."""
KEY = "projects/acme-prod/locations/europe/keyRings/etcd/cryptoKeys/main/cryptoKeyVersions/1"


_GKE = {API: Verdict.PASS, NODES: Verdict.PASS, ETCD: Verdict.PROVIDER, DISKS: Verdict.PROVIDER, IDENTITY: Verdict.PASS}


_OUTSIDE = ("cloud-api-access/outside", "high")
"""What everyone is bound to, the nodes' account is bound to as well."""
_INSIDE = ("node-access/inside", "medium")
_SSH = ("node-access/internet", "critical")
SCENES: Mapping[str, Scene] = {
    "kops": Scene(kops, _PRIVATE),
    "open-ssh": Scene(
        open_ssh,
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "denied-above": Scene(lambda: under(policy("HIERARCHY", "deny")), _PRIVATE),
    "passed-on-above": Scene(
        lambda: under(policy("HIERARCHY", "goto_next")),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "allowed-above": Scene(
        lambda: under(policy("HIERARCHY", "allow"), allow=False),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "allowed-below": Scene(lambda: under(policy("NETWORK", "allow"), allow=False), _PRIVATE),
    "denied-in-region": Scene(
        lambda: under(regional=[policy("NETWORK_REGIONAL", "deny")]),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "denied-by-system": Scene(lambda: under(regional=[policy("SYSTEM_REGIONAL", "deny")]), _PRIVATE),
    "allowed-by-system": Scene(
        lambda: under(regional=[policy("SYSTEM_REGIONAL", "allow")], allow=False),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "threat-list": Scene(
        lambda: under(policy("HIERARCHY", "deny", srcIpRanges=[], srcThreatIntelligences=["iplist-tor-exit-nodes"])),
        _PRIVATE | {NODES: Verdict.UNKNOWN},
    ),
    "cilium-etcd": Scene(
        cilium_etcd,
        _PRIVATE | {ETCD: Verdict.FAIL},
        (("etcd-access/inside", "high"),),
    ),
    "balancer-denied": Scene(lambda: behind_balancer(denied=True), _PRIVATE),
    "balancer-not-denied": Scene(
        lambda: behind_balancer(denied=False),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "balancer-denied-yet-direct": Scene(
        lambda: behind_balancer(denied=True, public=True),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH,),
    ),
    "service-account": Scene(
        by_account,
        _PRIVATE | {NODES: Verdict.FAIL},
        (("node-access/inside", "medium"),),
    ),
    "editor": Scene(
        lambda: kops(editor=True),
        _PRIVATE | {IDENTITY: Verdict.FAIL},
        (("cloud-api-access/escalation", "critical"), _OUTSIDE, _METADATA),
    ),
    "cmek": Scene(lambda: kops(cmek=KEY), _PRIVATE, policy=Declarations(require_customer_key=True)),
    "no-cmek": Scene(
        kops,
        _PRIVATE | {DISKS: Verdict.FAIL},
        (("etcd-encryption/customer-key", "medium"),),
        policy=Declarations(require_customer_key=True),
    ),
    "capg": Scene(capg, _PRIVATE | {ETCD: Verdict.FAIL, IDENTITY: Verdict.PASS}, (("etcd-access/inside", "high"),)),
    "shared-vpc": Scene(
        shared, _PRIVATE | {NODES: Verdict.FAIL, IDENTITY: Verdict.PASS}, (_SSH,), beside=host_of_shared
    ),
    "openshift": Scene(
        openshift,
        _PRIVATE | {API: Verdict.FAIL, IDENTITY: Verdict.PASS},
        (("api-server-access/internet", "critical"),),
    ),
    "gke-public": Scene(gke, _GKE | {API: Verdict.FAIL}, (("api-server-access/internet", "critical"),)),
    "gke-authorized": Scene(
        lambda: gke(masterAuthorizedNetworksConfig=authorized(gcpPublicCidrsAccessEnabled=False)), _GKE, ()
    ),
    "gke-authorized-google": Scene(
        lambda: gke(masterAuthorizedNetworksConfig=authorized()),
        _GKE | {API: Verdict.FAIL},
        (("api-server-access/internet", "high"),),
    ),
    "gke-authorized-new-fields": Scene(
        lambda: gke(
            controlPlaneEndpointsConfig=endpoints(
                enablePublicEndpoint=True,
                authorizedNetworksConfig=authorized(gcpPublicCidrsAccessEnabled=False),
            )
        ),
        _GKE,
        (),
    ),
    "gke-private": Scene(
        lambda: gke(privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"}),
        _GKE,
        (),
    ),
    "gke-dns": Scene(
        lambda: gke(
            controlPlaneEndpointsConfig=endpoints(enablePublicEndpoint=False, privateEndpoint="10.1.0.2")
            | {"dnsEndpointConfig": {"allowExternalTraffic": True, "endpoint": "gke-1.europe-west1.gke.goog"}}
        ),
        _GKE,
        (),
    ),
    "gke-dns-for-everyone": Scene(
        gke_dns_for_everyone,
        _GKE | {API: Verdict.FAIL, IDENTITY: Verdict.FAIL},
        (
            ("api-server-access/internet", "critical"),
            _OUTSIDE,
        ),
    ),
    "gke-beside-a-machine": Scene(gke_beside, _GKE | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "gke-beside-a-machine-elsewhere": Scene(lambda: gke_beside(subnet="other"), _GKE),
    "gke-of-an-auto-mode-network": Scene(
        lambda: gke_rule(sourceRanges=["10.0.0.0/9"]), _GKE | {NODES: Verdict.FAIL}, (_INSIDE,)
    ),
    "gke-rule-of-another-name": Scene(lambda: gke_rule(name="all"), _GKE | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "gke-rule-for-all": Scene(lambda: gke_rule(targetTags=[]), _GKE | {NODES: Verdict.FAIL}, (_INSIDE,)),
    "etcd-by-tunnel": Scene(etcd_by_tunnel, _PRIVATE),
    "etcd-by-a-tunnel-for-everyone": Scene(
        lambda: etcd_by_tunnel(everyone=True),
        _PRIVATE | {ETCD: Verdict.FAIL, NODES: Verdict.FAIL, IDENTITY: Verdict.FAIL},
        (("etcd-access/internet", "critical"), ("node-access/internet", "high"), _OUTSIDE, _METADATA),
    ),
    "balancer-inside-a-subnet": Scene(
        balancer_inside,
        _PRIVATE | {API: Verdict.FAIL},
        (("api-server-access/inside", "medium"),),
        policy=Declarations(admin_cidrs=(OFFICE,)),
    ),
    "autopilot": Scene(
        lambda: gke(autopilot=True), _GKE | {API: Verdict.FAIL}, (("api-server-access/internet", "critical"),)
    ),
}
