"""Credentials, an assumed role, and regions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeAlias

from cloudguard.errors import AccessError, CloudguardError, UsageError
from cloudguard.provider.answers import Item, required, text
from cloudguard.provider.port import CollectRequest, Option, option
from cloudguard.values import dataclass
from cloudguard_aws.access.api import Api, settings
from cloudguard_aws.access.calls import DESCRIBE_REGIONS, GET_CALLER_IDENTITY

if TYPE_CHECKING:
    import boto3

    from cloudguard_aws.access.plain_session import PlainSession

Session: TypeAlias = "boto3.Session | PlainSession"
OPTIONS = (
    Option("profile", "A profile of the shared AWS configuration.", "NAME"),
    Option(
        "region",
        "The region to search. Default: the session's region, then all enabled regions.",
        "NAME",
        many=True,
        target_key="regions",
    ),
    Option("role-arn", "A role to assume first.", "ARN", implicit=False, target_key="role"),
    Option("external-id", "The external id that the role requires.", "ID", implicit=False),
    Option("vpc-id", "The VPC of the cluster, if two clusters have the same name.", "ID"),
    Option("issuer", "The identity provider of the cluster's service accounts, if no tag shows it.", "URL"),
)
CREDENTIALS_HINT = "Set AWS_PROFILE or --profile, or log in again (aws sso login), and try once more"
FALLBACK_REGION = "us-east-1"
"""The region that is asked for the list of enabled regions if the session has no region."""
_EXPIRED = ("expired", "invalidclienttoken", "unrecognizedclient", "signaturedoesnotmatch", "authfailure")
_UNKNOWN_HERE = ("invalidclienttoken", "unrecognizedclient", "authfailure")
"""Error codes that a region also returns if the account has not enabled it (IAM user guide, Managing STS in a
Region)."""
_CREDENTIALS = ("credential", "token", "sso", "profile", "login")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")
"""Both patterns are STS's own (STS API reference, AssumeRole)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account, and the identity that reads it."""

    account: str
    arn: str


def session_key(request: CollectRequest) -> Hashable:
    """Return the parts of ``request`` that select the session."""
    return request.client, *(option(request, name) for name in ("profile", "role-arn", "external-id"))


def open_session(request: CollectRequest) -> Session:
    """Return the session to use. Raises UsageError for wrong flags, AccessError if there are no credentials."""
    from botocore.exceptions import BotoCoreError, ProfileNotFound  # noqa: PLC0415 - the SDK is loaded on first use

    _refuse_wrong_role(request)
    try:
        session = _passed_session(request.client) if request.client is not None else _profile_session(request)
        return _assumed(session, request) if option(request, "role-arn") else session
    except ProfileNotFound as error:
        raise UsageError(str(error), hint="See the profiles with: aws configure list-profiles") from error
    except BotoCoreError as error:
        raise AccessError(Api.explain(error)[1], hint=CREDENTIALS_HINT) from error


def _passed_session(client: object) -> boto3.Session:
    """Return the session that the caller passed. Raises UsageError if it is no boto3.Session."""
    import boto3  # noqa: PLC0415 - the caller has loaded it

    if not isinstance(client, boto3.Session):
        message = f"client is a {type(client).__name__}, not a boto3.Session"
        raise UsageError(message, hint="Pass boto3.Session(...)")
    return client


def _profile_session(request: CollectRequest) -> PlainSession:
    """Return a session of the profile in the flag or the environment. Raises ProfileNotFound."""
    from cloudguard_aws.access.plain_session import PlainSession  # noqa: PLC0415 - the SDK is loaded on first use

    session = PlainSession(profile=option(request, "profile") or None)
    session.get_scoped_config()
    return session


def _refuse_wrong_role(request: CollectRequest) -> None:
    role, external = option(request, "role-arn"), option(request, "external-id")
    if role and not _ROLE.fullmatch(role):
        message = f"{role!r} is not a role's ARN"
        raise UsageError(message, hint="Expected: arn:aws:iam::123456789012:role/NAME")
    if external and not role:
        message = "--external-id has no effect without --role-arn"
        raise UsageError(message, hint="Give --role-arn too")
    if external and not _EXTERNAL_ID.fullmatch(external):
        message = "the external id is invalid"
        raise UsageError(message, hint="Expected: 2 to 1224 letters, digits and +=,.@:/-_")


