"""Remove facts from a snapshot. A row must not turn from FAIL to PASS, unless its findings rest on the removed fact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from types import ModuleType
from typing import Final

from cloudguard import pipeline
from cloudguard.errors import UsageError
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import installed, load
from cloudguard.results.report import RowResult, Verdict
from cloudguard.rows.judge import ROWS, judge
from spoilt import Json, at, drawn_places, named_at, spoilt, texts

FACTS: Final = ("cluster", "topology", "identities")
NAMED_BY_NO_FINDING: Final = (
    re.compile(r"cluster/traits.*"),
    re.compile(r"topology/subnets/\d+/routes/\d+"),
    re.compile(r"topology/networks/\d+/ranges/\d+"),
    re.compile(r"topology/address_lists/\d+/ranges.*"),
)
"""Facts that findings rest on without naming them: facts about the cluster's needs, and the place of a sender."""


def wrong_passes(snapshot: Snapshot, declarations: Declarations, seed: int, draws: int) -> Iterator[str]:
    """Remove ``draws`` random facts, one at a time. Yield the facts without which a failing row passes."""
    document: dict[str, Json] = json.loads(snapshot_file.dump(snapshot))
    facts: Json = {part: document[part] for part in FACTS}
    failed = [row for row in pipeline.evaluate(snapshot, declarations).rows if row.verdict is Verdict.FAIL]
    rows = [module for module in ROWS if any(row.row == module.ROW for row in failed)]
    for place in islice(drawn_places(facts, Random(seed)), draws if failed else 0):
        if any(fact.fullmatch("/".join(map(str, place))) for fact in NAMED_BY_NO_FINDING) or _lets_out(
            at(facts, place)
        ):
            continue
        spoilt_facts = spoilt(facts, place)
        assert isinstance(spoilt_facts, dict)
        try:
            changed = snapshot_file.load(json.dumps(document | spoilt_facts), "spoilt.json")
        except UsageError:
            continue  # a refused file is not a PASS
        for row, now in zip(failed, judged(changed, declarations, rows), strict=True):
            if now.verdict is Verdict.PASS and not names_in_findings(row) & named_at(facts, place):
                yield f"{row.row} passes without {place}"


def _lets_out(fact: Json) -> bool:
    """Whether a fact is an egress rule, or a list with egress rules. No finding names a sender's egress rule."""
    return any(text == "egress" for text in texts(fact)) and not isinstance(fact, str)


def judged(snapshot: Snapshot, declarations: Declarations, rows: Sequence[ModuleType]) -> tuple[RowResult, ...]:
    """Return the results of only ``rows``, judged as in ``pipeline.evaluate``."""
    provider = snapshot.cluster.provider
    adapter = load(provider) if provider in installed() else None
    catalog, ways_in = (adapter.iam_catalog(snapshot), adapter.ways_in()) if adapter else (None, ())
    return judge(snapshot, declarations, catalog, ways_in, rows)[0]


def names_in_findings(row: RowResult) -> set[str]:
    """Return the names in the findings of a row: resources, rules, hosts, hops, and the texts of witnesses."""
    found = set[str]()
    for finding in row.findings:
        found.update((finding.resource.id, finding.resource.name, *finding.hosts))
        for fact in finding.evidence:
            found.update((fact.resource.id, fact.resource.name, fact.rule))
        for hop in finding.witness.path:
            found.update((hop.id, hop.name, hop.rule))
        found.update((finding.witness.source, finding.witness.target))
        found.update(value for _, value in finding.witness.facts)
    return found - {""}
