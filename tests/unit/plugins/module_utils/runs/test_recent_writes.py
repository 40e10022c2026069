# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recognizing reads that show what was replaced a moment ago."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.runs.recent_writes import RecentWrites
from ansible_collections.tenantops.entra.plugins.module_utils.settings.tenant_documents import Documents


@pytest.fixture
def recent(tmp_path: Path) -> RecentWrites:
    path = tmp_path / "t.json"
    path.touch()
    return RecentWrites(path, horizon=60)


def outdated(recent: RecentWrites, **fields: Any) -> bool:
    return recent.is_outdated("sspr_policy", Documents(sspr_policy=fields))


def test_a_replaced_value_is_outdated(recent: RecentWrites) -> None:
    assert not outdated(recent, a=1)
    recent.remember("sspr_policy", {("a",): (1, 2)})
    recent.remember("sspr_policy", {("a",): (2, 3), ("b",): ("x" * 500, "y")})
    assert outdated(recent, a=1, b="y"), "replaced before the last write"
    assert outdated(recent, a=2, b="y")
    assert outdated(recent, a=3, b="x" * 500)
    assert not outdated(recent, a=3, b="y")
    assert not outdated(recent, a=7, b="z"), "somebody else's value is not an old one"
    assert not recent.is_outdated("methods", Documents(methods={"a": {}})), "another document"


def test_a_value_that_came_back_is_not_outdated(recent: RecentWrites) -> None:
    for before, after in ((1, 2), (2, 3), (3, 1)):
        recent.remember("sspr_policy", {("a",): (before, after)})
    assert not outdated(recent, a=1)
    assert outdated(recent, a=2)
    assert outdated(recent, a=3)
    recent.remember("sspr_policy", {("b",): ("y", "z")})
    assert outdated(recent, a=1, b="y"), "what is shorter now leaves nothing of the longer text"


def test_after_the_horizon_every_read_counts(recent: RecentWrites) -> None:
    recent.remember("sspr_policy", {("a",): (1, 2)})
    assert not outdated(RecentWrites(recent.path, horizon=0), a=1)


def test_a_file_that_was_cut_off_says_nothing(recent: RecentWrites) -> None:
    recent.remember("sspr_policy", {("a",): (1, 2)})
    recent.path.write_text(json.dumps({"x": 1})[:-2])
    assert not outdated(recent, a=1)


def test_a_tenant_without_writes(tmp_path: Path) -> None:
    assert not outdated(RecentWrites(tmp_path / "missing.json", horizon=60), a=1)
