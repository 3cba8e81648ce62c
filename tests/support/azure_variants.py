"""Judge made-up clusters on Azure that differ in one detail, with the real SDK and the real evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard import collection, pipeline
from cloudguard.model.cluster import Role
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report


@dataclass(frozen=True)
class Variant:
    """An account with the expected ``verdict`` of a ``row`` of the cluster "prod".

    ``finds``: checks of the row and severities, "inside:high", each of which a finding must have. ``lacks``: checks
    that no finding of the row may have. ``says``: words that the row must contain, in its reason, its unknown facts or
    the messages of its findings.
    """

    build: Callable[[], Subscription]
    row: str
    verdict: str
    finds: Sequence[str] = ()
    lacks: Sequence[str] = ()
    says: Sequence[str] = ()
    policy: Declarations = field(default_factory=Declarations)
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])
    hosts: Mapping[str, Sequence[Role]] = field(default_factory=dict[str, Sequence[Role]])
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    def check(self, cloud: AzureProxy) -> Report:
        """Judge the account, assert what is expected, and return the report."""
        report = report_on(cloud, self.build(), self.policy, role_tags=self.role_tags, hosts=self.hosts, **self.options)
        row = report.row(self.row)
        assert row.verdict == self.verdict, (row.why, row.unknown, found(report, self.row))
        for wanted in self.finds:
            assert wanted in found(report, self.row)
        for wrong in self.lacks:
            assert not any(one.startswith(f"{wrong}:") for one in found(report, self.row))
        words = "\n".join((row.why, *row.unknown, *(finding.message for finding in row.findings)))
        for word in self.says:
            assert word in words
        return report


def report_on(
    cloud: AzureProxy,
    account: Subscription | Azure,
    policy: Declarations | None = None,
    *,
    role_tags: Mapping[Role, Sequence[str]] | None = None,
    hosts: Mapping[str, Sequence[Role]] | None = None,
    **options: str,
) -> Report:
    """Return the report on the cluster "prod" of an account. ``options``: Azure's own flags."""
    cloud.azure = account if isinstance(account, Azure) else Azure(account)
    subscription = (cloud.azure.account.subscription,)
    snapshot = collection.collect(
        "azure",
        cluster="prod",
        options={"subscription": subscription, **options},
        role_tags=role_tags,
        extra_hosts=hosts,
    )
    return pipeline.evaluate(snapshot, policy)


def found(report: Report, row: str) -> list[str]:
    """Return the findings of a row as text: "inside:high"."""
    return [f"{finding.check.partition('/')[2]}:{finding.severity}" for finding in report.row(row).findings]


def above_low(report: Report, row: str) -> list[Finding]:
    """Return the findings of a row above advice."""
    return [finding for finding in report.row(row).findings if finding.severity > Severity.LOW]
