# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a report: what its pages call a status, a grade, a state, a change, and a tenant."""

from __future__ import annotations

from collections.abc import Mapping

from ...module_utils.compliance.audit_entry import State
from ...module_utils.compliance.baseline import AGREED
from ...module_utils.compliance.evaluation import Grade, Status
from .model import Entry

STATUS_TITLES: Mapping[Status, str] = {
    "fail": "Action required",
    "unknown": "Unknown",
    "waived": "Waived",
    "pass": "Met",
}
STATUS_MEANINGS: Mapping[Status, str] = {
    "pass": "The setting meets the control.",
    "fail": "The setting does not meet the control.",
    "waived": "The control is not met or unknown, which a named owner accepts until a date.",
    "unknown": "The setting could not be read, for the reason shown. Unknown is never a pass.",
}
# In a sentence about one tenant: 15 met, 3 require action
STATUS_COUNTS: Mapping[Status, str] = {
    "pass": "met",
    "fail": "require action",
    "unknown": "unknown",
    "waived": "waived",
}
GRADE_TITLES: Mapping[Grade, str] = {
    "verified": "Read directly from the tenant",
    "inferred": "Inferred from other sources",
    "attested": "Attested by a person",
    "last_verified": "Last read for an earlier report",
    "unavailable": "Not available",
}
GRADE_MEANINGS: Mapping[Grade, str] = {
    "verified": "The setting was read at the time shown.",
    "inferred": "The setting could not be read. Other sources in the tenant, named in the reason, prove the status.",
    "attested": "The setting could not be read. A named person has checked it and confirms it until a date.",
    "last_verified": "The setting could not be read. An earlier result is shown with its date, but does not count.",
    "unavailable": "The setting could not be read, and there is no other evidence.",
}
# The letters of the matrix, for a status that was not read directly from the tenant
GRADE_LETTERS: Mapping[Grade, str] = {"inferred": "i", "attested": "a", "last_verified": "l"}

# In this order everywhere. A tenant that failed or was not run is more than incomplete on a page.
SHOWN_STATES = ("clean", "drift", "incomplete", "failed", "not run")
_STATE_COUNTS = {
    "drift": "with drift",
    "incomplete": "not fully checked",
    "failed": "could not be audited",
    "not run": "not run",
}
COVERAGE_TITLES = {"in_scope": "in scope", "registered": "registered", "capable": "able to reset", "enabled": "enabled"}
CHANGE_TITLES = {
    "new_drift": "New drift",
    "expired_waivers": "Expired waivers",
    "no_longer_known": "No longer known",
    "fixed": "Fixed",
}


def shown_state(entry: Entry) -> str:
    """A tenant's state as a page shows it."""
    by_run = {"not_run": "not run", "failed": "failed"}
    return by_run.get(entry["run"]) or str(entry["state"])


def shown_name(entry: Entry) -> str:
    """What to call a tenant."""
    tenant = entry["tenant"] or {}
    return str(tenant.get("display_name") or tenant.get("default_domain") or entry["host"])


def shown_user(user: Mapping[str, str | None] | None) -> str | None:
    """A user in one line; None when there is none."""
    return (user["user_principal_name"] or user["display_name"] or user["id"]) if user else None


def baseline_title(baseline_id: str) -> str:
    return "Agreed settings" if baseline_id == AGREED else baseline_id


def headline(states: Mapping[State, int], shown: Mapping[str, int]) -> str:
    """The report in one or two sentences. ``states`` as in the totals of the report, ``shown`` as on its page."""
    count, clean = sum(states.values()), states["clean"]
    if not count:
        return "There are no tenants in this report."
    if clean == count:
        return "The only tenant meets every control." if count == 1 else f"All {count} tenants meet every control."
    rest = ", ".join(f"{shown[state]} {words}" for state, words in _STATE_COUNTS.items() if shown.get(state))
    return f"{clean} of {count} tenants meet every control. {rest}."


def tenant_headline(entry: Entry, counts: Mapping[Status, int]) -> str:
    """One tenant in a sentence."""
    if entry["run"] != "ok":
        return "This tenant was not audited."
    found = [f"{counts[status]} {words}" for status, words in STATUS_COUNTS.items() if counts[status]]
    return f"{sum(counts.values())} controls: {', '.join(found)}." if found else "No control was evaluated."
