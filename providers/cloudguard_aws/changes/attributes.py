"""Changes of attributes as calls: metadata services, disks of templates, keys, and encryption of Secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from cloudguard.model.keys import KeyState
from cloudguard.results.api_call import ApiCall, PlannedCall, answer
from cloudguard.results.change import AttributeEdit, Change, Resource
from cloudguard_aws.changes.edits import EC2, NoCallError, answer_name, known
from cloudguard_aws.changes.snapshot_index import SnapshotIndex
from cloudguard_aws.changes.template_edits import DISKS, METADATA, NO_PODS, POOL, pool_calls

KMS: Final = "kms"
EKS: Final = "eks"
LONGEST_WAIT: Final = 30
"""The maximum number of days before a scheduled deletion of a key (KMS API reference, ScheduleKeyDeletion)."""
Pair: TypeAlias = tuple[ApiCall, tuple[ApiCall, ...]]
_TOKENS: Final = {True: "required", False: "optional"}


def calls(
    index: SnapshotIndex, change: Change, place: int, edit: AttributeEdit, earlier: Sequence[Change]
) -> Iterator[PlannedCall]:
    """Yield the calls that set an attribute. Raises NoCallError for a kind of change without a call."""
    pairs: Iterator[Pair]
    if change.kind == METADATA:
        pairs = (pair for resource in edit.of for pair in _metadata(index, resource, change, edit, earlier))
    elif change.kind == DISKS:
        pairs = pool_calls(index, change.resource.id, change, edit, earlier)
    else:
        pairs = iter(_call_maker(change, edit)(index, change.resource))
    for call, inverse in pairs:
        yield PlannedCall(place, call, inverse)


def _call_maker(change: Change, edit: AttributeEdit) -> Callable[[SnapshotIndex, Resource], Sequence[Pair]]:
    kinds = {"key.rotate": _rotated, "secrets.encrypt": _secrets}
    if change.kind == "key.enable":
        return _key_recovery if edit.before == KeyState.PENDING_DELETION else _enabled_if(edit.before)
    maker = kinds.get(change.kind)
    if maker is None:
        message = f"no call makes a change of the kind {change.kind}"
        raise NoCallError(message)
    return maker


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


def _rotated(index: SnapshotIndex, key: Resource) -> tuple[Pair, ...]:
    del index
    return ((_of_key("EnableKeyRotation", key.id), (_of_key("DisableKeyRotation", key.id),)),)


def _enabled_if(state: str) -> Callable[[SnapshotIndex, Resource], tuple[Pair, ...]]:
    """Return the function that enables a disabled key.

    Raises NoCallError for other states, such as a key whose imported material expired: no call enables it.
    """
    if state != KeyState.DISABLED:
        message = f"no call enables a key whose state is {state}"
        raise NoCallError(message)
    return lambda _, key: (_enabled(key.id),)


def _enabled(key: str) -> Pair:
    return _of_key("EnableKey", key), (_of_key("DisableKey", key),)


def _key_recovery(index: SnapshotIndex, key: Resource) -> tuple[Pair, ...]:
    """Return the calls that cancel a key's deletion and enable the key.

    A cancelled deletion leaves the key disabled (KMS API reference, CancelKeyDeletion).
    """
    del index
    again = _of_key("ScheduleKeyDeletion", key.id, PendingWindowInDays=LONGEST_WAIT)
    return (_of_key("CancelKeyDeletion", key.id), (again,)), _enabled(key.id)


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
