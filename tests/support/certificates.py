"""Certificates of made-up plans: accounts with many rules, correct ("honest") plans for them, and spoilt plans."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any, TypeAlias

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet

Json: TypeAlias = dict[str, Any]
SUBNETS = tuple(f"10.0.{number}.0/24" for number in range(6))
RANGES = ("0.0.0.0/0", "10.0.0.0/16", "192.0.2.0/24", "2001:db8::/32", *SUBNETS, *SUBNETS)
SERVICES = ("tcp/22", "tcp/443", "tcp/6443", "tcp/10250", "tcp/2379-2380", "tcp/30000-32767", "udp/8472", "icmp", "all")
GROUPS = tuple(f"group-{number}" for number in range(6))


def spans(members: AddressSet | ServiceSet) -> list[list[int]]:
    """Return a set as the intervals of a certificate."""
    return [[start, end] for start, end in members.intervals]


def addresses(*texts: str) -> list[list[int]]:
    """Return ranges as intervals."""
    return spans(AddressSet.of(texts))


def services(text: str) -> list[list[int]]:
    """Return services as intervals."""
    return spans(ServiceSet.parse(text))


def certificate(**parts: list[Json]) -> Json:
    """Return a certificate with the given parts; the others are empty."""
    empty: Json = {key: [] for key in ("groups", "filters", "senders", "declared", "needs", "steps")}
    return {"schema": "cloudguard/certificate/v1", **empty, **parts}


class MadeUp:
    """A random account with about ``size`` rules in several filters, and a correct plan for it."""

    def __init__(self, random: Random, size: int) -> None:
        self._random = random
        self.senders = [*self._senders()]
        self.complete = {name: random.random() < 0.8 for name in GROUPS}
        count = max(1, size // 40)
        self.filters = [self._filter(f"filter-{number}", max(1, size // count)) for number in range(count)]
        self.needs = [self._need() for _ in range(max(2, size // 4))]

    def _senders(self) -> Iterator[Json]:
        for number in range(12):
            subnet, groups = self._random.choice(SUBNETS), self._random.sample(GROUPS, self._random.randint(0, 2))
            where = subnet if number % 3 == 0 else subnet.replace("0/24", f"{number + 1}/32")
            yield {"id": f"sender-{number}", "addresses": addresses(where), "groups": groups}

    def _filter(self, name: str, size: int) -> Json:
        ordered = self._random.random() < 0.3
        rules = [self._rule(f"{name}-{number}", ordered=ordered, order=number) for number in range(size)]
        return {"id": name, "ordered": ordered, "rules": rules}

    def _rule(self, name: str, *, ordered: bool, order: int) -> Json:
        action = self._random.choice(("permit", "permit", "permit", "deny", "next")) if ordered else "permit"
        text = ",".join(self._random.sample(SERVICES[:-1], 2)) if self._random.random() < 0.97 else "all"
        peer: Json = {"addresses": addresses(self._random.choice(RANGES))}
        if not ordered and self._random.random() < 0.5:
            peer = {"group": self._random.choice(GROUPS)}
        return {"id": name, "action": action, "order": order, **peer, "services": services(text)}

    def _need(self) -> Json:
        """Return a need for some services of a rule, by a sender that the rule matches if there is one."""
        guard = self._random.choice(self.filters)
        rule = self._random.choice(guard["rules"])
        senders = [sender for sender in self.senders if self._matches(rule, sender)] or self.senders
        part = self._random.choice(rule["services"])
        names = dict.fromkeys((guard["id"], self._random.choice(self.filters)["id"]))
        return {"sender": self._random.choice(senders)["id"], "guard": [*names], "services": [part], "why": "a need"}

    @staticmethod
    def _matches(rule: Json, sender: Json) -> bool:
        if "group" in rule:
            return rule["group"] in sender["groups"]
        return any(a < d and c < b for a, b in rule["addresses"] for c, d in sender["addresses"])

    def honest(self) -> Json:
        """Return the certificate of a correct plan: each rule keeps what is needed, and nothing is opened."""
        groups = [{"id": name, "complete": self.complete[name]} for name in GROUPS]
        steps = [step for guard in self.filters for rule in guard["rules"] for step in self._steps(guard, rule)]
        given = {"groups": groups, "filters": self.filters, "senders": self.senders, "needs": self.needs}
        return copy.deepcopy(certificate(**given, steps=steps))

    def _steps(self, guard: Json, rule: Json) -> Iterator[Json]:
        if guard["ordered"] and rule["action"] != "permit":
            return
        needed = ServiceSet.nothing()
        for need in self.needs:
            needed |= ServiceSet.of_intervals(map(tuple, need["services"])) if guard["id"] in need["guard"] else needed
        left = ServiceSet.of_intervals(map(tuple, rule["services"])) & needed
        if left == ServiceSet.of_intervals(map(tuple, rule["services"])):
            return
        kept = [{**rule, "services": spans(left)}] if left else []
        step = {"change": rule["id"], "filter": guard["id"]}
        if kept and self._random.random() < 0.5:
            added = {**kept[0], "id": f"{rule['id']}-new"}
            yield {**step, "drop": [], "rules": [added]}
            yield {**step, "drop": [rule["id"]], "rules": []}
        else:
            yield {**step, "drop": [rule["id"]], "rules": kept}


def spoilt(random: Random, honest: Json) -> Json:
    """Return the certificate with three random faults in its plan. Some of these plans still hold."""
    data = copy.deepcopy(honest)
    steps = [step for step in data["steps"] if step["rules"]]
    for _ in range(3):
        way = random.choice((_widen, _drop_part, _another_group, _pin, _swap, _take_all) if steps else (_take_all,))
        way(random, data, random.choice(steps)["rules"][0] if steps else {})
    return data


def _widen(random: Random, data: Json, rule: Json) -> None:
    del data
    rule["services"] = spans(
        ServiceSet.of_intervals(map(tuple, rule["services"])) | ServiceSet.parse(random.choice(SERVICES))
    )


def _drop_part(random: Random, data: Json, rule: Json) -> None:
    del data
    if rule["services"]:
        rule["services"].remove(random.choice(rule["services"]))


def _another_group(random: Random, data: Json, rule: Json) -> None:
    ordered = {filter_["id"] for filter_ in data["filters"] if filter_["ordered"]}
    if rule["id"].rpartition("-")[0].removesuffix("-new") not in ordered:
        rule.pop("addresses", None)
        rule["group"] = random.choice(GROUPS)


def _pin(random: Random, data: Json, rule: Json) -> None:
    sender = random.choice(data["senders"])
    rule.pop("group", None)
    rule["addresses"] = [[sender["addresses"][0][0], sender["addresses"][0][0] + 1]]


def _swap(random: Random, data: Json, rule: Json) -> None:
    del rule
    pairs = [n for n, step in enumerate(data["steps"][:-1]) if step["rules"] and not step["drop"]]
    if pairs:
        first = random.choice(pairs)
        data["steps"][first], data["steps"][first + 1] = data["steps"][first + 1], data["steps"][first]


def _take_all(random: Random, data: Json, rule: Json) -> None:
    del rule
    guard = random.choice([filter_ for filter_ in data["filters"] if filter_["rules"]])
    gone = {name for step in data["steps"] for name in step["drop"]}
    left = [each["id"] for each in guard["rules"] if each["id"] not in gone]
    if left:
        step = {"change": "spoilt", "filter": guard["id"], "drop": [random.choice(left)], "rules": []}
        data["steps"].append(step)
