# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was written to a tenant a moment ago, to recognize stale reads, in the next task too.

It is in the file of the tenant's lock, and contains SSPR settings but no secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any

from .._errors import SsprError
from ..settings.pages import DocumentName
from ..settings.tenant_documents import Documents, FieldPath, canonical, value_at


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    """Raises: SsprError(environment), when the file cannot be read or written."""
    try:
        yield
    except OSError as exc:
        raise SsprError(
            "environment",
            f"the file of this tenant's recent writes cannot be used: {exc.strerror} ({path})",
            hint="Let this account read and write it, or set ANSIBLE_HOME to another directory.",
        ) from exc


@dataclass(frozen=True)
class RecentWrites:
    """The recent writes of one tenant.

    ``horizon`` (seconds) is how long after a confirmed write a read may still show what was there before it.
    """

    path: Path
    horizon: float

    def remember(self, name: DocumentName, written: Mapping[FieldPath, tuple[Any, Any]]) -> None:
        """Note confirmed changes: by path, the value before and the value now. Call it with the lock held."""
        now = time()
        known = self._load(now)
        for path, (before, after) in written.items():
            key = json.dumps([name, *path])
            older = [value for value in known.get(key, {}).get("before", []) if value != after]
            known[key] = {"at": now, "before": [*older, before], "after": after}
        # In place: the lock is on this file.
        with _usable(self.path), self.path.open("r+", encoding="utf-8") as file:
            json.dump(known, file)
            file.truncate()

    def is_outdated(self, name: DocumentName, documents: Documents) -> bool:
        """Whether a document that was just read shows a value that was replaced a moment ago."""
        return any(
            canonical(value) != canonical(latest) and canonical(value) in map(canonical, replaced)
            for path, (replaced, latest) in self._replaced(name).items()
            for value in [value_at(documents, name, path)]
        )

    def _replaced(self, name: DocumentName) -> dict[FieldPath, tuple[list[Any], Any]]:
        """By path: the values replaced lately, and the value in their place."""
        found = {}
        for key, entry in self._load(time()).items():
            document, *path = json.loads(key)
            if document == name:
                found[tuple(path)] = (entry["before"], entry["after"])
        return found

    def _load(self, now: float) -> dict[str, Any]:
        with _usable(self.path):
            text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        try:
            known = json.loads(text or "{}")
        except ValueError:
            # Truncated by a crash: only the recent writes are lost.
            return {}
        return {key: entry for key, entry in known.items() if now - entry["at"] < self.horizon}
