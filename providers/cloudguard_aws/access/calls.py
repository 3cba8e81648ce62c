"""All calls of the adapter, with the permissions they need. The read-only policy is generated from this list."""

from __future__ import annotations

from typing import Final

from cloudguard.provider.camel_case import snake_case
from cloudguard.values import dataclass

MOST_VALUES = 200
"""The number of values that one filter of an EC2 call accepts (EC2 API reference, Filter)."""
WORLDWIDE = frozenset({"iam", "organizations"})
"""Services that give the same answer in every region."""


_PREFIXES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}
"""The prefix of a service's IAM actions, where it is not the service's own name."""


@dataclass(frozen=True, slots=True)
class Call:
    """A read-only operation. ``items``: JMESPath of a page's items.

    ``actions``: the IAM actions that it needs, if they are not only the one with its own name.
    """

    service: str
    operation: str
    items: str
    actions: tuple[str, ...] | None = None
    filters: str = "Filters"
    """The parameter for filters, if the operation has one."""
    region: str = ""
    """The only region that answers the call ("": every region answers for itself)."""

    @property
    def name(self) -> str:
        """The call as reports name it: "ec2:DescribeInstances"."""
        return f"{self.service}:{self.operation}"

    @property
    def permissions(self) -> tuple[str, ...]:
        """The IAM actions that the call needs."""
        own = f"{_PREFIXES.get(self.service, self.service)}:{self.operation}"
        return (own,) if self.actions is None else self.actions

    @property
    def method(self) -> str:
        """The client's method: "describe_instances"."""
        return snake_case(self.operation)


# The cluster, its hosts and pools. Templates are read without their user data, which may contain secrets.
GET_CALLER_IDENTITY = Call("sts", "GetCallerIdentity", "@", ())
"""Needs no permission (STS API reference)."""
DESCRIBE_REGIONS = Call("ec2", "DescribeRegions", "Regions[]")
DESCRIBE_TAGS = Call("ec2", "DescribeTags", "Tags[]")
DESCRIBE_INSTANCES = Call("ec2", "DescribeInstances", "Reservations[].Instances[]")
DESCRIBE_AUTO_SCALING_GROUPS = Call("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups[]")
DESCRIBE_LAUNCH_CONFIGURATIONS = Call(
    "autoscaling",
    "DescribeLaunchConfigurations",
    "LaunchConfigurations[].{LaunchConfigurationName: LaunchConfigurationName, ImageId: ImageId,"
    " InstanceType: InstanceType,"
    " SecurityGroups: SecurityGroups, AssociatePublicIpAddress: AssociatePublicIpAddress,"
    " BlockDeviceMappings: BlockDeviceMappings, MetadataOptions: MetadataOptions,"
    " IamInstanceProfile: IamInstanceProfile}",
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
)
DESCRIBE_FLEETS = Call(
    "ec2",
    "DescribeFleets",
    "Fleets[].{Id: FleetId, Type: Type, State: FleetState, ActivityStatus: ActivityStatus, ValidUntil: ValidUntil,"
    " TargetCapacity: TargetCapacitySpecification.TotalTargetCapacity, LaunchTemplateConfigs: LaunchTemplateConfigs,"
    " Tags: Tags}",
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
)
DESCRIBE_IMAGES = Call("ec2", "DescribeImages", "Images[]")
GET_EBS_ENCRYPTION_BY_DEFAULT = Call(
    "ec2", "GetEbsEncryptionByDefault", "{EbsEncryptionByDefault: EbsEncryptionByDefault}"
)
GET_INSTANCE_METADATA_DEFAULTS = Call("ec2", "GetInstanceMetadataDefaults", "AccountLevel")
DESCRIBE_CLUSTER = Call("eks", "DescribeCluster", "cluster")
LIST_CLUSTERS = Call("eks", "ListClusters", "clusters[].{name: @}")
LIST_NODEGROUPS = Call("eks", "ListNodegroups", "nodegroups[].{name: @}")
DESCRIBE_NODEGROUP = Call("eks", "DescribeNodegroup", "nodegroup")
LIST_FARGATE_PROFILES = Call("eks", "ListFargateProfiles", "fargateProfileNames[].{name: @}")
DESCRIBE_FARGATE_PROFILE = Call("eks", "DescribeFargateProfile", "fargateProfile")

