# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that need to know more of a tenant than its documents: people, groups, licences, roles, reports.

What each is about stands in ``_rule_book``. A rule asks for a fact as late as it can, since each costs requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._admin_roles import TWO_GATE_ROLES
from ansible_collections.tenantops.entra.plugins.module_utils._coverage import (
    REPORT_DELAY,
    Audience,
    Policy,
    moment,
    why_stale,
)
from ansible_collections.tenantops.entra.plugins.module_utils._licences import FREE, SERVICE_PLANS, SKUS
from ansible_collections.tenantops.entra.plugins.module_utils._methods import EVERYONE, GRAPH_METHODS
from ansible_collections.tenantops.entra.plugins.module_utils._pages import SETTINGS
from ansible_collections.tenantops.entra.plugins.module_utils._people import Person, Registration, Unavailable
from ansible_collections.tenantops.entra.plugins.module_utils._readiness import (
    ADMIN_METHODS,
    GLOBAL_ADMINISTRATOR,
    TWO_GATE,
    admin_gates,
    reached,
    usable,
)
from ansible_collections.tenantops.entra.plugins.module_utils._setting_rules import dropped, is_mailbox
from ansible_collections.tenantops.entra.plugins.module_utils._views import (
    KINDS,
    Check,
    Outcome,
    Undecided,
    View,
    of_users,
)

ROLES: dict[str, str | None] = TWO_GATE_ROLES["roles"]
SYNCHRONIZATION = ROLES["Directory Synchronization Accounts"]
# Roles that may change a page of the portal; the first one may change all of it, the others what stands there.
POLICY_WRITERS = frozenset({GLOBAL_ADMINISTRATOR, ROLES["Authentication Policy Administrator"]})
PARTIAL_WRITERS = (
    (frozenset({"scope", "group"}), ROLES["User Administrator"]),
    (frozenset({"password_writeback", "unlock_without_reset"}), ROLES["Hybrid Identity Administrator"]),
)

REGISTER_ACTION = "urn:user:registersecurityinfo"
MANAGED_DEVICE = frozenset({"compliantDevice", "domainJoinedDevice"})

TENANT_RULES: dict[str, Check] = {}


def rule(name: str) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        TENANT_RULES[name] = check
        return check

    return enter


# Who is in scope


def _active(people: Iterable[Person]) -> list[Person]:
    """Those whom the policy is for: guests reset at home, disabled accounts not at all."""
    return [person for person in people if not person.guest and person.enabled is not False]


def _in_scope(view: View) -> list[Person]:
    scope = view.need("scope")
    if scope == "all":
        return _active(view.know("people"))
    return _active(view.know("group_people", view.group)) if view.group else []


def _scope_ids(view: View) -> frozenset[str] | None:
    """The ids of who is in scope; None when everyone is, for which nobody has to be read."""
    return None if view.need("scope") == "all" else frozenset(person.id for person in _in_scope(view))


def _names(people: Iterable[Person]) -> list[str]:
    return [person.upn for person in people]


def _administrators(view: View) -> frozenset[str]:
    """The ids of who is under Microsoft's own policy for administrators."""
    return frozenset(holder for holder, roles in view.know("role_holders").items() if roles & TWO_GATE)


def _administrators_if_told(view: View) -> frozenset[str]:
    return frozenset() if isinstance(view.look("role_holders"), Unavailable) else _administrators(view)


def _holders(view: View, role: str | None) -> list[Person]:
    """The users who hold a role."""
    holders = [holder for holder, roles in view.know("role_holders").items() if role in roles]
    people = [view.look("person", holder) for holder in holders]
    # A role is held by apps too, which are no users.
    return [person for person in people if isinstance(person, Person)]


# The group


@rule("V04")
def _group_not_there(view: View) -> int:
    if view.group is None:
        return 0
    found = view.look("group", view.group)
    if isinstance(found, Unavailable) and found.kind not in ("not_found", "ambiguous"):
        view.know("group", view.group)
    return int(isinstance(found, Unavailable))


