"""``docs/identities/README.md``: what AWS roles of Kubernetes clusters are granted, judged by the engine.

The roles and their policies are those of ``known_roles``, each with its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cloudguard.authorization.escalations.granted import GrantedEscalation, granted_escalations
from cloudguard.authorization.excess import Comparer, Excess
from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import Access, PermissionNeed
from cloudguard.model.identity import Identities, Identity, ServiceAccountIdentity
from cloudguard.model.network import Topology
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.source import Source
from cloudguard.needs.declarations import Declarations as Declared
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.results.wording import actions_text
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog
from docs.identities.known_roles import KnownRole, known_roles

PAGE = Path(__file__).parent / "README.md"
ACCOUNT, REGION, CLUSTER = "111122223333", "eu-west-1", "prod"
VALUES = {
    "account": [ACCOUNT],
    "bucket": ["state-store"],
    "cluster": [CLUSTER],
    "dashed": [CLUSTER],
    "partition": ["aws"],
    "region": [REGION],
    "state": ["state-store"],
}
_SOURCE = Source("docs")
_MOST, _FEW = 100, 10
INTRODUCTION = """\
<!-- Written by `make docs` from docs/identities and providers/cloudguard_aws/iam_catalog. Edit those files instead. -->

# What do a cluster's AWS roles really hold?

Roles as installers make them, and as documentation asks for them, judged as the row
[`cloud-api-access`](../rows/cloud-api-access.md) judges a cluster's own: what each is granted is compared with what the
parts of a cluster that hold it need, action by action, resource by resource, condition by condition. The cluster is
called `prod`, in account 111122223333 and eu-west-1.

- **Excess**: granted and not needed. What changes resources or reads secrets and data is counted apart from what only
  lists.
- **Provider-mandated**: excess by a policy that EKS requires.
- **Missing**: documented as a need, and granted nowhere.
- **Escalation paths**: what the holder can gain by combining actions; those in brackets only under a condition, or on
  some resources. A path whose every action is needed is a risk of the component, not a mistake of the role.

