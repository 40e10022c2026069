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
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[run_cache.RunCache]:
    monkeypatch.setattr(run_cache.RunCache, "current", None)
    run_cache.open_run_cache()
    assert run_cache.RunCache.current is not None
    yield run_cache.RunCache.current
    os.close(run_cache.RunCache.current.file)


def fork(work: Callable[[], None]) -> int:
    """A worker as Ansible forks it, which has inherited the cache."""
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
        with run_cache.shared_entry("counter") as held:
            before = (held.value or {"n": 0})["n"]
            time.sleep(0)
            held.value = {"n": before + 1}


def test_one_at_a_time_and_all_see_it(cache: run_cache.RunCache) -> None:
    assert succeeded(*[fork(count) for _turn in range(WORKERS)])
    with run_cache.shared_entry("counter") as held:
        assert held.value == {"n": WORKERS * 50}


def test_values_of_other_keys_are_their_own(cache: run_cache.RunCache) -> None:
    keys = [("token", str(number)) for number in range(3 * run_cache.SLOTS)]
    for number, key in enumerate(keys):
        with run_cache.shared_entry(*key) as held:
            assert held.value is None
            held.value = {"n": number}
    for number, key in enumerate(keys):
        with run_cache.shared_entry(*key) as held:
            assert held.value == {"n": number}


def test_the_key_is_all_of_its_parts(cache: run_cache.RunCache) -> None:
    with run_cache.shared_entry("a", "b") as held:
        held.value = {"n": 1}
    for other in (("ab",), ("a,b",), ("b", "a"), ("a",), ("a", "b", "")):
        with run_cache.shared_entry(*other) as held:
            assert held.value is None


def test_what_fails_leaves_the_value_as_it_was(cache: run_cache.RunCache) -> None:
    with run_cache.shared_entry("token") as held:
        held.value = {"n": 1}
    with suppress(RuntimeError), run_cache.shared_entry("token") as held:
        held.value = {"n": 2}
        raise RuntimeError
    with run_cache.shared_entry("token") as held:
        assert held.value == {"n": 1}
        held.value = None
    with run_cache.shared_entry("token") as held:
        assert held.value is None


def test_a_worker_that_is_killed_holds_nobody_up(cache: run_cache.RunCache) -> None:
    ready, tell = os.pipe()

    def hold() -> None:
        with run_cache.shared_entry("token"):
            os.write(tell, b".")
            time.sleep(60)

    pid = fork(hold)
    os.read(ready, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with run_cache.shared_entry("token") as held:
        held.value = {"n": 1}
    for end in (ready, tell):
        os.close(end)


@pytest.mark.parametrize("damage", [b"\0", b'{"', b"\xff" * 200])
def test_a_half_written_value_counts_as_none(cache: run_cache.RunCache, damage: bytes) -> None:
    with run_cache.shared_entry("token") as held:
        held.value = {"token": "t" * 100}
    size = os.fstat(cache.file).st_size
    os.pwrite(cache.file, damage, size - len(damage) - 10)
    with run_cache.shared_entry("token") as held:
        assert held.value is None
        held.value = {"n": 2}
    with run_cache.shared_entry("token") as held:
        assert held.value == {"n": 2}


def test_too_much_for_its_place_is_not_kept(cache: run_cache.RunCache) -> None:
    with run_cache.shared_entry("token") as held:
        held.value = {"token": "t" * run_cache.SLOT_SIZE}
    with run_cache.shared_entry("token") as held:
        assert held.value is None


def test_the_oldest_gives_way(cache: run_cache.RunCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_cache, "SLOTS", 1)
    size = run_cache.SLOT_SIZE // 3
    for name in ("first", "second", "third"):
        with run_cache.shared_entry(name) as held:
            held.value = {"token": name * (size // len(name))}
    found = []
    for name in ("first", "second", "third"):
        with run_cache.shared_entry(name) as held:
            found.append(held.value is not None)
    assert found == [False, True, True]


def test_nobody_else_can_read_it(cache: run_cache.RunCache) -> None:
    found = os.fstat(cache.file)
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_nlink == 0, "it has no name"
    assert "memfd:" in str(Path(f"/proc/self/fd/{cache.file}").readlink()), "and is on no disk"
    assert not os.get_inheritable(cache.file), "and no program that is started gets it"
    assert stat.S_IMODE(Path("/proc/self/fd").stat().st_mode) == 0o500


def test_it_takes_only_the_memory_it_needs(cache: run_cache.RunCache) -> None:
    for number in range(1000):
        with run_cache.shared_entry("token", str(number)) as held:
            held.value = {"token": "t" * 2000}
    assert os.fstat(cache.file).st_blocks * 512 < 1000 * 8192


def test_without_it_nothing_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_cache.RunCache, "current", None)
    monkeypatch.delattr(os, "memfd_create")
    run_cache.open_run_cache()
    with run_cache.shared_entry("token") as held:
        held.value = {"n": 1}
    with run_cache.shared_entry("token") as held:
        assert held.value is None


def test_it_is_opened_once(cache: run_cache.RunCache) -> None:
    run_cache.open_run_cache()
    assert run_cache.RunCache.current is cache
