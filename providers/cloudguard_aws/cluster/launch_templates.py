"""Launch templates and configurations: what a scaling group makes its next host from. Never their user data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cloudguard.model.cluster import DiskTemplate
from cloudguard.model.source import FactKind
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import (
    DESCRIBE_IMAGES,
    DESCRIBE_LAUNCH_CONFIGURATIONS,
    DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
    GET_EBS_ENCRYPTION_BY_DEFAULT,
)
from cloudguard_aws.network.rules import Item, inner, parts, texts

HIDES: Final = (FactKind.POOLS,)
_DISKS: Final = (FactKind.DISKS,)
MOST_NAMES: Final = 50
"""Names that one call takes (Auto Scaling API reference, DescribeLaunchConfigurations)."""


@dataclass(frozen=True, eq=False)
class Template:
    """A version of a launch template, or a launch configuration; ``name`` is its id with the version."""

    item: Item

    @property
    def id(self) -> str:
        """The template's id, or the configuration's name."""
        return str(self.item.get("LaunchTemplateId") or self.item.get("LaunchConfigurationName") or "")

    @property
    def name(self) -> str:
        """Which version it is."""
        return f"{self.id}:{self.item['VersionNumber']}" if self.item.get("VersionNumber") else self.id

    @property
    def call(self) -> str:
        """The call it was read by."""
        by = DESCRIBE_LAUNCH_TEMPLATE_VERSIONS if self.item.get("LaunchTemplateId") else DESCRIBE_LAUNCH_CONFIGURATIONS
        return by.name

    @property
    def image(self) -> str:
        """The image that its hosts start from, as it names it ("" where it does not)."""
        return str(self.item.get("ImageId") or "")

    @property
    def _interface(self) -> Item:
        """The settings of the first interface, where it has its own."""
        listed = sorted(parts(self.item, "NetworkInterfaces"), key=lambda one: one.get("DeviceIndex") or 0)
        return listed[0] if listed else {}

    @property
    def groups(self) -> tuple[str, ...]:
        """Ids of its security groups, or names (a default VPC's are named); none means the VPC's default one."""
        listed = texts(self._interface, "Groups")
        if not listed:
            listed = [*texts(self.item, "SecurityGroupIds"), *texts(self.item, "SecurityGroups")]
        return tuple(sorted(set(listed)))

    @property
    def public(self) -> bool | None:
        """Whether its hosts get a public address; None: the subnet decides."""
        own = self._interface.get("AssociatePublicIpAddress", self.item.get("AssociatePublicIpAddress"))
        return own if isinstance(own, bool) else None

    @property
    def profile(self) -> str:
        """The ARN, or the name, of its instance profile."""
        profile: object = self.item.get("IamInstanceProfile")
        if isinstance(profile, str):
            return profile
        named = inner(self.item, "IamInstanceProfile")
        return str(named.get("Arn") or named.get("Name") or "")


@dataclass(frozen=True, eq=False)
class Given:
    """What decides where a template is silent: images by id, and whether the account encrypts (None: not told)."""

    images: Mapping[str, Item]
    encrypts: bool | None


def configurations(api: Api, groups: Iterable[Item]) -> dict[str, Template]:
    """Return the launch configurations of scaling groups, by name."""
    names = sorted({str(one["LaunchConfigurationName"]) for one in groups if one.get("LaunchConfigurationName")})
    found: dict[str, Template] = {}
    for start in range(0, len(names), MOST_NAMES):
        page = names[start : start + MOST_NAMES]
        listed = api.read(DESCRIBE_LAUNCH_CONFIGURATIONS, hides=HIDES, LaunchConfigurationNames=page)
        found.update((str(one["LaunchConfigurationName"]), Template(one)) for one in listed)
    return found


def templates_of(api: Api, group: Item, known: Mapping[str, Template]) -> list[Template]:
    """Return every template that the group's next host may be made from; ``known`` are launch configurations."""
    by_configuration = known.get(str(group.get("LaunchConfigurationName") or ""))
    found = [by_configuration] if by_configuration else []
    for specification in _specifications(group):
        id_, name = str(specification.get("LaunchTemplateId") or ""), str(specification.get("LaunchTemplateName") or "")
        by = {"LaunchTemplateId": id_} if id_ else {"LaunchTemplateName": name}
        version = str(specification.get("Version") or "$Default")
        call = DESCRIBE_LAUNCH_TEMPLATE_VERSIONS
        listed = api.read(call, hides=HIDES, about=id_ or name, **by, Versions=[version])
        found += [Template(one) for one in listed]
    return list({template.name: template for template in found}.values())


def _specifications(group: Item) -> Iterator[Item]:
    mixed = inner(inner(group, "MixedInstancesPolicy"), "LaunchTemplate")
    overrides = (inner(one, "LaunchTemplateSpecification") for one in parts(mixed, "Overrides"))
    for one in (inner(group, "LaunchTemplate"), inner(mixed, "LaunchTemplateSpecification"), *overrides):
        if one:
            yield one


def given(api: Api, templates: Collection[Template], others: Collection[Template] = ()) -> Given:
    """Read what the templates leave open of their disks; what they don't leave open is not asked.

    The images of ``others``, which decide on their metadata service, are read with theirs.
    """
    names = sorted({one.image for one in (*templates, *others) if one.image.startswith("ami-")})
    hides = (*(_DISKS if templates else ()), *((FactKind.IDENTITIES,) if others else ()))
    # By filter, not by id: one image that is gone would fail the call for all.
    wanted = [{"Name": "image-id", "Values": names}]
    listed = api.read(DESCRIBE_IMAGES, hides=hides, Filters=wanted) if names else []
    images = {str(one["ImageId"]): one for one in listed}
    if all(disk.encrypted for one in templates for disk in disks(one, Given(images, None))):
        return Given(images, None)
    default = api.read(GET_EBS_ENCRYPTION_BY_DEFAULT, hides=_DISKS)
    return Given(images, bool(default[0].get("EbsEncryptionByDefault")) if default else None)


def disks(template: Template, facts: Given) -> Iterator[DiskTemplate]:
    """Yield the disks of the next host: the template's own, and those of the image that it does not override.

    What a template leaves open, the image's snapshot and the account's default decide (EC2 user guide, EBS encryption).
    """
    image = facts.images.get(template.image)
    own, base = _mappings(template.item), _mappings(image or {})
    for device in sorted({*own, *base}):
        over = own.get(device, {})
        if over is None or (device not in own and base[device] is None):
            continue
        settings: Item = {**(base.get(device) or {}), **over}
        encrypted: object = settings.get("Encrypted")
        blank = image is not None and not settings.get("SnapshotId")
        if facts.encrypts:
            encrypted = True
        elif encrypted is None and facts.encrypts is False and blank:
            encrypted = False
        yield DiskTemplate(device, encrypted if isinstance(encrypted, bool) else None, settings.get("KmsKeyId") or "")
    if not own and not base:
        yield DiskTemplate("root", encrypted=True if facts.encrypts else None)


def _mappings(item: Item) -> dict[str, Item | None]:
    """Return settings of EBS disks by device; None where the device is no such disk, or is taken away."""
    return {
        str(one.get("DeviceName") or ""): None if "VirtualName" in one or "NoDevice" in one else inner(one, "Ebs")
        for one in parts(item, "BlockDeviceMappings")
    }
