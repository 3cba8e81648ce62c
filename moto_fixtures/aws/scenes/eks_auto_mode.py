"""EKS Auto Mode: a node of its own pool, and balancers of a Service and an Ingress that send to a pod's address.

Every resource has the tags of Auto Mode.
"""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean, eks_public

DECLARED = clean.DECLARED
VERDICTS = eks_public.VERDICTS | {"api-server-access": "PASS"}
OWN = {"eks:eks-cluster-name": "prod"}
SERVICE = OWN | {"service.eks.amazonaws.com/stack": "shop/web"}
INGRESS = OWN | {"ingress.eks.amazonaws.com/stack": "shop/pages", "ingress.eks.amazonaws.com/resource": "LoadBalancer"}


def build(a: Account) -> None:
    """Build the account."""
    net = eks_public.network(a)
    key = a.key()  # OK
    cluster = a.eks(
        "prod", [net.private], net.cluster_role, public=[clean.ADMINS], private=True, secrets_key=key
    )  # NOT OK: node-access/control-plane
    tags = OWN | {"eks:kubernetes-node-pool-name": "general-purpose"}
    node = a.host("", net.private, [cluster.group], tags, role=net.node_role)  # OK
    pod = a.pod_address(node)
    front = a.group(net.vpc, "k8s-shop-web", tags=SERVICE)  # OK
    front.allow("tcp/80", WORLD)  # OK
    back = a.group(net.vpc, "k8s-traffic-prod", tags=SERVICE)  # OK
    cluster.group.allow("tcp/8080", back)  # OK
    web = a.nlb("k8s-shop-web", net.public, [front, back], tags=SERVICE)  # OK
    a.listener(web, 80, [pod], 8080, by_address=True)  # OK
    pages = a.group(net.vpc, "k8s-shop-pages", tags=INGRESS)  # OK
    pages.allow("tcp/80", WORLD)  # OK
    cluster.group.allow("tcp/8443", pages)  # OK
    ingress = a.nlb("k8s-shop-pages", net.public, [pages], kind="application", tags=INGRESS)  # OK
    a.listener(ingress, 80, [pod], 8443, protocol="HTTP", by_address=True)  # OK
