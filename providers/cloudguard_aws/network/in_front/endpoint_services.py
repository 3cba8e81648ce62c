"""PrivateLink endpoint services: balancers that other VPCs and accounts reach through their own endpoints."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.load_balancers import PublishedService
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, flag, required, texts
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.registrations import HIDES

_CALL: Final = calls.DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS


@dataclass(frozen=True, slots=True)
class EndpointService:
    """An endpoint service, without the principals that may use it, and the ARNs of the balancers that it publishes."""

    service: PublishedService
    balancers: tuple[str, ...]


def read_services(api: Api) -> tuple[EndpointService, ...]:
    """Read the account's endpoint services."""
    return api.listed(_CALL, _service, hides=HIDES)


def _service(item: Item) -> EndpointService:
    name, each = required(item, "ServiceId"), flag(item, "AcceptanceRequired")
    service = PublishedService(name, (), accepts_each=each, source=Source(_CALL.name, name))
    return EndpointService(service, (*texts(item, "NetworkLoadBalancerArns"), *texts(item, "GatewayLoadBalancerArns")))


def read_published(
    api: Api, services: Collection[EndpointService], arns: Collection[str], unfiltered: Collection[str]
) -> dict[str, tuple[PublishedService, ...]]:
    """Return a dict of balancer ARN → the services that publish the balancer, with the principals that may use them.

    ``unfiltered``: the balancers (ARNs) whose security groups don't filter the services' clients.
    """
    wanted = [service for service in services if not set(service.balancers).isdisjoint(arns)]
    read = api.gather(*(partial(_principals, api, each.service.id) for each in wanted))
    by_arn: dict[str, tuple[PublishedService, ...]] = dict.fromkeys(arns, ())
    for each, allowed in zip(wanted, read, strict=True):
        for arn in by_arn.keys() & {*each.balancers}:
            service = replace(each.service, allowed=tuple(sorted(allowed)), filtered=arn not in unfiltered)
            by_arn[arn] = (*by_arn[arn], service)
    return by_arn


def _principals(api: Api, service: str) -> tuple[str, ...]:
    call, make = calls.DESCRIBE_VPC_ENDPOINT_SERVICE_PERMISSIONS, partial(required, key="Principal")
    return api.listed(call, make, hides=HIDES, about=service, ServiceId=service)
