# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft's own reports about a tenant: who has registered, the audit log, Secure Score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import GRAPH, SsprError
from ..connection.service_client import ServiceClient
from ..users.models import Registration
from . import permissions
from .policy_documents import METHODS_POLICY_PATH
from .users import MOST

_REGISTRATIONS = "reports/authenticationMethods/userRegistrationDetails"
_AUDIT_SERVICE = "Self-service Password Management"
# In the name of the activity. Source: howto-sspr-reporting.
_POLICY_CHANGE = "policy change"
_SCORE_CONTROL = "SelfServicePasswordReset"


async def read_registrations(graph: ServiceClient) -> list[Registration]:
    """The registration report, which omits disabled users. Raises: SsprError, such as ``license`` without P1."""
    return [
        _registration(entry) for entry in await graph.read_list(_REGISTRATIONS, MOST, needs=permissions.READ_REPORTS)
    ]


async def read_registration(graph: ServiceClient, user_id: str) -> Registration | None:
    """One user's row of the registration report; None when the user is not in it."""
    try:
        return _registration(await graph.read(f"{_REGISTRATIONS}/{user_id}", needs=permissions.READ_REPORTS))
    except SsprError as exc:
        if exc.kind != "not_found":
            raise
        return None


async def read_audit_events(
    graph: ServiceClient,
    *,
    user_id: str | None = None,
    since: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Events of self-service password reset, newest first: of one user, and since a timestamp (ISO 8601, UTC)."""
    conditions = [f"loggedByService eq '{_AUDIT_SERVICE}'"]
    if since:
        conditions.append(f"activityDateTime ge {since}")
    if user_id:
        conditions.append(f"targetResources/any(t: t/id eq '{user_id}')")
    query = {"$filter": " and ".join(conditions), "$orderby": "activityDateTime desc", "$top": str(limit)}
    answer = await graph.read("auditLogs/directoryAudits", query, needs=permissions.READ_REPORTS)
    return list(answer.get("value") or [])


async def read_last_policy_change(graph: ServiceClient, since: str) -> str | None:
    """When the methods policy, or since a timestamp the SSPR policy, was changed last; None when it is not reported."""
    policy = await graph.read(METHODS_POLICY_PATH, needs=permissions.READ_METHODS_POLICY)
    events = await read_audit_events(graph, since=since, limit=int(MOST["$top"]))
    changes = [event for event in events if _POLICY_CHANGE in str(event.get("activityDisplayName")).lower()]
    timestamps = [policy.get("lastModifiedDateTime"), *(event.get("activityDateTime") for event in changes)]
    return max((str(timestamp) for timestamp in timestamps if timestamp), default=None)


async def read_secure_score(graph: ServiceClient) -> dict[str, Any] | None:
    """The newest Secure Score of self-service reset: ``count`` of ``total`` users, ``lastSynced``; None without one."""
    answer = await graph.read("security/secureScores", {"$top": "1"}, needs=permissions.READ_SECURE_SCORE)
    controls = [control for score in answer.get("value") or [] for control in score.get("controlScores") or []]
    return next((control for control in controls if control.get("controlName") == _SCORE_CONTROL), None)


def _registration(entry: Mapping[str, Any]) -> Registration:
    try:
        return Registration(
            id=str(entry["id"]).lower(),
            user_principal_name=str(entry["userPrincipalName"]),
            admin=bool(entry["isAdmin"]),
            guest=str(entry["userType"]).lower() == "guest",
            enabled=bool(entry["isSsprEnabled"]),
            registered=bool(entry["isSsprRegistered"]),
            capable=bool(entry["isSsprCapable"]),
            methods=frozenset(map(str, entry["methodsRegistered"])),
            as_of=entry.get("lastUpdatedDateTime"),
            display_name=entry.get("userDisplayName"),
        )
    except KeyError as exc:
        raise SsprError(
            "unexpected_document", f"the registration report has no {exc.args[0]} for a user", plane=GRAPH
        ) from exc
