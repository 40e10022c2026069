# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entra's token service: discovery and the token endpoint with its two grants."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography import x509

from .messages import Answer, Call
from .sign_in_errors import SignInError, refuse
from .state import App, Tenant, User, World
from .tokens import GRAPH_AUDIENCES, LIFETIME, PORTAL_AUDIENCES, PUBLIC_CLIENTS, Signer

_DISCOVERY = "v2.0/.well-known/openid-configuration"
_TOKEN = "oauth2/v2.0/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RESERVED = {"openid", "profile", "email", "offline_access"}


def handle(world: World, signer: Signer, call: Call, twist: Mapping[str, Any]) -> Answer:
    """Answer a call. ``twist`` changes what is issued: ``lifetime``, ``tid``, ``audience``, or an error ``code``."""
    name, _slash, rest = call.path.lstrip("/").partition("/")
    try:
        if (call.method, rest) == ("GET", _DISCOVERY):
            return Answer(200, _discovery(_tenant(world, name), call))
        if (call.method, rest) == ("POST", _TOKEN):
            if "code" in twist:
                raise SignInError(int(twist["code"]))
            return Answer(200, _token(world, signer, _tenant(world, name), call, twist), {"Cache-Control": "no-store"})
    except SignInError as refusal:
        return refuse(call, refusal)
    return Answer(404, {"error": "invalid_request", "error_description": f"There is nothing at {call.path}."})


def form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace")))


def _tenant(world: World, name: str) -> Tenant:
    tenant = world.find(name)
    if tenant is None:
        raise SignInError(90002, f"Tenant '{name}' not found.")
    return tenant


def _discovery(tenant: Tenant, call: Call) -> dict[str, Any]:
    root = f"{call.base}/{tenant.id}"
    return {
        "token_endpoint": f"{root}/{_TOKEN}",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": sorted(_RESERVED),
        "issuer": f"{root}/v2.0",
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
    }


def _token(world: World, signer: Signer, tenant: Tenant, call: Call, twist: Mapping[str, Any]) -> dict[str, Any]:
    fields = form(call)
    missing = [name for name in ("grant_type", "client_id", "scope") if not fields.get(name)]
    if missing:
        raise SignInError(90014, f"The required field '{missing[0]}' is missing from the credential.")
    bearer: App | User
    if fields["grant_type"] == "client_credentials":
        bearer = _client(world, tenant, fields, call)
    elif fields["grant_type"] == "refresh_token":
        bearer = _user(world, tenant, fields)
    else:
        raise SignInError(70003)
    audience = twist.get("audience") or _audience(fields["scope"], default_only=isinstance(bearer, App))
    lifetime = int(twist.get("lifetime", LIFETIME))
    token = signer.issue(
        tenant,
        audience,
        bearer,
        client_id=fields["client_id"],
        lifetime=lifetime,
        claims={"tid": twist["tid"], "iss": f"https://sts.windows.net/{twist['tid']}/"} if "tid" in twist else None,
    )
    answer = {
        "token_type": "Bearer",
        "expires_in": max(lifetime - 1, 0),
        "ext_expires_in": max(lifetime - 1, 0),
        "access_token": token,
    }
    return {**answer, **_for_user(signer, tenant, bearer, fields)} if isinstance(bearer, User) else answer


def _client(world: World, tenant: Tenant, fields: Mapping[str, str], call: Call) -> App:
    app = world.apps.get(fields["client_id"])
    if app is None or app.client_id not in tenant.apps:
        raise SignInError(
            700016, f"Application with identifier '{fields['client_id']}' was not found in the directory."
        )
    if "client_assertion" in fields:
        if fields.get("client_assertion_type") != _ASSERTION:
            raise SignInError(7000218)
        _check_assertion(app, tenant, fields["client_assertion"], call)
    elif "client_secret" not in fields:
        raise SignInError(7000218)
    elif fields["client_secret"] not in app.secrets:
        raise SignInError(7000215)
    if tenant.apps[app.client_id] is None:
        raise SignInError(65001)
    return app


def _check_assertion(app: App, tenant: Tenant, assertion: str, call: Call) -> None:
    """A federated token whose issuer and subject the app trusts, or one signed with a certificate of the app."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False, "verify_exp": True})
    except jwt.ExpiredSignatureError as exc:
        raise SignInError(700024) from exc
    except jwt.PyJWTError as exc:
        raise SignInError(700027, str(exc)) from exc
    if {"issuer": claims.get("iss"), "subject": claims.get("sub")} in app.federated:
        return
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise SignInError(700027, "Issuer and subject of the assertion are not the application.")
    audiences = [f"{call.base}{call.path}", f"{call.base}/{tenant.id}/{_TOKEN}", f"{call.base}/{tenant.id}/v2.0"]
    for certificate in app.certificates:
        key: Any = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        try:
            jwt.decode(
                assertion, key, ["RS256", "PS256", "ES256"], audience=audiences, options={"require": ["exp", "aud"]}
            )
        except (jwt.PyJWTError, TypeError, ValueError):
            continue
        return
    raise SignInError(700027)


def _user(world: World, tenant: Tenant, fields: Mapping[str, str]) -> User:
    if fields["client_id"] not in PUBLIC_CLIENTS:
        raise SignInError(
            700016, f"Application with identifier '{fields['client_id']}' was not found in the directory."
        )
    token = fields.get("refresh_token", "")
    if token in world.expired:
        raise SignInError(700082)
    user = world.owner(token)
    if user is None or token in world.revoked:
        raise SignInError(50173)
    if user.upn not in tenant.users:
        raise SignInError(50020, f"User account '{user.upn}' does not exist in tenant '{tenant.display_name}'.")
    if tenant.require_mfa and not user.mfa:
        raise SignInError(50076)
    return user


def _audience(scope: str, *, default_only: bool) -> str:
    wanted = [item for item in scope.split() if item not in _RESERVED]
    resources = {item.rpartition("/")[0].rstrip("/") for item in wanted}
    if len(resources) != 1:
        raise SignInError(70011)
    if default_only and not all(item.endswith("/.default") for item in wanted):
        raise SignInError(1002012)
    resource = resources.pop()
    if resource not in GRAPH_AUDIENCES + PORTAL_AUDIENCES:
        raise SignInError(500011, f"The resource principal named {resource} was not found in the tenant.")
    return resource


def _for_user(signer: Signer, tenant: Tenant, user: User, fields: Mapping[str, str]) -> dict[str, Any]:
    """What a delegated answer has on top: the scope, a further refresh token, and the account."""
    user.refresh_tokens.append(f"rt-{uuid.uuid4()}")
    extra = {"scope": fields["scope"], "refresh_token": user.refresh_tokens[-1]}
    if "openid" in fields["scope"].split():
        now = int(time.time())
        extra["id_token"] = signer.sign(
            {
                "aud": fields["client_id"],
                "iss": f"https://login.microsoftonline.com/{tenant.id}/v2.0",
                "iat": now,
                "nbf": now,
                "exp": now + LIFETIME,
                "name": user.upn,
                "oid": user.object_id,
                "preferred_username": user.upn,
                "sub": user.object_id,
                "tid": tenant.id,
                "ver": "2.0",
            }
        )
    if fields.get("client_info"):
        account = json.dumps({"uid": user.object_id, "utid": user.home_tenant or tenant.id})
        extra["client_info"] = base64.urlsafe_b64encode(account.encode()).decode().rstrip("=")
    return extra
