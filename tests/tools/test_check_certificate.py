"""The certificate checker agrees with binary decision diagrams, and refuses plans that open or block traffic."""

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
"""The decimal logarithm of the largest number of rules in a drawn plan."""


def fault(data: dict[str, Any]) -> str:
    """Return the first fault that the checker finds, or ""."""
    return next(Certificate(data).faults(), "")


def subnet_opened_to_a_group(*, complete: bool, stranger: str) -> dict[str, Any]:
    """Return a plan that replaces a rule for a subnet by a rule for a group, which has ``stranger`` as a member."""
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
def test_replacing_a_subnet_by_a_group_opens_to_members_outside_the_subnet(
    *, complete: bool, stranger: str, answer: str
) -> None:
    assert fault(subnet_opened_to_a_group(complete=complete, stranger=stranger)) == answer


def test_a_rule_for_one_address_blocks_the_next_host() -> None:
    data = subnet_opened_to_a_group(complete=True, stranger="10.0.1.7/32")
    data["steps"][0]["rules"] = [
        {"id": "pin", "addresses": addresses("10.0.1.4/32"), "services": services("tcp/10250")}
    ]
    assert fault(data) == "step 1 (c1) loses tcp/10250 from 10.0.1.0 (the next node), needed for kubelet"


def test_declared_traffic_may_be_opened() -> None:
    data = subnet_opened_to_a_group(complete=True, stranger="10.0.2.7/32")
    some = {"filter": "control-plane", "addresses": addresses("10.0.2.0/24"), "services": services("tcp/10250")}
    assert not fault({**data, "declared": [some]})


@pytest.mark.parametrize("seed", seeds(100))
def test_the_checker_agrees_with_decision_diagrams_on_spoilt_plans(seed: int) -> None:
    random = Random(seed)
    honest = MadeUp(random, int(10 ** random.uniform(0.7, MOST))).honest()
    assert not fault(honest)
    spoiled = spoilt(random, honest)
    assert (not fault(spoiled)) == Judge(spoiled).holds()


def test_the_checker_refuses_many_of_the_spoilt_plans() -> None:
    drawn = (Random(seed) for seed in range(100))
    refused = sum(bool(fault(spoilt(random, MadeUp(random, 200).honest()))) for random in drawn)
    assert 30 < refused < 90


def test_the_checker_imports_only_the_standard_library_and_is_short() -> None:
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
def test_the_exit_status_says_whether_the_certificate_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, status: int, said: str
) -> None:
    file = tmp_path / "certificate.json"
    file.write_text(text)
    assert main([str(file)]) == status
    assert said in "".join(capsys.readouterr())


def test_a_missing_file_is_no_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == BAD
    assert main(["/nowhere/at/all"]) == BAD
    assert "no certificate" in capsys.readouterr().err
