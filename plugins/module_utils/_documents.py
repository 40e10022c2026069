# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services' documents as this collection reads and writes them: paths, queries, permissions, roles.

The only file that knows URLs of Microsoft Graph and of the portal API, with ``_directory`` for users and groups.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._http import Plane
from ansible_collections.tenantops.entra.plugins.module_utils._pages import WRITTEN_AS, Document
from ansible_collections.tenantops.entra.plugins.module_utils._plan import KNOWN_STATES, Step

GRAPH_PREFIX = "/v1.0"
PORTAL_PREFIX = "/api"

# Sent by the admin center with each call; which of them the portal API insists on is not known. "" = the request's id.
PORTAL_HEADERS = {
    "x-ms-client-request-id": "",
    "x-ms-correlation-id": "",
    "X-Requested-With": "XMLHttpRequest",
}

POLICY = "PasswordReset/PasswordResetPolicies"
ON_PREMISES = "PasswordReset/OnPremisesPasswordResetPolicies"
AUTHORIZATION_POLICY = "policies/authorizationPolicy"
METHODS_POLICY = "policies/authenticationMethodsPolicy"

READ_ORGANIZATION = "Organization.Read.All"
READ_LICENCES = "Organization.Read.All"
READ_GROUPS = "Group.Read.All"
READ_USERS = "User.ReadBasic.All"
READ_MEMBERS = "GroupMember.Read.All"
WRITE_MEMBERS = "GroupMember.ReadWrite.All"
READ_METHODS = "Policy.Read.AuthenticationMethod"
WRITE_METHODS = "Policy.ReadWrite.AuthenticationMethod"
READ_AUTHORIZATION = "Policy.Read.All"
WRITE_AUTHORIZATION = "Policy.ReadWrite.Authorization"
READ_POLICY = "Security Administrator (or User Administrator, Authentication Policy Administrator)"
WRITE_POLICY = "Authentication Policy Administrator"
WRITE_SCOPE = "User Administrator (or Authentication Policy Administrator)"


async def read_organization(graph: Plane) -> dict[str, Any]:
    """The tenant as it describes itself: ``id``, ``displayName``, ``verifiedDomains``, ``onPremisesSyncEnabled``."""
    query = {"$select": "id,displayName,verifiedDomains,onPremisesSyncEnabled"}
    answer = await graph.read("organization", query, needs=READ_ORGANIZATION)
    entries = answer.get("value")
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise SsprError("unexpected_document", "Microsoft Graph does not say which organization this is", plane=GRAPH)
    return entries[0]


async def read_methods(graph: Plane) -> tuple[dict[str, dict[str, Any]], str | None]:
    """The method configurations by id, and the state of migration (None: nothing to migrate)."""
    policy = await graph.read(METHODS_POLICY, needs=READ_METHODS)
    state = policy.get("policyMigrationState", "")
    configurations = policy.get("authenticationMethodConfigurations")
    known = state is None or (isinstance(state, str) and state.lower() in KNOWN_STATES)
    if not known or not isinstance(configurations, list):
        raise SsprError(
            "unexpected_document",
            f"the authentication methods policy has the migration state {state!r}, so where methods live is unknown"
            if not known
            else "the authentication methods policy lists no methods",
            plane=GRAPH,
            hint="Set the methods by hand, and report this.",
        )
    return {entry["id"]: entry for entry in configurations if isinstance(entry, dict) and "id" in entry}, state


async def patch_methods(graph: Plane, part: Step) -> None:
    """Send one part of a Graph step: the changed properties of one configuration."""
    for name, body in part.body.items():
        await graph.write(
            "PATCH", f"{METHODS_POLICY}/authenticationMethodConfigurations/{name}", body, needs=WRITE_METHODS
        )


async def read_policy(portal: Plane) -> Document:
    """The SSPR policy, whole, with the group's name resolved."""
    document = await portal.read(POLICY, {"getPasswordResetEnabledGroup": "true"}, needs=READ_POLICY)
    if document.get("objectId") != "default":
        raise SsprError(
            "unexpected_document",
            f"the portal API gave the policy {document.get('objectId')!r} instead of 'default'",
            plane=PORTAL,
            hint="The undocumented API may have changed: set it by hand, and report this.",
        )
    return document


