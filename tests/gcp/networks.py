"""Networks of a made-up project: subnets, routes, firewalls, policies, addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gcp.fixture import Json
from gcp.shelves import REGION, Owner, last, scope_of

_GLOBAL = ("HIERARCHY", "NETWORK", "SYSTEM")
_GATEWAY = "global/gateways/default-internet-gateway"


def layer4(text: str) -> list[Json]:
    """Return protocols and ports of firewalls: "tcp:22,80-90 icmp"."""
    pairs = (one.partition(":") for one in text.split())
    return [{"IPProtocol": name, **({"ports": ports.split(",")} if ports else {})} for name, _, ports in pairs]


def rule(priority: int, action: str, what: str = "all", *, sources: Sequence[str] = (), **more: Any) -> Json:  # noqa: ANN401 - JSON
    """Return a rule of a firewall policy; ``action`` is "allow", "deny" or "goto_next". ``match`` adds to the match."""
    pairs = (one.partition(":") for one in what.split())
    listed = [{"ipProtocol": name, **({"ports": ports.split(",")} if ports else {})} for name, _, ports in pairs]
    match = {"layer4Configs": listed, **({"srcIpRanges": [*sources]} if sources else {}), **more.pop("match", {})}
    return {"priority": priority, "action": action, "direction": "INGRESS", "match": match, **more}


def policy(name: str, *rules: Json, kind: str = "NETWORK", **more: Any) -> Json:  # noqa: ANN401 - JSON
    """Return a firewall policy in effect; ``kind`` is HIERARCHY, NETWORK, NETWORK_REGIONAL …."""
    return {"name": name, "type": kind, "rules": [*rules], **more}


class Networks(Owner):
    """What a project has of them. Each method returns the link of what it adds; ``more`` is JSON beside."""

    def __init__(self, name: str, number: str) -> None:
        super().__init__(name, number)
        self._policies: dict[str, list[tuple[str, Json]]] = {}

    def network(self, name: str = "default", *, internet: bool = True, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a network, with Google's route to the internet."""
        body: Json = {
            "autoCreateSubnetworks": False,
            "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
            "routingConfig": {"routingMode": "REGIONAL"},
            "subnetworks": [],
        }
        link = self.compute("global", "networks", name, **{**body, **more})
        self._policies[link] = []
        if internet:
            self.route(link, "0.0.0.0/0", f"default-route-{name}", nextHopGateway=self.link(_GATEWAY))
        return link

    def subnet(
        self,
        network: str,
        name: str = "nodes",
        cidr: str = "10.0.0.0/20",
        *,
        region: str = REGION,
        secondary: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a subnet with its route; ``secondary`` are ranges by name."""
        ranges = [{"rangeName": key, "ipCidrRange": value} for key, value in (secondary or {}).items()]
        body: Json = {
            "network": network,
            "ipCidrRange": cidr,
            "gatewayAddress": cidr.partition("/")[0].rpartition(".")[0] + ".1",
            "purpose": "PRIVATE",
            "stackType": "IPV4_ONLY",
            "privateIpGoogleAccess": False,
            "secondaryIpRanges": ranges or None,
        }
        link = self.compute(f"regions/{region}", "subnetworks", name, **{**body, **more})
        for number, taken in enumerate((cidr, *(secondary or {}).values())):
            self.route(network, taken, f"default-route-{name}-{region}-{number}", priority=0, nextHopNetwork=network)
        if network in self._policies:
            self._body(network)["subnetworks"].append(link)
        return link

    def route(self, network: str, cidr: str, name: str, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a route; ``more`` names the next hop ("nextHopInstance"), ``tags``, ``priority``."""
        return self.compute(
            "global", "routes", name, **{"network": network, "destRange": cidr, "priority": 1000, **more}
        )

    def firewall(
        self,
        network: str,
        name: str,
        allow: str = "",
        *,
        deny: str = "",
        sources: Sequence[str] = (),
        targets: Sequence[str] = (),
        **more: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a firewall: ``allow`` "tcp:22,80 icmp" from ranges (default: anywhere) to ``targets``, by tag."""
        body: Json = {
            "network": network,
            "direction": "INGRESS",
            "priority": 1000,
            "disabled": False,
            "allowed": layer4(allow) or None,
            "denied": layer4(deny) or None,
            "sourceRanges": [*sources] or (None if _selects(more) else ["0.0.0.0/0"]),
            "targetTags": [*targets] or None,
            "logConfig": {"enable": False},
        }
        return self.compute("global", "firewalls", name, **{**body, **more})

    def enforce(self, network: str, *policies: Json, region: str = REGION) -> None:
        """Put policies into effect on a network; NETWORK_REGIONAL and SYSTEM_REGIONAL ones in ``region`` only."""
        self._policies[network] += [("" if one["type"] in _GLOBAL else region, one) for one in policies]
        self.place("regions", region)

    def address(self, name: str, address: str, *, region: str = REGION, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Reserve an address; ``region`` "" for a global one."""
        body: Json = {"address": address, "addressType": "EXTERNAL", "status": "IN_USE"}
        scope = f"regions/{region}" if region else "global"
        return self.compute(scope, "addresses", name, **{**body, **more})

    def built(self) -> Any:  # noqa: ANN401 - a fixture
        """Return all of it, with the firewalls in effect on each network and in each region."""
        regions = [one["name"] for one in self.collection("compute.v1", f"projects/{self.name}/regions")]
        for network, policies in self._policies.items():
            path = f"projects/{self.name}/global/networks/{last(network)}"
            self._effective(f"GET {path}/getEffectiveFirewalls", network, [one for where, one in policies if not where])
            for region in regions:
                here = [_regionally(one) for where, one in policies if where in {"", region}]
                base = f"GET projects/{self.name}/regions/{region}/firewallPolicies/getEffectiveFirewalls"
                self._effective(f"{base}?network={path}", network, here)
        return super().built()

    def _effective(self, key: str, network: str, policies: list[Json]) -> None:
        """Set what is in effect, but for an answer that is already there."""
        firewalls = self.collection("compute.v1", f"projects/{self.name}/global/firewalls")
        body = {"firewalls": [one for one in firewalls if one["network"] == network], "firewallPolicys": policies}
        if key not in self._shelf("compute.v1")["responses"]:
            self.respond("compute.v1", key, body)

    def _body(self, link: str) -> Json:
        kind = link.rpartition("/")[0].rpartition("/")[2]
        held = self.collection("compute.v1", f"projects/{self.name}/{scope_of(link)}/{kind}")
        return next(one for one in held if one["selfLink"] == link)


def _selects(more: Mapping[str, object]) -> bool:
    """Whether a firewall says by other means than ranges where packets come from."""
    return more.get("direction") == "EGRESS" or bool(more.keys() & {"sourceTags", "sourceServiceAccounts"})


def _regionally(told: Json) -> Json:
    """Return a policy as a region's answer has it: without a short name, and with its own word for the system's."""
    kind = "SYSTEM_GLOBAL" if told["type"] == "SYSTEM" else told["type"]
    return {key: value for key, value in told.items() if key not in {"shortName", "displayName"}} | {"type": kind}
