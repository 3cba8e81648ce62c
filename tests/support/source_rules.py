"""What a module's source may not contain: output, an exit, a broad handler, a cloud's name, a long function."""

from __future__ import annotations

import ast
import re

CLOUDS = re.compile(
    r"(?<![a-z])(aws|gcp|azure|amazon|eks|gke|aks|boto3|ec2|google)(?![a-z])",
    re.IGNORECASE,
)
ENDS_OR_PRINTS = {"print", "exit", "quit", "input", "breakpoint"}
EDGE_OF_SYS = {"exit", "stdout", "stderr", "stdin", "argv"}
EDGE_OF_OS = {"environ", "environb", "getenv", "_exit", "abort"}
LONGEST_FUNCTION = 60


def outside_contacts(text: str) -> list[str]:
    """Return the places where a module prints, exits, or reads the environment or the standard streams."""
    found: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ENDS_OR_PRINTS:
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            edge = {"sys": EDGE_OF_SYS, "os": EDGE_OF_OS}.get(node.value.id, set[str]())
            found += [ast.unparse(node)] if node.attr in edge else []
        elif isinstance(node, ast.ImportFrom) and node.module in {"sys", "os", "rich"}:
            bad = EDGE_OF_SYS | EDGE_OF_OS | {"print"}
            found += [alias.name for alias in node.names if alias.name in bad]
        elif isinstance(node, ast.Name) and node.id in {"SystemExit", "KeyboardInterrupt"}:
            found.append(node.id)
    return found


def broad_excepts(text: str) -> list[str]:
    """Return the lines of handlers that catch every exception and do not pass it on at their end."""
    handlers = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler))
    broad = (node for node in handlers if node.type is None or _names(node.type) & {"Exception", "BaseException"})
    return [f"line {node.lineno}" for node in broad if not _handed_on(node)]


def _handed_on(handler: ast.ExceptHandler) -> bool:
    last = ast.unparse(handler.body[-1])
    return last == "raise" or last.endswith(f".set_exception({handler.name})")


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def clouds_named(text: str) -> list[str]:
    """Return the lines that name a cloud, in code, strings or comments."""
    return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if CLOUDS.search(line)]


def long_functions(text: str) -> list[str]:
    """Return the functions that are too long."""
    return [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]
