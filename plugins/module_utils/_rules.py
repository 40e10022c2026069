# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cross-field rules that make a setting impossible, decided from the page's own documents.

Each rule measures how far a tenant is from fulfilling it (0 = fulfilled). A task is stopped only when it makes that
worse; what was already so is a warning. Sources: Microsoft's SSPR documentation, named at each rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class View:
    """What the rules look at: every setting by option name (None = not known), and what no option shows."""

    settings: Mapping[str, Any]
    migrated: bool | None
    questions_defined: int | None = None
    email_serves_guests: bool = False

    def on(self, *methods: str) -> bool:
        return any(self.settings.get(f"methods.{method}") for method in methods)

    @property
    def offers_reset(self) -> bool:
        return self.settings.get("scope") not in (None, "none")

    @property
    def methods_known(self) -> bool:
        return self.migrated is not None and self.settings.get("methods_required") is not None

    @property
    def other_methods(self) -> int:
        """How many kinds of methods are on, the Authenticator app left out; one phone number counts once."""
        kinds = (("email",), ("mobile_phone", "voice"), ("office_phone",), ("security_questions",))
        return sum(self.on(*kind) for kind in kinds) + (1 if self.migrated and self.on("software_oath") else 0)

    @property
    def app(self) -> bool:
        return self.on("mobile_app_notification", "mobile_app_code")


@dataclass(frozen=True)
class Rule:
    """``shortfall`` tells how far a view is from the rule, 0 when it holds or cannot be judged."""

    rule: str
    options: tuple[str, ...]
    message: str
    shortfall: Callable[[View], int]


def _selected_without_group(view: View) -> int:
    return int(view.settings.get("scope") == "selected" and not view.settings.get("group"))


def _too_few_methods(view: View) -> int:
    if not (view.offers_reset and view.methods_known):
        return 0
    return max(0, int(view.settings["methods_required"]) - view.other_methods - int(view.app))


def _app_needs_company(view: View) -> int:
    if view.migrated is not False or not (view.offers_reset and view.methods_known and view.app):
        return 0
    return max(0, int(view.settings["methods_required"]) - view.other_methods)


def _resets_more_than_registered(view: View) -> int:
    register, reset = view.settings.get("questions_to_register"), view.settings.get("questions_to_reset")
    return max(0, reset - register) if register is not None and reset is not None else 0


def _too_few_questions(view: View) -> int:
    register = view.settings.get("questions_to_register")
    if not view.on("security_questions") or register is None or view.questions_defined is None:
        return 0
    return max(0, int(register) - view.questions_defined)


def _link_without_contact(view: View) -> int:
    return int(view.settings.get("helpdesk_link") is True and view.settings.get("helpdesk_contact") == "")


def _email_serves_guests(view: View) -> int:
    return int(view.email_serves_guests and view.settings.get("methods.email") is False)


_METHODS = (
    "methods.email",
    "methods.mobile_phone",
    "methods.voice",
    "methods.office_phone",
    "methods.mobile_app_notification",
    "methods.mobile_app_code",
    "methods.software_oath",
    "methods.security_questions",
)

RULES = (
    # tutorial-enable-sspr: exactly one group
    Rule(
        "V02",
        ("scope", "group"),
        "scope: selected needs exactly one group; give group (nest further groups in it)",
        _selected_without_group,
    ),
    # concept-sspr-howitworks: sign-in checks
    Rule(
        "V20",
        ("scope", "methods_required", *_METHODS),
        "methods_required is higher than the number of methods that are on, so nobody could reset; switch on more "
        "methods, or lower methods_required",
        _too_few_methods,
    ),
    # concept-sspr-howitworks: the Authenticator app cannot be the only method
    Rule(
        "V21",
        ("scope", "methods_required", *_METHODS),
        "mobile_app_notification and mobile_app_code do not count for methods_required here: switch on one other "
        "method for 1, two others for 2",
        _app_needs_company,
    ),
    # passwords-faq: questions are drawn from those that were registered
    Rule(
        "V61",
        ("questions_to_register", "questions_to_reset"),
        "questions_to_reset is higher than questions_to_register; no more can be asked than were registered",
        _resets_more_than_registered,
    ),
    # concept-authentication-security-questions
    Rule(
        "V62",
        ("methods.security_questions", "questions_to_register"),
        "questions_to_register is higher than the number of questions defined in the tenant; add questions in the "
        "admin center, or leave methods.security_questions off",
        _too_few_questions,
    ),
    # tutorial-enable-sspr
    Rule(
        "V70",
        ("helpdesk_link", "helpdesk_contact"),
        "helpdesk_link: true needs helpdesk_contact, an e-mail address or an http(s) URL",
        _link_without_contact,
    ),
    # Microsoft Graph: the e-mail method cannot be disabled while external users sign in with it
    Rule(
        "E-MAIL",
        ("methods.email",),
        "methods.email cannot be off while external users may sign in with e-mail one-time passcodes; switch that off "
        "in the authentication methods policy first",
        _email_serves_guests,
    ),
)


def judge(before: View, after: View, asked: Iterable[str]) -> tuple[list[str], list[str]]:
    """The faults that stop a task (it causes or worsens them), and those it merely meets."""
    names = set(asked)
    stops, notes = [], []
    for rule in RULES:
        was, becomes = rule.shortfall(before), rule.shortfall(after)
        if becomes > was:
            stops.append(rule.message)
        elif becomes and names & set(rule.options):
            notes.append(f"Already so in the tenant: {rule.message}")
    return stops, notes
