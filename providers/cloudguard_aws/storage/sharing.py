"""The accounts with which snapshots and images are shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import DiskSnapshot
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Item, required, text
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call

_DISKS: Final = (FactKind.DISKS,)
EVERYONE: Final = "all"
_BLOCKED: Final = "block-all-sharing"
"""In this state, snapshots that were public are private too (EBS user guide, block public access for snapshots)."""


@dataclass(frozen=True, slots=True)
class Image:
    """A machine image, and the ids of its snapshots. ``public``: everyone may use it.

    ``host``: the instance from which it was made, "" for none.
    """

    id: str
    snapshots: tuple[str, ...]
    public: bool
    host: str


def with_sharing(
    api: Api,
    snapshots: Iterable[DiskSnapshot],
    images: Iterable[Image],
    known: Mapping[str, DiskSnapshot],
    account: str,
) -> tuple[DiskSnapshot, ...]:
    """Return snapshots and images with the other accounts that they are shared with.

    ``known``: dict of id → snapshot, for the snapshots in ``images``. ``account``: their own account ("": unknown).
    """
    read = api.gather(
        *(partial(_shared_snapshot, api, snapshot) for snapshot in snapshots),
        *(partial(_shared_image, api, image, known) for image in images),
    )
    read = [_without(copy, account) for copy in read]
    if not any(EVERYONE in (copy.shared_with or ()) for copy in read) or not _is_blocked(api):
        return tuple(read)
    return tuple(_without(copy, EVERYONE) if copy.kind == "snapshot" else copy for copy in read)


def _shared_snapshot(api: Api, copy: DiskSnapshot) -> DiskSnapshot:
    listed = {"SnapshotId": copy.id, "Attribute": "createVolumePermission"}
    return replace(copy, shared_with=_shares(api, calls.DESCRIBE_SNAPSHOT_ATTRIBUTE, copy.id, listed))


def _shared_image(api: Api, image: Image, known: Mapping[str, DiskSnapshot]) -> DiskSnapshot:
    """Return an image as a copy of the disk of its first known snapshot.

    ``encrypted`` is always true, because the snapshot itself shows whether it is encrypted.
    """
    first = next(known[name] for name in image.snapshots if name in known)
    listed = {"ImageId": image.id, "Attribute": "launchPermission"}
    shares = _shares(api, calls.DESCRIBE_IMAGE_ATTRIBUTE, image.id, listed)
    shared = tuple(sorted({*(shares or ()), EVERYONE})) if image.public else shares
    source = api.source(calls.DESCRIBE_IMAGES, image.id)
    return replace(first, id=image.id, kind="image", encrypted=True, shared_with=shared, source=source)


def _shares(api: Api, call: Call, name: str, parameters: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the accounts and organizations that may use a snapshot or image. None: not read."""
    listed = api.read_or_none(call, hides=_DISKS, about=name, **parameters)
    shares = api.mapped(call, listed or (), _shared_account, hides=_DISKS)
    return None if listed is None or len(shares) < len(listed) else tuple(sorted(shares))


def _shared_account(item: Item) -> str:
    named = (text(item, key) for key in ("UserId", "OrganizationArn", "OrganizationalUnitArn"))
    return next(filter(None, named), "") or required(item, "Group")


def _is_blocked(api: Api) -> bool:
    """Whether the account keeps public snapshots private. A missing block hides no share, so no row depends on it."""
    call = calls.GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE
    try:
        answers = api.ask(call)
    except Api.errors() as error:
        answers = api.read(call, hides=()) if Api.explain(error)[0] is Reason.DENIED else []
    return any(text(answer, "State") == _BLOCKED for answer in answers)


def _without(copy: DiskSnapshot, account: str) -> DiskSnapshot:
    shared = copy.shared_with
    return copy if shared is None else replace(copy, shared_with=tuple(each for each in shared if each != account))
