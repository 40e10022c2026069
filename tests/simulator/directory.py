# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Graph's directory: the organization, its licenses, users, groups, and who has which role."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from . import documents, odata, schema
from .documents import METADATA, ODATA_TYPE
from .messages import Answer, Call, RefusedError
from .odata import DIRECTORY, route
from .state import Tenant
from .tokens import peek

# Pages of groups and direct members are this small, whatever was asked for.
PAGE_SIZE = 2

_WRITE_MEMBERS = {"GroupMember.ReadWrite.All", "Group.ReadWrite.All"}
_CREATE_GROUPS = {"Group.Create", "Group.ReadWrite.All", "Directory.ReadWrite.All"}
_FILL_ROLE_GROUPS = {"RoleManagement.ReadWrite.Directory"}
_READ_GROUPS = {"Group.Read.All", *DIRECTORY}
_READ_MEMBERS = {"GroupMember.Read.All", "Group.Read.All", *_WRITE_MEMBERS, *DIRECTORY}
_READ_ALL_USERS = {"User.Read.All", "User.ReadWrite.All", *DIRECTORY}
_READ_USERS = {"User.ReadBasic.All", *_READ_ALL_USERS}
_READ_MEMBERSHIPS = {"User.Read.All", "GroupMember.Read.All", "Group.Read.All", *DIRECTORY}
_READ_ROLES = {"RoleManagement.Read.Directory", "RoleManagement.Read.All", *DIRECTORY}

_ORGANIZATION = ("id", "displayName", "verifiedDomains", *documents.organization())
_GROUP_DEFAULTS: Mapping[str, Any] = {
    "description": None,
    "groupTypes": [],
    "isAssignableToRole": None,
    "mailEnabled": False,
    "mailNickname": "group",
    "membershipRule": None,
    "onPremisesSyncEnabled": None,
    "securityEnabled": True,
}
_GROUP = ("id", "displayName", *_GROUP_DEFAULTS)
# What a user has whose entry does not say otherwise, besides names and licenses.
_USER_DEFAULTS: Mapping[str, Any] = {
    "accountEnabled": True,
    "businessPhones": [],
    "givenName": None,
    "jobTitle": None,
    "mobilePhone": None,
    "officeLocation": None,
    "onPremisesSyncEnabled": None,
    "otherMails": [],
    "preferredLanguage": None,
    "surname": None,
    "userType": "Member",
}
_USER = ("id", "userPrincipalName", "displayName", "mail", "assignedPlans", *_USER_DEFAULTS)
_BASIC = ("id", "userPrincipalName", "displayName", "givenName", "surname", "mail")
# What is answered to who selects nothing.
_COMMON = (*_BASIC, "businessPhones", "jobTitle", "mobilePhone", "officeLocation", "preferredLanguage")


def user_entry(tenant: Tenant, person: Mapping[str, Any]) -> dict[str, Any]:
    upn = person["userPrincipalName"]
    licenses = person.get("licenses", tenant.plans if person.get("userType", "Member") == "Member" else [])
    return {
        **_USER_DEFAULTS,
        "displayName": upn.partition("@")[0],
        "mail": upn,
        "assignedPlans": documents.assigned_plans(licenses),
        **{name: value for name, value in person.items() if name in _USER},
    }


def _group_entry(group: Mapping[str, Any]) -> dict[str, Any]:
    return {**_GROUP_DEFAULTS, **{name: value for name, value in group.items() if name != "members"}}


def _organization(tenant: Tenant, call: Call) -> Answer:
    last = len(tenant.domains) - 1
    domains = [
        {
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": index == last,
            "isInitial": index == 0,
            "name": name,
            "type": "Managed",
        }
        for index, name in enumerate(tenant.domains)
    ]
    entry = {
        "id": tenant.id,
        "displayName": tenant.display_name,
        "verifiedDomains": domains,
        **documents.organization(),
        **tenant.organization,
    }
    selected = odata.select(entry, _ORGANIZATION, call, "organization")
    return Answer(200, {"@odata.context": f"{METADATA}organization", "value": [selected]})


def _subscribed_skus(tenant: Tenant, call: Call) -> Answer:
    skus = [documents.subscribed_sku(tenant.id, plan) for plan in tenant.plans]
    value = [odata.select(sku, tuple(sku), call, "subscribedSku") for sku in skus]
    return Answer(200, {"@odata.context": f"{METADATA}subscribedSkus", "value": value})


def _groups(tenant: Tenant, call: Call) -> Answer:
    wanted = odata.equal_to("displayName", call.query.get("$filter"))
    found = [group for group in tenant.groups if wanted is None or group["displayName"].casefold() == wanted.casefold()]
    return odata.page(call, found, lambda group: _show_group(group, call), "groups", default=PAGE_SIZE, cap=PAGE_SIZE)


def _show_group(group: Mapping[str, Any], call: Call) -> dict[str, Any]:
    return odata.select(_group_entry(group), _GROUP, call, "group")


