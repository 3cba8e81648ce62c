"""Answers as received. The SDK only gets the link to the next page.

The SDK's models are not built: they differ between its two generations, and drop unknown fields.
"""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import urlsplit

from cloudguard.provider.answers import Answer, AnswerError, Item, objects
from cloudguard.provider.port import Stop
from cloudguard_azure.access.calls import Call


class Pages:
    """The pages of one call to ``endpoint``."""

    def __init__(self, call: Call, endpoint: str, stop: Stop) -> None:
        self._call = call
        self._host = _host(endpoint)
        self._stop = stop
        self._items = list[Item]()
        self._faults = list[str]()
        self._links = set[str]()
        self._taken = 0

    def take(self, response: Any) -> None:  # noqa: ANN401 - the SDK has two kinds of responses
        """Keep a page, and pass on only its link to the SDK. Raises AnswerError if it is not a page."""
        if response.http_response.status_code != 200:  # noqa: PLR2004 - all that the methods succeed with
            return
        self._stop.check()
        self._taken += 1
        page = self._page(response.http_response.text())
        link = ""
        if self._call.listed:
            listed = page.get("value")
            if not isinstance(listed, list):
                message = f"{self._call.name} returned no list"
                raise AnswerError(message)
            self._items += objects(self._call.name, cast("list[object]", listed))
            link = self._next(page)
        else:
            self._items.append(page)
        response.http_response = _PageLink(response.http_response, link)

    def answer(self) -> Answer:
        """Return the items that were kept. Raises AnswerError if there was no page."""
        if not self._taken:
            message = f"{self._call.name} returned no answer"
            raise AnswerError(message)
        return Answer(self._items, tuple(self._faults))

    def _page(self, text: str) -> Item:
        try:
            parsed: object = json.loads(text)
        except ValueError:
            message = f"{self._call.name} returned an answer that is not JSON"
            raise AnswerError(message) from None
        return next(objects(self._call.name, (parsed,)))

    def _next(self, page: Item) -> str:
        """Return the next page's link; "" on the last page, and if the link is not followed: then a fault says why."""
        link = page.get("nextLink") or ""
        if page.get("skipToken"):
            self._faults.append("there is another page, which was not read")
        if not link:
            return ""
        if not isinstance(link, str) or _host(link) != self._host:
            self._faults.append("the next page is on another host and was not read")
            return ""
        if link in self._links:
            self._faults.append("the pages repeat, so there may be more items")
            return ""
        self._links.add(link)
        return link


def _host(address: str) -> tuple[str, str]:
    try:
        url = urlsplit(address)
    except ValueError:
        return "", address
    return url.scheme, url.netloc.lower().removesuffix(":443")


class _PageLink:
    """A response whose content is only the next page's link."""

    def __init__(self, response: object, link: str) -> None:
        self._response = response
        self._content = {"value": list[object](), **({"nextLink": link} if link else {})}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the response has
        return getattr(self._response, name)

    def json(self) -> object:
        """Return the content."""
        return self._content

    def text(self, encoding: str | None = None) -> str:
        """Return the content as JSON."""
        del encoding
        return json.dumps(self._content)
