"""A session of the SDK without boto3, whose resources and transfers take long to load and are used by nothing here."""

from __future__ import annotations

from typing import Any

import botocore.session


class PlainSession(botocore.session.Session):
    """botocore's session, with boto3's names for what cloudguard uses of it."""

    @property
    def region_name(self) -> str | None:
        """The region that its configuration names. Raises ProfileNotFound."""
        region: str | None = self.get_config_variable("region")
        return region

    def client(self, service: str, **given: Any) -> Any:  # noqa: ANN401 - botocore makes clients at run time
        """Return a client of a service."""
        create: Any = self.create_client
        return create(service, **given)
