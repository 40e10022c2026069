# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writing task at a time per tenant, between the processes of one account on one controller.

The lock of a tenant is a file in ``$ANSIBLE_HOME/tenantops.entra`` (``~/.ansible`` by default) that only its owner can
read. It does not lock out another controller, or another account on this one.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from .._errors import SsprError
from .._polling import poll_until

# Seconds between two attempts to take the lock
ATTEMPT_PAUSE = 0.1
# A task waits for the lock this many times the longest expected task, and at least this many seconds
PATIENCE = 10
LEAST_PATIENCE = 60.0


def state_directory(environ: Mapping[str, str]) -> Path:
    """Where locks and runs are kept unless something else is configured."""
    return Path(environ.get("ANSIBLE_HOME") or Path.home() / ".ansible") / "tenantops.entra"


def tenant_state_path(directory: Path, tenant_id: str, address: str) -> Path:
    """The file of one tenant, as reached by one address."""
    digest = hashlib.sha256(address.encode()).hexdigest()[:12]
    return directory / f"{tenant_id}-{digest}.json"


@asynccontextmanager
async def tenant_lock(path: Path, *, longest_task: float) -> AsyncIterator[None]:
    """Hold the tenant's lock until the block ends. ``longest_task`` (seconds) is how long another task may hold it.

    Raises: SsprError(conflict) when another task holds it for too long, SsprError(environment) when it cannot be made.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise SsprError(
            "environment",
            f"the lock for this tenant cannot be created in {path.parent}: {exc.strerror}",
            hint="Set ANSIBLE_HOME to a writable directory.",
        ) from exc

    async def attempt() -> bool:
        return _try_lock(handle)

    try:
        patience = max(LEAST_PATIENCE, longest_task * PATIENCE)
        polled = await poll_until(attempt, timeout=patience, longest_pause=ATTEMPT_PAUSE)
        if not polled.seen:
            raise SsprError(
                "conflict",
                f"another task on this controller has held this tenant's lock for more than {int(patience)} seconds",
                hint=f"Check for a hung ansible process. The lock file is {path}.",
            )
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False
    return True
