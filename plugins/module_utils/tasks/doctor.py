# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checking the prerequisites of a tenant: what ``sspr_doctor`` does. Reads only, and continues after each finding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12
except ImportError as exc:  # comes with azure-identity, and is missing together with it
    IMPORT_ERROR: ImportError | None = exc
else:
    IMPORT_ERROR = None

from .._errors import GRAPH, PORTAL, Plane, SsprError
from ..connection.answers import grant_hint
from ..connection.credential_options import AccessToken, ClientCertificate, Credential
from ..connection.credentials import GuardedCredential
from ..connection.options import CONNECTION_SPEC, PORTAL_MODE_SPEC, Connection, connection
from ..connection.service_client import ServiceClient
from ..connection.token_claims import EXPIRED_HINT, application_permissions, user_of
from ..data.licenses import SERVICE_PLANS, SKUS
from ..services import permissions
from ..services.policy_documents import read_methods_policy, read_sspr_policy
from ..services.session import Services
from ..services.tenant import TenantIdentity, read_organization, read_subscriptions
from ..users.roles import ROLE_NAMES
from .base import Result, Task, run_task
from .portal_access import no_portal

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **PORTAL_MODE_SPEC,
    "purpose": {"type": "str", "choices": ["write", "audit"], "default": "write"},
}

Status = Literal["ok", "problem", "unknown"]
OK: Status = "ok"
PROBLEM: Status = "problem"
UNKNOWN: Status = "unknown"

# By purpose: application permissions, each with those that include it.
READS = {
    permissions.READ_ORGANIZATION: ("Directory.Read.All",),
    permissions.READ_METHODS_POLICY: (permissions.WRITE_METHODS_POLICY, "Policy.Read.All"),
    permissions.READ_GROUPS: ("Group.ReadWrite.All", "Directory.Read.All"),
}
NEEDED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "audit": READS,
    "write": {**READS, permissions.WRITE_METHODS_POLICY: ()},
}
# What only some modules and rules need, each with what is not available without it.
OPTIONAL = {
    permissions.READ_POLICIES: "whether administrators can reset",
    permissions.WRITE_AUTHORIZATION: "changing whether administrators can reset",
    permissions.READ_USERS: "who is in scope",
    permissions.READ_ROLES: "who is an administrator",
    permissions.READ_REPORTS: "who has registered, which is needed to require two methods safely",
}

# In the ``wids`` of everyone who is not a guest
EVERY_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
WRITERS = frozenset({"Global Administrator", "Authentication Policy Administrator"})
READERS = WRITERS | {"Security Administrator", "User Administrator"}
ROLES_FOR = {
    "write": (WRITERS, permissions.WRITE_SSPR_POLICY),
    "audit": (READERS, permissions.READ_SSPR_POLICY),
}

# Less than this is a problem: days of a certificate, seconds of a pre-acquired access token.
FEWEST_DAYS = 14
FEWEST_SECONDS = 600
LIFETIME_UNKNOWN = {
    "client_secret": "an app cannot read when its secret expires; see the app registration",
    "refresh_token": "a refresh token does not show its age; it expires 90 days after its issue, and "
    "sspr_portal_token renews it",
}


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Check everything that a run in the tenant needs."""
    return run_task(_Doctor(params))


@dataclass(frozen=True)
class CheckOutcome:
    """One check and its outcome. ``code`` is the service's error code, or a kind of error."""

    check: str
    status: Status
    message: str
    fix: str | None = None
    code: str | None = None


@dataclass
class Health:
    """What was read about the tenant and the credentials; None is what could not be read."""

    permissions: dict[str, bool | None] | None = None
    roles: list[str] | None = None
    portal_user: dict[str, str | None] | None = None
    mfa: bool | None = None
    license: str | None = None
    migration_state: str | None = None
    tenant: dict[str, str | None] | None = None
    expires: dict[str, str | None] = field(default_factory=lambda: {GRAPH: None, PORTAL: None})
    days_left: dict[str, int | None] = field(default_factory=lambda: {GRAPH: None, PORTAL: None})


