"""Web ACLs of AWS WAF in front of application balancers. Their rules may block clients.

What a rule blocks is not computed. The web ACL of a distribution of CloudFront is not asked for: everyone can create a
distribution of their own in front of a balancer that admits CloudFront's addresses
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, child, children, required, text
from cloudguard.provider.network.client_filters import undecided_clients
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api

KIND: Final = "web ACL"
_PASSING: Final = frozenset({"Allow", "Count"})
_OF_FIREWALL_MANAGER: Final = ("PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups")
_ABOUT_REQUESTS: Final = frozenset({"SqliMatchStatement", "XssMatchStatement", "RateBasedStatement"})
"""Statements that match requests of a form, or a client only while it sends too many requests. Every client can avoid
them: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statements.html"""
_RULE_GROUP: Final = "ManagedRuleGroupStatement"
_PROVIDER: Final = "AWS"
"""The vendor of the managed rules for requests of a form, bots and notorious addresses, which most clients pass:
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html"""


def read_web_acls(api: Api, arns: Iterable[str]) -> tuple[Filter, ...]:
    """Return the filters of web ACLs that may block clients of the application balancers ``arns``."""
    return tuple(filter(None, api.gather(*(partial(_screen, api, arn) for arn in arns))))


def _screen(api: Api, arn: str) -> Filter | None:
    """Return the filter of a balancer's web ACL. None: it has none, or one that blocks no clients."""
    call = calls.GET_WEB_ACL_FOR_RESOURCE
    items = api.read_or_none(call, hides=(), about=arn, ResourceArn=arn)
    read = api.mapped(call, items or (), _web_acl, hides=(), about=arn)
    if items is not None and len(read) == len(items) and not any(blocks for _, blocks in read):
        return None
    name = next((name for name, blocks in read if blocks), "")
    why = (
        f"it is not known {f'which clients the web ACL {name} blocks' if name else 'whether a web ACL blocks clients'}"
    )
    return undecided_clients(f"{KIND} of {arn}", name or KIND, KIND, Source(call.name, arn), why)


def _web_acl(item: Item) -> tuple[str, bool]:
    """Return the name of a web ACL, and whether it may block clients."""
    rules = [*children(item, "Rules"), *(rule for key in _OF_FIREWALL_MANAGER for rule in children(item, key))]
    return required(item, "Name"), {*child(item, "DefaultAction")} != {"Allow"} or any(map(_blocks, rules))


def _blocks(rule: Item) -> bool:
    """Whether a rule, or a rule group, may block clients by who they are."""
    action, override = child(rule, "Action"), child(rule, "OverrideAction")
    if (action and _PASSING.issuperset(action)) or {*override} == {"Count"}:
        return False
    statement = child(rule, "Statement") or child(rule, "FirewallManagerStatement")
    of_provider = text(child(statement, _RULE_GROUP), "VendorName") == _PROVIDER
    return len(statement) != 1 or not (of_provider or _ABOUT_REQUESTS.issuperset(statement))
