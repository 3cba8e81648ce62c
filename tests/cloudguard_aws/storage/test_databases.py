"""Databases that may hold the cluster's data instead of etcd."""

from __future__ import annotations

import pytest

from aws_hosts import api_of
from cloudguard_aws.storage.databases import read_datastores
from moto_fixtures.aws.builder import Account

OWNED = "kubernetes.io/cluster/prod"


def database(a: Account, subnets: list[str], name: str, engine: str = "postgres", **tags: str) -> None:
    """Make a database in subnets of one VPC."""
    group = {"DBSubnetGroupName": f"{name}-subnets", "DBSubnetGroupDescription": name}
    a.call("rds", "create_db_subnet_group", SubnetIds=subnets, **group)
    login = {"MasterUsername": "user", "MasterUserPassword": "not-a-secret-1"}
    size = {"DBInstanceClass": "db.t3.medium", "AllocatedStorage": 20}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    where = {"DBInstanceIdentifier": name, "Engine": engine, "DBSubnetGroupName": group["DBSubnetGroupName"]}
    a.call("rds", "create_db_instance", **where, **login, **size, StorageEncrypted=False, Tags=listed)


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(
    ("installer", "found"),
    [("k3s", ["billing", "kine-1", "owned"]), ("kubeadm", ["kine-1", "owned"]), ("unknown", ["kine-1", "owned"])],
)
def test_any_database_in_the_vpc_counts_for_k3s_and_named_ones_for_others(
    inner_account: Account, installer: str, found: list[str]
) -> None:
    a = inner_account
    vpc, other = a.vpc(), a.vpc("10.9.0.0/16")
    own = [a.subnet(vpc, zone=zone).id for zone in "ab"]
    elsewhere = [a.subnet(other, zone=zone).id for zone in "ab"]
    database(a, own, "billing", "mysql")
    database(a, own, "search", "sqlserver-ex")
    database(a, elsewhere, "shop")
    database(a, elsewhere, "kine-1")
    database(a, elsewhere, "owned", **{OWNED: "owned"})
    api = api_of(a)
    assert [read_datastore.id for read_datastore in read_datastores(api, "prod", installer, {vpc.id})] == found
    assert api.gaps == ()
