"""Launch templates and configurations: what a scaling group makes its next host from. Never their user data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cloudguard.model.cluster import DiskTemplate
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import NOTHING, Item, flag, number, part, parts, required, text, texts
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import (
    DESCRIBE_IMAGES,
    DESCRIBE_LAUNCH_CONFIGURATIONS,
    DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
    GET_EBS_ENCRYPTION_BY_DEFAULT,
    Call,
)
from cloudguard_aws.cluster.instance_metadata import IMAGE_OF_VERSION_2, OTHER_IMAGE, Settings, settings_of
from cloudguard_aws.cluster.instances import has_plain_store

HIDES: Final = (FactKind.POOLS,)
_DISKS: Final = (FactKind.DISKS,)
MOST_NAMES: Final = 50
"""Names that one call takes (Auto Scaling API reference, DescribeLaunchConfigurations)."""
REPLACED: Final = ("NetworkInterfaces", "SecurityGroupIds", "BlockDeviceMappings", "MetadataOptions")
"""Fields that a new version takes whole from whoever makes it, or whole from the version that it is made from."""


@dataclass(frozen=True, slots=True)
class _Volume:
    """Settings of an EBS volume, as far as they are given."""

    encrypted: bool | None
    snapshot: str
    key: str


Volumes = Mapping[str, _Volume | None]
"""Volumes by device; None: the device is no EBS volume, or is taken away."""


@dataclass(frozen=True, slots=True)
class FurtherInterface:
    """An interface beside the primary one: its groups, its subnet ("" for the host's own), and whether it has IPv6."""

    groups: tuple[str, ...]
    subnet: str
    ipv6: bool


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """A version of a launch template, or a launch configuration.

    ``name`` is its id with the version; ``image`` as it names it ("" where it does not). ``groups`` are ids of security
    groups, or names (a default VPC's are named); none means the VPC's default one. ``public`` None: the subnet decides.
    ``ipv6`` likewise. ``profile``: the ARN, or the name, of its instance profile. ``further``: interfaces beside
    the primary one. ``stores``: devices to which it maps instance stores; ``types``: those that its host may be of.
    the primary one. ``fields``: those of ``REPLACED``, as it has them.
    """

    name: str
    source: Source
    image: str
    groups: tuple[str, ...]
    public: bool | None
    profile: str
    metadata: Settings
    volumes: Volumes
    ipv6: bool | None = None
    further: tuple[FurtherInterface, ...] = ()
    stores: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, eq=False, slots=True)
class Image:
    """What an image sets where a template does not; ``stores``: devices to which it maps instance stores."""

    volumes: Volumes
    metadata: Settings
    stores: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Defaults:
    """What decides where a template is silent: images by id, EBS encryption by default (None: not known)."""

    images: Mapping[str, Image]
    encrypts: bool | None


def configurations(api: Api, names: Collection[str]) -> dict[str, Template]:
    """Return launch configurations by name."""
    wanted, call = sorted(names), DESCRIBE_LAUNCH_CONFIGURATIONS
    found: dict[str, Template] = {}
    for start in range(0, len(wanted), MOST_NAMES):
        listed = api.read(call, hides=HIDES, LaunchConfigurationNames=wanted[start : start + MOST_NAMES])
        made = api.mapped(
            call, listed, lambda one: template(one, call, required(one, "LaunchConfigurationName")), hides=HIDES
        )
        found.update((one.name, one) for one in made)
    return found


def template_versions(api: Api, key: str, name: str, version: str) -> tuple[Template, ...]:
    """Return a version of a launch template; ``key``: the parameter that takes its ``name`` or id."""
    call = DESCRIBE_LAUNCH_TEMPLATE_VERSIONS
    listed = api.read(call, hides=HIDES, about=name, **{key: name}, Versions=[version])
    return api.mapped(call, listed, lambda one: template(one, call, required(one, "LaunchTemplateId")), hides=HIDES)


def template(item: Item, call: Call, name: str) -> Template:
    """Return a template as ``call`` answers it; ``name``: its id, or a configuration's name."""
    version = number(item, "VersionNumber", 0)
    nics = sorted(parts(item, "NetworkInterfaces"), key=lambda one: number(one, "DeviceIndex", 0))
    nic = nics[0] if nics else NOTHING
    groups = texts(nic, "Groups") or (*texts(item, "SecurityGroupIds"), *texts(item, "SecurityGroups"))
    public = nic if "AssociatePublicIpAddress" in nic else item
    return Template(
        name=f"{name}:{version}" if version else name,
        source=Source(call.name, name),
        image=text(item, "ImageId"),
        groups=tuple(sorted(set(groups))),
        public=None if public.get("AssociatePublicIpAddress") is None else flag(public, "AssociatePublicIpAddress"),
        profile=_profile(item),
        metadata=settings_of(part(item, "MetadataOptions")),
        volumes=_volumes(item),
        ipv6=True if _has_ipv6(nic) else None,
        further=tuple(map(_further, nics[1:])),
        stores=_stores(item),
        types=(text(item, "InstanceType"),),
        fields={key: item[key] for key in REPLACED if item.get(key)},
    )


def _further(nic: Item) -> FurtherInterface:
    return FurtherInterface(tuple(sorted(set(texts(nic, "Groups")))), text(nic, "SubnetId"), _has_ipv6(nic))


