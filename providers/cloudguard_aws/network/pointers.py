"""Answers that point to a way in which is not followed: each is a Gap, so that no row passes beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from cloudguard.model.filters import AddressList
from cloudguard.model.source import Gap, Reason
from cloudguard.provider.answers import Item, required
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.registrations import HIDES

_ACCELERATOR: Final = "global_accelerator_managed"
"""The type of the interfaces by which an accelerator reaches an endpoint in a VPC with the client's own address:
https://docs.aws.amazon.com/global-accelerator/latest/dg/preserve-client-ip-address.html"""
_LATTICE: Final = ".vpc-lattice"
"""Ends the name of the prefix list that VPC Lattice comes from, which lists link-local addresses:
https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html"""


def point_out(api: Api, interfaces: Sequence[Item], lists: Iterable[AddressList], own: Collection[str]) -> None:
    """Record what ``interfaces`` of the cluster's VPCs and address ``lists`` that rules name point to.

    ``own``: ids of the cluster's instances and ARNs of its balancers.
    """
    if any(one.get("InterfaceType") == _ACCELERATOR for one in interfaces):
        call = calls.LIST_ENDPOINT_GROUPS
        for name in sorted(set(_accelerated(api)).intersection(own)):
            message = "Global Accelerator sends the internet's packets there, past every gateway: that is not followed"
            api.add_gap(Gap(call.name, name, Reason.UNSUPPORTED, message, HIDES))
    for one in lists:
        if one.name.removesuffix("-ipv6").endswith(_LATTICE):
            message = f"a rule lets in {one.name}: who comes by VPC Lattice is not asked"
            api.add_gap(Gap(calls.DESCRIBE_MANAGED_PREFIX_LISTS.name, one.id, Reason.UNSUPPORTED, message, HIDES))


def _accelerated(api: Api) -> Iterator[str]:
    """Yield the ids of instances and the ARNs of balancers that accelerators of the account send to."""
    arns = _named(api, calls.LIST_ACCELERATORS, "AcceleratorArn")
    listeners = api.gather(
        *(partial(_named, api, calls.LIST_LISTENERS, "ListenerArn", AcceleratorArn=arn) for arn in arns)
    )
    groups = api.gather(
        *(
            partial(_named, api, calls.LIST_ENDPOINT_GROUPS, "EndpointId", ListenerArn=arn)
            for each in listeners
            for arn in each
        )
    )
    yield from (name for each in groups for name in each)


def _named(api: Api, call: calls.Call, key: str, **parameters: str) -> tuple[str, ...]:
    items = api.read(call, hides=HIDES, about=next(iter(parameters.values()), "*"), **parameters)
    return api.mapped(call, items, lambda one: required(one, key), hides=HIDES)
