# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that need more than a tenant's documents: users, groups, licenses, roles, reports.

A rule requires a fact as late as possible, because each fact costs requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._dates import parse_timestamp
from .._errors import Unavailable
from .._text import EMAIL_ADDRESS, is_guid
from ..data.deadlines import CUT_OVERS
from ..data.licenses import FREE, SERVICE_PLANS, SKUS
from ..settings.graph_methods import GRAPH_METHODS
from ..settings.pages import METHODS, SETTINGS
from ..users.coverage import REPORT_DELAY, loses_methods, report_date, why_stale
from ..users.method_eligibility import OFFERED_KINDS, Audience, Policy, reached
from ..users.models import Registration, User, UserRef
from ..users.roles import (
    ADMIN_ROLES,
    DIRECTORY_SYNCHRONIZATION,
    GLOBAL_ADMINISTRATOR,
    HYBRID_IDENTITY_ADMINISTRATOR,
    SSPR_POLICY_WRITERS,
    USER_ADMINISTRATOR,
)
from .rule import ERROR, PORTAL_USER_SETTINGS, WARNING, CheckResult, RuleSet, of_refs, of_users
from .setting_checks import dropped_methods
from .tenant_view import TenantView, Undecided

# What roles can set that cannot set everything
PARTIAL_WRITERS = (
    (frozenset({"scope", "group"}), USER_ADMINISTRATOR),
    (frozenset({"password_writeback", "unlock_without_reset"}), HYBRID_IDENTITY_ADMINISTRATOR),
)

REGISTER_ACTION = "urn:user:registersecurityinfo"
HARD_CONTROLS = frozenset({"block", "compliantDevice", "domainJoinedDevice"})

rule = RuleSet(as_of="2026-11-21")


# Who is in scope


def _active(users: Iterable[User]) -> list[User]:
    """The users to whom the policy applies: guests reset in their home tenant, disabled accounts not at all."""
    return [user for user in users if not user.guest and user.enabled is not False]


def _in_scope(view: TenantView) -> list[User]:
    scope = view.require_setting("scope")
    if scope == "all":
        return _active(view.require_fact("users"))
    return _active(view.require_fact("group_users", view.group)) if view.group else []


def _administrator_ids(view: TenantView) -> frozenset[str]:
    """The object ids of the users who are subject to Microsoft's own policy for administrators."""
    return frozenset(holder for holder, roles in view.require_fact("role_holders").items() if roles & ADMIN_ROLES)


def _administrator_ids_if_known(view: TenantView) -> frozenset[str]:
    unknown = isinstance(view.fact_or_unavailable("role_holders"), Unavailable)
    return frozenset() if unknown else _administrator_ids(view)


def _holders(view: TenantView, role: str) -> list[User]:
    """The users who have a role."""
    holders = [holder for holder, roles in view.require_fact("role_holders").items() if role in roles]
    found = [view.fact_or_unavailable("user", holder) for holder in holders]
    # Apps have roles too, and are no users.
    return [user for user in found if isinstance(user, User)]


# The group


@rule(
    "group-not-found",
    ERROR,
    ("group", "scope"),
    message="the group for scope: selected does not exist, or its name is not unique",
    fix="Create the group, or set group to its object ID.",
    source="reasoned from tutorial-enable-sspr",
)
def _group_not_found(view: TenantView) -> int:
    if view.group is None:
        return 0
    found = view.fact_or_unavailable("group", view.group)
    if isinstance(found, Unavailable) and found.reason not in ("not_found", "ambiguous"):
        view.require_fact("group", view.group)
    return int(isinstance(found, Unavailable))


@rule(
    "group-not-security",
    WARNING,
    ("group", "scope"),
    message="the group is not a security group, and Microsoft does not document other types as supported",
    fix="Use a security group.",
    source="concept-sspr-deploy",
)
def _group_not_security(view: TenantView) -> int:
    enabled = view.require_fact("group", view.group).security_enabled if view.group else True
    if enabled is None:
        raise Undecided("Microsoft Graph does not report whether the group is a security group")
    return int(not enabled)


