# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking turns on one controller: a lock per tenant, and what was written there a moment ago.

Both live in ``$ANSIBLE_HOME/tenantops.entra`` (``~/.ansible`` by default), readable by the owner alone. The memory
holds SSPR settings, no secret. Another controller, or another account on this one, is not kept out by it.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import time
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError

POLL = 0.1
# How many times a task's own longest stay a task waits for its turn.
PATIENCE = 10


def state_directory(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("ANSIBLE_HOME") or Path.home() / ".ansible") / "tenantops.entra"


class Turnstile:
    """The lock and the memory of one tenant, as reached by one address.

    ``horizon`` (seconds) is how long after a confirmed write a read may still show what was there before it.
    """

    def __init__(self, directory: Path, tenant: str, address: str, horizon: float) -> None:
        digest = hashlib.sha256(address.encode()).hexdigest()[:12]
        self._path = directory / f"{tenant}-{digest}.json"
        self._horizon = horizon

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the tenant until the block ends. Raises ``conflict`` when its turn does not come."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise SsprError(
                "internal",
                f"the lock of this tenant cannot be made in {self._path.parent}: {exc.strerror}",
                hint="Set ANSIBLE_HOME to a directory that is writable.",
            ) from exc
        try:
            await self._wait(handle)
            yield
        finally:
            os.close(handle)

    async def _wait(self, handle: int) -> None:
        deadline = time() + max(60.0, self._horizon * PATIENCE)
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError as exc:
                if exc.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
            if time() > deadline:
                raise SsprError(
                    "conflict",
                    "another task on this controller has been working on this tenant for too long",
                    hint=f"Look for a hanging ansible process; the lock is {self._path}.",
                )
            await asyncio.sleep(POLL)

    def remember(self, plane: str, written: Mapping[tuple[str, ...], tuple[Any, Any]]) -> None:
        """Note confirmed changes: by path, what was there and what is there now. Call it in one's turn."""
        now = time()
        memory = self._memory(now)
        for path, (before, after) in written.items():
            key = json.dumps([plane, *path])
            older = [value for value in memory.get(key, {}).get("before", []) if value != after]
            memory[key] = {"at": now, "before": [*older, before], "after": after}
        # In place: the lock is on this file.
        with self._path.open("r+", encoding="utf-8") as file:
            json.dump(memory, file)
            file.truncate()

    def replaced(self, plane: str) -> dict[tuple[str, ...], tuple[list[Any], Any, float]]:
        """By path: the values replaced lately, the value in their place, and until when a read may be behind."""
        found = {}
        for key, entry in self._memory(time()).items():
            name, *path = json.loads(key)
            if name == plane:
                found[tuple(path)] = (entry["before"], entry["after"], entry["at"] + self._horizon)
        return found

    def _memory(self, now: float) -> dict[str, Any]:
        try:
            memory = json.loads(self._path.read_text(encoding="utf-8") or "{}")
        except FileNotFoundError:
            return {}
        except ValueError:
            # Cut off by a crash in the middle of writing it: what it would have told is lost, and only that.
            return {}
        return {key: entry for key, entry in memory.items() if now - entry["at"] < self._horizon}
