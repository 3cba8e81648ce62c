"""VPC Block Public Access: the setting of an account that shuts its internet gateways, and what is excluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cloudguard.model.network import NextHop, Subnet
from cloudguard.provider.answers import Item, required, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api

_BLOCKED: Final = {"block-bidirectional": NextHop.BLACKHOLE, "block-ingress": NextHop.OUTBOUND}
_EXCLUDED: Final = {"allow-egress": NextHop.OUTBOUND}
_IN_FORCE: Final = "update-complete"
_GONE: Final = {"create-failed", "delete-complete"}


@dataclass(frozen=True, slots=True)
class PublicAccess:
    """Where the routes of an ``account`` to an internet gateway lead: a block opens nothing.

    ``exclusions``: where they lead in a VPC or subnet that is excluded, by its id.
    https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
    """

    account: str = ""
    hop: NextHop = NextHop.INTERNET
    exclusions: Mapping[str, NextHop] = field(default_factory=dict[str, NextHop])

    def applied(self, subnet: Subnet, owner: str) -> Subnet:
        """Return a subnet, in a VPC of the account ``owner``, with its routes as the setting leaves them."""
        if self.hop is NextHop.INTERNET or owner != self.account:
            return subnet
        hop = self.exclusions.get(subnet.id) or self.exclusions.get(subnet.network) or self.hop
        routes = (replace(one, hop=hop) if _is_gateway(one.target, one.hop) else one for one in subnet.routes)
        return replace(subnet, routes=tuple(routes))


def _is_gateway(target: str, hop: NextHop) -> bool:
    return hop is NextHop.INTERNET and target.startswith("igw-")


def read_public_access(api: Api) -> PublicAccess:
    """Read the setting. Where it can't be read, nothing is blocked: that hides no way in, so no row rests on it."""
    call = calls.DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS
    found = api.mapped(call, api.read(call, hides=()), public_access, hides=())
    setting = found[0] if found else PublicAccess()
    if setting.hop is NextHop.INTERNET:
        return setting
    call = calls.DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS
    items = api.read_or_none(call, hides=())
    pairs = api.mapped(call, items or (), _exclusion, hides=())
    if items is None or len(pairs) < len(items):
        return PublicAccess()  # any subnet may be excluded
    return replace(setting, exclusions={name: hop for name, hop in pairs if name})


def public_access(item: Item) -> PublicAccess:
    """Return the setting of an account; one that is not in force, or not understood, blocks nothing."""
    account, hop = text(item, "AwsAccountId"), _BLOCKED.get(text(item, "InternetGatewayBlockMode"), NextHop.INTERNET)
    in_force = bool(account) and text(item, "State") == _IN_FORCE
    return PublicAccess(account, hop if in_force else NextHop.INTERNET)


def _exclusion(item: Item) -> tuple[str, NextHop]:
    """Return the id of what is excluded, "" where the exclusion is gone, and where its routes to a gateway lead."""
    name = required(item, "ResourceArn").rpartition("/")[2]
    hop = _EXCLUDED.get(text(item, "InternetGatewayExclusionMode"), NextHop.INTERNET)
    return ("", hop) if text(item, "State") in _GONE else (name, hop)
