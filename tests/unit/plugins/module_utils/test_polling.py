# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking until something is seen: how often, which errors are tolerated, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils import _polling
from ansible_collections.tenantops.entra.plugins.module_utils._errors import TRANSIENT, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._polling import Polled, poll_until

LOST = SsprError("unreachable", "the connection was lost")
REFUSED = SsprError("permission", "refused")


class Clock:
    """Time passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Iterator[Clock]:
    stopped = Clock()
    with (
        mock.patch.object(_polling, "monotonic", stopped.monotonic),
        mock.patch.object(_polling.asyncio, "sleep", stopped.sleep),
    ):
        yield stopped


def poll(*answers: bool | SsprError, **arguments: Any) -> tuple[Polled, int]:
    """Poll what answers like this, the last one for ever; how it ended, and how often it was looked at."""
    looks = 0

    async def look() -> bool:
        nonlocal looks
        answer = answers[min(looks, len(answers) - 1)]
        looks += 1
        if isinstance(answer, SsprError):
            raise answer
        return answer

    return asyncio.run(poll_until(look, **{"timeout": 60, **arguments})), looks


@pytest.mark.parametrize(
    ("answers", "in_a_row", "polled", "looks"),
    [
        ((True,), 1, Polled(True), 1),
        ((False, False, True), 1, Polled(True), 3),
        ((True, False, True, True), 2, Polled(True), 4),
        ((True, LOST, True, True), 2, Polled(True, LOST), 4),
        ((LOST, True), 1, Polled(True, LOST), 2),
    ],
)
def test_until_it_is_seen(
    clock: Clock, answers: tuple[bool | SsprError, ...], in_a_row: int, polled: Polled, looks: int
) -> None:
    assert poll(*answers, in_a_row=in_a_row) == (polled, looks)


@pytest.mark.parametrize("answer", [False, LOST])
def test_the_time_ends(clock: Clock, answer: bool | SsprError) -> None:
    polled, looks = poll(answer, timeout=30, longest_pause=4)
    assert polled == Polled(False, LOST if answer is LOST else None)
    assert clock.pauses == [0.25, 0.5, 1, 2, *[4] * (looks - 5)]
    assert 30 <= clock.now < 34


def test_no_time_at_all_still_looks_once(clock: Clock) -> None:
    assert poll(False, timeout=0) == (Polled(False), 1)
    assert clock.pauses == []


def test_an_error_that_time_does_not_heal_ends_it(clock: Clock) -> None:
    assert REFUSED.kind not in TRANSIENT
    with pytest.raises(SsprError, match="refused"):
        poll(False, REFUSED)
    assert poll(REFUSED, True, tolerate={*TRANSIENT, "permission"})[0] == Polled(True, REFUSED)
