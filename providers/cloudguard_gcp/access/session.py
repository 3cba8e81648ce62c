"""The caller and the project: application default credentials, an impersonated account, a read-only session.

https://cloud.google.com/docs/authentication/application-default-credentials
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from cloudguard.errors import AccessError, CloudguardError, UsageError
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import text
from cloudguard.provider.port import CollectRequest, Option, Progress, option
from cloudguard.provider.sharing.shared_answers import SharedAnswers
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_PROJECT

OPTIONS = (
    Option(
        "project",
        "The project of the cluster's hosts. Default: the project of the credentials.",
        "ID",
        target_key="account",
    ),
    Option(
        "location",
        "If several clusters have the same name: the region or zone of the GKE cluster, or `self-managed`.",
        "NAME",
    ),
    Option(
        "credentials-file", "Credentials to use instead of the application default credentials.", "FILE", implicit=False
    ),
    Option(
        "impersonate-service-account",
        "A service account to impersonate. Separate a chain of accounts by commas.",
        "EMAIL",
        implicit=False,
        target_key="role",
    ),
    Option("quota-project", "The project whose quota the calls use.", "ID"),
    Option(
        "outside-group",
        "A Google group that contains none of the cluster's service accounts. The members of groups are not read.",
        "EMAIL",
        many=True,
    ),
)
SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
"""IAM's methods accept no narrower scope (iam v1 discovery document). ``read_only_transport.ReadOnly`` limits the
requests.
"""
LOGIN: Final = "Log in with: gcloud auth application-default login, or give --credentials-file"
_PROJECT: Final = re.compile(r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""https://cloud.google.com/resource-manager/docs/creating-managing-projects, and domain-scoped ids."""
_EMAIL: Final = re.compile(r"[^@\s,]+@[^@\s,]+")


@dataclass(frozen=True, slots=True)
class Caller:
    """The project that is read, and the account that reads it.

    ``default_account``: the service account of instances that name none; "" if it was not read.
    """

    project: str
    default_account: str
    account: str


def begin(request: CollectRequest, progress: Progress) -> tuple[Api, Caller]:
    """Return the reader and the caller. Raises UsageError for wrong flags, AccessError if no call can be made."""
    _refuse_wrong_flags(request)
    shared = request.shared or SharedAnswers()
    session, credentials, project = shared.once(_session_key(request), partial(_open, request))
    project = option(request, "project") or project
    if not project:
        message = "no project is given, and the credentials have none"
        raise UsageError(message, hint="Give --project ID, or set GOOGLE_CLOUD_PROJECT")
    api = Api(session, progress, replace(request, shared=shared))
    return api, Caller(project, _default_account(api, project), account_of(credentials))


def _session_key(request: CollectRequest) -> Hashable:
    """Return the parts of ``request`` that choose the session."""
    names = ("credentials-file", "impersonate-service-account", "quota-project")
    return request.client, *(option(request, name) for name in names)


def _open(request: CollectRequest) -> tuple[Any, Any, str]:
    """Return a session, its credentials, and the project in the credentials ("" if they name none)."""
    credentials, project = _credentials(request)
    return _session(credentials), credentials, project


def _refuse_wrong_flags(request: CollectRequest) -> None:
    file = option(request, "credentials-file")
    for name, pattern, shape in (
        ("project", _PROJECT, "Expected: 6 to 30 lower-case letters, digits and hyphens, not a project number"),
        ("quota-project", _PROJECT, "Expected: 6 to 30 lower-case letters, digits and hyphens"),
    ):
        if option(request, name) and not pattern.fullmatch(option(request, name)):
            message = f"{option(request, name)!r} is not a project's id"
            raise UsageError(message, hint=shape)
    for email in filter(None, option(request, "impersonate-service-account").split(",")):
        if not _EMAIL.fullmatch(email.strip()):
            message = f"{email!r} is not a service account's address"
            raise UsageError(message, hint="Expected: NAME@PROJECT.iam.gserviceaccount.com")
    if file and not Path(file).is_file():
        message = f"there is no credentials file {file}"
        raise UsageError(message, hint="Give the path of a service account's key or of gcloud's credentials")


