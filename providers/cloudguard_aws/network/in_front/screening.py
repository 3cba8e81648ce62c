"""The filters before the security groups of application balancers: web ACLs, and the rules of listeners."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import Balancer
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.in_front.listener_rules import read_listener_rules
from cloudguard_aws.network.in_front.web_acls import read_web_acls


def read_screens(api: Api, balancers: Mapping[str, Collection[str]]) -> dict[str, tuple[Filter, ...]]:
    """Return a dict of application balancer → filters. ``balancers``: as of ``read_listener_rules``."""
    acls, rules = api.parallel(partial(read_web_acls, api, balancers), partial(read_listener_rules, api, balancers))
    return {arn: tuple(found[arn] for found in (acls, rules) if arn in found) for arn in balancers}


def screened(lb: Balancer, screens: tuple[Filter, ...]) -> Balancer:
    """Return a balancer with filters before its security groups. No answered group counts as one that was not read."""
    names = tuple(screen.id for screen in screens)
    return replace(lb, filters=(*names, *(lb.filters or (f"groups of {lb.id}",)))) if names else lb
