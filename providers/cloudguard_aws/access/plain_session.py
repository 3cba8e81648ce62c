"""An SDK session without boto3, whose resources and transfers load slowly and are not used here.

It leaves the times in answers as text: to parse them takes an eighth of the processor time of a reading, and only one
of them is used (``fleets``).
"""

from __future__ import annotations

from typing import Any

import botocore.session


class PlainSession(botocore.session.Session):
    """botocore's session with the names of boto3's session, for the methods that cloudguard uses."""

    def __init__(self, **arguments: Any) -> None:  # noqa: ANN401 - botocore's own arguments
        super().__init__(**arguments)
        self.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_as_answered)

    @property
    def region_name(self) -> str | None:
        """The region in its configuration. Raises ProfileNotFound."""
        region: str | None = self.get_config_variable("region")
        return region

    def client(self, service: str, **arguments: Any) -> Any:  # noqa: ANN401 - botocore makes clients at run time
        """Return a client of a service."""
        create: Any = self.create_client
        return create(service, **arguments)


def _as_answered(value: object) -> object:
    return value
