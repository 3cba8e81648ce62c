"""Grants to the cluster's roles in the policies of etcd's keys, of buckets and of queues.

A resource's own policy can grant access to roles of the same account
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html). The policies of the cluster's roles show which
buckets and queues it uses: kops' state and backups, and the queues of Karpenter (with the cluster's name) and of kops'
node termination handler (whose name begins with it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from cloudguard.model.identity import Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.keys import Key, KeyManager
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.arns import account_of
from cloudguard_aws.access.calls import Call
from cloudguard_aws.identity.need_values import named_resources, values_of
from cloudguard_aws.identity.policy_documents import HIDES, statements
from cloudguard_aws.storage.keys import policy_of

_SESSION: Final = re.compile(r"^(arn:[^:]*):sts::(\d+):assumed-role/([^/]+)/.+$")
_WITHOUT_POLICY: Final = (
    "NoSuchBucketPolicy:",
    "NoSuchBucket:",
    "QueueDoesNotExist:",
    "AWS.SimpleQueueService.NonExistentQueue:",
)
"""Errors of S3 and SQS if there is no policy, or no bucket or queue (their API references, errors)."""
_QUEUE: Final = re.compile(r"[A-Za-z0-9_.-]+")
_UNREAD_GRANTS: Final = (
    "grants in resource policies (buckets, secrets, queues, topics, repositories, functions) were not read"
)
_UNREAD_KEY_GRANTS: Final = "; grants on KMS keys were not read"
"""A grant gives its grantee permissions beside the key's policy:
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html"""
_OTHER_ACCOUNTS: Final = "; it is not known whether roles of other accounts trust the cluster's identity provider"


def read_key_policies(api: Api, keys: Iterable[Key], account: str) -> Mapping[str, tuple[Statement, ...]]:
    """Return a dict of key → statements of its policy, for the customer's own keys.

    A key of another account grants nothing by itself, and its policy can't be read from this account: "Cross-account
    use: No" (KMS API reference, GetKeyPolicy). If this ``account`` is not known (""), all keys are read.
    """
    ours = {account, ""}
    customers = (key.id for key in keys if key.manager is KeyManager.CUSTOMER)
    readable = [key for key in customers if not account or account_of(key) in ours]
    return dict(zip(readable, api.gather(*(partial(_of_key, api, key) for key in readable)), strict=True))


def with_resource_policies(
    api: Api, identities: Identities, call: Call, by_resource: Mapping[str, tuple[Statement, ...]]
) -> Identities:
    """Return the identities with the grants of resource policies that ``call`` read.

    ``by_resource``: dict of resource → statements of its policy. An identity's own trust policy grants it nothing.
    """
    changed, policies = list[Identity](), list(identities.policies)
    for identity in identities.identities:
        of_others = ((name, granted) for name, granted in by_resource.items() if name != identity.id)
        mine = [_naming(api.source(call, name), identity, granted) for name, granted in of_others]
        added = [policy for policy in mine if policy is not None]
        policies += added
        changed.append(replace(identity, policies=(*identity.policies, *(policy.id for policy in added))))
    return replace(
        identities, identities=tuple(changed), policies=tuple(sorted(policies, key=lambda policy: policy.id))
    )


def _of_key(api: Api, key: str) -> tuple[Statement, ...]:
    """Return the statements of a key's policy. In this policy, the resource "*" is the key itself."""
    arns = api.listed(calls.DESCRIBE_KEY, lambda item: text(item, "Arn"), hides=HIDES, about=key, KeyId=key)
    name = next(iter(arns), "") or key  # an alias has no policy
    call = calls.GET_KEY_POLICY
    items = api.read(call, hides=HIDES, about=key, **policy_of(name))
    read = api.mapped(call, items, lambda item: statements(text(item, "Policy")), hides=HIDES, about=key)
    return tuple(
        replace(statement, resources=(name,), not_resources=()) for statements in read for statement in statements
    )


