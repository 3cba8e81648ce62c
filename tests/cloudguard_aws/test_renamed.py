"""Tags and names never make a row pass: each scene is read again with one tag's value or one name replaced."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import pytest
from moto import mock_aws

from cloudguard import pipeline
from cloudguard.errors import CloudguardError
from cloudguard.provider.answers import Answer
from cloudguard.provider.reader import Call, Reader
from cloudguard.results.report import Report, Verdict
from cloudguard_aws.access.api import Api
from draws import seeds
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.scene import Scene, collect, scenes
from refused_calls import Reusing
from remembered import remembering
from spoilt import UNKNOWN_WORD

WORDS: Final = (UNKNOWN_WORD, "", "1", "prod", "prod-worker-1", "prod-master-1", "prod-etcd", "bastion", "microk8s")
Tag = tuple[str, str]
"""(id of the resource with the tag, key of the tag)."""
FAILING: Final = (
    "capa",
    "etcd_volume_plain",
    "external_etcd",
    "former_disk",
    "next_host",
    "openshift",
    "untagged_member",
)


@dataclass
class Renaming:
    """Records the tags in answers, and replaces the value of ``target`` by ``word``."""

    seen: dict[Tag, str] = field(default_factory=dict[Tag, str])
    target: Tag | None = None
    word: str = ""

    def fetching(self, fetch: Any) -> Any:  # noqa: ANN401 - a method of a reader's
        """Return a ``fetch`` that replaces the value in the answers of ``fetch``."""

        def renamed(reader: Reader[Any], call: Call, parameters: Mapping[str, Any]) -> Answer:
            answer: Answer = fetch(reader, call, parameters)
            items: list[Any] = copy.deepcopy([*answer.items])
            for item in items:
                self._rename(item, reader.identifiers)
            return Answer(items, answer.faults)

        return renamed

    def _rename(self, item: dict[str, Any], identifiers: tuple[str, ...]) -> None:
        owner = next((str(item[key]) for key in identifiers if item.get(key)), "")
        tags: list[dict[str, str]] = item["Tags"] if isinstance(item.get("Tags"), list) else []
        for tag in tags:
            self.seen.setdefault((owner, tag["Key"]), tag["Value"])
            if (owner, tag["Key"]) == self.target:
                tag["Value"] = self.word


@dataclass
class Renamed:
    """A scene to read with replaced names."""

    scene: Scene
    account: Account
    renaming: Renaming
    report: Report

    def read(self) -> Report:
        """Return the report on the account, read with the current replacement."""
        return pipeline.evaluate(collect(self.scene, self.account.session), self.scene.DECLARED.policy)


@pytest.fixture(scope="module", params=FAILING)
def renamed(request: pytest.FixtureRequest) -> Iterator[Renamed]:
    """Each scene in turn."""
    scene = scenes()[request.param]
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        account, renaming = Account(Reusing(region_name=REGION)), Renaming()
        scene.build(account)
        patch.setattr(Api, "fetch", renaming.fetching(remembering(Api.fetch, lambda _: False)))
        report = pipeline.evaluate(collect(scene, account.session), scene.DECLARED.policy)
        yield Renamed(scene, account, renaming, report)


def test_renaming_a_resource_never_turns_fail_into_pass(renamed: Renamed) -> None:
    """A tag (not a name) of a resource in a finding of the row is excepted: it may decide its owner or role."""
    known = dict(renamed.renaming.seen)
    for seed in seeds(6):
        draw = Random(seed)
        target = draw.choice(sorted(known))
        renamed.renaming.target, renamed.renaming.word = target, draw.choice(WORDS)
        try:
            report = renamed.read()
        except CloudguardError:
            continue  # the replacement hides the cluster itself
        turned = [
            row.row
            for row in renamed.report.rows
            if row.verdict is Verdict.FAIL and report.row(row.row).verdict is Verdict.PASS
            if target[1] == "Name" or target[0] not in repr(row.findings)
        ]
        assert not turned, (seed, target, known[target], renamed.renaming.word)
