"""Allow and deny policies around a project: its own, and those of the folders and the organization above it.

https://cloud.google.com/iam/docs/policy-types
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, cast
from urllib.parse import quote

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import Call
from cloudguard_gcp.identity.resource_names import EVERYWHERE, all_of

_HIDES: Final = (FactKind.IDENTITIES,)
_EVERYONE: Final = frozenset({"allUsers", "allAuthenticatedUsers"})
_SETS: Final = (
    "principalSet://cloudresourcemanager.googleapis.com/",
    "principalSet://goog/cloudIdentityCustomerId/",
    "principalSet://goog/group/",
)
"""How sets begin that may hold service accounts: of a project or above, of a customer, and groups in deny policies
(https://cloud.google.com/iam/docs/principal-identifiers)."""
_RESOURCES: Final = "cloudresourcemanager.googleapis.com/"


@dataclass(frozen=True, slots=True)
class Level:
    """A project, folder or organization: its allow bindings, and what it denies.

    ``name`` is "projects/p", "folders/1" or "organizations/2"; ``reach`` the pattern of what is in it.
    ``unseen``: why it is not known what it denies ("": it is).
    """

    name: str
    reach: str
    call: str
    bindings: tuple[Item, ...]
    denials: tuple[Item, ...]
    unseen: str = ""


def read_levels(api: Api, project: str) -> tuple[Level, ...]:
    """Return the levels from the project up."""
    first, above = api.two(partial(_level, api, f"projects/{project}", project), lambda: list(_above(api, project)))
    return (first, *above)


def _above(api: Api, project: str) -> Iterator[Level]:
    """Yield the folders and the organization above a project; one that can't be read leaves a gap."""
    names = list(_ancestors(api, project))
    yield from api.gather(*(partial(_level, api, name, "") for name in names))


def _ancestors(api: Api, project: str) -> Iterator[str]:
    found = api.read(calls.GET_RESOURCE_PROJECT, hides=_HIDES, about=project, project=project)
    while found and (parent := str(found[0].get("parent", ""))):
        yield parent
        is_folder = parent.startswith("folders/")
        found = api.read(calls.GET_FOLDER, hides=_HIDES, about=parent, folder=parent) if is_folder else []


def _level(api: Api, name: str, project: str) -> Level:
    call, key = _policy_call(name)
    where = {key: project or name}
    found, (denials, unseen) = api.two(
        lambda: api.read(call, hides=_HIDES, about=name, **where), partial(_denials, api, name)
    )
    bindings = tuple(one for each in found for one in cast("Sequence[Item]", each.get("bindings") or ()))
    return Level(name, all_of(project) if project else EVERYWHERE, call.name, bindings, denials, unseen)


def _policy_call(name: str) -> tuple[Call, str]:
    if name.startswith("projects/"):
        return calls.GET_PROJECT_POLICY, "project"
    if name.startswith("folders/"):
        return calls.GET_FOLDER_POLICY, "folder"
    return calls.GET_ORGANIZATION_POLICY, "organization"


def _denials(api: Api, name: str) -> tuple[tuple[Item, ...], str]:
    """Return the deny policies of one level, and why not all are known: they only take away, and hide no row."""
    attachment = quote(f"{_RESOURCES}{name}", safe="")
    listed = api.read_or_none(calls.LIST_DENY_POLICIES, hides=(), about=name, attachment=attachment)
    if listed is None:
        return (), f"{calls.LIST_DENY_POLICIES.name} on {name} was refused"
    names = [str(one["name"]) for one in listed]
    read = api.gather(
        *(partial(api.read_or_none, calls.GET_DENY_POLICY, hides=(), about=one, policy=one) for one in names)
    )
    unread = [one for one, found in zip(names, read, strict=True) if found is None]
    whole = tuple(each for found in read for each in found or ())
    return whole, f"{', '.join(unread)} could not be read" if unread else ""


def concerns(members: Sequence[object], email: str) -> str | None:
    """Return "" where members of a binding include a service account, by name or because everybody is meant.

    Else the set among them that may hold it, where that can't be told from here; None where it is not meant.
    """
    return _meant({*map(str, members)}, {f"serviceAccount:{email}", *_EVERYONE})


def denied(rule: Item, email: str) -> str | None:
    """Return "" where a deny rule is about a service account, by name or because everybody is meant.

    Else the set of principals that leaves it in doubt: it may be denied by it, or spared; None where it is not denied.
    """
    own = {f"principal://iam.googleapis.com/projects/-/serviceAccounts/{email}", "principalSet://goog/public:all"}
    named, spared = (
        _meant({*map(str, cast("Sequence[object]", rule.get(key) or ()))}, own)
        for key in ("deniedPrincipals", "exceptionPrincipals")
    )
    if named is None or spared == "":
        return None
    return named or spared or ""


def _meant(listed: set[str], own: set[str]) -> str | None:
    if listed & own:
        return ""
    return next((one for one in sorted(listed) if one.startswith(_SETS)), None)
