# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents as the services give them, for tests that need no service. From published payloads."""

from __future__ import annotations

from typing import Any

from ansible_collections.tenantops.entra.tests.simulator import documents

GROUP = "33333333-3333-4333-8333-333333333333"

_TYPES = {
    "Email": "emailAuthenticationMethodConfiguration",
    "Sms": "smsAuthenticationMethodConfiguration",
    "Voice": "voiceAuthenticationMethodConfiguration",
    "MicrosoftAuthenticator": "microsoftAuthenticatorAuthenticationMethodConfiguration",
    "SoftwareOath": "softwareOathAuthenticationMethodConfiguration",
    "Fido2": "fido2AuthenticationMethodConfiguration",
}
_FLAGS = {"Voice": "isOfficePhoneAllowed", "MicrosoftAuthenticator": "isSoftwareOathEnabled"}


def portal_policy(**changes: Any) -> dict[str, Any]:
    """The simulator's policy document, on for everyone, with some fields changed."""
    return {**documents.portal_policy(), "enablementType": 2, **changes}


def configurations(**on: bool) -> dict[str, dict[str, Any]]:
    """Method configurations by id: ``Sms=True`` is enabled; ``office=True`` and ``code=True`` set the flags."""
    flags = {"Voice": on.pop("office", False), "MicrosoftAuthenticator": on.pop("code", False)}
    found: dict[str, dict[str, Any]] = {}
    for name, odata_type in _TYPES.items():
        found[name] = {
            "@odata.type": f"#microsoft.graph.{odata_type}",
            "id": name,
            "state": "enabled" if on.get(name) else "disabled",
            "excludeTargets": [],
            "includeTargets@odata.context": f"https://graph.microsoft.com/v1.0/$metadata#{name}/includeTargets",
            "includeTargets": [{"targetType": "group", "id": "all_users", "isRegistrationRequired": False}],
        }
        if name in _FLAGS:
            found[name][_FLAGS[name]] = flags[name]
    found["Sms"]["includeTargets"][0]["isUsableForSignIn"] = True
    return found
