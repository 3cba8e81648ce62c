"""A made-up AKS cluster in a subnet that lets in only nodes, with what a test may add to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from azure_fixtures import CLUSTERS, Subscription
from azure_identities import IDENTITIES
from azure_ids import Item
from azure_networks import NETWORK
from azure_rules import ANY, rule

ISSUER: Final = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"
GITHUB: Final = "https://token.actions.githubusercontent.com"
OFFICE_ONLY: Final = {"authorizedIPRanges": ["198.51.100.0/24"]}
NODES: Final = ("10.1.0.4", "10.1.0.5")


class Aks(Subscription):
    """The cluster "prod" with service accounts' tokens. All rows pass. ``rest``: further properties of the cluster."""

    def __init__(self, access: Mapping[str, Any] | None = None, **rest: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__()
        self.nodes = self.application_group("nodes")
        shut = rule("nobody", 4096, source="VirtualNetwork", protocol=ANY, access="Deny")
        probes = rule("probes", 4000, source="AzureLoadBalancer", protocol=ANY)
        own = rule("nodes", 100, source_groups=[self.nodes], protocol=ANY)
        self.nsg = self.security_group("nodes", own, probes, shut)
        self.vnet = self.network("aks", "10.1.0.0/16")
        self.where = self.subnet(self.vnet, "nodes", "10.1.0.0/24", nsg=self.nsg)
        more: dict[str, Any] = {"oidcIssuerProfile": {"enabled": True, "issuerURL": ISSUER}, **rest}
        self.cluster = self.managed_cluster(
            access=OFFICE_ONLY if access is None else access,
            subnet=self.where,
            addresses=NODES,
            asgs=[self.nodes],
            **more,
        )

    @property
    def kubelet(self) -> str:
        """The object id of the kubelets' identity."""
        return self.principal(self.id(IDENTITIES, "prod-agentpool", group=self.node_group()))

    @property
    def itself(self) -> Item:
        """The properties of the cluster."""
        return self.properties(self.cluster)

    def pod(self, name: str = "app") -> str:
        """Add an identity that the service account default/NAME can take on, and return its object id."""
        own = self.identity(name)
        self.federated(own, name, ISSUER, f"system:serviceaccount:default:{name}")
        return self.principal(own)

    def let(self, *rules: Item) -> None:
        """Add rules to the security group of the nodes' subnet."""
        listed = self.properties(self.nsg)["securityRules"]
        listed += [{"id": f"{self.nsg}/securityRules/{item['name']}", **item} for item in rules]

    def powerful(self, name: str = "deployer", rg: str = "ops") -> str:
        """Add an identity that owns the subscription, and return its id."""
        own = self.identity(name, rg=rg)
        self.assign(self.principal(own), "Owner")
        return own

    def runner(self, *identities: str, system: bool = False, rg: str = "ops") -> str:
        """Add a machine in a separate network, which holds identities, and return its id."""
        subnet = self.subnet(self.network("ops", "10.50.0.0/16", rg=rg), "runners", "10.50.0.0/24")
        return self.machine("runner", subnet, "10.50.0.4", identities=identities, system=system, rg=rg)

    def bind(self, identity: str, name: str = "shared") -> None:
        """Bind an identity to the cluster, with the credential that AKS makes for it."""
        held = self.properties(identity)
        issuer = f"https://ib.oic.prod-aks.azure.com/{self.tenant}/{held['clientId']}"
        managed = {
            "resourceId": identity,
            "objectId": held["principalId"],
            "clientId": held["clientId"],
            "tenantId": self.tenant,
        }
        made = {"managedIdentity": managed, "oidcIssuer": {"oidcIssuerUrl": issuer}, "provisioningState": "Succeeded"}
        own = f"{self.cluster}/identityBindings/{name}"
        self.put({"id": own, "name": name, "type": f"{CLUSTERS}/identityBindings", "properties": made})
        self.federated(identity, "aks-identity-binding", issuer, "system:serviceaccount:aks:identity-binding")

    def expression(self, identity: str, text: str, issuer: str = GITHUB) -> None:
        """Let the subjects that an expression selects take on an identity. The SDK's model lacks this field."""
        own, kind = f"{identity}/federatedIdentityCredentials/ci", f"{IDENTITIES}/federatedIdentityCredentials"
        matching = {"value": text, "languageVersion": 1}
        made = {"issuer": issuer, "claimsMatchingExpression": matching, "audiences": ["api://AzureADTokenExchange"]}
        self.items[own.lower()] = {"id": own, "name": "ci", "type": kind, "properties": made}

    def addon(self, name: str, identity: str, **rest: Any) -> None:  # noqa: ANN401 - JSON
        """Enable an add-on with an identity."""
        self.itself.setdefault("addonProfiles", {})[name] = {
            "enabled": True,
            "identity": self.reference(identity),
            **rest,
        }

    def reference(self, identity: str) -> Item:
        """Return the fields by which AKS refers to an identity."""
        held = self.properties(identity)
        return {"resourceId": identity, "clientId": held["clientId"], "objectId": held["principalId"]}

    def delegated(self, name: str, service: str, cidr: str = "10.1.6.0/24", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a subnet of the cluster's network that a service uses, and return its id."""
        delegations = [{"name": name, "properties": {"serviceName": service}}]
        return self.subnet(self.vnet, name, cidr, delegations=delegations, **rest)

    def peer(self, cidr: str = "10.2.0.0/16", name: str = "other", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a peered network and return its id. ``rest``: properties of the cluster's own peering."""
        other = self.network(name, cidr, rg="hub")
        self.peering(self.vnet, other, **rest)
        self.peering(other, self.vnet)
        return other

    def add_network(self, kind: str, name: str, made: Item, **top: Any) -> str:  # noqa: ANN401 - JSON
        """Add a resource of Microsoft.Network."""
        return self.add(f"{NETWORK}/{kind}", name, made, **top)


class Alone(Subscription):
    """An AKS cluster alone in a subnet of a network, with AKS' own group only: its rule for the network is imposed."""

    def __init__(self, cidr: str = "10.1.0.0/24") -> None:
        super().__init__()
        self.vnet = self.network("aks", "10.1.0.0/16")
        self.where = self.subnet(self.vnet, "nodes", cidr)
        self.managed_cluster(access=OFFICE_ONLY, subnet=self.where, addresses=["10.1.0.4"])

    def here(self, key: str, value: object) -> Alone:
        """Set a property of the nodes' subnet."""
        self.get(self.where)["properties"][key] = value
        return self
