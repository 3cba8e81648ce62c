"""Names of Google's resources and permissions in the provider-neutral model. No other module knows them.

The permission "compute.instances.list" is the action "compute:instances.list". A resource has six segments:
"gcp:PROJECT:SERVICE:KIND:LOCATION:NAME". A resource of a folder or an organization has "-" as its project.
"""

from __future__ import annotations

import re
from typing import Final

EVERYWHERE: Final = "gcp:*:*:*:*:*"
"""All resources that a folder or an organization may hold: the levels below them are not read."""
ACCOUNT: Final = "gcp:*:iam:serviceAccount:*:**"
_USERS: Final = re.compile(r"[^@]+@([a-z0-9-]+)(?:\.(.+))?\.iam\.gserviceaccount\.com")
_APP_ENGINE: Final = re.compile(r"([^@]+)@appspot\.gserviceaccount\.com")
_SERVICE_AGENT: Final = re.compile(r"(?:[a-z]+-|p)?(\d*)[^@]*@(.+)\.gserviceaccount\.com")
"""An address of an account that Google creates: the number of its project, and a domain."""
_SERVICE_AGENT_DOMAINS: Final = frozenset(
    {
        *("cloudbuild", "cloudservices", "developer", "system", "bigquery-encryption.iam", "cloud-filer.iam"),
        *("cloud-memcache-sa.iam", "cloud-ml.google.com.iam", "cloud-redis.iam", "cloud-tpu.iam"),
        *("cloudcomposer-accounts.iam", "compute-system.iam", "container-analysis.iam", "container-engine-robot.iam"),
        *("containerregistry.iam", "dataflow-service-producer-prod.iam", "dataproc-accounts.iam", "dlp-api.iam"),
        *("endpoints-portal.iam", "firebase-rules.iam", "firebase-sa-management.iam", "gae-api-prod.google.com.iam"),
        *("gcf-admin-robot.iam", "gcp-gae-service.iam", "genomics-api.google.com.iam", "gs-project-accounts.iam"),
        *(
            "remotebuildexecution.iam",
            "security-center-api.iam",
            "serverless-robot-prod.iam",
            "service-consumer-management.iam",
        ),
        *("service-networking.iam", "sourcerepo-service-accounts.iam", "storage-transfer-service.iam"),
    }
)
_SERVICE_AGENTS: Final = "gcp-sa-"
"""Domains of Google's own accounts (https://cloud.google.com/iam/docs/service-account-types,
https://cloud.google.com/iam/docs/service-agents).
"""
_CONSUMERS: Final = re.compile(
    r"(?:user:|principal://goog/subject/)[^@]+@(?:gmail|googlemail)\.com"
    r"|(?:group:|principalSet://goog/group/)[^@]+@googlegroups\.com"
)
_ABOVE: Final = {"organizations": "organization", "folders": "folder"}


def action(permission: str) -> str:
    """Return a permission as an action."""
    service, _, rest = permission.partition(".")
    return f"{service}:{rest}"


def permission(action: str) -> str:
    """Return an action as a permission."""
    return action.replace(":", ".", 1)


def all_of(project: str) -> str:
    """Return the pattern of all resources in a project."""
    return f"gcp:{project}:*:*:*:*"


def account(email: str, project: str) -> str:
    """Return the name of a service account. If its address names no project, it is taken to be of ``project``."""
    return f"gcp:{project_of(email) or project}:iam:serviceAccount::{email}"


def project_of(email: str) -> str:
    """Return the project id in a service account's address, as a segment of a name; "" if it has none."""
    owner = "" if is_googles(email) else owner_of(email)
    return "" if ":" in owner else owner


def is_consumers(member: str) -> bool:
    """Whether a member is a private Google Account or a group of them, which belong to no organization.

    https://cloud.google.com/iam/docs/principals-overview ("Google Accounts")
    """
    return bool(_CONSUMERS.fullmatch(member))


def is_googles(email: str) -> bool:
    """Whether an address is one of the service accounts that Google creates, for itself or for a project."""
    domain = email.partition("@")[2].removesuffix(".gserviceaccount.com")
    return domain in _SERVICE_AGENT_DOMAINS or domain.startswith(_SERVICE_AGENTS)


def owner_of(email: str) -> str:
    """Return the project of a service account: its id, or its number if Google created the account; "" if unknown.

    The id of a project in a domain is "example.com:project".
    """
    if application := _APP_ENGINE.fullmatch(email):
        return application[1]
    if is_googles(email):
        agent = _SERVICE_AGENT.fullmatch(email)
        return agent[1] if agent else ""
    match = _USERS.fullmatch(email)
    return "" if match is None else f"{match[2]}:{match[1]}" if match[2] else match[1]


def resource_formats(action: str) -> tuple[str, ...]:
    """Return the formats of the resources that an action applies to."""
    service, _, rest = action.partition(":")
    kind = rest.partition(".")[0]
    if service == "resourcemanager" and kind in _ABOVE:
        return (f"gcp:-:resourcemanager:{_ABOVE[kind]}:*:**",)
    if service == "iam" and kind.lower() in {"serviceaccounts", "serviceaccountkeys"}:
        return (ACCOUNT,)
    return (f"gcp:*:{service}:*:*:**",)