def _has_ipv6(nic: Item) -> bool:
    counted = any(number(nic, key, 0) > 0 for key in ("Ipv6AddressCount", "Ipv6PrefixCount"))
    return counted or any(parts(nic, key) for key in ("Ipv6Addresses", "Ipv6Prefixes"))


def _profile(item: Item) -> str:
    """Return the instance profile: a configuration has its name, a template an object."""
    if isinstance(item.get("IamInstanceProfile"), str):
        return text(item, "IamInstanceProfile")
    profile = part(item, "IamInstanceProfile")
    return text(profile, "Arn") or text(profile, "Name")


def _volumes(item: Item) -> Volumes:
    return {text(one, "DeviceName"): _volume(one) for one in parts(item, "BlockDeviceMappings")}


def _stores(item: Item) -> frozenset[str]:
    mapped = parts(item, "BlockDeviceMappings")
    return frozenset(text(one, "DeviceName") for one in mapped if text(one, "VirtualName").startswith("ephemeral"))


def _volume(mapping: Item) -> _Volume | None:
    if "VirtualName" in mapping or "NoDevice" in mapping:
        return None
    ebs = part(mapping, "Ebs")
    encrypted = None if ebs.get("Encrypted") is None else flag(ebs, "Encrypted")
    return _Volume(encrypted, text(ebs, "SnapshotId"), text(ebs, "KmsKeyId"))


def read_defaults(api: Api, with_etcd: Collection[Template], with_metadata: Collection[Template]) -> Defaults:
    """Read what templates leave out: of the disks of ``with_etcd``, and of the metadata service of ``with_metadata``.

    What no template leaves out is not asked for.
    """
    names = sorted({one.image for one in (*with_etcd, *with_metadata) if one.image.startswith("ami-")})
    hides = (*(_DISKS if with_etcd else ()), *((FactKind.IDENTITIES,) if with_metadata else ()))
    # By filter, not by id: one image that is gone would fail the call for all.
    wanted = [{"Name": "image-id", "Values": names}]
    listed = api.read(DESCRIBE_IMAGES, hides=hides, Filters=wanted) if names else []
    images = dict(api.mapped(DESCRIBE_IMAGES, listed, image_of, hides=hides))
    if all(disk.encrypted for one in with_etcd for disk in disks(one, Defaults(images, None))):
        return Defaults(images, None)
    call = GET_EBS_ENCRYPTION_BY_DEFAULT
    default = api.mapped(
        call, api.read(call, hides=_DISKS), lambda one: flag(one, "EbsEncryptionByDefault"), hides=_DISKS
    )
    return Defaults(images, default[0] if default else None)


def image_of(item: Item) -> tuple[str, Image]:
    """Return an image's id, and what it sets."""
    only_version_2 = text(item, "ImdsSupport") == "v2.0"
    settings = IMAGE_OF_VERSION_2 if only_version_2 else OTHER_IMAGE
    return required(item, "ImageId"), Image(_volumes(item), settings, _stores(item))


def disks(template: Template, defaults: Defaults) -> Iterator[DiskTemplate]:
    """Yield the disks of the next host: the template's own, and those of the image that it does not override.

    What a template leaves out, the image's snapshot and the account's default decide (EC2 user guide, EBS encryption).
    Instance stores that are not encrypted are there where they are mapped (EC2 user guide, Add instance store volumes).
    """
    image = defaults.images.get(template.image)
    own = template.volumes
    base = image.volumes if image else dict[str, _Volume]()
    for device in sorted({*own, *base}):
        over, under = own.get(device), base.get(device)
        if (device in own and over is None) or (device not in own and under is None):
            continue
        given = [one for one in (over, under) if one is not None]
        encrypted = next((one.encrypted for one in given if one.encrypted is not None), None)
        blank = image is not None and not any(one.snapshot for one in given)
        if defaults.encrypts:
            encrypted = True
        elif encrypted is None and defaults.encrypts is False and blank:
            encrypted = False
        yield DiskTemplate(device, encrypted, next((one.key for one in given if one.key), ""))
    if not own and not base:
        yield DiskTemplate("root", encrypted=True if defaults.encrypts else None)
    stores = {*template.stores, *(image.stores - own.keys() if image else ())}
    plain = [has_plain_store(kind) if kind else None for kind in template.types]
    for device in sorted(stores) if set(plain) != {False} else ():
        yield DiskTemplate(device, encrypted=False if all(plain) else None)


def types_named(group: Item) -> Iterator[str]:
    """Yield the types that a scaling group chooses from in place of its templates', "" for one told by attributes."""
    for one in parts(part(group, "MixedInstancesPolicy", "LaunchTemplate"), "Overrides"):
        yield text(one, "InstanceType")


def templates_named(group: Item) -> Iterator[tuple[str, str, str]]:
    """Yield the launch templates of a scaling group's next host, as ``template_versions`` takes them."""
    mixed = part(group, "MixedInstancesPolicy", "LaunchTemplate")
    overrides = (part(one, "LaunchTemplateSpecification") for one in parts(mixed, "Overrides"))
    for one in (part(group, "LaunchTemplate"), part(mixed, "LaunchTemplateSpecification"), *overrides):
        key = "LaunchTemplateId" if text(one, "LaunchTemplateId") else "LaunchTemplateName"
        if one:
            yield key, required(one, key), text(one, "Version") or "$Default"