A role is judged beside the cluster's other roles that it names: if it can assume more identities of the account, it has
more escalation paths.
"""


@dataclass(frozen=True)
class Judged:
    """A role, its excess and its escalation paths."""

    role: KnownRole
    excess: Excess
    escalations: tuple[GrantedEscalation, ...]

    @property
    def risky(self) -> PermissionSet:
        """The excess that changes resources or reads data."""
        return self.excess.with_access(Access.WRITE, Access.DATA)

    @property
    def listing(self) -> PermissionSet:
        """The excess that only lists."""
        return self.excess.with_access(Access.LIST)


def judged() -> tuple[Judged, ...]:
    """Return every known role, judged."""
    return tuple(_judged(role) for role in known_roles(VALUES))


def compared(role: KnownRole) -> tuple[Comparer, Identity]:
    """Return a comparer for a cluster with this role, and the role as its identity."""
    prefix, managed = f"arn:aws:iam::{ACCOUNT}:role", role.installer == "eks"
    names = tuple(policy.id for policy in role.policies)
    identity = Identity(f"{prefix}/{role.name}", role.name, (role.holder,), names, _SOURCE)
    others = tuple(Identity(f"{prefix}/{name}", name, ("node",), (), _SOURCE) for name in role.others)
    moved = tuple(ServiceAccountIdentity(f"{prefix}/{name}", name, (name,), "", _SOURCE) for name in role.moved)
    cluster = Cluster(CLUSTER, "aws", ACCOUNT, (REGION,), role.installer, "", managed, "")
    identities = Identities((identity, *others), role.policies, service_accounts=moved)
    known = iam_catalog(Snapshot(SCHEMA, "docs", "", "", cluster, Topology(), identities))
    return Comparer(cluster, identities, known, Declared(addons=role.addons)), identity


def _judged(role: KnownRole) -> Judged:
    comparer, identity = compared(role)
    excess = comparer.of(identity)
    return Judged(role, excess, granted_escalations(excess, comparer.iam_catalog.escalation_paths))


def page(roles: Iterable[Judged]) -> str:
    """Return the Markdown page."""
    listed = tuple(roles)
    version = listed[0].excess.comparer.iam_catalog.catalog.version
    lines = [INTRODUCTION, f"Actions by {version}.", "", *_table(listed), ""]
    for judged in listed:
        lines += _section(judged)
    lines += _addons(listed[0].excess.comparer.iam_catalog.needs)
    return "\n".join(lines).rstrip() + "\n"


def _table(roles: Iterable[Judged]) -> Iterator[str]:
    yield "| role | excess: changes or reads data | excess: lists | provider-mandated | missing | escalation paths |"
    yield "|---|---|---|---|---|---|"
    for role in roles:
        counts = (role.risky, role.listing, role.excess.mandated, role.excess.missing)
        exceeding = sum(escalation.exceeds_need for escalation in role.escalations)
        needed = len(role.escalations) - exceeding
        paths = f"{exceeding}" + (f" ({needed} more by need or mandate)" if needed else "")
        cells = [f"[{role.role.title}](#{role.role.id})", *(_count(requests) for requests in counts), paths]
        yield f"| {' | '.join(cells)} |"


def _count(requests: PermissionSet) -> str:
    if not requests:
        return "0"
    return "almost everything" if _anything(requests) else str(requests.actions.bit_count())


def _anything(requests: PermissionSet) -> bool:
    """Whether a set holds actions of services that are not even listed."""
    return bool(requests.actions & requests.space.table.unlisted("*:*"))


def _section(judged: Judged) -> Iterator[str]:
    role, excess = judged.role, judged.excess
    yield f'## <a id="{role.id}"></a>{role.title}'
    yield ""
    yield f"Held by: {role.holder}. Installer: {role.installer}. [Source]({role.source})"
    yield ""
    yield f"- Policies: {', '.join(f'[{policy.name}]({policy.source.call})' for policy in role.policies)}"
    if role.moved:
        yield f"- With roles of their own: {', '.join(f'`{account}`' for account in role.moved)}"
    needs = (
        f"[{choice.need.id}]({choice.need.source}) ({choice.need.release}; {choice.why})" for choice in excess.choices
    )
    yield f"- Needs: {', '.join(needs) or 'nothing'}"
    for title, requests in (
        ("Excess that changes or reads data", judged.risky),
        ("Excess that lists", judged.listing),
        ("Provider-mandated excess", excess.mandated),
        ("Missing", excess.missing),
    ):
        if requests:
            most = _FEW if _anything(requests) else _MOST
            yield f"- {title}: {_code(actions_text(requests.space.table, requests.actions, most))}"
    witness = judged.risky.witness()
    if witness is not None:
        yield f"- For example: `{witness.action}` on `{witness.name}`"
    yield from _escalations(judged.escalations)
    yield ""


def _addons(needs: Iterable[PermissionNeed]) -> Iterator[str]:
    yield '## <a id="addons"></a>Add-ons'
    yield ""
    yield "Declare the add-ons that run with the identity of the hosts: `addons` in `cloudguard.toml`. Those that are"
    yield "implied by their grant need no declaration: their installer grants all of it where they run, else nothing."
    yield "If a service account has a role of its own, the hosts do not need the permissions of its add-on."
    yield ""
    yield "| add-on | held by | installer | service accounts | implied by grant | source | release |"
    yield "|---|---|---|---|---|---|---|"
    for need in sorted((need for need in needs if need.addon), key=lambda need: (need.addon, need.id)):
        installer = ", ".join(need.installers) or (
            f"any but {', '.join(need.except_installers)}" if need.except_installers else "any"
        )
        accounts = ", ".join(f"`{account}`" for account in need.service_accounts)
        cells = (
            f"`{need.addon}`",
            ", ".join(need.holders),
            installer,
            accounts,
            "yes" if need.implied_by_grant else "no",
            f"[{need.id}]({need.source})",
            need.release,
        )
        yield f"| {' | '.join(cells)} |"


def _escalations(escalations: Iterable[GrantedEscalation]) -> Iterator[str]:
    for escalation in escalations:
        path = f"[{escalation.path.id}]({escalation.path.source}): it {escalation.path.why}"
        by = "" if escalation.exceeds_need else ", by what it needs or EKS requires"
        yield f"- Escalation path {path}{by}" if escalation.unconditional else f"- (Escalation path {path}{by})"


def _code(words: str) -> str:
    """Set each action of a list as code; "and 3 more" stays as it is."""
    listed, more, rest = words.partition(" and ")
    return ", ".join(f"`{word}`" for word in listed.split(", ")) + more + rest


def pages() -> dict[Path, str]:
    """Return the page by its path."""
    return {PAGE: page(judged())}
