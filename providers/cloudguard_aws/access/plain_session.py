"""An SDK session without boto3, whose resources and transfers load slowly and are not used here."""

from __future__ import annotations

from typing import Any

import botocore.session


class PlainSession(botocore.session.Session):
    """botocore's session with the names of boto3's session, for the methods that cloudguard uses."""

    @property
    def region_name(self) -> str | None:
        """The region in its configuration. Raises ProfileNotFound."""
        region: str | None = self.get_config_variable("region")
        return region

    def client(self, service: str, **given: Any) -> Any:  # noqa: ANN401 - botocore makes clients at run time
        """Return a client of a service."""
        create: Any = self.create_client
        return create(service, **given)
