"""The certificate of a plan: the rules before the plan, the steps and the needs, as plain intervals.

It covers filter rules and the ranges of public endpoints. tools/check_certificate.py reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final, cast

from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.planning.certificates.endpoint_flows import endpoint_flows
from cloudguard.planning.certificates.flows import flows
from cloudguard.planning.certificates.variants import Json, Variants
from cloudguard.planning.edits.model_edits import EditOfChange, edited
from cloudguard.planning.planner import Planned
from cloudguard.planning.proof.network_state import NetworkState
from cloudguard.planning.proof.obligations import Prover
from cloudguard.results.change import ListEdit, RuleEdit

SCHEMA: Final = "cloudguard/certificate/v1"


def certificate(planned: Planned) -> str:
    """Return the certificate of a plan as JSON, with one line for each group, sender, filter, need and step."""
    lines = (f"{json.dumps(key)}: {_lines(value)}" for key, value in _document(planned).items())
    return "{" + ",\n".join(lines) + "}\n"


def _lines(value: object) -> str:
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(map(json.dumps, cast("list[object]", value))) + "]"


def _document(planned: Planned) -> Json:
    prover = Prover(planned.case.context, planned.case.change_forms)
    first, last = prover.first, NetworkState(planned.proposal.after, prover.first)
    order = [entry for _, entry in planned.proposal.order]
    touched = {change.resource.id for change, edit in order if isinstance(edit, RuleEdit | ListEdit)}
    variants = Variants(first.snapshot, first.classes)
    for name in sorted(touched & {guard.id for guard in first.snapshot.topology.filters}):
        variants.of_others(name)
    senders, needs = _needs(planned, (first, last), variants, touched)
    filters = [*variants.documents(), *_public_sides(first)]
    read = [group.id for group in last.snapshot.topology.groups if group.members_known]
    declared = [
        {"filter": guard["id"], "addresses": addresses.intervals, "services": services.intervals}
        for addresses, services in prover.declared().items()
        for guard in filters
    ]
    return {
        "schema": SCHEMA,
        "groups": [{"id": name, "complete": True} for name in read],
        "senders": [*senders, *_possible_senders(first, last)],
        "filters": filters,
        "declared": declared,
        "needs": needs,
        "steps": [*variants.steps(entry for entry in order if isinstance(entry[1], RuleEdit)), *_lists(first, order)],
    }


def _possible_senders(first: NetworkState, last: NetworkState) -> Iterator[Json]:
    """Yield each possible sender that is in a group, with all its groups from before and after the plan."""
    for number, (before, after) in enumerate(zip(first.peers, last.peers, strict=False)):
        if before.groups or after.groups:
            groups = sorted({*before.groups, *after.groups})
            yield {"id": f"{before.name} ({number})", "addresses": before.addresses.intervals, "groups": groups}


def _needs(
    planned: Planned, states: tuple[NetworkState, NetworkState], variants: Variants, touched: set[str]
) -> tuple[list[Json], list[Json]]:
    """Return the senders, and the needs, of the needed flows that a filter in ``touched`` (ids) may stop."""
    senders, needs = dict[tuple[AddressSet, tuple[str, ...]], Json](), list[Json]()
    known = states[0].reach.filters.filters
    sides = {endpoint.id for endpoint in states[0].snapshot.topology.endpoints}
    context = planned.case.context
    for flow in (*flows(*states, context), *endpoint_flows(*states, context)):
        if not flow.addresses:
            continue
        guards = [name for name in flow.target.filters if name in known or name in sides]
        if touched.isdisjoint(guards):
            continue
        key = flow.addresses, flow.groups
        if key not in senders:
            name = f"{flow.sender} [{len(senders)}]"
            senders[key] = {"id": name, "addresses": flow.addresses.intervals, "groups": flow.groups}
        alone = any(known[name].in_series for name in guards if name in known)
        for names in [[name] for name in guards] if alone else [guards]:
            guard = [variants.of(name, flow.target).name if name in known else name for name in names]
            need = {"sender": senders[key]["id"], "guard": guard, "services": flow.services.intervals}
            needs.append({**need, "why": flow.why})
    return [*senders.values()], needs


def _public_sides(state: NetworkState) -> Iterator[Json]:
    """Yield the list of clients of each managed endpoint, written as a filter with one rule."""
    for endpoint in state.snapshot.topology.endpoints:
        yield {"id": endpoint.id, "ordered": False, "rules": [_listed(state, endpoint)]}


def _listed(state: NetworkState, endpoint: Endpoint) -> Json:
    ranges = state.public_side(endpoint).lower.addresses()
    return {"id": "listed", "addresses": ranges.intervals, "services": endpoint.service.intervals}


def _lists(first: NetworkState, order: Iterable[EditOfChange]) -> Iterator[Json]:
    """Yield a step for each edit of an endpoint's list: the rule that it drops, and the rule that it puts."""
    snapshot = first.snapshot
    for change, edit in order:
        if isinstance(edit, ListEdit):
            snapshot = edited(snapshot, [(change, edit)])
            after = NetworkState(snapshot, first)
            for endpoint in snapshot.topology.endpoints:
                if endpoint.id == change.resource.id:
                    put = [_listed(after, endpoint)]
                    yield {"change": change.id, "filter": endpoint.id, "drop": ["listed"], "rules": put}
