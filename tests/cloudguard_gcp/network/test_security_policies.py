"""Security policies of backend services, which may block clients of a load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import OFFICE, kops
from gcp_project import ZONE, Project
from gcp_proxy import Proxy
from gcp_server import Google

LAST = 2_147_483_647


def rule(action: str, source: str = "*", *, priority: int = LAST, **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    match = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": [source]}}
    return {"action": action, "priority": priority, "match": match, **rest}


def asking(expression: str, priority: int) -> dict[str, Any]:
    return {"action": "deny(403)", "priority": priority, "match": {"expr": {"expression": expression}}}


def guarded(*rules: dict[str, Any], **more: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a cluster whose API is behind a global proxy with a security policy with ``rules`` (none: no policy).

    ``more``: further fields of the forwarding rule.
    """
    front_ends = {"sourceRanges": ["35.191.0.0/16", "130.211.0.0/22"], "targetTags": ["prod-k8s-io-role-control-plane"]}
    project = kops(front_ends={"allow": "tcp:443", **front_ends})
    where, network = f"zones/{ZONE}", project.link("global/networks/default")
    ports = [{"name": "api", "port": 443}]
    group = project.add(where, "instanceGroups", "masters", network=network, namedPorts=ports)
    path = f"projects/acme-prod/{where}/instanceGroups/masters/listInstances"
    project.answer("compute", path, {"items": [{"instance": project.link(f"{where}/instances/master-a")}]}, "POST")
    made: dict[str, Any] = {"backends": [{"group": group}], "portName": "api", "protocol": "TCP"}
    made |= {"securityPolicy": project.add("global", "securityPolicies", "armor", rules=[*rules])} if rules else {}
    service = project.add("global", "backendServices", "api", **made)
    target = project.add("global", "targetTcpProxies", "api", service=service)
    rest = {"IPProtocol": "TCP", "portRange": "443-443", "loadBalancingScheme": "EXTERNAL", "IPAddress": "34.140.0.8"}
    project.add("global", "forwardingRules", "api", target=target, **rest, **more)
    return project


PREVIEW = rule("deny(403)", priority=1, preview=True)
FORMS = asking("evaluatePreconfiguredWaf('sqli-v33-stable')", 2)
COUNTRY = asking("origin.region_code == 'AQ'", 3)


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ((), Verdict.FAIL),
        ((rule("allow"), PREVIEW, FORMS, rule("throttle", priority=4)), Verdict.FAIL),
        ((rule("deny(403)"), rule("allow", OFFICE, priority=1)), Verdict.UNKNOWN),
        ((rule("allow"), COUNTRY), Verdict.UNKNOWN),
    ],
    ids=["none", "that blocks no client", "for the office", "with a condition"],
)
def test_a_security_policy_may_block_clients(google_cloud: Proxy, rules: Any, verdict: Verdict) -> None:  # noqa: ANN401 - JSON
    google_cloud.google = Google(guarded(*rules))
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("api-server-access")
    assert row.verdict is verdict, row.why
    named = [text for text in row.unknown if "clients the security policy armor blocks" in text]
    assert bool(named) is (verdict is Verdict.UNKNOWN)


def test_a_security_policy_that_cannot_be_read_may_block_clients(google_cloud: Proxy) -> None:
    refused = frozenset({"compute.securityPolicies.list"})
    google_cloud.google = Google(guarded(rule("allow")), refused=refused)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("api-server-access")
    assert row.verdict is Verdict.UNKNOWN


def test_a_client_must_pass_the_policy_and_be_among_the_sources_of_the_rule(google_cloud: Proxy) -> None:
    policy = (rule("deny(403)"), rule("allow", OFFICE, priority=1))
    google_cloud.google = Google(guarded(*policy, sourceIpRanges=["198.0.0.0/8"]))
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("api-server-access")
    assert row.verdict is Verdict.UNKNOWN, row.why
