# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waivers: what somebody answers for, and until when. The day they expire is the last one on which they count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError


@dataclass(frozen=True)
class Waiver:
    """``subject`` is the id of what is waived: a rule or a control."""

    subject: str
    reason: str
    owner: str
    expires: date

    def in_force(self, as_of: date) -> bool:
        return as_of <= self.expires

    def shown(self) -> dict[str, str]:
        return {"reason": self.reason, "owner": self.owner, "expires": self.expires.isoformat()}


def spec(key: str) -> dict[str, Any]:
    """The option ``waivers`` in an argument spec. ``key`` is how its subject is called there."""
    options = {name: {"type": "str", "required": True} for name in (key, "reason", "owner", "expires")}
    return {"type": "list", "elements": "dict", "options": options}


def parse(given: Iterable[Mapping[str, Any]] | None, key: str) -> list[Waiver]:
    return [
        Waiver(item[key], item["reason"], item["owner"], day(item["expires"], f"waivers[{index}].expires"))
        for index, item in enumerate(given or ())
    ]


def day(given: str, place: str) -> date:
    """A day, or ``invalid_setting`` with the place it stands in."""
    try:
        return date.fromisoformat(given)
    except ValueError as exc:
        raise SsprError(
            "invalid_setting", f"{place}: {given!r} is not a day", hint="Give it as in 2027-03-31. Nothing was sent."
        ) from exc
