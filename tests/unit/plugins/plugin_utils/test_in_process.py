# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions of ansible-core may run modules in their workers: tested ones that have all private parts."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.tenantops.entra.plugins.plugin_utils import _in_process

ROOT = Path(__file__).resolve().parents[4]
PACKAGE = "ansible_collections.tenantops.entra.plugins.plugin_utils._module_package"


@pytest.fixture
def without_private_parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The plugin as it is when ansible-core no longer has what it relies on."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, PACKAGE, None)
        yield importlib.reload(_in_process)
    importlib.reload(_in_process)


@pytest.mark.parametrize(
    ("version", "suitable"),
    [
        ("2.16.0", True),
        ("2.21.9", True),
        ("2.21.0rc1", True),
        ("2.22.0.dev0", False),
        ("2.22.0", False),
        ("3.0.0", False),
    ],
)
def test_versions(version: str, suitable: bool) -> None:
    why = _in_process.why_unsuitable(version)
    assert (why is None) == suitable
    assert suitable or f"ansible-core {version} is newer" in str(why)


def test_the_newest_version_is_the_one_that_the_tests_run_with() -> None:
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    locked = re.findall(r"^ansible-core==(\d+)\.(\d+)", lock, re.MULTILINE)
    assert max((int(major), int(minor)) for major, minor in locked) == _in_process.NEWEST_TESTED


def test_missing_private_parts_are_a_reason_and_no_crash(without_private_parts: ModuleType) -> None:
    why = without_private_parts.why_unsuitable("2.21.0")
    assert "ansible-core 2.21.0 lacks a part that this needs" in why
