# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entra's sign-in error codes that operators meet, each with what it means here and the way out.

Data, not code. Source: Microsoft's list of AADSTS error codes, and the threads of tools that met them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CODE = re.compile(r"AADSTS(\d{4,7})")


@dataclass(frozen=True)
class SignInError:
    """``expired`` tells a credential that was good once from one that never was."""

    hint: str
    expired: bool = False


_NEW_TOKEN = "Sign in again as the portal user, with MFA, and store the new refresh token."

SIGN_IN_ERRORS = {
    "700082": SignInError(f"The refresh token was not used for 90 days. {_NEW_TOKEN}", expired=True),
    "70043": SignInError(f"A Conditional Access policy limits the sign-in frequency. {_NEW_TOKEN}", expired=True),
    "70008": SignInError(_NEW_TOKEN, expired=True),
    "50173": SignInError(f"The user's sessions were revoked or the password changed. {_NEW_TOKEN}", expired=True),
    "50078": SignInError(f"The multifactor sign-in is too old. {_NEW_TOKEN}", expired=True),
    "7000222": SignInError("The client secret has expired: make a new one in the app registration.", expired=True),
    "7000215": SignInError("The client secret is wrong: give its value, not its id."),
    "700027": SignInError("The app registration does not know this certificate: upload its public part there."),
    "700016": SignInError("The app is not in this tenant: check tenant_id, or have the tenant's admin consent to it."),
    "65001": SignInError("The tenant has not consented to the app: have an admin of the tenant grant consent."),
    "65002": SignInError("Entra does not let this client ask for the portal API: use the Azure CLI's client."),
    "90002": SignInError("There is no such tenant: check tenant_id and cloud."),
    "900023": SignInError("tenant_id is neither a tenant's GUID nor one of its domains."),
    "50020": SignInError("The portal user is not in this tenant: check the GDAP relationship or invite the user."),
    "50034": SignInError("The portal user is not in this tenant: check the GDAP relationship or invite the user."),
    "50076": SignInError("The tenant wants MFA: get the refresh token by a sign-in with MFA."),
    "50079": SignInError("The tenant wants the portal user to register for MFA first."),
    "53003": SignInError("A Conditional Access policy of the tenant blocks this sign-in."),
    "530003": SignInError("A Conditional Access policy of the tenant wants a managed device for this sign-in."),
    "50057": SignInError("The portal user's account is disabled."),
    "50126": SignInError("User name or password is wrong."),
    "700007": SignInError("Entra no longer lets this client exchange the token of another: sign in with this client."),
    "9002313": SignInError("The refresh token is malformed: check how it is stored and handed over."),
}


def code_of(text: str) -> str | None:
    """The AADSTS number in an error text."""
    found = CODE.search(text)
    return found.group(1) if found else None
