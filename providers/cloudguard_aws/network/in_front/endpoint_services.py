"""PrivateLink endpoint services: balancers that other VPCs and accounts reach through their own endpoints."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from cloudguard.model.load_balancers import PublishedService
from cloudguard.provider.answers import Item, flag, required, texts
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.registrations import HIDES

Published = Mapping[str, tuple[PublishedService, ...]]
"""Dict of balancer ARN → the endpoint services that publish the balancer."""


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
    call = calls.DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS
    return api.mapped(call, api.read(call, hides=HIDES), _service, hides=HIDES)


def _service(item: Item) -> EndpointService:
    balancers = (*texts(item, "NetworkLoadBalancerArns"), *texts(item, "GatewayLoadBalancerArns"))
    return EndpointService(required(item, "ServiceId"), flag(item, "AcceptanceRequired"), balancers)


def read_published(api: Api, services: Collection[EndpointService], arns: Collection[str]) -> Published:
    """Read the principals that may use the services that publish a balancer of ``arns``."""
    wanted = [service for service in services if not set(service.balancers).isdisjoint(arns)]
    read = api.gather(*(partial(_published, api, endpoint_service) for endpoint_service in wanted))
    pairs = list(zip(wanted, read, strict=True))
    return {arn: tuple(published for service, published in pairs if arn in service.balancers) for arn in arns}


def _published(api: Api, service: EndpointService) -> PublishedService:
    call = calls.DESCRIBE_VPC_ENDPOINT_SERVICE_PERMISSIONS
    items = api.read(call, hides=HIDES, about=service.id, ServiceId=service.id)
    allowed = api.mapped(call, items, lambda item: required(item, "Principal"), hides=HIDES)
    source = api.source(calls.DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS, service.id)
    return PublishedService(service.id, tuple(sorted(allowed)), accepts_each=service.accepts_each, source=source)
