"""Auto scaling groups and their templates as pools: what the next host will get. Never its user data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudguard.model.cluster import DiskTemplate, Host, Pool, Role
from cloudguard.model.source import Facet

from cloudguard_aws import marks
from cloudguard_aws.api import Api, Item
from cloudguard_aws.calls import (
    DESCRIBE_AUTO_SCALING_GROUPS,
    DESCRIBE_IMAGES,
    DESCRIBE_LAUNCH_CONFIGURATIONS,
    DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
    GET_EBS_ENCRYPTION_BY_DEFAULT,
)
from cloudguard_aws.cluster import Told
from cloudguard_aws.hosts import metadata_service
from cloudguard_aws.rules import tags_of

_HIDES = (Facet.POOLS,)
_LEGACY = "KubernetesCluster"
MOST_NAMES = 50
"""Names that one call takes (Auto Scaling API reference, DescribeAutoScalingGroups)."""
Template = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Given:
    """What decides where a template is silent: images by id, and whether the account encrypts (None: not told)."""

    images: Mapping[str, Item]
    encrypts: bool | None


def read_pools(api: Api, cluster: str, hosts: tuple[Host, ...], named: Collection[str]) -> tuple[Pool, ...]:
    """Return the scaling groups of the cluster: by tag, by ``named``, and those that made its hosts."""
    groups = _groups(api, cluster, {host.pool for host in hosts if host.pool} | set(named))
    configurations = _configurations(api, groups)
    made = api.gather(*[lambda one=one: _templates(api, one, configurations) for one in groups])
    pairs = [
        (group, template, _told(group, cluster, hosts))
        for group, found in zip(groups, made, strict=True)
        for template in found
    ]
    etcd = [template for _, template, (roles, _) in pairs if Role.ETCD in roles]
    given = Given(_images(api, etcd), _default(api, etcd))
    pools = [_pool(api, group, template, told, given) for group, template, told in pairs]
    return tuple(sorted(pools, key=lambda pool: (pool.id, pool.template)))


def _groups(api: Api, cluster: str, names: set[str]) -> list[Item]:
    keys = [*(f"{prefix}{cluster}" for prefix in marks.NAMED_BY_KEY), _LEGACY]
    wanted = [{"Name": "tag-key", "Values": keys}]
    listed = api.read(DESCRIBE_AUTO_SCALING_GROUPS, hides=_HIDES, resource=cluster, Filters=wanted)
    found = {one["AutoScalingGroupName"]: one for one in listed if cluster in marks.clusters_of(tags_of(one))}
    more = sorted(names - found.keys())
    for start in range(0, len(more), MOST_NAMES):
        page = more[start : start + MOST_NAMES]
        listed = api.read(DESCRIBE_AUTO_SCALING_GROUPS, hides=_HIDES, resource=cluster, AutoScalingGroupNames=page)
        found.update((one["AutoScalingGroupName"], one) for one in listed)
    return [found[name] for name in sorted(found)]


def _configurations(api: Api, groups: list[Item]) -> dict[str, Template]:
    names = sorted({one["LaunchConfigurationName"] for one in groups if one.get("LaunchConfigurationName")})
    found: dict[str, Template] = {}
    for start in range(0, len(names), MOST_NAMES):
        page = names[start : start + MOST_NAMES]
        listed = api.read(DESCRIBE_LAUNCH_CONFIGURATIONS, hides=_HIDES, LaunchConfigurationNames=page)
        found.update((one["LaunchConfigurationName"], one) for one in listed)
    return found


def _templates(api: Api, group: Item, configurations: Mapping[str, Template]) -> list[Template]:
    """Return every template that the group's next host may be made from."""
    by_configuration = configurations.get(group.get("LaunchConfigurationName", ""))
    found = [by_configuration] if by_configuration else []
    for specification in _specifications(group):
        name, version = specification.get("LaunchTemplateId", ""), specification.get("Version") or "$Default"
        by = {"LaunchTemplateId": name} if name else {"LaunchTemplateName": specification["LaunchTemplateName"]}
        found += api.read(
            DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
            hides=_HIDES,
            resource=name or specification["LaunchTemplateName"],
            **by,
            Versions=[version],
        )
    return found


