# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft Graph v1.0, as far as SSPR needs it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from . import documents, schema
from .documents import METADATA, ODATA_TYPE
from .messages import Answer, Call, RefusedError
from .state import Tenant, World, merge
from .tokens import GRAPH_AUDIENCES, InvalidTokenError, Principal, Signer

PAGE_SIZE = 2
_WRITERS = {"Authentication Policy Administrator", "Global Administrator"}
_DIRECTORY = {"Directory.Read.All"}
_READ_METHODS = {
    "Policy.Read.AuthenticationMethod",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.Read.All",
}
_WRITE_METHODS = {"Policy.ReadWrite.AuthenticationMethod"}
_WRITE_MEMBERS = {"GroupMember.ReadWrite.All", "Group.ReadWrite.All"}
_READ_MEMBERS = {"GroupMember.Read.All", "Group.Read.All", *_WRITE_MEMBERS, *_DIRECTORY}
_METHODS = "/v1.0/policies/authenticationMethodsPolicy"
_AUTHORIZATION = "/v1.0/policies/authorizationPolicy"

# Which state of migration may follow which; a tenant without a state (null) has nothing to migrate.
_TRANSITIONS: Mapping[str | None, tuple[str, ...]] = {
    "preMigration": ("preMigration", "migrationInProgress", "migrationComplete"),
    "migrationInProgress": ("migrationInProgress", "migrationComplete"),
    "migrationComplete": ("migrationComplete", "migrationInProgress"),
}

_ORGANIZATION = ("id", "displayName", "verifiedDomains", "onPremisesSyncEnabled", "tenantType", "countryLetterCode")
_GROUP = (
    "id",
    "displayName",
    "description",
    "groupTypes",
    "onPremisesSyncEnabled",
    "mailEnabled",
    "mailNickname",
    "securityEnabled",
)


def handle(world: World, signer: Signer, call: Call, view: Callable[[Tenant], Tenant]) -> Answer:
    """Answer a call; ``view`` gives the state of the tenant to work on."""
    try:
        principal = _authenticate(signer, call)
        tenant = world.find(principal.tenant)
        if tenant is None:
            raise RefusedError(401, "InvalidAuthenticationToken", "The token is for no tenant known here.")
        for route in _ROUTES:
            match = route.path.fullmatch(call.path)
            if match and route.method == call.method:
                _authorize(route, principal, tenant, call)
                return route.answer(view(tenant), call, **match.groupdict())
        raise RefusedError(404, "ResourceNotFound", f"Resource not found for {call.method} on '{call.path}'.")
    except RefusedError as refusal:
        return refuse(call, refusal)


def refuse(call: Call, refusal: RefusedError) -> Answer:
    inner = {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S}",
        "request-id": call.request_id,
        "client-request-id": call.headers.get("client-request-id", call.request_id),
    }
    return Answer(refusal.status, {"error": {"code": refusal.code, "message": refusal.message, "innerError": inner}})


def headers(call: Call) -> dict[str, str]:
    return {
        "request-id": call.request_id,
        "client-request-id": call.headers.get("client-request-id", call.request_id),
        "odata-version": "4.0",
    }


@dataclass(frozen=True)
class _Route:
    method: str
    path: re.Pattern[str]
    permissions: set[str]
    answer: Callable[..., Answer]
    options: tuple[str, ...] = ()


def _authenticate(signer: Signer, call: Call) -> Principal:
    if not call.bearer:
        raise RefusedError(401, "InvalidAuthenticationToken", "Access token is empty.")
    try:
        return signer.read(call.bearer, GRAPH_AUDIENCES)
    except InvalidTokenError as exc:
        raise RefusedError(401, "InvalidAuthenticationToken", f"Access token validation failure. {exc}") from exc


def _authorize(route: _Route, principal: Principal, tenant: Tenant, call: Call) -> None:
    roles = principal.roles(tenant)
    allowed = roles & _WRITERS if call.write else roles
    if not (allowed if principal.delegated else principal.permissions & route.permissions):
        raise RefusedError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    for option in call.query:
        if option.startswith("$") and option not in route.options:
            raise RefusedError(400, "BadRequest", f"The query option '{option}' is not supported here.")


def _organization(tenant: Tenant, call: Call) -> Answer:
    last = len(tenant.domains) - 1
    domains = [
        {
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": index == last,
            "isInitial": index == 0,
            "name": name,
            "type": "Managed",
        }
        for index, name in enumerate(tenant.domains)
    ]
    entry = {
        "id": tenant.id,
        "displayName": tenant.display_name,
        "verifiedDomains": domains,
        "onPremisesSyncEnabled": None,
        "tenantType": "AAD",
        "countryLetterCode": "US",
    }
    selected = _select(entry, _ORGANIZATION, call, "organization")
    return Answer(200, {"@odata.context": f"{METADATA}organization", "value": [selected]})


