# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entra's sign-in error codes that operators see, each with what it means here and how to fix it.

Data, not code: literals only. Source: Microsoft's list of AADSTS error codes, and issue threads of other tools.
``expired`` is whether the credential was accepted before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SIGN_IN_ERRORS: Mapping[str, Mapping[str, Any]] = {
    "700082": {
        "hint": "The refresh token was not used for 90 days. "
        "Sign in again as the portal user, with MFA, and store the new refresh token.",
        "expired": True,
    },
    "70043": {
        "hint": "A Conditional Access policy limits the sign-in frequency. "
        "Sign in again as the portal user, with MFA, and store the new refresh token.",
        "expired": True,
    },
    "70008": {
        "hint": "The refresh token has expired. "
        "Sign in again as the portal user, with MFA, and store the new refresh token.",
        "expired": True,
    },
    "50173": {
        "hint": "The user's sessions were revoked or the password was changed. "
        "Sign in again as the portal user, with MFA, and store the new refresh token.",
        "expired": True,
    },
    "50078": {
        "hint": "The multifactor sign-in is too old. "
        "Sign in again as the portal user, with MFA, and store the new refresh token.",
        "expired": True,
    },
    "7000222": {
        "hint": "The client secret has expired. Create a new one in the app registration.",
        "expired": True,
    },
    "7000215": {
        "hint": "The client secret is wrong. Use its value, not its ID.",
        "expired": False,
    },
    "700027": {
        "hint": "The app registration does not have this certificate. Upload its public part there.",
        "expired": False,
    },
    "700016": {
        "hint": "The app is not in this tenant. Check tenant_id, or have an admin of the tenant consent to the app.",
        "expired": False,
    },
    "65001": {
        "hint": "The tenant has not consented to the app. Have an admin of the tenant grant consent.",
        "expired": False,
    },
    "65002": {
        "hint": "Entra does not let this client request tokens for the portal API. Use the Azure CLI's client.",
        "expired": False,
    },
    "90002": {
        "hint": "There is no such tenant. Check tenant_id and cloud.",
        "expired": False,
    },
    "900023": {
        "hint": "tenant_id is neither a tenant's GUID nor one of its domains.",
        "expired": False,
    },
    "50020": {
        "hint": "The portal user is not in this tenant. Check the GDAP relationship, or invite the user.",
        "expired": False,
    },
    "50034": {
        "hint": "The portal user is not in this tenant. Check the GDAP relationship, or invite the user.",
        "expired": False,
    },
    "50076": {
        "hint": "The tenant requires MFA. Get the refresh token by signing in with MFA.",
        "expired": False,
    },
    "50079": {
        "hint": "The tenant requires the portal user to register for MFA. Sign in once in a browser and register.",
        "expired": False,
    },
    "53003": {
        "hint": "A Conditional Access policy of the tenant blocks this sign-in. Its sign-in logs show which one.",
        "expired": False,
    },
    "530003": {
        "hint": "A Conditional Access policy of the tenant requires a managed device for this sign-in. "
        "Its sign-in logs show which one.",
        "expired": False,
    },
    "50057": {
        "hint": "The portal user's account is disabled. Enable it, and sign in again.",
        "expired": False,
    },
    "50126": {
        "hint": "The user name or password is wrong. Sign in again.",
        "expired": False,
    },
    "700007": {
        "hint": "Entra no longer lets this client exchange the token of another client. Sign in with this client.",
        "expired": False,
    },
    "9002313": {
        "hint": "The refresh token is malformed. Check how it is stored and passed on.",
        "expired": False,
    },
}
