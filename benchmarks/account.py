"""A simulated account on its own moto server: a cluster as kops creates it, and unrelated resources."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

REGION = "eu-west-1"
CLUSTER = "prod.example.com"
AT_ONCE = 200
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


@dataclass(frozen=True)
class Server:
    """A moto server in its own process. It counts the calls that it receives."""

    endpoint: str

    def calls(self) -> int:
        """Return the number of calls since the last call of this method."""
        with urlopen(f"{self.endpoint}/benchmark/calls") as answer:  # noqa: S310 - loopback
            return int(json.load(answer))

    def wait(self, milliseconds: int) -> None:
        """Delay every later answer by ``milliseconds``."""
        urlopen(f"{self.endpoint}/benchmark/wait/{milliseconds}").close()  # noqa: S310 - loopback


def serve() -> None:
    """Run the server until it is killed. Its first line on stdout is its address."""
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - only in the child
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    inner: Any = DomainDispatcherApplication(create_backend_app)
    calls: list[str] = []
    waits = [0]

    def counting(environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401 - WSGI
        if environ["PATH_INFO"] == "/benchmark/calls":
            body = json.dumps(len(calls)).encode()
            calls.clear()
            start_response("200 OK", [("Content-Type", "application/json")])
            return [body]
        if environ["PATH_INFO"].startswith("/benchmark/wait/"):
            waits.append(int(environ["PATH_INFO"].rpartition("/")[2]))
            start_response("200 OK", [])
            return []
        calls.append(environ["PATH_INFO"])
        time.sleep(waits[-1] / 1000)
        return inner(environ, start_response)

    server = make_server("127.0.0.1", 0, counting, threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


@contextmanager
def server() -> Generator[Server]:
    """Yield a running server, and end it afterwards."""
    command = [sys.executable, "-c", "from account import serve; serve()"]
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - a working folder
    child = subprocess.Popen(
        command,
        cwd=here,
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert child.stdout is not None  # noqa: S101 - asked for above
        yield Server(child.stdout.readline().strip())
    finally:
        child.kill()
        child.wait()


class Maker:
    """Builds the account through boto3."""

    def __init__(self, endpoint: str) -> None:
        import boto3  # noqa: PLC0415 - only in the process that builds

        session: Any = boto3.Session(
            aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
            region_name=REGION,
        )
        self._session = session
        self._endpoint = endpoint
        self._name = CLUSTER

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes clients at run time
        """Return a client of the server."""
        return self._session.client(service, endpoint_url=self._endpoint)

    def cluster(self, nodes: int, name: str = CLUSTER) -> None:
        """Create three control-plane hosts with etcd volumes, ``nodes`` nodes, and a load balancer for the API."""
        self._name = name
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        public = [self._subnet(ec2, vpc, f"10.0.{number}.0/24") for number in range(3)]
        private = [self._subnet(ec2, vpc, f"10.0.{32 * (number + 1)}.0/19") for number in range(3)]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        for subnet in public:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        balancer, masters, workers = (self._group(ec2, vpc, name) for name in ("api-nlb", "masters", "nodes"))
        _allow(ec2, balancer, "tcp", 443, 443, {"IpRanges": [{"CidrIp": "198.51.100.0/24"}]})
        _allow(ec2, masters, "tcp", 443, 443, _pair(balancer))
        _allow(ec2, masters, "-1", -1, -1, _pair(masters))
        _allow(ec2, masters, "tcp", 4003, 65535, _pair(workers))
        _allow(ec2, workers, "-1", -1, -1, _pair(workers))
        profiles = {name: self._role(f"{name}.{self._name}") for name in ("masters", "nodes")}
        hosts = [
            self._hosts(ec2, 1, subnet, masters, profiles["masters"], "control-plane", f"master-{number}")[0]
            for number, subnet in enumerate(private)
        ]
        for number, host in enumerate(hosts):
            self._etcd(ec2, host, "abc"[number])
        for number, subnet in enumerate(private):
            count = nodes // 3 + (1 if number < nodes % 3 else 0)
            for start in range(0, count, AT_ONCE):
                many = min(AT_ONCE, count - start)
                self._hosts(ec2, many, subnet, workers, profiles["nodes"], "node", "node")
        self._balancer(vpc, public, balancer, hosts)

    def noise(self, groups: int, hosts: int) -> None:
        """Create unrelated resources in a separate VPC: ``groups`` security groups with eight rules each, and hosts."""
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.64.0.0/16")["Vpc"]["VpcId"]
        subnet = self._subnet(ec2, vpc, "10.64.0.0/18")
        group_ids = [self._group(ec2, vpc, f"noise-{number}") for number in range(groups)]
        for group in group_ids:
            permissions = [
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
                for port in range(1000, 1008)
            ]
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)
        for start in range(0, hosts, AT_ONCE):
            many = min(AT_ONCE, hosts - start)
            ec2.run_instances(ImageId="ami-1", MinCount=many, MaxCount=many, SubnetId=subnet)

    def _subnet(self, ec2: Any, vpc: str, cidr: str) -> str:  # noqa: ANN401 - a client
        return str(ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"])

    def _group(self, ec2: Any, vpc: str, name: str) -> str:  # noqa: ANN401 - a client
        return str(ec2.create_security_group(GroupName=f"{name}.{self._name}", Description=name, VpcId=vpc)["GroupId"])

    def _role(self, name: str) -> str:
        iam = self.client("iam")
        trust = json.dumps(_policy({"Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        grants = json.dumps(_policy({"Action": "ec2:DescribeInstances", "Resource": "*"}))
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=grants)
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return name

    def _hosts(  # noqa: PLR0913, PLR0917 - the properties of machines
        self,
        ec2: Any,  # noqa: ANN401 - a client
        count: int,
        subnet: str,
        group: str,
        profile: str,
        role: str,
        name: str,
    ) -> list[str]:
        tags = {
            "Name": f"{name}.{self._name}",
            "KubernetesCluster": self._name,
            f"kubernetes.io/cluster/{self._name}": "owned",
            f"k8s.io/role/{role}": "1",
            "kops.k8s.io/instancegroup": name,
        }
        answer = ec2.run_instances(
            ImageId="ami-1",
            InstanceType="m5.large",
            MinCount=count,
            MaxCount=count,
            SubnetId=subnet,
            SecurityGroupIds=[group],
            IamInstanceProfile={"Name": profile},
            TagSpecifications=[{"ResourceType": "instance", "Tags": _tags(tags)}],
        )
        return [instance["InstanceId"] for instance in answer["Instances"]]

    def _etcd(self, ec2: Any, host: str, member: str) -> None:  # noqa: ANN401 - a client
        tags = {f"kubernetes.io/cluster/{self._name}": "owned", "k8s.io/etcd/main": f"{member}/a,b,c"}
        volume = ec2.create_volume(
            AvailabilityZone=f"{REGION}a",
            Size=20,
            Encrypted=True,
            TagSpecifications=[{"ResourceType": "volume", "Tags": _tags(tags)}],
        )["VolumeId"]
        ec2.attach_volume(VolumeId=volume, InstanceId=host, Device="/dev/xvdu")

    def _balancer(self, vpc: str, subnets: list[str], group: str, hosts: list[str]) -> None:
        elb, name = self.client("elbv2"), f"api-{self._name.partition('.')[0]}"
        response = elb.create_load_balancer(
            Name=name, Subnets=subnets, SecurityGroups=[group], Scheme="internet-facing", Type="network"
        )["LoadBalancers"][0]["LoadBalancerArn"]
        target = elb.create_target_group(Name=name, Protocol="TCP", Port=443, VpcId=vpc, TargetType="instance")
        arn = target["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": host, "Port": 443} for host in hosts])
        actions = [{"Type": "forward", "TargetGroupArn": arn}]
        elb.create_listener(LoadBalancerArn=response, Protocol="TCP", Port=443, DefaultActions=actions)


def _policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _pair(group: str) -> dict[str, Any]:
    return {"UserIdGroupPairs": [{"GroupId": group}]}


def _allow(ec2: Any, group: str, protocol: str, first: int, last: int, peer: dict[str, Any]) -> None:  # noqa: ANN401, PLR0913, PLR0917
    permission = {"IpProtocol": protocol, "FromPort": first, "ToPort": last, **peer}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


@dataclass(frozen=True)
class Cost:
    """The cost of a command: seconds of wall time, seconds of processor time, peak memory in MB, exit status."""

    wall: float
    user: float
    peak: float
    status: int


def run(command: Sequence[str], endpoint: str, **environment: str) -> Cost:
    """Run a command to its end and return its cost. Python may write bytecode files, as in an installation."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    child = subprocess.Popen(
        command,
        env=environ | ENVIRONMENT | {"AWS_ENDPOINT_URL": endpoint} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(time.perf_counter() - started, usage.ru_utime, usage.ru_maxrss / 1024, child.returncode)
