# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether everything is in place in a tenant: what ``sspr_doctor`` does. Reads only, and goes on after each finding."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12
except ImportError as exc:  # comes with azure-identity, and is missing together with it
    IMPORT_ERROR: ImportError | None = exc
else:
    IMPORT_ERROR = None

from ansible_collections.tenantops.entra.plugins.module_utils import _documents, _http, _tls
from ansible_collections.tenantops.entra.plugins.module_utils._admin_roles import OTHER_ROLES, TWO_GATE_ROLES
from ansible_collections.tenantops.entra.plugins.module_utils._credentials import GuardedCredential
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._licences import SERVICE_PLANS
from ansible_collections.tenantops.entra.plugins.module_utils._options import (
    CONNECTION_SPEC,
    PORTAL_MODE_SPEC,
    Connection,
    connection,
)
from ansible_collections.tenantops.entra.plugins.module_utils._session import (
    graph_plane,
    identify,
    permissions_of,
    portal_is_known,
    portal_plane,
    require_libraries,
)
from ansible_collections.tenantops.entra.plugins.module_utils._token_service import TokenClient
from ansible_collections.tenantops.entra.plugins.module_utils._work import Result, Work, guarded

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **PORTAL_MODE_SPEC,
    "purpose": {"type": "str", "choices": ["write", "audit"], "default": "write"},
}

OK, PROBLEM, UNKNOWN = "ok", "problem", "unknown"

# By purpose: application permissions, each with those that include it.
READS = {
    _documents.READ_ORGANIZATION: ("Directory.Read.All",),
    _documents.READ_METHODS: (_documents.WRITE_METHODS, "Policy.Read.All"),
    _documents.READ_GROUPS: ("Group.ReadWrite.All", "Directory.Read.All"),
}
PERMISSIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "audit": READS,
    "write": {**READS, _documents.WRITE_METHODS: ()},
}

# Directory roles by template id, as the `wids` of a user's token lists them.
ROLES = {template: name for name, template in {**TWO_GATE_ROLES["roles"], **OTHER_ROLES["roles"]}.items() if template}
# Listed for everyone who is no guest
EVERY_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
WRITERS = frozenset({"Global Administrator", "Authentication Policy Administrator"})
READERS = WRITERS | {"Security Administrator", "User Administrator"}
ROLES_FOR = {"write": (WRITERS, _documents.WRITE_POLICY), "audit": (READERS, _documents.READ_POLICY)}

# Less than this is a problem: days of a certificate, seconds of a ready access token.
FEWEST_DAYS = 14
FEWEST_SECONDS = 600
CANNOT_TELL = {
    "client_secret": "Entra does not tell an app when its secret ends: look at the app registration.",
    "refresh_token": "A refresh token does not tell its age; it ends 90 days after its issue. portal_token renews it.",
}


