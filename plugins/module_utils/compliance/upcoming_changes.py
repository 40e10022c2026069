# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many users can no longer reset once Microsoft retires a method: ``outlook`` of an audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .._dates import require_date
from .._errors import Unavailable
from ..data.deadlines import CUT_OVERS
from ..settings.pages import SETTINGS
from ..users.coverage import loses_methods
from ..users.method_eligibility import COUNTED_METHODS, Policy, settings_known
from .scope_evidence import ExtraEvidence, ordinary_users


@dataclass(frozen=True)
class UpcomingChange:
    """A day on which methods of self-service reset are retired. ``options`` are the methods' settings."""

    day: date
    what: str
    options: tuple[str, ...]

    @classmethod
    def named(cls, cut_over: str) -> UpcomingChange:
        row = CUT_OVERS[cut_over]
        methods = [method for method in COUNTED_METHODS.values() if method.ends == cut_over]
        options = tuple(option for method in methods for option in method.options)
        return cls(require_date(cut_over, row["date"]), row["what"], options)

    def affects_no_one(self, values: Mapping[str, Any], migrated: bool | None) -> bool:
        """Whether that is certain without looking at users: no one can reset, or none of the methods is on."""
        options = [option for option in self.options if migrated is not False or SETTINGS[option].remote]
        return values.get("scope") == "none" or all(values.get(option) is False for option in options)


_RETIREMENTS = {method.ends for method in COUNTED_METHODS.values() if method.ends}
UPCOMING_CHANGES = tuple(sorted(map(UpcomingChange.named, _RETIREMENTS), key=lambda change: change.day))


def outlook(values: Mapping[str, Any], migrated: bool | None, extra: ExtraEvidence) -> list[dict[str, Any]]:
    """For each upcoming change, the earliest first: how many users can no longer reset from then on, or why unknown."""
    found = []
    for change in UPCOMING_CHANGES:
        users, why = _affected(change, values, migrated, extra)
        found.append({"date": change.day.isoformat(), "what": change.what, "users": users, "why_unknown": why})
    return found


def _affected(
    change: UpcomingChange, values: Mapping[str, Any], migrated: bool | None, extra: ExtraEvidence
) -> tuple[int | None, str | None]:
    """How many users can reset the day before and no longer on the day, or why that is unknown."""
    if change.affects_no_one(values, migrated):
        return 0, None
    if not settings_known(values):
        return None, "the number of methods that a reset requires could not be read"
    if isinstance(extra.registrations, Unavailable):
        return None, f"the registration report could not be read: {extra.registrations.message}"
    if extra.registrations is None:
        return None, "the registration report was not requested"

    before, after = (Policy(values, migrated, day) for day in (change.day - timedelta(days=1), change.day))
    users = [user for user in ordinary_users(extra.registrations) if user.enabled]
    return sum(loses_methods(user, before, after) for user in users), None
