"""Whether Google could send what a fixture holds; everything that is wrong with it is told at once."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from gcp.discovery import APIS, Schema, find, item, schema
from gcp.fixture import Fixture, Json, collections, name_of, projects, responses

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_TOLD_TIME = re.compile(r"(?s)^(?!.*(?:HH:MM|PTn)).*RFC3339")
"""How descriptions tell a time where ``format`` does not; those of a time of day, or a span, are others."""
_LINK = re.compile(
    r"(?:https://[^/]+/compute/v1/)?projects/([^/]+)/((?:global|zones/[^/]+|regions/[^/]+)/([^/]+)/[^/]+)"
)
_CATALOGUES = frozenset({"machineTypes", "diskTypes", "acceleratorTypes", "gateways", "images", "operations"})
"""What Google fills, or lists nowhere: a link into them needs no resource."""


class FixtureError(ValueError):
    """A fixture is not what Google could send; a line for each fault."""


def _is_bytes(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


_FORMATS: Mapping[str, Callable[[str], object]] = {
    "int64": re.compile(r"-?\d{1,19}").fullmatch,
    "uint64": re.compile(r"\d{1,20}").fullmatch,
    "google-datetime": _TIME.fullmatch,
    "google-duration": re.compile(r"-?\d+(\.\d{1,9})?s").fullmatch,
    "byte": _is_bytes,
}


def check(fixture: Fixture) -> Fixture:
    """Return the fixture; raises FixtureError with all that is wrong with it."""
    wrong = [*_strangers(fixture), *_collections(fixture), *_responses(fixture), *_links(fixture)]
    if wrong:
        raise FixtureError("\n".join(wrong))
    return fixture


def _strangers(fixture: Fixture) -> Iterator[str]:
    yield from (f"{api}: no such API" for api in fixture if api not in APIS)


def _collections(fixture: Fixture) -> Iterator[str]:
    for api, path, resources in collections(fixture):
        method = find(api, "GET", path)
        if method is None or not method.items:
            yield f"{path}: {api} lists nothing there"
            continue
        counts = Counter(map(name_of, resources))
        yield from (f"{path}/{name}: is there {count} times" for name, count in counts.items() if count > 1)
        for resource in resources:
            place = f"{path}/{name_of(resource)}"
            yield from faults(api, item(method), resource, place)
            link = str(resource.get("selfLink", place))
            if api == "compute.v1" and not link.endswith(f"/{place}"):
                yield f"{place}.selfLink: {link!r} is somewhere else"


def _responses(fixture: Fixture) -> Iterator[str]:
    for api, key, body in responses(fixture):
        verb, _, path = key.partition(" ")
        method = find(api, verb, path.partition("?")[0])
        if method is None:
            yield f"{key}: {api} has no such method"
        else:
            yield from faults(api, schema(api, method.answer), body, key)


def _links(fixture: Fixture) -> Iterator[str]:
    """Yield links to resources of the fixture's own projects that it does not hold."""
    own = projects(fixture)
    held = {
        f"{path}/{name_of(one)}" for api, path, found in collections(fixture) for one in found if api == "compute.v1"
    }
    everything = [
        *((f"{path}/{name_of(one)}", one) for _, path, found in collections(fixture) for one in found),
        *((key, body) for _, key, body in responses(fixture)),
    ]
    for place, body in everything:
        for where, text in _texts(body, place):
            link = _LINK.fullmatch(text)
            if link and link[1] in own and link[3] not in _CATALOGUES and f"projects/{link[1]}/{link[2]}" not in held:
                yield f"{where}: {text!r} is not there"


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    for where, part in _parts(value, place):
        yield from _texts(part, where)


def _parts(value: object, place: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f"{place}.{key}", part) for key, part in cast("Json", value).items())
    elif isinstance(value, list):
        yield from ((f"{place}[{number}]", part) for number, part in enumerate(cast("list[object]", value)))


def faults(api: str, told: Schema, value: object, place: str) -> Iterator[str]:
    """Yield how ``value`` differs from what a schema tells."""
    told = schema(api, told["$ref"]) if "$ref" in told else told
    kind = told.get("type", "any")
    if kind != "any" and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{place}: {value!r} is no {told.get('format', kind)} in a JSON {kind}"
    elif isinstance(value, str):
        yield from _of_text(told, value, place)
    elif isinstance(value, list):
        for where, part in _parts(cast("object", value), place):
            yield from faults(api, told.get("items", {}), part, where)
    elif isinstance(value, dict):
        yield from _of_object(api, told, cast("Json", value), place)


def _of_object(api: str, told: Schema, value: Json, place: str) -> Iterator[str]:
    properties, others = told.get("properties", {}), told.get("additionalProperties")
    for key, part in value.items():
        known = properties.get(key, others)
        if known is not None:
            yield from faults(api, known, part, f"{place}.{key}")
        elif "properties" in told or "type" in told:
            yield f"{place}.{key}: there is no such property"


def _of_text(told: Schema, value: str, place: str) -> Iterator[str]:
    form = told.get("format", "google-datetime" if _TOLD_TIME.search(told.get("description", "")) else "")
    if "enum" in told and value not in told["enum"]:
        yield f"{place}: {value!r} is none of {', '.join(told['enum'])}"
    if "pattern" in told and not re.fullmatch(told["pattern"], value):
        yield f"{place}: {value!r} does not fit {told['pattern']}"
    if form in _FORMATS and not _FORMATS[form](value):
        yield f"{place}: {value!r} is no {form}"