class _Doctor(Task):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.purpose = str(params["purpose"])
        self.outcomes: list[CheckOutcome] = []
        self.health = Health()

    async def execute(self) -> Result:
        target = connection(self.params)
        async with AsyncExitStack() as stack:
            services = Services(target, stack, self.redactor.add)
            graph = self._sign_in(GRAPH, target, services)
            portal = self._portal_sign_in(target, services)
            if graph is not None:
                await self._check_graph(target, graph, services.client(GRAPH, graph))
            if portal is not None:
                await self._check_portal(portal, services.client(PORTAL, portal))
        if not any(outcome.check == "reachable" for outcome in self.outcomes):
            self._add("reachable", OK, "all services that were contacted responded")
        return {
            "changed": False,
            "healthy": all(outcome.status != PROBLEM for outcome in self.outcomes),
            "checks": [asdict(outcome) for outcome in self.outcomes],
            **asdict(self.health),
            "request_ids": services.request_ids,
        }

    def _add(self, check: str, status: Status, message: str, fix: str | None = None, code: str | None = None) -> None:
        self.outcomes.append(CheckOutcome(check, status, message, fix, code))

    def _add_error(self, check: str, error: SsprError) -> None:
        """A check that ended with an error; a service that does not answer is always the same check."""
        by_kind = {"unreachable": "reachable", "tenant_mismatch": "tenant"}
        self._add(by_kind.get(error.kind, check), PROBLEM, error.message, error.hint, error.code or error.kind)

    async def _try(self, check: str, reading: Callable[[], Awaitable[Any]]) -> Any:
        """What was read; None and a finding when it could not be read."""
        try:
            return await reading()
        except SsprError as exc:
            self._add_error(check, exc)
            return None

    def _sign_in(self, plane: Plane, target: Connection, services: Services) -> GuardedCredential | None:
        check = f"{plane}_sign_in"
        try:
            signed_in = services.sign_in(plane)
        except SsprError as exc:
            self._add_error(check, exc)
            return None
        credential = target.credential(plane)
        if credential is not None:
            self._add(check, OK, f"signed in with {credential.method}")
            self._check_lifetime(plane, credential, signed_in)
        return signed_in

    def _portal_sign_in(self, target: Connection, services: Services) -> GuardedCredential | None:
        if target.portal and target.cloud.has_portal:
            return self._sign_in(PORTAL, target, services)
        missing = no_portal(target)
        status = PROBLEM if self.purpose == "write" and self.params["portal"] == "require" else UNKNOWN
        message = (
            "no credential for the portal API is set, so settings that exist only there are unavailable"
            if target.cloud.has_portal
            else f"{missing.message}, so settings that exist only there are unavailable"
        )
        fix = "Set portal_refresh_token or portal_auth_method, or change these pages manually with portal: manual."
        self._add("portal_sign_in", status, message, fix, missing.kind)
        return None

    def _check_lifetime(self, plane: Plane, credential: Credential, signed_in: GuardedCredential) -> None:
        check = f"{plane}_credential_lifetime"
        pre_acquired = isinstance(credential, AccessToken)
        try:
            ends = _end_of(credential, signed_in)
        except (OSError, ValueError) as exc:
            self._add(check, UNKNOWN, f"the certificate cannot be read: {type(exc).__name__}")
            return
        if ends is None:
            unknown = LIFETIME_UNKNOWN.get(credential.method, f"{credential.method} does not show when it expires")
            self._add(check, UNKNOWN, unknown)
            return
        left = (ends - datetime.now(timezone.utc)).total_seconds()
        self.health.expires[plane] = ends.isoformat(timespec="seconds")
        self.health.days_left[plane] = int(left // 86400)
        message = f"{int(left // 60)} minutes left" if pre_acquired else f"{int(left // 86400)} days left"
        if left < (FEWEST_SECONDS if pre_acquired else FEWEST_DAYS * 86400):
            self._add(check, PROBLEM, message, EXPIRED_HINT)
        else:
            self._add(check, OK, message)

    async def _check_graph(self, target: Connection, credential: GuardedCredential, graph: ServiceClient) -> None:
        self._check_permissions(application_permissions(credential.claims))
        organization = await self._try("tenant", lambda: read_organization(graph))
        if organization is not None:
            self._check_tenant(TenantIdentity.of(organization), str(credential.claims["tid"]).lower(), target)
        subscriptions = await self._try("license", lambda: read_subscriptions(graph))
        if subscriptions is not None:
            self._check_license(subscriptions)
        policy = await self._try("migration_state", lambda: read_methods_policy(graph))
        if policy is not None:
            self.health.migration_state = policy[1]
            self._add("migration_state", OK, f"policyMigrationState is {policy[1] or 'null, which means migrated'}")

    def _check_tenant(self, tenant: TenantIdentity, tenant_id: str, target: Connection) -> None:
        try:
            tenant.require(tenant_id, ())
            self.health.tenant = tenant.as_result()
            self._add("tenant", OK, f"{tenant.display_name or 'no name'}, {tenant_id}")
        except SsprError as exc:
            self._add_error("tenant", exc)
        if not target.domains:
            fix = "Set it: it guards against a mistyped tenant_id."
            self._add("domains", UNKNOWN, "expected_domain is not set", fix)
            return
        try:
            tenant.require_domains(target.domains)
            self._add("domains", OK, f"{', '.join(target.domains)} verified")
        except SsprError as exc:
            self._add("domains", PROBLEM, exc.message, exc.hint, exc.kind)

    def _check_permissions(self, granted: frozenset[str] | None) -> None:
        if granted is None:
            self.health.permissions = dict.fromkeys([*NEEDED["write"], *OPTIONAL])
            message = "this token lists no application permissions; directory roles may allow more"
            self._add("permissions", UNKNOWN, message)
            return
        present: dict[str, bool | None] = {
            **{name: bool(granted & {name, *including}) for name, including in NEEDED["write"].items()},
            **{name: name in granted for name in OPTIONAL},
        }
        self.health.permissions = present
        for name in NEEDED[self.purpose]:
            if present[name]:
                self._add(f"permission {name}", OK, "present")
            else:
                self._add(f"permission {name}", PROBLEM, f"{name} is missing", grant_hint(GRAPH, name), "permission")
        for name, what in OPTIONAL.items():
            if name not in granted:
                message = f"{name} is missing, so this is not available: {what}"
                self._add(f"permission {name}", UNKNOWN, message, "Grant it if you need this; otherwise ignore.")

    def _check_license(self, subscriptions: Mapping[str, frozenset[str]]) -> None:
        plans = {plan for of_sku in subscriptions.values() for plan in of_sku}
        found = next((str(allows["name"]) for plan, allows in SERVICE_PLANS.items() if plan in plans), "none")
        self.health.license = found
        enough = [str(SKUS[sku]["name"]) for sku in subscriptions if sku in SKUS and SKUS[sku]["reset"] == "yes"]
        if found == "none" and enough:
            message = f"{enough[0]}: includes password reset, but neither writeback nor the registration report"
            self._add("license", OK, message)
        elif found == "none":
            fix = "Self-service reset for users needs Entra ID P1, P2 or a plan that contains one of them."
            self._add("license", PROBLEM, "no subscription with Entra ID P1", fix, "license")
        else:
            self._add("license", OK, f"Entra ID {found}")

    async def _check_portal(self, credential: GuardedCredential, portal: ServiceClient) -> None:
        claims = credential.claims
        user = user_of(claims)
        self.health.portal_user = user.as_result() if user else None
        name = user.user_principal_name if user else None
        self._add("portal_user", OK, name or "a user whose name the token does not show")
        self._check_mfa(claims)
        self._check_roles(claims)
        if await self._try("portal_read", lambda: read_sspr_policy(portal)) is not None:
            self._add("portal_read", OK, "the SSPR policy can be read")

    def _check_mfa(self, claims: Mapping[str, Any]) -> None:
        if "amr" not in claims:
            self._add("mfa", UNKNOWN, "the token does not show how the user signed in")
            return
        self.health.mfa = "mfa" in claims["amr"]
        if self.health.mfa:
            self._add("mfa", OK, "the user signed in with MFA")
        else:
            fix = "Sign in again with MFA and store the new refresh token. Microsoft requires MFA for this client."
            self._add("mfa", PROBLEM, "the user signed in without MFA", fix, "mfa")

    def _check_roles(self, claims: Mapping[str, Any]) -> None:
        enough, names = ROLES_FOR[self.purpose]
        if "wids" not in claims:
            self._add("portal_role", UNKNOWN, f"the token lists no roles; {names} is needed")
            return
        roles = sorted(ROLE_NAMES.get(str(item), str(item)) for item in claims["wids"] if item != EVERY_USER)
        self.health.roles = roles
        if enough & set(roles):
            self._add("portal_role", OK, ", ".join(sorted(enough & set(roles))))
        else:
            fix = f"Assign the portal user the role {names} in this tenant (GDAP: in the relationship)."
            message = f"the portal user has {', '.join(roles) or 'no role'}, which is not enough"
            self._add("portal_role", PROBLEM, message, fix, "permission")


def _end_of(credential: Credential, signed_in: GuardedCredential) -> datetime | None:
    """When a credential expires, UTC; None where that is unknown. Raises: OSError and ValueError for a certificate."""
    if isinstance(credential, AccessToken):
        return datetime.fromtimestamp(float(signed_in.claims["exp"]), timezone.utc)
    return certificate_end(credential) if isinstance(credential, ClientCertificate) else None


def certificate_end(credential: ClientCertificate) -> datetime | None:
    """When a certificate expires, UTC. Raises: ValueError and OSError, when it cannot be read."""
    path = credential.path
    data = credential.text.encode() if credential.text else Path(path).read_bytes() if path else b""
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificate(data[data.index(b"-----BEGIN CERTIFICATE") :]).not_valid_after_utc
    password = credential.password.encode() if credential.password else None
    found = pkcs12.load_key_and_certificates(data, password)[1]
    return found.not_valid_after_utc if found else None