@rule("V05")
def _group_not_for_security(view: View) -> int:
    return int(view.group is not None and view.know("group", view.group).security_enabled is False)


@rule("V06")
def _group_without_users(view: View) -> int:
    return int(view.group is not None and not view.know("group_people", view.group))


@rule("V07")
def _group_by_member_of(view: View) -> int:
    rule_text = (view.know("group", view.group).rule or "") if view.group else ""
    return int("memberof" in rule_text.lower())


# Who loses or lacks something


@rule("V08")
def _no_longer_in_scope(view: View) -> Outcome | int:
    since = view.since
    if since is None or not since.offers_reset:
        return 0
    was, becomes = (since.need("scope"), since.group), (view.need("scope"), view.group)
    if was == becomes or becomes[0] == "all":
        return 0
    left = {person.id for person in _in_scope(view)}
    return of_users(_names(person for person in _in_scope(since) if person.id not in left))


@rule("V09")
def _administrators_in_group(view: View) -> Outcome | int:
    if view.group is None:
        return 0
    people = _in_scope(view)
    administrators = _administrators(view) if people else frozenset()
    return of_users(_names(person for person in people if person.id in administrators))


def may_lock_out(view: View) -> bool:
    """Whether a change raises the number or drops a method: only then is it asked who could no longer reset."""
    since = view.since
    if since is None or not (since.offers_reset and view.offers_reset):
        return False
    return view.methods_required > since.methods_required or bool(dropped(since, view))


def who_is_locked_out(view: View) -> list[Registration]:
    """Who can reset now and no longer could after a change, among those in scope before and after."""
    if view.since is None:
        return []
    before, after = _policy(view.since), _policy(view)
    rows = view.know("registrations")
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


def _policy(view: View) -> Policy:
    """Whom reset is for in a view, and with what."""
    terms, members = view.agreed, _scope_ids(view)
    return Policy(
        settings=view.effective,
        migrated=view.migrated,
        day=terms.as_of,
        scope=view.need("scope"),
        members=members or frozenset(),
        audiences=_audiences(view),
        telephony_provider=terms.telephony_provider,
    )


def _audiences(view: View) -> dict[str, Audience]:
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


def _members(view: View, groups: Iterable[str]) -> frozenset[str]:
    return frozenset(person.id for group in groups for person in view.know("group_people", group.lower()))


@rule("V17")
def _locked_out(view: View) -> Outcome | int:
    if not may_lock_out(view):
        return 0
    names = [row.upn for row in who_is_locked_out(view)]
    return of_users(names, None if len(names) > view.agreed.max_locked_out_users else "warning")


def report_time(rows: Iterable[Registration]) -> str | None:
    """When the report was made; of several times the first, since some rows are refreshed later than others."""
    return min((row.as_of for row in rows if row.as_of), default=None)


@rule("READINESS")
def _readiness_unknown(view: View) -> Outcome | int:
    if not may_lock_out(view):
        return 0
    why = _why_unknown(view)
    severity = "warning" if view.agreed.allow_unknown_readiness else None
    return Outcome(1, severity=severity, words={"why": why}) if why else 0


def _why_unknown(view: View) -> str | None:
    rows = view.look("registrations")
    if isinstance(rows, Unavailable):
        return str(rows.message)
    made, now = report_time(rows), view.agreed.now
    if made is None or why_stale(made, None, now):
        return why_stale(made, None, now)
    changed = view.look("policy_changed", made)
    return why_stale(made, None if isinstance(changed, Unavailable) else changed, now)


@rule("V27")
def _targeted_by_too_few(view: View) -> Outcome | int:
    if not (view.migrated and view.targets and view.offers_reset):
        return 0
    effective, required, audiences = view.effective, view.methods_required, _audiences(view)

    def reaches(option: str, person: Person) -> bool:
        return effective[option] and (option not in audiences or person.id in audiences[option])

    def kinds(person: Person) -> int:
        return sum(any(reaches(option, person) for option in options) for options in KINDS.values())

    return of_users(_names(person for person in _in_scope(view) if kinds(person) < required))