def _group(tenant: Tenant, call: Call, name: str) -> Answer:
    return Answer(200, {"@odata.context": f"{METADATA}groups/$entity", **_show_group(_known_group(tenant, name), call)})


def _members(tenant: Tenant, call: Call, name: str) -> Answer:
    found = _known_group(tenant, name).get("members", [])
    return odata.page(
        call,
        found,
        lambda member: _show_object(tenant, call, member),
        "directoryObjects",
        default=PAGE_SIZE,
        cap=PAGE_SIZE,
    )


def _transitive_members(tenant: Tenant, call: Call, name: str) -> Answer:
    found = tenant.members(_known_group(tenant, name))
    return odata.page(call, found, lambda member: _show_object(tenant, call, member), "directoryObjects")


def _memberships(tenant: Tenant, call: Call, name: str) -> Answer:
    person = _known_person(tenant, name)
    groups = tenant.groups_of(person["id"])
    holders = {person["id"].lower(), *(group["id"].lower() for group in groups)}
    roles = [entry for entry in tenant.role_assignments if entry["principalId"].lower() in holders]

    def show(entry: Mapping[str, Any]) -> dict[str, Any]:
        if "roleDefinitionId" in entry:
            return {ODATA_TYPE: "#microsoft.graph.directoryRole", "id": _made_up(tenant, entry["roleDefinitionId"])}
        return {ODATA_TYPE: "#microsoft.graph.group", **_chosen(_group_entry(entry), call, _GROUP)}

    return odata.page(call, [*groups, *roles], show, "directoryObjects")


def _show_object(tenant: Tenant, call: Call, object_id: str) -> dict[str, Any]:
    """A user, a group or a device; of a user, only what the application may read."""
    person, group = tenant.person(object_id), tenant.group(object_id)
    if person is not None:
        shown = {ODATA_TYPE: "#microsoft.graph.user", **_chosen(user_entry(tenant, person), call, _COMMON)}
        readable = {ODATA_TYPE, *_readable(call)}
        return {name: value if name in readable else None for name, value in shown.items()}
    if group is not None:
        return {ODATA_TYPE: "#microsoft.graph.group", **_chosen(_group_entry(group), call, _GROUP)}
    return {ODATA_TYPE: "#microsoft.graph.device", **_chosen({"id": object_id}, call, ("id",))}


def _chosen(entry: Mapping[str, Any], call: Call, usual: tuple[str, ...]) -> dict[str, Any]:
    """Of an object among others, what was chosen; what its type does not have is left out."""
    return {name: entry[name] for name in odata.selected(call) or usual if name in entry}


def _readable(call: Call) -> tuple[str, ...]:
    """The properties of users that the bearer may read."""
    principal = peek(call.bearer)
    if principal is None or principal.delegated or principal.permissions & _READ_ALL_USERS:
        return _USER
    return _BASIC if principal.permissions & _READ_USERS else ("id",)


_NEW_GROUP = schema.Record(
    {
        "displayName": schema.TEXT,
        "description": schema.TEXT,
        "mailEnabled": schema.BOOL,
        "mailNickname": schema.TEXT,
        "securityEnabled": schema.BOOL,
    }
)


def _create_group(tenant: Tenant, call: Call) -> Answer:
    sent = odata.body(call, _NEW_GROUP)
    for required in ("displayName", "mailEnabled", "mailNickname", "securityEnabled"):
        if required not in sent:
            raise RefusedError(
                400, "Request_BadRequest", f"A value is required for property '{required}' of resource 'Group'."
            )
    if sent["mailEnabled"]:
        raise RefusedError(400, "Request_BadRequest", "The service does not support mailEnabled groups here.")
    if not re.fullmatch(r"[A-Za-z0-9]{1,64}", sent["mailNickname"]):
        raise RefusedError(400, "Request_BadRequest", "Invalid value specified for property 'mailNickname'.")
    group = {"id": str(uuid.uuid4()), **sent, "members": []}
    tenant.groups = [*tenant.groups, group]
    return Answer(201, {"@odata.context": f"{METADATA}groups/$entity", **_show_group(group, call)})