def examine(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Look at everything that a run in the tenant needs."""
    return guarded(_Examination(params))


class _Examination(Work):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.purpose = str(params["purpose"])
        self.checks: list[dict[str, Any]] = []
        self.request_ids: list[str] = []
        self.found: Result = {
            "permissions": None,
            "roles": None,
            "portal_user": None,
            "mfa": None,
            "licence": None,
            "migration_state": None,
            "tenant": None,
            "expires": {GRAPH: None, PORTAL: None},
            "days_left": {GRAPH: None, PORTAL: None},
        }

    async def run(self) -> Result:
        target = connection(self.params)
        require_libraries()
        context = _tls.trust(target.ca_path)
        tokens = TokenClient(target)
        async with AsyncExitStack() as stack:
            stack.callback(tokens.close)
            client = _http.open_client(stack, context, timeout=target.timeout)
            graph = self._sign_in(GRAPH, target, tokens, stack)
            portal = self._portal_sign_in(target, tokens, stack)
            if graph is not None:
                await self._look_at_graph(target, graph, graph_plane(target, graph, client, self.request_ids))
            if portal is not None:
                await self._look_at_portal(portal, portal_plane(target, portal, client, self.request_ids))
        if not any(entry["check"] == "reachable" for entry in self.checks):
            self._add("reachable", OK, "every service that was asked answered")
        return {
            "changed": False,
            "healthy": all(entry["status"] != PROBLEM for entry in self.checks),
            "checks": self.checks,
            **self.found,
            "request_ids": self.request_ids,
        }

    def _add(self, check: str, status: str, message: str, fix: str | None = None, code: str | None = None) -> None:
        self.checks.append({"check": check, "status": status, "message": message, "fix": fix, "code": code})

    def _blame(self, check: str, error: SsprError) -> None:
        """A check that ended with an error; a service that does not answer is always the same finding."""
        by_kind = {"unreachable": "reachable", "tenant_mismatch": "tenant"}
        self._add(by_kind.get(error.kind, check), PROBLEM, error.message, error.hint, error.code or error.kind)

    async def _ask(self, check: str, question: Callable[[], Awaitable[Any]]) -> Any:
        """The answer to a question, or None and a finding."""
        try:
            return await question()
        except SsprError as exc:
            self._blame(check, exc)
            return None

    def _sign_in(
        self, plane: str, target: Connection, tokens: TokenClient, stack: AsyncExitStack
    ) -> GuardedCredential | None:
        check = f"{plane}_sign_in"
        try:
            credential = GuardedCredential(plane, target, tokens, self.redactor.add)
            stack.callback(credential.close)
            credential.get_token()
        except SsprError as exc:
            self._blame(check, exc)
            return None
        self._add(check, OK, f"signed in by {target.graph_method if plane == GRAPH else target.portal_method}")
        self._look_at_lifetime(plane, target, credential)
        return credential

    def _portal_sign_in(
        self, target: Connection, tokens: TokenClient, stack: AsyncExitStack
    ) -> GuardedCredential | None:
        if target.portal_method and portal_is_known(target):
            return self._sign_in(PORTAL, target, tokens, stack)
        known = portal_is_known(target)
        why = "there is no credential for the portal API" if known else "no portal API is known in this cloud"
        fix = "Give portal_refresh_token or portal_auth_method, or set these pages by hand with portal: manual."
        status = PROBLEM if self.purpose == "write" and self.params["portal"] == "require" else UNKNOWN
        code = "portal_credential_missing" if known else "unsupported"
        self._add("portal_sign_in", status, f"{why}, so what only it has is unavailable", fix, code)
        return None

    def _look_at_lifetime(self, plane: str, target: Connection, credential: GuardedCredential) -> None:
        check = f"{plane}_credential_lifetime"
        method = str(target.graph_method if plane == GRAPH else target.portal_method)
        ready = method == "access_token"
        try:
            ends = (
                datetime.fromtimestamp(float(credential.claims["exp"]), timezone.utc)
                if ready
                else certificate_end(self.params)
                if method == "client_certificate"
                else None
            )
        except (OSError, ValueError) as exc:
            self._add(check, UNKNOWN, f"the certificate cannot be looked at: {type(exc).__name__}")
            return
        if ends is None:
            self._add(check, UNKNOWN, CANNOT_TELL.get(method, f"{method} does not tell how long it lives."))
            return
        left = (ends - datetime.now(timezone.utc)).total_seconds()
        self.found["expires"][plane] = ends.isoformat(timespec="seconds")
        self.found["days_left"][plane] = int(left // 86400)
        what = f"{int(left // 60)} minutes left" if ready else f"{int(left // 86400)} days left"
        if left < (FEWEST_SECONDS if ready else FEWEST_DAYS * 86400):
            self._add(check, PROBLEM, what, "Get a new one, and store it where this one came from.")
        else:
            self._add(check, OK, what)

    async def _look_at_graph(self, target: Connection, credential: GuardedCredential, graph: _http.Plane) -> None:
        self._look_at_permissions(permissions_of(credential.claims))
        tenant_id = str(credential.claims["tid"]).lower()
        organization = await self._ask("tenant", lambda: _documents.read_organization(graph))
        if organization is not None:
            try:
                self.found["tenant"] = identify(organization, tenant_id, ())
                self._add("tenant", OK, f"{self.found['tenant']['display_name']}, {tenant_id}")
            except SsprError as exc:
                self._blame("tenant", exc)
            self._look_at_domains(organization, tenant_id, target)
        plans = await self._ask("licence", lambda: _documents.read_service_plans(graph))
        if plans is not None:
            self._look_at_licence(plans)
        policy = await self._ask("migration_state", lambda: _documents.read_methods(graph))
        if policy is not None:
            self.found["migration_state"] = policy[1]
            self._add("migration_state", OK, f"policyMigrationState is {policy[1] or 'null, which means migrated'}")

    def _look_at_domains(self, organization: Mapping[str, Any], tenant_id: str, target: Connection) -> None:
        if not target.domains:
            self._add(
                "domains", UNKNOWN, "no expected_domain is given", "Give it: it guards against a mistyped tenant_id."
            )
            return
        try:
            identify({**organization, "id": tenant_id}, tenant_id, target.domains)
            self._add("domains", OK, f"{', '.join(target.domains)} verified")
        except SsprError as exc:
            self._add("domains", PROBLEM, exc.message, exc.hint, exc.kind)

    def _look_at_permissions(self, granted: frozenset[str] | None) -> None:
        needed = PERMISSIONS[self.purpose]
        if granted is None:
            self.found["permissions"] = dict.fromkeys(PERMISSIONS["write"])
            self._add("permissions", UNKNOWN, "this token lists no application permissions, roles may allow more")
            return
        self.found["permissions"] = {
            name: bool(granted & {name, *including}) for name, including in PERMISSIONS["write"].items()
        }
        for name in needed:
            if self.found["permissions"][name]:
                self._add(f"permission {name}", OK, "present")
            else:
                fix = "Give the app this application permission, and have an admin of the tenant consent to it."
                self._add(f"permission {name}", PROBLEM, f"{name} is missing", fix, "permission")

    def _look_at_licence(self, plans: set[str]) -> None:
        licence = next((str(allows["name"]) for plan, allows in SERVICE_PLANS.items() if plan in plans), "none")
        self.found["licence"] = licence
        if licence == "none":
            self._add(
                "licence",
                PROBLEM,
                "no subscription with Entra ID P1",
                "Self-service reset for users needs Entra ID P1, P2 or a plan that contains one of them.",
                "licence",
            )
        else:
            self._add("licence", OK, f"Entra ID {licence}")

    async def _look_at_portal(self, credential: GuardedCredential, portal: _http.Plane) -> None:
        claims = credential.claims
        self.found["portal_user"] = claims.get("upn") or claims.get("unique_name")
        self._add("portal_user", OK, str(self.found["portal_user"] or "a user whose name the token does not tell"))
        if "amr" in claims:
            self.found["mfa"] = "mfa" in claims["amr"]
            if self.found["mfa"]:
                self._add("mfa", OK, "the user signed in with MFA")
            else:
                fix = "Sign in again with MFA, and store the new refresh token. Microsoft requires MFA for this client."
                self._add("mfa", PROBLEM, "the user signed in without MFA", fix, "mfa")
        else:
            self._add("mfa", UNKNOWN, "the token does not tell how the user signed in")
        self._look_at_roles(claims)
        if await self._ask("portal_read", lambda: _documents.read_policy(portal)) is not None:
            self._add("portal_read", OK, "the SSPR policy can be read")

    def _look_at_roles(self, claims: Mapping[str, Any]) -> None:
        enough, names = ROLES_FOR[self.purpose]
        if "wids" not in claims:
            self._add("portal_role", UNKNOWN, f"the token lists no roles; {names} is needed")
            return
        roles = sorted(ROLES.get(str(item), str(item)) for item in claims["wids"] if item != EVERY_USER)
        self.found["roles"] = roles
        if enough & set(roles):
            self._add("portal_role", OK, ", ".join(sorted(enough & set(roles))))
        else:
            fix = f"Give the portal user the role {names} in this tenant (GDAP: in the relationship)."
            has = ", ".join(roles) or "no role"
            self._add("portal_role", PROBLEM, f"the portal user has {has}, which is not enough", fix, "permission")


def certificate_end(params: Mapping[str, Any]) -> datetime | None:
    """When the certificate among the options ends, UTC. Raises ``ValueError`` or ``OSError`` when it is unreadable."""
    text, path = params.get("client_certificate"), params.get("client_certificate_path")
    data = text.encode() if text else Path(path).read_bytes() if path else b""
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificate(data[data.index(b"-----BEGIN CERTIFICATE") :]).not_valid_after_utc
    password = params.get("client_certificate_password")
    found = pkcs12.load_key_and_certificates(data, password.encode() if password else None)[1]
    return found.not_valid_after_utc if found else None
