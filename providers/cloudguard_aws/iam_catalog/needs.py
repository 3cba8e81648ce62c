"""What parts of a cluster need, from ``needed/*.toml``: each with its source, its placeholders filled for one cluster.

Placeholders: ``<cluster>``, ``<account>``, ``<region>``, ``<partition>``; and, where the identities' own policies show
them, ``<state>`` and ``<backups>`` (the installer's buckets with their prefixes), ``<bucket>`` (those buckets) and
``<zone>`` (a hosted zone); ``<key>``, a customer's key of a disk or of Secrets, and ``<secrets>``, that of Secrets.
A statement with one that nothing shows is left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, Final

from cloudguard.model.cluster import KeyManager
from cloudguard.model.iam_catalog import Confidence, PermissionNeed
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.model.snapshot import Snapshot

_HERE: Final = "cloudguard_aws.iam_catalog"
_PLACEHOLDER: Final = re.compile(r"<([a-z]+)>")
_ZONE: Final = re.compile(r"^arn:[^:]*:route53:::hostedzone/([A-Z0-9]+)$")
_KEY: Final = re.compile(r"^arn:[^:]*:kms:[^:]*:[^:]*:key/[^*?]+$")
_ROLE: Final = re.compile(r"^arn:([a-z-]+):iam::")

Values = Mapping[str, Sequence[str]]
"""What may stand for each placeholder."""


@cache
def raw() -> tuple[Mapping[str, Any], ...]:
    """Return the components as they are written, file by file."""
    folder = files(_HERE).joinpath("needed")
    texts = (one.read_text(encoding="utf-8") for one in sorted(folder.iterdir(), key=str) if one.name.endswith(".toml"))
    return tuple(one for text in texts for one in tomllib.loads(text)["component"])


def components(snapshot: Snapshot) -> tuple[PermissionNeed, ...]:
    """Return every component, for the cluster of ``snapshot``."""
    values = values_of(snapshot)
    return tuple(component(one, values) for one in raw())


def values_of(snapshot: Snapshot) -> Values:
    """Return what stands for the placeholders."""
    cluster = snapshot.cluster
    texts = sorted(
        {
            resource
            for policy in snapshot.identities.policies
            for statement in policy.statements
            for resource in statement.resources
        }
    )
    held = rf"^arn:[^:]*:s3:::([^*?]+?)/{re.escape(cluster.name)}/"
    states = sorted({found[1] for text in texts if (found := re.match(held + r"\*$", text))})
    backups = sorted({found[1] for text in texts if (found := re.match(held + "backups/", text))})
    secrets = cluster.secrets_encryption.key if cluster.secrets_encryption else ""
    keys = {*(key.id for key in cluster.keys if key.manager is KeyManager.CUSTOMER), secrets}
    partitions = {found[1] for one in snapshot.identities.identities if (found := _ROLE.match(one.id))}
    return {
        "cluster": [cluster.name],
        "account": [cluster.account],
        "region": list(cluster.regions),
        "partition": sorted(partitions) or ["aws"],
        "state": states,
        "backups": backups,
        "bucket": sorted({place.partition("/")[0] for place in (*states, *backups)}),
        "key": sorted(filter(_KEY.match, keys)),
        "secrets": sorted(filter(_KEY.match, {secrets})),
        "zone": sorted({found[1] for text in texts if (found := _ZONE.match(text))}),
    }


def component(written: Mapping[str, Any], values: Values) -> PermissionNeed:
    """Return a component as it is written, with its placeholders filled."""
    return PermissionNeed(
        id=written["id"],
        holders=tuple(written["holders"]),
        statements=tuple(_statements(written["id"], written.get("statement", ()), values)),
        source=written["source"],
        confidence=Confidence(written["confidence"]),
        installers=tuple(written.get("installers", ())),
        except_installers=tuple(written.get("but-for", ())),
        addon=written.get("addon", ""),
        service_accounts=tuple(written.get("accounts", ())),
        traits=tuple((name, value) for name, value in written.get("labels", ())),
        implied_by_grant=written.get("telling", False),
        note=written.get("note", ""),
    )


def _statements(name: str, listed: Iterable[Mapping[str, Any]], values: Values) -> Iterator[Statement]:
    for number, one in enumerate(listed, 1):
        resources = tuple(filled(one.get("resources", ()), values))
        others = tuple(filled(one.get("not-resources", ()), values))
        if not (resources or others):
            continue
        yield Statement(
            label=f"{name}/{one.get('label', f'#{number}')}",
            effect=Effect(one.get("effect", "allow")),
            actions=tuple(one.get("actions", ())),
            not_actions=tuple(one.get("not-actions", ())),
            resources=resources,
            not_resources=others,
            conditions=tuple(_conditions(one.get("conditions", ()), values)),
        )


def _conditions(listed: Iterable[Sequence[str]], values: Values) -> Iterator[Condition]:
    for operator, key, *wanted in listed:
        for named in filled((key,), values):
            yield Condition(operator, named, tuple(filled(wanted, values)))


def filled(texts: Iterable[str], values: Values) -> Iterator[str]:
    """Yield each text with its placeholders filled, once for each way to fill them; none where nothing fills one."""
    for text in texts:
        names = sorted(set(_PLACEHOLDER.findall(text)))
        for chosen in product(*(values.get(name, ()) for name in names)):
            filled = text
            for name, value in zip(names, chosen, strict=True):
                filled = filled.replace(f"<{name}>", value)
            yield filled
