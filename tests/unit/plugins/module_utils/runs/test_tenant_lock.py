# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writing task at a time per tenant."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils import _polling
from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.runs import tenant_lock
from ansible_collections.tenantops.entra.plugins.module_utils.runs.tenant_lock import state_directory, tenant_state_path


def path_of(tmp_path: Path, tenant: str = "t") -> Path:
    return tenant_state_path(tmp_path / "state", tenant, "https://graph https://portal")


def test_one_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    async def work(name: str) -> None:
        async with tenant_lock.tenant_lock(path_of(tmp_path), longest_task=60):
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
        async with (
            tenant_lock.tenant_lock(path_of(tmp_path, "one"), longest_task=60),
            tenant_lock.tenant_lock(path_of(tmp_path, "two"), longest_task=60),
        ):
            pass

    asyncio.run(nested())


def test_a_lock_that_is_not_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, 1.0, 1_000.0])
    monkeypatch.setattr(_polling, "monotonic", lambda: next(clock))

    async def blocked() -> None:
        path = path_of(tmp_path)
        async with (
            tenant_lock.tenant_lock(path, longest_task=60),
            tenant_lock.tenant_lock(path, longest_task=60),
        ):
            pass

    with pytest.raises(SsprError, match="600 seconds") as caught:
        asyncio.run(blocked())
    assert caught.value.kind == "conflict"


def test_a_directory_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in its place")

    async def work() -> None:
        async with tenant_lock.tenant_lock(path_of(tmp_path), longest_task=60):
            pass

    with pytest.raises(SsprError) as caught:
        asyncio.run(work())
    assert caught.value.kind == "environment"
    assert "ANSIBLE_HOME" in str(caught.value.hint)


def test_where_it_is_kept() -> None:
    assert state_directory({"ANSIBLE_HOME": "/x"}) == Path("/x/tenantops.entra")
    assert state_directory({}) == Path.home() / ".ansible" / "tenantops.entra"
