"""EKS whose service accounts have their own roles. More service accounts than intended may use some of the roles."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import CLUSTER
from moto_fixtures.aws.scenes import eks_restricted

DECLARED = eks_restricted.DECLARED
VERDICTS = eks_restricted.VERDICTS | {"cloud-api-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    eks_restricted.build(a)
    issuer = a.issuer(CLUSTER)
    a.federated("csi.prod", issuer, "kube-system:ebs-csi-controller-sa")  # OK
    a.federated("dns.prod", issuer, "dns:*")  # NOT OK: cloud-api-access/trust
    a.federated("any.prod", issuer)  # NOT OK: cloud-api-access/trust
    a.federated("staging", f"{issuer}0")  # OK
    scaler = a.role("scaler.prod", service="pods.eks")  # OK
    a.associate(CLUSTER, "kube-system:cluster-autoscaler", scaler.arn)
