# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Polling: check repeatedly until something is seen, or until the timeout."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from time import monotonic

from ._errors import TRANSIENT, ErrorKind, Plane, SsprError

# Seconds
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0


@dataclass(frozen=True)
class Polled:
    """How polling ended: whether it was seen, and the last tolerated error."""

    seen: bool
    error: SsprError | None = None


def not_confirmed(what: str, timeout: float, error: SsprError | None, *, plane: Plane, hint: str) -> SsprError:
    """The error for a write that was not seen in time (seconds). ``error`` is what kept it from being seen."""
    return SsprError(
        "not_confirmed",
        f"{what} within {timeout} seconds{f' ({error.message})' if error else ''}",
        plane=plane,
        status=error.status if error else None,
        request_id=error.request_id if error else None,
        hint=hint,
    )


async def poll_until(
    look: Callable[[], Awaitable[bool]],
    *,
    timeout: float,
    in_a_row: int = 1,
    tolerate: Collection[ErrorKind] = TRANSIENT,
    longest_pause: float = LONGEST_PAUSE,
) -> Polled:
    """Call ``look`` until it is True ``in_a_row`` times, for at most ``timeout`` seconds, with growing pauses.

    Raises: SsprError of any kind that is not tolerated.
    """
    deadline, pause = monotonic() + timeout, min(FIRST_PAUSE, longest_pause)
    count, error = 0, None
    while True:
        try:
            count = count + 1 if await look() else 0
        except SsprError as exc:
            if exc.kind not in tolerate:
                raise
            count, error = 0, exc
        if count == in_a_row:
            return Polled(True, error)
        if count == 0:
            if monotonic() >= deadline:
                return Polled(False, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest_pause)
