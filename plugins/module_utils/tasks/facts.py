# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading optional facts: each may be unreadable, and the result has the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .._errors import ErrorKind, SsprError, Unavailable

T = TypeVar("T")


@dataclass(frozen=True)
class Fact(Generic[T]):
    """What was read. It is not ``known`` where it could not be read; a None that is known is an answer."""

    value: T | None = None
    known: bool = True


class FactReader:
    """Reads facts, and keeps why some could not be read. ``tolerate`` are the kinds of errors that do not end the task.

    ``hints`` are for errors of these kinds that have none.
    """

    def __init__(self, tolerate: Collection[ErrorKind], hints: Mapping[ErrorKind, str] | None = None) -> None:
        self._tolerate = tolerate
        self._hints = hints or {}
        self._unavailable: list[Unavailable] = []

    async def read(
        self, what: str, reading: Awaitable[T], *, options: Iterable[str] = (), subject: str | None = None
    ) -> Fact[T]:
        """A fact. ``subject`` is the object it is about, where there are several. Raises: SsprError."""
        try:
            return Fact(await reading)
        except SsprError as exc:
            if exc.kind not in self._tolerate:
                raise
            message = f"{subject}: {exc.message}" if subject else exc.message
            hint = exc.hint or self._hints.get(exc.kind)
            self.note(Unavailable(what, exc.kind, message, hint, tuple(options)))
            return Fact(known=False)

    def note(self, unavailable: Unavailable) -> None:
        """Keep why something is unknown; each once."""
        if unavailable not in self._unavailable:
            self._unavailable.append(unavailable)

    def unavailable(self) -> list[dict[str, Any]]:
        """The ``unavailable`` key of a result."""
        return [entry.as_result() for entry in self._unavailable]
