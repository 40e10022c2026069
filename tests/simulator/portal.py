# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The undocumented portal API behind the admin center's password reset pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import documents
from .documents import ZERO_GUID
from .messages import Answer, Call, RefusedError
from .schema import fits
from .state import Tenant, World
from .tokens import PORTAL_AUDIENCES, InvalidTokenError, Principal, Signer

POLICY = "/api/PasswordReset/PasswordResetPolicies"
ON_PREMISES = "/api/PasswordReset/OnPremisesPasswordResetPolicies"

_WRITERS = {"Authentication Policy Administrator", "Global Administrator"}
_SCOPE_WRITERS = {"User Administrator"}
_READERS = {"Security Administrator", *_SCOPE_WRITERS, *_WRITERS}

_GROUPS = "passwordResetEnabledGroupIds"
_GROUP_NAME = "passwordResetEnabledGroupName"
_SCOPE = {"enablementType", _GROUPS, _GROUP_NAME}
# Which methods are on: in a migrated tenant the authentication methods policy decides that.
_LEGACY_METHODS = (
    "emailOptionEnabled",
    "mobilePhoneOptionEnabled",
    "officePhoneOptionEnabled",
    "mobileAppNotificationEnabled",
    "mobileAppCodeEnabled",
)
_ITEMS: Mapping[str, type] = {_GROUPS: str, "securityQuestions": dict, "registrationConditionalAccessPolicies": dict}
_ALLOWED: Mapping[str, range] = {
    "enablementType": range(3),
    "numberOfAuthenticationMethodsRequired": range(1, 3),
    "registrationReconfirmIntevalInDays": range(731),
}
# The name in the answer, for the name in a partial PUT: the portal's own writers spell the first differently.
_ON_PREMISES_WRITABLE = {
    "passwordWriteBackSupported": "passwordWritebackSupported",
    "passwordWritebackSupported": "passwordWritebackSupported",
    "accountUnlockEnabled": "accountUnlockEnabled",
}


def handle(world: World, signer: Signer, call: Call, view: Callable[[Tenant], Tenant]) -> Answer:
    """Answer a call; ``view`` gives the state of the tenant to work on."""
    try:
        principal = _authenticate(signer, call)
        tenant = world.find(principal.tenant)
        if tenant is None:
            raise RefusedError(401, "Unauthorized", "The token is for no tenant known here.")
        answer = _ROUTES.get((call.method, call.path))
        if answer is None:
            raise RefusedError(404, "NotFound", f"No HTTP resource was found that matches {call.method} {call.path}.")
        roles = principal.roles(tenant)
        _check_request(call, roles)
        return answer(view(tenant), call, roles)
    except RefusedError as refusal:
        return refuse(call, refusal)


def refuse(_call: Call, refusal: RefusedError) -> Answer:
    return Answer(refusal.status, {"error": {"code": refusal.code, "message": refusal.message}})


def headers(call: Call) -> dict[str, str]:
    return {"x-ms-request-id": call.request_id}


def _authenticate(signer: Signer, call: Call) -> Principal:
    try:
        principal = signer.read(call.bearer, PORTAL_AUDIENCES)
    except InvalidTokenError as exc:
        raise RefusedError(401, "Unauthorized", "The token is missing, expired or for another audience.") from exc
    if not principal.delegated:
        raise RefusedError(401, "Unauthorized", "Service principals are not supported.")
    return principal


def _check_request(call: Call, roles: frozenset[str]) -> None:
    if not call.headers.get("x-ms-client-request-id"):
        raise RefusedError(400, "BadRequest", "The header x-ms-client-request-id is missing.")
    needed = _WRITERS | _SCOPE_WRITERS if call.write else _READERS
    if not roles & needed:
        raise RefusedError(403, "Forbidden", "The user does not have a role that allows this.")
    if "bypassmethodcountcheck" in {name.lower() for name in call.query}:
        raise RefusedError(400, "BadRequest", "byPassMethodCountCheck is not accepted.")


