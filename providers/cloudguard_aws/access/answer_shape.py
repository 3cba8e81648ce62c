"""Refuse answers that are not the API's, such as a proxy's page with status 200, which the SDK reads as empty."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from cloudguard.provider.answers import AnswerError

if TYPE_CHECKING:
    from botocore.model import OperationModel

_ROOT: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<[?!][^>]*>\s*)*<(?:[\w.-]+:)?([\w.-]+)")
"""Matches the name of an XML document's root element, after its declaration, doctype and comments."""
_XML: Final = {"ec2", "query"}
_JSON: Final = {"json", "rest-json"}
_LAST_SUCCESS: Final = 299


def refuse_foreign(operation_model: OperationModel, response_dict: Mapping[str, Any], **_rest: object) -> None:
    """Raise AnswerError if a successful answer does not have the form of the operation's answers.

    XML must have the operation's own root element ("DescribeVpcsResponse"). A JSON object must be empty or have at
    least one member of the operation's answer. botocore calls this function as an event handler ("before-parse").
    """
    protocol: str = cast("Any", operation_model.service_model).resolved_protocol
    body: object = response_dict["body"]
    if response_dict["status_code"] > _LAST_SUCCESS or not isinstance(body, bytes):
        return
    if protocol in _XML:
        match = _ROOT.match(body)
        root = match[1].decode("ascii", "replace") if match else ""
        if root != f"{operation_model.name}Response":
            raise _foreign(operation_model, f"its root element is {root[:40]!r}" if root else "it is not XML")
    elif protocol in _JSON and operation_model.output_shape:
        members: Mapping[str, Any] = cast("Any", operation_model.output_shape).members
        _refuse_json(operation_model, body, {shape.serialization.get("name", name) for name, shape in members.items()})


def _refuse_json(operation_model: OperationModel, body: bytes, names: Collection[str]) -> None:
    try:
        written: object = json.loads(body or b"{}")
    except ValueError:
        raise _foreign(operation_model, "it is not JSON") from None
    if not isinstance(written, dict) or (written and not {*cast("dict[str, object]", written)} & {*names}):
        raise _foreign(operation_model, "it has none of the expected members")


def _foreign(operation_model: OperationModel, why: str) -> AnswerError:
    return AnswerError(f"the answer to {operation_model.name} is not from the AWS API: {why}")