async def put_policy(portal: Plane, step: Step) -> None:
    """Write the whole policy. A PUT of less may reset the rest, and the query that skips checks is never sent."""
    only_scope = set(step.options) <= {"scope", "group"}
    await portal.write("PUT", POLICY, step.body, needs=WRITE_SCOPE if only_scope else WRITE_POLICY)


async def read_on_premises(portal: Plane) -> Document:
    """The on-premises integration: whether passwords are written back, and accounts unlocked without a reset."""
    return await portal.read(ON_PREMISES, needs=READ_POLICY)


async def put_on_premises(portal: Plane, part: Step) -> None:
    """Send one field of the on-premises integration: the service takes each in a PUT of its own."""
    body = {WRITTEN_AS.get(name, name): value for name, value in part.body.items()}
    await portal.write("PUT", ON_PREMISES, body, needs=WRITE_POLICY)


async def read_authorization(graph: Plane) -> Document:
    """The one property of the authorization policy that belongs to SSPR: may administrators reset?"""
    return await graph.read(AUTHORIZATION_POLICY, {"$select": "allowedToUseSSPR"}, needs=READ_AUTHORIZATION)


async def patch_authorization(graph: Plane, part: Step) -> None:
    """Write that property alone: the others are about guests, consent and more."""
    await graph.write("PATCH", AUTHORIZATION_POLICY, part.body, needs=WRITE_AUTHORIZATION)


async def find_group(graph: Plane, wanted: str, *, by_id: bool) -> dict[str, str]:
    """The one group of that object id or display name."""
    query = {"$select": "id,displayName"}
    if by_id:
        try:
            groups = [await graph.read(f"groups/{wanted}", query, needs=READ_GROUPS)]
        except SsprError as exc:
            if exc.kind != "not_found":
                raise
            groups = []
    else:
        quoted = wanted.replace("'", "''")
        groups = await graph.read_list("groups", {"$filter": f"displayName eq '{quoted}'", **query}, needs=READ_GROUPS)
    if not groups:
        raise SsprError(
            "not_found",
            f"group: the tenant has no group with the {'id' if by_id else 'display name'} {wanted!r}",
            plane=GRAPH,
            hint="Create it first, or check the spelling and the tenant.",
        )
    if len(groups) > 1:
        raise SsprError(
            "ambiguous",
            f"group: the tenant has {len(groups)} groups with the display name {wanted!r}",
            plane=GRAPH,
            hint=f"Give the object id: {', '.join(sorted(str(group.get('id')) for group in groups))}.",
        )
    return {"id": str(groups[0]["id"]), "display_name": str(groups[0].get("displayName") or "")}


async def read_group_kind(graph: Plane, group: str) -> dict[str, Any]:
    """What decides whether members can be added to a group by its object id."""
    return await graph.read(f"groups/{group}", {"$select": "groupTypes,onPremisesSyncEnabled"}, needs=READ_GROUPS)


async def read_members(graph: Plane, group: str) -> set[str]:
    """The object ids of a group's direct members."""
    found = await graph.read_list(f"groups/{group}/members", {"$select": "id", "$top": "999"}, needs=READ_MEMBERS)
    return {str(entry.get("id")).lower() for entry in found}


async def find_user(graph: Plane, wanted: str) -> str:
    """The object id of a user, by it or by the user principal name."""
    try:
        user = await graph.read(f"users/{quote(wanted, safe='')}", {"$select": "id"}, needs=READ_USERS)
    except SsprError as exc:
        if exc.kind != "not_found":
            raise
        raise replace(
            exc, message=f"members: the tenant has no user {wanted!r}", hint="Check the user principal name."
        ) from exc
    return str(user["id"]).lower()


async def add_member(graph: Plane, group: str, member: str) -> None:
    """Put one object into a group."""
    body = {"@odata.id": f"{graph.base_url}/directoryObjects/{member}"}
    await graph.write("POST", f"groups/{group}/members/$ref", body, needs=WRITE_MEMBERS)
