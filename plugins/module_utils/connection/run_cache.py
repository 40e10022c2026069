# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of one Ansible run share: access tokens, and the description of each tenant.

It is kept in an anonymous file in memory (``memfd_create``), opened by ``ansible-playbook`` itself and inherited by the
workers it forks. The file has no name and is not on any disk, only its owner can open it, started programs do not
inherit it, and it ends with the last process of the run. Where it is not available (other systems than Linux), and in a
module that runs in a separate process, nothing is shared and each task reads for itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

# Slots in the file, by the hash of the key; each has its own lock. The file is sparse: unused slots cost nothing.
SLOTS = 4096
SLOT_SIZE = 128 * 1024
# Length and digest of the content: a worker may be killed while it is writing.
HEADER = struct.Struct(">I32s")


class Entry:
    """One shared value, locked by this process. ``value`` is None when it was not set yet."""

    def __init__(self, value: dict[str, Any] | None) -> None:
        self.value = value


class RunCache:
    """The shared entries of a run."""

    # Set in the parent of all workers, or never.
    current: ClassVar[RunCache | None] = None

    def __init__(self) -> None:
        self.file = os.memfd_create("tenantops.entra", os.MFD_CLOEXEC)
        os.fchmod(self.file, 0o600)

    @contextmanager
    def entry(self, digest: str) -> Iterator[Entry]:
        start = int(digest[:8], 16) % SLOTS * SLOT_SIZE
        # A lock of the process, unlike flock's, which all workers have inherited. The kernel releases it when its
        # worker dies.
        fcntl.lockf(self.file, fcntl.LOCK_EX, SLOT_SIZE, start)
        try:
            values = self._read(start)
            entry = Entry(values.get(digest))
            yield entry
            if entry.value != values.pop(digest, None):
                self._write(start, values if entry.value is None else {**values, digest: entry.value})
        finally:
            fcntl.lockf(self.file, fcntl.LOCK_UN, SLOT_SIZE, start)

    def _read(self, start: int) -> dict[str, Any]:
        head = os.pread(self.file, HEADER.size, start)
        if len(head) < HEADER.size:
            return {}
        length, digest = HEADER.unpack(head)
        text = os.pread(self.file, length, start + HEADER.size)
        if not text or hashlib.sha256(text).digest() != digest:
            return {}
        values: dict[str, Any] = json.loads(text)
        return values

    def _write(self, start: int, values: dict[str, Any]) -> None:
        """Store the values; the oldest are dropped when they do not fit."""
        while len(text := json.dumps(values).encode()) > SLOT_SIZE - HEADER.size:
            del values[next(iter(values))]
        os.pwrite(self.file, HEADER.pack(len(text), hashlib.sha256(text).digest()) + text, start)


def open_run_cache() -> None:
    """Open the cache of this run, in the process that will fork the workers."""
    if RunCache.current is None and hasattr(os, "memfd_create"):
        RunCache.current = RunCache()


@contextmanager
def shared_entry(*key: str) -> Iterator[Entry]:
    """The value that tasks with the same key share. While one holds it, the others wait, and then find it.

    The key must name everything that the value depends on, the credential included.
    """
    if RunCache.current is None:
        yield Entry(None)
        return
    with RunCache.current.entry(hashlib.sha256(json.dumps(key).encode()).hexdigest()) as held:
        yield held
