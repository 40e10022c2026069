# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from access tokens, and the checks for the right tenant, audience and kind.

Claims are read without checking the signature: the service does that. Here they only decide whether to use the token.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from typing import Any

from .._errors import PORTAL, ErrorKind, Plane, SsprError
from ..users.models import UserRef
from .cloud import Cloud

# Seconds by which clocks may differ
CLOCK_TOLERANCE = 300
# In the ``wids`` of every application's token
NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"


def padded(text: str) -> str:
    """Base64 as services send it, padded for a strict decoder."""
    return text + "=" * (-len(text) % 4)


def claims_of(token: str, plane: Plane) -> dict[str, Any]:
    """The claims of a JSON web token. Raises: SsprError(credential)."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(padded(payload)))
    except (IndexError, binascii.Error, ValueError):
        claims = None
    if not isinstance(claims, dict):
        raise SsprError(
            "credential",
            "the access token is not a JSON web token, so its tenant cannot be checked",
            plane=plane,
            hint="Use a token that Entra issued for this service.",
        )
    return claims


EXPIRED_HINT = (
    "Get a new credential and store it where this one came from. If it was just issued, check this controller's clock."
)


def expired_kind(plane: Plane) -> ErrorKind:
    """The kind of error for a credential that is no longer accepted."""
    return "portal_credential_expired" if plane == PORTAL else "credential"


def expired(plane: Plane, message: str) -> SsprError:
    """The error for a credential that is no longer accepted."""
    return SsprError(expired_kind(plane), message, plane=plane, hint=EXPIRED_HINT)


def check_token(
    claims: Mapping[str, Any], *, plane: Plane, cloud: Cloud, tenant: str | None, now: float | None = None
) -> None:
    """Reject a token of another tenant, another service, another kind, or one that has expired.

    ``tenant`` is the expected GUID, or None while only a domain is known.
    Raises: SsprError(tenant_mismatch, credential, portal_credential_expired, environment).
    """
    found = str(claims.get("tid", "")).lower()
    if tenant is not None and found != tenant:
        raise SsprError(
            "tenant_mismatch",
            f"the {'portal' if plane == PORTAL else 'Graph'} token was issued by tenant {found or 'unknown'}, "
            f"not by {tenant}",
            plane=plane,
            hint="Check tenant_id and the credential: a signed-in user's default token is for their home tenant.",
        )
    audience = str(claims.get("aud", ""))
    if audience not in cloud.audiences(plane):
        raise SsprError(
            "credential",
            f"the access token is for {audience!r}, not for this service",
            plane=plane,
            hint=f"Request the scope {cloud.scope(plane)}.",
        )
    now = time.time() if now is None else now
    issued, expiry = claims.get("iat"), claims.get("exp")
    if isinstance(issued, (int, float)) and issued > now + CLOCK_TOLERANCE:
        raise SsprError(
            "environment",
            f"the clock of this controller is {int(issued - now)} seconds behind that of the token service",
            plane=plane,
            hint="Synchronize it (NTP), then run it again.",
        )
    if not isinstance(expiry, (int, float)) or expiry <= now:
        raise expired(plane, "the access token has expired")
    if plane == PORTAL and (claims.get("idtyp") == "app" or not claims.get("scp")):
        raise SsprError(
            "credential",
            "the portal API accepts only a signed-in user, and this token belongs to an application",
            plane=plane,
            hint="Use a user credential: portal_refresh_token, or portal_auth_method: azure_cli with a signed-in user.",
        )


def application_permissions(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """The permissions that an application's token lists; None for a user's token, and where roles may allow more."""
    listed = claims.get("roles")
    by_role = set(claims.get("wids") or ()) - {NO_DIRECTORY_ROLE}
    return None if claims.get("scp") or by_role or not isinstance(listed, list) else frozenset(map(str, listed))


def user_of(claims: Mapping[str, Any]) -> UserRef | None:
    """The signed-in user of a delegated token; None for an application's."""
    names = claims.get("oid"), claims.get("upn") or claims.get("unique_name"), claims.get("name")
    return UserRef(*(str(name) if name else None for name in names)) if any(names[:2]) else None
