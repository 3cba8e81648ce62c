"""Changes of a managed endpoint: its private side is turned on first if hosts would otherwise lose access."""

from __future__ import annotations

from dataclasses import replace

from cloudguard.model.network import Endpoint
from cloudguard.planning.edits.model_edits import PRIVATE_SIDE
from cloudguard.results.change import AttributeEdit, Change, ListEdit, PeerOf


def private_first(change: Change, endpoint: Endpoint) -> Change:
    """Return ``change``, with an edit that turns on the endpoint's private side before its public list shrinks.

    The edit is added if the private side is off, and the new list needs the hosts' outbound addresses, which are not
    known, or lets in nobody outside. Any other change is returned as it is.
    """
    (edit, *others) = change.edits
    if others or not isinstance(edit, ListEdit) or endpoint.private or endpoint.for_all_or_nobody:
        return change
    kinds = {peer.kind for peer in edit.after}
    if not kinds & {PeerOf.WAY_OUT, PeerOf.INSIDE}:
        return change
    kept = [pair for pair in zip(edit.after, edit.needs, strict=True) if pair[0].kind is not PeerOf.WAY_OUT]
    shrunk = replace(edit, after=tuple(peer for peer, _ in kept), needs=tuple(why for _, why in kept))
    return replace(change, edits=(AttributeEdit(PRIVATE_SIDE, "off", "on"), shrunk))