def _require_fillable(group: Mapping[str, Any], call: Call) -> None:
    """What Graph refuses to add members to. Source: group-post-members, groups-overview."""
    entry = _group_entry(group)
    if "DynamicMembership" in entry["groupTypes"]:
        raise RefusedError(400, "Request_BadRequest", "The group's membership is decided by a rule.")
    if entry["onPremisesSyncEnabled"]:
        message = "Unable to update the specified properties for on-premises mastered Directory Sync objects."
        raise RefusedError(400, "Request_BadRequest", message)
    if entry["mailEnabled"] and "Unified" not in entry["groupTypes"]:
        message = "Cannot Update a mail-enabled security groups and or distribution list."
        raise RefusedError(400, "Request_BadRequest", message)
    principal = peek(call.bearer)
    may_fill = principal is None or principal.delegated or principal.permissions & _FILL_ROLE_GROUPS
    if entry["isAssignableToRole"] and not may_fill:
        raise RefusedError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def _add_member(tenant: Tenant, call: Call, name: str) -> Answer:
    group = _known_group(tenant, name)
    body = call.json()
    link = body.get("@odata.id", "") if isinstance(body, dict) else ""
    member = link.rpartition("/")[2]
    if not link.startswith(f"{call.base}/v1.0/directoryObjects/"):
        raise RefusedError(400, "Request_BadRequest", "Invalid URL format specified in @odata.id.")
    person = tenant.person(member)
    if tenant.group(member) is None and (person is None or person["id"].lower() != member.lower()):
        raise odata.missing(member)
    _require_fillable(group, call)
    members = group.get("members", [])
    if member in members:
        raise RefusedError(400, "Request_BadRequest", "One or more added object references already exist.")
    enlarged = {**group, "members": [*members, member]}
    tenant.groups = [enlarged if known is group else known for known in tenant.groups]
    return Answer(204)


def _people(tenant: Tenant, call: Call) -> Answer:
    wanted = odata.equal_to("userPrincipalName", call.query.get("$filter"))
    one = None if wanted is None else tenant.person(wanted)
    found = tenant.people if wanted is None else [one] if one and one["id"].lower() != wanted.lower() else []
    return odata.page(call, found, lambda person: _show_person(tenant, call, person), "users")


def _person(tenant: Tenant, call: Call, name: str) -> Answer:
    shown = _show_person(tenant, call, _known_person(tenant, name))
    return Answer(200, {"@odata.context": f"{METADATA}users/$entity", **shown})


def _show_person(tenant: Tenant, call: Call, person: Mapping[str, Any]) -> dict[str, Any]:
    entry = user_entry(tenant, person)
    chosen = odata.selected(call)
    if chosen is None:
        return {name: entry[name] for name in _COMMON if name in _readable(call)}
    shown = odata.select(entry, _USER, call, "user")
    if not set(chosen) <= set(_readable(call)):
        raise RefusedError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    return shown


def _role_assignments(tenant: Tenant, call: Call) -> Answer:
    expand = call.query.get("$expand")
    if expand not in (None, "principal"):
        raise RefusedError(400, "Request_UnsupportedQuery", f"Invalid expand clause: {expand}")

    def show(entry: Mapping[str, str]) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": _made_up(tenant, f"{entry['principalId']}/{entry['roleDefinitionId']}"),
            "principalId": entry["principalId"],
            "directoryScopeId": entry.get("directoryScopeId", "/"),
            "roleDefinitionId": entry["roleDefinitionId"],
        }
        if expand:
            kind = "user" if tenant.person(entry["principalId"]) else "servicePrincipal"
            kind = "group" if tenant.group(entry["principalId"]) else kind
            shown["principal"] = {ODATA_TYPE: f"#microsoft.graph.{kind}", "id": entry["principalId"]}
        return shown

    return odata.page(call, tenant.role_assignments, show, "roleManagement/directory/roleAssignments")


_GROUP_PATH = "groups/(?P<name>[^/]+)"
_USER_PATH = "users/(?P<name>[^/]+)"
ROUTES = (
    route("GET", "organization", {"Organization.Read.All", *DIRECTORY}, _organization, "$select"),
    route(
        "GET",
        "subscribedSkus",
        {"Organization.Read.All", "LicenseAssignment.Read.All", *DIRECTORY},
        _subscribed_skus,
        "$select",
    ),
    route("GET", "groups", _READ_GROUPS, _groups, "$filter $select $top $skiptoken"),
    route("POST", "groups", _CREATE_GROUPS, _create_group),
    route("GET", _GROUP_PATH, _READ_GROUPS, _group, "$select"),
    route("GET", f"{_GROUP_PATH}/members", _READ_MEMBERS, _members, "$select $top $skiptoken"),
    route("POST", rf"{_GROUP_PATH}/members/\$ref", _WRITE_MEMBERS, _add_member),
    route("GET", f"{_GROUP_PATH}/transitiveMembers", _READ_MEMBERS, _transitive_members, "$select $top $skiptoken"),
    route("GET", "users", _READ_USERS, _people, "$filter $select $top $skiptoken"),
    route("GET", _USER_PATH, _READ_USERS, _person, "$select"),
    route("GET", f"{_USER_PATH}/transitiveMemberOf", _READ_MEMBERSHIPS, _memberships, "$select $top $skiptoken"),
    route("GET", "roleManagement/directory/roleAssignments", _READ_ROLES, _role_assignments, "$expand $top $skiptoken"),
)


def _known_group(tenant: Tenant, name: str) -> dict[str, Any]:
    group = tenant.group(name)
    if group is None:
        raise odata.missing(name)
    return group


def _known_person(tenant: Tenant, name: str) -> dict[str, Any]:
    person = tenant.person(name)
    if person is None:
        raise odata.missing(name)
    return person


def _made_up(tenant: Tenant, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant.id}/{name}"))
