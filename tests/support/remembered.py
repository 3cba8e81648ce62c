"""An adapter's ``fetch`` with a cache, for tests that read one cluster many times and change one answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cloudguard.provider.answers import Answer

Fetch: TypeAlias = Callable[[Any, Any, Mapping[str, Any]], Answer]
"""An unbound ``fetch`` method of a reader. Its parameters are the reader, the call and the call's parameters."""


def remembering(fetch: Fetch, always: Callable[[Any], bool]) -> Fetch:
    """Return ``fetch`` with a cache by call and parameters. Calls for which ``always`` is true are not cached."""
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
