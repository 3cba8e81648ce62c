"""Hosts, disks, keys, snapshots, roles, launch templates with scaling groups."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy

from moto_fixtures.aws.builder.network import Group, NetworkBuilder, Subnet
from moto_fixtures.aws.builder.recorder import ACCOUNT, Tags, tag_list

ROOT = "/dev/sda1"
Statement = dict[str, object]


@dataclass(frozen=True, slots=True)
class Host:
    """An instance with its first interface."""

    id: str
    interface: str
    address: str
    subnet: Subnet
    root: str


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role with an instance profile."""

    name: str
    arn: str
    profile: str


def statement(*actions: str, resource: str = "*") -> Statement:
    """Return a statement that allows ``actions`` on ``resource``."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def disk(*, encrypted: bool, key: str = "") -> dict[str, object]:
    """Return a root disk in the form that instances and launch templates take."""
    fields: dict[str, object] = {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": encrypted}
    return {"DeviceName": ROOT, "Ebs": fields | ({"KmsKeyId": key} if key else {})}


class MachineBuilder(NetworkBuilder):
    """Builds hosts and the resources that they use."""

    __slots__ = ()

    def image(self) -> str:
        """The image of all hosts, made on first use. Its own disk is not encrypted."""
        known = self.call("ec2", "describe_images", Owners=["self"])["Images"]
        if known:
            return str(known[0]["ImageId"])
        mapping: dict[str, object] = {"DeviceName": ROOT, "Ebs": {"VolumeSize": 8, "VolumeType": "gp3"}}
        root: dict[str, object] = {"RootDeviceName": ROOT, "BlockDeviceMappings": [mapping]}
        return str(self.call("ec2", "register_image", Name="node", **root)["ImageId"])

    def host(  # noqa: PLR0913 - the properties of a host
        self,
        name: str,
        subnet: Subnet,
        groups: Sequence[Group],
        tags: Tags | None = None,
        *,
        role: Role | None = None,
        public: bool = False,
        encrypted: bool = True,
        key: str = "",
        hops: int = 1,
    ) -> Host:
        """Start an instance. ``tags`` None: it belongs to no cluster. Its root disk is ``encrypted`` with ``key``.

        ``hops``: the hop limit of its metadata service.
        """
        nic: dict[str, object] = {"DeviceIndex": 0, "SubnetId": subnet.id, "Groups": [group.id for group in groups]}
        answer = self.call(
            "ec2",
            "run_instances",
            InstanceType="m5.large",
            ImageId=self.image(),
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[nic | {"AssociatePublicIpAddress": public}],
            BlockDeviceMappings=[disk(encrypted=encrypted, key=key)],
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": hops},
            TagSpecifications=[{"ResourceType": "instance", "Tags": tag_list({"Name": name} | (tags or {}))}],
            **({"IamInstanceProfile": {"Name": role.profile}} if role else {}),
        )["Instances"][0]
        nic_id = answer["NetworkInterfaces"][0]["NetworkInterfaceId"]
        if subnet.vpc.cidr6:
            self.call("ec2", "assign_ipv6_addresses", NetworkInterfaceId=nic_id, Ipv6AddressCount=1)
        found = self.call("ec2", "describe_instances", InstanceIds=[answer["InstanceId"]])["Reservations"][0]
        root = found["Instances"][0]["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        self.default_key()
        self.note(answer["InstanceId"], nic_id, root)
        return Host(answer["InstanceId"], nic_id, answer["PrivateIpAddress"], subnet, root)

    def interface(self, subnet: Subnet, groups: Sequence[Group], description: str, *, kind: str = "") -> str:
        """Make an interface without an instance: detached, or with a ``kind``, in use by a service."""
        ids = [group.id for group in groups]
        made = self.call("ec2", "create_network_interface", SubnetId=subnet.id, Groups=ids, Description=description)[
            "NetworkInterface"
        ]["NetworkInterfaceId"]
        if kind:
            state = self.backend("ec2").enis[made]
            state.interface_type, state.requester_managed, state.status = kind, True, "in-use"
        self.note(made)
        return str(made)

    def second_interface(self, host: Host, subnet: Subnet, groups: Sequence[Group]) -> str:
        """Attach another interface to ``host``."""
        made = self.interface(subnet, groups, f"aws-K8S-{host.id}")
        self.call("ec2", "attach_network_interface", NetworkInterfaceId=made, InstanceId=host.id, DeviceIndex=1)
        self.note(made)
        return made

    def pod_address(self, host: Host) -> Host:
        """Give ``host`` a second private address, as the VPC CNI does for a pod. Return the host with that address."""
        answer = self.call(
            "ec2", "assign_private_ip_addresses", NetworkInterfaceId=host.interface, SecondaryPrivateIpAddressCount=1
        )
        return replace(host, address=answer["AssignedPrivateIpAddresses"][0]["PrivateIpAddress"])

    def address(self, host: Host) -> str:
        """Give ``host`` an Elastic IP."""
        answer = self.call("ec2", "allocate_address", Domain="vpc")
        self.call("ec2", "associate_address", AllocationId=answer["AllocationId"], NetworkInterfaceId=host.interface)
        self.note(answer["AllocationId"], answer["PublicIp"])
        return str(answer["PublicIp"])

    def volume(
        self,
        host: Host,
        tags: Tags | None = None,
        *,
        encrypted: bool = True,
        key: str = "",
        device: str = "/dev/xvdu",
    ) -> str:
        """Attach a data disk to ``host``."""
        fields: dict[str, object] = {"Encrypted": encrypted, **({"KmsKeyId": key} if key else {})}
        made = self.call("ec2", "create_volume", AvailabilityZone=host.subnet.zone, Size=20, VolumeType="gp3", **fields)
        self.call("ec2", "attach_volume", VolumeId=made["VolumeId"], InstanceId=host.id, Device=device)
        self.tag(made["VolumeId"], tags or {})
        self.default_key()
        self.note(made["VolumeId"])
        return str(made["VolumeId"])

    def snapshot(self, volume: str, shared_with: str = "") -> str:
        """Make a snapshot of ``volume``, shared with another account or with "all" ("": not shared)."""
        made = str(self.call("ec2", "create_snapshot", VolumeId=volume)["SnapshotId"])
        who = {"GroupNames": ["all"]} if shared_with == "all" else {"UserIds": [shared_with]}
        if shared_with:
            attribute = {"Attribute": "createVolumePermission", "OperationType": "add"}
            self.call("ec2", "modify_snapshot_attribute", SnapshotId=made, **attribute, **who)
        self.note(made)
        return made

    def key(self, *, rotates: bool = True, disabled: bool = False, pending_deletion: bool = False) -> str:
        """Make a customer key and return its ARN."""
        key = self.call("kms", "create_key")["KeyMetadata"]
        if rotates:
            self.call("kms", "enable_key_rotation", KeyId=key["KeyId"])
        if disabled:
            self.call("kms", "disable_key", KeyId=key["KeyId"])
        if pending_deletion:
            self.call("kms", "schedule_key_deletion", KeyId=key["KeyId"], PendingWindowInDays=7)
        self.note(key["Arn"], key["KeyId"])
        return str(key["Arn"])

    def default_key(self) -> None:
        """Mark the default EBS key as the provider's, as the real KMS does and moto does not."""
        for key in self.backend("kms").keys.values():
            if key.description.startswith("Default master key"):
                key.key_manager = "AWS"

    def role(
        self, name: str, *statements: Statement, profile: str = "", service: str = "ec2", trust: Statement | None = None
    ) -> Role:
        """Make a role with an inline policy and an instance profile.

        ``service`` may assume it, or the principal in the statement ``trust``.
        """
        own: Statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [{"Action": "sts:AssumeRole", **(trust or own)}]})
        arn = self.call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            self.call("iam", "put_role_policy", RoleName=name, PolicyName=name, PolicyDocument=policy)
        profile = profile or name
        self.call("iam", "create_instance_profile", InstanceProfileName=profile)
        self.call("iam", "add_role_to_instance_profile", InstanceProfileName=profile, RoleName=name)
        self.note(arn, name, profile, f"arn:aws:iam::{ACCOUNT}:instance-profile/{profile}")
        return Role(name, arn, profile)

    def bound(self, role: Role, *statements: Statement) -> None:
        """Give a role a permissions boundary."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        arn = self.call("iam", "create_policy", PolicyName=f"{role.name}-edge", PolicyDocument=policy)["Policy"]["Arn"]
        self.call("iam", "put_role_permissions_boundary", RoleName=role.name, PermissionsBoundary=arn)
        self.note(arn)

    def managed(self, role: Role, *names: str) -> None:
        """Attach policies that AWS writes.

        moto has their texts, but adds them to an account only if it loads all of them.
        """
        texts = json.loads(aws_managed_policies_data)
        for name in names:
            aws_managed_policy = AWSManagedPolicy.from_data(name, ACCOUNT, "aws", texts[name])
            self.global_backend("iam").managed_policies[aws_managed_policy.arn] = aws_managed_policy
            self.call("iam", "attach_role_policy", RoleName=role.name, PolicyArn=aws_managed_policy.arn)
            self.note(aws_managed_policy.arn)

    def template(  # noqa: PLR0913 - the properties of a machine
        self,
        name: str,
        groups: Sequence[Group],
        tags: Tags,
        *,
        role: Role | None = None,
        public: bool = False,
        encrypted: bool = True,
    ) -> str:
        """Make a launch template. Return its id."""
        nic: dict[str, object] = {"DeviceIndex": 0, "Groups": [group.id for group in groups]}
        data: dict[str, object] = {
            "ImageId": self.image(),
            "InstanceType": "m5.large",
            "NetworkInterfaces": [nic | {"AssociatePublicIpAddress": public}],
            "BlockDeviceMappings": [disk(encrypted=encrypted)],
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "TagSpecifications": [{"ResourceType": "instance", "Tags": tag_list(tags)}],
            **({"IamInstanceProfile": {"Name": role.profile}} if role else {}),
        }
        made = self.call("ec2", "create_launch_template", LaunchTemplateName=name, LaunchTemplateData=data)
        template = str(made["LaunchTemplate"]["LaunchTemplateId"])
        self.note(template)
        return template

    def pool(  # noqa: PLR0913 - the properties of a pool
        self,
        name: str,
        subnet: Subnet,
        groups: Sequence[Group],
        tags: Tags,
        *,
        role: Role | None = None,
        public: bool = False,
        encrypted: bool = True,
    ) -> str:
        """Make a launch template and a scaling group of no host yet; return the template's id."""
        template = self.template(name, groups, tags, role=role, public=public, encrypted=encrypted)
        self.call(
            "autoscaling",
            "create_auto_scaling_group",
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
            MinSize=0,
            MaxSize=10,
            DesiredCapacity=0,
            VPCZoneIdentifier=subnet.id,
            Tags=[tag | {"PropagateAtLaunch": True} for tag in tag_list(tags)],
        )
        listed = self.call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])
        self.note(template, name, listed["AutoScalingGroups"][0]["AutoScalingGroupARN"])
        return template

    def fleet(self, template: str, subnet: Subnet, kind: str = "maintain") -> str:
        """Make an EC2 Fleet without hosts. Return its id."""
        named = {"LaunchTemplateId": template, "Version": "$Latest"}
        config = {"LaunchTemplateSpecification": named, "Overrides": [{"SubnetId": subnet.id}]}
        size = {"TotalTargetCapacity": 0, "DefaultTargetCapacityType": "spot"}
        made = self.call(
            "ec2", "create_fleet", Type=kind, LaunchTemplateConfigs=[config], TargetCapacitySpecification=size
        )
        self.note(made["FleetId"])
        return str(made["FleetId"])

    def spot_fleet(self, specification: dict[str, object]) -> str:
        """Make a Spot Fleet request without hosts. Return its id."""
        whole = {"ImageId": self.image(), "InstanceType": "m5.large", **specification}
        config: dict[str, object] = {"AllocationStrategy": "lowestPrice", "TargetCapacity": 0}
        role = f"arn:aws:iam::{ACCOUNT}:role/fleet"
        request = {**config, "IamFleetRole": role, "LaunchSpecifications": [whole]}
        made = self.call("ec2", "request_spot_fleet", SpotFleetRequestConfig=request)
        self.note(made["SpotFleetRequestId"])
        return str(made["SpotFleetRequestId"])
