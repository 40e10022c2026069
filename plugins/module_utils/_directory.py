# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in a tenant, as Microsoft Graph tells it: users, groups, roles, licences, registered methods, reports.

Knows Graph's URLs for all of that, as ``_documents`` does for the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.tenantops.entra.plugins.module_utils._documents import (
    METHODS_POLICY,
    READ_GROUPS,
    READ_LICENCES,
    READ_MEMBERS,
    READ_METHODS,
    READ_ORGANIZATION,
)
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._http import Plane
from ansible_collections.tenantops.entra.plugins.module_utils._people import Group, Person, Registration

READ_PEOPLE = "User.Read.All"
READ_ROLES = "RoleManagement.Read.Directory"
READ_REPORTS = "AuditLog.Read.All"
READ_POLICIES = "Policy.Read.All"
READ_SCORE = "SecurityEvents.Read.All"
READ_USER_METHODS = "UserAuthenticationMethod.Read.All"
WRITE_USER_METHODS = "UserAuthenticationMethod.ReadWrite.All"

# The largest page that Graph gives of the directory, and of its reports.
PAGE = {"$top": "999"}
IN_FORCE = ("Enabled", "Warning")
REPORT = "reports/authenticationMethods/userRegistrationDetails"
AUDIT_SERVICE = "Self-service Password Management"
# In the name of the activity. Source: howto-sspr-reporting.
POLICY_CHANGE = "policy change"
SCORE_CONTROL = "SelfServicePasswordReset"

# A user has one of each at most, and it always has this id. Source: Graph's phoneAuthenticationMethod and
# emailAuthenticationMethod.
PHONE_IDS: Mapping[str, str] = {
    "mobile": "3179e48a-750b-4051-897c-87b9720928f7",
    "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
}
EMAIL_ID = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"

PERSON = (
    "id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSyncEnabled,mail,assignedPlans,"
    "mobilePhone,businessPhones,otherMails"
)
GROUP = "id,displayName,securityEnabled,membershipRule,onPremisesSyncEnabled"


async def read_people(graph: Plane) -> list[Person]:
    """Every user object of the tenant."""
    return [_person(entry) for entry in await graph.read_list("users", {"$select": PERSON, **PAGE}, needs=READ_PEOPLE)]


async def read_person(graph: Plane, wanted: str) -> Person:
    """The user of that object id or user principal name."""
    return _person(await graph.read(_user(wanted), {"$select": PERSON}, needs=READ_PEOPLE))


async def read_group(graph: Plane, group_id: str) -> Group:
    """The group of that object id."""
    return _group(await graph.read(f"groups/{group_id}", {"$select": GROUP}, needs=READ_GROUPS))


async def read_group_people(graph: Plane, group_id: str) -> list[Person]:
    """The users in a group, those of nested groups included.

    Asked for without a cast to users: that would come from an index which misses who was added a moment ago.
    """
    entries = await _typed(graph, f"groups/{group_id}/transitiveMembers", "user", PERSON, READ_MEMBERS)
    if any(entry.get("userPrincipalName") is None for entry in entries):
        # Graph gives the members all the same, with nothing but their ids.
        raise SsprError(
            "permission",
            f"Microsoft Graph does not show the users of a group: {READ_PEOPLE} is missing",
            plane=GRAPH,
            status=200,
            hint=f"Give the app the application permission {READ_PEOPLE} and have the tenant's admin consent to it.",
        )
    return [_person(entry) for entry in entries]


async def read_nested_groups(graph: Plane, group_id: str) -> list[Group]:
    """The groups that are direct members of a group."""
    return [_group(entry) for entry in await _typed(graph, f"groups/{group_id}/members", "group", GROUP, READ_MEMBERS)]


async def read_group_ids(graph: Plane, group_id: str) -> frozenset[str]:
    """The object ids of the users in a group, those of nested groups included."""
    entries = await _typed(graph, f"groups/{group_id}/transitiveMembers", "user", "id", READ_MEMBERS)
    return frozenset(str(entry["id"]).lower() for entry in entries)


async def read_memberships(graph: Plane, user_id: str) -> list[Group]:
    """The groups that a user is in, directly or through others."""
    entries = await _typed(graph, f"{_user(user_id)}/transitiveMemberOf", "group", GROUP, READ_MEMBERS)
    return [_group(entry) for entry in entries]


