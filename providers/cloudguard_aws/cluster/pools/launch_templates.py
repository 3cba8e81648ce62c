"""Launch templates and launch configurations, from which scaling groups make their next hosts.

Their user data is never kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from functools import partial
from typing import Final

from cloudguard.model.cluster import DiskTemplate, NextInterface
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import NOTHING, Item, child, children, flag, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api, pages_of
from cloudguard_aws.access.calls import Call
from cloudguard_aws.cluster.instance_metadata import IMAGE_OF_VERSION_2, OTHER_IMAGE, Settings, settings_of
from cloudguard_aws.cluster.instances import has_plain_store

HIDES: Final = (FactKind.POOLS,)
_DISKS: Final = (FactKind.DISKS,)
MOST_NAMES: Final = 50
"""The number of names that one call accepts (Auto Scaling API reference, DescribeLaunchConfigurations and
DescribeAutoScalingGroups)."""
_NOT_RETURNED: Final = "a scaling group or fleet names it, but it was not returned"
REPLACED: Final = ("NetworkInterfaces", "SecurityGroupIds", "BlockDeviceMappings", "MetadataOptions")
"""Fields that a new template version takes as a whole, either from the request or from its source version."""


@dataclass(frozen=True, slots=True)
class _Volume:
    """The settings of an EBS volume. None or "": not given."""

    encrypted: bool | None
    snapshot: str
    key: str


Volumes = Mapping[str, _Volume | None]
"""Dict of device → volume. None: the device is no EBS volume, or the template removes it."""


@dataclass(frozen=True, eq=False, slots=True)
class Template:
    """A version of a launch template, or a launch configuration.

    ``name``: the id and version of the template, or the name of the configuration. ``image``: the template's own text
    for the image ("" for none). ``groups``: ids of security groups, or names (for a default VPC); empty means the VPC's
    default group. ``public`` and ``ipv6``: None means that the subnet decides. ``profile``: ARN or name of the instance
    profile. ``further``: secondary interfaces, also with ids or names. ``stores``: devices that are mapped to instance
    stores. ``types``: the possible instance types of its host. ``fields``: the fields of ``REPLACED`` with their values
    in the template. ``subnets``: the subnets that the template itself names.
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
    further: tuple[NextInterface, ...] = ()
    stores: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict[str, object])
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Image:
    """The settings of an image that apply if the template does not override them.

    ``stores``: devices that the image maps to instance stores.
    """

    volumes: Volumes
    metadata: Settings
    stores: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Defaults:
    """Defaults for settings that a template leaves out.

    ``images``: dict of image id → image. ``encrypts``: EBS encryption by default (None: not known).
    """

    images: Mapping[str, Image]
    encrypts: bool | None


def configurations(api: Api, names: Collection[str]) -> dict[str, Template]:
    """Return a dict of name → launch configuration."""
    call, by_name = calls.DESCRIBE_LAUNCH_CONFIGURATIONS, dict[str, Template]()

    def make(item: Item) -> Template:
        return template(item, call, required(item, "LaunchConfigurationName"))

    for page in pages_of(names, MOST_NAMES):
        listed = api.read_or_none(call, hides=HIDES, LaunchConfigurationNames=page)
        by_name.update((each.name, each) for each in api.mapped(call, listed or (), make, hides=HIDES))
        for name in page if listed is not None else ():
            if name not in by_name:
                api.missed(call, name, _NOT_RETURNED, HIDES)
    return by_name


def template_versions(api: Api, key: str, name: str, version: str) -> tuple[Template, ...]:
    """Return a version of a launch template. ``key``: the parameter for ``name``, which is a name or an id."""
    call = calls.DESCRIBE_LAUNCH_TEMPLATE_VERSIONS
    listed = api.read_or_none(call, hides=HIDES, about=name, **{key: name}, Versions=[version])
    if listed == []:
        api.missed(call, name, _NOT_RETURNED, HIDES)
    return api.mapped(
        call, listed or (), lambda item: template(item, call, required(item, "LaunchTemplateId")), hides=HIDES
    )


def template(item: Item, call: Call, name: str) -> Template:
    """Return a template from an answer of ``call``. ``name``: the template's id, or the configuration's name."""
    version = number(item, "VersionNumber", 0)
    nics = sorted(children(item, "NetworkInterfaces"), key=lambda nic: number(nic, "DeviceIndex", 0))
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
        metadata=settings_of(child(item, "MetadataOptions")),
        volumes=_volumes(item),
        ipv6=True if _has_ipv6(nic) else None,
        further=tuple(map(_further, nics[1:])),
        stores=_stores(item),
        types=(text(item, "InstanceType"),),
        fields={key: item[key] for key in REPLACED if item.get(key)},
        subnets=listed(text(nic, "SubnetId") or text(item, "SubnetId")),
    )


def listed(names: str) -> tuple[str, ...]:
    """Return the names in a text that separates them by commas."""
    return tuple(filter(None, names.replace(" ", "").split(",")))


def _further(nic: Item) -> NextInterface:
    groups = tuple(sorted(set(texts(nic, "Groups"))))
    return NextInterface(groups, groups, listed(text(nic, "SubnetId")), public_ipv6=_has_ipv6(nic))


def _has_ipv6(nic: Item) -> bool:
    counted = any(number(nic, key, 0) > 0 for key in ("Ipv6AddressCount", "Ipv6PrefixCount"))
    return counted or any(children(nic, key) for key in ("Ipv6Addresses", "Ipv6Prefixes"))


