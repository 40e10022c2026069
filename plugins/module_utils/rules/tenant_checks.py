# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that need to know more of a tenant than its documents: people, groups, licences, roles, reports.

What each is about stands in ``_rule_book``. A rule asks for a fact as late as it can, since each costs requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._errors import Unavailable
from ..data.licenses import FREE, SERVICE_PLANS, SKUS
from ..settings.graph_methods import EVERYONE, GRAPH_METHODS
from ..settings.pages import SETTINGS
from ..users.coverage import REPORT_DELAY, Audience, Policy, moment, why_stale
from ..users.method_eligibility import ADMIN_METHODS, admin_gates, reached, usable
from ..users.models import Registration, User
from ..users.roles import (
    ADMIN_ROLES as TWO_GATE,
)
from ..users.roles import (
    AUTHENTICATION_POLICY_ADMINISTRATOR,
    DIRECTORY_SYNCHRONIZATION,
    GLOBAL_ADMINISTRATOR,
    HYBRID_IDENTITY_ADMINISTRATOR,
    USER_ADMINISTRATOR,
)
from .setting_checks import dropped, is_mailbox
from .tenant_view import KINDS, Check, CheckResult, TenantView, Undecided, of_users

# Roles that may change a page of the portal; the first one may change all of it, the others what stands there.
POLICY_WRITERS = frozenset({GLOBAL_ADMINISTRATOR, AUTHENTICATION_POLICY_ADMINISTRATOR})
PARTIAL_WRITERS = (
    (frozenset({"scope", "group"}), USER_ADMINISTRATOR),
    (frozenset({"password_writeback", "unlock_without_reset"}), HYBRID_IDENTITY_ADMINISTRATOR),
)

REGISTER_ACTION = "urn:user:registersecurityinfo"
HARD_CONTROLS = frozenset({"block", "compliantDevice", "domainJoinedDevice"})

TENANT_RULES: dict[str, Check] = {}


def rule(name: str) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        TENANT_RULES[name] = check
        return check

    return enter


# Who is in scope


def _active(people: Iterable[User]) -> list[User]:
    """Those whom the policy is for: guests reset at home, disabled accounts not at all."""
    return [person for person in people if not person.guest and person.enabled is not False]


def _in_scope(view: TenantView) -> list[User]:
    scope = view.require_setting("scope")
    if scope == "all":
        return _active(view.require_fact("users"))
    return _active(view.require_fact("group_users", view.group)) if view.group else []


def _scope_ids(view: TenantView) -> frozenset[str] | None:
    """The ids of who is in scope; None when everyone is, for which nobody has to be read."""
    return None if view.require_setting("scope") == "all" else frozenset(person.id for person in _in_scope(view))


def _names(people: Iterable[User]) -> list[str]:
    return [person.user_principal_name for person in people]


def _administrators(view: TenantView) -> frozenset[str]:
    """The ids of who is under Microsoft's own policy for administrators."""
    return frozenset(holder for holder, roles in view.require_fact("role_holders").items() if roles & TWO_GATE)


def _administrators_if_told(view: TenantView) -> frozenset[str]:
    return frozenset() if isinstance(view.fact_or_unavailable("role_holders"), Unavailable) else _administrators(view)


def _holders(view: TenantView, role: str | None) -> list[User]:
    """The users who hold a role."""
    holders = [holder for holder, roles in view.require_fact("role_holders").items() if role in roles]
    people = [view.fact_or_unavailable("user", holder) for holder in holders]
    # A role is held by apps too, which are no users.
    return [person for person in people if isinstance(person, User)]


# The group


@rule("V04")
def _group_not_there(view: TenantView) -> int:
    if view.group is None:
        return 0
    found = view.fact_or_unavailable("group", view.group)
    if isinstance(found, Unavailable) and found.reason not in ("not_found", "ambiguous"):
        view.require_fact("group", view.group)
    return int(isinstance(found, Unavailable))


@rule("V05")
def _group_not_for_security(view: TenantView) -> int:
    enabled = view.require_fact("group", view.group).security_enabled if view.group else True
    if enabled is None:
        raise Undecided("Microsoft Graph does not tell whether the group is a security group")
    return int(not enabled)


@rule("V06")
def _group_without_users(view: TenantView) -> int:
    return int(view.group is not None and not view.require_fact("group_users", view.group))


