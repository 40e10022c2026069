# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The single checks of ``sspr_doctor``: what was read in, outcomes and what was learned out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

# It comes with azure-identity, and is missing together with it, which the sign-in reports.
with suppress(ImportError):
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

from .._errors import GRAPH, SsprError
from ..connection.credential_options import AccessToken, ClientCertificate, Credential
from ..connection.credentials import GuardedCredential
from ..connection.responses import grant_hint
from ..connection.token_claims import EXPIRED_HINT, user_of
from ..data.licenses import SERVICE_PLANS, SKUS
from ..services import permissions
from ..services.tenant import TenantIdentity
from ..users.roles import ROLE_NAMES, SSPR_POLICY_READERS, SSPR_POLICY_WRITERS

CheckStatus = Literal["ok", "problem", "unknown"]
OK: CheckStatus = "ok"
PROBLEM: CheckStatus = "problem"
UNKNOWN: CheckStatus = "unknown"

T = TypeVar("T")

# By purpose: application permissions
READ_PERMISSIONS = (permissions.READ_ORGANIZATION, permissions.READ_METHODS_POLICY, permissions.READ_GROUPS)
NEEDED: Mapping[str, tuple[str, ...]] = {
    "audit": READ_PERMISSIONS,
    "write": (*READ_PERMISSIONS, permissions.WRITE_METHODS_POLICY),
}
# What only some modules and rules need, each with what is not available without it.
OPTIONAL = {
    permissions.READ_POLICIES: "whether administrators can reset",
    permissions.WRITE_AUTHORIZATION: "changing whether administrators can reset",
    permissions.READ_USERS: "who is in scope",
    permissions.READ_ROLES: "who is an administrator",
    permissions.READ_REPORTS: "who has registered, which is needed to require two methods safely",
}
ALL_PERMISSIONS = (*NEEDED["write"], *OPTIONAL)

# In the ``wids`` of everyone who is not a guest
EVERY_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
# By purpose: the roles of which the portal user needs one, and how to name them
ROLES_FOR = {
    "write": (SSPR_POLICY_WRITERS, permissions.WRITE_SSPR_POLICY),
    "audit": (SSPR_POLICY_READERS, permissions.READ_SSPR_POLICY),
}

# Less than this is a problem: days of a certificate, seconds of a pre-acquired access token.
FEWEST_DAYS = 14
FEWEST_SECONDS = 600
LIFETIME_UNKNOWN = {
    "client_secret": "an app cannot read when its secret expires; see the app registration",
    "refresh_token": "a refresh token does not show its age; it expires 90 days after its issue, and "
    "sspr_portal_token renews it",
}
# Errors that always are the outcome of the same check, whichever check they ended
CHECK_OF_ERROR: Mapping[str, str] = {"unreachable": "reachable", "tenant_mismatch": "tenant"}


@dataclass(frozen=True)
class CheckOutcome:
    """One check and its outcome. ``code`` is the service's error code, or a kind of error."""

    check: str
    status: CheckStatus
    message: str
    fix: str | None = None
    code: str | None = None

    @classmethod
    def of_error(cls, check: str, error: SsprError) -> CheckOutcome:
        """A check that ended with an error."""
        code = error.code or error.kind
        return cls(CHECK_OF_ERROR.get(error.kind, check), PROBLEM, error.message, error.hint, code)


@dataclass(frozen=True)
class Checked(Generic[T]):
    """The outcomes of a check, and what was learned by it; None is what could not be read."""

    outcomes: tuple[CheckOutcome, ...]
    learned: T | None = None


@dataclass(frozen=True)
class Lifetime:
    """Until when a credential can be used (ISO 8601), in days from now too; None where it does not show that."""

    expires: str | None = None
    days_left: int | None = None


def _one(
    check: str,
    status: CheckStatus,
    message: str,
    fix: str | None = None,
    code: str | None = None,
    *,
    learned: T | None = None,
) -> Checked[T]:
    """A check with one outcome."""
    return Checked((CheckOutcome(check, status, message, fix, code),), learned)


