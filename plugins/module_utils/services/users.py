# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, their groups, roles and registered methods, as Microsoft Graph has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from .._errors import GRAPH, SsprError
from ..connection.responses import grant_hint
from ..connection.service_client import ServiceClient
from ..users.models import Group, User
from . import permissions
from .tenant import IN_FORCE

# The most entries that Graph returns at once.
MOST = {"$top": "999"}

# A user has at most one of each, and it always has this id. Source: Graph's phoneAuthenticationMethod and
# emailAuthenticationMethod.
PHONE_IDS: Mapping[str, str] = {
    "mobile": "3179e48a-750b-4051-897c-87b9720928f7",
    "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
}
EMAIL_ID = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"

_USER = (
    "id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSyncEnabled,mail,assignedPlans,"
    "mobilePhone,businessPhones,otherMails"
)
_GROUP = "id,displayName,securityEnabled,membershipRule,onPremisesSyncEnabled"


async def read_users(graph: ServiceClient) -> list[User]:
    """Every user object of the tenant."""
    return [
        _user(entry)
        for entry in await graph.read_list("users", {"$select": _USER, **MOST}, needs=permissions.READ_USERS)
    ]


async def read_user(graph: ServiceClient, name: str, *, option: str | None = None) -> User:
    """The user of that object id or user principal name; ``option`` is where the operator gave it.

    Raises: SsprError, ``not_found`` among them.
    """
    with _named_by(option, name):
        return _user(await graph.read(_path(name), {"$select": _USER}, needs=permissions.READ_USERS))


async def find_user_id(graph: ServiceClient, name: str) -> str:
    """The object id of a user whom the option ``members`` names by it or by the user principal name, in lower case.

    Raises: SsprError, ``not_found`` among them.
    """
    with _named_by("members", name):
        user = await graph.read(_path(name), {"$select": "id"}, needs=permissions.READ_USER_NAMES)
    return str(user["id"]).lower()


@contextmanager
def _named_by(option: str | None, name: str) -> Iterator[None]:
    """Name the option in ``not_found``, for a user that the tenant does not have."""
    try:
        yield
    except SsprError as exc:
        if option is None or exc.kind != "not_found":
            raise
        message = f"{option}: the tenant has no user {name!r}"
        raise replace(exc, message=message, hint="Check the user principal name and tenant_id.") from exc


async def read_group(graph: ServiceClient, group_id: str) -> Group:
    """The group of that object id."""
    return _group(await graph.read(f"groups/{group_id}", {"$select": _GROUP}, needs=permissions.READ_GROUPS))


async def read_group_users(graph: ServiceClient, group_id: str) -> list[User]:
    """The users in a group, those of nested groups included.

    Read without a cast to users: that would come from an index which lags behind the group.
    """
    path = f"groups/{group_id}/transitiveMembers"
    entries = await _typed(graph, path, "user", _USER, permissions.READ_MEMBERS)
    if any(entry.get("userPrincipalName") is None for entry in entries):
        # Graph returns the members all the same, with nothing but their ids.
        raise SsprError(
            "permission",
            f"Microsoft Graph does not show the users of a group: {permissions.READ_USERS} is missing",
            plane=GRAPH,
            status=200,
            hint=grant_hint(GRAPH, permissions.READ_USERS),
        )
    return [_user(entry) for entry in entries]


async def read_group_user_ids(graph: ServiceClient, group_id: str) -> frozenset[str]:
    """The object ids of the users in a group, those of nested groups included."""
    path = f"groups/{group_id}/transitiveMembers"
    return frozenset(
        str(entry["id"]).lower() for entry in await _typed(graph, path, "user", "id", permissions.READ_MEMBERS)
    )


async def read_memberships(graph: ServiceClient, user_id: str) -> list[Group]:
    """The groups that a user is in, directly or through others."""
    path = f"{_path(user_id)}/transitiveMemberOf"
    return [_group(entry) for entry in await _typed(graph, path, "group", _GROUP, permissions.READ_MEMBERS)]


