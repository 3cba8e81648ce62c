"""All calls of the adapter, with the permissions they need. The read-only policy is generated from this list."""

from __future__ import annotations

import re
from typing import Final

from cloudguard.values import dataclass

MOST_VALUES = 200
"""The number of values that one filter of an EC2 call accepts (EC2 API reference, Filter)."""
WORLDWIDE = frozenset({"iam", "organizations"})
"""Services that give the same answer in every region."""


@dataclass(frozen=True, slots=True)
class Call:
    """A read-only operation. ``items``: JMESPath of a page's items. ``permissions``: the IAM actions it needs."""

    service: str
    operation: str
    items: str
    permissions: tuple[str, ...]
    filters: str = "Filters"
    """The parameter for filters, if the operation has one."""
    region: str = ""
    """The only region that answers the call ("": every region answers for itself)."""

    @property
    def name(self) -> str:
        """The call as reports name it: "ec2:DescribeInstances"."""
        return f"{self.service}:{self.operation}"

    @property
    def method(self) -> str:
        """The client's method: "describe_instances"."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.operation).lower()


# The cluster, its hosts and pools. Templates are read without their user data, which may contain secrets.
GET_CALLER_IDENTITY = Call("sts", "GetCallerIdentity", "@", ())
"""Needs no permission (STS API reference)."""
DESCRIBE_REGIONS = Call("ec2", "DescribeRegions", "Regions[]", ("ec2:DescribeRegions",))
DESCRIBE_TAGS = Call("ec2", "DescribeTags", "Tags[]", ("ec2:DescribeTags",))
DESCRIBE_INSTANCES = Call("ec2", "DescribeInstances", "Reservations[].Instances[]", ("ec2:DescribeInstances",))
DESCRIBE_AUTO_SCALING_GROUPS = Call(
    "autoscaling",
    "DescribeAutoScalingGroups",
    "AutoScalingGroups[]",
    ("autoscaling:DescribeAutoScalingGroups",),
)
DESCRIBE_LAUNCH_CONFIGURATIONS = Call(
    "autoscaling",
    "DescribeLaunchConfigurations",
    "LaunchConfigurations[].{LaunchConfigurationName: LaunchConfigurationName, ImageId: ImageId,"
    " InstanceType: InstanceType,"
    " SecurityGroups: SecurityGroups, AssociatePublicIpAddress: AssociatePublicIpAddress,"
    " BlockDeviceMappings: BlockDeviceMappings, MetadataOptions: MetadataOptions,"
    " IamInstanceProfile: IamInstanceProfile}",
    ("autoscaling:DescribeLaunchConfigurations",),
)
DESCRIBE_LAUNCH_TEMPLATE_VERSIONS = Call(
    "ec2",
    "DescribeLaunchTemplateVersions",
    "LaunchTemplateVersions[].{LaunchTemplateId: LaunchTemplateId, VersionNumber: VersionNumber,"
    " ImageId: LaunchTemplateData.ImageId, InstanceType: LaunchTemplateData.InstanceType,"
    " SecurityGroupIds: LaunchTemplateData.SecurityGroupIds,"
    " SecurityGroups: LaunchTemplateData.SecurityGroups,"
    " NetworkInterfaces: LaunchTemplateData.NetworkInterfaces,"
    " BlockDeviceMappings: LaunchTemplateData.BlockDeviceMappings,"
    " MetadataOptions: LaunchTemplateData.MetadataOptions,"
    " IamInstanceProfile: LaunchTemplateData.IamInstanceProfile}",
    ("ec2:DescribeLaunchTemplateVersions",),
)
DESCRIBE_FLEETS = Call(
    "ec2",
    "DescribeFleets",
    "Fleets[].{Id: FleetId, Type: Type, State: FleetState, ActivityStatus: ActivityStatus, ValidUntil: ValidUntil,"
    " TargetCapacity: TargetCapacitySpecification.TotalTargetCapacity, LaunchTemplateConfigs: LaunchTemplateConfigs,"
    " Tags: Tags}",
    ("ec2:DescribeFleets",),
)
DESCRIBE_SPOT_FLEET_REQUESTS = Call(
    "ec2",
    "DescribeSpotFleetRequests",
    "SpotFleetRequestConfigs[].{Id: SpotFleetRequestId, Type: SpotFleetRequestConfig.Type,"
    " State: SpotFleetRequestState, ActivityStatus: ActivityStatus, ValidUntil: SpotFleetRequestConfig.ValidUntil,"
    " TargetCapacity: SpotFleetRequestConfig.TargetCapacity, Tags: Tags,"
    " LaunchTemplateConfigs: SpotFleetRequestConfig.LaunchTemplateConfigs,"
    " LoadBalancersConfig: SpotFleetRequestConfig.LoadBalancersConfig,"
    " LaunchSpecifications: SpotFleetRequestConfig.LaunchSpecifications[].{ImageId: ImageId, SubnetId: SubnetId,"
    " SecurityGroupIds: SecurityGroups[?GroupId].GroupId, SecurityGroups: SecurityGroups[?!GroupId].GroupName,"
    " InstanceType: InstanceType, NetworkInterfaces: NetworkInterfaces, BlockDeviceMappings: BlockDeviceMappings,"
    " IamInstanceProfile: IamInstanceProfile}}",
    ("ec2:DescribeSpotFleetRequests",),
)
DESCRIBE_IMAGES = Call("ec2", "DescribeImages", "Images[]", ("ec2:DescribeImages",))
GET_EBS_ENCRYPTION_BY_DEFAULT = Call(
    "ec2",
    "GetEbsEncryptionByDefault",
    "{EbsEncryptionByDefault: EbsEncryptionByDefault}",
    ("ec2:GetEbsEncryptionByDefault",),
)
GET_INSTANCE_METADATA_DEFAULTS = Call(
    "ec2", "GetInstanceMetadataDefaults", "AccountLevel", ("ec2:GetInstanceMetadataDefaults",)
)
DESCRIBE_CLUSTER = Call("eks", "DescribeCluster", "cluster", ("eks:DescribeCluster",))
LIST_CLUSTERS = Call("eks", "ListClusters", "clusters[].{name: @}", ("eks:ListClusters",))
LIST_NODEGROUPS = Call("eks", "ListNodegroups", "nodegroups[].{name: @}", ("eks:ListNodegroups",))
DESCRIBE_NODEGROUP = Call("eks", "DescribeNodegroup", "nodegroup", ("eks:DescribeNodegroup",))
LIST_FARGATE_PROFILES = Call(
    "eks", "ListFargateProfiles", "fargateProfileNames[].{name: @}", ("eks:ListFargateProfiles",)
)
DESCRIBE_FARGATE_PROFILE = Call("eks", "DescribeFargateProfile", "fargateProfile", ("eks:DescribeFargateProfile",))

# The network around the cluster.
DESCRIBE_VPCS = Call("ec2", "DescribeVpcs", "Vpcs[]", ("ec2:DescribeVpcs",))
DESCRIBE_SUBNETS = Call("ec2", "DescribeSubnets", "Subnets[]", ("ec2:DescribeSubnets",))
DESCRIBE_ROUTE_TABLES = Call("ec2", "DescribeRouteTables", "RouteTables[]", ("ec2:DescribeRouteTables",))
DESCRIBE_NETWORK_ACLS = Call("ec2", "DescribeNetworkAcls", "NetworkAcls[]", ("ec2:DescribeNetworkAcls",))
DESCRIBE_NAT_GATEWAYS = Call("ec2", "DescribeNatGateways", "NatGateways[]", ("ec2:DescribeNatGateways",), "Filter")
DESCRIBE_VPC_PEERING_CONNECTIONS = Call(
    "ec2", "DescribeVpcPeeringConnections", "VpcPeeringConnections[]", ("ec2:DescribeVpcPeeringConnections",)
)
DESCRIBE_SECURITY_GROUPS = Call("ec2", "DescribeSecurityGroups", "SecurityGroups[]", ("ec2:DescribeSecurityGroups",))
DESCRIBE_SECURITY_GROUP_RULES = Call(
    "ec2", "DescribeSecurityGroupRules", "SecurityGroupRules[]", ("ec2:DescribeSecurityGroupRules",)
)
DESCRIBE_MANAGED_PREFIX_LISTS = Call(
    "ec2", "DescribeManagedPrefixLists", "PrefixLists[]", ("ec2:DescribeManagedPrefixLists",)
)
GET_MANAGED_PREFIX_LIST_ENTRIES = Call(
    "ec2", "GetManagedPrefixListEntries", "Entries[]", ("ec2:GetManagedPrefixListEntries",)
)
DESCRIBE_NETWORK_INTERFACES = Call(
    "ec2", "DescribeNetworkInterfaces", "NetworkInterfaces[]", ("ec2:DescribeNetworkInterfaces",)
)

DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS = Call(
    "ec2",
    "DescribeVpcBlockPublicAccessOptions",
    "VpcBlockPublicAccessOptions",
    ("ec2:DescribeVpcBlockPublicAccessOptions",),
)
DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS = Call(
    "ec2",
    "DescribeVpcBlockPublicAccessExclusions",
    "VpcBlockPublicAccessExclusions[]",
    ("ec2:DescribeVpcBlockPublicAccessExclusions",),
)

# Load balancers, and the services in front of them.
LIST_ACCELERATORS = Call(
    "globalaccelerator",
    "ListAccelerators",
    "Accelerators[]",
    ("globalaccelerator:ListAccelerators",),
    region="us-west-2",
)
LIST_LISTENERS = Call(
    "globalaccelerator", "ListListeners", "Listeners[]", ("globalaccelerator:ListListeners",), region="us-west-2"
)
LIST_ENDPOINT_GROUPS = Call(
    "globalaccelerator",
    "ListEndpointGroups",
    "EndpointGroups[].EndpointDescriptions[]",
    ("globalaccelerator:ListEndpointGroups",),
    region="us-west-2",
)
DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS = Call(
    "ec2",
    "DescribeVpcEndpointServiceConfigurations",
    "ServiceConfigurations[]",
    ("ec2:DescribeVpcEndpointServiceConfigurations",),
)
DESCRIBE_VPC_ENDPOINT_SERVICE_PERMISSIONS = Call(
    "ec2",
    "DescribeVpcEndpointServicePermissions",
    "AllowedPrincipals[]",
    ("ec2:DescribeVpcEndpointServicePermissions",),
)
DESCRIBE_LOAD_BALANCERS = Call(
    "elbv2", "DescribeLoadBalancers", "LoadBalancers[]", ("elasticloadbalancing:DescribeLoadBalancers",)
)
DESCRIBE_LOAD_BALANCER_ATTRIBUTES = Call(
    "elbv2",
    "DescribeLoadBalancerAttributes",
    "Attributes[]",
    ("elasticloadbalancing:DescribeLoadBalancerAttributes",),
)
DESCRIBE_TARGET_GROUPS = Call(
    "elbv2", "DescribeTargetGroups", "TargetGroups[]", ("elasticloadbalancing:DescribeTargetGroups",)
)
DESCRIBE_TARGET_HEALTH = Call(
    "elbv2", "DescribeTargetHealth", "TargetHealthDescriptions[]", ("elasticloadbalancing:DescribeTargetHealth",)
)
DESCRIBE_TARGET_GROUP_ATTRIBUTES = Call(
    "elbv2", "DescribeTargetGroupAttributes", "Attributes[]", ("elasticloadbalancing:DescribeTargetGroupAttributes",)
)
DESCRIBE_LISTENERS = Call("elbv2", "DescribeListeners", "Listeners[]", ("elasticloadbalancing:DescribeListeners",))
GET_WEB_ACL_FOR_RESOURCE = Call(
    "wafv2",
    "GetWebACLForResource",
    "WebACL",
    ("elasticloadbalancing:GetLoadBalancerWebACL", "wafv2:GetWebACL", "wafv2:GetWebACLForResource"),
)
"""Its permissions: https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html"""
DESCRIBE_RULES = Call("elbv2", "DescribeRules", "Rules[]", ("elasticloadbalancing:DescribeRules",))
BALANCER_DESCRIBE_TAGS = Call("elbv2", "DescribeTags", "TagDescriptions[]", ("elasticloadbalancing:DescribeTags",))
CLASSIC_DESCRIBE_LOAD_BALANCERS = Call(
    "elb", "DescribeLoadBalancers", "LoadBalancerDescriptions[]", ("elasticloadbalancing:DescribeLoadBalancers",)
)
CLASSIC_DESCRIBE_TAGS = Call("elb", "DescribeTags", "TagDescriptions[]", ("elasticloadbalancing:DescribeTags",))

# Identities.
GET_INSTANCE_PROFILE = Call("iam", "GetInstanceProfile", "InstanceProfile", ("iam:GetInstanceProfile",))
GET_ROLE = Call("iam", "GetRole", "Role", ("iam:GetRole",))
LIST_ATTACHED_ROLE_POLICIES = Call(
    "iam", "ListAttachedRolePolicies", "AttachedPolicies[]", ("iam:ListAttachedRolePolicies",)
)
LIST_ROLE_POLICIES = Call("iam", "ListRolePolicies", "PolicyNames[].{PolicyName: @}", ("iam:ListRolePolicies",))
GET_ROLE_POLICY = Call("iam", "GetRolePolicy", "@", ("iam:GetRolePolicy",))
GET_POLICY = Call("iam", "GetPolicy", "Policy", ("iam:GetPolicy",))
GET_POLICY_VERSION = Call("iam", "GetPolicyVersion", "PolicyVersion", ("iam:GetPolicyVersion",))

LIST_ROLES = Call(
    "iam",
    "ListRoles",
    "Roles[].{Arn: Arn, RoleName: RoleName, AssumeRolePolicyDocument: AssumeRolePolicyDocument}",
    ("iam:ListRoles",),
)
LIST_OPEN_ID_CONNECT_PROVIDERS = Call(
    "iam", "ListOpenIDConnectProviders", "OpenIDConnectProviderList[]", ("iam:ListOpenIDConnectProviders",)
)
GET_OPEN_ID_CONNECT_PROVIDER = Call("iam", "GetOpenIDConnectProvider", "@", ("iam:GetOpenIDConnectProvider",))
LIST_POD_IDENTITY_ASSOCIATIONS = Call(
    "eks", "ListPodIdentityAssociations", "associations[]", ("eks:ListPodIdentityAssociations",)
)
DESCRIBE_POD_IDENTITY_ASSOCIATION = Call(
    "eks", "DescribePodIdentityAssociation", "association", ("eks:DescribePodIdentityAssociation",)
)
LIST_CAPABILITIES = Call("eks", "ListCapabilities", "capabilities[]", ("eks:ListCapabilities",))
DESCRIBE_CAPABILITY = Call("eks", "DescribeCapability", "capability", ("eks:DescribeCapability",))
DESCRIBE_ORGANIZATION = Call(
    "organizations", "DescribeOrganization", "Organization", ("organizations:DescribeOrganization",)
)
LIST_ACCOUNTS = Call("organizations", "ListAccounts", "Accounts[]", ("organizations:ListAccounts",))
LIST_PARENTS = Call("organizations", "ListParents", "Parents[]", ("organizations:ListParents",))
LIST_POLICIES_FOR_TARGET = Call(
    "organizations", "ListPoliciesForTarget", "Policies[]", ("organizations:ListPoliciesForTarget",)
)
DESCRIBE_POLICY = Call("organizations", "DescribePolicy", "Policy", ("organizations:DescribePolicy",))

# Disks and keys.
DESCRIBE_VOLUMES = Call("ec2", "DescribeVolumes", "Volumes[]", ("ec2:DescribeVolumes",))
DESCRIBE_SNAPSHOTS = Call("ec2", "DescribeSnapshots", "Snapshots[]", ("ec2:DescribeSnapshots",))
DESCRIBE_SNAPSHOT_ATTRIBUTE = Call(
    "ec2", "DescribeSnapshotAttribute", "CreateVolumePermissions[]", ("ec2:DescribeSnapshotAttribute",)
)
DESCRIBE_IMAGE_ATTRIBUTE = Call("ec2", "DescribeImageAttribute", "LaunchPermissions[]", ("ec2:DescribeImageAttribute",))
GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE = Call(
    "ec2", "GetSnapshotBlockPublicAccessState", "{State: State}", ("ec2:GetSnapshotBlockPublicAccessState",)
)
DESCRIBE_DB_INSTANCES = Call(
    "rds",
    "DescribeDBInstances",
    "DBInstances[].{DBInstanceIdentifier: DBInstanceIdentifier, Engine: Engine, StorageEncrypted: StorageEncrypted,"
    " DBSubnetGroup: DBSubnetGroup, TagList: TagList}",
    ("rds:DescribeDBInstances",),
)
GET_KEY_POLICY = Call("kms", "GetKeyPolicy", "{Policy: Policy}", ("kms:GetKeyPolicy",))
GET_BUCKET_POLICY = Call("s3", "GetBucketPolicy", "{Policy: Policy}", ("s3:GetBucketPolicy",))
GET_QUEUE_ATTRIBUTES = Call("sqs", "GetQueueAttributes", "Attributes", ("sqs:GetQueueAttributes",))
GET_KEY_ROTATION_STATUS = Call(
    "kms", "GetKeyRotationStatus", "{KeyRotationEnabled: KeyRotationEnabled}", ("kms:GetKeyRotationStatus",)
)
DESCRIBE_KEY = Call("kms", "DescribeKey", "KeyMetadata", ("kms:DescribeKey",))

ACCOUNT_WIDE: Final = (
    DESCRIBE_LOAD_BALANCERS,
    DESCRIBE_TARGET_GROUPS,
    CLASSIC_DESCRIBE_LOAD_BALANCERS,
    DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS,
    DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS,
    DESCRIBE_ORGANIZATION,
)
"""Calls without parameters that every reading makes, for any cluster."""

CALLS: tuple[Call, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Call))
"""All calls above."""
