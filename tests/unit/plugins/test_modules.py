# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files of modules and of data may hold; who imports whom is a contract in pyproject.toml."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
MODULES = sorted((PLUGINS / "modules").glob("sspr_*.py"))
DATA = sorted(path for path in (PLUGINS / "module_utils" / "data").glob("*.py"))
CODE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.Try)


def statements(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_documentation_and_one_call(path: Path) -> None:
    assert [node for node in statements(path) if isinstance(node, CODE)] == []


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_data_are_literals(path: Path) -> None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            ast.literal_eval(node.value)
        else:
            assert isinstance(node, ast.Expr | ast.ImportFrom | ast.Import), f"line {node.lineno} is code"