@rule("V07")
def _group_by_member_of(view: TenantView) -> int:
    rule_text = (view.require_fact("group", view.group).rule or "") if view.group else ""
    return int("memberof" in rule_text.lower())


# Who loses or lacks something


@rule("V08")
def _no_longer_in_scope(view: TenantView) -> CheckResult | int:
    since = view.since
    if since is None or not since.offers_reset:
        return 0
    was, becomes = (since.require_setting("scope"), since.group), (view.require_setting("scope"), view.group)
    if was == becomes or becomes[0] == "all":
        return 0
    left = {person.id for person in _in_scope(view)}
    return of_users(_names(person for person in _in_scope(since) if person.id not in left))


@rule("V09")
def _administrators_in_group(view: TenantView) -> CheckResult | int:
    if view.group is None:
        return 0
    people = _in_scope(view)
    administrators = _administrators(view) if people else frozenset()
    return of_users(_names(person for person in people if person.id in administrators))


def may_lock_out(view: TenantView) -> bool:
    """Whether a change raises the number or drops a method: only then is it asked who could no longer reset."""
    since = view.since
    if since is None or not (since.offers_reset and view.offers_reset):
        return False
    return view.methods_required > since.methods_required or bool(dropped(since, view))


def who_is_locked_out(view: TenantView) -> list[Registration]:
    """Who can reset now and no longer could after a change, among those in scope before and after."""
    if view.since is None:
        return []
    before, after = _policy(view.since), _policy(view)
    rows = view.require_fact("registrations")
    # Without knowing who is an administrator, they count like everybody else.
    exempt = _administrators_if_told(view)
    return [
        row
        for row in rows
        if not row.guest
        and row.id not in exempt
        and before.covers(row.id)
        and after.covers(row.id)
        and before.suffices(row)
        and not after.suffices(row)
    ]


def _policy(view: TenantView) -> Policy:
    """Whom reset is for in a view, and with what."""
    terms, members = view.declared, _scope_ids(view)
    return Policy(
        settings=view.effective,
        migrated=view.migrated,
        day=terms.as_of,
        scope=view.require_setting("scope"),
        members=members or frozenset(),
        audiences=_audiences(view),
        telephony_provider=terms.telephony_provider,
    )


def _audiences(view: TenantView) -> dict[str, Audience]:
    """By option: whom a method is for, where that is not everyone.

    While a migration is in progress, what the legacy policy offers is for everyone.
    """
    return {
        f"methods.{name}": Audience(
            None if EVERYONE in target["include"] else _members(view, target["include"]),
            _members(view, target["exclude"]),
        )
        for name, target in view.targets.items()
        if view.migrated or not view.settings.get(f"methods.{name}")
    }


def _members(view: TenantView, groups: Iterable[str]) -> frozenset[str]:
    return frozenset(person.id for group in groups for person in view.require_fact("group_users", group.lower()))


@rule("V17")
def _locked_out(view: TenantView) -> CheckResult | int:
    if not may_lock_out(view):
        return 0
    names = [row.user_principal_name for row in who_is_locked_out(view)]
    return of_users(names, None if len(names) > view.declared.max_locked_out_users else "warning")


def report_time(rows: Iterable[Registration]) -> str | None:
    """When the report was made; of several times the first, since some rows are refreshed later than others."""
    return min((row.as_of for row in rows if row.as_of), default=None)


@rule("READINESS")
def _readiness_unknown(view: TenantView) -> CheckResult | int:
    if not may_lock_out(view):
        return 0
    why = _why_unknown(view)
    severity = "warning" if view.declared.allow_unknown_readiness else None
    return CheckResult(1, severity=severity, words={"why": why}) if why else 0


def _why_unknown(view: TenantView) -> str | None:
    rows = view.fact_or_unavailable("registrations")
    if isinstance(rows, Unavailable):
        return str(rows.message)
    made, now = report_time(rows), view.declared.now
    if made is None or why_stale(made, None, now):
        return why_stale(made, None, now)
    changed = view.fact_or_unavailable("policy_changed", made)
    return why_stale(made, None if isinstance(changed, Unavailable) else changed, now)


@rule("V27")
def _targeted_by_too_few(view: TenantView) -> CheckResult | int:
    if not (view.migrated and view.targets and view.offers_reset):
        return 0
    effective, required, audiences = view.effective, view.methods_required, _audiences(view)

    def reaches(option: str, person: User) -> bool:
        return effective[option] and (option not in audiences or person.id in audiences[option])

    def kinds(person: User) -> int:
        return sum(any(reaches(option, person) for option in options) for options in KINDS.values())

    return of_users(_names(person for person in _in_scope(view) if kinds(person) < required))


