"""Calls about disks and their keys as words for ``gcloud`` (https://cloud.google.com/sdk/gcloud/reference/compute)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from cloudguard.provider.camel_case import kebab_case
from cloudguard.results.api_call import ApiCall
from cloudguard_gcp.access.links import last, part_of

DISK_WORDS: Final = {
    "compute.disks.createSnapshot": ("disks", "snapshot", "disk"),
    "compute.disks.delete": ("disks", "delete", "disk"),
    "compute.disks.insert": ("disks", "create", ""),
    "compute.instances.attachDisk": ("instances", "attach-disk", "instance"),
    "compute.instances.detachDisk": ("instances", "detach-disk", "instance"),
    "compute.instances.setDiskAutoDelete": ("instances", "set-disk-auto-delete", "instance"),
    "compute.instances.start": ("instances", "start", "instance"),
    "compute.instances.stop": ("instances", "stop", "instance"),
    "compute.snapshots.delete": ("snapshots", "delete", "snapshot"),
}
"""The words after "gcloud compute", and the parameter with the resource's name ("": it is in the body)."""
_FLAGS: Final = (
    *("source", "deviceName", "mode", "interface", "sourceSnapshot", "type", "sizeGb", "description"),
    *("physicalBlockSizeBytes", "provisionedIops", "provisionedThroughput", "architecture"),
)
"""The fields of a disk or an attachment that are flags with the same value."""
_RENAMED: Final = {"source": "disk", "sizeGb": "size", "physicalBlockSizeBytes": "physical-block-size"}
"""The flags of fields whose names are not the fields' names."""
_MODES: Final = {"READ_WRITE": "rw", "READ_ONLY": "ro"}
_SECONDS_A_DAY: Final = 86400


def disk_words(call: ApiCall) -> Iterator[str]:
    """Yield the words after "gcloud" for a call about a disk, a snapshot, an instance's disks, or a key."""
    if call.operation not in DISK_WORDS:
        yield from _key_words(call.parameters)
        return
    parameters, (group, verb, named) = call.parameters, DISK_WORDS[call.operation]
    body: Mapping[str, Any] = parameters.get("body", {})
    yield from ("compute", group, verb, str(parameters[named] if named else body["name"]))
    yield f"--project={parameters['project']}"
    yield from (f"--zone={parameters['zone']}",) if "zone" in parameters else ()
    yield from (f"--device-name={parameters['deviceName']}",) if "deviceName" in parameters else ()
    if "autoDelete" in parameters:
        yield "--auto-delete" if parameters["autoDelete"] else "--no-auto-delete"
    if verb == "snapshot":
        yield f"--snapshot-names={body['name']}"
    else:
        yield from _body_flags(body)


def flags(fields: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield a flag for each field of ``names`` that is present, with a list's items joined by commas."""
    for name in names:
        if name in fields:
            value: object = fields[name]
            text = ",".join(map(str, cast("list[object]", value))) if isinstance(value, list) else value
            yield f"--{_RENAMED.get(name) or kebab_case(name)}={text}"


def _body_flags(body: Mapping[str, Any]) -> Iterator[str]:
    names = {key: last(str(body[key])) for key in ("source", "type", "sourceSnapshot") if key in body}
    modes = {"mode": _MODES.get(body["mode"], body["mode"])} if "mode" in body else {}
    yield from flags({**body, **names, **modes}, *_FLAGS)
    yield from ("--boot",) if body.get("boot") else ()
    if "labels" in body:
        yield f"--labels={','.join(f'{key}={value}' for key, value in body['labels'].items())}"
    yield from flags(body, "resourcePolicies")
    if "guestOsFeatures" in body:
        yield f"--guest-os-features={','.join(feature['type'] for feature in body['guestOsFeatures'])}"
    yield from flags(body, "licenses")
    if "diskEncryptionKey" in body:
        yield f"--kms-key={body['diskEncryptionKey']['kmsKeyName']}"


def _key_words(parameters: Mapping[str, Any]) -> Iterator[str]:
    parent, body = str(parameters["parent"]), parameters["body"]
    if "keyRingId" in parameters:
        yield from ("kms", "keyrings", "create", str(parameters["keyRingId"]))
        yield from (f"--location={last(parent)}", f"--project={part_of(parent, 'projects')}")
        return
    yield from ("kms", "keys", "create", str(parameters["cryptoKeyId"]), "--purpose=encryption")
    days = int(str(body["rotationPeriod"]).removesuffix("s")) // _SECONDS_A_DAY
    yield from (f"--rotation-period={days}d", f"--next-rotation-time={body['nextRotationTime']}")
    yield from key_place(parent)


def key_place(resource: str) -> Iterator[str]:
    """Yield the flags that say where a key is, from its name or its key ring's."""
    yield f"--keyring={part_of(resource, 'keyRings')}"
    yield f"--location={part_of(resource, 'locations')}"
    yield f"--project={part_of(resource, 'projects')}"
