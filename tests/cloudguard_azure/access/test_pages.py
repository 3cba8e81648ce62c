"""A page is an object with a list. The next page must be on the same host and not read before."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cloudguard.provider.answers import AnswerError, Item
from cloudguard.provider.port import Stop, StoppedError
from cloudguard_azure.access.api import clean
from cloudguard_azure.access.calls import GET_KEY, LIST_DISKS, Call
from cloudguard_azure.access.pages import Pages

HOST = "https://management.azure.com"


def collected_pages(call: Call, *pages: object, status: int = 200, stop: Stop | None = None) -> tuple[Pages, list[Any]]:
    """Return the collected items of ``pages``, and the pages that the SDK sees."""
    kept, left = Pages(call, HOST, stop or Stop()), list[Any]()
    for page in pages:
        text = page if isinstance(page, str) else json.dumps(page)
        answer = SimpleNamespace(status_code=status, text=lambda text=text: text, headers={"x": "y"})
        response = SimpleNamespace(http_response=answer)
        kept.take(response)
        left.append(response.http_response)
    return kept, left


def test_the_sdk_requests_the_next_page() -> None:
    link = f"{HOST}:443/page/2"
    item: Item = {"id": "/a", "properties": {"new": [1]}}
    pages, left = collected_pages(
        LIST_DISKS, {"value": [item], "nextLink": link}, {"value": [], "nextLink": ""}, {"value": [item]}
    )
    assert pages.answer().items == [item, item]
    assert pages.answer().faults == ()
    assert [item.json() for item in left] == [{"value": [], "nextLink": link}, {"value": []}, {"value": []}]
    assert json.loads(left[0].text("utf-8")) == left[0].json()
    assert (left[0].status_code, left[0].headers) == (200, {"x": "y"})


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("page", ["", "<html>", "[]", "null", {}, {"value": None}, {"value": {}}, {"value": ["x"]}])
def test_an_answer_that_is_no_page_is_refused(page: object) -> None:
    with pytest.raises(AnswerError):
        collected_pages(LIST_DISKS, page)


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/page/2",
        "http://management.azure.com/page/2",
        "https://management.azure.com.elsewhere.example/page/2",
        "https://management.azure.com@elsewhere.example/page/2",
        "https://user:password@management.azure.com/page/2",
        "https://management.azure.com:8443/page/2",
        "https://[management.azure.com/page/2",
        "/page/2",
        7,
    ],
)
def test_a_link_to_another_host_is_not_followed(link: object) -> None:
    pages, left = collected_pages(LIST_DISKS, {"value": [{"id": "/a"}], "nextLink": link})
    assert len(pages.answer().items) == len(pages.answer().faults) == 1
    assert left[0].json() == {"value": []}


@pytest.mark.mistake("odd-answer")
def test_a_repeated_page_ends_the_list_with_a_fault() -> None:
    page = {"value": [{"id": "/a"}], "nextLink": "https://MANAGEMENT.azure.com/page/2"}
    pages, left = collected_pages(LIST_DISKS, page, page)
    assert "repeat" in pages.answer().faults[0]
    assert left[1].json() == {"value": []}


def test_a_single_resource_is_no_list() -> None:
    pages, _ = collected_pages(GET_KEY, {"id": "/key", "nextLink": "https://elsewhere.example/"})
    assert pages.answer().items == [{"id": "/key", "nextLink": "https://elsewhere.example/"}]
    assert pages.answer().faults == ()


def test_an_error_without_a_page_gives_no_answer() -> None:
    pages, left = collected_pages(LIST_DISKS, {"error": {}}, status=403)
    assert left[0].text() == '{"error": {}}'
    with pytest.raises(AnswerError):
        pages.answer()


def test_a_stopped_reading_requests_no_further_page() -> None:
    stop = Stop()
    stop.set("enough")
    with pytest.raises(StoppedError):
        collected_pages(LIST_DISKS, {"value": []}, stop=stop)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("two\n lines\tand more", "two lines and more"),
        ("refused by https://user:password@proxy.example:3128/", "refused by https://proxy.example:3128/"),
        ("Bearer eyJ0eXAi.eyJhdWQi.c2ln-_ is wrong", "Bearer is wrong"),
        (
            "AADSTS7000222: expired. Trace ID: 0b1f-6471 Correlation ID: 54-82 Timestamp: 2026-11-29 20:05:09Z",
            "AADSTS7000222: expired.",
        ),
        ("x" * 400, "x" * 300),
    ],
)
def test_an_error_message_is_one_line_without_secrets(words: str, text: str) -> None:
    assert clean(words) == text
