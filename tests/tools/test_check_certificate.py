"""The checker of certificates agrees with binary decision diagrams, and refuses each plan that opens or loses."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from certificates import MadeUp, addresses, certificate, services, spoilt
from draws import seeds
from oracle_bdd import Judge
from tools import check_certificate
from tools.check_certificate import BAD, FAILS, HOLDS, Certificate, main

MOST = 2.5
"""The decimal logarithm of the most rules of a drawn plan."""


def fault(data: dict[str, Any]) -> str:
    """Return what the checker says first."""
    return next(Certificate(data).faults(), "")


def subnet_opened_to_a_group(*, complete: bool, stranger: str) -> dict[str, Any]:
    """Return a plan that lets a group in where a subnet was let in; a stranger of the group stands elsewhere."""
    kubelet = services("tcp/10250")
    return certificate(
        groups=[{"id": "nodes", "complete": complete}],
        senders=[
            {"id": "the next node", "addresses": addresses("10.0.1.0/24"), "groups": ["nodes"]},
            {"id": "a jump box", "addresses": addresses(stranger), "groups": ["nodes"]},
        ],
        filters=[
            {
                "id": "control-plane",
                "ordered": False,
                "rules": [{"id": "subnet", "addresses": addresses("10.0.1.0/24"), "services": kubelet}],
            }
        ],
        needs=[{"sender": "the next node", "guard": ["control-plane"], "services": kubelet, "why": "kubelet"}],
        steps=[
            {
                "change": "c1",
                "filter": "control-plane",
                "drop": ["subnet"],
                "rules": [{"id": "group", "group": "nodes", "services": kubelet}],
            }
        ],
    )


@pytest.mark.parametrize(
    ("complete", "stranger", "answer"),
    [
        (True, "10.0.1.7/32", ""),
        (True, "10.0.2.7/32", "step 1 (c1) opens control-plane: tcp/10250 from 10.0.2.7 (a jump box)"),
        (False, "10.0.1.7/32", "step 1 (c1) opens control-plane: tcp/10250 from 0.0.0.0 (any member of nodes)"),
    ],
)
def test_a_group_in_place_of_a_subnet_opens_it_to_strangers_of_the_group(
    *, complete: bool, stranger: str, answer: str
) -> None:
    assert fault(subnet_opened_to_a_group(complete=complete, stranger=stranger)) == answer


def test_a_pinned_address_loses_the_next_host() -> None:
    data = subnet_opened_to_a_group(complete=True, stranger="10.0.1.7/32")
    data["steps"][0]["rules"] = [
        {"id": "pin", "addresses": addresses("10.0.1.4/32"), "services": services("tcp/10250")}
    ]
    assert fault(data) == "step 1 (c1) loses tcp/10250 from 10.0.1.0 (the next node), needed for kubelet"


def test_what_is_declared_may_be_opened() -> None:
    data = subnet_opened_to_a_group(complete=True, stranger="10.0.2.7/32")
    some = {"filter": "control-plane", "addresses": addresses("10.0.2.0/24"), "services": services("tcp/10250")}
    assert not fault({**data, "declared": [some]})


@pytest.mark.parametrize("seed", seeds(100))
def test_it_agrees_with_decision_diagrams_on_spoilt_plans(seed: int) -> None:
    random = Random(seed)
    honest = MadeUp(random, int(10 ** random.uniform(0.7, MOST))).honest()
    assert not fault(honest)
    spoiled = spoilt(random, honest)
    assert (not fault(spoiled)) == Judge(spoiled).holds()


def test_a_good_part_of_the_spoilt_plans_opens_or_loses() -> None:
    drawn = (Random(seed) for seed in range(100))
    refused = sum(bool(fault(spoilt(random, MadeUp(random, 200).honest()))) for random in drawn)
    assert 30 < refused < 90


def test_it_needs_the_standard_library_alone_and_is_short() -> None:
    text = Path(check_certificate.__file__).read_text()
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.partition(".")[0] for node in imports for name in _names(node)}
    assert names <= sys.stdlib_module_names
    assert len(text.splitlines()) <= 200


def _names(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (json.dumps(subnet_opened_to_a_group(complete=True, stranger="10.0.1.7/32")), HOLDS, "holds"),
        (json.dumps(subnet_opened_to_a_group(complete=True, stranger="10.9.9.9/32")), FAILS, "step 1 (c1) opens"),
        ("{}", BAD, "no certificate: KeyError"),
        ("[]", BAD, "no certificate: TypeError"),
        ("\0", BAD, "no certificate: JSONDecodeError"),
        ('{"schema": "cloudguard/report/v1"}', BAD, "no certificate: ValueError"),
    ],
)
def test_the_exit_status_says_whether_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, status: int, said: str
) -> None:
    file = tmp_path / "certificate.json"
    file.write_text(text)
    assert main([str(file)]) == status
    assert said in "".join(capsys.readouterr())


def test_no_file_is_no_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == BAD
    assert main(["/nowhere/at/all"]) == BAD
    assert "no certificate" in capsys.readouterr().err
