"""Labels, tags and names never make a row pass: each scene is read again with one of them replaced."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import pytest

from cloudguard import collection, pipeline
from cloudguard.errors import CloudguardError
from cloudguard.results.report import Report, Verdict
from draws import seeds
from gcp_clusters import WORLD, capg, kops, open_ssh, openshift
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google
from spoilt import UNKNOWN_WORD

WORDS: Final = (UNKNOWN_WORD, "1", "prod", "prod-worker-1", "prod-master-1", "prod-etcd", "bastion", "node")
BUILT: dict[str, tuple[Callable[[], Project], str]] = {
    "kops": (open_ssh, "prod"),
    "kops, etcd": (lambda: kops(etcd={"allow": "tcp:4001-4002", "sourceRanges": [WORLD]}), "prod"),
    "capg": (capg, "prod"),
    "openshift": (openshift, "prod-x7k2p"),
}


def written_on(project: Project) -> Iterator[tuple[str, Any, Any]]:
    """Yield labels, tags and names of machines and disks: (resource, container, key)."""
    for path, items in project.lists.items():
        for item in items if path.endswith(("/instances", "/disks")) else ():
            yield from ((item["selfLink"], item["labels"], key) for key in item.get("labels", ()))
            tags = item.get("tags", {}).get("items", [])
            yield from ((item["selfLink"], tags, place) for place in range(len(tags)))


def report_on(google_cloud: Proxy, project: Project, cluster: str) -> Report:
    google_cloud.google = Google(project)
    return pipeline.evaluate(collection.collect("gcp", cluster=cluster))


@pytest.mark.mistake("role-removed")
@pytest.mark.parametrize(("build", "cluster"), BUILT.values(), ids=BUILT)
def test_renaming_a_resource_never_turns_fail_into_pass(
    google_cloud: Proxy, build: Callable[[], Project], cluster: str
) -> None:
    """A label or tag of a resource in the row's findings is excepted: it may decide the resource's owner or role."""
    before = report_on(google_cloud, build(), cluster)
    assert any(row.verdict is Verdict.FAIL for row in before.rows)
    for seed in seeds(8):
        draw, project = Random(seed), copy.deepcopy(build())
        bearer, held, key = draw.choice(list(written_on(project)))
        held[key] = draw.choice(WORDS)
        try:
            after = report_on(google_cloud, project, cluster)
        except CloudguardError:
            continue  # the replacement hides the cluster itself
        turned = [
            row.row
            for row in before.rows
            if row.verdict is Verdict.FAIL and after.row(row.row).verdict is Verdict.PASS
            if bearer.rpartition("/")[2] not in repr(row.findings)
        ]
        assert not turned, (seed, bearer, key, held[key])
