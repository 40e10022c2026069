# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the token service says no: Entra's numbered errors in Entra's shape."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .messages import Answer, Call

# code: (status, error, text)
_ERRORS = {
    50020: (400, "invalid_grant", "User account does not exist in tenant and cannot access the application in it."),
    50057: (400, "invalid_grant", "The user account is disabled."),
    50076: (400, "invalid_grant", "You must use multi-factor authentication to access the resource."),
    50079: (400, "invalid_grant", "You must enroll in multi-factor authentication to access the resource."),
    50173: (400, "invalid_grant", "The provided grant has expired due to it being revoked."),
    53003: (400, "invalid_grant", "Access has been blocked by Conditional Access policies."),
    65001: (400, "invalid_grant", "The user or administrator has not consented to use the application."),
    70043: (
        400,
        "invalid_grant",
        "The refresh token is invalid due to sign-in frequency checks.",
    ),
    90002: (400, "invalid_request", "Tenant not found. Check that you have the correct tenant and cloud."),
    90014: (400, "invalid_request", "A required field is missing from the credential."),
    90033: (503, "temporarily_unavailable", "A transient error has occurred. Please try again."),
    500011: (400, "invalid_resource", "The resource principal was not found in the tenant."),
    530084: (400, "invalid_grant", "Access has been blocked by conditional access token protection policy."),
    700016: (400, "unauthorized_client", "Application was not found in the directory."),
    700024: (401, "invalid_client", "Client assertion is not within its valid time range."),
    700027: (401, "invalid_client", "Client assertion failed signature validation."),
    700082: (400, "invalid_grant", "The refresh token has expired due to inactivity."),
    70003: (400, "unsupported_grant_type", "The app requested an unsupported grant type."),
    70011: (400, "invalid_scope", "The provided value for the input parameter 'scope' is not valid."),
    7000215: (401, "invalid_client", "Invalid client secret provided."),
    7000218: (401, "invalid_client", "The request body must contain: 'client_assertion' or 'client_secret'."),
    7000222: (401, "invalid_client", "The provided client secret keys are expired."),
    1002012: (400, "invalid_scope", "Client credential flows must have a scope value with /.default."),
}


class SignInError(Exception):
    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


def refuse(call: Call, refusal: SignInError) -> Answer:
    status, error, text = _ERRORS.get(refusal.code, (400, "invalid_grant", "The sign-in was refused."))
    now = datetime.now(timezone.utc)
    correlation = call.headers.get("client-request-id", call.request_id)
    description = (
        f"AADSTS{refusal.code}: {refusal.detail or text} Trace ID: {call.request_id} "
        f"Correlation ID: {correlation} Timestamp: {now:%Y-%m-%d %H:%M:%SZ}"
    )
    body: dict[str, Any] = {
        "error": error,
        "error_description": description,
        "error_codes": [refusal.code],
        "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
        "trace_id": call.request_id,
        "correlation_id": correlation,
        "error_uri": f"{call.base}/error?code={refusal.code}",
    }
    if refusal.code == 50076:
        body["suberror"] = "basic_action"
    return Answer(status, body)