@rule("V31")
def _directory_data_only(view: TenantView) -> CheckResult | int:
    terms = view.declared
    if not view.offers_reset or not reached("registered_methods_only", terms.as_of):
        return 0
    people, effective = {person.id for person in _in_scope(view) if person.directory_data}, view.effective
    rows = view.require_fact("registrations") if people else []
    return of_users(
        [
            row.user_principal_name
            for row in rows
            if row.id in people and not usable(row, effective, view.migrated, terms.as_of, terms.telephony_provider)
        ]
    )


@rule("V40")
def _synced_without_writeback(view: TenantView) -> CheckResult | int:
    if not view.offers_reset or view.require_setting("password_writeback"):
        return 0
    return of_users(_names(person for person in _in_scope(view) if person.synced))


# Licences


def _plans(view: TenantView) -> set[str]:
    return {plan for plans in view.require_fact("skus").values() for plan in plans}


@rule("V30")
def _calls_in_a_free_tenant(view: TenantView) -> int:
    return int(view.on("voice", "office_phone") and not view.require_fact("skus"))


@rule("V41")
def _writeback_unlicensed(view: TenantView) -> int:
    if not view.require_setting("password_writeback"):
        return 0
    return int(not any(SERVICE_PLANS[plan]["writeback"] for plan in _plans(view) & set(SERVICE_PLANS)))


