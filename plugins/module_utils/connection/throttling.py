# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long to wait when a service is throttling (429) or unavailable for now (503).

Reads are repeated by the Graph SDK. A write is never repeated as it was: its task waits, reads and decides afresh.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .._errors import SsprError

WAIT_STATUSES = frozenset({429, 503})
# Seconds: a Retry-After of this or more is reported, and not waited for in a worker.
LONGEST_WAIT = 180
READ_RETRIES = 3
WRITE_RETRIES = 3
# Seconds before the first retry of a read where the service does not say how long to wait
RETRY_BASE_DELAY = 1.0


@dataclass(eq=False)
class PostponedError(Exception):
    """A write that the service refused for now, and how many seconds it asks to wait (None: it does not say)."""

    error: SsprError
    wait: float | None


async def wait_before_retry(postponed: PostponedError, refusals: int) -> None:
    """Sleep as the service asks. Raises: its SsprError, after too many refusals or for too long a wait."""
    wait = postponed.wait
    if refusals > WRITE_RETRIES or (wait is not None and wait >= LONGEST_WAIT):
        raise postponed.error
    # Where the service does not say how long: grow, and keep workers from coming back at the same moment.
    await asyncio.sleep(2 ** (refusals - 1) + random.random() if wait is None else wait)


async def write_when_accepted(write: Callable[[], Awaitable[None]]) -> None:
    """Send a write that depends on nothing that others could change meanwhile, and wait while it is refused for now.

    Raises: SsprError, and whatever else the write raises.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            return await write()
        except PostponedError as postponed:
            refused = postponed
        await wait_before_retry(refused, attempts)
