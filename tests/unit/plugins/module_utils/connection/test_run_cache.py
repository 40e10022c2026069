# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of one run share: between real forks, and what becomes of it when one of them dies."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.connection import run_cache

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has memory without a name")

WORKERS = 8


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[run_cache.Memory]:
    monkeypatch.setattr(run_cache.Memory, "current", None)
    run_cache.begin()
    assert run_cache.Memory.current is not None
    yield run_cache.Memory.current
    os.close(run_cache.Memory.current.file)


def fork(work: Callable[[], None]) -> int:
    """A worker as Ansible forks it, which has inherited the memory."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def succeeded(*pids: int) -> bool:
    return all(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0 for pid in pids)


def count() -> None:
    for _turn in range(50):
        with run_cache.entry("counter") as held:
            before = (held.value or {"n": 0})["n"]
            time.sleep(0)
            held.value = {"n": before + 1}


def test_one_at_a_time_and_all_see_it(memory: run_cache.Memory) -> None:
    assert succeeded(*[fork(count) for _turn in range(WORKERS)])
    with run_cache.entry("counter") as held:
        assert held.value == {"n": WORKERS * 50}


def test_values_of_other_keys_are_their_own(memory: run_cache.Memory) -> None:
    keys = [("token", str(number)) for number in range(3 * run_cache.PLACES)]
    for number, key in enumerate(keys):
        with run_cache.entry(*key) as held:
            assert held.value is None
            held.value = {"n": number}
    for number, key in enumerate(keys):
        with run_cache.entry(*key) as held:
            assert held.value == {"n": number}


def test_the_key_is_all_of_its_parts(memory: run_cache.Memory) -> None:
    with run_cache.entry("a", "b") as held:
        held.value = {"n": 1}
    for other in (("ab",), ("a,b",), ("b", "a"), ("a",), ("a", "b", "")):
        with run_cache.entry(*other) as held:
            assert held.value is None


def test_what_fails_leaves_the_value_as_it_was(memory: run_cache.Memory) -> None:
    with run_cache.entry("token") as held:
        held.value = {"n": 1}
    with suppress(RuntimeError), run_cache.entry("token") as held:
        held.value = {"n": 2}
        raise RuntimeError
    with run_cache.entry("token") as held:
        assert held.value == {"n": 1}
        held.value = None
    with run_cache.entry("token") as held:
        assert held.value is None


def test_a_worker_that_is_killed_holds_nobody_up(memory: run_cache.Memory) -> None:
    ready, tell = os.pipe()

    def hold() -> None:
        with run_cache.entry("token"):
            os.write(tell, b".")
            time.sleep(60)

    pid = fork(hold)
    os.read(ready, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with run_cache.entry("token") as held:
        held.value = {"n": 1}
    for end in (ready, tell):
        os.close(end)


@pytest.mark.parametrize("damage", [b"\0", b'{"', b"\xff" * 200])
def test_a_half_written_value_counts_as_none(memory: run_cache.Memory, damage: bytes) -> None:
    with run_cache.entry("token") as held:
        held.value = {"token": "t" * 100}
    size = os.fstat(memory.file).st_size
    os.pwrite(memory.file, damage, size - len(damage) - 10)
    with run_cache.entry("token") as held:
        assert held.value is None
        held.value = {"n": 2}
    with run_cache.entry("token") as held:
        assert held.value == {"n": 2}


def test_too_much_for_its_place_is_not_kept(memory: run_cache.Memory) -> None:
    with run_cache.entry("token") as held:
        held.value = {"token": "t" * run_cache.PLACE_SIZE}
    with run_cache.entry("token") as held:
        assert held.value is None


def test_the_oldest_gives_way(memory: run_cache.Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_cache, "PLACES", 1)
    size = run_cache.PLACE_SIZE // 3
    for name in ("first", "second", "third"):
        with run_cache.entry(name) as held:
            held.value = {"token": name * (size // len(name))}
    found = []
    for name in ("first", "second", "third"):
        with run_cache.entry(name) as held:
            found.append(held.value is not None)
    assert found == [False, True, True]


def test_nobody_else_can_read_it(memory: run_cache.Memory) -> None:
    found = os.fstat(memory.file)
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_nlink == 0, "it has no name"
    assert "memfd:" in str(Path(f"/proc/self/fd/{memory.file}").readlink()), "and is on no disk"
    assert not os.get_inheritable(memory.file), "and no program that is started gets it"
    assert stat.S_IMODE(Path("/proc/self/fd").stat().st_mode) == 0o500


def test_it_takes_only_the_memory_it_needs(memory: run_cache.Memory) -> None:
    for number in range(1000):
        with run_cache.entry("token", str(number)) as held:
            held.value = {"token": "t" * 2000}
    assert os.fstat(memory.file).st_blocks * 512 < 1000 * 8192


def test_without_it_nothing_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_cache.Memory, "current", None)
    monkeypatch.delattr(os, "memfd_create")
    run_cache.begin()
    with run_cache.entry("token") as held:
        held.value = {"n": 1}
    with run_cache.entry("token") as held:
        assert held.value is None


def test_it_is_opened_once(memory: run_cache.Memory) -> None:
    run_cache.begin()
    assert run_cache.Memory.current is memory