def _profile(item: Item) -> str:
    """Return the instance profile. A launch configuration has a string, a launch template has an object."""
    if isinstance(item.get("IamInstanceProfile"), str):
        return text(item, "IamInstanceProfile")
    profile = child(item, "IamInstanceProfile")
    return text(profile, "Arn") or text(profile, "Name")


def _volumes(item: Item) -> Volumes:
    return {text(mapping, "DeviceName"): _volume(mapping) for mapping in children(item, "BlockDeviceMappings")}


def _stores(item: Item) -> frozenset[str]:
    mapped = children(item, "BlockDeviceMappings")
    return frozenset(
        text(mapping, "DeviceName") for mapping in mapped if text(mapping, "VirtualName").startswith("ephemeral")
    )


def _volume(mapping: Item) -> _Volume | None:
    if "VirtualName" in mapping or "NoDevice" in mapping:
        return None
    ebs = child(mapping, "Ebs")
    encrypted = None if ebs.get("Encrypted") is None else flag(ebs, "Encrypted")
    return _Volume(encrypted, text(ebs, "SnapshotId"), text(ebs, "KmsKeyId"))


def read_defaults(api: Api, with_etcd: Collection[Template], with_metadata: Collection[Template]) -> Defaults:
    """Read the defaults that the disks of ``with_etcd`` and the metadata service of ``with_metadata`` need.

    Defaults that no template needs are not read.
    """
    names = sorted({template.image for template in (*with_etcd, *with_metadata) if template.image.startswith("ami-")})
    hides = (*(_DISKS if with_etcd else ()), *((FactKind.IDENTITIES,) if with_metadata else ()))
    # Ask by filter, not by id: with ids, one deleted image fails the call for all images.
    wanted = [{"Name": "image-id", "Values": names}]
    listed = api.read(calls.DESCRIBE_IMAGES, hides=hides, Filters=wanted) if names else []
    images = dict(api.mapped(calls.DESCRIBE_IMAGES, listed, image_of, hides=hides))
    if all(disk.encrypted for template in with_etcd for disk in disks(template, Defaults(images, None))):
        return Defaults(images, None)
    make = partial(flag, key="EbsEncryptionByDefault")
    default = api.listed(calls.GET_EBS_ENCRYPTION_BY_DEFAULT, make, hides=_DISKS)
    return Defaults(images, default[0] if default else None)


def image_of(item: Item) -> tuple[str, Image]:
    """Return an image's id, and its settings."""
    only_version_2 = text(item, "ImdsSupport") == "v2.0"
    settings = IMAGE_OF_VERSION_2 if only_version_2 else OTHER_IMAGE
    return required(item, "ImageId"), Image(_volumes(item), settings, _stores(item))


def disks(template: Template, defaults: Defaults) -> Iterator[DiskTemplate]:
    """Yield the disks of the next host: the template's disks, and those of the image that it does not override.

    If a template leaves encryption out, the image's snapshot and the account's default decide (EC2 user guide, EBS
    encryption). Unencrypted instance stores are present if they are mapped (EC2 user guide, Add instance store
    volumes).
    """
    image = defaults.images.get(template.image)
    volumes_of = template.volumes
    base = image.volumes if image else dict[str, _Volume]()
    for device in sorted({*volumes_of, *base}):
        over, under = volumes_of.get(device), base.get(device)
        if (device in volumes_of and over is None) or (device not in volumes_of and under is None):
            continue
        volumes = [volume for volume in (over, under) if volume is not None]
        encrypted = next((volume.encrypted for volume in volumes if volume.encrypted is not None), None)
        blank = image is not None and not any(volume.snapshot for volume in volumes)
        if defaults.encrypts:
            encrypted = True
        elif encrypted is None and defaults.encrypts is False and blank:
            encrypted = False
        key = next((volume.key for volume in volumes if volume.key), "")
        yield DiskTemplate(device, encrypted, key, customer_key=_is_customers(key))
    if not volumes_of and not base:
        yield DiskTemplate("root", encrypted=True if defaults.encrypts else None)
    stores = {*template.stores, *(image.stores - volumes_of.keys() if image else ())}
    plain = [has_plain_store(kind) if kind else None for kind in template.types]
    for device in sorted(stores) if set(plain) != {False} else ():
        yield DiskTemplate(device, encrypted=False if all(plain) else None)


def _is_customers(key: str) -> bool | None:
    """Return whether a key is a customer's, by its alias. None without an alias: then it may be AWS's own.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-about.html: only AWS's keys have aliases with "aws/".
    """
    _, separator, name = key.rpartition("alias/")
    return not name.startswith("aws/") if separator else None


def types_named(group: Item) -> Iterator[str]:
    """Yield the instance types of a scaling group's overrides. "": the override selects types by attributes."""
    for override in children(child(group, "MixedInstancesPolicy", "LaunchTemplate"), "Overrides"):
        yield text(override, "InstanceType")


def template_named(specification: Item) -> tuple[str, str, str]:
    """Return a launch template that a group names, as ``template_versions`` takes it."""
    key = "LaunchTemplateId" if text(specification, "LaunchTemplateId") else "LaunchTemplateName"
    return key, required(specification, key), text(specification, "Version") or "$Default"


def templates_named(group: Item) -> Iterator[tuple[str, str, str]]:
    """Yield the launch templates of a scaling group's next host, as arguments of ``template_versions``."""
    mixed = child(group, "MixedInstancesPolicy", "LaunchTemplate")
    overrides = (child(override, "LaunchTemplateSpecification") for override in children(mixed, "Overrides"))
    for named in (child(group, "LaunchTemplate"), child(mixed, "LaunchTemplateSpecification"), *overrides):
        if named:
            yield template_named(named)