@rule("V31")
def _directory_data_only(view: View) -> Outcome | int:
    terms = view.agreed
    if not view.offers_reset or not reached("registered_methods_only", terms.as_of):
        return 0
    people, effective = {person.id for person in _in_scope(view) if person.directory_data}, view.effective
    rows = view.know("registrations") if people else []
    return of_users(
        [
            row.upn
            for row in rows
            if row.id in people and not usable(row, effective, view.migrated, terms.as_of, terms.telephony_provider)
        ]
    )


@rule("V40")
def _synced_without_writeback(view: View) -> Outcome | int:
    if not view.offers_reset or view.need("password_writeback"):
        return 0
    return of_users(_names(person for person in _in_scope(view) if person.synced))


# Licences


def _plans(view: View) -> set[str]:
    return {plan for plans in view.know("skus").values() for plan in plans}


@rule("V30")
def _calls_in_a_free_tenant(view: View) -> int:
    return int(view.on("voice", "office_phone") and not view.know("skus"))


@rule("V41")
def _writeback_unlicensed(view: View) -> int:
    if not view.need("password_writeback"):
        return 0
    return int(not any(SERVICE_PLANS[plan]["writeback"] for plan in _plans(view) & set(SERVICE_PLANS)))


@rule("V50")
def _reset_disputed(view: View) -> Outcome | int:
    if not view.offers_reset:
        return 0
    skus = view.know("skus")
    known = [SKUS[sku] for sku in skus if sku in SKUS]
    if _plans(view) & set(SERVICE_PLANS) or any(sku["reset"] == "yes" for sku in known):
        return 0
    names = sorted(str(sku["name"]) for sku in known) or [
        "subscriptions that they do not mention" if skus else str(FREE["name"])
    ]
    return Outcome(1, words={"plan": ", ".join(names)})


@rule("V51")
def _users_unlicensed(view: View) -> Outcome | int:
    if not view.offers_reset:
        return 0
    enough = plans_with_reset(view.know("skus"))
    return of_users(_names(person for person in _in_scope(view) if not person.plans & enough))


def plans_with_reset(skus: Iterable[str]) -> frozenset[str]:
    """The service plans by which a user with a licence for reset is recognised, in a tenant with these SKUs."""
    return frozenset(SERVICE_PLANS).union(*(SKUS[sku]["users"] for sku in skus if sku in SKUS))


@rule("V53")
def _operator_unlicensed(view: View) -> int:
    return int(not view.know("operator").plans & set(SERVICE_PLANS))


@rule("V42")
def _nothing_is_synced(view: View) -> int:
    return int(view.need("password_writeback") and view.know("organization")["synced"] is not True)


# Mail


@rule("V73")
def _contact_may_be_locked_out(view: View) -> Outcome | int:
    contact = str(view.need("helpdesk_contact")).lower()
    if not (is_mailbox(contact) and view.need("helpdesk_link") and view.offers_reset):
        return 0
    return of_users(
        _names(person for person in _in_scope(view) if contact in (person.upn.lower(), (person.mail or "").lower()))
    )


@rule("V77")
def _nobody_gets_the_mail(view: View) -> int:
    if not view.need("notify_admins"):
        return 0
    return int(not any(person.mail for person in _holders(view, GLOBAL_ADMINISTRATOR)))


# Administrators


@rule("V81")
def _administrators_cannot_register(view: View) -> Outcome | int:
    if view.need("admins_can_reset") or not (view.need("required_at_sign_in") and view.offers_reset):
        return 0
    administrators = _administrators(view)
    return of_users(_names(person for person in _in_scope(view) if person.id in administrators))


@rule("V82")
def _administrators_not_ready(view: View) -> Outcome | int:
    if not view.need("admins_can_reset"):
        return 0
    holders, terms = view.know("role_holders"), view.agreed
    return of_users(
        [
            row.upn
            for row in view.know("registrations")
            if holders.get(row.id, frozenset()) & TWO_GATE
            and len(admin_gates(row, holders[row.id], terms.as_of, terms.telephony_provider)) < ADMIN_METHODS
        ]
    )