@rule(
    "group-empty",
    WARNING,
    ("scope", "group"),
    message="the group has no users, so no user can reset a password",
    fix="Add users or groups to it.",
    source="howto-sspr-customization",
)
def _group_empty(view: TenantView) -> int:
    return int(view.group is not None and not view.require_fact("group_users", view.group))


@rule(
    "group-rule-retired",
    WARNING,
    ("group", "scope"),
    message="the group's membership rule uses memberOf, which was retired on "
    f"{CUT_OVERS['member_of_retired']['date']}, so its members may be outdated",
    fix="Nest the groups in a group with assigned membership instead.",
    source="techcommunity 4544978, seen only in a third party's digest",
)
def _group_rule_retired(view: TenantView) -> int:
    membership_rule = (view.require_fact("group", view.group).rule or "") if view.group else ""
    return int("memberof" in membership_rule.lower())


# Who loses or lacks something


@rule(
    "users-leave-scope",
    WARNING,
    ("scope", "group"),
    message="{users} would lose the ability to reset, because they would no longer be in scope",
    fix="Keep them in the group, or let them know.",
    source="concept-sspr-deploy",
)
def _users_leave_scope(view: TenantView) -> CheckResult | int:
    since = view.since
    if since is None or not since.offers_reset:
        return 0
    was, becomes = (since.require_setting("scope"), since.group), (view.require_setting("scope"), view.group)
    if was == becomes or becomes[0] == "all":
        return 0
    remaining = {user.id for user in _in_scope(view)}
    return of_users(user for user in _in_scope(since) if user.id not in remaining)


@rule(
    "administrators-in-scope",
    WARNING,
    ("group", "scope"),
    message="{administrators} in scope {are} subject to Microsoft's own policy for administrators, not to this one",
    fix="Test with an account without roles, and keep administrators out of the group.",
    source="concept-sspr-policy",
)
def _administrators_in_scope(view: TenantView) -> CheckResult | int:
    if view.group is None:
        return 0
    users = _in_scope(view)
    administrators = _administrator_ids(view) if users else frozenset()
    return of_users(user for user in users if user.id in administrators)


def may_lock_out(view: TenantView) -> bool:
    """Whether a change raises the number or drops a method: only then users could lose the ability to reset."""
    since = view.since
    if since is None or not (since.offers_reset and view.offers_reset):
        return False
    return view.methods_required > since.methods_required or bool(dropped_methods(since, view))


def who_is_locked_out(view: TenantView) -> list[Registration]:
    """The users who can reset now and no longer after the change, among those in scope before and after."""
    if view.since is None:
        return []
    before, after = _policy(view.since), _policy(view)
    rows = view.require_fact("registrations")
    # Where it is unknown who is an administrator, they count like everyone else.
    exempt = _administrator_ids_if_known(view)
    return [row for row in rows if not row.guest and row.id not in exempt and _is_locked_out(row, before, after)]


def _is_locked_out(row: Registration, before: Policy, after: Policy) -> bool:
    stays_in_scope = bool(before.covers(row.id) and after.covers(row.id))
    return stays_in_scope and loses_methods(row, before, after)


def _policy(view: TenantView) -> Policy:
    everyone = view.require_setting("scope") == "all"
    declared = view.declared
    return view.policy(
        declared.as_of,
        # Where everyone is in scope, no user has to be read.
        members=() if everyone else (user.id for user in _in_scope(view)),
        audiences=_audiences(view),
        telephony_provider=declared.telephony_provider,
    )


def _audiences(view: TenantView) -> Mapping[str, Audience]:
    return view.audiences(lambda group: (user.id for user in view.require_fact("group_users", group)))


@rule(
    "locked-out-users",
    ERROR,
    ("methods_required", *METHODS),
    message="{users} in scope would lose the ability to reset",
    fix="Have them register more methods first, or allow it with max_locked_out_users.",
    source="concept-sspr-howitworks",
)
def _locked_out_users(view: TenantView) -> CheckResult | int:
    if not may_lock_out(view):
        return 0
    rows = who_is_locked_out(view)
    return of_users(rows, None if len(rows) > view.declared.max_locked_out_users else WARNING)


