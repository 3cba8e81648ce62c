"""Grants to the cluster's roles in the policies of its buckets and queues.

A resource's own policy can grant access to roles of the same account
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). The policies of the
cluster's roles show which buckets and queues it uses: kops' state and backups, and the queues of Karpenter (with the
cluster's name) and of kops' node termination handler (whose name begins with it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from cloudguard.model.identity import Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.answers import Item, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call
from cloudguard_aws.identity.key_policies import with_resource_policies
from cloudguard_aws.identity.need_values import named_resources, values_of
from cloudguard_aws.identity.policy_documents import HIDES, statements

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
    read = api.gather(*(partial(_statements, api, *request) for request in requests))
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


def _statements(api: Api, call: Call, name: str, parameters: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Return the statements of a resource's policy. Empty if it has none."""
    try:
        items = api.ask(call, **parameters)
    except Api.errors() as error:
        reason, message = Api.explain(error)
        if not message.startswith(_WITHOUT_POLICY):
            api.failed(call, name, (reason, message), HIDES)
        return ()
    read = api.mapped(call, items, _policy, hides=HIDES, about=name)
    return tuple(statement for each in read for statement in each)


def _policy(item: Item) -> tuple[Statement, ...]:
    policy = text(item, "Policy")
    return statements(policy) if policy else ()
