# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is different from an earlier report: ``since`` of a report. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ...module_utils._dates import parse_date


@dataclass(frozen=True)
class Change:
    """A control of one tenant whose status differs. ``waived_until`` is the end of the waiver that it had."""

    host: str
    id: str
    title: str
    was: str
    now: str
    waived_until: str | None

    def waiver_expired(self, as_of: date) -> bool:
        """Whether it was waived until a date that is over. A waiver counts on its last day."""
        last_day = parse_date(self.waived_until)
        return self.was == "waived" and last_day is not None and last_day < as_of

    def as_result(self) -> dict[str, Any]:
        return {"host": self.host, "id": self.id, "title": self.title, "was": self.was, "is": self.now}


def compare(previous: Mapping[str, Any], entries: Iterable[Mapping[str, Any]], as_of: date) -> dict[str, Any]:
    """What is different since an earlier report, in the controls that both have evaluated."""
    before = {entry["host"]: entry for entry in previous["tenants"]}
    now = {entry["host"]: entry for entry in entries}
    changes = [change for host, entry in now.items() if host in before for change in _changes(before[host], entry)]
    expired = [change for change in changes if change.waiver_expired(as_of)]
    others = [change for change in changes if not change.waiver_expired(as_of)]
    return {
        "generated": previous["generated"],
        "new_drift": _results(others, lambda change: change.now == "fail"),
        "fixed": _results(others, lambda change: change.was == "fail" and change.now == "pass"),
        "expired_waivers": [{**change.as_result(), "expires": change.waived_until} for change in expired],
        "no_longer_known": _results(others, lambda change: change.now == "unknown"),
        "new_tenants": [host for host, entry in now.items() if _is_new(entry, before.get(host))],
        "gone_tenants": [host for host in before if host not in now],
    }


def _results(changes: Iterable[Change], condition: Callable[[Change], bool]) -> list[dict[str, Any]]:
    return [change.as_result() for change in changes if condition(change)]


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Change]:
    known = {control["id"]: control for control in before["controls"]}
    for control in now["controls"]:
        old = known.get(control["id"])
        if old is not None and old["status"] != control["status"]:
            expires = old["waiver"]["expires"] if old["waiver"] else None
            yield Change(now["host"], control["id"], control["title"], old["status"], control["status"], expires)


def _is_new(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Whether the tenant was evaluated now, and was not in the earlier report."""
    return bool(now["controls"]) and not (before is not None and before["controls"])
