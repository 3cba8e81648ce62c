"""Rules of application balancers' listeners that send on only some clients: by address, by a header, or after a login.

Which clients these are is not computed. A client chooses the host, path, method and query of its requests:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, child, children, flag, required, text
from cloudguard.provider.network.client_filters import undecided_clients
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.listeners import forwarded
from cloudguard_aws.network.registrations import HIDES

KIND: Final = "listener rules"
_CHOSEN: Final = frozenset({"host-header", "path-pattern", "http-request-method", "query-string"})
"""Conditions on what a client chooses."""
_LOGINS: Final = frozenset({"authenticate-oidc", "authenticate-cognito", "jwt-validation"})
_VERIFIES: Final = "verify"
"""The mode in which a listener demands a client's certificate:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html"""


def read_listener_rules(api: Api, balancers: Mapping[str, Collection[str]]) -> tuple[Filter, ...]:
    """Return the filters of the application balancers that may send on only some clients.

    ``balancers``: dict of ARN → ARNs of the target groups whose targets are the cluster's.
    """
    return tuple(filter(None, api.gather(*(partial(_guard, api, arn, groups) for arn, groups in balancers.items()))))


def _guard(api: Api, arn: str, groups: Collection[str]) -> Filter | None:
    """Return the filter of a balancer's rules. None: one of its listeners sends everyone on to one of ``groups``."""
    call = calls.DESCRIBE_LISTENERS
    items = api.read(call, hides=HIDES, about=arn, LoadBalancerArn=arn)
    if not items or not all(api.gather(*(partial(_is_guarded, api, item, groups) for item in items))):
        return None
    why = "it is not known which clients the rules of its listeners send on"
    return undecided_clients(f"{KIND} of {arn}", KIND, KIND, Source(call.name, arn), why)


def _is_guarded(api: Api, listener: Item, groups: Collection[str]) -> bool:
    """Whether a listener sends nobody on without a condition on the client, or whether this could not be read."""
    call = calls.DESCRIBE_RULES
    default = api.mapped(calls.DESCRIBE_LISTENERS, [listener], partial(_opens, groups, "DefaultActions"), hides=HIDES)
    if any(default):
        return text(child(listener, "MutualAuthentication"), "Mode") == _VERIFIES
    arn = required(listener, "ListenerArn")
    items = api.read_or_none(call, hides=(), about=arn, ListenerArn=arn)
    return not any(api.mapped(call, items or (), partial(_opens, groups, "Actions"), hides=()))


def _opens(groups: Collection[str], key: str, item: Item) -> bool:
    """Whether a rule, or a listener's default, sends everyone on to one of ``groups``."""
    named, actions = forwarded(item, key), children(item, key)
    if flag(item, "IsDefault") or (named is not None and not set(named).intersection(groups)):
        return False
    logins = any(text(action, "Type") in _LOGINS for action in actions)
    return not logins and all(text(condition, "Field") in _CHOSEN for condition in children(item, "Conditions"))
