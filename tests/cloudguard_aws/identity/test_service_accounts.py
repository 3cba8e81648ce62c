"""Roles that service accounts assume: by EKS's issuer, by a provider with the cluster's name, by pod identity."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import aws_capabilities
from aws_hosts import api_of
from cloudguard.model.cluster import Strength
from cloudguard.model.identity import Effect, Identities, PolicyKind
from cloudguard.model.source import FactKind, Reason
from cloudguard_aws.cluster.eks import eks_cluster
from cloudguard_aws.identity.service_accounts import is_of, read_service_accounts
from moto_fixtures.aws.builder import ACCOUNT, Account

ISSUER = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
EKS = eks_cluster({"name": "prod", "identity": {"oidc": {"issuer": f"https://{ISSUER}"}}})
SUBJECT = "system:serviceaccount:"


def federated(a: Account, name: str, issuer: str, **conditions: dict[str, object]) -> str:
    """Make a role that an identity provider's subjects may assume. Return its ARN."""
    trusted = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
    action = "sts:AssumeRoleWithWebIdentity"
    statement = {"Effect": "Allow", "Principal": trusted, "Action": action, "Condition": conditions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = a.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])


def subject_is(*accounts: str, issuer: str = ISSUER) -> dict[str, object]:
    """Return the keys of a condition that the subject is one of ``accounts``."""
    return {f"{issuer}:sub": [SUBJECT + account for account in accounts], f"{issuer}:aud": "sts.amazonaws.com"}


@pytest.mark.mistake("identity-left-out")
def test_only_roles_of_the_cluster_s_issuer_belong_to_its_workloads(inner_account: Account) -> None:
    a = inner_account
    a.role("nodes")
    csi = federated(a, "csi", ISSUER, StringEquals=subject_is("kube-system:ebs-csi-controller-sa"))
    dns = federated(a, "dns", ISSUER, StringLike=subject_is("dns:*", "kube-system:external-dns"))
    any_one = federated(a, "any", ISSUER)
    but = federated(a, "but", ISSUER, StringNotLike=subject_is("kube-system:*"))
    federated(a, "other", f"{ISSUER[:-1]}0", StringEquals=subject_is("kube-system:aws-node"))
    federated(a, "longer", f"{ISSUER}0", StringEquals=subject_is("kube-system:aws-node"))
    federated(a, "github", "token.actions.githubusercontent.com")
    asked: list[str] = []
    api = api_of(a, asked)
    service_accounts = read_service_accounts(api, "prod", replace(EKS, name="gone"))
    roles, trusts = service_accounts.service_accounts, service_accounts.policies
    assert [(provider.id, provider.strength) for provider in service_accounts.providers] == [(ISSUER, Strength.STRONG)]
    assert {
        service_account.identity: (service_account.name, service_account.service_accounts) for service_account in roles
    } == {
        csi: ("csi", ("kube-system:ebs-csi-controller-sa",)),
        dns: ("dns", ("dns:*", "kube-system:external-dns")),
        any_one: ("any", ()),
        but: ("but", ()),
    }
    assert (
        {policy.id for policy in trusts}
        == {service_account.trust for service_account in roles}
        == {f"{service_account.identity}#trust" for service_account in roles}
    )
    assert {(policy.kind, policy.statements[0].effect) for policy in trusts} == {(PolicyKind.TRUST, Effect.ALLOW)}
    assert asked.count("iam:ListRoles") == 1
    assert "iam:ListOpenIDConnectProviders" not in asked


