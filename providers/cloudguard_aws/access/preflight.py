"""Tries each call of the adapter: with DryRun on EC2, else for one item or for a resource that does not exist.

AWS checks the permission first. Only callers with the permission learn that a resource does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from cloudguard.provider.permissions.preflight import Tried, tried
from cloudguard.provider.port import CollectRequest, Progress
from cloudguard_aws.access.api import Api, parsing
from cloudguard_aws.access.calls import CALLS, Call
from cloudguard_aws.access.session import FALLBACK_REGION, given_regions, identify, open_session

_NAME: Final = "cloudguard-preflight"
_ID: Final = "0123456789abcdef0"
_ELB: Final = "arn:aws:elasticloadbalancing:{region}:{account}"
_BALANCER: Final = f"net/{_NAME}/0123456789abcdef"
_ACCELERATOR: Final = "arn:aws:globalaccelerator::{account}:accelerator/01234567-89ab-cdef-0123-456789abcdef"
_VALUES: Final[Mapping[str, str | list[str] | dict[str, str]]] = {
    "Attribute": {"DescribeSnapshotAttribute": "createVolumePermission", "DescribeImageAttribute": "launchPermission"},
    "AcceleratorArn": _ACCELERATOR,
    "ListenerArn": {
        "ListEndpointGroups": f"{_ACCELERATOR}/listener/01234567",
        "": f"{_ELB}:listener/{_BALANCER}/0123456789abcdef",
    },
    "LoadBalancerArn": f"{_ELB}:loadbalancer/{_BALANCER}",
    "TargetGroupArn": f"{_ELB}:targetgroup/{_NAME}/0123456789abcdef",
    "ResourceArn": f"{_ELB}:loadbalancer/app/{_NAME}/0123456789abcdef",
    "ResourceArns": [f"{_ELB}:loadbalancer/{_BALANCER}"],
    "LoadBalancerNames": [_NAME],
    "InstanceProfileName": _NAME,
    "RoleName": _NAME,
    "PolicyName": _NAME,
    "PolicyArn": "arn:aws:iam::{account}:policy/" + _NAME,
    "VersionId": "v1",
    "OpenIDConnectProviderArn": "arn:aws:iam::{account}:oidc-provider/" + f"{_NAME}.invalid",
    "KeyId": "01234567-89ab-cdef-0123-456789abcdef",
    "SnapshotId": f"snap-{_ID}",
    "ImageId": f"ami-{_ID}",
    "ServiceId": f"vpce-svc-{_ID}",
    "PrefixListId": f"pl-{_ID}",
    "ChildId": "{account}",
    "TargetId": "{account}",
    "Filter": "SERVICE_CONTROL_POLICY",
    "PolicyId": "p-01234567",
    "associationId": "a-0123456789abcdef0",
    "name": _NAME,
    "clusterName": _NAME,
    "nodegroupName": _NAME,
    "capabilityName": _NAME,
    "fargateProfileName": _NAME,
}
"""Values for required parameters: valid in form, but no resource has them. Where the value is a dict, its keys are
operations, and "" is any other operation."""
_ONE_ITEM: Final = ("MaxRecords", "MaxItems", "maxResults", "PageSize")
_SMALLEST_PAGES: Final = {"rds:DescribeDBInstances": 20}
"""The smallest allowed page size, where it is more than one (RDS API reference)."""
_HIDES: Final = frozenset({"s3", "sqs"})
"""Services that give everyone the same error for a resource that does not exist (S3 and SQS API references, errors)."""
_LATER: Final = ("dryrunoperation", "validation", "invalid", "malformed", "notinuse", "notfound", "nosuch")


def verify(request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
    """Try each call in the first given region. Raises AccessError if AWS can't be asked at all."""
    session = open_session(request)
    region = (*given_regions(session, request), FALLBACK_REGION)[0]
    api = Api(session, region, progress, request)
    account = identify(api).account or "123456789012"
    return tried(api, _test_calls(api, account), _is_later)


def _test_calls(api: Api, account: str) -> Iterator[tuple[Call, Callable[[], object] | None]]:
    for call in CALLS:
        if call.permissions:
            yield call, None if call.service in _HIDES else partial(_make, api, call, account)


def _make(api: Api, call: Call, account: str) -> None:
    """Make a call once, for one page only."""
    with parsing(call):
        getattr(api.client(call.service, call.region), call.method)(**_parameters(api, call, account))


def _parameters(api: Api, call: Call, account: str) -> dict[str, Any]:
    """Return the parameters that a call requires, and those that make it a dry run or keep the answer small."""
    shape: Any = api.client(call.service, call.region).meta.service_model.operation_model(call.operation).input_shape
    if shape is None:
        return {}
    known = {*shape.members}
    wanted = [*shape.required_members, *(name for name in ("ResourceArns", "LoadBalancerNames") if name in known)]
    if call.service == "elb" and call.operation != "DescribeTags":
        wanted = [name for name in wanted if name != "LoadBalancerNames"]
    values = {name: _value(name, call, api.region, account) for name in dict.fromkeys(wanted)}
    if "DryRun" in known:
        return {**values, "DryRun": True}
    return {**values, **{name: _SMALLEST_PAGES.get(call.name, 1) for name in _ONE_ITEM if name in known}}


def _value(name: str, call: Call, region: str, account: str) -> str | list[str]:
    value = _VALUES[name]
    if isinstance(value, dict):
        value = value.get(call.operation) or value[""]
    if isinstance(value, list):
        return [_filled(each, region, account) for each in value]
    return _filled(value, region, account)


def _filled(text: str, region: str, account: str) -> str:
    return text.replace("{region}", region).replace("{account}", account)


def _is_later(error: BaseException) -> bool:
    """Whether AWS gives this error only to callers with the permission."""
    code = Api.explain(error)[1].split(":")[0].lower() if isinstance(error, Exception) else ""
    return any(word in code for word in _LATER)