def _subscribed_skus(tenant: Tenant, call: Call) -> Answer:
    skus = [documents.subscribed_sku(tenant.id, plan) for plan in tenant.plans]
    value = [_select(sku, tuple(sku), call, "subscribedSku") for sku in skus]
    return Answer(200, {"@odata.context": f"{METADATA}subscribedSkus", "value": value})


def _groups(tenant: Tenant, call: Call) -> Answer:
    wanted = _display_name(call.query.get("$filter"))
    found = [group for group in tenant.groups if wanted is None or group["displayName"].casefold() == wanted.casefold()]
    start, size = _skip(call), min(_top(call), PAGE_SIZE)
    page = [_select(_group_entry(group), _GROUP, call, "group") for group in found[start : start + size]]
    body: dict[str, Any] = {"@odata.context": f"{METADATA}groups"}
    if start + size < len(found):
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        body["@odata.nextLink"] = f"{call.base}{call.path}?{urlencode({**call.query, '$skiptoken': token})}"
    return Answer(200, {**body, "value": page})


def _group(tenant: Tenant, call: Call, name: str) -> Answer:
    group = tenant.group(name)
    if group is None:
        raise RefusedError(
            404,
            "Request_ResourceNotFound",
            f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
        )
    entry = _select(_group_entry(group), _GROUP, call, "group")
    return Answer(200, {"@odata.context": f"{METADATA}groups/$entity", **entry})


def _members(tenant: Tenant, call: Call, name: str) -> Answer:
    group = _known_group(tenant, name)
    members = [{"@odata.type": "#microsoft.graph.directoryObject", "id": item} for item in group.get("members", [])]
    start = _skip(call)
    body: dict[str, Any] = {"@odata.context": f"{METADATA}directoryObjects"}
    if start + PAGE_SIZE < len(members):
        token = base64.urlsafe_b64encode(str(start + PAGE_SIZE).encode()).decode()
        body["@odata.nextLink"] = f"{call.base}{call.path}?{urlencode({**call.query, '$skiptoken': token})}"
    return Answer(200, {**body, "value": members[start : start + PAGE_SIZE]})


def _add_member(tenant: Tenant, call: Call, name: str) -> Answer:
    group = _known_group(tenant, name)
    body = call.json()
    link = body.get("@odata.id", "") if isinstance(body, dict) else ""
    member = link.rpartition("/")[2]
    if not link.startswith(f"{call.base}/v1.0/directoryObjects/"):
        raise RefusedError(400, "Request_BadRequest", "Invalid URL format specified in @odata.id.")
    if member not in {entry["id"] for entry in (*tenant.groups, *tenant.people)}:
        raise RefusedError(404, "Request_ResourceNotFound", f"Resource '{member}' does not exist.")
    if "DynamicMembership" in group.get("groupTypes", []):
        raise RefusedError(400, "Request_BadRequest", "The group's membership is decided by a rule.")
    if member in group.setdefault("members", []):
        raise RefusedError(400, "Request_BadRequest", "One or more added object references already exist.")
    group["members"].append(member)
    return Answer(204)


def _person(tenant: Tenant, call: Call, name: str) -> Answer:
    for person in tenant.people:
        if name.lower() in (person["id"].lower(), person["userPrincipalName"].lower()):
            return Answer(200, _select(dict(person), tuple(person), call, "user"))
    raise RefusedError(404, "Request_ResourceNotFound", f"Resource '{name}' does not exist.")


def _known_group(tenant: Tenant, name: str) -> dict[str, Any]:
    group = tenant.group(name)
    if group is None:
        raise RefusedError(404, "Request_ResourceNotFound", f"Resource '{name}' does not exist.")
    return group


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
    body = _body(call, schema.METHODS_POLICY)
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
    body = _body(call, method.shape)
    if body.pop("id", name).lower() != name.lower():
        raise RefusedError(400, "BadRequest", "The property 'id' cannot be changed.")
    if "includeTargets" in body:
        defaults = {"isRegistrationRequired": False, **method.target_defaults}
        body["includeTargets"] = [{**target, **_rest(defaults, target)} for target in body["includeTargets"]]
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
    selected = _select(policy, tuple(policy), call, "authorizationPolicy")
    return Answer(200, {"@odata.context": f"{METADATA}policies/authorizationPolicy/$entity", **selected})


def _patch_authorization_policy(tenant: Tenant, call: Call) -> Answer:
    merge(tenant.authorization_policy, _body(call, schema.AUTHORIZATION_POLICY))
    return Answer(204)