@pytest.mark.mistake("identity-left-out")
def test_a_role_for_all_tokens_of_the_issuer_belongs_to_its_service_accounts(inner_account: Account) -> None:
    a = inner_account
    for number, (principal, issuer) in enumerate([("*", ISSUER), ({"AWS": "*"}, ISSUER.upper()), ("*", f"{ISSUER}0")]):
        sub = {f"{issuer}:sub": f"{SUBJECT}dns:external"}
        trusted = {"Effect": "Allow", "Principal": principal, "Action": "sts:*", "Condition": {"StringEquals": sub}}
        text = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        a.call("iam", "create_role", RoleName=f"r{number}", AssumeRolePolicyDocument=text)
    service_accounts = read_service_accounts(api_of(a), "prod", replace(EKS, name="gone"))
    assert [
        (service_account.name, service_account.service_accounts)
        for service_account in service_accounts.service_accounts
    ] == [(f"r{n}", ("dns:external",)) for n in (0, 1)]


@pytest.mark.mistake("identity-left-out")
def test_pod_identity_associations_give_service_accounts(inner_account: Account) -> None:
    a = inner_account
    cluster = a.eks("prod", [a.subnet(a.vpc())], a.role("eks", service="eks"))
    role = federated(a, "balancers", ISSUER)
    for account in ("kube-system:aws-load-balancer-controller", "ingress:second"):
        a.associate(cluster.name, account, role)
    api = api_of(a)
    described = a.call("eks", "describe_cluster", name="prod")["cluster"]
    service_accounts = read_service_accounts(api, "prod", eks_cluster(described))
    (service_account,) = service_accounts.service_accounts
    assert (
        service_account.identity,
        service_account.name,
        service_account.service_accounts,
        service_account.trust,
    ) == (
        role,
        "balancers",
        ("kube-system:aws-load-balancer-controller", "ingress:second"),
        "",
    )
    assert service_accounts.policies == ()
    assert not any(gap.hides for gap in api.gaps)


def test_without_an_issuer_no_role_is_read(inner_account: Account) -> None:
    asked: list[str] = []
    assert read_service_accounts(api_of(inner_account, asked), "prod", None) == Identities()
    assert asked == ["iam:ListOpenIDConnectProviders"]


@pytest.mark.mistake("identity-left-out")
def test_a_self_managed_cluster_has_the_identity_provider_with_its_name(inner_account: Account) -> None:
    a, own, other = inner_account, "discovery.s3.eu-west-1.amazonaws.com/prod", "production-oidc.s3.amazonaws.com"
    for issuer in (own, other):
        a.call("iam", "create_open_id_connect_provider", Url=f"https://{issuer}", ThumbprintList=["0" * 40])
    arn = federated(a, "ccm", own, StringEquals=subject_is("kube-system:aws-cloud-controller-manager", issuer=own))
    federated(a, "theirs", other, StringEquals=subject_is("kube-system:aws-node", issuer=other))
    api = api_of(a)
    service_accounts = read_service_accounts(api, "prod", None)
    assert [
        (service_account.identity, service_account.service_accounts, service_account.provider)
        for service_account in service_accounts.service_accounts
    ] == [(arn, ("kube-system:aws-cloud-controller-manager",), own)]
    assert [(provider.id, provider.strength) for provider in service_accounts.providers] == [(own, Strength.WEAK)]
    assert api.gaps == ()


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(
    ("issuer", "tag", "found"),
    [
        ("keys.example.com/a", {"kubernetes.io/cluster/prod": "owned"}, True),
        ("keys.example.com/a", {"KubernetesCluster": "prod"}, True),
        ("keys.example.com/a", {"openshift.io/cloud-credential-operator/prod": "owned"}, True),
        ("prod-oidc.s3.amazonaws.com", {"kubernetes.io/cluster/other": "owned"}, False),
        ("keys.example.com/a", {"cluster": "prod"}, False),
        ("token.actions.githubusercontent.com", {"kubernetes.io/cluster/prod": "owned"}, False),
    ],
)
def test_an_installer_s_tag_shows_the_cluster_of_an_identity_provider(
    inner_account: Account,
    issuer: str,
    tag: dict[str, str],
    found: bool,  # noqa: FBT001
) -> None:
    tags = [{"Key": key, "Value": value} for key, value in tag.items()]
    url = f"https://{issuer}"
    inner_account.call("iam", "create_open_id_connect_provider", Url=url, ThumbprintList=["0" * 40], Tags=tags)
    service_accounts = read_service_accounts(api_of(inner_account), "prod", None)
    assert [(provider.id, provider.strength) for provider in service_accounts.providers] == (
        [(issuer, Strength.STRONG)] if found else []
    )


