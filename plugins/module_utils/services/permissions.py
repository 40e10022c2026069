# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The permissions of Microsoft Graph and the directory roles that requests need, for error messages and the doctor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .._errors import GRAPH, SsprError
from ..connection.responses import grant_hint

READ_ORGANIZATION = "Organization.Read.All"
READ_SUBSCRIPTIONS = "Organization.Read.All"
READ_METHODS_POLICY = "Policy.Read.AuthenticationMethod"
WRITE_METHODS_POLICY = "Policy.ReadWrite.AuthenticationMethod"
READ_POLICIES = "Policy.Read.All"
WRITE_AUTHORIZATION = "Policy.ReadWrite.Authorization"

READ_GROUPS = "Group.Read.All"
CREATE_GROUPS = "Group.Create"
READ_MEMBERS = "GroupMember.Read.All"
WRITE_MEMBERS = "GroupMember.ReadWrite.All"
WRITE_ROLE_ASSIGNABLE_GROUPS = "RoleManagement.ReadWrite.Directory"

READ_USER_NAMES = "User.ReadBasic.All"
READ_USERS = "User.Read.All"
READ_ROLES = "RoleManagement.Read.Directory"
READ_REPORTS = "AuditLog.Read.All"
READ_SECURE_SCORE = "SecurityEvents.Read.All"
READ_USER_METHODS = "UserAuthenticationMethod.Read.All"
WRITE_USER_METHODS = "UserAuthenticationMethod.ReadWrite.All"

# Roles of the portal user
READ_SSPR_POLICY = "Security Administrator (or User Administrator, Authentication Policy Administrator)"
WRITE_SSPR_POLICY = "Authentication Policy Administrator"
WRITE_SSPR_SCOPE = "User Administrator (or Authentication Policy Administrator)"

_WRITE_ALL_GROUPS = ("Group.ReadWrite.All", "Directory.ReadWrite.All")
# Permissions that include another one. Source: permissions-reference.
INCLUDED_IN: Mapping[str, tuple[str, ...]] = {
    READ_ORGANIZATION: ("Directory.Read.All",),
    READ_METHODS_POLICY: (WRITE_METHODS_POLICY, READ_POLICIES),
    READ_GROUPS: ("Group.ReadWrite.All", "Directory.Read.All"),
    CREATE_GROUPS: _WRITE_ALL_GROUPS,
    WRITE_MEMBERS: _WRITE_ALL_GROUPS,
}


def not_granted(needed: Iterable[str], granted: frozenset[str] | None) -> list[str]:
    """The needed permissions that are known to be missing: none where it is unknown what is granted (None)."""
    if granted is None:
        return []
    return [name for name in needed if granted.isdisjoint((name, *INCLUDED_IN.get(name, ())))]


def permission_error(*missing: str) -> SsprError:
    """Why a task stops before its first write."""
    names = " and ".join(missing)
    return SsprError(
        "permission",
        f"the app lacks the permission {names}",
        plane=GRAPH,
        hint=f"{grant_hint(GRAPH, names)} Nothing was written.",
    )
