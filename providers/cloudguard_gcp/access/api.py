"""Paged, read-only calls. A refused call or an incomplete answer becomes a Gap.

Answers are dictionaries with the API's own names (camelCase).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Answer, Item, child, objects, texts
from cloudguard.provider.port import CollectRequest, Progress, silent
from cloudguard.provider.reader import LONGEST_MESSAGE, Reader
from cloudguard_gcp.access.calls import CALLS, Call

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

MOST: Final = 500
"""Items per page: the maximum of Compute (https://cloud.google.com/compute/docs/reference/rest/v1)."""
_TIMEOUT: Final = 60
"""Seconds to wait for one answer."""
_EMPTY: Final = "NO_RESULTS_ON_PAGE"
_AGGREGATED: Final = ".aggregatedList"
_ENVELOPE: Final = frozenset(
    {"etag", "id", "items", "kind", "missingZones", "nextPageToken", "selfLink", "unreachables", "warning"}
)
"""Fields that a list has beside its items. A list without items may have none of them."""
_ALIKE: Final = -3
"""A kind begins with its resource's name in the singular: "compute#targetHttpProxyAggregatedList"."""

A = TypeVar("A")


class Api(Reader[Call]):
    """Calls with one caller's session. Safe to use from several threads."""

    identifiers = ("selfLink", "name", "instance", "email", "role")

    calls = CALLS
    threads = 8
    """The SDK parses on one processor: more threads gain nothing."""

    def __init__(
        self, session: AuthorizedSession, progress: Progress = silent, request: CollectRequest | None = None
    ) -> None:
        super().__init__(progress, request)
        self.session = session

    def caller_key(self, call: Call) -> Hashable:
        """Return the session that makes the call: only calls of one session share answers."""
        del call
        return self.session

    def listed_in(
        self, projects: Iterable[str], call: Call, make: Callable[[Item], A], *, hides: tuple[FactKind, ...]
    ) -> tuple[A, ...]:
        """Return ``make(item)`` for each item of a call's answers in ``projects``."""
        read = partial(self.listed, call, make, hides=hides)
        return tuple(chain.from_iterable(self.gather(*(partial(read, project=project) for project in projects))))

    def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Return all pages of Google's answer. Raises one of ``errors``."""
        items, faults = list[Item](), dict[str, None]()
        for page in self.pages(call, parameters):
            for place, page_part in _parts(call, _checked(call, page)):
                items += _listed(call, page_part)
                faults.update(dict.fromkeys(_faults(place, page_part)))
            faults.update(dict.fromkeys(_faults("", page)))
        return Answer(items, tuple(faults))

    def pages(self, call: Call, parameters: Mapping[str, Any]) -> Iterator[Item]:
        """Yield the pages of an answer. Each page is requested when it is taken. Raises one of ``errors``."""
        return self._by_sdk(call, parameters) if call.client else self._by_rest(call, parameters)

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return the types of errors that a call may raise."""
        from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415 - the SDK is loaded on first use
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - likewise
        from google.protobuf.json_format import ParseError  # noqa: PLC0415 - likewise
        from requests.exceptions import RequestException  # noqa: PLC0415 - likewise

        return (GoogleAPIError, GoogleAuthError, ParseError, RequestException, ValueError)

    @staticmethod
    def reason(error: Exception) -> tuple[Reason, str]:
        """Return the reason for a failed call, and the cloud's message."""
        code, reasons = getattr(error, "code", None), _reasons(error)
        words = str(getattr(error, "message", "") or error)
        message = f"{code or type(error).__name__}: {words}"
        if reasons & _OFF:
            return Reason.UNSUPPORTED, message
        if reasons & _PASSING or code == 429:  # noqa: PLR2004 - too many requests
            return Reason.THROTTLED, message
        if code in {401, 403}:
            return Reason.DENIED, message
        return (Reason.MISSING if code == 404 else Reason.FAILED), message  # noqa: PLR2004 - not found

    def _by_sdk(self, call: Call, parameters: Mapping[str, Any]) -> Iterator[Item]:
        from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - the SDK is loaded on first use

        method: Any = getattr(self._client(call), call.method)
        wire: Any = self.session.get_adapter("https://")
        paged = call.service == "compute" and bool(call.items)
        request = {**parameters, **({"max_results": MOST} if paged else {})}
        answer: Any = method(request=request, retry=retry(), timeout=_TIMEOUT)
        page: Any
        for page in answer.pages if hasattr(answer, "pages") else (answer,):
            # Compute's answers are used as received. GKE's clients request enums as numbers, so names are restored.
            yield _object(call, wire.latest()) if call.service == "compute" else MessageToDict(page.__class__.pb(page))

    def _by_rest(self, call: Call, parameters: Mapping[str, Any]) -> Iterator[Item]:
        from google.api_core import exceptions  # noqa: PLC0415 - the SDK is loaded on first use

        address = call.path.format(**parameters)
        posted = call.method == "POST" and call.service != "iam"
        policy = {"options": {"requestedPolicyVersion": 3}} if posted else None
        query = {"options.requestedPolicyVersion": "3"} if call.method == "POST" and not posted else dict[str, str]()
        session: Any = self.session
        failure = cast("Any", exceptions).from_http_response

        def once() -> Item:
            answer = session.request(call.method, address, json=policy, params=query, timeout=_TIMEOUT)
            if answer.status_code >= 400:  # noqa: PLR2004 - where errors begin
                raise failure(answer)
            return _object(call, answer.json())

        while True:
            page: Item = retry()(once)()
            yield page
            if not page.get("nextPageToken"):
                return
            query = {**query, "pageToken": str(page["nextPageToken"])}

    def _client(self, call: Call) -> Any:  # noqa: ANN401 - the SDK's clients are made at run time
        """Return the SDK's client of a call, created once. All clients send through the session's adapter."""
        return self.shared.once((self.session, call.client), partial(_open, call, self.session))


def _open(call: Call, session: AuthorizedSession) -> Any:  # noqa: ANN401 - as above
    sdk: Any = import_module(f"google.cloud.{call.service}_v1")  # on first use: it takes a second or two
    untyped = cast("Any", session)
    client = getattr(sdk, call.client)(credentials=untyped.credentials, transport="rest")
    client.transport._session.mount("https://", untyped.get_adapter("https://"))  # noqa: SLF001 - it can't be handed one
    return client


def _object(call: Call, answer: object) -> Item:
    """Return an answer that is an object. Raises ValueError for any other."""
    return next(objects(call.name, (answer,)))


def _checked(call: Call, page: Item) -> Item:
    """Return a page. Raises ValueError if it holds an error, or is the answer of another method."""
    kind, stem = page.get("kind"), call.name.split(".")[1].removeprefix("global").removeprefix("region")[:_ALIKE]
    if "error" in page:
        message = f"the answer of {call.name} holds an error"
        raise ValueError(message)
    if call.service == "compute" and isinstance(kind, str) and not kind.lower().startswith(f"compute#{stem.lower()}"):
        message = f"the answer of {call.name} is a {kind[:40]}"
        raise ValueError(message)
    return page


def _parts(call: Call, page: Item) -> Iterator[tuple[str, Item]]:
    """Yield a page's scopes ("zones/europe-west1-b") with their content; without scopes, the page itself."""
    in_scopes = isinstance(page.get("items"), dict) or (call.name.endswith(_AGGREGATED) and "items" in page)
    if call.items and in_scopes:
        for place, part in cast("dict[str, object]", _object(call, page["items"])).items():
            yield place, _object(call, part)
    else:
        yield "", page


def _listed(call: Call, part: Item) -> Iterator[Item]:
    """Yield the items of a page or scope. Raises ValueError for an item that is not an object."""
    value: object = part.get(call.items, []) if call.items else [part]
    if call.items not in part and call.items and part and _ENVELOPE.isdisjoint(part):
        message = f"the answer of {call.name} has no {call.items}, but {', '.join(sorted(part))[:60]}"
        raise ValueError(message)
    return objects(call.name, cast("list[object]", value) if isinstance(value, list) else [value])


def _faults(place: str, part: Item) -> Iterator[str]:
    """Yield what an answer says is missing from it."""
    warning = child(part, "warning")
    if warning and warning.get("code") != _EMPTY:
        words = " ".join(str(warning.get("message") or warning.get("code")).split())
        yield f"{place + ': ' if place else ''}{words}"[:LONGEST_MESSAGE]
    for missing in (*texts(part, "unreachables"), *texts(part, "missingZones")):
        yield f"{missing} did not answer"


_PASSING: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"})
_OFF: Final = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})


