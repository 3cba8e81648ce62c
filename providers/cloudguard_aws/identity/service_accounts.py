"""Roles that Kubernetes service accounts become, not hosts: by the cluster's identity provider, or by pod identity.

https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, ServiceAccountIdentity, Statement
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.identity.policy_documents import DocumentError, statements, text_of
from cloudguard_aws.network.rules import Item, inner

_HIDES: Final = (FactKind.IDENTITIES,)
_SUBJECT: Final = "system:serviceaccount:"
_PROVIDER: Final = ":oidc-provider/"
_BUCKET: Final = re.compile(r"^(.+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com(?:\.cn)?$")


def read_workloads(
    api: Api, cluster: str, managed: Item | None
) -> tuple[tuple[ServiceAccountIdentity, ...], tuple[PolicyDocument, ...]]:
    """Return the identities of a cluster's service accounts, and their trust policies; ``managed``: what EKS says."""
    issuers = _issuers(api, cluster, managed)
    roles = api.read(calls.LIST_ROLES, hides=_HIDES, MaxItems=1000) if issuers else []
    workloads, policies = list[ServiceAccountIdentity](), list[PolicyDocument]()
    for role in roles:
        found = _federated(api, role, issuers)
        if found is not None:
            workloads.append(found[0])
            policies.append(found[1])
    if managed is not None:
        workloads += _bound(api, cluster)
    return tuple(sorted(workloads, key=lambda one: one.identity)), tuple(policies)


def _issuers(api: Api, cluster: str, managed: Item | None) -> tuple[str, ...]:
    """Return the cluster's identity providers as trust policies name them: its own by EKS, else those of its name."""
    if managed is not None:
        issuer = str(inner(inner(managed, "identity"), "oidc").get("issuer") or "")
        return (issuer.removeprefix("https://"),) if issuer else ()
    listed = api.read(calls.LIST_OPEN_ID_CONNECT_PROVIDERS, hides=_HIDES)
    names = (str(one["Arn"]).partition(_PROVIDER)[2] for one in listed)
    return tuple(name for name in names if is_of(name, cluster))


def is_of(provider: str, cluster: str) -> bool:
    """Whether an identity provider's name shows whose it is: by a part of its path, or by its host.

    kops and Cluster API keep the discovery document under the cluster's name in a bucket, kops else at the API's own
    name (kubernetes/kops pkg/model/components/discovery.go; kubernetes-sigs/cluster-api-provider-aws docs);
    OpenShift has a bucket of its own, "NAME-oidc" (openshift/cloud-credential-operator docs/ccoctl.md).
    """
    host, *path = provider.split("/")
    bucket = _BUCKET.match(host)
    own = "." in cluster and f".{host}".endswith(f".{cluster}")
    return own or cluster in path or (bucket is not None and bucket[1] in {cluster, f"{cluster}-oidc"})


def _federated(api: Api, role: Item, issuers: tuple[str, ...]) -> tuple[ServiceAccountIdentity, PolicyDocument] | None:
    arn, name = str(role["Arn"]), str(role["RoleName"])
    text = text_of(role.get("AssumeRolePolicyDocument") or {})
    if not any(issuer in text for issuer in issuers):
        return None
    try:
        found = statements(text, trust=True)
    except DocumentError as error:
        api.add_gap(Gap(calls.LIST_ROLES.name, arn, Reason.FAILED, f"trust policy: {error}", _HIDES))
        return None
    mine = [one for one in found if any(p.partition(_PROVIDER)[2] in issuers for p in one.principals)]
    if not mine:
        return None
    source = api.source(calls.LIST_ROLES, name)
    trust = PolicyDocument(f"{arn}#trust", "trust policy", PolicyKind.TRUST, "inline", text, found, source)
    return ServiceAccountIdentity(arn, name, tuple(dict.fromkeys(_accounts(mine))), trust.id, source), trust


def _accounts(trusted: Iterable[Statement]) -> Iterator[str]:
    """Yield the service accounts ("namespace:name") that are named; who is trusted beside them, the policy tells."""
    for statement in trusted:
        for condition in statement.conditions if statement.effect is Effect.ALLOW else ():
            if condition.key.lower().endswith(":sub") and "not" not in condition.operator.lower():
                yield from (value.removeprefix(_SUBJECT) for value in condition.values if value.startswith(_SUBJECT))


def _bound(api: Api, cluster: str) -> Iterator[ServiceAccountIdentity]:
    """Yield the service accounts that pod identity binds to a role; which role, the list does not say."""
    call = calls.LIST_POD_IDENTITY_ASSOCIATIONS
    for one in api.read(call, hides=_HIDES, about=cluster, clusterName=cluster):
        account = f"{one['namespace']}:{one['serviceAccount']}"
        yield ServiceAccountIdentity(str(one["associationArn"]), account, (account,), "", api.source(call, cluster))
