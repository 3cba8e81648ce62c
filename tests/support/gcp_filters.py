"""The filters of a made-up network, read from Compute's answers in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cloudguard.model.filters import Filter, Rule
from cloudguard.model.source import Source
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_EFFECTIVE_FIREWALLS
from cloudguard_gcp.network.firewall_policies import PolicyReader, chain_of
from cloudguard_gcp.network.rules import firewall
from cloudguard_gcp.network.subnets import vpc_network

Item = Mapping[str, Any]
NETWORK: Final = "https://www.googleapis.com/compute/v1/projects/p/global/networks/n"
NAME: Final = "projects/p/global/networks/n"


def chain(firewalls: Iterable[Item], policies: Iterable[Item], order: str = "", region: str = "") -> tuple[Filter, ...]:
    """Return the filters of the network "n". Assert that all policies are understood."""
    network = vpc_network({"selfLink": NETWORK, "name": "n", "networkFirewallPolicyEnforcementOrder": order})
    session: Any = None
    api = Api(session)
    reader = PolicyReader(api, GET_EFFECTIVE_FIREWALLS, NAME, region)
    in_force = [rule for item in firewalls for rule in firewall(item)]
    made = chain_of(network, in_force, [reader.policy(policy) for policy in policies], Source("made up"))
    assert api.gaps == ()
    return made


def rules(*firewalls: Item) -> tuple[Rule, ...]:
    """Return the rules of the network's firewalls."""
    (guard,) = [guard for guard in chain(firewalls, ()) if guard.kind == "VPC firewall"]
    return guard.rules