@rule(
    "readiness-unknown",
    ERROR,
    ("methods_required", *METHODS),
    message="it is unknown which users would lose the ability to reset ({why})",
    fix="Wait for a newer report, or set allow_unknown_readiness: true.",
    source="howto-authentication-methods-activity",
)
def _readiness_unknown(view: TenantView) -> CheckResult | int:
    if not may_lock_out(view):
        return 0
    why = _why_unknown(view)
    severity = WARNING if view.declared.allow_unknown_readiness else None
    return CheckResult(1, severity=severity, words={"why": why}) if why else 0


def _why_unknown(view: TenantView) -> str | None:
    rows = view.fact_or_unavailable("registrations")
    if isinstance(rows, Unavailable):
        return rows.message
    made, now = report_date(rows), view.declared.now
    if made is None or why_stale(made, None, now):
        return why_stale(made, None, now)
    changed = view.fact_or_unavailable("policy_changed", made)
    return why_stale(made, None if isinstance(changed, Unavailable) else changed, now)


@rule(
    "users-targeted-by-too-few-methods",
    WARNING,
    ("scope", "group", "methods_required", *METHODS),
    message="{users} in scope {are} targeted by fewer methods than methods_required",
    fix="Widen the targets of the methods in the authentication methods policy.",
    source="reasoned from concept-authentication-methods-manage",
)
def _users_targeted_by_too_few_methods(view: TenantView) -> CheckResult | int:
    if not (view.migrated and view.targets and view.offers_reset):
        return 0
    effective, required, audiences = view.effective, view.methods_required, _audiences(view)

    def reaches(option: str, user: User) -> bool:
        return effective[option] and (option not in audiences or user.id in audiences[option])

    def kinds(user: User) -> int:
        return sum(any(reaches(option, user) for option in options) for options in OFFERED_KINDS.values())

    return of_users(user for user in _in_scope(view) if kinds(user) < required)


@rule(
    "directory-data-only",
    WARNING,
    ("scope", "group", "required_at_sign_in", "methods_required", *METHODS),
    message="{users} in scope {have} only phone numbers or addresses in the directory, which do not count",
    fix="Have them register, or register methods for them with sspr_user_methods.",
    source="howto-sspr-authenticationdata",
)
def _directory_data_only(view: TenantView) -> CheckResult | int:
    declared = view.declared
    if not view.offers_reset or not reached("registered_methods_only", declared.as_of):
        return 0
    affected = {user.id for user in _in_scope(view) if user.directory_data}
    rows = view.require_fact("registrations") if affected else []
    policy = view.policy(declared.as_of, telephony_provider=declared.telephony_provider)
    return of_users(row for row in rows if row.id in affected and not policy.kinds(row.methods))


@rule(
    "synced-without-writeback",
    WARNING,
    ("scope", "group", "password_writeback"),
    message="{users} in scope {are} synchronized from an on-premises directory, and password_writeback is off "
    "(SSPR_0010)",
    fix="Set up password writeback, or keep them out of scope.",
    source="concept-sspr-howitworks",
)
def _synced_without_writeback(view: TenantView) -> CheckResult | int:
    if not view.offers_reset or view.require_setting("password_writeback"):
        return 0
    return of_users(user for user in _in_scope(view) if user.synced)


# Licenses


def _plans(view: TenantView) -> set[str]:
    return {plan for plans in view.require_fact("skus").values() for plan in plans}


@rule(
    "voice-in-free-tenant",
    WARNING,
    ("methods.voice", "methods.office_phone"),
    message="voice calls are on, but are not available in free tenants",
    fix="Turn off methods.voice and methods.office_phone.",
    source="concept-authentication-phone-options",
)
def _voice_in_free_tenant(view: TenantView) -> int:
    return int(view.on("voice", "office_phone") and not view.require_fact("skus"))


