"""Who asks, and where: the credential chain, an assumed role, the regions."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudguard.adapter import Option, Request
from cloudguard.errors import AccessError, CloudguardError, UsageError

from cloudguard_aws.api import Api, explain
from cloudguard_aws.calls import DESCRIBE_REGIONS, GET_CALLER_IDENTITY

if TYPE_CHECKING:
    import boto3

OPTIONS = (
    Option("profile", "A profile of the shared AWS configuration.", "NAME"),
    Option(
        "region", "Where to look; may be repeated. Default: the session's region, then every enabled one.", many=True
    ),
    Option("role-arn", "A role to assume first.", "ARN"),
    Option("external-id", "The external id that the role asks for.", "ID"),
    Option("vpc-id", "The VPC of the cluster, where two clusters have one name.", "ID"),
)
CREDENTIALS_HINT = "Set AWS_PROFILE or --profile, or log in again (aws sso login), and try once more"
FALLBACK_REGION = "us-east-1"
"""Where the list of enabled regions is asked for when the session names no region."""
_EXPIRED = ("expired", "invalidclienttoken", "unrecognizedclient", "signaturedoesnotmatch", "authfailure")
_CREDENTIALS = ("credential", "token", "sso", "profile")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose eyes: the account, and the identity that reads it."""

    account: str
    arn: str


def option(request: Request, name: str) -> str:
    """Return a flag's last value, "" without one."""
    values = request.options.get(name, ())
    return values[-1] if values else ""


def open_session(request: Request) -> boto3.Session:
    """Return the session to use; raises UsageError for a profile that does not exist, AccessError for credentials."""
    import boto3  # noqa: PLC0415 - the SDK is loaded on first use
    from botocore.exceptions import BotoCoreError, ProfileNotFound  # noqa: PLC0415

    if isinstance(request.client, boto3.Session):
        return request.client
    if request.client is not None:
        message = f"the session given is a {type(request.client).__name__}, not a boto3.Session"
        raise UsageError(message, hint="Pass boto3.Session(...)")
    try:
        session = boto3.Session(profile_name=option(request, "profile") or None)
        return _assumed(session, request) if option(request, "role-arn") else session
    except ProfileNotFound as error:
        raise UsageError(str(error), hint="See the profiles with: aws configure list-profiles") from error
    except BotoCoreError as error:
        raise AccessError(explain(error)[1], hint=CREDENTIALS_HINT) from error


def _assumed(session: boto3.Session, request: Request) -> boto3.Session:
    """Return a session of the assumed role, whose credentials renew themselves."""
    import boto3  # noqa: PLC0415 - the SDK is loaded on first use
    import botocore.session  # noqa: PLC0415
    from botocore.credentials import (  # noqa: PLC0415
        AssumeRoleCredentialFetcher,
        CredentialProvider,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )

    base: Any = session
    extra = {"RoleSessionName": "cloudguard"}
    if option(request, "external-id"):
        extra["ExternalId"] = option(request, "external-id")
    source = base.get_credentials()
    if source is None:
        message = "no AWS credentials were found to assume the role with"
        raise AccessError(message, hint=CREDENTIALS_HINT)
    fetcher: Any = AssumeRoleCredentialFetcher(
        client_creator=lambda service, **settings: base.client(service, **_named(settings, base.region_name)),  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
        source_credentials=source,
        role_arn=option(request, "role-arn"),
        extra_args=extra,
    )

    class Assumed(CredentialProvider):
        """Hands the role's credentials to botocore."""

        METHOD = "assume-role"

        def load(self) -> Any:  # noqa: ANN401 - botocore's interface
            return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")

    inner: Any = botocore.session.Session(profile=option(request, "profile") or None)
    inner.register_component("credential_provider", CredentialResolver([Assumed()]))
    return boto3.Session(botocore_session=inner, region_name=session.region_name)


def _named(settings: dict[str, Any], region: str | None) -> dict[str, Any]:
    """Return client settings as boto3 names them."""
    return {"region_name": region or FALLBACK_REGION} | settings


def identify(api: Api) -> Caller:
    """Return who asks; raises AccessError when the cloud can't be asked at all."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        answer = api.ask(GET_CALLER_IDENTITY)[0]
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and not _names(error, _EXPIRED):
            api.read(GET_CALLER_IDENTITY, hides=())
            return Caller("", "")
        raise unreachable(error) from error
    return Caller(str(answer.get("Account", "")), str(answer.get("Arn", "")))


def unreachable(error: Exception) -> CloudguardError:
    """Return what to tell a user whom the cloud does not answer."""
    _, message = explain(error)
    kind = type(error).__name__.lower()
    if any(word in kind for word in _CREDENTIALS) or _names(error, _EXPIRED):
        return AccessError(f"AWS does not accept the credentials: {message}", hint=CREDENTIALS_HINT)
    if "permission" in kind or _names(error, ("denied", "unauthorized")):
        return AccessError(f"AWS refuses: {message}", hint="See what is needed with: cloudguard permissions aws")
    return AccessError(f"AWS can't be reached: {message}", hint="Check the network, the region and AWS_ENDPOINT_URL")


def _names(error: Exception, marks: tuple[str, ...]) -> bool:
    folded = explain(error)[1].split(":")[0].lower()
    return any(mark in folded for mark in marks)


def given_regions(session: boto3.Session, request: Request) -> tuple[str, ...]:
    """Return the regions named by flag, else the session's; raises UsageError for one that does not exist."""
    named = tuple(dict.fromkeys(request.options.get("region", ())))
    known = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition)
    ]
    for region in named or ((session.region_name,) if session.region_name else ()):
        if region not in known:
            near = difflib.get_close_matches(region, known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else "See them with: aws ec2 describe-regions"
            message = f"there is no AWS region {region!r}"
            raise UsageError(message, hint=hint)
    return named or ((session.region_name,) if session.region_name else ())


def enabled_regions(api: Api) -> tuple[str, ...]:
    """Return the regions that the account has enabled; raises AccessError when they can't be listed."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    wanted = [{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]
    try:
        found = api.ask(DESCRIBE_REGIONS, Filters=wanted)
    except (BotoCoreError, ClientError) as error:
        message = f"the enabled regions can't be listed: {explain(error)[1]}"
        raise AccessError(message, hint="Name the cluster's with --region, or grant ec2:DescribeRegions") from error
    names = (region["RegionName"] for region in found if region.get("OptInStatus") != "not-opted-in")
    return tuple(sorted(names))