_CONFIGURATION = re.compile(_METHODS + r"/authenticationMethodConfigurations/(?P<name>[^/]+)")
_ROUTES = (
    _Route(
        "GET",
        re.compile("/v1.0/organization"),
        {"Organization.Read.All", *_DIRECTORY},
        _organization,
        ("$select",),
    ),
    _Route(
        "GET",
        re.compile("/v1.0/subscribedSkus"),
        {"Organization.Read.All", "LicenseAssignment.Read.All", *_DIRECTORY},
        _subscribed_skus,
        ("$select",),
    ),
    _Route(
        "GET",
        re.compile("/v1.0/groups"),
        {"Group.Read.All", *_DIRECTORY},
        _groups,
        ("$filter", "$select", "$top", "$skiptoken"),
    ),
    _Route("GET", re.compile("/v1.0/groups/(?P<name>[^/]+)"), {"Group.Read.All", *_DIRECTORY}, _group, ("$select",)),
    _Route(
        "GET", re.compile("/v1.0/groups/(?P<name>[^/]+)/members"), _READ_MEMBERS, _members, ("$select", "$skiptoken")
    ),
    _Route("POST", re.compile(r"/v1.0/groups/(?P<name>[^/]+)/members/\$ref"), _WRITE_MEMBERS, _add_member),
    _Route(
        "GET",
        re.compile("/v1.0/users/(?P<name>[^/]+)"),
        {"User.ReadBasic.All", "User.Read.All", *_DIRECTORY},
        _person,
        ("$select",),
    ),
    _Route("GET", re.compile(_METHODS), _READ_METHODS, _methods_policy),
    _Route("PATCH", re.compile(_METHODS), _WRITE_METHODS, _patch_methods_policy),
    _Route("GET", _CONFIGURATION, _READ_METHODS, _configuration),
    _Route("PATCH", _CONFIGURATION, _WRITE_METHODS, _patch_configuration),
    _Route("GET", re.compile(_AUTHORIZATION), {"Policy.Read.All"}, _authorization_policy, ("$select",)),
    _Route("PATCH", re.compile(_AUTHORIZATION), {"Policy.ReadWrite.Authorization"}, _patch_authorization_policy),
)


def _body(call: Call, shape: schema.Record) -> dict[str, Any]:
    """The checked body of a PATCH, without annotations."""
    body = call.json()
    if not isinstance(body, dict) or "application/json" not in call.headers.get("content-type", ""):
        raise RefusedError(400, "BadRequest", "Unable to read JSON request payload.")
    try:
        schema.check(shape, body, "")
    except schema.MismatchError as exc:
        raise RefusedError(400, "BadRequest", str(exc)) from exc
    return dict(schema.without_annotations(body))


def _named_configuration(tenant: Tenant, wanted: str) -> tuple[str, dict[str, Any]]:
    for name, entry in tenant.configurations.items():
        if name.lower() == wanted.lower():
            return name, entry
    raise RefusedError(404, "ResourceNotFound", f"There is no authentication method configuration '{wanted}'.")


def _group_entry(group: Mapping[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "description": None,
        "groupTypes": [],
        "onPremisesSyncEnabled": None,
        "mailEnabled": False,
        "mailNickname": "group",
        "securityEnabled": True,
    }
    return {**defaults, **{name: value for name, value in group.items() if name != "members"}}


def _select(entry: dict[str, Any], known: tuple[str, ...], call: Call, kind: str) -> dict[str, Any]:
    chosen = call.query.get("$select")
    if chosen is None:
        return entry
    names = [name.strip() for name in chosen.split(",")]
    for name in names:
        if name not in known:
            raise RefusedError(
                400, "BadRequest", f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."
            )
    return {name: entry[name] for name in names}


def _display_name(condition: str | None) -> str | None:
    if condition is None:
        return None
    match = re.fullmatch(r"\s*displayName\s+eq\s+'((?:[^']|'')*)'\s*", condition, re.DOTALL)
    if match is None:
        raise RefusedError(400, "Request_UnsupportedQuery", f"Invalid filter clause: {condition}")
    return match.group(1).replace("''", "'")


def _top(call: Call) -> int:
    value = call.query.get("$top", str(PAGE_SIZE))
    if not value.isdecimal() or not 1 <= int(value) <= 999:
        raise RefusedError(400, "Request_UnsupportedQuery", f"Invalid page size specified: '{value}'.")
    return int(value)


def _skip(call: Call) -> int:
    token = call.query.get("$skiptoken")
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError as exc:
        raise RefusedError(400, "Directory_ExpiredPageToken", "The specified page token is not valid.") from exc


def _rest(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in defaults.items() if name not in given}


def _touch(tenant: Tenant) -> None:
    tenant.last_modified = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}Z"
