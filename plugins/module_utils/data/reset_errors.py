# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users see when a reset does not work: what each error means here, and how to fix it.

Data, not code: literals only, read on 2026-11-21. ``code`` and ``name`` are Microsoft's; the name is the key where it
is not given, and ``code`` is None where Microsoft has none. ``logged_as`` is how the audit log names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# By name. Source of each: the article of Microsoft's documentation (MicrosoftDocs/entra-docs, identity/authentication).
RESET_ERRORS: Mapping[str, Mapping[str, Any]] = {
    "TenantSSPRFlagDisabled": {
        "code": "SSPR_0009",
        "meaning": "Self-service password reset is not enabled in this tenant: the scope is none.",
        "fix": "Set scope to selected or all with sspr_properties.",
        "source": "troubleshoot-sspr",
    },
    "WritebackNotEnabled": {
        "code": "SSPR_0010",
        "meaning": "The user is synchronized from an on-premises directory, and password writeback is off.",
        "fix": "Set up writeback in Entra Connect or cloud sync, and turn on password_writeback with sspr_on_premises. "
        "It needs Entra ID P1 or P2, or Microsoft 365 Business Premium.",
        "source": "troubleshoot-sspr",
    },
    "SsprNotEnabledInUserPolicy": {
        "code": "SSPR_0011",
        "meaning": "The policy requires more methods than it offers to this user.",
        "fix": "Turn on more methods, or lower methods_required, with sspr_auth_methods. In a migrated tenant, check "
        "which users each method targets.",
        "source": "troubleshoot-sspr",
    },
    "UserNotLicensed": {
        "code": "SSPR_0012",
        "meaning": "The user has no license that includes self-service password reset.",
        "fix": "Assign a license with Entra ID P1 or P2, or Microsoft 365 Business Standard or Premium.",
        "source": "troubleshoot-sspr",
    },
    "UserNotMemberOfScopedAccessGroup": {
        "code": "SSPR_0013",
        "meaning": "Self-service password reset is enabled for one group, and the user is not in it.",
        "fix": "Add the user, or a group that contains the user, to that group with sspr_group.",
        "source": "troubleshoot-sspr",
    },
    "NotRegistered": {
        "code": "SSPR_0014",
        "name": "UserNotProperlyConfigured",
        "meaning": "The user has not registered.",
        "fix": "Have the user register at https://aka.ms/ssprsetup, or register methods for them with "
        "sspr_user_methods.",
        "source": "troubleshoot-sspr",
    },
    "NoRecoveryMethods": {
        "code": "SSPR_0014",
        "name": "UserNotProperlyConfigured",
        "meaning": "The user has no recovery methods: none of the registered methods counts for a reset.",
        "fix": "Register methods for the user with sspr_user_methods, or have them register at "
        "https://aka.ms/ssprsetup.",
        "source": "troubleshoot-sspr",
    },
    "TooFewMethods": {
        "code": "SSPR_0014",
        "name": "UserNotProperlyConfigured",
        "meaning": "Too few of the registered methods count for a reset.",
        "fix": "Have the user add one at https://aka.ms/mysecurityinfo, or register one for them with "
        "sspr_user_methods.",
        "source": "troubleshoot-sspr",
    },
    "OnPremisesAdminActionRequired": {
        "code": "SSPR_0029",
        "meaning": "The on-premises directory rejected the new password.",
        "fix": "Give the Entra Connect account the permission to reset passwords, and add it to the policy 'Restrict "
        "clients allowed to make remote calls to SAM'. Passwords of members of protected groups cannot be reset.",
        "source": "troubleshoot-sspr",
        "logged_as": "OnPremisesAdminActionRequired",
    },
    "OnPremisesConnectivityError": {
        "code": "SSPR_0030",
        "meaning": "The on-premises directory could not be reached.",
        "fix": "Allow the Entra Connect server to reach *.servicebus.windows.net and "
        "*.passwordreset.microsoftonline.com on port 443.",
        "source": "troubleshoot-sspr",
        "logged_as": "OnPremisesConnectivityError",
    },
    "OnPremisesSuccessCloudFailure": {
        "code": None,
        "meaning": "The password was changed on-premises, but not yet in the cloud.",
        "fix": "Wait a few minutes, then sign in with the new password.",
        "source": "troubleshoot-sspr-writeback",
        "logged_as": "OnPremisesSuccessCloudFailure",
    },
    # Microsoft has no code for the following.
    "AdministratorsCannotReset": {
        "code": None,
        "meaning": "The user has an administrator role, and administrators cannot reset their password in this tenant.",
        "fix": "Set admins_can_reset with sspr_admin_policy. It takes up to 60 minutes to take effect.",
        "source": "concept-sspr-policy",
    },
    "GuestUser": {
        "code": None,
        "meaning": "The user is a guest, whose password is not managed in this tenant.",
        "fix": "Reset the password where the account is managed, usually in the guest's home tenant.",
        "source": "concept-sspr-howitworks",
    },
    "AccountDisabled": {
        "code": None,
        "meaning": "Sign-in is blocked for this account.",
        "fix": "Unblock sign-in for the user first.",
        "source": "howto-authentication-methods-activity",
    },
    "TooManyAttempts": {
        "code": None,
        "meaning": "The user made too many attempts, and cannot reset the password for 24 hours.",
        "fix": "Wait until 24 hours after the last attempt, or reset the password for the user.",
        "source": "howto-sspr-reporting",
        "logged_as": "Blocked from self-service password reset",
    },
    "MenuHidden": {
        "code": None,
        "meaning": "The user is an administrator without an Entra ID license, and does not see Password reset in the "
        "admin center, nor its entries in the audit log.",
        "fix": "Assign an Entra ID license to this administrator. Password reset is a separate item in the menu of "
        "the admin center.",
        "source": "troubleshoot-sspr",
    },
    "AdministratorsNotNotified": {
        "code": None,
        "meaning": "This administrator is not notified when another administrator resets a password: notify_admins is "
        "off.",
        "fix": "Turn on notify_admins with sspr_notifications.",
        "source": "concept-sspr-howitworks",
    },
    "NoAddressForNotifications": {
        "code": None,
        "meaning": "This administrator has no mailbox, and gets no notification of other administrators' resets.",
        "fix": "Give the account a mailbox, or make sure that another Global Administrator has one and reads it.",
        "source": "concept-sspr-howitworks",
    },
}

# How the audit log explains an attempt, by the beginning of its text, in plain English.
# Source: entries of the audit log in public reports.
REASONS: Mapping[str, str] = {
    "User submitted their user ID": "The user entered their user name.",
    "Password reset is not enabled for this user": "Password reset is not enabled for this user: see blockers.",
    "User was presented with verification options": "The user was shown their methods to choose from.",
    "User cancelled before passing the required authentication methods": "The user canceled before the last method.",
    "User successfully reset password": "The user has a new password.",
    "FuzzyPolicyViolationInvalidPassword": "The new password is too easy to guess: it is on the banned password list.",
    "PasswordDoesnotComplyFuzzyPolicy": "The new password is too easy to guess: it is on the banned password list.",
    "OnPremisesAdminActionRequired": "The on-premises directory rejected the new password.",
    "OnPremisesConnectivityError": "The on-premises directory could not be reached.",
    "OnPremisesSuccessCloudFailure": "The password was changed on-premises, but not yet in the cloud.",
}
# The same, wherever in the text
REASONS_WITHIN: Mapping[str, str] = {
    "insufficient authentication methods defined": "The user has too few registered methods.",
}
