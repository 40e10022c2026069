# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of a command, including all processes that it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Seconds between two memory samples
INTERVAL = 0.3


@dataclass(frozen=True)
class Cost:
    """``cpu`` (user and system) and ``wall`` in seconds; MiB at their peak.

    ``memory`` is that of all processes together, shared pages counted once; ``largest`` that of the largest process.
    """

    code: int
    cpu: float
    wall: float
    memory: float
    largest: float


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
    """Run it to its end; its output goes to ``log``."""
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    peak = Peak(process.pid)
    peak.start()
    _pid, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    peak.done.set()
    peak.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        process.returncode, usage.ru_utime + usage.ru_stime, wall, peak.kibibytes / 1024, usage.ru_maxrss / 1024
    )


class Peak(threading.Thread):
    """Samples the memory of a process and its descendants."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self.done = threading.Event()
        self.kibibytes = 0

    def run(self) -> None:
        while not self.done.wait(INTERVAL):
            self.kibibytes = max(self.kibibytes, sum(map(proportional, family(self._root))))


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            # After the name in brackets, which may hold anything: state, parent
            parent = int((path / "stat").read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def proportional(pid: int) -> int:
    """Its memory in KiB, a page that n processes share counted as 1/n; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
