"""Credentials and regions: profiles, assumed roles, given sessions, and the regions to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

import boto3
import pytest

from cloudguard.errors import AccessError, UsageError
from cloudguard.provider.port import CollectRequest
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_VPCS
from cloudguard_aws.access.session import enabled_regions, given_regions, identify, open_session
from moto_fixtures.aws.builder import REGION, Account
from refused_calls import refusal, response

ROLE = "arn:aws:iam::123456789012:role/auditor"


def request_with(**options: str) -> CollectRequest:
    """Return a request with these flags; underscores stand for dashes."""
    return CollectRequest(cluster="prod", options={name.replace("_", "-"): (value,) for name, value in options.items()})


@pytest.mark.usefixtures("inner_account")
def test_identify_returns_the_caller() -> None:
    caller = identify(Api(open_session(CollectRequest()), REGION))
    assert caller.account == "123456789012"
    assert caller.arn.startswith("arn:aws:sts::123456789012:")


@pytest.mark.usefixtures("inner_account")
def test_other_calls_are_made_while_the_caller_is_identified() -> None:
    steps: list[str] = []

    def note(step: str) -> None:
        steps.append(step)

    api = Api(open_session(CollectRequest()), REGION, note)
    assert identify(api, lambda: api.prefetch(DESCRIBE_VPCS)).account == "123456789012"
    assert api.read(DESCRIBE_VPCS, hides=())
    assert sorted(steps) == ["ec2:DescribeVpcs", "sts:GetCallerIdentity"]


@pytest.mark.usefixtures("inner_account")
def test_the_given_role_is_assumed() -> None:
    caller = identify(Api(open_session(request_with(role_arn=ROLE, external_id="them-and-us")), REGION))
    assert caller.arn == "arn:aws:sts::123456789012:assumed-role/auditor/cloudguard"


@pytest.mark.usefixtures("inner_account")
def test_a_role_is_assumed_once_on_first_use_with_its_external_id() -> None:
    sent: list[dict[str, list[str]]] = []

    def note(request: Any, **_rest: object) -> None:  # noqa: ANN401 - botocore's request
        sent.append(parse_qs(request.body if isinstance(request.body, str) else request.body.decode()))

    base = boto3.Session()
    cast("Any", base.events).register_first("before-send.sts.AssumeRole", note)
    options = request_with(role_arn=ROLE, external_id="them-and-us").options
    api = Api(open_session(CollectRequest(options=options, client=base)), REGION)
    assert sent == []
    identify(api)
    api.read(DESCRIBE_VPCS, hides=())
    assert [(commands["RoleArn"], commands["ExternalId"]) for commands in sent] == [([ROLE], ["them-and-us"])]


@pytest.mark.usefixtures("inner_account")
def test_a_role_that_cannot_be_assumed_is_an_error() -> None:
    def refuse(request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        return response(request.url, 403, *refusal("sts", "AccessDenied", "not authorized to perform: sts:AssumeRole"))

    base = boto3.Session()
    cast("Any", base.events).register_first("before-send.sts.AssumeRole", refuse)
    with pytest.raises(AccessError, match="role can't be assumed: AccessDenied") as caught:
        identify(Api(open_session(CollectRequest(options=request_with(role_arn=ROLE).options, client=base)), REGION))
    assert "--role-arn" in caught.value.hint


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"role_arn": "auditor"}, "'auditor' is not a role's ARN"),
        ({"role_arn": "arn:aws:iam::123456789012:user/auditor"}, "not a role's ARN"),
        ({"external_id": "them-and-us"}, "without --role-arn"),
        ({"role_arn": ROLE, "external_id": "a b"}, "external id"),
    ],
)
def test_a_wrong_role_is_an_error_before_any_call(options: dict[str, str], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        open_session(request_with(**options))


def test_assuming_a_role_needs_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(AccessError, match="credentials"):
        open_session(request_with(role_arn=ROLE))


def test_a_profile_gives_its_region_and_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "[profile audit]\nregion = eu-north-1\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = made-up\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    session = open_session(request_with(profile="audit"))
    assert cast("Any", session).get_credentials().access_key == "AKIDPROFILE"
    assert given_regions(session, request_with(profile="audit")) == ("eu-north-1",)


def test_an_unknown_profile_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="nobody") as caught:
        open_session(request_with(profile="nobody"))
    assert "list-profiles" in caught.value.hint


def test_a_given_session_is_used_unchanged() -> None:
    session = boto3.Session()
    assert open_session(CollectRequest(client=session)) is session


def test_a_client_that_is_no_session_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a str, not a boto3\.Session"):
        open_session(CollectRequest(client="session"))


def test_the_regions_are_those_of_the_flag_or_the_session_s() -> None:
    session = boto3.Session()
    several = CollectRequest(options={"region": ("us-east-1", "eu-west-3", "us-east-1")})
    assert given_regions(session, several) == ("us-east-1", "eu-west-3")
    assert given_regions(session, CollectRequest()) == (REGION,)


@pytest.mark.parametrize(
    ("region", "hint"), [("eu-wset-1", "eu-west-1"), ("us-gov-wets-1", "us-gov-west-1"), ("frankfurt", "regions")]
)
def test_an_unknown_region_is_an_error_with_a_hint(region: str, hint: str) -> None:
    with pytest.raises(UsageError, match=region) as caught:
        given_regions(boto3.Session(), CollectRequest(options={"region": (region,)}))
    assert hint in caught.value.hint


def test_a_wrong_region_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-wset-1")
    with pytest.raises(UsageError, match="eu-wset-1"):
        given_regions(boto3.Session(), CollectRequest())


def test_enabled_regions_exclude_regions_that_are_not_opted_in(inner_account: Account) -> None:
    found = enabled_regions(Api(inner_account.session, REGION))
    assert REGION in found
    assert "us-east-1" in found
    assert found == tuple(sorted(found))
    listed = inner_account.call("ec2", "describe_regions", AllRegions=True)["Regions"]
    off = {item["RegionName"] for item in listed if item["OptInStatus"] == "not-opted-in"}
    assert off
    assert not off & set(found)
