"""Roles made by upstream have the permissions that the components need. Their known excess is listed here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aws_roles import excess_of
from cloudguard.authorization.effective import allowed
from cloudguard.authorization.escalations.granted import granted_escalations
from cloudguard.authorization.replacement import replacement
from cloudguard.model.iam_catalog import Access
from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import Source
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.catalog_of_cluster import TABLES
from docs.identities.known_roles import KnownRole, known_roles
from docs.identities.render import PAGE, VALUES, judged, page

ROLES = {role.id: role for role in known_roles(VALUES)}
ENOUGH = (
    "cloudwatch-agent",
    "documented-node",
    "ebs-csi-managed-2",
    "efs-csi-managed",
    "eks-fargate",
    "eks-node-auto",
    "karpenter-controller",
    "kops-control-plane",
    "kops-control-plane-ecr",
    "kops-control-plane-nlb",
    "kops-node-ecr",
    "kops-node-kuberouter",
    "kops-node-types",
    "rke2-agent",
)
"""Roles with exactly the permissions they need, from their installer or documentation."""
NARROWABLE = (
    "capa-control-plane-alone",
    "capa-control-plane-management",
    "cluster-autoscaler-full",
    "cluster-autoscaler-minimal",
    "documented-control-plane",
    "ebs-csi-example",
    "ebs-csi-managed",
    "kops-control-plane-irsa",
    "kops-node-vpc-cni",
    "load-balancer-controller",
    "rke2-agent-autoscaler",
    "rke2-server",
    "vpc-cni",
)
"""Roles with the documented permissions, which also cover resources outside the cluster."""
UNPLACED = ("cert-manager", "external-dns")
"""Roles with permissions on every DNS zone; the cluster's zone is unknown."""
IMPOSED = (
    "eks-cluster",
    "eks-cluster-auto",
    "eks-cluster-older",
    "eks-cluster-outpost",
    "eks-node-minimal",
    "eks-node-pull",
    "eks-node-ssm-declared",
)
"""Roles whose only excess comes from policies that EKS mandates."""
MORE = {
    "capa-control-plane": {"iam:PassRole", "ec2:RunInstances", "eks:CreateAccessEntry"},
    "capa-node": {"ec2:ModifyNetworkInterfaceAttribute"},
    "eks-node-moved": {"ec2:ModifyNetworkInterfaceAttribute", "ec2:CreateNetworkInterface"},
    "eks-node-ssm": {"ssm:GetParameter"},
    "kops-node-legacy": {"s3:DeleteObject", "s3:GetObject"},
    "node-ec2-full-access": {"ec2:RunInstances"},
    "node-power-user": {"secretsmanager:GetSecretValue"},
    "node-administrator": {"iam:PassRole", "iam:PutRolePolicy"},
}
"""Roles with excess that writes or reads data, and some of its actions."""


@pytest.mark.parametrize("name", ENOUGH)
def test_upstream_roles_have_exactly_what_they_need(name: str) -> None:
    excess = excess_of(ROLES[name])
    assert not (excess.certain | excess.mandated)
    assert not excess.assumptions


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize("name", NARROWABLE)
def test_documented_roles_exceed_the_cluster_only_by_documented_needs(name: str) -> None:
    excess = excess_of(ROLES[name])
    risky, requests = excess.with_access(Access.WRITE, Access.DATA), excess.comparer.cluster_resources
    assert ((risky & excess.documented) - requests.upper).lower
    assert not risky - excess.documented


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize("name", NARROWABLE)
def test_the_replacement_is_proved_and_bound_to_the_cluster(name: str) -> None:
    excess = excess_of(ROLES[name])
    edit = replacement(excess)
    assert edit.unproved == ""
    wide = excess.with_access(Access.WRITE, Access.DATA) & excess.documented
    known = excess.comparer.iam_catalog.known_context(excess.identity)
    written = allowed(excess.comparer.space, edit.statements, known)
    left = (written & wide).lower
    assert not left, "nothing that exceeds the need is left"
    assert all(statement.name.isalnum() for statement in edit.statements)


@pytest.mark.parametrize("name", UNPLACED)
def test_the_excess_of_a_need_without_a_known_place_is_undecided(name: str) -> None:
    excess = excess_of(ROLES[name])
    assert not excess.certain
    assert excess.assumptions == ("it is unknown which resource is the DNS zone",)
    edit = replacement(excess)
    assert "the DNS zone" in edit.unproved
    assert any("route53:ChangeResourceRecordSets" in statement.actions for statement in edit.statements)