@rule("V50")
def _reset_disputed(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    skus = view.require_fact("skus")
    known = [SKUS[sku] for sku in skus if sku in SKUS]
    if _plans(view) & set(SERVICE_PLANS) or any(sku["reset"] == "yes" for sku in known):
        return 0
    names = sorted(str(sku["name"]) for sku in known) or [
        "subscriptions that they do not mention" if skus else str(FREE["name"])
    ]
    return CheckResult(1, words={"plan": ", ".join(names)})


@rule("V51")
def _users_unlicensed(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    enough = plans_with_reset(view.require_fact("skus"))
    return of_users(_names(person for person in _in_scope(view) if not person.plans & enough))


def plans_with_reset(skus: Iterable[str]) -> frozenset[str]:
    """The service plans by which a user with a licence for reset is recognised, in a tenant with these SKUs."""
    return frozenset(SERVICE_PLANS).union(*(SKUS[sku]["users"] for sku in skus if sku in SKUS))


@rule("V53")
def _operator_unlicensed(view: TenantView) -> int:
    return int(not view.require_fact("operator").plans & set(SERVICE_PLANS))


@rule("V42")
def _nothing_is_synced(view: TenantView) -> int:
    return int(view.require_setting("password_writeback") and view.require_fact("organization")["synced"] is not True)


# Mail


@rule("V73")
def _contact_may_be_locked_out(view: TenantView) -> CheckResult | int:
    contact = str(view.require_setting("helpdesk_contact")).lower()
    if not (is_mailbox(contact) and view.require_setting("helpdesk_link") and view.offers_reset):
        return 0
    return of_users(
        _names(
            person
            for person in _in_scope(view)
            if contact in (person.user_principal_name.lower(), (person.mail or "").lower())
        )
    )


@rule("V77")
def _nobody_gets_the_mail(view: TenantView) -> int:
    if not view.require_setting("notify_admins"):
        return 0
    return int(not any(person.mail for person in _holders(view, GLOBAL_ADMINISTRATOR)))


# Administrators


@rule("V81")
def _administrators_cannot_register(view: TenantView) -> CheckResult | int:
    if view.require_setting("admins_can_reset") or not (
        view.require_setting("required_at_sign_in") and view.offers_reset
    ):
        return 0
    administrators = _administrators(view)
    return of_users(_names(person for person in _in_scope(view) if person.id in administrators))


@rule("V82")
def _administrators_not_ready(view: TenantView) -> CheckResult | int:
    if not view.require_setting("admins_can_reset"):
        return 0
    holders, terms = view.require_fact("role_holders"), view.declared
    return of_users(
        [
            row.user_principal_name
            for row in view.require_fact("registrations")
            if holders.get(row.id, frozenset()) & TWO_GATE
            and len(admin_gates(row, holders[row.id], terms.as_of, terms.telephony_provider)) < ADMIN_METHODS
        ]
    )


@rule("V84")
def _app_may_not_change_admin_policy(view: TenantView) -> int:
    if "admins_can_reset" not in _changes(view):
        return 0
    allowed = view.require_fact("admin_policy_permission")
    if allowed is None:
        raise Undecided("the app's token does not list its permissions")
    return int(not allowed)


@rule("V85")
def _operator_may_not_change(view: TenantView) -> int:
    changes = {name for name in _changes(view) if not (view.migrated and name in GRAPH_METHODS)} - {"admins_can_reset"}
    if not changes:
        return 0
    roles = view.require_fact("portal_roles")
    if roles is None:
        raise Undecided("the portal user's token does not list the user's roles")
    enough = POLICY_WRITERS | {role for options, role in PARTIAL_WRITERS if changes <= options}
    return int(not roles & enough)


def _changes(view: TenantView) -> set[str]:
    """The asked options whose value a change alters."""
    since = view.since
    if since is None:
        return set()
    was, becomes = since.settings, view.settings
    return {name for name in view.requested if not SETTINGS[name].same(was.get(name), becomes.get(name))}


@rule("V86")
def _special_accounts_in_scope(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    declared = view.declared.break_glass or frozenset()
    unknown = isinstance(view.fact_or_unavailable("role_holders"), Unavailable)
    synchronizing = [] if unknown else _holders(view, DIRECTORY_SYNCHRONIZATION)
    if view.require_setting("scope") == "all":
        return of_users([*declared, *_names(synchronizing)])
    special = {*declared, *(person.id for person in synchronizing)}
    return of_users(
        _names(person for person in _in_scope(view) if special & {person.id, person.user_principal_name.lower()})
    )


# Sign-in


@rule("V90")
def _registration_may_be_blocked(view: TenantView) -> CheckResult | int:
    if not view.offers_reset:
        return 0
    policies = [policy for policy in view.require_fact("conditional_access") if _may_block(policy, view.group)]
    names = sorted(str(policy.get("displayName")) for policy in policies)
    return CheckResult(len(names), words={"policies": ", ".join(names)})


def _may_block(policy: dict[str, Any], group: str | None) -> bool:
    """Whether a policy in force asks for a place, a device or a strength when users in scope register."""
    conditions, controls = policy.get("conditions") or {}, policy.get("grantControls") or {}
    actions = (conditions.get("applications") or {}).get("includeUserActions") or []
    wants = conditions.get("locations") or controls.get("authenticationStrength")
    hard = HARD_CONTROLS & set(controls.get("builtInControls") or [])
    users = {
        name: {str(item).lower() for item in ids or []}
        for name, ids in (conditions.get("users") or {}).items()
        if isinstance(ids, list)
    }
    included = users.get("includeUsers", set()) - {"none"} | users.get("includeGroups", set())
    # Who else is in the group of a scope is not looked at: a policy for another group may be about other people.
    concerns = bool(included) if group is None else bool(included & {"all", group})
    excluded = group is not None and group in users.get("excludeGroups", set())
    in_force = policy.get("state") == "enabled" and REGISTER_ACTION in actions
    return in_force and bool(wants or hard) and concerns and not excluded


@rule("V91")
def _app_is_all_that_is_registered(view: TenantView) -> int:
    return int(view.offers_reset and view.methods_required == 2 and bool(view.require_fact("security_defaults")))


# What can be known


@rule("V93")
def _no_report_without_licence(view: TenantView) -> int:
    rows = view.known_fact("registrations")
    return int(isinstance(rows, Unavailable) and rows.reason == "license")


@rule("V94")
def _report_lags(view: TenantView) -> int:
    rows, now = view.known_fact("registrations"), view.declared.now
    if isinstance(rows, Unavailable):
        raise Undecided(rows.message)
    made = report_time(rows)
    if made is None:
        raise Undecided("the registration report does not tell when it was made")
    changed = view.facts.get(("policy_changed", made))
    altered = None if isinstance(changed, Unavailable) else moment(changed)
    return int(why_stale(made, None, now) is not None or (altered is not None and now - altered < REPORT_DELAY))


@rule("V95")
def _no_audit_data(view: TenantView) -> int:
    return int(view.offers_reset and not view.require_fact("skus") and not view.require_fact("audit"))
