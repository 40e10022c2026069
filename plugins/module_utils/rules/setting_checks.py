# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that can be decided from a tenant's documents and the requested settings.

Each function measures how far a tenant is from meeting its rule, 0 when it does.
"""

from __future__ import annotations

from typing import Any

from .._errors import Unavailable
from ..data.deadlines import CUT_OVERS
from ..settings.pages import METHODS, PLANE_OF, SETTINGS, invalid_value
from .rule import ERROR, PORTAL_USER_SETTINGS, WARNING, CheckResult, RuleSet
from .tenant_view import TenantView, Undecided

# Bytes of the authentication methods policy that Entra still saves. Source: concept-authentication-methods-manage.
LARGEST_POLICY = 20 * 1024
RECOMMENDED_DAYS = range(90, 181)
QUESTION_LENGTH = range(3, 201)
SCOPES = ("none", "selected", "all")
# The methods of the legacy SSPR policy, except for the questions, which stay in it after the migration
LEGACY_METHODS = tuple(
    option for option in METHODS if option != "methods.security_questions" and SETTINGS[option].remote
)

rule = RuleSet(as_of="2026-11-21")


def _out_of_range(view: TenantView, *options: str) -> int:
    values = [view.settings.get(option) for option in options]
    if all(value is None for value in values):
        raise Undecided(f"{options[0]} is unknown")
    return sum(
        value is not None and SETTINGS[option].out_of_range(value) is not None
        for option, value in zip(options, values, strict=True)
    )


@rule(
    "unknown-scope",
    ERROR,
    ("scope",),
    message="scope has a value other than none, selected or all",
    fix="Set scope to none, selected or all.",
    source="tutorial-enable-sspr",
    enforced=True,
)
def _unknown_scope(view: TenantView) -> int:
    return int("scope" in view.misfits and view.settings.get("scope") not in SCOPES)


@rule(
    "selected-without-group",
    ERROR,
    ("scope", "group"),
    message="scope: selected requires exactly one group",
    fix="Set group. To cover several groups, nest them in it.",
    source="tutorial-enable-sspr",
    enforced=True,
)
def _selected_without_group(view: TenantView) -> int:
    return int(view.require_setting("scope") == "selected" and not view.settings.get("group"))


@rule(
    "group-ignored",
    WARNING,
    ("group", "scope"),
    message="group is set but has no effect, because scope is not selected",
    fix="Omit group, or set scope: selected.",
    source="reasoned from tutorial-enable-sspr",
)
def _group_ignored(view: TenantView) -> int:
    given = bool(view.settings.get("group")) or "group" in view.requested
    return int(view.require_setting("scope") != "selected" and given)


@rule(
    "reconfirm-days-out-of-range",
    ERROR,
    ("reconfirm_days",),
    message="reconfirm_days is outside the range 0 to 730",
    fix="Set reconfirm_days to a number from 0 to 730.",
    source="concept-sspr-howitworks",
    enforced=True,
)
def _reconfirm_days_out_of_range(view: TenantView) -> int:
    return _out_of_range(view, "reconfirm_days")


@rule(
    "reconfirm-never",
    WARNING,
    ("reconfirm_days",),
    message="reconfirm_days is 0, so users are never asked to reconfirm their methods",
    fix="Set reconfirm_days to a number from 90 to 180.",
    source="concept-sspr-deploy",
)
def _reconfirm_never(view: TenantView) -> int:
    return int(view.require_setting("reconfirm_days") == 0)


@rule(
    "reconfirm-without-registration",
    WARNING,
    ("reconfirm_days", "required_at_sign_in"),
    message="reconfirm_days has no effect while required_at_sign_in is false",
    fix="Set required_at_sign_in: true, or omit reconfirm_days.",
    source="concept-sspr-howitworks",
)
def _reconfirm_without_registration(view: TenantView) -> int:
    return int("reconfirm_days" in view.requested and view.require_setting("required_at_sign_in") is False)


@rule(
    "reconfirm-days-unusual",
    WARNING,
    ("reconfirm_days",),
    message="reconfirm_days is outside the 90 to 180 days that Microsoft recommends",
    fix="Set reconfirm_days to a number from 90 to 180.",
    source="concept-sspr-deploy",
)
def _reconfirm_days_unusual(view: TenantView) -> int:
    days = view.require_setting("reconfirm_days")
    return int(days != 0 and days not in RECOMMENDED_DAYS and not _out_of_range(view, "reconfirm_days"))


@rule(
    "registration-not-required",
    WARNING,
    ("required_at_sign_in", "scope"),
    message="users are not required to register at sign-in, and phone numbers and addresses in the directory do not "
    "count",
    fix="Set required_at_sign_in: true, or register methods for users with sspr_user_methods.",
    source="concept-sspr-howitworks, howto-sspr-authenticationdata",
)
def _registration_not_required(view: TenantView) -> int:
    return int(view.require_setting("required_at_sign_in") is False and view.offers_reset)


@rule(
    "methods-required-out-of-range",
    ERROR,
    ("methods_required",),
    message="methods_required is neither 1 nor 2",
    fix="Set methods_required to 1 or 2.",
    source="concept-sspr-howitworks",
    enforced=True,
)
def _methods_required_out_of_range(view: TenantView) -> int:
    return int(view.require_setting("methods_required") not in (1, 2))


@rule(
    "single-method-required",
    WARNING,
    ("methods_required",),
    message="a single method is enough to reset a password",
    fix="Set methods_required: 2 once users have registered two methods.",
    source="tutorial-enable-sspr",
)
def _single_method_required(view: TenantView) -> int:
    return int(view.require_setting("methods_required") == 1 and view.offers_reset)


def _missing_methods(view: TenantView) -> int:
    return max(0, view.methods_required - view.kinds()) if view.offers_reset else 0


@rule(
    "too-few-methods",
    ERROR,
    ("scope", "methods_required", *METHODS),
    message="methods_required is higher than the number of methods that are on, so no user could reset a password",
    fix="Turn on more methods, or lower methods_required.",
    source="concept-sspr-howitworks",
    enforced=True,
)
def _too_few_methods(view: TenantView) -> int:
    return _missing_methods(view)


@rule(
    "authenticator-only",
    ERROR,
    ("scope", "methods_required", *METHODS),
    message="not counting the Authenticator app, fewer methods are on than methods_required requires",
    fix="Besides the app, turn on one method for methods_required: 1, or two for methods_required: 2.",
    source="concept-sspr-howitworks",
    enforced=True,
)
def _authenticator_only(view: TenantView) -> CheckResult | int:
    if not (view.offers_reset and view.on("mobile_app_notification", "mobile_app_code")):
        return 0
    # A migrated tenant accepts it, and it leaves users with one app and nothing else.
    severity = WARNING if view.migrated else None
    return CheckResult(max(0, view.methods_required - view.kinds("mobile_app")), severity=severity)


@rule(
    "notification-without-code",
    WARNING,
    ("methods_required", "methods.mobile_app_notification", "methods.mobile_app_code"),
    message="with methods_required: 1, the Authenticator app works with codes only, and methods.mobile_app_code is off",
    fix="Turn on methods.mobile_app_code.",
    source="concept-sspr-howitworks",
)
def _notification_without_code(view: TenantView) -> int:
    offered = view.migrated or view.on("mobile_app_code") or view.methods_required != 1
    return int(view.on("mobile_app_notification") and not offered)


@rule(
    "legacy-methods-policy",
    WARNING,
    LEGACY_METHODS,
    message="methods are set in the legacy SSPR policy, where Microsoft has not supported managing them since "
    f"{CUT_OVERS['legacy_methods_unmanaged']['date']}",
    fix="Migrate the tenant to the authentication methods policy.",
    source="tutorial-enable-sspr",
)
def _legacy_methods_policy(view: TenantView) -> int:
    if view.migrated is None:
        raise Undecided("the authentication methods policy was not read")
    return 0 if view.migrated else len(view.requested & set(LEGACY_METHODS))


@rule(
    "methods-in-other-policy",
    ERROR,
    ("scope", "methods_required", *METHODS),
    message="the missing methods are on in the authentication methods policy, which does not apply to password reset "
    "until the tenant is migrated",
    fix="Migrate the tenant, or turn on the methods in the SSPR policy.",
    source="concept-authentication-methods-manage",
    enforced=True,
)
def _methods_in_other_policy(view: TenantView) -> int:
    if (view.migration_state or "").lower() != "premigration":
        return 0
    elsewhere = [name for name, value in view.graph_methods.items() if value and not view.settings.get(name)]
    return min(_missing_methods(view), len(elsewhere))


def _needed(view: TenantView, *kinds: str) -> int:
    """How many methods are missing without these kinds, where all together are enough."""
    if not view.offers_reset or view.kinds() < view.methods_required:
        return 0
    return max(0, view.methods_required - view.kinds(*kinds))


@rule(
    "sms-voice-retired",
    WARNING,
    ("scope", "methods_required", *METHODS),
    message="methods_required can only be met with text messages or voice calls, which Microsoft ends on "
    f"{CUT_OVERS['sms_voice_retired']['date']}",
    fix="Turn on other methods, or set telephony_provider: true if the tenant has its own telephony provider.",
    source="concept-sms-voice-retirement",
    error_from="sms_voice_retired",
)
def _sms_voice_retired(view: TenantView) -> int:
    return 0 if view.declared.telephony_provider else _needed(view, "mobile_phone", "office_phone")


@rule(
    "security-questions-retired",
    WARNING,
    ("methods.security_questions",),
    message="security questions are on, and Microsoft retires them in "
    f"{CUT_OVERS['security_questions_retired']['announced']}",
    fix="Have users register other methods, then turn off methods.security_questions.",
    source="concept-authentication-security-questions",
    error_from="security_questions_retired",
)
def _security_questions_retired(view: TenantView) -> int:
    return int(view.require_setting("methods.security_questions"))


@rule(
    "security-questions-needed",
    WARNING,
    ("scope", "methods_required", *METHODS),
    message="methods_required can only be met with security questions, which Microsoft retires in "
    f"{CUT_OVERS['security_questions_retired']['announced']}",
    fix="Turn on other methods.",
    source="concept-authentication-security-questions",
    error_from="security_questions_retired",
)
def _security_questions_needed(view: TenantView) -> int:
    return _needed(view, "security_questions")


@rule(
    "unlock-without-writeback",
    WARNING,
    ("unlock_without_reset", "password_writeback"),
    message="unlock_without_reset has no effect without password_writeback",
    fix="Set password_writeback: true.",
    source="concept-sspr-howitworks",
)
def _unlock_without_writeback(view: TenantView) -> int:
    return int(view.require_setting("unlock_without_reset") and not view.require_setting("password_writeback"))


@rule(
    "question-counts-out-of-range",
    ERROR,
    ("questions_to_register", "questions_to_reset"),
    message="questions_to_register or questions_to_reset is outside the range 3 to 5",
    fix="Set both to a number from 3 to 5.",
    source="passwords-faq",
    enforced=True,
)
def _question_counts_out_of_range(view: TenantView) -> int:
    return _out_of_range(view, "questions_to_register", "questions_to_reset")


@rule(
    "more-questions-to-reset-than-registered",
    ERROR,
    ("questions_to_register", "questions_to_reset"),
    message="questions_to_reset is higher than questions_to_register, and users can only answer questions that they "
    "registered",
    fix="Lower questions_to_reset, or raise questions_to_register.",
    source="reasoned from passwords-faq",
    enforced=True,
)
def _more_questions_to_reset_than_registered(view: TenantView) -> int:
    return max(0, int(view.require_setting("questions_to_reset")) - int(view.require_setting("questions_to_register")))


def _defined_questions(view: TenantView) -> tuple[Any, ...]:
    if view.questions is None:
        raise Undecided("the tenant's security questions are unknown")
    return view.questions


@rule(
    "too-few-questions-defined",
    ERROR,
    ("methods.security_questions", "questions_to_register"),
    message="questions_to_register is higher than the number of questions defined in the tenant",
    fix="Define more questions in the admin center, or leave methods.security_questions off.",
    source="concept-authentication-security-questions",
    enforced=True,
)
def _too_few_questions_defined(view: TenantView) -> int:
    if not view.on("security_questions"):
        return 0
    return max(0, int(view.require_setting("questions_to_register")) - len(_defined_questions(view)))


def _question_texts(view: TenantView) -> list[str]:
    """The questions as users read them."""
    defined = _defined_questions(view)
    texts = [question.get("questionText") if isinstance(question, dict) else None for question in defined]
    if not all(isinstance(text, str) for text in texts):
        raise Undecided("the tenant's security questions do not show their text")
    return [str(text) for text in texts]


@rule(
    "question-length",
    ERROR,
    ("methods.security_questions",),
    message="some security questions are not 3 to 200 characters long ({count})",
    fix="Correct them in the admin center.",
    source="passwords-faq",
    enforced=True,
)
def _question_length(view: TenantView) -> int:
    return sum(len(text) not in QUESTION_LENGTH for text in _question_texts(view))


@rule(
    "duplicate-questions",
    ERROR,
    ("methods.security_questions",),
    message="some security questions are duplicates ({count})",
    fix="Correct them in the admin center.",
    source="reasoned from concept-authentication-security-questions",
    enforced=True,
)
def _duplicate_questions(view: TenantView) -> int:
    texts = [" ".join(text.split()).casefold() for text in _question_texts(view)]
    return len(texts) - len(set(texts))


@rule(
    "helpdesk-link-without-contact",
    ERROR,
    ("helpdesk_link", "helpdesk_contact"),
    message="helpdesk_link: true requires helpdesk_contact",
    fix="Set helpdesk_contact to an email address or an http(s) URL.",
    source="tutorial-enable-sspr",
    enforced=True,
)
def _helpdesk_link_without_contact(view: TenantView) -> int:
    return int(view.require_setting("helpdesk_link") and view.require_setting("helpdesk_contact") == "")


@rule(
    "helpdesk-contact-invalid",
    ERROR,
    ("helpdesk_contact",),
    message="helpdesk_contact is neither a plain email address nor an http(s) URL",
    fix="Set it to one of these. Omit mailto: and display names.",
    source="tutorial-enable-sspr",
    enforced=True,
)
def _helpdesk_contact_invalid(view: TenantView) -> int:
    return int(invalid_value("helpdesk_contact", view.require_setting("helpdesk_contact")) is not None)


@rule(
    "helpdesk-contact-unused",
    WARNING,
    ("helpdesk_contact", "helpdesk_link"),
    message="helpdesk_contact has no effect while helpdesk_link is false",
    fix="Set helpdesk_link: true.",
    source="howto-sspr-customization",
)
def _helpdesk_contact_unused(view: TenantView) -> int:
    return int(bool(view.require_setting("helpdesk_contact")) and not view.require_setting("helpdesk_link"))


@rule(
    "helpdesk-contact-http",
    WARNING,
    ("helpdesk_contact",),
    message="helpdesk_contact is an http URL, which is not encrypted",
    fix="Use an https URL.",
    source="reasoned from howto-sspr-customization",
)
def _helpdesk_contact_http(view: TenantView) -> int:
    return int(str(view.require_setting("helpdesk_contact")).lower().startswith("http://"))


@rule(
    "helpdesk-link-off",
    WARNING,
    ("helpdesk_link",),
    message="helpdesk_link is false, so administrators get users' requests for help by email",
    fix="Set helpdesk_link: true and helpdesk_contact.",
    source="howto-sspr-customization",
)
def _helpdesk_link_off(view: TenantView) -> int:
    return int(not view.require_setting("helpdesk_link"))


@rule(
    "notifications-off",
    WARNING,
    ("notify_users", "notify_admins"),
    message="notify_users or notify_admins is false, and Microsoft recommends both",
    fix="Set both to true.",
    source="concept-sspr-deploy",
)
def _notifications_off(view: TenantView) -> int:
    return int(not view.require_setting("notify_users")) + int(not view.require_setting("notify_admins"))


@rule(
    "unexpected-document",
    ERROR,
    PORTAL_USER_SETTINGS,
    message="a settings document of the tenant is not as expected ({why})",
    fix="Change the setting manually in the admin center, and report this: the service may have changed.",
    source="seen in public code only",
    enforced=True,
    precedes_planning=True,
)
def _unexpected_document(view: TenantView) -> CheckResult:
    # A misfit that is also requested counts twice, because it now blocks a write.
    misfits = {**(view.since.misfits if view.since else {}), **view.misfits}
    pages = [view.fact_if_read("document", document) for document in PLANE_OF]
    unread = [page.message for page in pages if isinstance(page, Unavailable) and page.reason == "unexpected_document"]
    in_the_way = len(view.requested & set(misfits)) + (len(unread) if view.requested else 0)
    degree = len(misfits) + len(unread) + in_the_way
    return CheckResult(degree, words={"why": "; ".join([*dict.fromkeys(misfits.values()), *unread])})


@rule(
    "methods-policy-too-large",
    ERROR,
    METHODS,
    message="the authentication methods policy is larger than 20 KB and cannot be saved",
    fix="Target fewer groups in it.",
    source="concept-authentication-methods-manage",
    enforced=True,
)
def _methods_policy_too_large(view: TenantView) -> int:
    return max(0, view.methods_size - LARGEST_POLICY)


@rule(
    "everything-at-once",
    WARNING,
    ("scope", "group", "methods_required", *METHODS),
    message="the plan widens scope, raises methods_required and turns off a method, all at once",
    fix="Split the change into three runs.",
    source="reasoned from concept-sspr-deploy",
)
def _everything_at_once(view: TenantView) -> int:
    if view.since is None:
        return 0
    was, becomes = SCOPES.index(view.since.require_setting("scope")), SCOPES.index(view.require_setting("scope"))
    rises = view.methods_required > view.since.methods_required
    return int(becomes > was and rises and bool(dropped_methods(view.since, view)))


def dropped_methods(was: TenantView, becomes: TenantView) -> list[str]:
    """The methods that a change turns off."""
    before, after = was.effective, becomes.effective
    return [option for option in METHODS if before[option] and not after[option]]


@rule(
    "break-glass-not-declared",
    ERROR,
    ("scope", "required_at_sign_in"),
    message="the tenant's break-glass accounts are not declared, and {what}",
    fix="Set break_glass (role variable sspr_break_glass) to their names, or to an empty list if there are none.",
    source="reasoned from security-emergency-access",
)
def _break_glass_not_declared(view: TenantView) -> CheckResult | int:
    if view.declared.break_glass is not None:
        return 0
    everyone, required = view.require_setting("scope") == "all", view.require_setting("required_at_sign_in")
    reasons = (["scope is all"] if everyone else []) + (["registration is required"] if required else [])
    degree = int(everyone) + int(required) * (1 + int(view.offers_reset))
    return CheckResult(degree, words={"what": " and ".join(reasons)})


@rule(
    "email-serves-guests",
    ERROR,
    ("methods.email",),
    message="methods.email cannot be turned off while external users can sign in with email one-time passcodes",
    fix="Turn off email one-time passcodes for external users in the authentication methods policy first.",
    source="emailauthenticationmethodconfiguration",
    enforced=True,
)
def _email_serves_guests(view: TenantView) -> int:
    return int(view.email_serves_guests and view.settings.get("methods.email") is False)
