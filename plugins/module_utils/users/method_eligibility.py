# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which registered methods count for a reset, and whether they are enough: one policy on one day.

Pure: settings by option name (``methods.email``) and the registration report's names of methods in. A method whose
setting is unknown (None) does not count, so an unknown setting never counts as ready; see ``settings_known``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from ..data.deadlines import CUT_OVERS
from .roles import GLOBAL_ADMINISTRATOR

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class CountedMethod:
    """How a registered method counts: as which kind, while one of the options is on, until which cut-over.

    ``needs_two``: before the tenant is migrated, only where two methods are required. ``kept_by_provider``: a telephony
    provider of the tenant's own keeps it after the cut-over.
    """

    kind: str
    options: tuple[str, ...]
    ends: str | None = None
    needs_two: bool = False
    kept_by_provider: bool = False


# By the registration report's name. What is not here never counts: the alternate mobile phone, passkeys, Windows Hello,
# Temporary Access Pass, certificates, passwordless sign-in. Notifications and codes of an app are one kind, since the
# report does not show whether they come from two apps. Hardware tokens have no option in a migrated tenant.
# Sources: concept-sspr-howitworks, concept-authentication-phone-options.
COUNTED_METHODS: Mapping[str, CountedMethod] = {
    "email": CountedMethod("email", ("methods.email",)),
    "mobilePhone": CountedMethod(
        "mobile_phone", ("methods.mobile_phone", "methods.voice"), ends="sms_voice_retired", kept_by_provider=True
    ),
    "officePhone": CountedMethod(
        "office_phone", ("methods.office_phone",), ends="sms_voice_retired", kept_by_provider=True
    ),
    "microsoftAuthenticatorPush": CountedMethod("mobile_app", ("methods.mobile_app_notification",), needs_two=True),
    "softwareOneTimePasscode": CountedMethod("mobile_app", ("methods.mobile_app_code", "methods.software_oath")),
    "hardwareOneTimePasscode": CountedMethod("mobile_app", ("methods.mobile_app_code",)),
    "securityQuestion": CountedMethod(
        "security_questions", ("methods.security_questions",), ends="security_questions_retired"
    ),
}
# What a tenant offers, by kind: one of these options is on. One phone number is one method, whether it receives a text
# message or a call; so is one app, whether it shows codes or notifications. The kinds are those of COUNTED_METHODS, but
# other authenticator apps are one of their own: a user can register both, and only the report does not tell them apart.
OFFERED_KINDS: Mapping[str, tuple[str, ...]] = {
    "email": ("methods.email",),
    "mobile_phone": ("methods.mobile_phone", "methods.voice"),
    "office_phone": ("methods.office_phone",),
    "mobile_app": ("methods.mobile_app_notification", "methods.mobile_app_code"),
    "software_oath": ("methods.software_oath",),
    "security_questions": ("methods.security_questions",),
}
ADMIN_METHODS_REQUIRED = 2


def reached(cut_over: str, day: date) -> bool:
    """Whether a cut-over has come."""
    return day >= date.fromisoformat(CUT_OVERS[cut_over]["date"])


def settings_known(settings: Settings) -> bool:
    """Whether the number of required methods is known, and at least one method's setting."""
    return settings.get("methods_required") is not None and any(
        settings.get(option) is not None for method in COUNTED_METHODS.values() for option in method.options
    )


@dataclass(frozen=True)
class Audience:
    """Whom a method is for. ``included`` is None for everyone."""

    included: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()

    def __contains__(self, user_id: str) -> bool:
        return (self.included is None or user_id in self.included) and user_id not in self.excluded


@dataclass(frozen=True)
class Policy:
    """Whom self-service reset is for, and with what, on a day.

    ``known`` is False where the settings do not show which methods count and how many are required. ``scope`` is None
    where it is unknown; ``members`` are the object ids of the users in the group of scope ``selected``. ``audiences``
    are the options of methods that are not for everyone.
    """

    settings: Settings
    migrated: bool | None
    day: date
    known: bool = True
    scope: str | None = None
    members: frozenset[str] = frozenset()
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    telephony_provider: bool = False

    def covers(self, user_id: str) -> bool | None:
        """Whether a member of the tenant is in scope; None where the scope is unknown."""
        if self.scope is None:
            return None
        return self.scope == "all" or (self.scope == "selected" and user_id in self.members)

    def for_user(self, user_id: str) -> Policy:
        """The policy as it is for one user: methods that are not for the user are off."""
        off = [option for option, audience in self.audiences.items() if user_id not in audience]
        return replace(self, settings={**self.settings, **dict.fromkeys(off, False)}) if off else self

    def counts(self, method: CountedMethod) -> bool:
        """Whether a method, once registered, counts."""
        if not any(self.settings.get(option) for option in method.options):
            return False
        if method.needs_two and not self.migrated and self.settings.get("methods_required") != 2:
            return False
        kept = method.kept_by_provider and self.telephony_provider
        return method.ends is None or kept or not reached(method.ends, self.day)

    def kinds(self, methods: frozenset[str]) -> frozenset[str]:
        """The kinds of methods that count, each once: ``email``, ``mobile_phone``, ``mobile_app`` and so on."""
        return frozenset(
            method.kind for name in methods if (method := COUNTED_METHODS.get(name)) is not None and self.counts(method)
        )

    def suffices(self, methods: frozenset[str]) -> bool:
        """Whether they are enough for a user in scope; False where the required number is unknown."""
        required = self.settings.get("methods_required")
        return required is not None and len(self.kinds(methods)) >= int(required)

    def admin_kinds(self, methods: frozenset[str], roles: frozenset[str]) -> frozenset[str]:
        """The kinds that count under Microsoft's policy for administrators, who need two of email, app and phone.

        Each counts once, whatever the tenant has turned on; security questions never do. ``roles`` are template ids.
        """
        last = "sms_voice_retired_for_all" if GLOBAL_ADMINISTRATOR in roles else "sms_voice_retired"
        phones = self.telephony_provider or not reached(last, self.day)
        registered = {COUNTED_METHODS[name].kind for name in methods if name in COUNTED_METHODS}
        kinds = {kind.replace("office_phone", "mobile_phone") for kind in registered} - {"security_questions"}
        return frozenset(kinds if phones else kinds - {"mobile_phone"})

    def suffices_for_admin(self, methods: frozenset[str], roles: frozenset[str]) -> bool:
        """Whether they are enough under Microsoft's policy for administrators."""
        return len(self.admin_kinds(methods, roles)) >= ADMIN_METHODS_REQUIRED