async def read_role_holders(graph: Plane) -> dict[str, frozenset[str]]:
    """Template ids of the directory roles that are active now, by object id of the user, through groups too."""
    assignments = await graph.read_list(
        "roleManagement/directory/roleAssignments", {"$expand": "principal", **PAGE}, needs=READ_ROLES
    )
    people: dict[str, frozenset[str]] = {}
    holders: dict[str, set[str]] = {}
    for entry in assignments:
        principal, role = str(entry["principalId"]).lower(), str(entry["roleDefinitionId"]).lower()
        if _is(entry.get("principal") or {}, "group") and principal not in people:
            people[principal] = await read_group_ids(graph, principal)
        for holder in people.get(principal, {principal}):
            holders.setdefault(holder, set()).add(role)
    return {holder: frozenset(roles) for holder, roles in holders.items()}


async def read_skus(graph: Plane) -> dict[str, frozenset[str]]:
    """The ids of the service plans in force, by id of the subscribed SKU they come with."""
    query = {"$select": "skuId,capabilityStatus,servicePlans"}
    return {
        str(sku["skuId"]).lower(): frozenset(
            str(plan["servicePlanId"]).lower()
            for plan in sku.get("servicePlans") or []
            if plan.get("provisioningStatus") == "Success"
        )
        for sku in await graph.read_list("subscribedSkus", query, needs=READ_LICENCES)
        if sku.get("capabilityStatus") in IN_FORCE
    }


async def read_organization_facts(graph: Plane) -> dict[str, Any]:
    """``synced``: whether users come from a directory of the organization's own; ``created``: when the tenant was."""
    query = {"$select": "onPremisesSyncEnabled,createdDateTime"}
    entry = (await graph.read_list("organization", query, needs=READ_ORGANIZATION))[0]
    return {"synced": entry.get("onPremisesSyncEnabled"), "created": entry.get("createdDateTime")}


async def read_security_defaults(graph: Plane) -> bool:
    """Whether security defaults are on."""
    return (await graph.read("policies/identitySecurityDefaultsEnforcementPolicy", needs=READ_POLICIES))[
        "isEnabled"
    ] is True


async def read_conditional_access(graph: Plane) -> list[dict[str, Any]]:
    """The policies of Conditional Access, as Graph gives them."""
    return await graph.read_list("identity/conditionalAccess/policies", {}, needs=READ_POLICIES)


async def read_registrations(graph: Plane) -> list[Registration]:
    """The registration report. Whoever is disabled is not in it; without Entra ID P1 there is none (``licence``)."""
    return [_registration(entry) for entry in await graph.read_list(REPORT, PAGE, needs=READ_REPORTS)]


async def read_registration(graph: Plane, user_id: str) -> Registration | None:
    """What the registration report says about one user, None when the user is not in it."""
    try:
        return _registration(await graph.read(f"{REPORT}/{user_id}", needs=READ_REPORTS))
    except SsprError as exc:
        if exc.kind != "not_found":
            raise
        return None


