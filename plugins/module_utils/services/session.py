# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task's session with one tenant: both services, and the checks before anything is read or written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

from .._errors import GRAPH, PORTAL, Plane, SsprError
from ..connection.credentials import GuardedCredential
from ..connection.libraries import require_libraries
from ..connection.options import Connection
from ..connection.run_cache import shared_entry
from ..connection.service_client import RequestLog, ServiceClient, open_client
from ..connection.tls import trust
from ..connection.token_claims import application_permissions
from ..connection.token_http import TokenClient
from . import policy_documents
from .permissions import not_granted
from .tenant import TenantIdentity, read_organization


@dataclass(frozen=True)
class Session:
    """Both services, verified to be those of the expected tenant.

    ``portal`` is None when there is no portal credential, or no portal API in this cloud. ``permissions`` are
    those that an application's Graph token lists; None when it lists none.
    """

    connection: Connection
    tenant: TenantIdentity
    graph: ServiceClient
    portal: ServiceClient | None
    log: RequestLog

    def service(self, plane: Plane) -> ServiceClient | None:
        """The client of a service; None when the service cannot be used."""
        return self.graph if plane == GRAPH else self.portal

    @property
    def request_ids(self) -> list[str]:
        """Those of the requests so far."""
        return self.log.ids

    @property
    def permissions(self) -> frozenset[str] | None:
        return application_permissions(self.graph.credential.claims)

    def missing_permissions(self, *needed: str) -> list[str]:
        """Of these permissions, those that the app is known not to have."""
        return not_granted(needed, self.permissions)


@asynccontextmanager
async def open_session(
    connection: Connection, *, wants_portal: bool, remember_secret: Callable[[str], None]
) -> AsyncIterator[Session]:
    """Connect, and make sure that every service belongs to the one expected tenant.

    Checked in this order, each before the next request is sent: the Graph token, the portal token, the organization.
    Raises: SsprError.
    """
    async with AsyncExitStack() as stack:
        services = Services(connection, stack, remember_secret)
        graph_credential = services.sign_in(GRAPH)
        tenant_id = str(graph_credential.claims["tid"]).lower()
        portal = None
        if wants_portal and connection.portal and connection.cloud.has_portal:
            portal_credential = services.sign_in(PORTAL)
            _require_same_tenant(tenant_id, str(portal_credential.claims.get("tid", "")).lower())
            portal = services.client(PORTAL, portal_credential)
        graph = services.client(GRAPH, graph_credential)
        tenant = await _identify(graph, connection, tenant_id)
        yield Session(connection, tenant, graph, portal, services.log)


class Services:
    """What the clients of both services are made from: one HTTP client, closed with the stack.

    Raises: SsprError(environment, invalid_setting).
    """

    def __init__(self, connection: Connection, stack: AsyncExitStack, remember_secret: Callable[[str], None]) -> None:
        require_libraries()
        self._tls_context = trust(connection.ca_path)
        self._connection = connection
        self._stack = stack
        self._remember_secret = remember_secret
        self._token_client = TokenClient(connection)
        stack.callback(self._token_client.close)
        self.log = RequestLog()

    @property
    def request_ids(self) -> list[str]:
        """Those of the requests so far."""
        return self.log.ids

    def sign_in(self, plane: Plane) -> GuardedCredential:
        """A credential whose first token has passed the checks. Raises: SsprError."""
        credential = GuardedCredential(plane, self._connection, self._token_client, self._remember_secret)
        self._stack.callback(credential.close)
        credential.get_token()
        return credential

    def client(self, plane: Plane, credential: GuardedCredential) -> ServiceClient:
        """The client of a service, for a credential that has signed in."""
        cloud = self._connection.cloud
        if plane == GRAPH:
            url = f"{cloud.graph_url}{policy_documents.GRAPH_PREFIX}"
            return ServiceClient(GRAPH, url, credential, self._http, self.log)
        url = f"{cloud.portal_url}{policy_documents.PORTAL_PREFIX}"
        return ServiceClient(PORTAL, url, credential, self._http, self.log, policy_documents.PORTAL_HEADERS)

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        return open_client(self._stack, self._tls_context, timeout=self._connection.timeout)


def _require_same_tenant(graph_tenant: str, portal_tenant: str) -> None:
    if portal_tenant != graph_tenant:
        raise SsprError(
            "tenant_mismatch",
            f"the Graph token is for tenant {graph_tenant}, the portal token for tenant {portal_tenant}",
            plane=PORTAL,
            hint="Both credentials must be for the tenant in tenant_id.",
        )


async def _identify(graph: ServiceClient, connection: Connection, tenant_id: str) -> TenantIdentity:
    """The tenant: read once in a run, compared in every task."""
    with shared_entry("organization", connection.identity(GRAPH), tenant_id) as known:
        organization = known.value or await read_organization(graph)
        tenant = TenantIdentity.of(organization)
        tenant.require(tenant_id, connection.domains)
        known.value = organization
    return tenant
