# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a tenant's own documents decide, and what is asked for. What each is about stands in ``_rule_book``.

Each measures how far a tenant is from fulfilling it, 0 when it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._errors import Unavailable
from .._text import EMAIL_ADDRESS
from ..settings.pages import PLANE_OF, SETTINGS, invalid_value
from .tenant_view import METHOD_OPTIONS, Check, CheckResult, TenantView, Undecided

# What Entra no longer saves of the authentication methods policy. Source: concept-authentication-methods-manage
LARGEST_POLICY = 20 * 1024
ADVISED_DAYS = range(90, 181)
QUESTION_LENGTH = range(3, 201)
SCOPES = ("none", "selected", "all")

SETTING_RULES: dict[str, Check] = {}


def rule(name: str) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        SETTING_RULES[name] = check
        return check

    return enter


def _out_of_range(view: TenantView, *options: str) -> int:
    values = [view.settings.get(option) for option in options]
    if all(value is None for value in values):
        raise Undecided(f"{options[0]} is not known")
    return sum(
        value is not None and SETTINGS[option].out_of_range(value) is not None
        for option, value in zip(options, values, strict=True)
    )


@rule("V01")
def _unknown_scope(view: TenantView) -> int:
    return int("scope" in view.misfits and view.settings.get("scope") not in SCOPES)


@rule("V02")
def _selected_without_group(view: TenantView) -> int:
    return int(view.require_setting("scope") == "selected" and not view.settings.get("group"))


@rule("V03")
def _idle_group(view: TenantView) -> int:
    return int(
        view.require_setting("scope") != "selected" and (bool(view.settings.get("group")) or "group" in view.requested)
    )


@rule("V10")
def _reconfirm_out_of_range(view: TenantView) -> int:
    return _out_of_range(view, "reconfirm_days")


@rule("V11")
def _never_confirmed(view: TenantView) -> int:
    return int(view.require_setting("reconfirm_days") == 0)


@rule("V12")
def _confirmed_without_registration(view: TenantView) -> int:
    return int("reconfirm_days" in view.requested and view.require_setting("required_at_sign_in") is False)


@rule("V13")
def _confirmed_at_odd_times(view: TenantView) -> int:
    days = view.require_setting("reconfirm_days")
    return int(days != 0 and days not in ADVISED_DAYS and not _out_of_range(view, "reconfirm_days"))


@rule("V14")
def _not_asked_to_register(view: TenantView) -> int:
    return int(view.require_setting("required_at_sign_in") is False and view.offers_reset)


@rule("V15")
def _odd_number(view: TenantView) -> int:
    return int(view.require_setting("methods_required") not in (1, 2))


@rule("V16")
def _single_method(view: TenantView) -> int:
    return int(view.require_setting("methods_required") == 1 and view.offers_reset)


def _missing_methods(view: TenantView) -> int:
    return max(0, view.methods_required - view.kinds()) if view.offers_reset else 0


@rule("V20")
def _too_few_methods(view: TenantView) -> int:
    return _missing_methods(view)


@rule("V21")
def _app_needs_company(view: TenantView) -> CheckResult | int:
    if not (view.offers_reset and view.on("mobile_app_notification", "mobile_app_code")):
        return 0
    # A migrated tenant takes it, and it leaves people with one app and nothing else.
    severity = "warning" if view.migrated else None
    return CheckResult(max(0, view.methods_required - view.kinds("mobile_app")), severity=severity)


@rule("V22")
def _push_is_not_offered(view: TenantView) -> int:
    offered = view.migrated or view.on("mobile_app_code") or view.methods_required != 1
    return int(view.on("mobile_app_notification") and not offered)


@rule("V24")
def _legacy_methods_set(view: TenantView) -> int:
    if view.migrated is None:
        raise Undecided("the authentication methods policy was not read")
    legacy = {name for name in METHOD_OPTIONS if name != "methods.security_questions" and SETTINGS[name].remote}
    return 0 if view.migrated else len(view.requested & legacy)


@rule("V25")
def _relies_on_the_other_policy(view: TenantView) -> int:
    if (view.migration_state or "").lower() != "premigration":
        return 0
    elsewhere = [name for name, value in view.graph_methods.items() if value and not view.settings.get(name)]
    return min(_missing_methods(view), len(elsewhere))


@rule("V37")
def _questions(view: TenantView) -> int:
    return int(view.require_setting("methods.security_questions"))


def _needed(view: TenantView, *kinds: str) -> int:
    """How many methods are missing without these kinds, where all together are enough."""
    if not view.offers_reset or view.kinds() < view.methods_required:
        return 0
    return max(0, view.methods_required - view.kinds(*kinds))


@rule("V38")
def _questions_are_needed(view: TenantView) -> int:
    return _needed(view, "security_questions")


