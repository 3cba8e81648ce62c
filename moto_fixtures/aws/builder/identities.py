"""Grants and limits other than roles' own policies: service accounts' roles, key policies, an organization."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from moto_fixtures.aws.builder.machines import MachineBuilder, Role, Statement
from moto_fixtures.aws.builder.recorder import ACCOUNT

MANAGEMENT = "210987654321"
ROOT: Statement = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


class IdentityBuilder(MachineBuilder):
    """Builds roles of service accounts, key policies and an organization."""

    __slots__ = ()

    def issuer(self, cluster: str) -> str:
        """A managed cluster's identity provider, in the form of trust policies."""
        described = self.call("eks", "describe_cluster", name=cluster)["cluster"]
        return str(described["identity"]["oidc"]["issuer"]).removeprefix("https://")

    def federated(self, name: str, issuer: str, *accounts: str, grants: Sequence[Statement] = ()) -> Role:
        """Make a role for service accounts ("namespace:name", with wildcards). No ``accounts``: for all of them."""
        condition: dict[str, Any] = {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}}
        if accounts:
            condition["StringLike"] = {f"{issuer}:sub": [f"system:serviceaccount:{account}" for account in accounts]}
        trust: Statement = {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = self.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if grants:
            policy = json.dumps({"Version": "2012-10-17", "Statement": grants})
            self.call("iam", "put_role_policy", RoleName=name, PolicyName=name, PolicyDocument=policy)
        self.note(arn, name)
        return Role(name, arn, "")

    def associate(self, cluster: str, account: str, role: str) -> None:
        """Give a service account ("namespace:name") a role (ARN) by pod identity."""
        namespace, _, name = account.partition(":")
        known: dict[str, list[dict[str, str]]] = self.backend("eks").__dict__.setdefault("associations", {})
        listed = known.setdefault(cluster, [])
        id_ = f"a-{len(listed):016x}"
        arn = f"arn:aws:eks:{self.session.region_name}:{ACCOUNT}:podidentityassociation/{cluster}/{id_}"
        bound = {"namespace": namespace, "serviceAccount": name, "roleArn": role}
        listed.append({**bound, "associationArn": arn, "associationId": id_})

    def key_policy(self, key: str, *statements: Statement) -> None:
        """Set the policy of ``key``: the account's own policies decide, and also ``statements``."""
        own: Statement = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [own, *statements]})
        self.call("kms", "put_key_policy", KeyId=key.rpartition("/")[2], PolicyName="default", Policy=policy)
        self.note(key)

    def organize(self, *statements: Statement) -> str:
        """Put the account in an organization that it may read, with one limiting policy. Return the policy's id."""
        self.call("organizations", "create_organization", FeatureSet="ALL")
        root = self.call("organizations", "list_roots")["Roots"][0]["Id"]
        made = self.call(
            "organizations",
            "create_policy",
            Content=json.dumps({"Version": "2012-10-17", "Statement": statements}),
            Name="guardrails",
            Description="",
            Type="SERVICE_CONTROL_POLICY",
        )
        policy = str(made["Policy"]["PolicySummary"]["Id"])
        self.call("organizations", "attach_policy", PolicyId=policy, TargetId=root)
        self.global_backend("organizations").org.master_account_id = MANAGEMENT
        self.note(policy)
        return policy