def retry() -> Any:  # noqa: ANN401 - the SDK's own type has no annotations
    """Return the retry policy of calls. The SDK itself retries only 503 and 504."""
    from google.api_core.retry import Retry  # noqa: PLC0415 - the SDK is loaded on first use

    maker: Any = Retry
    return maker(predicate=_is_temporary, initial=0.5, maximum=8.0, multiplier=2.0, timeout=60.0)


def _is_temporary(error: Exception) -> bool:
    """Whether a failure may be temporary."""
    from requests.exceptions import ConnectionError as Unconnected  # noqa: PLC0415 - the SDK is loaded on first use
    from requests.exceptions import ProxyError, SSLError, Timeout  # noqa: PLC0415 - likewise

    if isinstance(error, Unconnected | Timeout):
        return not isinstance(error, ProxyError | SSLError) and "Name or service" not in str(error)
    code = getattr(error, "code", None)
    return code in {429, 500, 502, 503, 504} or (code == 403 and bool(_reasons(error) & _PASSING))  # noqa: PLR2004


def _reasons(error: Exception) -> frozenset[str]:
    """Return the cloud's codes for a refusal. Each API has them in one of two places."""
    listed = cast("Iterable[object]", getattr(error, "errors", None) or ())
    reasons = {str(cast("Item", error).get("reason", "")) for error in listed if isinstance(error, dict)}
    return frozenset({*reasons, str(getattr(error, "reason", None) or "")} - {""})
