# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checking the prerequisites of a tenant: what ``sspr_doctor`` does. Reads only, and continues after each finding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, TypeVar

from .._errors import GRAPH, PORTAL, Plane, SsprError
from .._failures import Result
from ..connection.credentials import GuardedCredential
from ..connection.options import CONNECTION_SPEC, PORTAL_MODE_SPEC, Connection, connection
from ..connection.service_client import ServiceClient
from ..connection.token_claims import application_permissions
from ..services.policy_documents import read_methods_policy, read_sspr_policy
from ..services.session import Services
from ..services.tenant import read_organization, read_subscriptions
from .base import Task, run_task
from .doctor_checks import (
    OK,
    PROBLEM,
    UNKNOWN,
    Checked,
    CheckOutcome,
    Lifetime,
    check_license,
    check_lifetime,
    check_mfa,
    check_migration_state,
    check_permissions,
    check_portal_read,
    check_portal_user,
    check_roles,
    check_tenant,
)
from .portal_access import SET_PORTAL_CREDENTIAL, no_portal

T = TypeVar("T")
U = TypeVar("U")

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **PORTAL_MODE_SPEC,
    "purpose": {"type": "str", "choices": ["write", "audit"], "default": "write"},
}


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Check everything that a run in the tenant needs."""
    return run_task(_Doctor(params))


@dataclass(frozen=True)
class SignIn:
    """A sign-in to a service. ``credential`` is None when there is none, or it was refused."""

    outcomes: tuple[CheckOutcome, ...]
    credential: GuardedCredential | None = None
    lifetime: Lifetime = field(default_factory=Lifetime)


@dataclass(frozen=True)
class GraphHealth:
    """What was read about the tenant and the app."""

    outcomes: tuple[CheckOutcome, ...] = ()
    permissions: Mapping[str, bool | None] | None = None
    tenant: Mapping[str, str | None] | None = None
    license: str | None = None
    migration_state: str | None = None


@dataclass(frozen=True)
class PortalHealth:
    """What the portal user's token and the portal API say."""

    outcomes: tuple[CheckOutcome, ...] = ()
    user: Mapping[str, str | None] | None = None
    mfa: bool | None = None
    roles: list[str] | None = None


class _Doctor(Task):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.purpose = str(params["purpose"])

    async def execute(self) -> Result:
        target = connection(self.params)
        async with AsyncExitStack() as stack:
            services = Services(target, stack, self.redactor.add)
            to_graph = _sign_in(GRAPH, target, services)
            to_portal = self._portal_sign_in(target, services)
            graph, portal = GraphHealth(), PortalHealth()
            if to_graph.credential is not None:
                graph = await self._check_graph(target, services.client(GRAPH, to_graph.credential))
            if to_portal.credential is not None:
                portal = await self._check_portal(services.client(PORTAL, to_portal.credential))
        outcomes = _with_reachable((*to_graph.outcomes, *to_portal.outcomes, *graph.outcomes, *portal.outcomes))
        return {
            "changed": False,
            "healthy": all(outcome.status != PROBLEM for outcome in outcomes),
            "checks": [asdict(outcome) for outcome in outcomes],
            "permissions": graph.permissions,
            "roles": portal.roles,
            "portal_user": portal.user,
            "mfa": portal.mfa,
            "license": graph.license,
            "migration_state": graph.migration_state,
            "tenant": graph.tenant,
            "expires": {GRAPH: to_graph.lifetime.expires, PORTAL: to_portal.lifetime.expires},
            "days_left": {GRAPH: to_graph.lifetime.days_left, PORTAL: to_portal.lifetime.days_left},
            "request_ids": services.request_ids,
        }

    def _portal_sign_in(self, target: Connection, services: Services) -> SignIn:
        if target.portal and target.cloud.has_portal:
            return _sign_in(PORTAL, target, services)
        missing = no_portal(target)
        status = PROBLEM if self.purpose == "write" and self.params["portal"] == "require" else UNKNOWN
        message = (
            "no credential for the portal API is set, so settings that exist only there are unavailable"
            if target.cloud.has_portal
            else f"{missing.message}, so settings that exist only there are unavailable"
        )
        fix = f"{SET_PORTAL_CREDENTIAL}, or change these pages manually with portal: manual."
        return SignIn((CheckOutcome("portal_sign_in", status, message, fix, missing.kind),))

    async def _check_graph(self, target: Connection, graph: ServiceClient) -> GraphHealth:
        claims = graph.credential.claims
        granted = check_permissions(application_permissions(claims), self.purpose)
        expected = partial(check_tenant, tenant_id=str(claims["tid"]).lower(), domains=target.domains)
        tenant = await _read("tenant", read_organization(graph), expected)
        plan = await _read("license", read_subscriptions(graph), check_license)
        state = await _read("migration_state", read_methods_policy(graph), check_migration_state)
        return GraphHealth(
            outcomes=(*granted.outcomes, *tenant.outcomes, *plan.outcomes, *state.outcomes),
            permissions=granted.learned,
            tenant=tenant.learned,
            license=plan.learned,
            migration_state=state.learned,
        )

    async def _check_portal(self, portal: ServiceClient) -> PortalHealth:
        claims = portal.credential.claims
        user, mfa, roles = check_portal_user(claims), check_mfa(claims), check_roles(claims, self.purpose)
        read = await _read("portal_read", read_sspr_policy(portal), check_portal_read)
        return PortalHealth(
            outcomes=(*user.outcomes, *mfa.outcomes, *roles.outcomes, *read.outcomes),
            user=user.learned,
            mfa=mfa.learned,
            roles=roles.learned,
        )


async def _read(check: str, reading: Awaitable[T], then: Callable[[T], Checked[U]]) -> Checked[U]:
    """The check of what is read, or that it could not be read."""
    try:
        found = await reading
    except SsprError as exc:
        return Checked((CheckOutcome.of_error(check, exc),))
    return then(found)


def _with_reachable(outcomes: tuple[CheckOutcome, ...]) -> tuple[CheckOutcome, ...]:
    if any(outcome.check == "reachable" for outcome in outcomes):
        return outcomes
    return (*outcomes, CheckOutcome("reachable", OK, "all services that were contacted responded"))


def _sign_in(plane: Plane, target: Connection, services: Services) -> SignIn:
    """Get a token that passes the guards, and see how long its credential can be used."""
    try:
        signed_in = services.sign_in(plane)
    except SsprError as exc:
        return SignIn((CheckOutcome.of_error(f"{plane}_sign_in", exc),))
    credential = target.credential(plane)
    if credential is None:
        return SignIn((), signed_in)
    lifetime = check_lifetime(f"{plane}_credential_lifetime", credential, signed_in)
    outcome = CheckOutcome(f"{plane}_sign_in", OK, f"signed in with {credential.method}")
    return SignIn((outcome, *lifetime.outcomes), signed_in, lifetime.learned or Lifetime())