def _assumed(session: Session, request: CollectRequest) -> PlainSession:
    """Return a session of the assumed role. Its credentials renew themselves."""
    from botocore.credentials import (  # noqa: PLC0415 - the SDK is loaded on first use
        AssumeRoleCredentialFetcher,
        CredentialProvider,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )

    base: Any = session
    region = option(request, "region") or session.region_name or FALLBACK_REGION
    extra = {"RoleSessionName": "cloudguard"}
    if option(request, "external-id"):
        extra["ExternalId"] = option(request, "external-id")
    source = base.get_credentials()
    if source is None:
        message = "no AWS credentials were found for assuming the role"
        raise AccessError(message, hint=CREDENTIALS_HINT)

    def client(service: str, **arguments: Any) -> Any:  # noqa: ANN401 - botocore's interface
        return base.client(service, region_name=region, config=settings(service), **arguments)

    fetcher: Any = AssumeRoleCredentialFetcher(
        client_creator=client, source_credentials=source, role_arn=option(request, "role-arn"), extra_args=extra
    )

    class Assumed(CredentialProvider):
        """Gives the role's credentials to botocore."""

        METHOD = "assume-role"

        def load(self) -> Any:  # noqa: ANN401 - botocore's interface
            return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")

    assumed = _profile_session(request)
    assumed.register_component("credential_provider", CredentialResolver([Assumed()]))
    assumed.set_config_variable("region", session.region_name)
    return assumed


def identify(api: Api, meanwhile: Callable[[], None] | None = None) -> Caller:
    """Return the caller. Raises AccessError if AWS can't be asked at all.

    ``meanwhile`` is called while the answer is awaited.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        if credentials := api.session.get_credentials():
            credentials.get_frozen_credentials()  # here, not in threads: it may prompt for an MFA code
        api.prefetch(GET_CALLER_IDENTITY)
        if meanwhile:
            meanwhile()
        items = api.ask(GET_CALLER_IDENTITY)
    except ClientError as error:
        if error.operation_name == "AssumeRole":
            message = f"the role can't be assumed: {Api.explain(error)[1]}"
            raise AccessError(message, hint="Check --role-arn, --external-id and the role's trust policy") from error
        if not _names(error, _EXPIRED):
            api.read(GET_CALLER_IDENTITY, hides=())
            return Caller("", "")
        raise unreachable(error, api.region) from error
    except (BotoCoreError, ValueError) as error:
        raise unreachable(error, api.region) from error
    return next(iter(api.mapped(GET_CALLER_IDENTITY, items, _caller, hides=())), Caller("", ""))


def _caller(item: Item) -> Caller:
    return Caller(text(item, "Account"), text(item, "Arn"))


def unreachable(error: Exception, region: str) -> CloudguardError:
    """Return the error for a user to whom AWS does not answer."""
    _, message = Api.explain(error)
    kind = type(error).__name__.lower()
    if _names(error, _UNKNOWN_HERE):
        hint = f"Log in again (aws sso login), or check that {region} is enabled for the account"
        return AccessError(f"AWS does not accept the credentials: {message}", hint=hint)
    if any(word in kind for word in _CREDENTIALS) or _names(error, _EXPIRED):
        return AccessError(f"AWS does not accept the credentials: {message}", hint=CREDENTIALS_HINT)
    return AccessError(f"AWS can't be reached: {message}", hint="Check the network, the region and AWS_ENDPOINT_URL")


def _names(error: Exception, codes: tuple[str, ...]) -> bool:
    folded = Api.explain(error)[1].split(":")[0].lower()
    return any(code in folded for code in codes)


def given_regions(session: Session, request: CollectRequest) -> tuple[str, ...]:
    """Return the regions of the flag, else the session's region. Raises UsageError for a region that does not exist."""
    named = tuple(dict.fromkeys(request.options.get("region", ())))
    known = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("sts", partition)
    ]
    wanted = named or ((session.region_name,) if session.region_name else ())
    for region in wanted:
        if region not in known:
            near = difflib.get_close_matches(region, known, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else "See the regions with: aws ec2 describe-regions."
            message = f"there is no AWS region {region!r}"
            raise UsageError(message, hint=f"{hint} If the region is new, update boto3")
    return wanted


def enabled_regions(api: Api) -> tuple[str, ...]:
    """Return the regions that the account has enabled. Raises AccessError if they can't be listed."""
    wanted = [{"Name": "opt-in-status", "Values": ["opt-in-not-required", "opted-in"]}]
    try:
        items = api.ask(DESCRIBE_REGIONS, Filters=wanted)
        pairs = [(required(item, "RegionName"), text(item, "OptInStatus")) for item in items]
    except Api.errors() as error:
        message = f"the enabled regions can't be listed: {Api.explain(error)[1]}"
        raise AccessError(
            message, hint="Give the cluster's region with --region, or grant ec2:DescribeRegions"
        ) from error
    return tuple(sorted(name for name, status in pairs if status != "not-opted-in"))
