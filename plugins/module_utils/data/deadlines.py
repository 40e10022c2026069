# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dates on which Microsoft changes what self-service password reset does. Data, not code: literals only.

A date that has not been announced to the day is the first possible one, and ``announced`` is what Microsoft says.
``as_of`` is when the source was read.
"""

from __future__ import annotations

from collections.abc import Mapping

CUT_OVERS: Mapping[str, Mapping[str, str]] = {
    "legacy_methods_unmanaged": {
        "date": "2025-09-30",
        "what": "methods can no longer be managed in the legacy MFA and SSPR policies",
        "source": "concept-authentication-methods-manage",
        "as_of": "2026-11-21",
    },
    "member_of_retired": {
        "date": "2026-11-03",
        "what": "the memberOf operator in the rules of dynamic groups is retired",
        "source": "techcommunity 4544978, seen only in a third party's digest",
        "as_of": "2026-11-21",
    },
    "registered_methods_only": {
        "date": "2026-11-09",
        "what": "only registered methods count, not phone numbers and addresses in the directory (MC1325414)",
        "source": "howto-sspr-authenticationdata; the later of the published dates",
        "as_of": "2026-11-21",
    },
    "sms_voice_retired": {
        "date": "2027-02-01",
        "what": "Microsoft ends text messages and voice calls, except for Global Administrators and external users",
        "source": "concept-sms-voice-retirement",
        "as_of": "2026-11-21",
    },
    "security_questions_retired": {
        "date": "2027-03-01",
        "announced": "March 2027",
        "what": "Microsoft retires security questions (MC1234564: March 2027, no day given)",
        "source": "concept-authentication-security-questions",
        "as_of": "2026-11-21",
    },
    "sms_voice_retired_for_all": {
        "date": "2027-07-01",
        "what": "Microsoft ends text messages and voice calls for Global Administrators and external users, too",
        "source": "concept-sms-voice-retirement",
        "as_of": "2026-11-21",
    },
}
