"""Load balancers of each kind, and managed clusters with their node groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moto_fixtures.aws.builder import pod_identity
from moto_fixtures.aws.builder.identities import IdentityBuilder
from moto_fixtures.aws.builder.machines import Host, Role
from moto_fixtures.aws.builder.network import Group, Subnet, Vpc
from moto_fixtures.aws.builder.recorder import Tags, tag_list

pod_identity.teach()


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer. Its listeners are made separately."""

    arn: str
    vpc: Vpc


@dataclass(frozen=True, slots=True)
class Eks:
    """A managed cluster with the security group that EKS makes for it."""

    name: str
    group: Group
    subnets: tuple[str, ...]


class AccountBuilder(IdentityBuilder):
    """Builds whole accounts."""

    __slots__ = ()

    def nlb(  # noqa: PLR0913 - the properties of a balancer
        self,
        name: str,
        subnet: Subnet,
        groups: Sequence[Group] = (),
        *,
        internal: bool = False,
        kind: str = "network",
        tags: Tags | None = None,
    ) -> Balancer:
        """Make a network load balancer (or an "application" one). Without groups it lets everyone in."""
        made = self.call(
            "elbv2",
            "create_load_balancer",
            Name=name,
            Type=kind,
            Scheme="internal" if internal else "internet-facing",
            Subnets=[subnet.id],
            SecurityGroups=[group.id for group in groups],
            **({"Tags": tag_list(tags)} if tags else {}),
        )["LoadBalancers"][0]
        self.note(made["LoadBalancerArn"], name)
        return Balancer(made["LoadBalancerArn"], subnet.vpc)

    def listener(  # noqa: PLR0913 - a listener and its target group
        self,
        balancer: Balancer,
        port: int,
        targets: Sequence[Host],
        target_port: int,
        *,
        protocol: str = "TCP",
        by_address: bool = False,
        preserve: bool | None = None,
        name: str = "",
    ) -> str:
        """Forward ``port`` to ``targets``, by id or ``by_address``. ``preserve`` None: the default of the kind."""
        group = self.call(
            "elbv2",
            "create_target_group",
            Name=name or f"targets-{port}-{balancer.arn[-8:]}",
            Protocol=protocol,
            Port=target_port,
            VpcId=balancer.vpc.id,
            TargetType="ip" if by_address else "instance",
        )["TargetGroups"][0]["TargetGroupArn"]
        members = [{"Id": host.address if by_address else host.id, "Port": target_port} for host in targets]
        self.call("elbv2", "register_targets", TargetGroupArn=group, Targets=members)
        if preserve is not None:
            attribute = {"Key": "preserve_client_ip.enabled", "Value": str(preserve).lower()}
            self.call("elbv2", "modify_target_group_attributes", TargetGroupArn=group, Attributes=[attribute])
        made = self.call(
            "elbv2",
            "create_listener",
            LoadBalancerArn=balancer.arn,
            Protocol=protocol,
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]
        self.note(made, group)
        return str(made)

    def clb(  # noqa: PLR0913, PLR0917 - a classic balancer and its only listener
        self, name: str, subnet: Subnet, groups: Sequence[Group], port: int, targets: Sequence[Host], target_port: int
    ) -> str:
        """Make a classic load balancer with one listener."""
        listener = {"Protocol": "TCP", "LoadBalancerPort": port, "InstanceProtocol": "TCP", "InstancePort": target_port}
        self.call(
            "elb",
            "create_load_balancer",
            LoadBalancerName=name,
            Listeners=[listener],
            Subnets=[subnet.id],
            SecurityGroups=[group.id for group in groups],
        )
        members = [{"InstanceId": host.id} for host in targets]
        self.call("elb", "register_instances_with_load_balancer", LoadBalancerName=name, Instances=members)
        self.note(name)
        return name

    def endpoint_service(self, balancer: Balancer, *allowed: str) -> str:
        """Offer a balancer to ``allowed`` principals by PrivateLink. Connections need no acceptance."""
        made = self.call(
            "ec2",
            "create_vpc_endpoint_service_configuration",
            NetworkLoadBalancerArns=[balancer.arn],
            AcceptanceRequired=False,
        )["ServiceConfiguration"]["ServiceId"]
        self.call("ec2", "modify_vpc_endpoint_service_permissions", ServiceId=made, AddAllowedPrincipals=list(allowed))
        self.note(made)
        return str(made)

    def eks(  # noqa: PLR0913 - the properties of a cluster
        self,
        name: str,
        subnets: Sequence[Subnet],
        role: Role,
        *,
        public: Sequence[str] = ("0.0.0.0/0",),
        private: bool = False,
        secrets_key: str = "",
        remote: tuple[str, str] | None = None,
    ) -> Eks:
        """Make a managed cluster. ``public``: ranges that may reach its public endpoint (empty: it has none).

        ``remote``: the network of its hybrid nodes, and the network of their pods.
        """
        settings = {"endpointPublicAccess": bool(public), "endpointPrivateAccess": private}
        where: dict[str, object] = {"subnetIds": [subnet.id for subnet in subnets], "securityGroupIds": []}
        encryption = [{"resources": ["secrets"], "provider": {"keyArn": secrets_key}}] if secrets_key else []
        fields = ("remoteNodeNetworks", "remotePodNetworks") if remote else ()
        elsewhere = {field: [{"cidrs": [cidr]}] for field, cidr in zip(fields, remote or (), strict=True)}
        made = self.call(
            "eks",
            "create_cluster",
            name=name,
            roleArn=role.arn,
            resourcesVpcConfig=where | settings | {"publicAccessCidrs": list(public)},
            encryptionConfig=encryption,
            **({"remoteNetworkConfig": elsewhere} if remote else {}),
        )["cluster"]
        owned = {"aws:eks:cluster-name": name, f"kubernetes.io/cluster/{name}": "owned"}
        group = self.group(subnets[0].vpc, f"eks-cluster-sg-{name}")
        self.backend("ec2").create_tags([group.id], owned)
        group.allow("all", group)
        self.complete_eks(name, subnets[0].vpc, group)
        self.note(name, made["arn"], group.id)
        return Eks(name, group, tuple(subnet.id for subnet in subnets))

    def complete_eks(self, name: str, vpc: Vpc, group: Group) -> None:
        """Set fields that the real service answers and moto leaves out: the VPC and the cluster's own group."""
        known = self.backend("eks").clusters[name].resources_vpc_config
        known |= {"vpcId": vpc.id, "clusterSecurityGroupId": group.id}

    def nodegroup(self, cluster: Eks, name: str, role: Role, template: str = "") -> str:
        """Make a managed node group. moto starts no instances for it, so the scene starts its hosts."""
        launch: dict[str, object] = {"launchTemplate": {"id": template, "version": "1"}} if template else {}
        made = self.call(
            "eks",
            "create_nodegroup",
            clusterName=cluster.name,
            nodegroupName=name,
            subnets=list(cluster.subnets),
            nodeRole=role.arn,
            scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1},
            **launch,
        )["nodegroup"]
        self.note(made["nodegroupArn"], name)
        return name
