"""The instance metadata service of hosts, and of the next host of a scaling group.

A template's settings come first, then the account's defaults, then the image (EC2 user guide, Order of precedence for
instance metadata options:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html). The IPv6 endpoint obeys
the same settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cloudguard.model.cluster import MetadataService
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, number, text
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import GET_INSTANCE_METADATA_DEFAULTS

_HIDES: Final = (FactKind.IDENTITIES,)
_WORDS: Final = {"HttpEndpoint": ("enabled", "disabled"), "HttpTokens": ("optional", "required")}
_HOPS: Final = "HttpPutResponseHopLimit"
Settings = Mapping[str, str | int]
"""Dict of metadata option, by the API's name → value. An option that is missing is decided by the next source."""
IMAGE_OF_VERSION_2: Final[Settings] = {"HttpTokens": "required", _HOPS: 2}
"""The settings of an image that supports only IMDSv2 (EC2 user guide, Configure the AMI)."""
OTHER_IMAGE: Final[Settings] = {"HttpTokens": "optional", _HOPS: 1}


def metadata_service(options: Item) -> MetadataService | None:
    """Return an instance's metadata service, or None if the answer has no options."""
    if not options:
        return None
    return MetadataService(
        enabled=text(options, "HttpEndpoint") != "disabled",
        tokens_required=text(options, "HttpTokens") == "required",
        hop_limit=number(options, _HOPS, 1),
    )


def settings_of(options: Item) -> Settings:
    """Return the options that are set. An option that leaves the value to the next source is not included."""
    known = {key: text(options, key) for key, words in _WORDS.items() if text(options, key) in words}
    hops = number(options, _HOPS, 0)
    return known | ({_HOPS: hops} if hops > 0 else {})


def read_defaults(api: Api, templates: Iterable[Settings]) -> Settings | None:
    """Return the account's defaults. None: not known, or not read because no template needs them."""
    if all(next_service(template, None, None) for template in templates):
        return None
    items = api.read_or_none(GET_INSTANCE_METADATA_DEFAULTS, hides=_HIDES)
    if items == []:
        return {}
    read = api.mapped(GET_INSTANCE_METADATA_DEFAULTS, items or (), settings_of, hides=_HIDES)
    return read[0] if read else None


def next_service(template: Settings, account: Settings | None, image: Settings | None) -> MetadataService | None:
    """Return the metadata service of the next host, or None if an unknown setting decides it.

    If tokens are not required, the hop limit makes no difference.
    """
    settings = {**template}
    if account is not None:
        settings = {**(image or {}), **account, **settings}
    decided = settings.keys() >= OTHER_IMAGE.keys() or not {"disabled", "optional"}.isdisjoint(settings.values())
    return metadata_service(settings) if decided else None
