# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups and their direct members, as Microsoft Graph has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import GRAPH, SsprError
from .._text import is_guid
from ..connection.service_client import ServiceClient
from ..settings.pages import GroupRef
from . import permissions

_NAMES = {"$select": "id,displayName"}
_MEMBERSHIP = "id,displayName,groupTypes,mailEnabled,securityEnabled,onPremisesSyncEnabled,isAssignableToRole"


@dataclass(frozen=True)
class GroupKind:
    """What decides whether Microsoft Graph can add members to a group."""

    dynamic: bool
    synchronized: bool
    mail_enabled: bool
    role_assignable: bool

    @classmethod
    def of(cls, group: Mapping[str, Any]) -> GroupKind:
        types = group.get("groupTypes") or []
        return cls(
            dynamic="DynamicMembership" in types,
            synchronized=bool(group.get("onPremisesSyncEnabled")),
            # A Microsoft 365 group has a mailbox too, and Graph can fill it.
            mail_enabled=bool(group.get("mailEnabled")) and "Unified" not in types,
            role_assignable=bool(group.get("isAssignableToRole")),
        )


async def look_up_group(graph: ServiceClient, name: str) -> GroupRef | None:
    """The one group of that object id or display name; None when there is none.

    Raises: SsprError, ``ambiguous`` for a display name that several groups have.
    """
    if is_guid(name):
        try:
            groups = [await graph.read(f"groups/{name}", _NAMES, needs=permissions.READ_GROUPS)]
        except SsprError as exc:
            if exc.kind != "not_found":
                raise
            groups = []
    else:
        quoted = name.replace("'", "''")
        query = {"$filter": f"displayName eq '{quoted}'", **_NAMES}
        groups = await graph.read_list("groups", query, needs=permissions.READ_GROUPS)
    if len(groups) > 1:
        raise SsprError(
            "ambiguous",
            f"group: the tenant has {len(groups)} groups with the display name {name!r}",
            plane=GRAPH,
            hint=f"Use the object ID: {', '.join(sorted(str(group.get('id')) for group in groups))}.",
        )
    if not groups:
        return None
    return GroupRef(str(groups[0]["id"]), str(groups[0].get("displayName") or ""))


async def find_group(graph: ServiceClient, name: str) -> GroupRef:
    """The one group of that object id or display name. Raises: SsprError, such as ``not_found`` and ``ambiguous``."""
    found = await look_up_group(graph, name)
    if found is None:
        raise SsprError(
            "not_found",
            f"group: the tenant has no group with the {'object ID' if is_guid(name) else 'display name'} {name!r}",
            plane=GRAPH,
            hint="Create the group first, or check its spelling and tenant_id.",
        )
    return found


async def read_group_kind(graph: ServiceClient, group_id: str) -> GroupKind:
    """What decides whether members can be added to a group."""
    return GroupKind.of(await graph.read(f"groups/{group_id}", {"$select": _MEMBERSHIP}, needs=permissions.READ_GROUPS))


async def create_group(graph: ServiceClient, name: str, description: str | None) -> None:
    """Create a security group with assigned members."""
    body = {"displayName": name, "mailEnabled": False, "securityEnabled": True, "mailNickname": _nickname(name)}
    if description:
        body["description"] = description
    await graph.write("POST", "groups", body, needs=permissions.CREATE_GROUPS)


def _nickname(name: str) -> str:
    """A mail nickname, which Graph requires of every group: ASCII letters and digits, at most 64."""
    return "".join(char for char in name if char.isascii() and char.isalnum())[:64] or "group"


async def read_member_ids(graph: ServiceClient, group_id: str) -> set[str]:
    """The object ids of a group's direct members, in lower case."""
    query = {"$select": "id", "$top": "999"}
    found = await graph.read_list(f"groups/{group_id}/members", query, needs=permissions.READ_MEMBERS)
    return {str(entry.get("id")).lower() for entry in found}


async def add_member(graph: ServiceClient, group_id: str, member_id: str) -> None:
    """Add one object to a group."""
    body = {"@odata.id": f"{graph.base_url}/directoryObjects/{member_id}"}
    await graph.write("POST", f"groups/{group_id}/members/$ref", body, needs=permissions.WRITE_MEMBERS)
