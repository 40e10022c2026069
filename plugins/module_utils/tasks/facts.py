# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading optional facts: each may be unreadable, and the result has the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from .._errors import ErrorKind, SsprError, Unavailable

T = TypeVar("T")


@dataclass(frozen=True)
class Fact(Generic[T]):
    """What was read, or why it could not be read (``missing``). A None that was read is an answer."""

    value: T | None = None
    missing: Unavailable | None = None

    @property
    def or_missing(self) -> T | Unavailable | None:
        """What was read; in its place, why it could not be read."""
        return self.value if self.missing is None else self.missing


class FactReader:
    """Reads facts, and keeps why some could not be read. ``tolerate`` are the kinds of errors that do not end the task.

    ``hints`` are for errors of these kinds that have none.
    """

    def __init__(self, tolerate: Collection[ErrorKind], hints: Mapping[ErrorKind, str] | None = None) -> None:
        self._tolerate = tolerate
        self._hints = hints or {}
        self.unavailable: list[Unavailable] = []

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
            missing = Unavailable(what, exc.kind, message, hint, tuple(options))
        self.note(missing)
        return Fact(missing=missing)

    def note(self, unavailable: Unavailable) -> None:
        """Keep why something is unknown; each once."""
        if unavailable not in self.unavailable:
            self.unavailable.append(unavailable)
