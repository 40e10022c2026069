# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people are told when a reset does not work, each with what it means here and the way out.

Data, not code: literals only. ``code`` and ``name`` are Microsoft's; without a name it is the key, and what has no code
of Microsoft's has none here. ``words`` is how the audit log names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AS_OF = "2026-11-21"

# By name. Source of each: the article of Microsoft's documentation (MicrosoftDocs/entra-docs, identity/authentication).
RESET_ERRORS: Mapping[str, Mapping[str, Any]] = {
    "TenantSSPRFlagDisabled": {
        "code": "SSPR_0009",
        "meaning": "Self-service password reset is not enabled in this tenant: its scope is none.",
        "fix": "Set the scope to selected or all: sspr_properties with scope.",
        "source": "troubleshoot-sspr",
    },
    "WritebackNotEnabled": {
        "code": "SSPR_0010",
        "meaning": "The user comes from the directory on premises, and writing passwords back to it is off.",
        "fix": "Set up writeback in Connect or cloud sync, and switch it on: sspr_on_premises with password_writeback. "
        "It needs Entra ID P1, P2 or Business Premium.",
        "source": "troubleshoot-sspr",
    },
    "SsprNotEnabledInUserPolicy": {
        "code": "SSPR_0011",
        "meaning": "The policy asks this user for more methods than it offers to them.",
        "fix": "Switch on more methods, or lower the number: sspr_auth_methods with methods and methods_required. In a "
        "migrated tenant, see to whom each method is limited.",
        "source": "troubleshoot-sspr",
    },
    "UserNotLicensed": {
        "code": "SSPR_0012",
        "meaning": "The user has no licence with self-service password reset.",
        "fix": "Assign a licence with Entra ID P1 or P2, or Microsoft 365 Business Standard or Premium.",
        "source": "troubleshoot-sspr",
    },
    "UserNotMemberOfScopedAccessGroup": {
        "code": "SSPR_0013",
        "meaning": "Self-service password reset is on for one group, and the user is not in it.",
        "fix": "Put the user, or a group the user is in, into that group: sspr_pilot with members or groups.",
        "source": "troubleshoot-sspr",
    },
    "NotRegistered": {
        "code": "SSPR_0014",
        "name": "UserNotProperlyConfigured",
        "meaning": "The user has not registered.",
        "fix": "Have the user register at https://aka.ms/ssprsetup, or register methods for them: sspr_user_methods.",
        "source": "troubleshoot-sspr",
    },
    "NoRecoveryMethods": {
        "code": "SSPR_0014",
        "name": "UserNotProperlyConfigured",
        "meaning": "The user has no recovery methods: nothing of what is registered counts for a reset.",
        "fix": "Register methods for the user: sspr_user_methods. Or have them do it at https://aka.ms/ssprsetup.",
        "source": "troubleshoot-sspr",
    },
    "TooFewMethods": {
        "code": "SSPR_0014",
        "name": "UserNotProperlyConfigured",
        "meaning": "Too few of the methods that the user has registered count for a reset.",
        "fix": "Have the user add one at https://aka.ms/mysecurityinfo, or register one for them: sspr_user_methods.",
        "source": "troubleshoot-sspr",
    },
    "OnPremisesAdminActionRequired": {
        "code": "SSPR_0029",
        "meaning": "The directory on premises refused the new password.",
        "fix": "Give the Connect account the right to reset passwords, and list it in the policy 'Restrict clients "
        "allowed to make remote calls to SAM'. Members of protected groups cannot be reset.",
        "source": "troubleshoot-sspr",
        "words": "OnPremisesAdminActionRequired",
    },
    "OnPremisesConnectivityError": {
        "code": "SSPR_0030",
        "meaning": "The directory on premises could not be reached.",
        "fix": "Let the Connect server reach *.servicebus.windows.net and *.passwordreset.microsoftonline.com on port "
        "443.",
        "source": "troubleshoot-sspr",
        "words": "OnPremisesConnectivityError",
    },
    "OnPremisesSuccessCloudFailure": {
        "code": None,
        "meaning": "The password was changed on premises, and the cloud does not have it yet.",
        "fix": "Wait a few minutes and sign in with the new password.",
        "source": "troubleshoot-sspr-writeback",
        "words": "OnPremisesSuccessCloudFailure",
    },
    # What follows has no code of Microsoft's.
    "AdministratorsCannotReset": {
        "code": None,
        "meaning": "The user holds an administrator role, and administrators cannot reset in this tenant.",
        "fix": "Allow it: sspr_admin_policy with admins_can_reset. It takes up to 60 minutes.",
        "source": "concept-sspr-policy",
    },
    "GuestUser": {
        "code": None,
        "meaning": "The user is a guest: the password is kept elsewhere.",
        "fix": "Reset it where the account is.",
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
        "meaning": "The user tried too often and is locked out of reset for 24 hours.",
        "fix": "Wait 24 hours from the last attempt, or reset the password for the user.",
        "source": "howto-sspr-reporting",
        "words": "Blocked from self-service password reset",
    },
    "MenuHidden": {
        "code": None,
        "meaning": "The user is an administrator without an Entra licence, and such do not see Password reset in the "
        "admin center, nor its entries in the audit log.",
        "fix": "Assign an Entra ID licence to this administrator. It is a direct item of the admin center's menu.",
        "source": "troubleshoot-sspr",
    },
    "AdministratorsNotNotified": {
        "code": None,
        "meaning": "This administrator is not told when another one resets a password: notify_admins is off.",
        "fix": "Switch it on: sspr_notifications with notify_admins.",
        "source": "concept-sspr-howitworks",
    },
    "NoAddressForNotifications": {
        "code": None,
        "meaning": "This administrator has no mailbox, so the mail about other administrators' resets reaches nobody.",
        "fix": "Give the account a mailbox, or have another Global Administrator who reads theirs.",
        "source": "concept-sspr-howitworks",
    },
}

# How the audit log explains an attempt, by the beginning of its text, in plain words.
# Source: entries of the audit log in public reports.
REASONS: Mapping[str, str] = {
    "User submitted their user ID": "The user typed in who they are.",
    "Password reset is not enabled for this user": "Reset is not enabled for this user: see blockers.",
    "User was presented with verification options": "The user was offered their methods to choose from.",
    "User cancelled before passing the required authentication methods": "The user gave up before the last method.",
    "User successfully reset password": "The user has a new password.",
    "FuzzyPolicyViolationInvalidPassword": "The new password is too easy to guess: it is on the list of banned ones.",
    "PasswordDoesnotComplyFuzzyPolicy": "The new password is too easy to guess: it is on the list of banned ones.",
    "OnPremisesAdminActionRequired": "The directory on premises refused the new password.",
    "OnPremisesConnectivityError": "The directory on premises could not be reached.",
    "OnPremisesSuccessCloudFailure": "Changed on premises, and not yet in the cloud.",
}
# The same, wherever in the text.
REASONS_WITHIN: Mapping[str, str] = {
    "insufficient authentication methods defined": "Too few methods of the user are registered.",
}
