# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tokens say, and the guards that no token passes with the wrong tenant, audience or kind.

Claims are read without checking the signature: the service does that. Here they only decide whether to use the token.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._clouds import Cloud
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError


def padded(text: str) -> str:
    """Base64 as services send it, made good for a strict decoder."""
    return text + "=" * (-len(text) % 4)


def claims_of(token: str, plane: str) -> dict[str, Any]:
    """The claims of a JSON web token."""
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
            hint="Give a token as issued by Entra for this service.",
        )
    return claims


def expired(plane: str, what: str) -> SsprError:
    """The error for a credential that was good once."""
    kind = "portal_credential_expired" if plane == PORTAL else "credential"
    return SsprError(kind, what, plane=plane, hint="Get a new one, and store it where this one came from.")


def check_token(
    claims: Mapping[str, Any], *, plane: str, cloud: Cloud, tenant: str | None, now: float | None = None
) -> None:
    """Refuse a token of another tenant, another service, another kind, or one that has expired.

    ``tenant`` is the GUID that was asked for, or None while only a domain is known.
    """
    found = str(claims.get("tid", "")).lower()
    if tenant is not None and found != tenant:
        raise SsprError(
            "tenant_mismatch",
            f"the {'portal' if plane == PORTAL else 'Graph'} token was issued by tenant {found or 'unknown'}, "
            f"not by {tenant}",
            plane=plane,
            hint="Check tenant_id and the credential; a signed-in user easily gets a token of their own employer.",
        )
    audiences = cloud.graph_audiences if plane == GRAPH else frozenset({str(cloud.portal_audience)})
    audience = str(claims.get("aud", ""))
    if audience not in audiences:
        raise SsprError(
            "credential",
            f"the access token is meant for {audience!r}, not for this service",
            plane=plane,
            hint=f"Ask for the scope {cloud.graph_scope if plane == GRAPH else cloud.portal_scope}.",
        )
    expiry = claims.get("exp")
    if not isinstance(expiry, (int, float)) or expiry <= (time.time() if now is None else now):
        raise expired(plane, "the access token has expired")
    if plane == PORTAL and (claims.get("idtyp") == "app" or not claims.get("scp")):
        raise SsprError(
            "credential",
            "the portal API accepts a signed-in user only; this token belongs to an application",
            plane=plane,
            hint="Use a delegated credential: portal_auth_method azure_cli (signed in as a user) or refresh_token.",
        )
