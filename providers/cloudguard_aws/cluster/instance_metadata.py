"""The metadata service of hosts: as they have it, or as what a template leaves out will be decided.

A template's settings come first, then the account's defaults, then the image (EC2 user guide, Order of precedence for
instance metadata options: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html).
The IPv6 endpoint obeys the same settings.
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
"""Metadata options by the API's own names; one that is left out is decided elsewhere."""
IMAGE_OF_VERSION_2: Final[Settings] = {"HttpTokens": "required", _HOPS: 2}
"""What an image that supports only version 2 sets (EC2 user guide, Configure the AMI)."""
OTHER_IMAGE: Final[Settings] = {"HttpTokens": "optional", _HOPS: 1}


def metadata_service(options: Item) -> MetadataService | None:
    """Return the metadata service as an instance has it; None where its options are left out."""
    if not options:
        return None
    return MetadataService(
        enabled=text(options, "HttpEndpoint") != "disabled",
        tokens_required=text(options, "HttpTokens") == "required",
        hop_limit=number(options, _HOPS, 1),
    )


def settings_of(options: Item) -> Settings:
    """Return the options that express a preference."""
    said = {key: text(options, key) for key, words in _WORDS.items() if text(options, key) in words}
    hops = number(options, _HOPS, 0)
    return said | ({_HOPS: hops} if hops > 0 else {})


def read_defaults(api: Api, templates: Iterable[Settings]) -> Settings | None:
    """Return the account's defaults, asked for only where a template leaves something out; None: not known."""
    if all(next_service(one, None, None) for one in templates):
        return None
    found = api.read_or_none(GET_INSTANCE_METADATA_DEFAULTS, hides=_HIDES)
    if found == []:
        return {}
    read = api.mapped(GET_INSTANCE_METADATA_DEFAULTS, found or (), settings_of, hides=_HIDES)
    return read[0] if read else None


def next_service(template: Settings, account: Settings | None, image: Settings | None) -> MetadataService | None:
    """Return what the next host gets; None where the template leaves it to what is not known.

    Where tokens are not required, how far answers travel makes no difference.
    """
    settings = {**template}
    if account is not None:
        settings = {**(image or {}), **account, **settings}
    decided = settings.keys() >= OTHER_IMAGE.keys() or not {"disabled", "optional"}.isdisjoint(settings.values())
    return metadata_service(settings) if decided else None
