"""Roles that pods take on through their service account, by the cluster's identity provider or by pod identity.

https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html,
https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html,
https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import Strength
from cloudguard.model.identity import (
    Effect,
    Identities,
    IdentityProvider,
    PolicyDocument,
    ServiceAccountIdentity,
    Statement,
)
from cloudguard.model.source import Reason, Source
from cloudguard.provider.answers import Item, required, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call
from cloudguard_aws.cluster.eks import EksCluster
from cloudguard_aws.cluster.tags import clusters_of, tags_of
from cloudguard_aws.identity.other_roles import ALL_AT_ONCE
from cloudguard_aws.identity.policy_documents import HIDES, text_of, trust_policy
from cloudguard_aws.trust.issuers import shared_issuers

_SUBJECT: Final = "system:serviceaccount:"
_PROVIDER: Final = ":oidc-provider/"
_EVERYONE: Final = frozenset({"*", "AWS:*"})
_BUCKET: Final = re.compile(r"^(.+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com(?:\.cn)?$")
_MANAGED: Final = re.compile(r"^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/")
"""Matches issuers of EKS clusters. EKS names the issuer of each cluster itself."""
_OPENSHIFT_TAG: Final = "openshift.io/cloud-credential-operator/"
"""Prefix of a tag key with the cluster's name: openshift/cloud-credential-operator
pkg/cmd/provisioning/aws/create_identity_provider.go"""


def read_service_accounts(api: Api, cluster: str, managed: EksCluster | None, issuer: str = "") -> Identities:
    """Return a cluster's identity providers and service accounts, with the trust policies of their identities.

    ``managed``: the cluster's description if it is an EKS cluster. ``issuer``: the identity provider from the user's
    flag.
    """
    named = issuer.removeprefix("https://").rstrip("/")
    providers, bound, capabilities = api.parallel(
        partial(_providers, api, cluster, managed, named),
        partial(_bound, api, cluster, managed),
        partial(_capabilities, api, cluster, managed),
    )
    issuers = tuple(provider.id for provider in providers)
    roles = api.read(calls.LIST_ROLES, hides=HIDES, **ALL_AT_ONCE) if issuers else []
    read = api.mapped(calls.LIST_ROLES, roles, partial(_federated, api, issuers), hides=HIDES)
    pairs = [pair for pair in read if pair is not None]
    every = (*(identity for identity, _ in pairs), *bound, *capabilities)
    identities = sorted(every, key=lambda service_account: (service_account.identity, service_account.trust))
    trusts = tuple(trust for _, trust in pairs)
    return Identities(policies=trusts, service_accounts=tuple(identities), providers=providers)


def _providers(api: Api, cluster: str, managed: EksCluster | None, named: str) -> tuple[IdentityProvider, ...]:
    """Return the cluster's identity providers.

    An EKS cluster has the provider in its description. For other clusters, an installer's tag or the provider's name
    shows it. If the user names a provider (``named``), other providers count only with a tag.
    """
    if managed is not None:
        source = api.source(calls.DESCRIBE_CLUSTER, managed.name)
        if managed.issuer:
            return (IdentityProvider(managed.issuer, Strength.STRONG, source),)
        api.missed(calls.DESCRIBE_CLUSTER, managed.name, "the answer names no identity provider of the cluster", HIDES)
        return ()
    call = calls.LIST_OPEN_ID_CONNECT_PROVIDERS
    arns = api.listed(call, lambda item: required(item, "Arn"), hides=HIDES)
    names = {arn: arn.partition(_PROVIDER)[2] for arn in arns}
    unknown = [arn for arn, name in names.items() if name not in shared_issuers() and not _MANAGED.match(name)]
    tags = api.gather(*(partial(_tags, api, arn) for arn in unknown))
    providers = (_provider(api, arn, names[arn], cluster, each) for arn, each in zip(unknown, tags, strict=True))
    others = tuple(provider for provider in providers if provider is not None and provider.id != named)
    if not named:
        return others
    strong = (provider for provider in others if provider.strength is Strength.STRONG)
    return (IdentityProvider(named, Strength.STRONG, Source("--issuer", named)), *strong)


def _tags(api: Api, arn: str) -> Mapping[str, str]:
    call = calls.GET_OPEN_ID_CONNECT_PROVIDER
    read = api.listed(call, tags_of, hides=HIDES, about=arn, OpenIDConnectProviderArn=arn)
    return {key: value for tags in read for key, value in tags.items()}


def _provider(api: Api, arn: str, name: str, cluster: str, tags: Mapping[str, str]) -> IdentityProvider | None:
    """Return a provider that is, or may be, the cluster's.

    None: nothing shows that, or its tags name only other clusters.
    """
    openshift = (key.removeprefix(_OPENSHIFT_TAG) for key in tags if key.startswith(_OPENSHIFT_TAG))
    clusters = {*clusters_of(tags), *openshift}
    source = api.source(calls.GET_OPEN_ID_CONNECT_PROVIDER, arn)
    if clusters:
        return IdentityProvider(name, Strength.STRONG, source) if cluster in clusters else None
    return IdentityProvider(name, Strength.WEAK, source) if is_of(name, cluster) else None


def is_of(provider: str, cluster: str) -> bool:
    """Whether an identity provider's name contains the cluster's name, in its path or its host.

    kops and Cluster API store the discovery document in a bucket under the cluster's name. kops can also serve it at
    the API server's own name (kubernetes/kops pkg/model/components/discovery.go;
    kubernetes-sigs/cluster-api-provider-aws docs). OpenShift has a bucket "NAME-oidc" for it
    (openshift/cloud-credential-operator docs/ccoctl.md).
    """
    host, *path = provider.split("/")
    bucket = _BUCKET.match(host)
    is_own = "." in cluster and f".{host}".endswith(f".{cluster}")
    return is_own or cluster in path or (bucket is not None and bucket[1] in {cluster, f"{cluster}-oidc"})


def _federated(api: Api, issuers: tuple[str, ...], role: Item) -> tuple[ServiceAccountIdentity, PolicyDocument] | None:
    arn, name, document = required(role, "Arn"), required(role, "RoleName"), role.get("AssumeRolePolicyDocument")
    written = text_of(document or {}).lower()
    if not any(issuer.lower() in written for issuer in issuers):
        return None
    source = api.source(calls.LIST_ROLES, name)
    trust = trust_policy(arn, document, source)
    allowing = [statement for statement in trust.statements if statement.effect is Effect.ALLOW]
    by_issuer = {issuer: [statement for statement in allowing if _trusts(statement, issuer)] for issuer in issuers}
    mine = {issuer: trusting for issuer, trusting in by_issuer.items() if trusting}
    if not mine:
        return None
    accounts = dict.fromkeys(account for trusting in mine.values() for account in _accounts(trusting))
    return ServiceAccountIdentity(arn, name, tuple(accounts), trust.id, source, next(iter(mine))), trust


def _trusts(statement: Statement, issuer: str) -> bool:
    """Whether a statement trusts an issuer: by name, or by a condition on its tokens in a statement for everyone."""
    named = any(principal.partition(_PROVIDER)[2] == issuer for principal in statement.principals)
    for_everyone = bool(statement.not_principals or _EVERYONE & {*statement.principals})
    keys = (condition.key.lower() for condition in statement.conditions)
    return named or (for_everyone and any(key.startswith(f"{issuer.lower()}:") for key in keys))


def _accounts(trusted: Iterable[Statement]) -> Iterator[str]:
    """Yield the service accounts ("namespace:name") that conditions name. The policy may let in others too."""
    for statement in trusted:
        for condition in statement.conditions:
            if condition.key.lower().endswith(":sub") and "not" not in condition.operator.lower():
                yield from (value.removeprefix(_SUBJECT) for value in condition.values if value.startswith(_SUBJECT))


def _bound(api: Api, cluster: str, managed: EksCluster | None) -> tuple[ServiceAccountIdentity, ...]:
    """Return the roles that pod identity gives to service accounts, and the target roles that those roles assume."""
    if managed is None:
        return ()
    call, describe = calls.LIST_POD_IDENTITY_ASSOCIATIONS, calls.DESCRIBE_POD_IDENTITY_ASSOCIATION
    listed = api.read(call, hides=HIDES, about=cluster, clusterName=cluster)
    items = _described(api, cluster, (call, describe), "associationId", listed)
    identities = dict[str, ServiceAccountIdentity]()
    for each in api.mapped(describe, items, lambda item: _association(api, cluster, item), hides=HIDES):
        for service_account in each:
            known = identities.get(service_account.identity, service_account)
            accounts = dict.fromkeys((*known.service_accounts, *service_account.service_accounts))
            identities[service_account.identity] = replace(service_account, service_accounts=tuple(accounts))
    return tuple(identities.values())


def _capabilities(api: Api, cluster: str, managed: EksCluster | None) -> tuple[ServiceAccountIdentity, ...]:
    """Return the roles of the cluster's capabilities: controllers that EKS runs, and that users of its API direct.

    If the service does not support the call, though it answered DescribeCluster, it has no capabilities. The gap then
    hides nothing.
    """
    if managed is None:
        return ()
    call, describe = calls.LIST_CAPABILITIES, calls.DESCRIBE_CAPABILITY
    try:
        listed = api.ask(call, clusterName=cluster)
    except Api.errors() as error:
        why = Api.explain(error)
        api.failed(call, cluster, why, () if why[0] is Reason.UNSUPPORTED else HIDES)
        return ()
    items = _described(api, cluster, (call, describe), "capabilityName", listed)
    source = api.source(describe, cluster)
    return api.mapped(describe, items, partial(_capability, source), hides=HIDES)


def _described(api: Api, cluster: str, pair: tuple[Call, Call], key: str, listed: Iterable[Item]) -> list[Item]:
    """Return the descriptions of ``listed`` items by their field ``key``. ``pair``: the calls to list and describe."""
    call, describe = pair
    names = api.mapped(call, listed, lambda item: required(item, key), hides=HIDES)
    read = partial(api.read, describe, hides=HIDES, clusterName=cluster)
    answers = api.gather(*(partial(read, about=name, **{key: name}) for name in names))
    return [item for answer in answers for item in answer]


def _capability(source: Source, item: Item) -> ServiceAccountIdentity:
    """Return the role of a capability. In place of a service account it has its type and name ("capability:ack/c")."""
    role, name = required(item, "roleArn"), required(item, "capabilityName")
    account = f"capability:{text(item, 'type').lower()}/{name}"
    return ServiceAccountIdentity(role, role.rpartition("/")[2], (account,), "", source)


def _association(api: Api, cluster: str, item: Item) -> tuple[ServiceAccountIdentity, ...]:
    account = f"{required(item, 'namespace')}:{required(item, 'serviceAccount')}"
    source = api.source(calls.DESCRIBE_POD_IDENTITY_ASSOCIATION, cluster)
    arns = filter(None, (required(item, "roleArn"), text(item, "targetRoleArn")))
    return tuple(ServiceAccountIdentity(arn, arn.rpartition("/")[2], (account,), "", source) for arn in arns)
