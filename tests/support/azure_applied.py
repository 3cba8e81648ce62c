"""Makes the plan of a made-up cluster on Azure come true: check, the plan's own calls, check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from azure_clusters import OFFICE
from azure_fixtures import Subscription
from azure_plan import run
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard import pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.change import Change
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report, Verdict
from cloudguard_azure import ADAPTER
from marked_scenes import Scene


@dataclass(frozen=True, slots=True)
class Applied:
    """The reports before and after a plan, the calls between, and the changes that no call makes."""

    before: Report
    after: Report
    calls: int
    left: tuple[Change, ...]

    @property
    def verdicts(self) -> Mapping[str, tuple[Verdict, Verdict]]:
        """The verdicts before and after, of each row that failed."""
        after = {row.row: row.verdict for row in self.after.rows}
        return {row.row: (row.verdict, after[row.row]) for row in self.before.rows if row.verdict is Verdict.FAIL}


def applied(cloud: AzureProxy, scene: Scene[Subscription]) -> Applied:
    """Check a scene, make the calls of its plan, and check it again; the administrators are declared."""
    if not scene.policy.admin_cidrs:
        scene = replace(scene, policy=replace(scene.policy, admin_cidrs=(OFFICE,)))
    cloud.azure = Azure(scene.build(), writable=True)
    snapshot = collected(cloud)
    before = scene.evaluate(snapshot)
    forms, made, left, count = ADAPTER.change_forms(snapshot), list[Change](), list[Change](), 0
    for change in worth(before):
        calls = forms.calls(change, made)
        for planned in calls:
            run(cloud.azure, planned.call)
        (made if calls else left).append(change)
        count += len(calls)
    return Applied(before, scene.evaluate(collected(cloud)), count, tuple(left))


def worth(report: Report) -> Iterable[Change]:
    """Return the changes that mend more than advice."""
    low = {one.id for row in report.rows for one in row.findings if one.severity is Severity.LOW}
    return [change for change in report.plan if not low.issuperset(change.mends)]


def collected(cloud: AzureProxy) -> Snapshot:
    """Read the cluster "prod"."""
    return pipeline.collect("azure", cluster="prod", options={"subscription": (cloud.azure.account.subscription,)})
