# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of an earlier report, for controls that cannot be read today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import SsprError
from .audit_entry import SCHEMA_VERSION


@dataclass(frozen=True)
class EarlierResult:
    """A control's result when its settings were last read. ``as_of`` is when (ISO 8601)."""

    status: str
    as_of: str | None
    actual: str

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> EarlierResult:
        return cls(result["status"], result["as_of"], result["actual"])

    def as_result(self) -> dict[str, str | None]:
        return {"status": self.status, "as_of": self.as_of, "actual": self.actual}


def earlier_entries(document: Any, option: str) -> list[Mapping[str, Any]]:
    """The entries of a report, or the one entry of a tenant. Raises: SsprError(invalid_setting)."""
    entries = document.get("tenants", [document]) if isinstance(document, Mapping) else None
    if isinstance(entries, list) and all(
        isinstance(entry, Mapping) and entry.get("schema") == SCHEMA_VERSION for entry in entries
    ):
        return entries
    raise SsprError(
        "invalid_setting",
        f"{option}: this is not an audit report of schema version {SCHEMA_VERSION}",
        hint="Use a report.json of sspr_report, or a file that sspr_audit wrote to result_path.",
    )


def earlier_results(entries: list[Mapping[str, Any]], tenant_id: str) -> dict[str, EarlierResult]:
    """The results of a tenant's controls, by id of the control."""
    controls = [
        control
        for entry in entries
        if (entry.get("tenant") or {}).get("id") == tenant_id
        for control in entry.get("controls") or ()
    ]
    found = {str(control.get("id")): _last_read(control) for control in controls}
    return {control_id: result for control_id, result in found.items() if result is not None}


def _last_read(control: Mapping[str, Any]) -> EarlierResult | None:
    """The result of the report itself when it was read, else the one that the report took from an earlier report."""
    if control.get("grade") == "verified":
        return EarlierResult.of(control)
    return EarlierResult.of(control["last"]) if control.get("last") else None
