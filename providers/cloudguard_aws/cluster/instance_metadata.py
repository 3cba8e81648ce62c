"""The metadata service of hosts: as they have it, or as what a template leaves open will be decided.

A template's settings come first, then the account's defaults, then the image (EC2 user guide, Order of precedence for
instance metadata options: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html).
The IPv6 endpoint obeys the same settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cloudguard.model.cluster import MetadataService
from cloudguard.model.source import FactKind
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import GET_INSTANCE_METADATA_DEFAULTS
from cloudguard_aws.network.rules import Item, inner

_HIDES: Final = (FactKind.IDENTITIES,)
_SAID: Final = {"HttpEndpoint": ("enabled", "disabled"), "HttpTokens": ("optional", "required")}
_OF_NEW_IMAGES: Final[dict[str, object]] = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
"""What an image that supports only version 2 sets (EC2 user guide, Configure the AMI)."""
_OF_OTHER_IMAGES: Final[dict[str, object]] = {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1}


def metadata_service(options: Mapping[str, object] | None) -> MetadataService | None:
    """Return the metadata service as an instance has it; None where it is not said."""
    if not options:
        return None
    hops = options.get("HttpPutResponseHopLimit")
    return MetadataService(
        enabled=options.get("HttpEndpoint", "enabled") != "disabled",
        tokens_required=options.get("HttpTokens") == "required",
        hop_limit=hops if isinstance(hops, int) else 1,
    )


def read_defaults(api: Api, templates: Iterable[Item]) -> Item | None:
    """Return the account's defaults, asked only where one of the templates leaves something open; None: not known."""
    if all(service_of(one, None, None) for one in templates):
        return None
    found = api.read_or_none(GET_INSTANCE_METADATA_DEFAULTS, hides=_HIDES)
    return None if found is None else (found[0] if found else {})


def service_of(template: Item, account: Item | None, image: Item | None) -> MetadataService | None:
    """Return what the next host gets; None where the template leaves it to what is not known.

    Where tokens are not required, how far answers travel makes no difference.
    """
    whole = _told(inner(template, "MetadataOptions"))
    if account is not None:
        whole = _told(account) | whole
        if image is not None:
            whole = (_OF_NEW_IMAGES if image.get("ImdsSupport") == "v2.0" else _OF_OTHER_IMAGES) | whole
    decided = whole.keys() >= _OF_OTHER_IMAGES.keys() or "disabled" in whole.values() or "optional" in whole.values()
    return metadata_service(whole) if decided else None


def _told(options: Item) -> dict[str, object]:
    """Return the settings that express a preference."""
    hops = options.get("HttpPutResponseHopLimit")
    return {
        **{key: options[key] for key, values in _SAID.items() if options.get(key) in values},
        **({"HttpPutResponseHopLimit": hops} if isinstance(hops, int) and hops > 0 else {}),
    }
