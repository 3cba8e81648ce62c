"""Names of Azure's resources and operations in the provider-neutral model. No other module knows them.

The operation "Microsoft.Compute/disks/read" is the action "Microsoft.Compute:disks/read". A resource has six segments
in lower case, "azure:SUBSCRIPTION:GROUP:PROVIDER:TYPE:NAME", such as
"azure:s:g:microsoft.network:virtualnetworks/subnets:net/nodes". Data actions are requested on names that begin with
"azure-data", so that ``*`` among control actions covers no data action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from cloudguard.provider.answers import AnswerError
from cloudguard.tables import table_of
from cloudguard_azure.access.ids import canonical

CONTROL: Final = "azure"
DATA: Final = "azure-data"
_ANY_PART: Final = "/*/"
"""It also matches without a part: Managed Identity Operator grants ``userAssignedIdentities/*/assign/action``, and the
operation is "userAssignedIdentities/assign/action"
(https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/identity).
"""
_ABOVE: Final = "/providers/microsoft.management/managementgroups/"
_PAIR: Final = 2
_FEWEST_SLASHES: Final = 2
"""Least number of slashes in an operation's name: it has a provider, a type and a verb."""
_UNREADABLE: Final = re.compile(r"[*?$\x00-\x1f\ufdd0-\ufdef]")
"""Characters with a meaning in patterns. No name of a resource has them."""
_VERBS: Final = {"read": 1, "write": 1, "delete": 1, "action": 2}
"""For the last part of an operation's name, the number of parts that are not its resource's type."""
_WITH_IDENTITIES: Final = frozenset({"userassignedidentities", "virtualmachines", "virtualmachinescalesets"})
"""Types of resources whose parts lead to identities: operations on a part also apply to the resource itself."""


@cache
def _providers(kind: str) -> frozenset[str]:
    """Return the providers of a kind in ``providers.toml``."""
    return frozenset(f"microsoft.{name}" for name in table_of("cloudguard_azure.identity", "providers.toml")[kind])


def actions_of(operation: str) -> tuple[str, ...]:
    """Return the actions of an operation, or of a pattern of operations. ``*`` stands for any text."""
    texts = [operation, *(text for text in _with_parts(operation) if text.count("/") >= _FEWEST_SLASHES)]
    return tuple(dict.fromkeys(action for text in texts for action in _divided(text)))


def _with_parts(text: str) -> Iterator[str]:
    """Yield a pattern as it is, and without the parts that may be absent."""
    before, separator, after = text.partition(_ANY_PART)
    if not separator:
        yield text
        return
    for rest in _with_parts(f"/{after}"):
        yield f"{before}/*{rest}"
        yield f"{before}{rest}"


def _divided(text: str) -> Iterator[str]:
    """Yield a pattern, divided into provider and rest at each possible position of an operation's first slash."""
    provider, slash, rest = text.partition("/")
    if text == "*":
        yield text
        return
    for position, character in enumerate(provider):
        if character == "*":
            yield f"{provider[: position + 1]}:{text[position:]}"
    if slash:
        yield f"{provider}:{rest}"


def operation(action: str) -> str:
    """Return an action as an operation."""
    return action.replace(":", "/", 1)


def scope_patterns(scope: str, plane: str = CONTROL) -> tuple[str, ...]:
    """Return the patterns of a scope and of everything below it. Raises AnswerError for an unknown scope.

    A scope above the subscription covers everything.
    """
    written = canonical(scope)
    if not written or written.startswith(_ABOVE):
        return (f"{plane}:*:*:*:*:*",)
    subscription, group, provider, kind, name = _segments(written)
    if not provider:
        return (f"{plane}:{subscription}:{group or '*'}:*:*:*",)
    pattern = f"{plane}:{subscription}:{group}:{provider}:{kind}:{name}"
    return (pattern, *below_of(pattern))


def below_of(pattern: str) -> tuple[str, ...]:
    """Return the pattern of everything below a resource's pattern; none for a group or a subscription."""
    *place, provider, kind, name = pattern.split(":", 5)
    return () if provider == "*" else (":".join((*place, provider, f"{kind}/*", f"{name}/*")),)


def resource(written: str) -> str:
    """Return the name of a resource from its id. Raises AnswerError for an unknown form of id."""
    return ":".join((CONTROL, *_segments(canonical(written))))


def _segments(written: str) -> tuple[str, str, str, str, str]:
    """Return subscription ("-": none), group, provider, type and name of a canonical id."""
    words = written.strip("/").split("/")
    subscription = group = ""
    if words[:1] == ["subscriptions"] and len(words) >= _PAIR:
        subscription, words = words[1], words[2:]
        if words[:1] == ["resourcegroups"] and len(words) >= _PAIR:
            group, words = words[1], words[2:]
    resource_like = words[:1] == ["providers"] and len(words) > _PAIR
    if _UNREADABLE.search(written) or (words and not resource_like) or not (words or subscription):
        message = f"{written[:120]!r} is not a known scope"
        raise AnswerError(message)
    provider, kind, name = _typed(words)
    return subscription or "-", group, provider, kind, name


def _typed(words: list[str]) -> tuple[str, str, str]:
    """Return provider, type and name: "…/virtualnetworks/net/subnets/a" has the type "virtualnetworks/subnets"."""
    kinds, names, rest = list[str](), list[str](), words[2:]
    while rest:
        kinds.append(rest[0])
        if rest[0] != "providers":
            names += rest[1:2]
        else:
            kinds += rest[1:2]
        rest = rest[2:]
    return "".join(words[1:2]), "/".join(kinds), "/".join(names)


def arm_scope(pattern: str) -> str:
    """Return the scope of a pattern from ``scope_patterns``. Raises ValueError for any other pattern."""
    plane, subscription, group, provider, kind, name = pattern.split(":", 5)
    odd = provider != "*" and ("*" in f"{group}{kind}{name}" or not kind)
    if plane not in {CONTROL, DATA} or "*" in subscription or odd:
        message = f"{pattern} is not a scope"
        raise ValueError(message)
    place = f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group not in {"*", ""} else "")
    if provider == "*":
        return place
    pairs = zip(kind.split("/"), name.split("/"), strict=True)
    return f"{place}/providers/{provider}/" + "/".join(f"{kind}/{name}" for kind, name in pairs)


def resource_formats(action: str, planes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the formats of the resources that an action applies to on each of ``planes``."""
    provider, _, rest = action.lower().partition(":")
    words = rest.split("/")
    kind = "/".join(words[: -_VERBS.get(words[-1], len(words))])
    group = "**" if provider in _providers("spread") else "*"
    if provider not in _providers("regular") or words[-1] not in _VERBS or "{" in kind:
        return tuple(f"{plane}:*:{group}:*:*:**" for plane in planes)
    group = group if kind else ""
    whole = kind.partition("/")[0]
    kinds = dict.fromkeys((whole, kind) if whole in _WITH_IDENTITIES else (kind,))
    return tuple(f"{plane}:*:{group}:{provider}:{each}:**" for plane in planes for each in kinds)
