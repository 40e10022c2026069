# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of one run share: access tokens, and who each tenant is.

It is kept in an anonymous file in memory (``memfd_create``), opened by ``ansible-playbook`` itself and inherited by the
workers it forks. That file has no name and is on no disk, only its owner can open it, programs that are started do not
get it, and it is gone with the last process of the run. Where it cannot be had (not Linux), and in a task that runs as
a module of its own, nothing is shared and each task finds out for itself.
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

# Places in the file, by the hash of the key; each is locked by itself. The file is sparse: unused places cost nothing.
PLACES = 4096
PLACE_SIZE = 128 * 1024
# Length and digest of the content: a worker may be killed while it writes.
HEADER = struct.Struct(">I32s")


class Entry:
    """One shared value, held by this process alone. ``value`` is None when nobody has given one yet."""

    def __init__(self, value: dict[str, Any] | None) -> None:
        self.value = value


class Memory:
    """The shared entries of a run."""

    # The run's memory; set in the parent of all workers, or never.
    current: ClassVar[Memory | None] = None

    def __init__(self) -> None:
        self.file = os.memfd_create("tenantops.entra", os.MFD_CLOEXEC)
        os.fchmod(self.file, 0o600)

    @contextmanager
    def entry(self, digest: str) -> Iterator[Entry]:
        start = int(digest[:8], 16) % PLACES * PLACE_SIZE
        # A lock of the process, not of the file as flock's is: that one all workers have inherited. The kernel frees it
        # when its worker dies.
        fcntl.lockf(self.file, fcntl.LOCK_EX, PLACE_SIZE, start)
        try:
            values = self._read(start)
            entry = Entry(values.get(digest))
            yield entry
            if entry.value != values.pop(digest, None):
                self._write(start, values if entry.value is None else {**values, digest: entry.value})
        finally:
            fcntl.lockf(self.file, fcntl.LOCK_UN, PLACE_SIZE, start)

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
        """Put the values there; the oldest give way when there is no room."""
        while len(text := json.dumps(values).encode()) > PLACE_SIZE - HEADER.size:
            del values[next(iter(values))]
        os.pwrite(self.file, HEADER.pack(len(text), hashlib.sha256(text).digest()) + text, start)


def begin() -> None:
    """Open the memory of this run, in the process that will fork the workers."""
    if Memory.current is None and hasattr(os, "memfd_create"):
        Memory.current = Memory()


@contextmanager
def entry(*key: str) -> Iterator[Entry]:
    """The value that tasks with the same key share. While one holds it, the others wait, and then find it.

    The key must name everything the value depends on, the credential included: whoever has the key is given the value.
    """
    if Memory.current is None:
        yield Entry(None)
        return
    with Memory.current.entry(hashlib.sha256(json.dumps(key).encode()).hexdigest()) as held:
        yield held
