# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access tokens: JWTs that only the simulator can sign, and what they say about their bearer."""

from __future__ import annotations

import functools
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from .messages import GRAPH, PORTAL
from .state import App, Tenant, User

GRAPH_AUDIENCES = (
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
)
PORTAL_AUDIENCES = ("74658136-14ec-4630-ad9b-26e160ff0fc6", "ee62de39-b9b0-4886-aa58-08b89c4e3db3")
AUDIENCES = {GRAPH: GRAPH_AUDIENCES, PORTAL: PORTAL_AUDIENCES}
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
AZURE_POWERSHELL = "1950a258-227b-4e31-a9cf-717495945fc2"
PUBLIC_CLIENTS = (AZURE_CLI, AZURE_POWERSHELL)

LIFETIME = 3600
ROLE_IDS = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Authentication Policy Administrator": "0526716b-113d-4c15-b2c8-68e3c22b9f80",
    "Security Administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
    "Security Reader": "5d6b6bb7-de71-4623-b4af-96380a352509",
    "Global Reader": "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
}
_ALGORITHM = "ES256"


class InvalidTokenError(Exception):
    """The token is not ours, is expired, or is for another audience."""


@dataclass(frozen=True)
class Principal:
    """Who bears a token: an application with permissions, or a user whose roles the tenant knows."""

    tenant: str
    identity: str
    delegated: bool
    permissions: frozenset[str]

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Principal:
        delegated = claims.get("idtyp") != "app"
        identity = claims.get("upn" if delegated else "appid")
        return cls(str(claims.get("tid")), str(identity), delegated, frozenset(claims.get("roles") or ()))

    def roles(self, tenant: Tenant) -> frozenset[str]:
        return frozenset(tenant.users.get(self.identity, ())) if self.delegated else frozenset()


class Signer:
    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def issue(
        self,
        tenant: Tenant,
        audience: str,
        bearer: App | User,
        *,
        client_id: str = AZURE_CLI,
        lifetime: int = LIFETIME,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A token for an app or a user; a claim given as None is left out."""
        now = int(time.time())
        payload: dict[str, Any] = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant.id}/",
            "iat": now,
            "nbf": min(now, now + lifetime),
            "exp": now + lifetime,
            "tid": tenant.id,
            "ver": "1.0",
            **(
                _app_claims(tenant, audience, bearer)
                if isinstance(bearer, App)
                else _user_claims(tenant, audience, bearer)
            ),
        }
        payload.setdefault("appid", client_id)
        payload.update(claims or {})
        return self.sign({name: value for name, value in payload.items() if value is not None})

    def sign(self, payload: Mapping[str, Any]) -> str:
        return jwt.encode(dict(payload), self._key, _ALGORITHM)

    def read(self, token: str, audiences: Collection[str]) -> Principal:
        try:
            claims = jwt.decode(
                token,
                self._key.public_key(),
                [_ALGORITHM],
                audience=list(audiences),
                options={"require": ["exp", "aud", "tid"]},
            )
        except jwt.PyJWTError as exc:
            raise InvalidTokenError(str(exc)) from exc
        return Principal.of(claims)


@functools.lru_cache(maxsize=1024)
def peek(token: str) -> Principal | None:
    """Who a token claims to be for; believed for the log and for choosing faults only."""
    try:
        return Principal.of(jwt.decode(token, options={"verify_signature": False}))
    except (jwt.PyJWTError, TypeError):
        return None


def _app_claims(tenant: Tenant, audience: str, app: App) -> dict[str, Any]:
    granted = tenant.apps.get(app.client_id) if audience in GRAPH_AUDIENCES else None
    object_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant.id}/{app.client_id}"))
    return {"appid": app.client_id, "idtyp": "app", "oid": object_id, "sub": object_id, "roles": granted or None}


def _user_claims(tenant: Tenant, audience: str, user: User) -> dict[str, Any]:
    return {
        "idtyp": "user",
        "oid": user.object_id,
        "sub": user.object_id,
        "upn": user.upn,
        "scp": "user_impersonation" if audience in PORTAL_AUDIENCES else "Directory.AccessAsUser.All",
        "amr": ["pwd", "mfa"] if user.mfa else ["pwd"],
        "wids": [ROLE_IDS.get(role, role) for role in tenant.users.get(user.upn, ())],
    }
