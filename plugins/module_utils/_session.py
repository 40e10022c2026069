# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task's session with one tenant: both planes, and the guards that run before anything is read or written."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils import (
    _credentials,
    _documents,
    _http,
    _shared,
    _tls,
    _token_service,
)
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._options import GRAPH_CREDENTIAL, Connection

SYNCED = "onPremisesSyncEnabled"
# In the `wids` of every application's token
NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"


@dataclass
class Session:
    """``portal`` is None when there is no portal credential, or no portal API in this cloud.

    ``permissions`` are those an application's Graph token lists; None when it does not tell. ``synced`` is whether
    users come from a directory on premises; None when Graph does not tell.
    """

    connection: Connection
    graph: _http.Plane
    portal: _http.Plane | None
    tenant_id: str
    request_ids: list[str]
    tenant: dict[str, str | None] = field(default_factory=dict)
    permissions: frozenset[str] | None = None
    synced: bool | None = None
    # What the portal user's token tells of the user
    portal_claims: Mapping[str, Any] = field(default_factory=dict)

    def plane(self, name: str) -> _http.Plane | None:
        """The service of that name, where there is a way to it."""
        return self.graph if name == GRAPH else self.portal

    def missing(self, *needed: str) -> list[str]:
        """Of these permissions, those that an application is known not to have."""
        return [] if self.permissions is None else [name for name in needed if name not in self.permissions]


def require_libraries() -> None:
    """Say which Python library is missing, for this interpreter."""
    missing = _http.IMPORT_ERROR or _credentials.IMPORT_ERROR or _token_service.IMPORT_ERROR
    if missing is not None:
        raise SsprError(
            "internal",
            f"a Python library is missing for {sys.executable}: {missing}",
            hint="Install msgraph-sdk, azure-identity and msal for this Python (requirements.txt of the collection).",
        )


@asynccontextmanager
async def open_session(
    connection: Connection, *, wants_portal: bool, remember: Callable[[str], None]
) -> AsyncIterator[Session]:
    """Connect, and make sure that everything speaks of the one tenant that was asked for.

    Checked in this order, each before the next request is sent: the Graph token, the portal token, the organization.
    """
    require_libraries()
    context = _tls.trust(connection.ca_path)
    token_client = _token_service.TokenClient(connection)
    request_ids: list[str] = []
    async with AsyncExitStack() as stack:
        stack.callback(token_client.close)
        graph_credential = _credentials.GuardedCredential(GRAPH, connection, token_client, remember)
        stack.callback(graph_credential.close)
        graph_credential.get_token()
        tenant_id = str(graph_credential.claims["tid"]).lower()

        portal_credential = None
        if wants_portal and connection.portal_method and portal_is_known(connection):
            portal_credential = _credentials.GuardedCredential(PORTAL, connection, token_client, remember)
            stack.callback(portal_credential.close)
            portal_credential.get_token()
            portal_tenant = str(portal_credential.claims.get("tid", "")).lower()
            if portal_tenant != tenant_id:
                raise SsprError(
                    "tenant_mismatch",
                    f"the Graph token is of tenant {tenant_id}, the portal token of tenant {portal_tenant}",
                    plane=PORTAL,
                    hint="Both credentials must be for the tenant in tenant_id.",
                )

        client = _http.open_client(stack, context, timeout=connection.timeout)
        graph = graph_plane(connection, graph_credential, client, request_ids)
        portal = None
        if portal_credential is not None:
            portal = portal_plane(connection, portal_credential, client, request_ids)
        tenant, synced = await _identified(graph, connection, tenant_id)
        permissions = permissions_of(graph_credential.claims)
        claims = {} if portal_credential is None else portal_credential.claims
        yield Session(connection, graph, portal, tenant_id, request_ids, tenant, permissions, synced, claims)


def graph_plane(
    connection: Connection, credential: _credentials.GuardedCredential, client: Any, request_ids: list[str]
) -> _http.Plane:
    """Microsoft Graph, for a credential whose token has passed the guards."""
    return _http.Plane(GRAPH, connection.cloud.graph_url + _documents.GRAPH_PREFIX, credential, client, request_ids)


def portal_plane(
    connection: Connection, credential: _credentials.GuardedCredential, client: Any, request_ids: list[str]
) -> _http.Plane:
    """The portal API, for a credential whose token has passed the guards."""
    url = f"{connection.cloud.portal_url}{_documents.PORTAL_PREFIX}"
    return _http.Plane(PORTAL, url, credential, client, request_ids, _documents.PORTAL_HEADERS)


async def _identified(
    graph: _http.Plane, connection: Connection, tenant_id: str
) -> tuple[dict[str, str | None], bool | None]:
    """The tenant, asked for once in a run and compared in every task; and whether it is synced."""
    with _shared.entry("organization", connection.identity(GRAPH_CREDENTIAL), tenant_id) as known:
        organization = known.value or await _documents.read_organization(graph)
        tenant = identify(organization, tenant_id, connection.domains)
        known.value = organization
    # Null where there never was a synchronization.
    synced = bool(organization[SYNCED]) if SYNCED in organization else None
    return tenant, synced


def permissions_of(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """What the token of an application allows; None for a user's, and where directory roles may allow more."""
    listed = claims.get("roles")
    by_role = set(claims.get("wids") or ()) - {NO_DIRECTORY_ROLE}
    return None if claims.get("scp") or by_role or not isinstance(listed, list) else frozenset(map(str, listed))


def portal_is_known(connection: Connection) -> bool:
    """Whether this cloud has a portal API whose address and audience are known."""
    return bool(connection.cloud.portal_url and connection.cloud.portal_audience)


def identify(organization: Mapping[str, Any], tenant_id: str, domains: tuple[str, ...]) -> dict[str, str | None]:
    """The ``tenant`` key of a result. Raises ``tenant_mismatch`` when the organization is not the one asked for."""
    found = str(organization.get("id", "")).lower()
    name = organization.get("displayName")
    if found != tenant_id:
        raise SsprError(
            "tenant_mismatch",
            f"Microsoft Graph answers for organization {found or 'unknown'} ({name}), the token is of {tenant_id}",
            plane=GRAPH,
            hint="Check graph_url, and what stands between here and Microsoft Graph.",
        )
    entries = [entry for entry in organization.get("verifiedDomains") or [] if isinstance(entry, dict)]
    verified = {str(entry.get("name", "")).lower() for entry in entries}
    foreign = [domain for domain in domains if domain not in verified]
    if foreign:
        raise SsprError(
            "tenant_mismatch",
            f"{' and '.join(foreign)} is not a verified domain of {name} ({found})",
            plane=GRAPH,
            hint="Check tenant_id and expected_domain: they point to different tenants.",
        )
    default = next((str(entry.get("name")) for entry in entries if entry.get("isDefault")), None)
    return {"id": found, "display_name": str(name) if name else None, "default_domain": default}