async def read_role_holders(graph: ServiceClient) -> dict[str, frozenset[str]]:
    """Template ids of the active directory roles by object id of the user, those through groups included."""
    assignments = await graph.read_list(
        "roleManagement/directory/roleAssignments", {"$expand": "principal", **MOST}, needs=permissions.READ_ROLES
    )
    members: dict[str, frozenset[str]] = {}
    holders: dict[str, set[str]] = {}
    for entry in assignments:
        principal, role = str(entry["principalId"]).lower(), str(entry["roleDefinitionId"]).lower()
        if _is(entry.get("principal") or {}, "group") and principal not in members:
            members[principal] = await read_group_user_ids(graph, principal)
        for holder in members.get(principal, {principal}):
            holders.setdefault(holder, set()).add(role)
    return {holder: frozenset(roles) for holder, roles in holders.items()}


async def read_user_methods(graph: ServiceClient, name: str, *, option: str | None = None) -> list[dict[str, Any]]:
    """Everything that a user has registered, the password included, as Graph returns it.

    ``name`` and ``option`` are as in ``read_user``.
    """
    with _named_by(option, name):
        return await graph.read_list(_methods_path(name, "methods"), {}, needs=permissions.READ_USER_METHODS)


async def put_phone(graph: ServiceClient, user_id: str, phone_type: str, number: str, *, replaces: bool) -> None:
    """Register a phone, or change the number of one that is registered."""
    body = {"phoneNumber": number, "phoneType": phone_type}
    await _put_method(graph, user_id, ("phoneMethods", PHONE_IDS[phone_type]), body, replaces)


async def delete_phone(graph: ServiceClient, user_id: str, phone_type: str) -> None:
    """Remove a registered phone. The alternate mobile phone has to be removed before the mobile phone."""
    path = _methods_path(user_id, "phoneMethods", PHONE_IDS[phone_type])
    await graph.write("DELETE", path, None, needs=permissions.WRITE_USER_METHODS)


async def put_email(graph: ServiceClient, user_id: str, address: str, *, replaces: bool) -> None:
    """Register the one email address that a user can have, or change it."""
    await _put_method(graph, user_id, ("emailMethods", EMAIL_ID), {"emailAddress": address}, replaces)


async def delete_email(graph: ServiceClient, user_id: str) -> None:
    """Remove the registered email address."""
    path = _methods_path(user_id, "emailMethods", EMAIL_ID)
    await graph.write("DELETE", path, None, needs=permissions.WRITE_USER_METHODS)


async def _put_method(
    graph: ServiceClient, user_id: str, where: tuple[str, str], body: Mapping[str, str], replaces: bool
) -> None:
    """Add a method to a collection, or change the one that has this id in it."""
    collection, method_id = where
    if replaces:
        path = _methods_path(user_id, collection, method_id)
        await graph.write("PATCH", path, body, needs=permissions.WRITE_USER_METHODS)
    else:
        await graph.write("POST", _methods_path(user_id, collection), body, needs=permissions.WRITE_USER_METHODS)


def _methods_path(user_id: str, *segments: str) -> str:
    return "/".join((_path(user_id), "authentication", *segments))


def _path(name: str) -> str:
    return f"users/{quote(name, safe='')}"


async def _typed(graph: ServiceClient, path: str, kind: str, properties: str, needs: str) -> list[dict[str, Any]]:
    """The objects of one kind in a collection of several."""
    return [
        entry for entry in await graph.read_list(path, {"$select": properties, **MOST}, needs=needs) if _is(entry, kind)
    ]


def _is(entry: Mapping[str, Any], kind: str) -> bool:
    return entry.get("@odata.type") == f"#microsoft.graph.{kind}"


def _user(entry: Mapping[str, Any]) -> User:
    return User(
        id=str(entry["id"]).lower(),
        user_principal_name=str(entry["userPrincipalName"]),
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
