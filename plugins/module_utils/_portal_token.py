# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redeeming the portal user's refresh token for the next one: what ``portal_token`` does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._credentials import (
    RefreshToken,
    sign_in_failed,
    token_errors,
)
from ansible_collections.tenantops.entra.plugins.module_utils._errors import PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._options import CONNECTION_SPEC, SECRETS, connection
from ansible_collections.tenantops.entra.plugins.module_utils._session import portal_is_known, require_libraries
from ansible_collections.tenantops.entra.plugins.module_utils._token_service import TokenClient
from ansible_collections.tenantops.entra.plugins.module_utils._tokens import check_token, claims_of
from ansible_collections.tenantops.entra.plugins.module_utils._work import Result, Work, guarded

SPEC: Mapping[str, Any] = CONNECTION_SPEC

# A refresh token of a public client lives so long from its issue, unless it is revoked (Microsoft: refresh-tokens).
LIFETIME_DAYS = 90


def exchange(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Redeem the refresh token. The result holds the next one, which is why nothing prints it."""
    work = _Exchange(params)
    result = guarded(work)
    if not result.get("failed"):
        result["refresh_token"] = work.refresh_token
    return result


class _Exchange(Work):
    refresh_token: str | None = None

    async def run(self) -> Result:
        target = connection(self.params, needs_graph=False)
        if target.portal_method != "refresh_token":
            raise SsprError(
                "portal_credential_missing",
                f"portal_auth_method {target.portal_method} has no refresh token"
                if target.portal_method
                else "there is no portal_refresh_token",
                plane=PORTAL,
                hint="Give portal_refresh_token: it is what this module redeems.",
            )
        if not portal_is_known(target):
            raise SsprError("unsupported", f"no portal API is known in the cloud {target.cloud_name}", plane=PORTAL)
        require_libraries()
        client = TokenClient(target)
        try:
            # Not through the tokens that tasks share: the point is to redeem.
            source = RefreshToken(target, client)
            token = source.get_token(target.cloud.portal_scope)
        except token_errors() as exc:
            raise sign_in_failed(PORTAL, exc, client.status) from exc
        finally:
            client.close()
        self.redactor.add(token.token)
        claims = claims_of(token.token, PORTAL)
        check_token(claims, plane=PORTAL, cloud=target.cloud, tenant=target.tenant_guid)
        given = self.params["portal_refresh_token"]
        found = source.answer.get("refresh_token")
        self.refresh_token = str(found) if found and found != given else None
        self._require_unmasked()
        seconds = source.answer.get("refresh_token_expires_in")
        told = isinstance(seconds, int) and not isinstance(seconds, bool)
        ends = time.time() + (int(seconds or 0) if told else LIFETIME_DAYS * 86400)
        return {
            "changed": False,
            "rotated": self.refresh_token is not None,
            "expires": datetime.fromtimestamp(ends, timezone.utc).isoformat(timespec="seconds"),
            "expires_source": "service" if told else "documentation",
            "user": claims.get("upn") or claims.get("unique_name"),
            "mfa": "mfa" in claims["amr"] if "amr" in claims else None,
            "tenant_id": str(claims["tid"]).lower(),
        }

    def _require_unmasked(self) -> None:
        """Ansible masks the task's secrets in any value: a token that holds one would come out destroyed."""
        held = [name for name in SECRETS if (secret := self.params.get(name)) and secret in (self.refresh_token or "")]
        if held:
            raise SsprError(
                "internal",
                f"the new refresh token happens to contain the value of {held[0]}, so it cannot be handed over",
                plane=PORTAL,
                hint="Run it again, without that option if it is not needed. The token you have stays valid.",
            )