# The network around the cluster.
DESCRIBE_VPCS = Call("ec2", "DescribeVpcs", "Vpcs[]")
DESCRIBE_SUBNETS = Call("ec2", "DescribeSubnets", "Subnets[]")
DESCRIBE_ROUTE_TABLES = Call("ec2", "DescribeRouteTables", "RouteTables[]")
DESCRIBE_NETWORK_ACLS = Call("ec2", "DescribeNetworkAcls", "NetworkAcls[]")
DESCRIBE_NAT_GATEWAYS = Call("ec2", "DescribeNatGateways", "NatGateways[]", filters="Filter")
DESCRIBE_VPC_PEERING_CONNECTIONS = Call("ec2", "DescribeVpcPeeringConnections", "VpcPeeringConnections[]")
DESCRIBE_SECURITY_GROUPS = Call("ec2", "DescribeSecurityGroups", "SecurityGroups[]")
DESCRIBE_SECURITY_GROUP_RULES = Call("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules[]")
DESCRIBE_MANAGED_PREFIX_LISTS = Call("ec2", "DescribeManagedPrefixLists", "PrefixLists[]")
GET_MANAGED_PREFIX_LIST_ENTRIES = Call("ec2", "GetManagedPrefixListEntries", "Entries[]")
DESCRIBE_NETWORK_INTERFACES = Call("ec2", "DescribeNetworkInterfaces", "NetworkInterfaces[]")

DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_OPTIONS = Call(
    "ec2", "DescribeVpcBlockPublicAccessOptions", "VpcBlockPublicAccessOptions"
)
DESCRIBE_VPC_BLOCK_PUBLIC_ACCESS_EXCLUSIONS = Call(
    "ec2", "DescribeVpcBlockPublicAccessExclusions", "VpcBlockPublicAccessExclusions[]"
)

# Load balancers, and the services in front of them.
LIST_ACCELERATORS = Call("globalaccelerator", "ListAccelerators", "Accelerators[]", region="us-west-2")
LIST_LISTENERS = Call("globalaccelerator", "ListListeners", "Listeners[]", region="us-west-2")
LIST_ENDPOINT_GROUPS = Call(
    "globalaccelerator", "ListEndpointGroups", "EndpointGroups[].EndpointDescriptions[]", region="us-west-2"
)
DESCRIBE_VPC_ENDPOINT_SERVICE_CONFIGURATIONS = Call(
    "ec2", "DescribeVpcEndpointServiceConfigurations", "ServiceConfigurations[]"
)
DESCRIBE_VPC_ENDPOINT_SERVICE_PERMISSIONS = Call("ec2", "DescribeVpcEndpointServicePermissions", "AllowedPrincipals[]")
DESCRIBE_LOAD_BALANCERS = Call("elbv2", "DescribeLoadBalancers", "LoadBalancers[]")
DESCRIBE_LOAD_BALANCER_ATTRIBUTES = Call("elbv2", "DescribeLoadBalancerAttributes", "Attributes[]")
DESCRIBE_TARGET_GROUPS = Call("elbv2", "DescribeTargetGroups", "TargetGroups[]")
DESCRIBE_TARGET_HEALTH = Call("elbv2", "DescribeTargetHealth", "TargetHealthDescriptions[]")
DESCRIBE_TARGET_GROUP_ATTRIBUTES = Call("elbv2", "DescribeTargetGroupAttributes", "Attributes[]")
DESCRIBE_LISTENERS = Call("elbv2", "DescribeListeners", "Listeners[]")
GET_WEB_ACL_FOR_RESOURCE = Call(
    "wafv2",
    "GetWebACLForResource",
    "WebACL",
    ("elasticloadbalancing:GetLoadBalancerWebACL", "wafv2:GetWebACL", "wafv2:GetWebACLForResource"),
)
"""Its permissions: https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html"""
DESCRIBE_RULES = Call("elbv2", "DescribeRules", "Rules[]")
BALANCER_DESCRIBE_TAGS = Call("elbv2", "DescribeTags", "TagDescriptions[]")
CLASSIC_DESCRIBE_LOAD_BALANCERS = Call("elb", "DescribeLoadBalancers", "LoadBalancerDescriptions[]")
CLASSIC_DESCRIBE_TAGS = Call("elb", "DescribeTags", "TagDescriptions[]")

