# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the responses of Microsoft Graph and of the portal API mean. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
from typing import Any
from urllib.parse import urlsplit

from .._errors import GRAPH, PORTAL, ErrorKind, Plane, SsprError
from .token_claims import EXPIRED_HINT, expired_kind, padded

LICENSE_CODES = frozenset({"Authentication_RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired"})
SERVICE_NAMES: Mapping[Plane, str] = {GRAPH: "Microsoft Graph", PORTAL: "the portal API"}


@dataclass(frozen=True)
class Answer:
    """One HTTP response. ``body`` is the parsed JSON; None when the body is empty or not JSON.

    ``retry_after`` is in seconds; ``challenge`` are the claims that the service requires, base64-encoded.
    """

    status: int
    body: Any
    request_id: str | None
    content_type: str
    retry_after: float | None
    location: str | None
    challenge: str | None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_web_page(self) -> bool:
        return self.content_type.startswith("text/html")


def refusal(answer: Answer, plane: Plane, needs: str, granted: frozenset[str] | None) -> SsprError:
    """The error for a response that is not a success.

    ``needs`` names the permission or role that the request needs, ``granted`` are the permissions that the token lists
    (None: it lists none).
    """
    code, text = error_of(answer.body)
    kind, message, hint = _meaning(answer, plane, code, needs, granted)
    return SsprError(
        kind,
        f"{message}: {text}" if text else message,
        plane=plane,
        status=answer.status,
        code=code,
        request_id=answer.request_id,
        hint=hint,
    )


def _meaning(
    answer: Answer, plane: Plane, code: str | None, needs: str, granted: frozenset[str] | None
) -> tuple[ErrorKind, str, str | None]:
    """Kind, message and hint for a response that is not a success."""
    service, status = SERVICE_NAMES[plane], answer.status
    if code in LICENSE_CODES:
        return "license", f"{service} requires an Entra ID P1 license for this", None
    if 300 <= status < 400:
        where = urlsplit(answer.location or "").hostname or "another address"
        return "unreachable", f"{service} redirected to {where}, which was not followed", "Check the address."
    if status >= 500 or answer.ok:
        page = " with a web page" if answer.is_web_page else ""
        return "unreachable", f"{service} returned {status}{page}", "Run it again later."
    if status == 403:
        return ("permission", *_forbidden(plane, needs, granted))
    wait = f" and asks to wait {int(answer.retry_after)} seconds" if answer.retry_after else ""
    known: Mapping[int, tuple[ErrorKind, str, str | None]] = {
        401: (expired_kind(plane), f"{service} rejected the token", EXPIRED_HINT),
        404: ("not_found", f"{service} has no such object", None),
        409: ("conflict", f"{service} reports a concurrent change", "Run it again."),
        412: ("conflict", f"{service} reports a concurrent change", "Run it again."),
        429: (
            "throttled",
            f"{service} is throttling requests (429){wait}",
            "Run it again later: settings that are already applied are not written again.",
        ),
    }
    return known.get(status, ("invalid_setting", f"{service} did not accept the request ({status})", None))


def _forbidden(plane: Plane, needs: str, granted: frozenset[str] | None) -> tuple[str, str | None]:
    """Message and hint for 403. A permission that the token lists is never called missing."""
    service = SERVICE_NAMES[plane]
    if granted is not None and needs in granted:
        hint = "Check for a tenant policy that blocks it, or a protected object, such as an administrator's account."
        return f"{service} refused access (403), although the app has the permission {needs}", hint
    if not needs:
        return f"{service} refused access (403)", None
    return f"{service} refused access (403): {needs} is missing", grant_hint(plane, needs)


def grant_hint(plane: Plane, needs: str) -> str:
    """How to get a permission of Microsoft Graph, or a role for the portal API."""
    if plane == GRAPH:
        return f"Grant the app the application permission {needs}, and have an admin of the tenant consent to it."
    return f"Assign the portal user the role {needs} in this tenant."


def seconds(retry_after: str | None) -> float | None:
    """``Retry-After`` in seconds, from a number or an HTTP date; None when it is missing or neither."""
    if not retry_after:
        return None
    try:
        number = float(retry_after)
    except ValueError:
        pass
    else:
        return max(0.0, number) if isfinite(number) else None
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except ValueError:
        return None


def error_of(body: Any) -> tuple[str | None, str | None]:
    """Code and message of an error body, in whatever shape it comes."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, str):
        return None, error
    if not isinstance(error, dict):
        return None, None
    code, message = error.get("code"), error.get("message") or error.get("Message")
    return (str(code) if code else None), (str(message) if message else None)


def claims_text(challenge: str) -> str:
    """The claims that a service requires: base64 in the standard or the URL alphabet, padded or not.

    Raises: SsprError(credential).
    """
    try:
        return base64.urlsafe_b64decode(padded(challenge.replace("+", "-").replace("/", "_"))).decode()
    except ValueError as exc:
        raise SsprError(
            "credential",
            "the service requires a token with certain claims, and its claims challenge cannot be decoded",
            hint="A Conditional Access policy may be the cause. Check the sign-in logs of the tenant.",
        ) from exc
