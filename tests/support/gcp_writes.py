"""The handling of a plan's writes by Google's APIs: they check the request and change the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network

from fixture_error import FixtureError
from gcp_discovery import described
from gcp_disk_writes import WRITES
from gcp_project import ROOT, Item, Project
from gcp_schema import faults

Query = Mapping[str, str]


def write(project: Project, method: str, path: str, query: Query, body: Item) -> None:
    """Carry out a method that writes. Raises FixtureError if Google would refuse it."""
    api, description = described(method)
    wrong = list(faults(api, description.get("request", {}), body, method)) if "request" in description else []
    doing = next((made for name, made in _WRITES.items() if method.endswith(name)), None)
    wrong += [f"{method} is not served"] if doing is None else []
    if wrong or doing is None:
        raise FixtureError("\n".join(wrong))
    doing(project, path, query, body)


def _insert_firewall(project: Project, path: str, _: Query, body: Item) -> None:
    item = {**body, "selfLink": f"{ROOT}/{path}/{body['name']}"}
    _refuse(_wrong_firewall(item))
    project.collection("compute", path, item)


def _patch_firewall(project: Project, path: str, _: Query, body: Item) -> None:
    item = _listed(project, path)
    item |= body
    _refuse(_wrong_firewall(item))


def _delete_firewall(project: Project, path: str, _: Query, __: Item) -> None:
    project.lists[path.rpartition("/")[0]].remove(_listed(project, path))


def _listed(project: Project, path: str) -> Item:
    found = project.resource(path)
    _refuse([] if found else [f"there is no {path}"])
    assert found, path
    return found


def _wrong_firewall(item: Item) -> Iterator[str]:
    """Yield the faults of a firewall: https://cloud.google.com/compute/docs/reference/rest/v1/firewalls."""
    versions = {ip_network(source_range).version for source_range in item.get("sourceRanges") or ()}
    by_tag = [key for key in ("sourceTags", "targetTags") if item.get(key)]
    by_account = [key for key in ("sourceServiceAccounts", "targetServiceAccounts") if item.get(key)]
    if len(versions) > 1:
        yield "sourceRanges has ranges of two versions"
    if by_tag and by_account:
        yield f"{by_account[0]} cannot be used with {by_tag[0]}"
    if bool(item.get("allowed")) == bool(item.get("denied")):
        yield "it is to allow, or to deny"
    if not any(item.get(key) for key in ("sourceRanges", "sourceTags", "sourceServiceAccounts", "destinationRanges")):
        yield "it names no peer"


def _policies(project: Project, path: str) -> Iterator[list[Item]]:
    """Yield the rules of the policy in ``path``, once for each answer that contains it."""
    name, seen = path.split("/")[-2], list[int]()
    for body in project.answers.values():
        for policy in body.get("firewallPolicys", ()):
            if name in {policy.get("name"), policy.get("shortName")} and id(policy["rules"]) not in seen:
                seen.append(id(policy["rules"]))
                yield policy["rules"]


def _add_rule(project: Project, path: str, _: Query, body: Item) -> None:
    for rules in _policies(project, path):
        _refuse(["the priority is taken"] if any(rule["priority"] == body["priority"] for rule in rules) else [])
        rules.append(body)


def _patch_rule(project: Project, path: str, query: Query, body: Item) -> None:
    for rules in _policies(project, path):
        next(rule for rule in rules if rule["priority"] == int(query["priority"])).update(body)


def _remove_rule(project: Project, path: str, query: Query, _: Item) -> None:
    for rules in _policies(project, path):
        rules[:] = [rule for rule in rules if rule["priority"] != int(query["priority"])]


def _update_cluster(project: Project, path: str, _: Query, body: Item) -> None:
    (wanted,) = body["update"].items()
    key, value = wanted
    _refuse([] if key == "desiredControlPlaneEndpointsConfig" else [f"{key} is not served"])
    cluster = _cluster(project, path.rpartition("/")[2])
    _merge(cluster.setdefault("controlPlaneEndpointsConfig", {}), value)


def _update_pool(project: Project, path: str, _: Query, body: Item) -> None:
    name, _kind, pool = path.split("/")[-3:]
    for node_pool in _cluster(project, name)["nodePools"]:
        if node_pool["name"] == pool:
            node_pool["config"] |= body


def _cluster(project: Project, name: str) -> Item:
    return next(
        list_ for list_ in project.lists[f"projects/{project.name}/locations/-/clusters"] if list_["name"] == name
    )


def _merge(item: Item, more: Item) -> None:
    """Merge ``more`` into the configuration ``item``. Authorized networks are replaced as a whole."""
    for key, value in more.items():
        if key == "ipEndpointsConfig":
            _merge(item.setdefault(key, {}), value)
        else:
            item[key] = value


def _set_tags(project: Project, path: str, _: Query, body: Item) -> None:
    _listed(project, path.rpartition("/")[0])["tags"] = body


def _create_role(project: Project, path: str, _: Query, body: Item) -> None:
    project.role(f"{path}/{body['roleId']}", *body["role"]["includedPermissions"])


def _set_policy(project: Project, path: str, _: Query, body: Item) -> None:
    name = path.partition(":")[0]
    project.set_policy(name.rpartition("/")[2] if "/serviceAccounts/" in name else name, body["policy"]["bindings"])


def _refuse(wrong: Iterator[str] | list[str]) -> None:
    messages = list(wrong)
    if messages:
        raise FixtureError("\n".join(messages))


_WRITES: Mapping[str, Callable[[Project, str, Query, Item], None]] = {
    ".firewalls.insert": _insert_firewall,
    ".firewalls.patch": _patch_firewall,
    ".firewalls.delete": _delete_firewall,
    "irewallPolicies.addRule": _add_rule,
    "irewallPolicies.patchRule": _patch_rule,
    "irewallPolicies.removeRule": _remove_rule,
    ".clusters.update": _update_cluster,
    ".nodePools.update": _update_pool,
    ".roles.create": _create_role,
    ".setTags": _set_tags,
    ".setIamPolicy": _set_policy,
    **WRITES,
}
