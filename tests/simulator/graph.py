# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft Graph v1.0, as far as SSPR needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from . import directory, odata, reports, schema, user_methods
from .documents import METADATA, ODATA_TYPE
from .messages import Answer, Call, RefusedError
from .odata import route
from .state import Tenant, World, merge
from .tokens import GRAPH_AUDIENCES, InvalidTokenError, Principal, Signer

_READ_METHODS = {
    "Policy.Read.AuthenticationMethod",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.Read.All",
}
_WRITE_METHODS = {"Policy.ReadWrite.AuthenticationMethod"}

# Which state of migration may follow which; a tenant without a state (null) has nothing to migrate.
_TRANSITIONS: Mapping[str | None, tuple[str, ...]] = {
    "preMigration": ("preMigration", "migrationInProgress", "migrationComplete"),
    "migrationInProgress": ("migrationInProgress", "migrationComplete"),
    "migrationComplete": ("migrationComplete", "migrationInProgress"),
}


def handle(world: World, signer: Signer, call: Call, view: Callable[[Tenant], Tenant]) -> Answer:
    """Answer a call; ``view`` gives the state of the tenant to work on."""
    try:
        principal = _authenticate(signer, call)
        tenant = world.find(principal.tenant)
        if tenant is None:
            raise RefusedError(401, "InvalidAuthenticationToken", "The token is for no tenant known here.")
        for known in _ROUTES:
            match = known.path.fullmatch(call.path)
            if match and known.method == call.method:
                known.authorize(principal, tenant, call)
                return known.answer(view(tenant), call, **match.groupdict())
        raise RefusedError(404, "ResourceNotFound", f"Resource not found for {call.method} on '{call.path}'.")
    except RefusedError as refusal:
        return refuse(call, refusal)


def refuse(call: Call, refusal: RefusedError) -> Answer:
    inner = {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S}",
        "request-id": call.request_id,
        "client-request-id": call.headers.get("client-request-id", call.request_id),
    }
    error = {"code": refusal.code, "message": refusal.message, "innerError": inner}
    return Answer(refusal.status, {"error": error}, refusal.headers)


def headers(call: Call) -> dict[str, str]:
    return {
        "request-id": call.request_id,
        "client-request-id": call.headers.get("client-request-id", call.request_id),
        "odata-version": "4.0",
    }


def _authenticate(signer: Signer, call: Call) -> Principal:
    if not call.bearer:
        raise RefusedError(401, "InvalidAuthenticationToken", "Access token is empty.")
    try:
        return signer.read(call.bearer, GRAPH_AUDIENCES)
    except InvalidTokenError as exc:
        raise RefusedError(401, "InvalidAuthenticationToken", f"Access token validation failure. {exc}") from exc


def _methods_policy(tenant: Tenant, _call: Call) -> Answer:
    body: dict[str, Any] = {
        "@odata.context": f"{METADATA}authenticationMethodsPolicy",
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed in the tenant, "
        "authentication method registration requirements, and self-service password reset settings",
        "lastModifiedDateTime": tenant.last_modified,
        "policyVersion": "1.5",
        "policyMigrationState": tenant.migration_state,
        "registrationEnforcement": tenant.registration_enforcement,
        "authenticationMethodConfigurations@odata.context": f"{METADATA}policies/authenticationMethodsPolicy"
        "/authenticationMethodConfigurations",
        "authenticationMethodConfigurations": list(tenant.configurations.values()),
    }
    if tenant.omit_migration_state:
        del body["policyMigrationState"]
    return Answer(200, body)


def _patch_methods_policy(tenant: Tenant, call: Call) -> Answer:
    body = odata.body(call, schema.METHODS_POLICY)
    if "policyMigrationState" in body:
        wanted = body["policyMigrationState"]
        if wanted not in _TRANSITIONS.get(tenant.migration_state, ()):
            raise RefusedError(
                400,
                "BadRequest",
                f"policyMigrationState cannot be changed from {tenant.migration_state or 'null'} to {wanted}.",
            )
        tenant.migration_state = wanted
    merge(tenant.registration_enforcement, body.get("registrationEnforcement", {}))
    _touch(tenant)
    return _methods_policy(tenant, call)


def _configuration(tenant: Tenant, _call: Call, name: str) -> Answer:
    _name, entry = _named_configuration(tenant, name)
    context = f"{METADATA}policies/authenticationMethodsPolicy/authenticationMethodConfigurations/$entity"
    return Answer(200, {"@odata.context": context, **entry})


def _patch_configuration(tenant: Tenant, call: Call, name: str) -> Answer:
    name, entry = _named_configuration(tenant, name)
    method = schema.METHODS.get(name, schema.Method())
    raw = call.json()
    if isinstance(raw, dict) and raw.get(ODATA_TYPE) != entry[ODATA_TYPE]:
        raise RefusedError(
            400, "BadRequest", f"'{ODATA_TYPE}' must be '{entry[ODATA_TYPE]}', not {raw.get(ODATA_TYPE)!r}."
        )
    body = odata.body(call, method.shape)
    if body.pop("id", name).lower() != name.lower():
        raise RefusedError(400, "BadRequest", "The property 'id' cannot be changed.")
    if "includeTargets" in body:
        defaults = {"isRegistrationRequired": False, **method.target_defaults}
        body["includeTargets"] = [{**target, **odata.rest(defaults, target)} for target in body["includeTargets"]]
    external = body.get("allowExternalIdToUseEmailOtp", entry.get("allowExternalIdToUseEmailOtp"))
    if body.get("state") == "disabled" and external == "enabled":
        raise RefusedError(
            400, "BadRequest", "The method cannot be disabled while allowExternalIdToUseEmailOtp is enabled."
        )
    merge(entry, body)
    _touch(tenant)
    return Answer(204)


def _authorization_policy(tenant: Tenant, call: Call) -> Answer:
    policy = tenant.authorization_policy
    selected = odata.select(policy, tuple(policy), call, "authorizationPolicy")
    return Answer(200, {"@odata.context": f"{METADATA}policies/authorizationPolicy/$entity", **selected})


def _patch_authorization_policy(tenant: Tenant, call: Call) -> Answer:
    merge(tenant.authorization_policy, odata.body(call, schema.AUTHORIZATION_POLICY))
    return Answer(204)


_METHODS = "policies/authenticationMethodsPolicy"
_CONFIGURATION = f"{_METHODS}/authenticationMethodConfigurations/(?P<name>[^/]+)"
_AUTHORIZATION = "policies/authorizationPolicy"
_ROUTES = (
    *directory.ROUTES,
    *user_methods.ROUTES,
    *reports.ROUTES,
    route("GET", _METHODS, _READ_METHODS, _methods_policy),
    route("PATCH", _METHODS, _WRITE_METHODS, _patch_methods_policy),
    route("GET", _CONFIGURATION, _READ_METHODS, _configuration),
    route("PATCH", _CONFIGURATION, _WRITE_METHODS, _patch_configuration),
    route("GET", _AUTHORIZATION, {"Policy.Read.All"}, _authorization_policy, "$select"),
    route("PATCH", _AUTHORIZATION, {"Policy.ReadWrite.Authorization"}, _patch_authorization_policy),
)


def _named_configuration(tenant: Tenant, wanted: str) -> tuple[str, dict[str, Any]]:
    for name, entry in tenant.configurations.items():
        if name.lower() == wanted.lower():
            return name, entry
    raise RefusedError(404, "ResourceNotFound", f"There is no authentication method configuration '{wanted}'.")


def _touch(tenant: Tenant) -> None:
    tenant.last_modified = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}Z"
