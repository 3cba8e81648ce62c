"""A second checker of certificates, for comparison. Its packet sets are binary decision diagrams (BDDs).

A packet is an address of 130 bits and a service of 19 bits.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from oxidd.bdd import BDDFunction, BDDManager

Json = dict[str, Any]
ADDRESS_BITS, SERVICE_BITS = 130, 19
_MANAGER = BDDManager(1 << 22, 1 << 20, 1)
_VARIABLES = [_MANAGER.var(number) for number in _MANAGER.add_vars(ADDRESS_BITS + SERVICE_BITS)]
NOTHING, EVERYTHING = _MANAGER.false(), _MANAGER.true()


@cache
def _below(limit: int, first: int, bits: int) -> BDDFunction:
    """Return the numbers below ``limit`` in the ``bits`` variables from ``first``, the highest bit first."""
    if limit >= 1 << bits:
        return EVERYTHING
    bdd_function = NOTHING
    for bit in range(bits):  # from the lowest
        variable = _VARIABLES[first + bits - 1 - bit]
        bdd_function = (~variable | bdd_function) if limit >> bit & 1 else (~variable & bdd_function)
    return bdd_function


def _within(spans: list[list[int]], first: int, bits: int) -> BDDFunction:
    bdd_function = NOTHING
    for start, end in spans:
        bdd_function |= _below(end, first, bits) & ~_below(start, first, bits)
    return bdd_function


def _from(spans: list[list[int]]) -> BDDFunction:
    return _within(spans, 0, ADDRESS_BITS)


def _services(spans: list[list[int]]) -> BDDFunction:
    return _within(spans, ADDRESS_BITS, SERVICE_BITS)


class Judge:
    """Checks one certificate, with all senders at every step."""

    def __init__(self, data: Json) -> None:
        self._data = data
        complete = {group["id"] for group in data["groups"] if group["complete"]}
        rules = [rule for filter_ in (*data["filters"], *data["steps"]) for rule in filter_["rules"]]
        named = {rule["group"] for rule in rules if rule.get("group")}
        everywhere = [[0, (1 << 32) + (1 << 128)]]
        self._senders: dict[str, tuple[BDDFunction, set[str]]] = {"": (_from(everywhere), set())}
        for sender in data["senders"]:
            self._senders[sender["id"]] = _from(sender["addresses"]), set(sender["groups"])
        for name in named - complete:
            self._senders[f"any of {name}"] = _from(everywhere), {name}
        self._sets: dict[int, BDDFunction] = {}

    def holds(self) -> bool:
        """Whether no step opens anything or loses needed traffic."""
        rules = {filter_["id"]: {rule["id"]: rule for rule in filter_["rules"]} for filter_ in self._data["filters"]}
        first = {name: dict(each) for name, each in rules.items()}
        passing = [self._passing(need, first) for need in self._data["needs"]]
        for step in self._data["steps"]:
            guard = step["filter"]
            for name in step["drop"]:
                del rules[guard][name]
            rules[guard].update((rule["id"], rule) for rule in step["rules"])
            for sender in self._senders:
                before, after = (self._of(guard, each[guard], sender) for each in (first, rules))
                if any(
                    (now & ~then).satisfiable()
                    for now, then in ((after[0], before[0]), (after[0] | after[1], before[0] | before[1]))
                ):
                    return False
            for need, then in zip(self._data["needs"], passing, strict=True):
                if guard in need["guard"] and (then & ~self._passing(need, rules)).satisfiable():
                    return False
        return True

    def _passing(self, need: Json, rules: dict[str, dict[str, Json]]) -> BDDFunction:
        permitted, rest = NOTHING, EVERYTHING
        for guard in need["guard"]:
            permits, leaves = self._of(guard, rules[guard], need["sender"])
            permitted, rest = permitted | (permits & rest), rest & leaves
        return permitted & self._senders[need["sender"]][0] & _services(need["services"])

    def _of(self, guard: str, rules: dict[str, Json], sender: str) -> tuple[BDDFunction, BDDFunction]:
        """Return the packets that a filter permits from a sender, and the packets that it does not decide."""
        ordered = next(filter_["ordered"] for filter_ in self._data["filters"] if filter_["id"] == guard)
        addresses, groups = self._senders[sender]
        permitted, skipped, rest = NOTHING, NOTHING, EVERYTHING
        for rule in sorted(rules.values(), key=lambda rule: int(rule["order"])):
            if rule.get("group") and rule["group"] not in groups:
                continue
            matched = self._set(rule) & rest
            permitted |= matched if rule["action"] == "permit" else NOTHING
            skipped |= matched if rule["action"] == "next" else NOTHING
            rest &= ~matched if ordered else EVERYTHING
        return permitted & addresses, ((rest | skipped) & addresses) if ordered else addresses

    def _set(self, rule: Json) -> BDDFunction:
        key = id(rule)
        if key not in self._sets:
            peers = EVERYTHING if rule.get("group") else _from(rule["addresses"])
            self._sets[key] = peers & _services(rule["services"])
        return self._sets[key]
