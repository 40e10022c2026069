# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accepted exceptions: rules of preflight and controls of an audit that a tenant need not meet until a date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from .._dates import parse_date
from .._errors import SsprError


@dataclass(frozen=True)
class Waiver:
    """``id`` is that of a rule or a control, ``expires`` the last day on which the waiver is active."""

    id: str
    reason: str
    owner: str
    expires: date

    def is_active(self, day: date) -> bool:
        return day <= self.expires

    def as_result(self) -> dict[str, str]:
        return {"id": self.id, "reason": self.reason, "owner": self.owner, "expires": self.expires.isoformat()}


KEYS = tuple(part.name for part in fields(Waiver))
# The option that is a list of waivers
WAIVERS_SPEC: Mapping[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {key: {"type": "str", "required": True} for key in KEYS},
}


def read_waivers(
    entries: Iterable[Mapping[str, Any]], known_ids: Collection[str] | None = None, *, option: str = "waivers"
) -> dict[str, Waiver]:
    """The waivers by id. ``known_ids`` are the ids of rules, where these are known before the tenant is read.

    Raises: SsprError(invalid_setting) with everything that is wrong with them.
    """
    waivers: dict[str, Waiver] = {}
    faults: list[str] = []
    for number, entry in enumerate(entries, start=1):
        found = _faults(entry, known_ids)
        if entry.get("id") in waivers:
            found.append(f"duplicate waiver for {entry['id']}")
        faults += [f"{option}: entry {number}: {fault}" for fault in found]
        expires = parse_date(entry.get("expires"))
        if not found and expires is not None:
            words = {key: str(entry[key]).strip() for key in ("id", "reason", "owner")}
            waivers[words["id"]] = Waiver(**words, expires=expires)
    if faults:
        hint = "Each waiver needs id, reason, owner and expires (YYYY-MM-DD). Nothing was sent."
        raise SsprError("invalid_setting", "; ".join(faults), hint=hint)
    return waivers


def _faults(entry: Mapping[str, Any], known_ids: Collection[str] | None) -> list[str]:
    missing = [key for key in KEYS if not str(entry.get(key) or "").strip()]
    if missing:
        return [f"{' and '.join(missing)} is missing"]
    faults = [f"{key}: unknown key" for key in sorted(set(entry) - set(KEYS))]
    if known_ids is not None and entry["id"] not in known_ids:
        faults.append(f"id: {entry['id']!r} is not a rule that can be waived")
    if parse_date(entry["expires"]) is None:
        faults.append(f"expires: {entry['expires']!r} is not a valid date")
    return faults