def check_lifetime(check: str, credential: Credential, signed_in: GuardedCredential) -> Checked[Lifetime]:
    """Whether a credential can be used for long enough, where it shows that."""
    try:
        ends = _end_of(credential, signed_in)
    except (OSError, ValueError) as exc:
        return _one(check, UNKNOWN, f"the certificate cannot be read: {type(exc).__name__}")
    if ends is None:
        unknown = LIFETIME_UNKNOWN.get(credential.method, f"{credential.method} does not show when it expires")
        return _one(check, UNKNOWN, unknown)
    left = (ends - datetime.now(timezone.utc)).total_seconds()
    lifetime = Lifetime(ends.isoformat(timespec="seconds"), int(left // 86400))
    pre_acquired = isinstance(credential, AccessToken)
    message = f"{int(left // 60)} minutes left" if pre_acquired else f"{lifetime.days_left} days left"
    if left < (FEWEST_SECONDS if pre_acquired else FEWEST_DAYS * 86400):
        return _one(check, PROBLEM, message, EXPIRED_HINT, learned=lifetime)
    return _one(check, OK, message, learned=lifetime)


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


def check_permissions(granted: frozenset[str] | None, purpose: str) -> Checked[dict[str, bool | None]]:
    """Whether the app has the permissions; None: the token lists none."""
    if granted is None:
        message = "this token lists no application permissions; directory roles may allow more"
        unknown = CheckOutcome("permissions", UNKNOWN, message)
        return Checked((unknown,), dict.fromkeys(ALL_PERMISSIONS))
    missing = permissions.not_granted(ALL_PERMISSIONS, granted)
    needed = (_check_permission(name, name in missing) for name in NEEDED[purpose])
    optional = (
        CheckOutcome(
            f"permission {name}",
            UNKNOWN,
            f"{name} is missing, so this is not available: {what}",
            "Grant it if you need this; otherwise ignore.",
        )
        for name, what in OPTIONAL.items()
        if name in missing
    )
    return Checked((*needed, *optional), {name: name not in missing for name in ALL_PERMISSIONS})


def _check_permission(name: str, missing: bool) -> CheckOutcome:
    check = f"permission {name}"
    if missing:
        return CheckOutcome(check, PROBLEM, f"{name} is missing", grant_hint(GRAPH, name), "permission")
    return CheckOutcome(check, OK, "present")


def check_tenant(
    organization: Mapping[str, Any], tenant_id: str, domains: tuple[str, ...]
) -> Checked[dict[str, str | None]]:
    """Whether the organization is the tenant of the token, and has the expected domains."""
    tenant = TenantIdentity.of(organization)
    of_domains = _check_domains(tenant, domains)
    try:
        tenant.require(tenant_id, ())
    except SsprError as exc:
        return Checked((CheckOutcome.of_error("tenant", exc), of_domains))
    outcome = CheckOutcome("tenant", OK, f"{tenant.display_name or 'no name'}, {tenant_id}")
    return Checked((outcome, of_domains), tenant.as_result())


def _check_domains(tenant: TenantIdentity, expected: tuple[str, ...]) -> CheckOutcome:
    if not expected:
        fix = "Set it: it guards against a mistyped tenant_id."
        return CheckOutcome("domains", UNKNOWN, "expected_domain is not set", fix)
    try:
        tenant.require_domains(expected)
    except SsprError as exc:
        return CheckOutcome("domains", PROBLEM, exc.message, exc.hint, exc.kind)
    return CheckOutcome("domains", OK, f"{', '.join(expected)} verified")


def check_license(subscriptions: Mapping[str, frozenset[str]]) -> Checked[str]:
    """Whether a subscription includes password reset: the best plan, or ``none``."""
    plans = {plan for of_sku in subscriptions.values() for plan in of_sku}
    found = next((str(allows["name"]) for plan, allows in SERVICE_PLANS.items() if plan in plans), "none")
    if found != "none":
        return _one("license", OK, f"Entra ID {found}", learned=found)
    enough = [str(SKUS[sku]["name"]) for sku in subscriptions if sku in SKUS and SKUS[sku]["reset"] == "yes"]
    if enough:
        message = f"{enough[0]}: includes password reset, but neither writeback nor the registration report"
        return _one("license", OK, message, learned=found)
    fix = "Self-service reset for users needs Entra ID P1, P2 or a plan that contains one of them."
    return _one("license", PROBLEM, "no subscription with Entra ID P1", fix, "license", learned=found)


def check_migration_state(policy: tuple[Any, str | None]) -> Checked[str]:
    """Where the tenant has its methods."""
    _methods, state = policy
    message = f"policyMigrationState is {state or 'null, which means migrated'}"
    return _one("migration_state", OK, message, learned=state)


def check_portal_user(claims: Mapping[str, Any]) -> Checked[dict[str, str | None]]:
    """Who the portal user is."""
    user = user_of(claims)
    name = user.user_principal_name if user else None
    message = name or "a user whose name the token does not show"
    return _one("portal_user", OK, message, learned=user.as_result() if user else None)


def check_mfa(claims: Mapping[str, Any]) -> Checked[bool]:
    """Whether the portal user signed in with MFA."""
    if "amr" not in claims:
        return _one("mfa", UNKNOWN, "the token does not show how the user signed in")
    if "mfa" in claims["amr"]:
        return _one("mfa", OK, "the user signed in with MFA", learned=True)
    fix = "Sign in again with MFA and store the new refresh token. Microsoft requires MFA for this client."
    return _one("mfa", PROBLEM, "the user signed in without MFA", fix, "mfa", learned=False)


def check_portal_read(_policy: object) -> Checked[None]:
    """That the policy could be read is all that is checked."""
    return _one("portal_read", OK, "the SSPR policy can be read")


def check_roles(claims: Mapping[str, Any], purpose: str) -> Checked[list[str]]:
    """Whether the portal user has one of the roles that the purpose needs."""
    enough, names = ROLES_FOR[purpose]
    if "wids" not in claims:
        return _one("portal_role", UNKNOWN, f"the token lists no roles; {names} is needed")
    held = [str(role) for role in claims["wids"] if role != EVERY_USER]
    roles = _role_names(held)
    if sufficient := enough.intersection(held):
        return _one("portal_role", OK, ", ".join(_role_names(sufficient)), learned=roles)
    fix = f"Assign the portal user the role {names} in this tenant (GDAP: in the relationship)."
    message = f"the portal user has {', '.join(roles) or 'no role'}, which is not enough"
    return _one("portal_role", PROBLEM, message, fix, "permission", learned=roles)


def _role_names(roles: Iterable[str]) -> list[str]:
    """Roles by name, or by template id where that is not known."""
    return sorted(ROLE_NAMES.get(role, role) for role in roles)