@rule("V36")
def _phones_are_needed(view: TenantView) -> int:
    return 0 if view.declared.telephony_provider else _needed(view, "mobile_phone", "office_phone")


@rule("V43")
def _unlock_without_writeback(view: TenantView) -> int:
    return int(view.require_setting("unlock_without_reset") and not view.require_setting("password_writeback"))


@rule("V60")
def _question_numbers(view: TenantView) -> int:
    return _out_of_range(view, "questions_to_register", "questions_to_reset")


@rule("V61")
def _resets_more_than_registered(view: TenantView) -> int:
    return max(0, int(view.require_setting("questions_to_reset")) - int(view.require_setting("questions_to_register")))


def _questions_defined(view: TenantView) -> tuple[Any, ...]:
    if view.questions is None:
        raise Undecided("the tenant's security questions are not known")
    return view.questions


@rule("V62")
def _too_few_questions(view: TenantView) -> int:
    if not view.on("security_questions"):
        return 0
    return max(0, int(view.require_setting("questions_to_register")) - len(_questions_defined(view)))


def _texts(view: TenantView) -> list[str]:
    """The questions as people read them."""
    defined = _questions_defined(view)
    texts = [question.get("questionText") if isinstance(question, dict) else None for question in defined]
    if not all(isinstance(text, str) for text in texts):
        raise Undecided("the tenant's security questions do not show their text")
    return [str(text) for text in texts]


@rule("V64")
def _question_length(view: TenantView) -> int:
    return sum(len(text) not in QUESTION_LENGTH for text in _texts(view))


@rule("V65")
def _same_questions(view: TenantView) -> int:
    texts = [" ".join(text.split()).casefold() for text in _texts(view)]
    return len(texts) - len(set(texts))


@rule("V70")
def _link_without_contact(view: TenantView) -> int:
    return int(view.require_setting("helpdesk_link") and view.require_setting("helpdesk_contact") == "")


@rule("V71")
def _odd_contact(view: TenantView) -> int:
    return int(invalid_value("helpdesk_contact", view.require_setting("helpdesk_contact")) is not None)


@rule("V72")
def _idle_contact(view: TenantView) -> int:
    return int(bool(view.require_setting("helpdesk_contact")) and not view.require_setting("helpdesk_link"))


@rule("V74")
def _contact_without_tls(view: TenantView) -> int:
    return int(str(view.require_setting("helpdesk_contact")).lower().startswith("http://"))


@rule("V75")
def _no_link(view: TenantView) -> int:
    return int(not view.require_setting("helpdesk_link"))


@rule("V76")
def _nobody_is_notified(view: TenantView) -> int:
    return int(not view.require_setting("notify_users")) + int(not view.require_setting("notify_admins"))


@rule("V96")
def _unexpected_document(view: TenantView) -> CheckResult:
    # What is asked for and cannot be written counts twice: it was there before, and now it is in the way.
    misfits = {**(view.since.misfits if view.since else {}), **view.misfits}
    pages = [view.facts.get(("document", document)) for document in PLANE_OF]
    unread = [page.message for page in pages if isinstance(page, Unavailable) and page.reason == "unexpected_document"]
    in_the_way = len(view.requested & set(misfits)) + (len(unread) if view.requested else 0)
    degree = len(misfits) + len(unread) + in_the_way
    return CheckResult(degree, words={"why": "; ".join([*dict.fromkeys(misfits.values()), *unread])})


@rule("V97")
def _policy_too_large(view: TenantView) -> int:
    return max(0, view.methods_size - LARGEST_POLICY)


@rule("V98")
def _everything_at_once(view: TenantView) -> int:
    if view.since is None:
        return 0
    was, becomes = SCOPES.index(view.since.require_setting("scope")), SCOPES.index(view.require_setting("scope"))
    rises = view.methods_required > view.since.methods_required
    return int(becomes > was and rises and bool(dropped(view.since, view)))


def dropped(was: TenantView, becomes: TenantView) -> list[str]:
    """The methods that a change takes away."""
    before, after = was.effective, becomes.effective
    return [option for option in METHOD_OPTIONS if before[option] and not after[option]]


@rule("BREAK-GLASS")
def _emergency_accounts_not_declared(view: TenantView) -> CheckResult | int:
    if view.declared.break_glass is not None:
        return 0
    everyone, required = view.require_setting("scope") == "all", view.require_setting("required_at_sign_in")
    reasons = (["scope is all"] if everyone else []) + (["registration is required"] if required else [])
    degree = int(everyone) + int(required) * (1 + int(view.offers_reset))
    return CheckResult(degree, words={"what": " and ".join(reasons)})


@rule("E-MAIL")
def _email_serves_guests(view: TenantView) -> int:
    return int(view.email_serves_guests and view.settings.get("methods.email") is False)


def is_mailbox(contact: str) -> bool:
    return EMAIL_ADDRESS.fullmatch(contact) is not None
