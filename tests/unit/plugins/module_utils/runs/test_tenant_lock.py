# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking turns, and remembering what was replaced."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.runs import tenant_lock
from ansible_collections.tenantops.entra.plugins.module_utils.runs.tenant_lock import Turnstile, state_directory


def turnstile(tmp_path: Path, tenant: str = "t", horizon: float = 60) -> Turnstile:
    return Turnstile(tmp_path / "state", tenant, "https://graph https://portal", horizon)


def test_one_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    async def work(name: str) -> None:
        async with turnstile(tmp_path).turn():
            order.append(f"{name} in")
            await asyncio.sleep(0.05)
            order.append(f"{name} out")

    async def all_at_once() -> None:
        await asyncio.gather(*(work(name) for name in "abc"))

    asyncio.run(all_at_once())
    assert [step.split()[1] for step in order] == ["in", "out"] * 3
    [path] = (tmp_path / "state").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_other_tenants_do_not_wait(tmp_path: Path) -> None:
    async def nested() -> None:
        async with turnstile(tmp_path, "one").turn(), turnstile(tmp_path, "two").turn():
            pass

    asyncio.run(nested())


def test_a_turn_that_does_not_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 1_000.0])
    monkeypatch.setattr(tenant_lock, "time", lambda: next(clock))

    async def blocked() -> None:
        async with turnstile(tmp_path).turn(), turnstile(tmp_path).turn():
            pass

    with pytest.raises(SsprError) as caught:
        asyncio.run(blocked())
    assert caught.value.kind == "conflict"


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in its place")

    async def work() -> None:
        async with turnstile(tmp_path).turn():
            pass

    with pytest.raises(SsprError) as caught:
        asyncio.run(work())
    assert "ANSIBLE_HOME" in str(caught.value.hint)


def remember(gate: Turnstile, *written: tuple[str, object, object]) -> None:
    async def turn() -> None:
        async with gate.turn():
            for name, before, after in written:
                gate.remember("portal", {(name,): (before, after)})

    asyncio.run(turn())


def test_memory(tmp_path: Path) -> None:
    gate = turnstile(tmp_path)
    assert gate.replaced("portal") == {}
    remember(gate, ("a", 1, 2), ("a", 2, 3), ("b", "x" * 500, "y"))
    found = gate.replaced("portal")
    assert found[("a",)][:2] == ([1, 2], 3)
    assert found[("b",)][:2] == (["x" * 500], "y")
    assert gate.replaced("graph") == {}
    remember(gate, ("a", 3, 1), ("b", "y", "z"))
    assert gate.replaced("portal")[("a",)][:2] == ([2, 3], 1), "a value that came back is not old"
    assert turnstile(tmp_path, "other").replaced("portal") == {}


def test_memory_fades(tmp_path: Path) -> None:
    remember(turnstile(tmp_path, horizon=60), ("a", 1, 2))
    assert turnstile(tmp_path, horizon=0).replaced("portal") == {}


def test_memory_that_was_cut_off_is_no_memory(tmp_path: Path) -> None:
    gate = turnstile(tmp_path)
    remember(gate, ("a", 1, 2))
    [path] = (tmp_path / "state").iterdir()
    path.write_text(json.dumps({"x": 1})[:-2])
    assert gate.replaced("portal") == {}


def test_where_it_is_kept() -> None:
    assert state_directory({"ANSIBLE_HOME": "/x"}) == Path("/x/tenantops.entra")
    assert state_directory({}) == Path.home() / ".ansible" / "tenantops.entra"