def _get_policy(tenant: Tenant, call: Call, _roles: frozenset[str]) -> Answer:
    document = dict(tenant.portal_policy)
    if _GROUP_NAME in document:
        resolve = call.query.get("getPasswordResetEnabledGroup", "").lower() == "true"
        found = [tenant.group(group) for group in document.get(_GROUPS) or []] if resolve else []
        document[_GROUP_NAME] = found[0]["displayName"] if found and found[0] else ""
    return Answer(200, document)


def _put_policy(tenant: Tenant, call: Call, roles: frozenset[str]) -> Answer:
    sent = _body(call)
    stored = tenant.portal_policy
    defaults = documents.portal_policy()
    _check_fields(sent, defaults)
    # A field this tenant's service does not have (any more) gets no default.
    document = {**{name: value for name, value in defaults.items() if name in stored}, **sent}
    if _GROUP_NAME in document:
        document[_GROUP_NAME] = stored.get(_GROUP_NAME, "")
    if tenant.migrated:
        document.update({name: stored[name] for name in _LEGACY_METHODS if name in stored})
    _check_groups(document, tenant)
    changed = {name for name in document.keys() | stored.keys() if document.get(name) != stored.get(name)}
    if changed - _SCOPE and not roles & _WRITERS:
        raise RefusedError(403, "Forbidden", f"The user's role does not allow changing {', '.join(sorted(changed))}.")
    stored.clear()
    stored.update(document)
    return Answer(tenant.portal_put_status)


def _get_on_premises(tenant: Tenant, _call: Call, _roles: frozenset[str]) -> Answer:
    return Answer(200, tenant.on_premises)


def _put_on_premises(tenant: Tenant, call: Call, roles: frozenset[str]) -> Answer:
    sent = _body(call)
    if not roles & _WRITERS:
        raise RefusedError(403, "Forbidden", "The user's role does not allow changing the on-premises integration.")
    if len(sent) != 1 or not set(sent) <= set(_ON_PREMISES_WRITABLE):
        raise RefusedError(400, "BadRequest", f"Exactly one of {', '.join(_ON_PREMISES_WRITABLE)} is expected.")
    for name, value in sent.items():
        if not fits(value, bool):
            raise RefusedError(400, "BadRequest", f"{name}: {value!r} is not a Boolean.")
        tenant.on_premises[_ON_PREMISES_WRITABLE[name]] = value
    return Answer(tenant.portal_put_status)


_ROUTES: Mapping[tuple[str, str], Callable[[Tenant, Call, frozenset[str]], Answer]] = {
    ("GET", POLICY): _get_policy,
    ("PUT", POLICY): _put_policy,
    ("GET", ON_PREMISES): _get_on_premises,
    ("PUT", ON_PREMISES): _put_on_premises,
}


def _body(call: Call) -> dict[str, Any]:
    body = call.json()
    if not isinstance(body, dict) or "application/json" not in call.headers.get("content-type", ""):
        raise RefusedError(400, "BadRequest", "The body is not a JSON object.")
    return body


def _check_fields(sent: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    if sent.get("objectId", "default") != "default":
        raise RefusedError(400, "BadRequest", "objectId must be 'default'.")
    for name in sent.keys() & defaults.keys():
        value = sent[name]
        item = _ITEMS.get(name)
        if not fits(value, type(defaults[name])) or (item and not all(fits(entry, item) for entry in value)):
            raise RefusedError(400, "BadRequest", f"{name}: {value!r} has the wrong type.")
        if name in _ALLOWED and value not in _ALLOWED[name]:
            raise RefusedError(400, "BadRequest", f"{name}: {value!r} is out of range.")


def _check_groups(document: Mapping[str, Any], tenant: Tenant) -> None:
    groups = document.get(_GROUPS, [])
    selected = document.get("enablementType") == 1
    if selected and len(groups) != 1:
        raise RefusedError(400, "BadRequest", f"{_GROUPS}: exactly one group is needed.")
    for group in groups:
        if tenant.group(group) is None and (selected or group != ZERO_GUID):
            raise RefusedError(400, "BadRequest", f"{_GROUPS}: there is no group {group}.")
