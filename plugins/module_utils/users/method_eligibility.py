# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can reset a password: which registered methods count under given settings, and who would no longer have enough.

Pure: settings by option name (``methods.email``) and rows of the registration report in. A method whose switch is not
known (None) does not count, so an unknown is never taken for readiness; see ``settings_known``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..data.calendar import CUT_OVERS
from .models import Registration
from .roles import GLOBAL_ADMINISTRATOR


@dataclass(frozen=True)
class Gate:
    """How a method of the report counts: as which gate, while one of the options is on, until which cut-over.

    ``with_two``: in a tenant that is not migrated only where two methods are required. ``provided``: kept alive by a
    telephony provider of the tenant's own.
    """

    gate: str
    options: tuple[str, ...]
    ends: str | None = None
    with_two: bool = False
    provided: bool = False


# By Graph's method name. What is not here never counts: the alternate mobile phone, passkeys, Windows Hello, Temporary
# Access Pass, certificates, passwordless sign-in. Push and codes of an app are one gate, since nobody can tell from the
# report whether they come from two apps. Hardware tokens have no option in a migrated tenant.
# Sources: concept-sspr-howitworks, concept-authentication-phone-options.
GATES: Mapping[str, Gate] = {
    "email": Gate("email", ("methods.email",)),
    "mobilePhone": Gate(
        "mobile_phone", ("methods.mobile_phone", "methods.voice"), ends="sms_voice_retired", provided=True
    ),
    "officePhone": Gate("office_phone", ("methods.office_phone",), ends="sms_voice_retired", provided=True),
    "microsoftAuthenticatorPush": Gate("mobile_app", ("methods.mobile_app_notification",), with_two=True),
    "softwareOneTimePasscode": Gate("mobile_app", ("methods.mobile_app_code", "methods.software_oath")),
    "hardwareOneTimePasscode": Gate("mobile_app", ("methods.mobile_app_code",)),
    "securityQuestion": Gate("security_questions", ("methods.security_questions",), ends="security_questions_retired"),
}

ADMIN_METHODS = 2

Settings = Mapping[str, Any]


def reached(cut_over: str, as_of: date) -> bool:
    """Whether a day of the calendar has come."""
    return as_of >= date.fromisoformat(CUT_OVERS[cut_over]["date"])


def settings_known(settings: Settings) -> bool:
    """Whether the settings tell how many methods are required and which are on; otherwise nobody can be judged."""
    return settings.get("methods_required") is not None and any(
        settings.get(option) is not None for gate in GATES.values() for option in gate.options
    )


def counts(gate: Gate, settings: Settings, migrated: bool | None, as_of: date, telephony_provider: bool) -> bool:
    if not any(settings.get(option) for option in gate.options):
        return False
    if gate.with_two and not migrated and settings.get("methods_required") != 2:
        return False
    return gate.ends is None or (gate.provided and telephony_provider) or not reached(gate.ends, as_of)


def usable(
    registration: Registration,
    settings: Settings,
    migrated: bool | None,
    as_of: date,
    telephony_provider: bool = False,
) -> frozenset[str]:
    """The gates that the registered methods open, each once: ``email``, ``mobile_phone``, ``mobile_app`` and so on."""
    return frozenset(
        gate.gate
        for name in registration.methods
        if (gate := GATES.get(name)) is not None and counts(gate, settings, migrated, as_of, telephony_provider)
    )


def capable(
    registration: Registration,
    settings: Settings,
    migrated: bool | None,
    as_of: date,
    telephony_provider: bool = False,
) -> bool:
    """Whether enough gates are open, for somebody in scope; False when the required number is not known."""
    required = settings.get("methods_required")
    if required is None:
        return False
    return len(usable(registration, settings, migrated, as_of, telephony_provider)) >= int(required)


def admin_gates(
    registration: Registration, roles: frozenset[str], as_of: date, telephony_provider: bool = False
) -> frozenset[str]:
    """What counts under Microsoft's policy for administrators, who need two of e-mail, app and phone.

    Each counts once, whatever the tenant has switched on; questions never do.
    """
    last = "sms_voice_retired_for_all" if GLOBAL_ADMINISTRATOR in roles else "sms_voice_retired"
    phones = telephony_provider or not reached(last, as_of)
    gates = {GATES[name].gate.replace("office_phone", "mobile_phone") for name in registration.methods if name in GATES}
    return frozenset(gates - {"security_questions"} - (set() if phones else {"mobile_phone"}))
