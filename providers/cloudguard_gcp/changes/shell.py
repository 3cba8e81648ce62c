"""Calls as lines for ``gcloud``, Google Cloud's command-line tool (https://cloud.google.com/sdk/gcloud/reference)."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cloudguard.provider.camel_case import kebab_case
from cloudguard.results.api_call import ApiCall
from cloudguard_gcp.access.links import last, part_of
from cloudguard_gcp.changes.disk_shell import DISK_WORDS, disk_words, flags, key_place

_LEVELS: Final = {
    "projects": ("projects",),
    "folders": ("resource-manager", "folders"),
    "organizations": ("organizations",),
}
_POLICY_VERBS: Final = {"addRule": "create", "patchRule": "update", "removeRule": "delete"}
_DNS_FLAGS: Final = {"allowExternalTraffic": "enable-dns-access"}
"""The flags of an endpoint by DNS name, if they are not the names of the fields."""


def shell(call: ApiCall) -> str:
    """Return a call as a line for a POSIX shell."""
    return shlex.join(("gcloud", *_words(call), "--quiet"))


def _words(call: ApiCall) -> Iterator[str]:
    *_, kind, verb = call.operation.split(".")
    parameters = call.parameters
    if verb == "setIamPolicy":
        yield from _binding(parameters)
    elif kind == "firewalls":
        yield from _firewall(verb, parameters)
    elif verb in _POLICY_VERBS:
        yield from _policy(kind, verb, parameters)
    elif call.operation in DISK_WORDS or "cloudkms" in call.operation:
        yield from disk_words(call)
    elif kind == "instances":
        word = "add" if "add" in parameters else "remove"
        yield from ("compute", "instances", f"{word}-tags", str(parameters["instance"]))
        yield from (f"--project={parameters['project']}", f"--zone={parameters['zone']}")
        yield f"--tags={','.join(parameters[word])}"
    elif kind == "roles":
        yield from _role(verb, parameters)
    elif kind == "nodePools":
        pool = str(parameters["name"])
        yield from ("container", "node-pools", "update", last(pool), "--cluster", part_of(pool, "clusters"))
        yield f"--workload-metadata={parameters['body']['workloadMetadataConfig']['mode']}"
        yield from _place_flags(pool)
    else:
        cluster = str(parameters["name"])
        yield from ("container", "clusters", "update", last(cluster))
        yield from _endpoints(parameters["body"]["update"]["desiredControlPlaneEndpointsConfig"])
        yield from _place_flags(cluster)


def _place_flags(resource: str) -> Iterator[str]:
    yield f"--project={part_of(resource, 'projects')}"
    yield f"--location={part_of(resource, 'locations')}"


def _binding(parameters: Mapping[str, Any]) -> Iterator[str]:
    level = str(parameters["resource"])
    word = "add" if "add" in parameters else "remove"
    for item in parameters[word]:
        yield from (*_level_words(level), f"{word}-iam-policy-binding", last(level))
        yield from key_place(level) if "/cryptoKeys/" in level else ()
        yield from (f"--member={item['member']}", f"--role={item['role']}")
        condition = item.get("condition")
        if condition is None:
            yield "--condition=None"
        elif word == "add":
            # https://cloud.google.com/sdk/gcloud/reference/topic/escaping: "::" is the delimiter in place of the comma
            yield f"--condition=^::^expression={condition['expression']}::title={condition['title']}"
        else:
            yield "--all"  # a condition has a title, which no answer read here shows


def _level_words(level: str) -> tuple[str, ...]:
    """Return the group of ``gcloud`` for the bindings on a resource."""
    if "/cryptoKeys/" in level:
        return ("kms", "keys")
    return ("iam", "service-accounts") if "/serviceAccounts/" in level else _LEVELS[level.partition("/")[0]]


def _firewall(verb: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    body: Mapping[str, Any] = parameters.get("body", {})
    word = {"insert": "create", "patch": "update", "delete": "delete"}[verb]
    yield from ("compute", "firewall-rules", word, str(parameters.get("firewall") or body["name"]))
    yield f"--project={parameters['project']}"
    if verb == "insert":
        yield f"--network={last(str(body['network']))}"
        yield f"--direction={body['direction']}"
        yield f"--action={'DENY' if 'denied' in body else 'ALLOW'}"
    yield from flags(body, "priority", "description")
    for key in ("allowed", "denied"):
        if key in body:
            yield f"--rules={','.join(_protocols(body[key], 'IPProtocol'))}"
    yield from flags(body, "sourceRanges", "destinationRanges", "sourceTags", "sourceServiceAccounts")
    yield from flags(body, "targetTags", "targetServiceAccounts")


def _protocols(listed: Iterable[Mapping[str, Any]], key: str) -> Iterator[str]:
    """Yield protocols with ports as ``gcloud`` takes them: "tcp:22", one for each range of ports."""
    for entry in listed:
        yield from (f"{entry[key]}:{ports}" for ports in entry["ports"]) if "ports" in entry else (str(entry[key]),)


def _policy(kind: str, verb: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    body: Mapping[str, Any] = parameters.get("body", {})
    group = "firewall-policies" if kind == "firewallPolicies" else "network-firewall-policies"
    priority = parameters.get("priority", body.get("priority"))
    yield from ("compute", group, "rules", _POLICY_VERBS[verb], str(priority))
    yield f"--firewall-policy={parameters['firewallPolicy']}"
    if kind != "firewallPolicies":
        yield f"--project={parameters['project']}"
        region = parameters.get("region")
        yield f"--firewall-policy-region={region}" if region else "--global-firewall-policy"
    if body:
        match: Mapping[str, Any] = body["match"]
        yield from (f"--action={body['action']}", f"--direction={body['direction']}")
        yield f"--layer4-configs={','.join(_protocols(match['layer4Configs'], 'ipProtocol'))}"
        yield from flags(match, "srcIpRanges", "destIpRanges")
        yield from flags(body, "targetServiceAccounts", "description")


def _role(verb: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    if verb == "delete":
        name = str(parameters["name"])
        yield from ("iam", "roles", "delete", last(name), f"--project={part_of(name, 'projects')}")
        return
    role: Mapping[str, Any] = parameters["body"]["role"]
    yield from ("iam", "roles", "create", str(parameters["body"]["roleId"]))
    yield f"--project={last(str(parameters['parent']))}"
    yield from (f"--title={role['title']}", f"--stage={role['stage']}")
    yield f"--permissions={','.join(role['includedPermissions'])}"


def _endpoints(config: Mapping[str, Any]) -> Iterator[str]:
    if "dnsEndpointConfig" in config:
        for key, on in config["dnsEndpointConfig"].items():
            yield f"--{'' if on else 'no-'}{_DNS_FLAGS.get(key) or kebab_case(key)}"
        return
    authorized: Mapping[str, Any] = config["ipEndpointsConfig"]["authorizedNetworksConfig"]
    if not authorized["enabled"]:
        yield "--no-enable-master-authorized-networks"
        return
    yield "--enable-master-authorized-networks"
    yield f"--master-authorized-networks={','.join(block['cidrBlock'] for block in authorized['cidrBlocks'])}"
    google = authorized["gcpPublicCidrsAccessEnabled"]
    yield "--enable-google-cloud-access" if google else "--no-enable-google-cloud-access"
    if authorized.get("privateEndpointEnforcementEnabled"):
        yield "--enable-authorized-networks-on-private-endpoint"
