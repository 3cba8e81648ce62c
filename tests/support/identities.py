"""A cluster in the small cloud with one identity on its control-plane host, and the small cloud's IAM catalog."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders import CONTROL_PLANE, NODE, SOURCE, host, snapshot
from cloudguard.model.cluster import MetadataService
from cloudguard.model.iam_catalog import Confidence, EscalationPath, IamCatalog, Impact, PermissionNeed
from cloudguard.model.identity import Condition, Effect, Identities, Identity, PolicyKind, Statement
from cloudguard.model.identity import PolicyDocument as Document
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Gap
from cloudguard.needs.declarations import Declarations
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult
from drawn_policies import FORMATS, PlainDocuments, SmallCatalog
from judged import changes_of, rows_of

SHUT = MetadataService(enabled=True, tokens_required=True, hop_limit=1)
ROLE = "n:p:role::1:role/masters"
MASTER = replace(host("cp", CONTROL_PLANE, identity=ROLE), metadata=SHUT)
WORKER = host("n", NODE)
OWN = Condition("StringEquals", "tag", ("prod",))
VOLUMES = "n:p:disk:*:*:volume/*"
BUCKET = ("n:p:store:::b1", "n:p:store:::b1/*")
PATHS = (
    EscalationPath(
        "self", ("role:Assume",), Impact.ADMINISTRATOR, "becomes whoever it likes", "a book", on_own_identity=True
    ),
    EscalationPath(
        "pass",
        ("role:PassRole", "disk:CreateVolume"),
        Impact.ROLE,
        "passes any role",
        "a book",
        passrole_action="role:PassRole",
    ),
    EscalationPath("steal", ("disk:CreateSnapshot",), Impact.DATA, "copies any disk", "a book"),
)


def allow(*actions: str, on: tuple[str, ...] = ("*",), when: tuple[Condition, ...] = (), name: str = "#1") -> Statement:
    return Statement(name, Effect.ALLOW, actions, resources=on, conditions=when)


def deny(*actions: str, on: tuple[str, ...] = ("*",), when: tuple[Condition, ...] = ()) -> Statement:
    return Statement("no", Effect.DENY, actions, resources=on, conditions=when)


def document(
    *statements: Statement, name: str = "p", kind: PolicyKind = PolicyKind.GRANT, by: str = "user"
) -> Document:
    return Document(name, name, kind, by, "{}", statements, SOURCE)


def need(*statements: Statement, name: str = "part", **fields: Any) -> PermissionNeed:  # noqa: ANN401 - any of its fields
    made = PermissionNeed(name, ("control-plane",), statements, "a page", Confidence.DOCUMENTED)
    return replace(made, **fields)


def iam_catalog(*needs: PermissionNeed, **fields: Any) -> IamCatalog:  # noqa: ANN401 - any of its fields
    made = IamCatalog(
        SmallCatalog(FORMATS),
        PlainDocuments(),
        needs,
        PATHS,
        cluster_resources=(allow("*", when=(OWN,)),),
        tag_keys=("tag",),
        tag_actions=("disk:CreateVolume",),
        preferred_segments=("n", "p", "", "", "1"),
    )
    return replace(made, **fields)


NEED = need(allow("disk:DescribeVolumes"), allow("disk:DeleteVolume", on=(VOLUMES,), when=(OWN,)))


def account(*documents: Document, complete: bool = True, gaps: tuple[Gap, ...] = (), **fields: Any) -> Snapshot:  # noqa: ANN401 - any of its fields
    names = tuple(policy.id for policy in documents if policy.kind is not PolicyKind.ORGANIZATION_LIMIT)
    identity = Identity(ROLE, "masters", ("control-plane",), names, SOURCE, complete)
    identities = replace(Identities((identity,), documents), **fields)
    return snapshot([MASTER, WORKER], identities=identities, gaps=gaps)


def row(made: Snapshot, facts: IamCatalog | None = None, policy: Declarations | None = None) -> RowResult:
    return rows_of(made, policy, iam_catalog(NEED) if facts is None else facts)["cloud-api-access"]


def severities(result: RowResult) -> dict[str, Severity]:
    return {
        finding.check.partition("/")[2]: finding.severity
        for finding in result.findings
        if finding.severity > Severity.LOW
    }


def changes(facts: Snapshot) -> list[Change]:
    return [*changes_of(facts, Declarations(), iam_catalog(NEED), row="cloud-api-access")]


def finding_of(result: RowResult, check: str) -> Finding:
    (finding,) = (finding for finding in result.findings if finding.check == check)
    return finding
