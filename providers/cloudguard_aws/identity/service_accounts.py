"""Roles that Kubernetes service accounts become, not hosts: by the cluster's identity provider, or by pod identity.

https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, ServiceAccountIdentity, Statement
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, required
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.eks import EksCluster
from cloudguard_aws.identity.policy_documents import policy_document, text_of

_HIDES: Final = (FactKind.IDENTITIES,)
_SUBJECT: Final = "system:serviceaccount:"
_PROVIDER: Final = ":oidc-provider/"
_BUCKET: Final = re.compile(r"^(.+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com(?:\.cn)?$")


def read_workloads(
    api: Api, cluster: str, managed: EksCluster | None
) -> tuple[tuple[ServiceAccountIdentity, ...], tuple[PolicyDocument, ...]]:
    """Return the identities of a cluster's service accounts, and their trust policies; ``managed``: what EKS says."""
    issuers = _issuers(api, cluster, managed)
    roles = api.read(calls.LIST_ROLES, hides=_HIDES, MaxItems=1000) if issuers else []
    found = api.mapped(calls.LIST_ROLES, roles, lambda role: _federated(api, role, issuers), hides=_HIDES)
    pairs = [pair for pair in found if pair is not None]
    bound = _bound(api, cluster) if managed is not None else ()
    identities = sorted((*(identity for identity, _ in pairs), *bound), key=lambda one: one.identity)
    return tuple(identities), tuple(trust for _, trust in pairs)


def _issuers(api: Api, cluster: str, managed: EksCluster | None) -> tuple[str, ...]:
    """Return the cluster's identity providers as trust policies name them: its own by EKS, else those of its name."""
    if managed is not None:
        return (managed.issuer,) if managed.issuer else ()
    call = calls.LIST_OPEN_ID_CONNECT_PROVIDERS
    arns = api.mapped(call, api.read(call, hides=_HIDES), lambda one: required(one, "Arn"), hides=_HIDES)
    return tuple(name for arn in arns if is_of(name := arn.partition(_PROVIDER)[2], cluster))


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
    arn, name, document = required(role, "Arn"), required(role, "RoleName"), role.get("AssumeRolePolicyDocument")
    if not any(issuer in text_of(document or {}) for issuer in issuers):
        return None
    source = api.source(calls.LIST_ROLES, name)
    shell = PolicyDocument(f"{arn}#trust", "trust policy", PolicyKind.TRUST, "inline", "", (), source)
    trust = policy_document(shell, document)
    mine = [one for one in trust.statements if any(p.partition(_PROVIDER)[2] in issuers for p in one.principals)]
    identity = ServiceAccountIdentity(arn, name, tuple(dict.fromkeys(_accounts(mine))), trust.id, source)
    return (identity, trust) if mine else None


def _accounts(trusted: Iterable[Statement]) -> Iterator[str]:
    """Yield the service accounts ("namespace:name") that are named; who is trusted beside them, the policy tells."""
    for statement in trusted:
        for condition in statement.conditions if statement.effect is Effect.ALLOW else ():
            if condition.key.lower().endswith(":sub") and "not" not in condition.operator.lower():
                yield from (value.removeprefix(_SUBJECT) for value in condition.values if value.startswith(_SUBJECT))


def _bound(api: Api, cluster: str) -> tuple[ServiceAccountIdentity, ...]:
    """Return the service accounts that pod identity binds to a role; which role, the list does not say."""
    call = calls.LIST_POD_IDENTITY_ASSOCIATIONS

    def bound(item: Item) -> ServiceAccountIdentity:
        account = f"{required(item, 'namespace')}:{required(item, 'serviceAccount')}"
        return ServiceAccountIdentity(
            required(item, "associationArn"), account, (account,), "", api.source(call, cluster)
        )

    return api.mapped(call, api.read(call, hides=_HIDES, about=cluster, clusterName=cluster), bound, hides=_HIDES)
