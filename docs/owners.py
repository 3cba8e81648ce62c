"""``docs/owners.md``: who writes a resource, whether a manual edit stays, and where to make a lasting one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cloudguard.provider.ownership.facts import KnowsOwners, OwnerFacts, Sign
from cloudguard.provider.port import installed, load

PAGE = Path(__file__).parent / "owners.md"
_HEAD = """# Owners

Written by `make docs` from `owners.toml` of each provider.

Much of what a plan changes is written by a program, which may write it again. cloudguard knows the program by a tag,
a name or a description, and says so with each change: who writes it, when a manual edit is undone, and where an
edit holds. What shows no sign of a program is taken for a person's. `cloudguard plan -f source` writes the patches of
those places that have a field; for the others it says that there is none. With `--terraform-state FILE`, made by
`terraform show -json`, Terraform is the owner of what its state has.

Patterns are regular expressions; a tag is matched as `KEY=VALUE`.
"""


def page() -> str:
    """Return the page."""
    return _HEAD + "".join(text for provider in installed() for text in _of_provider(provider))


def _of_provider(provider: str) -> Iterator[str]:
    adapter = load(provider)
    if not isinstance(adapter, KnowsOwners):
        return
    yield f"\n## {provider}\n"
    yield from map(_owner, adapter.owners().values())


def _owner(facts: OwnerFacts) -> str:
    fate = f"A manual edit is undone {facts.undone}." if facts.undone else "A manual edit stays."
    lines = [f"\n### {facts.who}\n", f"{fate} Source: {facts.source}\n"]
    lines += [f"- shown by {_sign(sign)}" for sign in facts.signs]
    lines += [f"- edit {', '.join(sorted(place.of))}: {place.where}" for place in facts.places]
    lines += [f"- otherwise: {facts.instead}"] if facts.instead else []
    return "\n".join(lines) + "\n"


def _sign(sign: Sign) -> str:
    signs = [f"tag `{tag.pattern}`" for tag in sign.tags]
    signs += [f"name `{sign.name.pattern}`"] if sign.name else []
    signs += [f"description `{sign.description.pattern}`"] if sign.description else []
    signs += ["a rule that allows a group's members to connect to each other"] if sign.own_group else []
    return f"{' and '.join(signs)} of {', '.join(sorted(sign.of))}"


def pages() -> Mapping[Path, str]:
    """Return the page by its path."""
    return {PAGE: page()}