def test_a_flag_names_the_cluster_s_identity_provider(inner_account: Account) -> None:
    for name in ("prod-oidc.s3.amazonaws.com", "keys.example.com/a"):
        inner_account.call("iam", "create_open_id_connect_provider", Url=f"https://{name}", ThumbprintList=["0" * 40])
    service_accounts = read_service_accounts(api_of(inner_account), "prod", None, "https://keys.example.com/a/")
    assert [(provider.id, provider.strength) for provider in service_accounts.providers] == [
        ("keys.example.com/a", Strength.STRONG)
    ]


def test_a_trust_policy_that_is_not_understood_is_a_gap(inner_account: Account) -> None:
    a = inner_account
    arn = federated(a, "odd", ISSUER)
    for role in a.global_backend("iam").roles.values():
        role.assume_role_policy_document = json.dumps({"Statement": {"Effect": "Perhaps", "Principal": ISSUER}})
    api = api_of(a)
    assert read_service_accounts(api, "prod", EKS).service_accounts == ()
    odd = [gap for gap in api.gaps if gap.call == "iam:ListRoles"]
    assert [(gap.resource, gap.reason, gap.hides) for gap in odd] == [(arn, Reason.FAILED, (FactKind.IDENTITIES,))]


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(
    ("provider", "cluster"),
    [
        ("discovery.s3.amazonaws.com/k.example.com", "k.example.com"),
        ("s3.eu-west-1.amazonaws.com/bucket/prod", "prod"),
        ("api.internal.k.example.com", "k.example.com"),
        ("k.example.com", "k.example.com"),
        ("prod-oidc.s3.eu-west-1.amazonaws.com", "prod"),
        ("prod.s3-eu-west-1.amazonaws.com", "prod"),
        ("my.prod.s3.cn-north-1.amazonaws.com.cn", "my.prod"),
    ],
)
def test_an_identity_provider_s_url_shows_its_cluster(provider: str, cluster: str) -> None:
    assert is_of(provider, cluster)
    assert not is_of(provider, cluster[:-1])
    assert not is_of(provider, f"x{cluster}")


@pytest.mark.parametrize(
    ("provider", "cluster"),
    [
        (ISSUER, "oidc"),
        (ISSUER, "eks"),
        ("s3.eu-west-1.amazonaws.com/bucket/prod", "s3"),
        ("login.example.com", "com"),
        ("token.actions.githubusercontent.com", "token"),
        ("prod.example.com", "prod"),
    ],
)
def test_a_cluster_name_inside_another_word_of_the_url_does_not_count(provider: str, cluster: str) -> None:
    assert not is_of(provider, cluster)


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize(
    ("status", "found", "hides"),
    [(200, 1, []), (404, 0, [False]), (403, 0, [True]), (400, 0, [True])],
    ids=["answered", "unsupported", "denied", "failed"],
)
def test_capabilities_have_roles_of_the_cluster(
    inner_account: Account, status: int, found: int, hides: list[bool]
) -> None:
    """An unsupported call is reported, and hides nothing."""
    a = inner_account
    role = federated(a, "ack", ISSUER.replace("0", "1"))
    aws_capabilities.answer_for(a.session, role, status)
    api = api_of(a)
    service_accounts = read_service_accounts(api, "prod", EKS)
    roles = [
        (service_account.identity, service_account.service_accounts)
        for service_account in service_accounts.service_accounts
    ]
    assert roles == [(role, (f"capability:ack/{aws_capabilities.NAME}",))] * found
    assert [bool(gap.hides) for gap in api.gaps if gap.call == "eks:ListCapabilities"] == hides
