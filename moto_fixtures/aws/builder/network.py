"""VPCs, subnets, routes, network ACLs, peerings, security groups and their rules."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from itertools import islice

from moto_fixtures.aws.builder.recorder import Recorder, Tags

WORLD, WORLD6 = "0.0.0.0/0", "::/0"


@dataclass(slots=True)
class Vpc:
    """A VPC. ``subnets``: the number of subnets made in it."""

    id: str
    cidr: str
    cidr6: str = ""
    gateway: str = ""
    subnets: int = 0


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet with its own route table and, on request, its own network ACL."""

    id: str
    vpc: Vpc
    table: str
    zone: str


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A customer-managed prefix list."""

    id: str


@dataclass(frozen=True, slots=True)
class ForeignGroup:
    """A security group of another account, behind a peering.

    ``vpc``: the VPC where moto keeps the group until a rule names it.
    """

    id: str
    account: str
    vpc: str


@dataclass(frozen=True, slots=True)
class Group:
    """A security group."""

    id: str
    recorder: Recorder

    def allow(self, services: str, *peers: Group | ForeignGroup | PrefixList | str) -> None:
        """Allow ``services`` ("tcp/443,icmp/3/4") from ``peers`` (CIDRs, groups, prefix lists)."""
        permissions = [permission(service) | peer_of(peer) for service in services.split(",") for peer in peers]
        for one in permissions:
            answer = self.recorder.call("ec2", "authorize_security_group_ingress", GroupId=self.id, IpPermissions=[one])
            self.recorder.note(*(rule["SecurityGroupRuleId"] for rule in answer["SecurityGroupRules"]))
        for peer in peers:
            if isinstance(peer, ForeignGroup):  # moto accepts a rule with this group only while the group exists here
                self.recorder.backend("ec2").groups[peer.vpc].pop(peer.id)


def permission(service: str) -> dict[str, object]:
    """Return ``service`` ("all", "tcp/1-65535", "icmp/3/4", "proto/50") as an IpPermission without its peer."""
    protocol, *rest = service.split("/")
    if protocol == "all":
        return {"IpProtocol": "-1"}
    if protocol == "proto":
        return {"IpProtocol": rest[0], "FromPort": -1, "ToPort": -1}
    if protocol in {"icmp", "icmpv6"}:
        kind, code = (*(int(part) for part in rest), -1, -1)[:2]
        return {"IpProtocol": protocol, "FromPort": kind, "ToPort": code}
    first, _, last = (rest[0] if rest else "0-65535").partition("-")
    return {"IpProtocol": protocol, "FromPort": int(first), "ToPort": int(last or first)}


def peer_of(peer: Group | ForeignGroup | PrefixList | str) -> dict[str, object]:
    """Return ``peer`` in the fields of an IpPermission."""
    if isinstance(peer, Group):
        return {"UserIdGroupPairs": [{"GroupId": peer.id}]}
    if isinstance(peer, ForeignGroup):
        return {"UserIdGroupPairs": [{"GroupId": peer.id, "UserId": peer.account}]}
    if isinstance(peer, PrefixList):
        return {"PrefixListIds": [{"PrefixListId": peer.id}]}
    return {"Ipv6Ranges": [{"CidrIpv6": peer}]} if ":" in peer else {"IpRanges": [{"CidrIp": peer}]}


class NetworkBuilder(Recorder):
    """Builds networks."""

    __slots__ = ()

    def vpc(self, cidr: str = "10.0.0.0/16", *, ipv6: bool = False) -> Vpc:
        """Make a VPC."""
        answer = self.call("ec2", "create_vpc", CidrBlock=cidr, AmazonProvidedIpv6CidrBlock=ipv6)["Vpc"]
        self.note(answer["VpcId"])
        if ipv6:
            self.default_nacl6(answer["VpcId"])
        blocks = self.call("ec2", "describe_vpcs", VpcIds=[answer["VpcId"]])["Vpcs"][0]
        block6 = next((item["Ipv6CidrBlock"] for item in blocks.get("Ipv6CidrBlockAssociationSet", ())), "")
        return Vpc(answer["VpcId"], cidr, block6)

    def default_nacl6(self, vpc: str) -> None:
        """Allow IPv6 in the default network ACL, as the real service does for a VPC with IPv6 and moto does not."""
        found = self.call("ec2", "describe_network_acls", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
        for direction in ("in", "out"):
            self.nacl_rule(found["NetworkAcls"][0]["NetworkAclId"], f"{direction} 101 allow all ::/0")

    def subnet(self, vpc: Vpc, *, public: bool = False, zone: str = "a", tags: Tags | None = None) -> Subnet:
        """Make the next /24 of ``vpc``. A ``public`` subnet has a route to the internet gateway."""
        block = str(next(islice(ip_network(vpc.cidr).subnets(new_prefix=24), vpc.subnets, None)))
        extra: dict[str, object] = {}
        if vpc.cidr6:
            block6 = next(islice(ip_network(vpc.cidr6).subnets(new_prefix=64), vpc.subnets, None))
            extra["Ipv6CidrBlock"] = str(block6)
        vpc.subnets += 1
        zone_name = self.session.region_name + zone
        made = self.call("ec2", "create_subnet", VpcId=vpc.id, CidrBlock=block, AvailabilityZone=zone_name, **extra)
        subnet = str(made["Subnet"]["SubnetId"])
        table = str(self.call("ec2", "create_route_table", VpcId=vpc.id)["RouteTable"]["RouteTableId"])
        self.call("ec2", "associate_route_table", SubnetId=subnet, RouteTableId=table)
        self.tag(subnet, tags or {})
        self.note(subnet, table)
        handle = Subnet(subnet, vpc, table, zone_name)
        if public:
            self.route(handle, WORLD, self.gateway(vpc))
            if vpc.cidr6:
                self.route(handle, WORLD6, self.gateway(vpc))
        return handle

    def gateway(self, vpc: Vpc) -> str:
        """The internet gateway of ``vpc``, made on first use."""
        if not vpc.gateway:
            vpc.gateway = str(self.call("ec2", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"])
            self.call("ec2", "attach_internet_gateway", InternetGatewayId=vpc.gateway, VpcId=vpc.id)
            self.note(vpc.gateway)
        return vpc.gateway

    def nat(self, subnet: Subnet) -> str:
        """Make a NAT gateway in ``subnet``."""
        address = self.call("ec2", "allocate_address", Domain="vpc")["AllocationId"]
        answer = self.call("ec2", "create_nat_gateway", SubnetId=subnet.id, AllocationId=address)
        self.note(answer["NatGateway"]["NatGatewayId"], address)
        return str(answer["NatGateway"]["NatGatewayId"])

    def route(self, subnet: Subnet, destination: str, target: str) -> None:
        """Add a route from ``subnet`` for ``destination`` to ``target`` (a gateway, NAT gateway or peering)."""
        kind = {"igw": "GatewayId", "nat": "NatGatewayId", "pcx": "VpcPeeringConnectionId", "vgw": "GatewayId"}
        block = {"DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock": destination}
        where = {kind[target.partition("-")[0]]: target}
        self.call("ec2", "create_route", RouteTableId=subnet.table, **block, **where)
        self.note(subnet.table)

    def peering(self, vpc: Vpc, peer: Vpc) -> str:
        """Peer two VPCs, without routes."""
        asked = self.call("ec2", "create_vpc_peering_connection", VpcId=vpc.id, PeerVpcId=peer.id)
        peering = str(asked["VpcPeeringConnection"]["VpcPeeringConnectionId"])
        self.call("ec2", "accept_vpc_peering_connection", VpcPeeringConnectionId=peering)
        self.note(peering)
        return peering

    def vpn(self, vpc: Vpc) -> str:
        """Make a virtual private gateway: the AWS end of a VPN to an office."""
        gateway = str(self.call("ec2", "create_vpn_gateway", Type="ipsec.1")["VpnGateway"]["VpnGatewayId"])
        self.call("ec2", "attach_vpn_gateway", VpnGatewayId=gateway, VpcId=vpc.id)
        self.note(gateway)
        return gateway

    def nacl(self, subnet: Subnet, *rules: str) -> str:
        """Guard ``subnet`` with a network ACL of ``rules`` such as "in 100 deny tcp/22 0.0.0.0/0"."""
        acl = str(self.call("ec2", "create_network_acl", VpcId=subnet.vpc.id)["NetworkAcl"]["NetworkAclId"])
        for rule in rules:
            self.nacl_rule(acl, rule)
        found = self.call("ec2", "describe_network_acls", Filters=[{"Name": "vpc-id", "Values": [subnet.vpc.id]}])
        links = (
            link
            for network_acl in found["NetworkAcls"]
            for link in network_acl["Associations"]
            if link["SubnetId"] == subnet.id
        )
        link = next(links)["NetworkAclAssociationId"]
        self.call("ec2", "replace_network_acl_association", AssociationId=link, NetworkAclId=acl)
        self.note(acl)
        return acl

    def nacl_rule(self, acl: str, rule: str) -> None:
        """Add one rule to ``acl``."""
        direction, number, action, service, cidr = rule.split()
        fields = permission(service)
        names = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}
        entry: dict[str, object] = {"Protocol": names.get(str(fields["IpProtocol"]), fields["IpProtocol"])}
        ports = {"From": fields.get("FromPort"), "To": fields.get("ToPort")}
        if service.startswith("icmp"):
            entry["IcmpTypeCode"] = {"Type": ports["From"], "Code": ports["To"]}
        elif service.startswith(("tcp", "udp")):
            entry["PortRange"] = ports
        self.call(
            "ec2",
            "create_network_acl_entry",
            NetworkAclId=acl,
            RuleNumber=int(number),
            RuleAction=action,
            Egress=direction == "out",
            **{"Ipv6CidrBlock" if ":" in cidr else "CidrBlock": cidr},
            **entry,
        )

    def group(self, vpc: Vpc, name: str, tags: Tags | None = None) -> Group:
        """Make a security group that lets nothing in and everything out."""
        answer = self.call("ec2", "create_security_group", VpcId=vpc.id, GroupName=name, Description=name)
        self.tag(answer["GroupId"], tags or {})
        self.note(answer["GroupId"])
        return Group(answer["GroupId"], self)

    def foreign_group(self, vpc: Vpc, account: str) -> ForeignGroup:
        """Make a security group of another account that one rule of ``vpc`` can name."""
        made = self.call("ec2", "create_security_group", VpcId=vpc.id, GroupName=account, Description="foreign")
        self.note(made["GroupId"])
        return ForeignGroup(made["GroupId"], account, vpc.id)

    def prefixes(self, name: str, *cidrs: str) -> PrefixList:
        """Make a prefix list."""
        family = "IPv6" if any(":" in cidr for cidr in cidrs) else "IPv4"
        entries = [{"Cidr": cidr} for cidr in cidrs]
        answer = self.call(
            "ec2",
            "create_managed_prefix_list",
            PrefixListName=name,
            Entries=entries,
            MaxEntries=10,
            AddressFamily=family,
        )
        self.note(answer["PrefixList"]["PrefixListId"])
        return PrefixList(answer["PrefixList"]["PrefixListId"])
