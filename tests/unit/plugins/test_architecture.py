# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who imports whom: the table in docs/architecture.md, checked against the code."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
UTILS = ROOT / "plugins" / "module_utils"
PREFIX = "ansible_collections.tenantops.entra.plugins.module_utils"
NO_IO = {
    "asyncio",
    "fcntl",
    "http",
    "io",
    "os",
    "pathlib",
    "requests",
    "shutil",
    "socket",
    "ssl",
    "subprocess",
    "urllib3",
}


def layers() -> dict[str, list[str]]:
    """The tables under "Layers": the files of each layer."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", page.split("## Layers", 1)[1], flags=re.MULTILINE)[0]
    _intro, *parts = re.split(r"^### (\w+)\n", section, flags=re.MULTILINE)
    tables = zip(parts[::2], parts[1::2], strict=True)
    return {layer: re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for layer, table in tables}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == PREFIX:
            found.update(f"{PREFIX}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


LAYERS = layers()
ORDER = [name for names in LAYERS.values() for name in names]


def test_the_table_names_every_file() -> None:
    assert sorted(ORDER) == sorted(path.stem for path in UTILS.glob("_*.py"))
    assert list(LAYERS) == ["words", "facts", "pure", "planes", "tenant", "task", "frame"]


@pytest.mark.parametrize("name", ORDER)
def test_imports_look_up_only(name: str) -> None:
    ours = {module.rsplit(".", 1)[1] for module in imports(UTILS / f"{name}.py") if module.startswith(PREFIX + ".")}
    assert ours <= set(ORDER[: ORDER.index(name)])


@pytest.mark.parametrize("name", [*LAYERS["words"], *LAYERS["facts"], *LAYERS["pure"]])
def test_words_and_pure_logic_do_no_io(name: str) -> None:
    roots = {module.split(".")[0] for module in imports(UTILS / f"{name}.py")} - {"ansible_collections"}
    assert roots <= set(sys.stdlib_module_names) - NO_IO


def test_only_the_frame_knows_ansible() -> None:
    users = {
        name for name in ORDER if any(module.split(".")[0] == "ansible" for module in imports(UTILS / f"{name}.py"))
    }
    assert users == {"_module"}


@pytest.mark.parametrize("path", sorted((ROOT / "plugins" / "modules").glob("*.py")), ids=lambda path: path.stem)
def test_modules_are_thin(path: Path) -> None:
    ours = {module.rsplit(".", 1)[1] for module in imports(path) if module.startswith(PREFIX + ".")}
    assert ours <= {"_module", "_options", "_pages", *LAYERS["task"]}
    names = [
        node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    ]
    assert names == ["run"]