@rule(
    "writeback-unlicensed",
    ERROR,
    ("password_writeback",),
    message="password_writeback is on, but no subscription of the tenant includes it",
    fix="Get Entra ID P1 or P2, or Microsoft 365 Business Premium.",
    source="concept-sspr-licensing",
)
def _writeback_unlicensed(view: TenantView) -> int:
    if not view.require_setting("password_writeback"):
        return 0
    return int(not any(SERVICE_PLANS[plan]["writeback"] for plan in _plans(view) & set(SERVICE_PLANS)))


@rule(
    "license-disputed",
    WARNING,
    ("scope",),
    message="the tenant has only {plan}, and Microsoft's documentation contradicts itself on whether that includes "
    "password reset",
    fix="Test with a user without roles, or get a plan that includes it.",
    source="concept-sspr-licensing, fundamentals/licensing",
)
def _license_disputed(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    skus = view.require_fact("skus")
    known = [SKUS[sku] for sku in skus if sku in SKUS]
    if _plans(view) & set(SERVICE_PLANS) or any(sku["reset"] == "yes" for sku in known):
        return 0
    otherwise = "subscriptions that Microsoft's documentation does not mention" if skus else str(FREE["name"])
    return CheckResult(1, words={"plan": ", ".join(sorted(str(sku["name"]) for sku in known)) or otherwise})


@rule(
    "users-unlicensed",
    WARNING,
    ("scope", "group"),
    message="{users} in scope {have} no license that includes password reset",
    fix="Assign licenses to them.",
    source="concept-sspr-licensing",
)
def _users_unlicensed(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    enough = plans_with_reset(view.require_fact("skus"))
    return of_users(user for user in _in_scope(view) if not user.plans & enough)


def plans_with_reset(skus: Iterable[str]) -> frozenset[str]:
    """The service plans by which a user with a license for reset is recognized, in a tenant with these SKUs."""
    return frozenset(SERVICE_PLANS).union(*(SKUS[sku]["users"] for sku in skus if sku in SKUS))


@rule(
    "portal-user-unlicensed",
    WARNING,
    ("scope",),
    message="the portal user has no Entra ID license, and may not see the Password reset page in the admin center",
    fix="Assign a license to it.",
    source="troubleshoot-sspr",
)
def _portal_user_unlicensed(view: TenantView) -> int:
    return int(not view.require_fact("portal_user").plans & set(SERVICE_PLANS))


@rule(
    "writeback-without-sync",
    WARNING,
    ("password_writeback",),
    message="password_writeback is on, but the tenant is not synchronized with an on-premises directory",
    fix="Set up Entra Connect or cloud sync, or turn off password_writeback.",
    source="troubleshoot-sspr",
)
def _writeback_without_sync(view: TenantView) -> int:
    return int(view.require_setting("password_writeback") and not view.require_fact("synced"))


# Mail


@rule(
    "helpdesk-contact-in-scope",
    WARNING,
    ("helpdesk_contact", "scope", "group"),
    message="helpdesk_contact is the mailbox of a user in scope, who may be locked out of it",
    fix="Use a shared mailbox or a URL.",
    source="howto-sspr-customization",
)
def _helpdesk_contact_in_scope(view: TenantView) -> CheckResult | int:
    contact = str(view.require_setting("helpdesk_contact")).lower()
    is_mailbox = EMAIL_ADDRESS.fullmatch(contact) is not None
    if not (is_mailbox and view.require_setting("helpdesk_link") and view.offers_reset):
        return 0
    return of_users(
        user for user in _in_scope(view) if contact in (user.user_principal_name.lower(), (user.mail or "").lower())
    )


@rule(
    "no-admin-mailbox",
    WARNING,
    ("notify_admins",),
    message="notify_admins is true, but no Global Administrator has a mailbox",
    fix="Give one of them a mailbox.",
    source="concept-sspr-howitworks",
)
def _no_admin_mailbox(view: TenantView) -> int:
    if not view.require_setting("notify_admins"):
        return 0
    return int(not any(user.mail for user in _holders(view, GLOBAL_ADMINISTRATOR)))


# Administrators


@rule(
    "administrators-cannot-register",
    WARNING,
    ("admins_can_reset", "required_at_sign_in", "scope", "group"),
    message="{administrators} in scope {are} required to register, although administrators cannot reset in this tenant",
    fix="Keep them out of the group, or set admins_can_reset: true.",
    source="concept-sspr-policy",
)
def _administrators_cannot_register(view: TenantView) -> CheckResult | int:
    if view.require_setting("admins_can_reset"):
        return 0
    if not (view.require_setting("required_at_sign_in") and view.offers_reset):
        return 0
    administrators = _administrator_ids(view)
    return of_users(user for user in _in_scope(view) if user.id in administrators)


@rule(
    "administrators-not-ready",
    WARNING,
    ("admins_can_reset",),
    message="{administrators} {have} fewer than the two methods that Microsoft's policy requires of them",
    fix="Have them register at https://aka.ms/mysecurityinfo.",
    source="concept-sspr-policy",
)
def _administrators_not_ready(view: TenantView) -> CheckResult | int:
    if not view.require_setting("admins_can_reset"):
        return 0
    holders, declared = view.require_fact("role_holders"), view.declared
    policy = view.policy(declared.as_of, telephony_provider=declared.telephony_provider)
    return of_users(
        row
        for row in view.require_fact("registrations")
        if holders.get(row.id, frozenset()) & ADMIN_ROLES
        and not policy.suffices_for_admin(row.methods, holders[row.id])
    )


@rule(
    "app-cannot-change-admin-policy",
    ERROR,
    ("admins_can_reset",),
    message="the app lacks the permission to change admins_can_reset",
    fix="Grant the app Policy.ReadWrite.Authorization, and have an administrator of the tenant consent to it.",
    source="authorizationpolicy-update",
)
def _app_cannot_change_admin_policy(view: TenantView) -> int:
    if "admins_can_reset" not in _changes(view):
        return 0
    allowed = view.require_fact("admin_policy_permission")
    if allowed is None:
        raise Undecided("the app's token does not list its permissions")
    return int(not allowed)


@rule(
    "portal-user-cannot-write",
    ERROR,
    PORTAL_USER_SETTINGS,
    message="the portal user has no role that can change the requested settings",
    fix="Assign it the role Authentication Policy Administrator. For scope and group, User Administrator is enough.",
    source="delegate-by-task",
)
def _portal_user_cannot_write(view: TenantView) -> int:
    changes = {name for name in _changes(view) if not (view.migrated and name in GRAPH_METHODS)} - {"admins_can_reset"}
    if not changes:
        return 0
    roles = view.require_fact("portal_roles")
    if roles is None:
        raise Undecided("the portal user's token does not list the user's roles")
    enough = SSPR_POLICY_WRITERS | {role for options, role in PARTIAL_WRITERS if changes <= options}
    return int(not roles & enough)


def _changes(view: TenantView) -> set[str]:
    """The requested options whose value a change alters."""
    since = view.since
    if since is None:
        return set()
    was, becomes = since.settings, view.settings
    return {name for name in view.requested if not SETTINGS[name].same(was.get(name), becomes.get(name))}


@rule(
    "special-accounts-in-scope",
    WARNING,
    ("scope", "group"),
    message="{accounts} in scope {are} for emergency access (break-glass) or directory synchronization",
    fix="Keep them out of scope.",
    source="reasoned from concept-sspr-policy",
)
def _special_accounts_in_scope(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    declared = view.declared.break_glass or frozenset()
    unknown = isinstance(view.fact_or_unavailable("role_holders"), Unavailable)
    synchronizing = [] if unknown else _holders(view, DIRECTORY_SYNCHRONIZATION)
    if view.require_setting("scope") == "all":
        return of_refs([*map(_declared_ref, declared), *(user.ref for user in synchronizing)])
    special = {*declared, *(user.id for user in synchronizing)}
    return of_users(user for user in _in_scope(view) if special & {user.id, user.user_principal_name.lower()})


def _declared_ref(name: str) -> UserRef:
    """A declared account, of which nothing else was read."""
    return UserRef(name, None) if is_guid(name) else UserRef(None, name)


# Sign-in


@rule(
    "conditional-access-may-block-registration",
    WARNING,
    ("scope", "group", "required_at_sign_in", "methods_required"),
    message="Conditional Access may block users in scope from registering ({policies})",
    fix="Issue Temporary Access Passes, or exclude the group during the rollout.",
    source="policy-all-users-security-info-registration",
)
def _conditional_access_may_block_registration(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    policies = [policy for policy in view.require_fact("conditional_access") if _may_block(policy, view.group)]
    names = sorted(str(policy.get("displayName") or policy.get("id") or "unnamed") for policy in policies)
    return CheckResult(len(names), words={"policies": ", ".join(names)})


def _may_block(policy: Mapping[str, Any], group: str | None) -> bool:
    """Whether a policy in force requires a location, a device or a strength when users in scope register."""
    conditions, controls = policy.get("conditions") or {}, policy.get("grantControls") or {}
    actions = (conditions.get("applications") or {}).get("includeUserActions") or []
    if policy.get("state") != "enabled" or REGISTER_ACTION not in actions:
        return False
    strict = conditions.get("locations") or controls.get("authenticationStrength")
    hard = HARD_CONTROLS & set(controls.get("builtInControls") or [])
    return bool(strict or hard) and _concerns(conditions.get("users") or {}, group)


def _concerns(users: Mapping[str, Any], group: str | None) -> bool:
    """Whether a policy is for users in scope, who are everyone without a group.

    Whether users of the group are in other groups is not checked: a policy for another group may be for other users.
    """
    ids = {name: {str(item).lower() for item in found} for name, found in users.items() if isinstance(found, list)}
    included = ids.get("includeUsers", set()) - {"none"} | ids.get("includeGroups", set())
    if group is None:
        return bool(included)
    return bool(included & {"all", group}) and group not in ids.get("excludeGroups", set())


@rule(
    "security-defaults-register-app-only",
    WARNING,
    ("methods_required",),
    message="with security defaults, users register only the Authenticator app, but methods_required is 2",
    fix="Tell users to register a second method.",
    source="security-defaults",
)
def _security_defaults_register_app_only(view: TenantView) -> int:
    return int(view.offers_reset and view.methods_required == 2 and bool(view.require_fact("security_defaults")))


# What is reported


@rule(
    "registration-report-unlicensed",
    WARNING,
    ("methods_required", *METHODS),
    message="the tenant has no license for the registration report, so it is unknown who has registered",
    fix="Get Entra ID P1, or check individual users with sspr_user_info.",
    source="seen in the answers of tenants without P1",
)
def _registration_report_unlicensed(view: TenantView) -> int:
    rows = view.known_fact("registrations")
    return int(isinstance(rows, Unavailable) and rows.reason == "license")


@rule(
    "registration-report-delayed",
    WARNING,
    ("methods_required", *METHODS),
    message="the registration report may be up to 36 hours behind",
    fix="Check again tomorrow.",
    source="howto-authentication-methods-activity",
)
def _registration_report_delayed(view: TenantView) -> int:
    rows, now = view.known_fact("registrations"), view.declared.now
    if isinstance(rows, Unavailable):
        raise Undecided(rows.message, reason=rows.reason, hint=rows.hint)
    made = report_date(rows)
    if made is None:
        raise Undecided("the registration report does not state when it was made")
    changed = view.fact_if_read("policy_changed", made)
    last_change = None if isinstance(changed, Unavailable) else parse_timestamp(changed)
    recent = last_change is not None and now - last_change < REPORT_DELAY
    return int(why_stale(made, None, now) is not None or recent)


@rule(
    "audit-log-empty",
    WARNING,
    ("scope",),
    message="this is a free tenant without audit data, which is collected from the first use on and kept for 7 days",
    fix="Open the audit log once in the admin center.",
    source="reference-reports-data-retention",
)
def _audit_log_empty(view: TenantView) -> int:
    return int(view.offers_reset and not view.require_fact("skus") and not view.require_fact("audit"))