@pytest.mark.mistake("imposed-misjudged")
@pytest.mark.parametrize("name", IMPOSED)
def test_the_excess_of_eks_roles_comes_only_from_mandated_policies(name: str) -> None:
    excess = excess_of(ROLES[name])
    assert not excess.certain
    assert excess.mandated
    assert not excess.assumptions


LISTS = ("eks-node",)
"""Roles whose excess only lists."""


def test_every_known_role_is_in_one_of_the_lists() -> None:
    assert {*ENOUGH, *NARROWABLE, *UNPLACED, *IMPOSED, *LISTS, *MORE} == set(ROLES)


@pytest.mark.parametrize("name", LISTS)
def test_the_excess_of_these_roles_only_lists(name: str) -> None:
    excess = excess_of(ROLES[name])
    assert excess.with_access(Access.LIST)
    assert not excess.with_access(Access.WRITE, Access.DATA)


@pytest.mark.parametrize("name", sorted(MORE))
def test_the_excess_of_these_roles_has_the_known_actions(name: str) -> None:
    excess = excess_of(ROLES[name])
    risky = excess.with_access(Access.WRITE, Access.DATA)
    assert set(risky.space.table.names(risky.actions)) >= MORE[name]


MISSING = {
    "cluster-autoscaler-minimal": {
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
        "eks:DescribeNodegroup",
    },
    "ebs-csi-managed-2": {"ec2:DescribeTags"},
}
"""Documented permissions that the component's policy does not grant."""


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: str(role.id))
def test_documented_permissions_without_a_grant_are_missing(role: KnownRole) -> None:
    requests = excess_of(role).missing
    assert set(requests.space.table.names(requests.actions)) == MISSING.get(role.id, set())


def test_the_page_of_roles_is_up_to_date() -> None:
    """A page made with another version of the catalog needs only to list every role."""
    text = PAGE.read_text(encoding="utf-8")
    if published().version in text:
        assert text == page(judged()), "run: make docs"
    assert all(f'<a id="{name}">' in text for name in ROLES)


@pytest.mark.parametrize(
    ("service", "found"),
    [("ec2.amazonaws.com", {"ec2-001"}), ("eks.amazonaws.com", set[str]()), ("*", {"ec2-001"}), ("", {"ec2-001"})],
)
def test_passing_a_role_is_an_escalation_only_for_the_service_that_gets_it(service: str, found: set[str]) -> None:
    conditions = (Condition("StringLike", "iam:PassedToService", (service,)),) if service else ()
    passing = Statement("pass", Effect.ALLOW, ("iam:PassRole",), resources=("*",), conditions=conditions)
    running = Statement("run", Effect.ALLOW, ("ec2:RunInstances",), resources=("*",))
    policy = PolicyDocument("p", "p", PolicyKind.GRANT, "user", "", (passing, running), Source("test"))
    role = KnownRole("r", "r", "kubeadm", "node", (policy,), "", name="r", others=("nodes.prod",))
    assert {way.path.id for way in granted_escalations(excess_of(role), TABLES.escalation_paths)} == found


@pytest.mark.mistake("need-too-wide")
def test_a_wildcard_is_no_evidence_of_a_feature() -> None:
    """``ec2:*`` is no evidence of a feature: for its features, kops never writes this wildcard."""
    named = next(policy for policy in ROLES["kops-node-vpc-cni"].policies)
    wide = tuple(
        replace(statement, actions=("ec2:*",)) for statement in named.statements if statement.resources == ("*",)
    )
    role = KnownRole("r", "r", "kops", "node", (replace(named, statements=wide),), "", name="r")
    assert not [choice.need.id for choice in excess_of(role).choices]
    assert "kops/vpc-cni" in {choice.need.id for choice in excess_of(ROLES["kops-node-vpc-cni"]).choices}


@pytest.mark.parametrize(
    "name",
    [
        "aws-cloud-controller-manager",
        "aws-load-balancer-controller",
        "aws-node-termination-handler",
        "cluster-autoscaler",
        "dns-controller",
        "ebs-csi-controller-sa",
        "external-dns",
        "karpenter",
    ],
)
def test_every_service_account_that_kops_gives_a_role_has_a_need(name: str) -> None:
    of_kops = [table for table in TABLES.written if table.get("installers") == ["kops"]]
    assert any(f"kube-system:{name}" in table.get("service-accounts", ()) for table in of_kops)
