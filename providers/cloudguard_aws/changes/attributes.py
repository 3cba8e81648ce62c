"""Changes of attributes as calls: metadata services, disks of templates, keys, and encryption of Secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cloudguard.model.keys import KeyState
from cloudguard.provider.calls.cloud_forms import NoCallError, Pair, known
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall, answer
from cloudguard.results.change import AttributeEdit, Change, Resource
from cloudguard_aws.changes.edits import EC2, answer_name
from cloudguard_aws.changes.template_edits import DISKS, METADATA, NO_PODS, POOL, pool_calls

KMS: Final = "kms"
EKS: Final = "eks"
LONGEST_WAIT: Final = 30
"""The maximum number of days before a scheduled deletion of a key (KMS API reference, ScheduleKeyDeletion)."""
_TOKENS: Final = {True: "required", False: "optional"}


def calls(index: SnapshotIndex, change: Change, edit: AttributeEdit, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls that set an attribute. Raises NoCallError for a kind of change without a call."""
    if change.kind == METADATA:
        for resource in edit.of:
            yield from _metadata(index, resource, change, edit, earlier)
    elif change.kind == DISKS:
        yield from pool_calls(index, change.resource.id, change, edit, earlier)
    else:
        yield from _of_kind(index, change, edit)


def _of_kind(index: SnapshotIndex, change: Change, edit: AttributeEdit) -> Sequence[Pair]:
    """Return the calls for a key or for Secrets.

    Raises NoCallError for a key whose state no call changes, such as one whose imported material expired.
    """
    key = change.resource.id
    match change.kind, edit.before:
        case "key.rotate", _:
            return ((_of_key("EnableKeyRotation", key), (_of_key("DisableKeyRotation", key),)),)
        case "key.enable", KeyState.PENDING_DELETION:
            return _key_recovery(key)
        case "key.enable", KeyState.DISABLED:
            return (_enabled(key),)
        case "secrets.encrypt", _:
            return _secrets(index, change.resource)
        case kind, state:
            message = f"no call makes a change of the kind {kind} of a resource that is {state}"
            raise NoCallError(message)


def _metadata(
    index: SnapshotIndex, resource: Resource, change: Change, edit: AttributeEdit, earlier: Sequence[Change]
) -> Iterator[Pair]:
    if resource.kind == POOL:
        yield from pool_calls(index, resource.id, change, edit, earlier)
        return
    present = known(
        known(index.hosts.get(resource.id), f"the host {resource.id}").metadata,
        f"the metadata service of {resource.id}",
    )
    before = {"HttpTokens": _TOKENS[present.tokens_required], "HttpPutResponseHopLimit": present.hop_limit}
    yield _options(resource.id, NO_PODS), (_options(resource.id, before),)


def _options(host: str, options: Mapping[str, Any]) -> ApiCall:
    return ApiCall(EC2, "ModifyInstanceMetadataOptions", {"InstanceId": host, **options})


def _enabled(key: str) -> Pair:
    return _of_key("EnableKey", key), (_of_key("DisableKey", key),)


def _key_recovery(key: str) -> tuple[Pair, ...]:
    """Return the calls that cancel a key's deletion and enable the key.

    A cancelled deletion leaves the key disabled (KMS API reference, CancelKeyDeletion).
    """
    again = _of_key("ScheduleKeyDeletion", key, PendingWindowInDays=LONGEST_WAIT)
    return (_of_key("CancelKeyDeletion", key), (again,)), _enabled(key)


def _of_key(operation: str, key: str, **more: object) -> ApiCall:
    """Return a call about a key of this account, with the key id from its ARN."""
    return ApiCall(KMS, operation, {"KeyId": key.rpartition("/")[2], **more})


def _secrets(index: SnapshotIndex, cluster: Resource) -> tuple[Pair, ...]:
    """Return the calls that encrypt Secrets with a new key that rotates.

    EKS can neither undo the encryption nor change the key.
    https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html
    """
    secrets = index.snapshot.cluster.secrets_encryption
    if secrets is None or secrets.key:
        message = "EKS cannot change the key of Secrets"
        raise NoCallError(message)
    name = answer_name("secrets_key", cluster.id)
    about = {"Description": f"Secrets of the EKS cluster {cluster.id}"}
    config = {"resources": ["secrets"], "provider": {"keyArn": answer(name)}}
    schedule = {"KeyId": answer(name), "PendingWindowInDays": LONGEST_WAIT}
    rotate = ApiCall(KMS, "EnableKeyRotation", {"KeyId": answer(name)})
    associate = {"clusterName": cluster.id, "encryptionConfig": [config]}
    return (
        (ApiCall(KMS, "CreateKey", about, {name: "KeyMetadata.Arn"}), (ApiCall(KMS, "ScheduleKeyDeletion", schedule),)),
        (rotate, (ApiCall(KMS, "DisableKeyRotation", {"KeyId": answer(name)}),)),
        (ApiCall(EKS, "AssociateEncryptionConfig", associate), ()),
    )
