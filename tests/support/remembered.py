"""An adapter's ``fetch`` with a memory, for tests that read one cluster again and again and change one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cloudguard.provider.answers import Answer

Fetch: TypeAlias = Callable[[Any, Any, Mapping[str, Any]], Answer]
"""A reader's ``fetch``, not bound to a reader: the reader, the call, its parameters."""


def remembering(fetch: Fetch, always: Callable[[Any], bool]) -> Fetch:
    """Return ``fetch`` that asks once for each call and its parameters; for those that are ``always`` asked, again."""
    known: dict[tuple[str, str], Answer | Exception] = {}

    def fetched(reader: Any, call: Any, parameters: Mapping[str, Any]) -> Answer:  # noqa: ANN401 - of any provider
        if always(call):
            return fetch(reader, call, parameters)
        key = (call.name, repr(sorted(parameters.items())))
        if key not in known:
            try:
                known[key] = fetch(reader, call, parameters)
            except reader.errors() as error:
                known[key] = error
        answer = known[key]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return fetched
