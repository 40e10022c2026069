# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The days on which Microsoft changes what self-service password reset does. Data, not code: literals only.

A day that has not been announced to the day is the first one it may be. ``as_of`` is when the source was read.
"""

from __future__ import annotations

from collections.abc import Mapping

CUT_OVERS: Mapping[str, Mapping[str, str]] = {
    "security_defaults_no_grace": {
        "date": "2024-07-29",
        "what": "security defaults no longer give 14 days to register for multifactor authentication",
        "source": "security-defaults",
        "as_of": "2026-11-21",
    },
    "fresh_mfa_for_security_info": {
        "date": "2025-08-25",
        "what": "to manage security information, multifactor authentication must be at most 10 minutes old (MC1135479)",
        "source": "concept-registration-mfa-sspr-combined",
        "as_of": "2026-11-21",
    },
    "legacy_methods_unmanaged": {
        "date": "2025-09-30",
        "what": "methods can no longer be managed in the legacy MFA and SSPR policies",
        "source": "concept-authentication-methods-manage",
        "as_of": "2026-11-21",
    },
    "device_code_blocked": {
        "date": "2026-07-01",
        "what": "security defaults of new tenants block sign-in by device code",
        "source": "security-defaults",
        "as_of": "2026-11-21",
    },
    "security_info_covers_devices": {
        "date": "2026-07-06",
        "what": "Conditional Access for registering security information also covers Windows Hello and macOS",
        "source": "policy-all-users-security-info-registration",
        "as_of": "2026-11-21",
    },
    "passkeys_for_sms_users": {
        "date": "2026-09-01",
        "what": "users of SMS and voice are enabled for passkeys, unless the tenant opts out",
        "source": "concept-sms-voice-retirement",
        "as_of": "2026-11-21",
    },
    "member_of_retired": {
        "date": "2026-11-03",
        "what": "the memberOf operator in the rules of dynamic groups is retired",
        "source": "techcommunity 4544978, seen in a third party's digest only",
        "as_of": "2026-11-21",
    },
    "registered_methods_only": {
        "date": "2026-11-09",
        "what": "only registered methods count, phone numbers and addresses in the directory do not (MC1325414)",
        "source": "howto-sspr-authenticationdata; the day is the later one of those in circulation",
        "as_of": "2026-11-21",
    },
    "sms_voice_retired": {
        "date": "2027-02-01",
        "what": "Microsoft stops sending SMS and calling, except for Global Administrators and external users",
        "source": "concept-sms-voice-retirement",
        "as_of": "2026-11-21",
    },
    "security_questions_retired": {
        "date": "2027-03-01",
        "what": "security questions are retired (MC1234564: March 2027, no day given)",
        "source": "concept-authentication-security-questions",
        "as_of": "2026-11-21",
    },
    "sms_voice_retired_for_all": {
        "date": "2027-07-01",
        "what": "Microsoft stops sending SMS and calling for Global Administrators and external users too",
        "source": "concept-sms-voice-retirement",
        "as_of": "2026-11-21",
    },
}