def _specifications(group: Item) -> Iterator[Item]:
    if group.get("LaunchTemplate"):
        yield group["LaunchTemplate"]
    mixed = (group.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    if mixed.get("LaunchTemplateSpecification"):
        yield mixed["LaunchTemplateSpecification"]
    for override in mixed.get("Overrides") or ():
        if override.get("LaunchTemplateSpecification"):
            yield override["LaunchTemplateSpecification"]


def _told(group: Item, cluster: str, hosts: tuple[Host, ...]) -> Told:
    """Return the roles of a group's hosts, by those it has, else by its tags and name."""
    name = group["AutoScalingGroupName"]
    made = [host for host in hosts if host.pool == name and host.roles]
    if made:
        return made[0].roles, f"its hosts: {made[0].evidence[0] if made[0].evidence else made[0].id}"
    told = marks.told_by_tags(tags_of(group), cluster) or marks.told_by_name(name, cluster, "name")
    return told or ((), "")


def _images(api: Api, templates: Iterable[Template]) -> dict[str, Item]:
    names = sorted({one["ImageId"] for one in templates if str(one.get("ImageId") or "").startswith("ami-")})
    found = api.read(DESCRIBE_IMAGES, hides=_HIDES, ImageIds=names) if names else []
    return {one["ImageId"]: one for one in found}


def _default(api: Api, templates: Collection[Template]) -> bool | None:
    """Return whether the account encrypts new volumes by itself; None where it was not asked or not told."""
    found = api.read_or_none(GET_EBS_ENCRYPTION_BY_DEFAULT, hides=()) if templates else None
    return bool(found[0].get("EbsEncryptionByDefault")) if found else None


def _pool(api: Api, group: Item, template: Template, told: Told, given: Given) -> Pool:
    roles, evidence = told
    first: Item = next(iter(template.get("NetworkInterfaces") or ()), {})
    groups = first.get("Groups") or template.get("SecurityGroupIds") or template.get("SecurityGroups") or ()
    public = first.get("AssociatePublicIpAddress", template.get("AssociatePublicIpAddress"))
    profile = template.get("IamInstanceProfile") or ""
    arn = profile if isinstance(profile, str) else profile.get("Arn") or profile.get("Name") or ""
    identity = template.get("LaunchTemplateId") or template.get("LaunchConfigurationName") or ""
    version = f":{template['VersionNumber']}" if template.get("VersionNumber") else ""
    call = DESCRIBE_LAUNCH_TEMPLATE_VERSIONS if template.get("LaunchTemplateId") else DESCRIBE_LAUNCH_CONFIGURATIONS
    return Pool(
        id=group["AutoScalingGroupName"],
        name=group["AutoScalingGroupName"],
        roles=roles,
        evidence=(evidence,) if evidence else (),
        segments=tuple(filter(None, (group.get("VPCZoneIdentifier") or "").replace(" ", "").split(","))),
        filters=tuple(sorted(groups)),
        labels=tuple(sorted(groups)),
        source=api.source(call, identity or group["AutoScalingGroupName"]),
        template=f"{identity}{version}",
        public=public if isinstance(public, bool) else None,
        desired=int(group.get("DesiredCapacity") or 0),
        disks=tuple(_disks(template, given)) if Role.ETCD in roles else (),
        identity=arn,
        metadata=metadata_service(template.get("MetadataOptions")),
    )


def _disks(template: Template, given: Given) -> Iterator[DiskTemplate]:
    """Yield the disks of the next host: the template's own, and those of the image that it does not override.

    What a template leaves open, the image's snapshot and the account's default decide (EC2 user guide, EBS encryption).
    """
    image, default = given.images.get(template.get("ImageId") or ""), given.encrypts
    own = {one.get("DeviceName", ""): one.get("Ebs") or {} for one in template.get("BlockDeviceMappings") or ()}
    base = {
        one.get("DeviceName", ""): one["Ebs"] for one in (image or {}).get("BlockDeviceMappings", ()) if one.get("Ebs")
    }
    for device in sorted({*own, *base}):
        settings = {**base.get(device, {}), **own.get(device, {})}
        encrypted = settings.get("Encrypted")
        if not encrypted and default:
            encrypted = True
        if (
            encrypted is None
            and default is False
            and (device not in base or image is not None)
            and "SnapshotId" not in settings
        ):
            encrypted = False
        yield DiskTemplate(device, encrypted if isinstance(encrypted, bool) else None, settings.get("KmsKeyId", ""))
    if not own and not base:
        yield DiskTemplate("root", True if default else None)