async def read_audit_events(
    graph: Plane,
    *,
    user_id: str | None = None,
    since: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Events of self-service password reset, the newest first: of one user, and since a moment (ISO 8601, UTC)."""
    conditions = [f"loggedByService eq '{AUDIT_SERVICE}'"]
    if since:
        conditions.append(f"activityDateTime ge {since}")
    if user_id:
        conditions.append(f"targetResources/any(t: t/id eq '{user_id}')")
    query = {"$filter": " and ".join(conditions), "$orderby": "activityDateTime desc", "$top": str(limit)}
    page = await graph.read("auditLogs/directoryAudits", query, needs=READ_REPORTS)
    return list(page.get("value") or [])


async def read_last_policy_change(graph: Plane, since: str) -> str | None:
    """When methods or the SSPR policy were changed last, as far as it is told; of the SSPR policy since a moment."""
    policy = await graph.read(METHODS_POLICY, needs=READ_METHODS)
    events = await read_audit_events(graph, since=since, limit=int(PAGE["$top"]))
    changes = [event for event in events if POLICY_CHANGE in str(event.get("activityDisplayName")).lower()]
    moments = [policy.get("lastModifiedDateTime"), *(event.get("activityDateTime") for event in changes)]
    return max((str(moment) for moment in moments if moment), default=None)


async def read_secure_score(graph: Plane) -> dict[str, Any] | None:
    """The newest Secure Score of self-service reset: ``count`` of ``total`` users, ``lastSynced``; None without one."""
    page = await graph.read("security/secureScores", {"$top": "1"}, needs=READ_SCORE)
    controls = [control for score in page.get("value") or [] for control in score.get("controlScores") or []]
    return next((control for control in controls if control.get("controlName") == SCORE_CONTROL), None)


async def read_user_methods(graph: Plane, user_id: str) -> list[dict[str, Any]]:
    """Everything that a user has registered, the password included, as Graph gives it."""
    return await graph.read_list(_methods(user_id, "methods"), {}, needs=READ_USER_METHODS)


async def read_phones(graph: Plane, user_id: str) -> list[dict[str, Any]]:
    """A user's phones: ``id``, ``phoneNumber`` (perhaps masked), ``phoneType``, ``smsSignInState``."""
    return await graph.read_list(_methods(user_id, "phoneMethods"), {}, needs=READ_USER_METHODS)


async def read_emails(graph: Plane, user_id: str) -> list[dict[str, Any]]:
    """A user's e-mail method, if there is one: ``id``, ``emailAddress``."""
    return await graph.read_list(_methods(user_id, "emailMethods"), {}, needs=READ_USER_METHODS)


async def add_phone(graph: Plane, user_id: str, phone_type: str, number: str) -> None:
    """Register a phone of a type that the user does not have yet."""
    body = {"phoneNumber": number, "phoneType": phone_type}
    await graph.write("POST", _methods(user_id, "phoneMethods"), body, needs=WRITE_USER_METHODS)


async def update_phone(graph: Plane, user_id: str, phone_type: str, number: str) -> None:
    """Give a registered phone another number."""
    body = {"phoneNumber": number, "phoneType": phone_type}
    await graph.write("PATCH", _methods(user_id, "phoneMethods", PHONE_IDS[phone_type]), body, needs=WRITE_USER_METHODS)


async def delete_phone(graph: Plane, user_id: str, phone_type: str) -> None:
    """Take a registered phone away. The alternate mobile phone has to go before the mobile phone."""
    await graph.write(
        "DELETE", _methods(user_id, "phoneMethods", PHONE_IDS[phone_type]), None, needs=WRITE_USER_METHODS
    )


async def add_email(graph: Plane, user_id: str, address: str) -> None:
    """Register the one e-mail address that a user can have."""
    body = {"emailAddress": address}
    await graph.write("POST", _methods(user_id, "emailMethods"), body, needs=WRITE_USER_METHODS)


async def update_email(graph: Plane, user_id: str, address: str) -> None:
    """Give the registered e-mail method another address."""
    body = {"emailAddress": address}
    await graph.write("PATCH", _methods(user_id, "emailMethods", EMAIL_ID), body, needs=WRITE_USER_METHODS)


async def delete_email(graph: Plane, user_id: str) -> None:
    """Take the registered e-mail method away."""
    await graph.write("DELETE", _methods(user_id, "emailMethods", EMAIL_ID), None, needs=WRITE_USER_METHODS)


def _methods(user_id: str, *segments: str) -> str:
    return "/".join((_user(user_id), "authentication", *segments))


def _registration(entry: Mapping[str, Any]) -> Registration:
    try:
        return Registration(
            id=str(entry["id"]).lower(),
            upn=str(entry["userPrincipalName"]),
            admin=bool(entry["isAdmin"]),
            guest=str(entry["userType"]).lower() == "guest",
            enabled=bool(entry["isSsprEnabled"]),
            registered=bool(entry["isSsprRegistered"]),
            capable=bool(entry["isSsprCapable"]),
            methods=frozenset(map(str, entry["methodsRegistered"])),
            as_of=entry.get("lastUpdatedDateTime"),
        )
    except KeyError as exc:
        raise SsprError(
            "unexpected_document", f"the registration report does not tell {exc.args[0]} of a user", plane=GRAPH
        ) from exc


def _user(wanted: str) -> str:
    return f"users/{quote(wanted, safe='')}"


async def _typed(graph: Plane, path: str, kind: str, properties: str, needs: str) -> list[dict[str, Any]]:
    """The objects of one kind in a collection of several."""
    return [
        entry for entry in await graph.read_list(path, {"$select": properties, **PAGE}, needs=needs) if _is(entry, kind)
    ]


def _is(entry: Mapping[str, Any], kind: str) -> bool:
    return entry.get("@odata.type") == f"#microsoft.graph.{kind}"


def _person(entry: Mapping[str, Any]) -> Person:
    return Person(
        id=str(entry["id"]).lower(),
        upn=str(entry["userPrincipalName"]),
        display_name=entry.get("displayName"),
        enabled=entry.get("accountEnabled"),
        guest=str(entry.get("userType")).lower() == "guest",
        synced=bool(entry.get("onPremisesSyncEnabled")),
        mail=entry.get("mail"),
        plans=frozenset(
            str(plan["servicePlanId"]).lower()
            for plan in entry.get("assignedPlans") or []
            if plan.get("capabilityStatus") in IN_FORCE
        ),
        directory_data=any(entry.get(name) for name in ("mobilePhone", "businessPhones", "otherMails")),
    )


def _group(entry: Mapping[str, Any]) -> Group:
    return Group(
        id=str(entry["id"]).lower(),
        display_name=str(entry.get("displayName") or ""),
        security_enabled=entry.get("securityEnabled"),
        rule=entry.get("membershipRule"),
        synced=bool(entry.get("onPremisesSyncEnabled")),
    )
