# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and writing the documents in which settings live: paths, queries, permissions, roles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .._errors import GRAPH, PORTAL, SsprError
from ..connection.service_client import ServiceClient
from ..planning.plan import Step
from ..settings.pages import (
    AUTHORIZATION_POLICY,
    METHODS_POLICY,
    ON_PREMISES,
    SSPR_POLICY,
    WRITTEN_AS,
    Body,
    DocumentName,
)
from ..settings.tenant_documents import KNOWN_STATES
from . import permissions

GRAPH_PREFIX = "/v1.0"
PORTAL_PREFIX = "/api"

# The admin center sends these with each call; which of them the portal API requires is unknown. "" = the request's id.
PORTAL_HEADERS = {
    "x-ms-client-request-id": "",
    "x-ms-correlation-id": "",
    "X-Requested-With": "XMLHttpRequest",
}

SSPR_POLICY_PATH = "PasswordReset/PasswordResetPolicies"
ON_PREMISES_PATH = "PasswordReset/OnPremisesPasswordResetPolicies"
AUTHORIZATION_POLICY_PATH = "policies/authorizationPolicy"
METHODS_POLICY_PATH = "policies/authenticationMethodsPolicy"


async def read_methods_policy(graph: ServiceClient) -> tuple[dict[str, dict[str, Any]], str | None]:
    """The method configurations by id, and the state of the migration (None: nothing to migrate).

    Raises: SsprError, ``unexpected_document`` when it is unknown where methods live.
    """
    policy = await graph.read(METHODS_POLICY_PATH, needs=permissions.READ_METHODS_POLICY)
    state = policy.get("policyMigrationState", "")
    configurations = policy.get("authenticationMethodConfigurations")
    known = state is None or (isinstance(state, str) and state.lower() in KNOWN_STATES)
    if not known or not isinstance(configurations, list):
        raise SsprError(
            "unexpected_document",
            "the authentication methods policy lists no methods"
            if known
            else f"the authentication methods policy has the unknown migration state {state!r}, so it is unknown which "
            "policy holds the methods",
            plane=GRAPH,
            hint="Set the methods manually in the admin center, and report this.",
        )
    return {entry["id"]: entry for entry in configurations if isinstance(entry, dict) and "id" in entry}, state


async def patch_methods_policy(graph: ServiceClient, part: Step) -> None:
    """Send one part of a step: the changed properties of one configuration."""
    for name, body in part.body.items():
        path = f"{METHODS_POLICY_PATH}/authenticationMethodConfigurations/{name}"
        await graph.write("PATCH", path, body, needs=permissions.WRITE_METHODS_POLICY)


async def read_sspr_policy(portal: ServiceClient) -> Body:
    """The SSPR policy, whole, with the group's name resolved. Raises: SsprError."""
    query = {"getPasswordResetEnabledGroup": "true"}
    document = await portal.read(SSPR_POLICY_PATH, query, needs=permissions.READ_SSPR_POLICY)
    if document.get("objectId") != "default":
        raise SsprError(
            "unexpected_document",
            f"the portal API returned the policy {document.get('objectId', '')!r} instead of 'default'",
            plane=PORTAL,
            hint="The portal API may have changed. Change the setting manually in the admin center, and report this.",
        )
    return document


async def put_sspr_policy(portal: ServiceClient, step: Step) -> None:
    """Write the whole policy. A partial PUT may reset the rest, and the query that skips checks is never sent."""
    only_scope = set(step.options) <= {"scope", "group"}
    needs = permissions.WRITE_SSPR_SCOPE if only_scope else permissions.WRITE_SSPR_POLICY
    await portal.write("PUT", SSPR_POLICY_PATH, step.body, needs=needs)


async def read_on_premises(portal: ServiceClient) -> Body:
    """The on-premises integration: password writeback, and account unlock without a reset."""
    return await portal.read(ON_PREMISES_PATH, needs=permissions.READ_SSPR_POLICY)


async def put_on_premises(portal: ServiceClient, part: Step) -> None:
    """Send one field of the on-premises integration: the service takes each in a PUT of its own."""
    body = {WRITTEN_AS.get(name, name): value for name, value in part.body.items()}
    await portal.write("PUT", ON_PREMISES_PATH, body, needs=permissions.WRITE_SSPR_POLICY)


async def read_authorization_policy(graph: ServiceClient) -> Body:
    """The one property of the authorization policy that belongs to SSPR: whether administrators can reset."""
    query = {"$select": "allowedToUseSSPR"}
    return await graph.read(AUTHORIZATION_POLICY_PATH, query, needs=permissions.READ_POLICIES)


async def patch_authorization_policy(graph: ServiceClient, part: Step) -> None:
    """Write that property only: the others are about guests, consent and more."""
    await graph.write("PATCH", AUTHORIZATION_POLICY_PATH, part.body, needs=permissions.WRITE_AUTHORIZATION)


READERS: Mapping[DocumentName, Callable[[ServiceClient], Awaitable[Body]]] = {
    SSPR_POLICY: read_sspr_policy,
    ON_PREMISES: read_on_premises,
    AUTHORIZATION_POLICY: read_authorization_policy,
}
WRITERS: Mapping[DocumentName, Callable[[ServiceClient, Step], Awaitable[None]]] = {
    SSPR_POLICY: put_sspr_policy,
    METHODS_POLICY: patch_methods_policy,
    ON_PREMISES: put_on_premises,
    AUTHORIZATION_POLICY: patch_authorization_policy,
}
