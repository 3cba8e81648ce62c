"""PrivateLink endpoint services: balancers that other VPCs and accounts reach through their own endpoints."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial

from cloudguard.model.load_balancers import PublishedService
from cloudguard.provider.answers import Item, flag, required, texts
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.registrations import HIDES


@dataclass(frozen=True, slots=True)
class EndpointService:
    """An endpoint service, and the ARNs of the balancers that it publishes.

    ``accepts_each``: the owner must accept each connection of an endpoint.
    """

    id: str
    accepts_each: bool
    balancers: tuple[str, ...]


def read_services(api: Api) -> tuple[EndpointService, ...]:
    """Read the account's endpoint services."""
    return api.listed(calls.DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS, _service, hides=HIDES)


def _service(item: Item) -> EndpointService:
    balancers = (*texts(item, "NetworkLoadBalancerArns"), *texts(item, "GatewayLoadBalancerArns"))
    return EndpointService(required(item, "ServiceId"), flag(item, "AcceptanceRequired"), balancers)


def read_published(
    api: Api, services: Collection[EndpointService], arns: Collection[str], unfiltered: Collection[str]
) -> dict[str, tuple[PublishedService, ...]]:
    """Return a dict of balancer ARN → the services that publish the balancer, with the principals that may use them.

    ``unfiltered``: the balancers (ARNs) whose security groups don't filter the services' clients.
    """
    wanted = [service for service in services if not set(service.balancers).isdisjoint(arns)]
    read = api.gather(*(partial(_published, api, endpoint_service) for endpoint_service in wanted))
    by_arn: dict[str, tuple[PublishedService, ...]] = dict.fromkeys(arns, ())
    for service, published in zip(wanted, read, strict=True):
        for arn in by_arn.keys() & {*service.balancers}:
            by_arn[arn] = (*by_arn[arn], replace(published, filtered=arn not in unfiltered))
    return by_arn


def _published(api: Api, service: EndpointService) -> PublishedService:
    call = calls.DESCRIBE_VPC_ENDPOINT_SERVICE_PERMISSIONS
    make = partial(required, key="Principal")
    allowed = api.listed(call, make, hides=HIDES, about=service.id, ServiceId=service.id)
    source = api.source(calls.DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS, service.id)
    return PublishedService(service.id, tuple(sorted(allowed)), accepts_each=service.accepts_each, source=source)
