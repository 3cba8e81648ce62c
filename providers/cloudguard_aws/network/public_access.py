"""VPC Block Public Access: an account's setting that blocks its internet gateways, and the exclusions from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Final

from cloudguard.model.network import NextHop, Subnet
from cloudguard.provider.answers import Item, required, text
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api

_BLOCKED: Final = {"block-bidirectional": NextHop.BLACKHOLE, "block-ingress": NextHop.OUTBOUND}
_EXCLUDED: Final = {"allow-egress": NextHop.OUTBOUND}
_IN_FORCE: Final = "update-complete"
_NOT_IN_FORCE: Final = {"create-failed", "delete-complete"}


@dataclass(frozen=True, slots=True)
class PublicAccess:
    """The next hop that replaces an ``account``'s routes to an internet gateway. A block never opens a route.

    ``exclusions``: dict of excluded VPC or subnet id → the next hop there.
    https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
    """

    account: str = ""
    hop: NextHop = NextHop.INTERNET
    exclusions: Mapping[str, NextHop] = field(default_factory=dict[str, NextHop])

    def applied_to(self, subnet: Subnet, owner: str) -> Subnet:
        """Return a subnet with its routes under the setting. ``owner``: the account of the subnet's VPC."""
        if self.hop is NextHop.INTERNET or owner != self.account:
            return subnet
        hop = self.exclusions.get(subnet.id) or self.exclusions.get(subnet.network) or self.hop
        routes = (replace(route, hop=hop) if _is_gateway(route.target, route.hop) else route for route in subnet.routes)
        return replace(subnet, routes=tuple(routes))


def _is_gateway(target: str, hop: NextHop) -> bool:
    return hop is NextHop.INTERNET and target.startswith("igw-")


def read_public_access(api: Api) -> PublicAccess:
    """Read the setting. If it can't be read, it blocks nothing.

    A missing block hides no way in, so no row depends on this reading.
    """
    call = calls.DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS
    settings = api.listed(call, public_access, hides=())
    setting = settings[0] if settings else PublicAccess()
    if setting.hop is NextHop.INTERNET:
        return setting
    pairs = api.listed_or_none(calls.DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS, _exclusion, hides=())
    if pairs is None:
        return PublicAccess()  # any subnet may be excluded
    return replace(setting, exclusions={name: hop for name, hop in pairs if name})


def public_access(item: Item) -> PublicAccess:
    """Return an account's setting. A setting that is not in force, or not understood, blocks nothing."""
    account, hop = text(item, "AwsAccountId"), _BLOCKED.get(text(item, "InternetGatewayBlockMode"), NextHop.INTERNET)
    in_force = bool(account) and text(item, "State") == _IN_FORCE
    return PublicAccess(account, hop if in_force else NextHop.INTERNET)


def _exclusion(item: Item) -> tuple[str, NextHop]:
    """Return the id of an excluded VPC or subnet, and the next hop of its routes to a gateway.

    The id is "" if the exclusion is deleted or was never made.
    """
    name = required(item, "ResourceArn").rpartition("/")[2]
    hop = _EXCLUDED.get(text(item, "InternetGatewayExclusionMode"), NextHop.INTERNET)
    return ("", hop) if text(item, "State") in _NOT_IN_FORCE else (name, hop)
