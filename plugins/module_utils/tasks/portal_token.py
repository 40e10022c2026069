# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeeming the portal user's refresh token for the next one: what ``sspr_portal_token`` does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .._errors import PORTAL, SsprError
from .._failures import Result
from ..connection.credential_options import RefreshToken
from ..connection.credentials import RefreshTokenSource, sign_in_errors
from ..connection.libraries import require_libraries
from ..connection.options import CONNECTION_SPEC, SECRETS, Connection, connection
from ..connection.token_claims import check_token, claims_of, user_of
from ..connection.token_http import TokenClient
from .base import Task, run_task
from .portal_access import no_portal

SPEC: Mapping[str, Any] = CONNECTION_SPEC

# A refresh token of a public client lives this long from its issue, unless it is revoked (Microsoft: refresh-tokens).
LIFETIME_DAYS = 90


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Redeem the refresh token. The result holds the next one, which is why nothing prints it."""
    result = run_task(_PortalToken(params))
    if isinstance(sealed := result.get("refresh_token"), SealedToken):
        result["refresh_token"] = sealed.text
    return result


@dataclass(frozen=True)
class SealedToken:
    """The next refresh token on its way through the cleaning of results, which would mask what looks like a secret."""

    text: str | None = field(repr=False)


class _PortalToken(Task):
    async def execute(self) -> Result:
        target = connection(self.params, needs_graph=False)
        credential = _refresh_token(target)
        token, answer = self._redeem(target, credential)
        self.redactor.add(token)
        claims = claims_of(token, PORTAL)
        check_token(claims, plane=PORTAL, cloud=target.cloud, tenant=target.tenant_guid)
        found = answer.get("refresh_token")
        new_token = str(found) if found and found != credential.token else None
        self._require_unmasked(new_token)
        seconds = answer.get("refresh_token_expires_in")
        by_service = isinstance(seconds, int) and not isinstance(seconds, bool)
        ends = time.time() + (int(seconds or 0) if by_service else LIFETIME_DAYS * 86400)
        user = user_of(claims)
        return {
            "changed": new_token is not None,
            "rotated": new_token is not None,
            "expires": datetime.fromtimestamp(ends, timezone.utc).isoformat(timespec="seconds"),
            "expires_source": "service" if by_service else "documentation",
            "user": user.as_result() if user else None,
            "mfa": "mfa" in claims["amr"] if "amr" in claims else None,
            "tenant": {"id": str(claims["tid"]).lower(), "display_name": None, "default_domain": None},
            "refresh_token": SealedToken(new_token),
        }

    def _redeem(self, target: Connection, credential: RefreshToken) -> tuple[str, dict[str, Any]]:
        """The access token, and the whole response. The tokens that tasks share are not used: this task has to redeem.

        Raises: SsprError.
        """
        require_libraries()
        client = TokenClient(target)
        try:
            with sign_in_errors(PORTAL, client):
                source = RefreshTokenSource(target, credential, client)
                token = source.get_token(target.cloud.scope(PORTAL))
        finally:
            client.close()
        return token.token, source.answer

    def _require_unmasked(self, new_token: str | None) -> None:
        """Ansible masks the task's secrets in any value: a token that contains one would be unusable."""
        held = [name for name in SECRETS if (secret := self.params.get(name)) and secret in (new_token or "")]
        if held:
            raise SsprError(
                "invalid_setting",
                f"{held[0]}: the new refresh token happens to contain its value, so Ansible would mask a part of it",
                plane=PORTAL,
                hint="Run it again, without that option if it is not needed. The token you have stays valid.",
            )


def _refresh_token(target: Connection) -> RefreshToken:
    """The credential to redeem. Raises: SsprError."""
    if not isinstance(target.portal, RefreshToken):
        raise SsprError(
            "portal_credential_missing",
            f"portal_auth_method {target.portal.method} has no refresh token"
            if target.portal
            else "portal_refresh_token is not set",
            plane=PORTAL,
            hint="Set portal_refresh_token, which this module redeems.",
        )
    if not target.cloud.has_portal:
        raise no_portal(target)
    return target.portal
