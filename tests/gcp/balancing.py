"""Load balancers of a made-up project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gcp.fixture import Json
from gcp.machines import Machines
from gcp.shelves import REGION, ZONE


def _scope(region: str) -> str:
    return f"regions/{region}" if region else "global"


class Balancing(Machines):
    """What a project has of them: ``region`` "" is the global scope. Each method returns a link."""

    def forwarding_rule(self, name: str, address: str, ports: str, *, region: str = REGION, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a forwarding rule; ``more`` says where to: ``target`` or ``backendService``."""
        low, _, high = ports.partition("-")
        body: Json = {
            "IPAddress": address,
            "IPProtocol": "TCP",
            "portRange": f"{low}-{high or low}",
            "loadBalancingScheme": "EXTERNAL",
            "networkTier": "PREMIUM",
        }
        return self.compute(_scope(region), "forwardingRules", name, **{**body, **more})

    def backend_service(self, name: str, *groups: str, region: str = REGION, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a backend service over groups of instances or endpoints."""
        backends = [{"group": one, "balancingMode": "CONNECTION"} for one in groups]
        body: Json = {"protocol": "TCP", "loadBalancingScheme": "EXTERNAL", "backends": backends}
        return self.compute(_scope(region), "backendServices", name, **{**body, **more})

    def target_pool(self, name: str, *instances: str, region: str = REGION, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a target pool."""
        return self.compute(f"regions/{region}", "targetPools", name, **{"instances": [*instances], **more})

    def target_instance(self, name: str, instance: str, *, zone: str = ZONE, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a target instance."""
        return self.compute(
            f"zones/{zone}", "targetInstances", name, **{"instance": instance, "natPolicy": "NO_NAT", **more}
        )

    def tcp_proxy(self, name: str, service: str, *, region: str = "", **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a TCP proxy before a backend service."""
        return self.compute(
            _scope(region), "targetTcpProxies", name, **{"service": service, "proxyHeader": "NONE", **more}
        )

    def http_proxy(self, name: str, service: str, *, region: str = "", **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add an HTTP proxy, and the URL map that leads from it to a backend service."""
        urls = self.compute(_scope(region), "urlMaps", name, defaultService=service)
        return self.compute(_scope(region), "targetHttpProxies", name, **{"urlMap": urls, **more})

    def endpoint_group(
        self,
        name: str,
        endpoints: Mapping[str, Sequence[int]],
        *,
        network: str = "",
        zone: str = ZONE,
        **more: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a group of network endpoints: ports by instance link or address."""
        pairs = [(one, port) for one, ports in endpoints.items() for port in ports]
        listed = [
            {"networkEndpoint": {("instance" if "/" in one else "ipAddress"): one, "port": port}} for one, port in pairs
        ]
        body: Json = {"networkEndpointType": "GCE_VM_IP_PORT", "size": len(listed), "network": network or None}
        link = self.compute(f"zones/{zone}", "networkEndpointGroups", name, **{**body, **more})
        path = f"projects/{self.name}/zones/{zone}/networkEndpointGroups/{name}/listNetworkEndpoints"
        self.respond("compute.v1", f"POST {path}", {"items": listed} if listed else {})
        return link