@rule("V84")
def _app_may_not_change_admin_policy(view: View) -> int:
    if "admins_can_reset" not in _changes(view):
        return 0
    allowed = view.know("admin_policy_permission")
    if allowed is None:
        raise Undecided("the app's token does not list its permissions")
    return int(not allowed)


@rule("V85")
def _operator_may_not_change(view: View) -> int:
    changes = {name for name in _changes(view) if not (view.migrated and name in GRAPH_METHODS)} - {"admins_can_reset"}
    if not changes:
        return 0
    roles = view.know("portal_roles")
    if roles is None:
        raise Undecided("the portal user's token does not list the user's roles")
    enough = POLICY_WRITERS | {role for options, role in PARTIAL_WRITERS if changes <= options}
    return int(not roles & enough)


def _changes(view: View) -> set[str]:
    """The asked options whose value a change alters."""
    since = view.since
    if since is None:
        return set()
    was, becomes = since.settings, view.settings
    return {name for name in view.asked if not SETTINGS[name].same(was.get(name), becomes.get(name))}


@rule("V86")
def _special_accounts_in_scope(view: View) -> Outcome | int:
    if not view.offers_reset:
        return 0
    declared = view.agreed.break_glass or frozenset()
    unknown = isinstance(view.look("role_holders"), Unavailable)
    synchronizing = [] if unknown else _holders(view, SYNCHRONIZATION)
    if view.need("scope") == "all":
        return of_users([*declared, *_names(synchronizing)])
    special = {*declared, *(person.id for person in synchronizing)}
    return of_users(_names(person for person in _in_scope(view) if special & {person.id, person.upn.lower()}))


# Sign-in


@rule("V90")
def _registration_may_be_blocked(view: View) -> Outcome | int:
    if not view.offers_reset:
        return 0
    policies = [policy for policy in view.know("conditional_access") if _may_block(policy, view.group)]
    names = sorted(str(policy.get("displayName")) for policy in policies)
    return Outcome(len(names), words={"policies": ", ".join(names)})


def _may_block(policy: dict[str, Any], group: str | None) -> bool:
    """Whether a policy in force asks for a place, a device or a strength when users in scope register."""
    conditions, controls = policy.get("conditions") or {}, policy.get("grantControls") or {}
    users = conditions.get("users") or {}
    wants = (
        bool(conditions.get("locations"))
        or bool(MANAGED_DEVICE & set(controls.get("builtInControls") or []))
        or bool(controls.get("authenticationStrength"))
        or "block" in (controls.get("builtInControls") or [])
    )
    included = (
        "All" in (users.get("includeUsers") or [])
        or (group is None and bool(users.get("includeGroups") or users.get("includeUsers")))
        or group in (users.get("includeGroups") or [])
    )
    excluded = group is not None and group in (users.get("excludeGroups") or [])
    actions = (conditions.get("applications") or {}).get("includeUserActions") or []
    return policy.get("state") == "enabled" and REGISTER_ACTION in actions and wants and included and not excluded


@rule("V91")
def _app_is_all_that_is_registered(view: View) -> int:
    return int(view.offers_reset and view.methods_required == 2 and bool(view.know("security_defaults")))


# What can be known


@rule("V93")
def _no_report_without_licence(view: View) -> int:
    rows = view.glance("registrations")
    return int(isinstance(rows, Unavailable) and rows.kind == "licence")


@rule("V94")
def _report_lags(view: View) -> int:
    rows, now = view.glance("registrations"), view.agreed.now
    if isinstance(rows, Unavailable):
        raise Undecided(rows.message)
    made = report_time(rows)
    if made is None:
        raise Undecided("the registration report does not tell when it was made")
    changed = view.facts.get(("policy_changed", made))
    altered = None if isinstance(changed, Unavailable) else moment(changed)
    return int(why_stale(made, None, now) is not None or (altered is not None and now - altered < REPORT_DELAY))


@rule("V95")
def _no_audit_data(view: View) -> int:
    return int(view.offers_reset and not view.know("skus") and not view.know("audit"))