# Identities.
GET_INSTANCE_PROFILE = Call("iam", "GetInstanceProfile", "InstanceProfile")
GET_ROLE = Call("iam", "GetRole", "Role")
LIST_ATTACHED_ROLE_POLICIES = Call("iam", "ListAttachedRolePolicies", "AttachedPolicies[]")
LIST_ROLE_POLICIES = Call("iam", "ListRolePolicies", "PolicyNames[].{PolicyName: @}")
GET_ROLE_POLICY = Call("iam", "GetRolePolicy", "@")
GET_POLICY = Call("iam", "GetPolicy", "Policy")
GET_POLICY_VERSION = Call("iam", "GetPolicyVersion", "PolicyVersion")

LIST_ROLES = Call(
    "iam", "ListRoles", "Roles[].{Arn: Arn, RoleName: RoleName, AssumeRolePolicyDocument: AssumeRolePolicyDocument}"
)
LIST_OPEN_ID_CONNECT_PROVIDERS = Call("iam", "ListOpenIDConnectProviders", "OpenIDConnectProviderList[]")
GET_OPEN_ID_CONNECT_PROVIDER = Call("iam", "GetOpenIDConnectProvider", "@")
LIST_POD_IDENTITY_ASSOCIATIONS = Call("eks", "ListPodIdentityAssociations", "associations[]")
DESCRIBE_POD_IDENTITY_ASSOCIATION = Call("eks", "DescribePodIdentityAssociation", "association")
LIST_CAPABILITIES = Call("eks", "ListCapabilities", "capabilities[]")
DESCRIBE_CAPABILITY = Call("eks", "DescribeCapability", "capability")
DESCRIBE_ORGANIZATION = Call("organizations", "DescribeOrganization", "Organization")
LIST_ACCOUNTS = Call("organizations", "ListAccounts", "Accounts[]")
LIST_PARENTS = Call("organizations", "ListParents", "Parents[]")
LIST_POLICIES_FOR_TARGET = Call("organizations", "ListPoliciesForTarget", "Policies[]")
DESCRIBE_POLICY = Call("organizations", "DescribePolicy", "Policy")

# Disks and keys.
DESCRIBE_VOLUMES = Call("ec2", "DescribeVolumes", "Volumes[]")
DESCRIBE_SNAPSHOTS = Call("ec2", "DescribeSnapshots", "Snapshots[]")
DESCRIBE_SNAPSHOT_ATTRIBUTE = Call("ec2", "DescribeSnapshotAttribute", "CreateVolumePermissions[]")
DESCRIBE_IMAGE_ATTRIBUTE = Call("ec2", "DescribeImageAttribute", "LaunchPermissions[]")
GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE = Call("ec2", "GetSnapshotBlockPublicAccessState", "{State: State}")
DESCRIBE_DB_INSTANCES = Call(
    "rds",
    "DescribeDBInstances",
    "DBInstances[].{DBInstanceIdentifier: DBInstanceIdentifier, Engine: Engine, StorageEncrypted: StorageEncrypted,"
    " DBSubnetGroup: DBSubnetGroup, TagList: TagList}",
)
GET_KEY_POLICY = Call("kms", "GetKeyPolicy", "{Policy: Policy}")
GET_BUCKET_POLICY = Call("s3", "GetBucketPolicy", "{Policy: Policy}")
GET_QUEUE_ATTRIBUTES = Call("sqs", "GetQueueAttributes", "Attributes")
GET_KEY_ROTATION_STATUS = Call("kms", "GetKeyRotationStatus", "{KeyRotationEnabled: KeyRotationEnabled}")
DESCRIBE_KEY = Call("kms", "DescribeKey", "KeyMetadata")

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
