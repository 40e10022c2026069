# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that somebody has decided to put up with in a tenant, until a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .._errors import SsprError
from .texts import RULE_BOOK

FIELDS = ("rule", "reason", "owner", "expires")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Waiver:
    """``expires`` is the last day on which it counts."""

    rule: str
    reason: str
    owner: str
    expires: date

    def counts(self, as_of: date) -> bool:
        return as_of <= self.expires

    def as_words(self) -> dict[str, str]:
        return {"rule": self.rule, "reason": self.reason, "owner": self.owner, "expires": self.expires.isoformat()}


def day(text: Any) -> date | None:
    """A day written YYYY-MM-DD, or None."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) and DAY.fullmatch(text) else None
    except ValueError:
        return None


def read_waivers(entries: Iterable[Mapping[str, Any]]) -> dict[str, Waiver]:
    """The waivers by rule. Raises ``invalid_setting`` with everything that is wrong with them."""
    waivers: dict[str, Waiver] = {}
    faults: list[str] = []
    for number, entry in enumerate(entries, start=1):
        found = _faults(entry)
        if entry.get("rule") in waivers:
            found.append(f"there is another waiver of {entry['rule']}")
        faults += [f"waivers: number {number}: {fault}" for fault in found]
        expires = day(entry.get("expires"))
        if not found and expires is not None:
            words = {name: str(entry[name]).strip() for name in ("rule", "reason", "owner")}
            waivers[words["rule"]] = Waiver(**words, expires=expires)
    if faults:
        raise SsprError(
            "invalid_setting", "; ".join(faults), hint="Each waiver needs rule, reason, owner and expires (YYYY-MM-DD)."
        )
    return waivers


def _faults(entry: Mapping[str, Any]) -> list[str]:
    missing = [name for name in FIELDS if not str(entry.get(name) or "").strip()]
    if missing:
        return [f"{' and '.join(missing)} is missing"]
    faults = []
    unknown = sorted(set(entry) - set(FIELDS))
    if unknown:
        faults.append(f"{', '.join(unknown)} is not a part of a waiver")
    rule = RULE_BOOK.get(entry["rule"])
    if rule is None or entry["rule"] == "WAIVER":
        faults.append(f"there is no rule {entry['rule']!r}")
    elif "not_checked" in rule:
        faults.append(f"{entry['rule']} is never checked: {rule['not_checked']}")
    if day(entry["expires"]) is None:
        faults.append(f"expires is {entry['expires']!r} instead of a day, YYYY-MM-DD")
    return faults