def _naming(source: Source, identity: Identity, granted: tuple[Statement, ...]) -> PolicyDocument | None:
    """Return the statements of a resource's policy that name an identity, as a policy. None: no statement does."""
    mine = tuple(statement for statement in granted if names(statement, identity.id))
    if not mine:
        return None
    resource = source.resource
    return PolicyDocument(
        f"{resource}#{identity.id}", f"policy of {resource}", PolicyKind.RESOURCE, "user", "", mine, source
    )


def names(statement: Statement, role: str) -> bool:
    """Whether a statement of a resource policy applies to a role: by its ARN, by a session of it, or to everyone.

    A grant to the account only refers to the account's own policies, so it grants nothing itself. A denial of the
    account applies to all of its roles. An exception of the account from a denial excepts none of its roles (IAM user
    guide, AWS JSON policy elements: Principal, NotPrincipal).
    """
    if statement.not_principals:
        return not any(_includes_role(principal, role, account=False) for principal in statement.not_principals)
    return any(
        _includes_role(principal, role, account=statement.effect is Effect.DENY) for principal in statement.principals
    )


def _includes_role(principal: str, role: str, *, account: bool) -> bool:
    principal_arn = principal.removeprefix("AWS:")
    if account and principal_arn in {account_of(role), f"{role.rpartition(':')[0]}:root"}:
        return True
    session = _SESSION.match(principal_arn)
    if session:
        # A session's ARN does not have the path of its role.
        return role.startswith(f"{session[1]}:iam::{session[2]}:role/") and role.endswith(f"/{session[3]}")
    return principal_arn in {"*", role}


def with_policies_of_resources(api: Api, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the grants of its buckets and queues, and a text about the grants that were not read."""
    cluster, identities = snapshot.cluster, snapshot.identities
    values = values_of(snapshot)
    (partition, *_) = values["partition"]
    queues = f"arn:{partition}:sqs:{api.region}:{cluster.account}:"
    named = {text.removeprefix(queues) for text in named_resources(identities) if text.startswith(queues)}
    dashed = tuple(f"{text}-" for text in values["dashed"])
    requests: list[tuple[Call, str, Mapping[str, Any]]] = [
        (calls.GET_BUCKET_POLICY, name, {"Bucket": name}) for name in values["bucket"]
    ]
    for name in sorted(named):
        if _QUEUE.fullmatch(name) and (name == cluster.name or name.startswith(dashed)):
            url = f"{api.client('sqs').meta.endpoint_url}/{cluster.account}/{name}"
            parameters = {"QueueUrl": url, "AttributeNames": ["Policy"]}
            requests.append((calls.GET_QUEUE_ATTRIBUTES, f"{queues}{name}", parameters))
    read = api.gather(*(partial(_of_resource, api, *request) for request in requests))
    for (call, name, _), granted in zip(requests, read, strict=True):
        identities = with_resource_policies(api, identities, call, {name: granted})
    names = [*(name for _, name, _ in requests), "etcd's keys"]
    exceptions = f", except those of {' and '.join(names)}"
    other_accounts = _OTHER_ACCOUNTS if identities.providers else ""
    return replace(
        snapshot,
        identities=replace(identities, unread_grants=_UNREAD_GRANTS + exceptions + _UNREAD_KEY_GRANTS + other_accounts),
        gaps=api.gaps,
    )


def _of_resource(api: Api, call: Call, name: str, parameters: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Return the statements of a resource's policy. Empty if it has none."""
    try:
        items = api.ask(call, **parameters)
    except Api.errors() as error:
        reason, message = Api.explain(error)
        if not message.startswith(_WITHOUT_POLICY):
            api.failed(call, name, (reason, message), HIDES)
        return ()
    read = api.mapped(call, items, _in_item, hides=HIDES, about=name)
    return tuple(statement for each in read for statement in each)


def _in_item(item: Item) -> tuple[Statement, ...]:
    policy = text(item, "Policy")
    return statements(policy) if policy else ()