def _credentials(request: CollectRequest) -> tuple[Any, str]:
    """Return credentials, and the project that they name ("" if none)."""
    import google.auth  # noqa: PLC0415 - the SDK is loaded on first use
    from google.auth.credentials import Credentials  # noqa: PLC0415 - likewise
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - likewise

    library: Any = google.auth
    if request.client is not None and not isinstance(request.client, Credentials):
        message = f"client is a {type(request.client).__name__}, not google.auth credentials"
        raise UsageError(message, hint="Pass google.auth.credentials.Credentials")
    file = option(request, "credentials-file")
    try:
        if request.client is not None:
            credentials, project = request.client, ""
        elif file:
            credentials, project = library.load_credentials_from_file(file, scopes=SCOPES)
        else:
            credentials, project = library.default(scopes=SCOPES)
    except (GoogleAuthError, ValueError, OSError) as error:
        if file:
            message = f"{file} has no valid credentials: {' '.join(str(error).split())}"
            raise UsageError(message, hint="Give a service account's key or gcloud's credentials") from error
        message = "no Google credentials were found"
        raise AccessError(message, hint=LOGIN) from error
    credentials = _impersonated(credentials, option(request, "impersonate-service-account"))
    quota = option(request, "quota-project")
    return (credentials.with_quota_project(quota) if quota else credentials), project or ""


def _impersonated(credentials: Any, chain: str) -> Any:  # noqa: ANN401 - google-auth has no annotations
    """Return credentials of the last account of a chain, impersonated through the others (as gcloud does)."""
    accounts = [name.strip() for name in chain.split(",") if name.strip()]
    if not accounts:
        return credentials
    from google.auth import impersonated_credentials  # noqa: PLC0415 - the SDK is loaded on first use

    maker: Any = impersonated_credentials.Credentials
    *through, account = accounts
    return maker(
        source_credentials=credentials, target_principal=account, delegates=through or None, target_scopes=list(SCOPES)
    )


def _session(credentials: Any) -> Any:  # noqa: ANN401 - as above
    """Return a session that can only read."""
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415 - the SDK is loaded on first use

    from cloudguard_gcp.access.read_only_transport import ReadOnly  # noqa: PLC0415 - likewise

    session: Any = cast("Any", AuthorizedSession)(credentials)
    session.mount("https://", ReadOnly())
    return session


def account_of(credentials: object) -> str:
    """Return the account of the credentials, as far as they show it."""
    for name in ("service_account_email", "account"):
        account = str(getattr(credentials, name, "") or "")
        if account and account != "default":
            return account
    return "the user of the application default credentials"


def _default_account(api: Api, project: str) -> str:
    """Return the project's default service account for machines. Raises AccessError if no call can be made."""
    try:
        listed = api.ask(GET_PROJECT, project=project)
    except Api.errors() as error:
        reason, _ = Api.explain(error)
        if reason is Reason.DENIED and getattr(error, "code", None) == 403:  # noqa: PLR2004 - it lacks one permission
            api.read(GET_PROJECT, hides=(), about=project, project=project)
            return ""
        raise unreachable(error, project) from error
    accounts = api.mapped(
        GET_PROJECT, listed, lambda item: text(item, "defaultServiceAccount"), hides=(FactKind.IDENTITIES,)
    )
    return next(iter(accounts), "")


def unreachable(error: Exception, project: str) -> CloudguardError:
    """Return the error for a user to whom the cloud does not answer."""
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - the SDK is loaded on first use

    reason, message = Api.explain(error)
    if isinstance(error, GoogleAuthError) or getattr(error, "code", None) == 401:  # noqa: PLR2004 - not known
        return AccessError(f"Google does not accept the credentials: {message}", hint=LOGIN)
    if reason is Reason.MISSING:
        return AccessError(f"these credentials cannot see a project {project!r}", hint="Check --project")
    if reason is Reason.UNSUPPORTED:
        hint = f"Enable it: gcloud services enable compute.googleapis.com --project {project}"
        return AccessError(f"the Compute Engine API is not enabled: {message}", hint=hint)
    if reason is Reason.THROTTLED:
        return AccessError(f"Google throttled the request: {message}", hint="Try again later, or with --quota-project")
    return AccessError(f"Google can't be reached: {message}", hint="Check the network and HTTPS_PROXY")
