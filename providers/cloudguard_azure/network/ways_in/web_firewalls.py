"""Web application firewall policies of application gateways, whose custom rules may block clients.

What a custom rule blocks is not computed. https://learn.microsoft.com/azure/web-application-firewall/ag/
custom-waf-rules-overview
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, child, children
from cloudguard.provider.network.client_filters import undecided_clients
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_WAF_POLICIES
from cloudguard_azure.access.ids import id_in, name_of, own_id, parts, word
from cloudguard_azure.network.ways_in.proxies import Proxy

_OFF: Final = "disabled"
_ONLY_LOGS: Final = "detection"
_PASSING: Final = frozenset({"allow", "log"})
_ONLY_LIMITS: Final = "ratelimitrule"
"""The type of a rule that blocks a client only while it sends too many requests."""
_KIND: Final = "web application firewall policy"


def policies_of(inside: Item, named: Iterable[Item]) -> tuple[str, ...]:
    """Return the ids of a gateway's policies: its own, and those of its listeners and paths (``named``)."""
    listed = [child(reference, "properties") for reference in named]
    paths = [rule for properties in listed for rule in parts(properties, "pathRules")]
    return tuple(dict.fromkeys(filter(None, (id_in(holder, "firewallPolicy") for holder in (inside, *listed, *paths)))))


def guarded(api: Api, proxies: Mapping[Proxy, tuple[str, ...]]) -> tuple[tuple[Proxy, ...], tuple[Filter, ...]]:
    """Return proxies with the filters of their policies (ids) that may block clients. An unread policy may."""
    wanted = sorted({name for names in proxies.values() for name in names})
    passing = (
        {name for name, blocks in api.listed(LIST_WAF_POLICIES, _policy, hides=()) if not blocks} if wanted else ()
    )
    filters = {name: _filter(name) for name in wanted if name not in passing}
    guarded_proxies = (
        replace(proxy, filters=(*proxy.filters, *(filters[name].id for name in names if name in filters)))
        for proxy, names in proxies.items()
    )
    return tuple(guarded_proxies), tuple(filters.values())


def _policy(item: Item) -> tuple[str, bool]:
    """Return a policy's id, and whether it may block clients by its custom rules."""
    inside = child(item, "properties")
    settings = child(inside, "policySettings")
    off = word(settings, "state") == _OFF or word(settings, "mode") == _ONLY_LOGS
    return own_id(item), not off and any(map(_blocks, children(inside, "customRules")))


def _blocks(rule: Item) -> bool:
    limits = word(rule, "ruleType") == _ONLY_LIMITS
    return word(rule, "state") != _OFF and not limits and word(rule, "action") not in _PASSING


def _filter(policy: str) -> Filter:
    name = name_of(policy)
    uncertain = f"it is not known which clients the custom rules of {name} block"
    return undecided_clients(policy, name, _KIND, Source(LIST_WAF_POLICIES.name, policy), uncertain)
