# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight in real Ansible: a tenant for each rule in which it fires, and one in which none does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.data.directory_roles import ADMIN_POLICY_ROLES
from ansible_collections.tenantops.entra.plugins.module_utils.rules.engine import RULES, WAIVER_EXPIRED
from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, TaskResult

from .conftest import ALL_PERMISSIONS, APP, GROUP, OPERATOR, Tenant

pytestmark = pytest.mark.both_ways

PERMISSIONS = [
    *ALL_PERMISSIONS,
    "AuditLog.Read.All",
    "GroupMember.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.Authorization",
    "RoleManagement.Read.Directory",
    "User.Read.All",
]
ROLES = ADMIN_POLICY_ROLES["roles"]
FIRST_SETTING = {rule.id: next(iter(rule.settings), None) for rule in RULES}
OTHER_GROUP, NESTED, THIRD = (f"{GROUP[:-1]}{digit}" for digit in "456")
KIM, LEE, ADA, BOB, SAM = (f"55555555-5555-4555-8555-55555555555{digit}" for digit in "12345")

EMAIL = {"@odata.type": "#microsoft.graph.emailAuthenticationMethod", "emailAddress": "me@home.example"}
APP_METHOD = {"@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod", "id": GROUP}
MOBILE = {
    "@odata.type": "#microsoft.graph.phoneAuthenticationMethod",
    "phoneType": "mobile",
    "phoneNumber": "+1 2065550100",
}


def user(object_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": object_id, "userPrincipalName": f"{name}@contoso.example", **more}


def configured(**states: bool) -> dict[str, Any]:
    return {name: {"state": "enabled" if on else "disabled"} for name, on in states.items()}


def legacy(state: str = "preMigration", **on: bool) -> dict[str, Any]:
    """A tenant that is not migrated, with these of the legacy switches on."""
    names = ("email", "mobilePhone", "officePhone", "securityQuestions")
    flags = {f"{name}OptionEnabled": on.get(name, False) for name in names}
    app = {f"mobileApp{name}Enabled": on.get(name.lower(), False) for name in ("Notification", "Code")}
    return {"migration_state": state, "portal_policy": {**flags, **app}}


# Everything in order: two methods, of which all users in the group have both, and one administrator, who is not in it.
SOUND: dict[str, Any] = {
    "apps": {APP: PERMISSIONS},
    "portal_policy": {
        "enablementType": 1,
        "passwordResetEnabledGroupIds": [GROUP],
        "passwordResetEnabledGroupName": "SSPR Pilot",
        "numberOfAuthenticationMethodsRequired": 2,
        "customizeHelpdeskLink": True,
        "customHelpdeskEmailOrUrl": "https://help.contoso.example",
        "notifyOnAdminPasswordReset": True,
    },
    "authentication_methods_policy": configured(Sms=False),
    "people": [user(KIM, "kim"), user(LEE, "lee"), user(ADA, "ada")],
    "user_methods": {KIM: [EMAIL, APP_METHOD], LEE: [EMAIL, APP_METHOD], ADA: [EMAIL, APP_METHOD]},
    "role_assignments": [{"principalId": ADA, "roleDefinitionId": ROLES["Global Administrator"]}],
    "groups": [
        {"id": GROUP, "displayName": "SSPR Pilot", "members": [KIM, NESTED]},
        {"id": NESTED, "displayName": "Sales", "members": [LEE]},
        {"id": OTHER_GROUP, "displayName": "Empty"},
    ],
}


def seed(*changes: dict[str, Any]) -> dict[str, Any]:
    """The sound tenant with changes, those of documents laid over each other."""
    found = dict(SOUND)
    for change in changes:
        for name, value in change.items():
            overlay = isinstance(value, dict) and name != "user_methods"
            found[name] = {**found.get(name, {}), **value} if overlay else value
    return found


def policy(**fields: Any) -> dict[str, Any]:
    return {"portal_policy": fields}


def admins(*holders: str, role: str = "User Administrator") -> dict[str, Any]:
    more = [{"principalId": holder, "roleDefinitionId": ROLES[role]} for holder in holders]
    return {"role_assignments": [*SOUND["role_assignments"], *more]}


def methods(**of: list[dict[str, Any]]) -> dict[str, Any]:
    ids = {"kim": KIM, "lee": LEE, "ada": ADA}
    return {"user_methods": {**SOUND["user_methods"], **{ids[name]: found for name, found in of.items()}}}


def group(**properties: Any) -> dict[str, Any]:
    pilot, *others = SOUND["groups"]
    return {"groups": [{**pilot, **properties}, *others]}


def ago(hours: int) -> str:
    return (datetime.now(timezone.utc) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def blocking_policy(**conditions: Any) -> dict[str, Any]:
    users = {"includeUsers": ["All"], "excludeUsers": [], "includeGroups": [], "excludeGroups": []}
    actions = {"includeUserActions": ["urn:user:registersecurityinfo"]}
    return {
        "conditional_access": [
            {
                "displayName": "Trusted places",
                "conditions": {
                    "users": users,
                    "applications": actions,
                    "locations": {"includeLocations": ["All"]},
                    **conditions,
                },
            }
        ]
    }


OLD_REPORT = {"registration_report": {"as_of": ago(48)}}
CHANGED_SINCE = {
    "registration_report": {"as_of": ago(10)},
    "audit_events": [{"activityDisplayName": "Self-service password reset policy changes", "activityDateTime": ago(5)}],
}
QUESTIONS = policy(
    securityQuestionsOptionEnabled=True, securityQuestions=[{"questionText": f"Why {n}?"} for n in "abcde"]
)
ONE = policy(numberOfAuthenticationMethodsRequired=1)
NOBODY = policy(enablementType=0, passwordResetEnabledGroupIds=[])
EVERYBODY = policy(enablementType=2, passwordResetEnabledGroupIds=[])
SMS_ONLY = {"authentication_methods_policy": configured(Sms=True, MicrosoftAuthenticator=False, SoftwareOath=False)}
FOR_SALES = {
    "authentication_methods_policy": {
        **configured(Sms=False),
        "Email": {"includeTargets": [{"targetType": "group", "id": NESTED}]},
    }
}
LEGACY_LIKE = legacy(email=True, mobilePhone=True, notification=True, code=True)
WRITEBACK = {"on_premises": {"passwordWritebackSupported": True}}
FREE = {"plans": []}
NO_GRACE: dict[str, Any] = {"break_glass": None}


@dataclass(frozen=True)
class Case:
    """A tenant, what is requested there on which day, and what one rule says: status, and whether it blocks."""

    rule: str
    status: str | None
    blocking: bool = False
    tenant: dict[str, Any] = field(default_factory=dict)
    requested: dict[str, Any] = field(default_factory=dict)
    severity: str | None = None
    users: list[str] | None = None
    name: str = ""


def case(rule: str, status: str | None, *tenant: dict[str, Any], **more: Any) -> Case:
    expected = {key: more.pop(key) for key in ("blocking", "severity", "users") if key in more}
    return Case(rule, status, tenant=seed(*tenant), requested=more, **expected)


LATE = "2027-02-01"
CASES = [
    # Settings
    case("unknown-scope", "present", policy(enablementType=7)),
    case("selected-without-group", "new", NOBODY, scope="selected", blocking=True),
    case("selected-without-group", "present", policy(passwordResetEnabledGroupIds=[])),
    case("group-ignored", "present", policy(enablementType=0)),
    case("group-ignored", "new", NOBODY, scope="all", group="SSPR Pilot"),
    case("group-not-found", "new", group="Nobody", scope="selected", blocking=True),
    case("group-not-found", "present", policy(passwordResetEnabledGroupIds=[THIRD])),
    case("group-not-security", "present", group(securityEnabled=False)),
    case("group-empty", "new", scope="selected", group="Empty"),
    case("group-rule-retired", "present", group(membershipRule="user.memberof -any (group.objectId -in ['1'])")),
    case("users-leave-scope", "new", scope="none", users=["kim@contoso.example", "lee@contoso.example"]),
    case("users-leave-scope", None, scope="all"),
    case("administrators-in-scope", "present", admins(LEE), users=["lee@contoso.example"]),
    case("reconfirm-days-out-of-range", "present", policy(registrationReconfirmIntevalInDays=900)),
    case("reconfirm-days-out-of-range", "new", reconfirm_days=731, blocking=True),
    case("reconfirm-days-out-of-range", None, reconfirm_days=730),
    case("reconfirm-never", "new", reconfirm_days=0),
    case("reconfirm-without-registration", "new", policy(registrationRequiredOnSignIn=False), reconfirm_days=90),
    case("reconfirm-without-registration", None, reconfirm_days=90),
    case("reconfirm-days-unusual", "new", reconfirm_days=181),
    case("reconfirm-days-unusual", None, reconfirm_days=90),
    case("registration-not-required", "new", required_at_sign_in=False),
    case("methods-required-out-of-range", "present", policy(numberOfAuthenticationMethodsRequired=3)),
    case("single-method-required", "new", methods_required=1),
    case(
        "locked-out-users",
        "new",
        ONE,
        methods(lee=[EMAIL]),
        methods_required=2,
        blocking=True,
        users=["lee@contoso.example"],
    ),
    case(
        "locked-out-users",
        "new",
        ONE,
        methods(lee=[EMAIL]),
        methods_required=2,
        max_locked_out_users=1,
        severity="warning",
    ),
    case("locked-out-users", "new", methods={"email": False, "security_questions": True}, blocking=True),
    # Has both methods registered, and email is not for everyone.
    case("locked-out-users", "new", ONE, FOR_SALES, methods_required=2, blocking=True, users=["kim@contoso.example"]),
    case("locked-out-users", None, ONE, methods_required=2),
    case("locked-out-users", None, ONE, methods(lee=[EMAIL]), admins(LEE), methods_required=2),
    case(
        "too-few-methods",
        "new",
        {"authentication_methods_policy": configured(MicrosoftAuthenticator=False, SoftwareOath=False)},
        ONE,
        methods_required=2,
        blocking=True,
    ),
    case("authenticator-only", "present", legacy(email=True, code=True), severity="error"),
    case("authenticator-only", "new", legacy(email=True), methods={"mobile_app_code": True}, blocking=True),
    case(
        "authenticator-only",
        "present",
        ONE,
        {"authentication_methods_policy": configured(Email=False, SoftwareOath=False)},
        severity="warning",
    ),
    case("notification-without-code", "present", ONE, legacy(email=True, notification=True)),
    case("legacy-methods-policy", "new", LEGACY_LIKE, methods={"email": False}),
    case("legacy-methods-policy", None, LEGACY_LIKE, methods={"security_questions": False}),
    case("methods-in-other-policy", "present", legacy(mobilePhone=True), severity="error"),
    case("methods-in-other-policy", None, legacy("migrationInProgress", mobilePhone=True)),
    case(
        "users-targeted-by-too-few-methods",
        "present",
        {
            "authentication_methods_policy": {
                "Email": {"includeTargets": [{"targetType": "group", "id": NESTED}]},
                **configured(Sms=False, SoftwareOath=False),
            }
        },
        users=["kim@contoso.example"],
    ),
    case("voice-in-free-tenant", "present", FREE, {"authentication_methods_policy": configured(Voice=True)}),
    case(
        "directory-data-only",
        "present",
        {"people": [user(KIM, "kim", mobilePhone="+1 2065550101"), *SOUND["people"][1:]]},
        methods(kim=[]),
        users=["kim@contoso.example"],
    ),
    case(
        "directory-data-only",
        None,
        {"people": [user(KIM, "kim", mobilePhone="+1 2065550101"), *SOUND["people"][1:]]},
        methods(kim=[]),
        as_of="2026-11-08",
    ),
    case("sms-voice-retired", "present", SMS_ONLY, as_of="2027-01-31", severity="warning"),
    case("sms-voice-retired", "present", SMS_ONLY, as_of=LATE, severity="error"),
    case("sms-voice-retired", None, SMS_ONLY, as_of=LATE, telephony_provider=True),
    case("security-questions-retired", "present", QUESTIONS, as_of="2027-02-28", severity="warning"),
    case("security-questions-retired", "new", methods={"security_questions": True}, as_of="2027-03-01", blocking=True),
    case(
        "security-questions-needed",
        "present",
        QUESTIONS,
        {"authentication_methods_policy": configured(MicrosoftAuthenticator=False, SoftwareOath=False)},
        as_of="2027-03-01",
        severity="error",
    ),
    # Directory and licenses
    case(
        "synced-without-writeback",
        "present",
        {"people": [user(KIM, "kim", onPremisesSyncEnabled=True), *SOUND["people"][1:]]},
        users=["kim@contoso.example"],
    ),
    case("writeback-unlicensed", "new", {"plans": ["O365_BUSINESS_PREMIUM"]}, password_writeback=True, blocking=True),
    case(
        "writeback-unlicensed",
        None,
        {"plans": ["SPB"], "organization": {"onPremisesSyncEnabled": True}},
        password_writeback=True,
    ),
    case("writeback-without-sync", "new", password_writeback=True),
    case("unlock-without-writeback", "new", unlock_without_reset=True),
    case("license-disputed", "present", FREE),
    case("license-disputed", "present", {"plans": ["O365_BUSINESS_ESSENTIALS"]}),
    case("license-disputed", None, {"plans": ["O365_BUSINESS_PREMIUM"]}),
    case(
        "users-unlicensed",
        "present",
        {"people": [user(KIM, "kim", licenses=[]), *SOUND["people"][1:]]},
        users=["kim@contoso.example"],
    ),
    case("users-unlicensed", None, {"plans": ["O365_BUSINESS_PREMIUM"]}),
    case("question-counts-out-of-range", "present", policy(numberOfQuestionsToRegister=6)),
    case(
        "more-questions-to-reset-than-registered", "new", questions_to_register=3, questions_to_reset=4, blocking=True
    ),
    case("too-few-questions-defined", "new", methods={"security_questions": True}, blocking=True),
    case("question-length", "present", policy(securityQuestions=[{"questionText": "ab"}])),
    case(
        "duplicate-questions",
        "present",
        policy(securityQuestions=[{"questionText": "Where  is it?"}, {"questionText": "where is IT?"}]),
    ),
    # Mail
    case(
        "helpdesk-link-without-contact",
        "new",
        policy(customizeHelpdeskLink=False, customHelpdeskEmailOrUrl=""),
        helpdesk_link=True,
        blocking=True,
    ),
    case("helpdesk-contact-invalid", "present", policy(customHelpdeskEmailOrUrl="mailto:it@contoso.example")),
    case("helpdesk-contact-invalid", "new", helpdesk_contact="mailto:it@contoso.example", blocking=True),
    case("helpdesk-contact-unused", "new", helpdesk_link=False),
    case("helpdesk-contact-in-scope", "new", helpdesk_contact="Kim@contoso.example", users=["kim@contoso.example"]),
    case("helpdesk-contact-http", "new", helpdesk_contact="http://help.contoso.example"),
    case("helpdesk-link-off", "new", helpdesk_link=False),
    case("notifications-off", "new", notify_users=False),
    case("no-admin-mailbox", "present", {"people": [*SOUND["people"][:2], user(ADA, "ada", mail=None)]}),
    # Administrators
    case("administrators-cannot-register", "new", admins(LEE), admins_can_reset=False, users=["lee@contoso.example"]),
    case("administrators-not-ready", "present", methods(ada=[EMAIL]), users=["ada@contoso.example"]),
    case("administrators-not-ready", None, methods(ada=[EMAIL, MOBILE]), as_of=LATE),
    case("administrators-not-ready", "present", methods(ada=[EMAIL, MOBILE]), as_of="2027-07-01"),
    case(
        "app-cannot-change-admin-policy",
        "new",
        {"apps": {APP: [name for name in PERMISSIONS if "Authorization" not in name]}},
        admins_can_reset=False,
        blocking=True,
    ),
    case("app-cannot-change-admin-policy", None, admins_can_reset=False),
    case(
        "portal-user-cannot-write",
        "new",
        {"users": {OPERATOR: ["User Administrator"]}},
        notify_users=False,
        blocking=True,
    ),
    case("portal-user-cannot-write", None, {"users": {OPERATOR: ["User Administrator"]}}, scope="all"),
    case(
        "special-accounts-in-scope",
        "new",
        scope="all",
        break_glass=["BG@contoso.example"],
        users=["bg@contoso.example"],
    ),
    case("special-accounts-in-scope", "present", break_glass=[KIM], users=["kim@contoso.example"]),
    case(
        "special-accounts-in-scope",
        "present",
        admins(LEE, role="Directory Synchronization Accounts"),
        users=["lee@contoso.example"],
    ),
    # Sign-in, and what can be known
    case("conditional-access-may-block-registration", "present", blocking_policy()),
    case(
        "conditional-access-may-block-registration",
        None,
        blocking_policy(users={"includeUsers": [], "includeGroups": [THIRD]}),
    ),
    case("conditional-access-may-block-registration", None, blocking_policy(locations=None)),
    case("security-defaults-register-app-only", "present", {"security_defaults": True}),
    case("registration-report-unlicensed", "present", FREE),
    case("registration-report-delayed", "present", OLD_REPORT),
    case("audit-log-empty", "present", FREE),
    case("audit-log-empty", None, FREE, {"audit_events": [{"activityDateTime": ago(1)}]}),
    case("unexpected-document", "present", policy(registrationReconfirmIntevalInDays="180")),
    case(
        "unexpected-document", "new", policy(registrationReconfirmIntevalInDays="180"), reconfirm_days=90, blocking=True
    ),
    case("unexpected-document", "new", policy(objectId="another"), reconfirm_days=90, blocking=True),
    case(
        "methods-policy-too-large",
        "present",
        {
            "authentication_methods_policy": {
                "Fido2": {"includeTargets": [{"targetType": "group", "id": GROUP} for _number in range(500)]}
            }
        },
    ),
    case("everything-at-once", "new", ONE, scope="all", methods_required=2, methods={"software_oath": False}),
    case("everything-at-once", None, ONE, scope="all", methods_required=2),
    # Not from Microsoft
    case("break-glass-not-declared", "new", scope="all", break_glass=None, blocking=True),
    case(
        "break-glass-not-declared",
        "new",
        policy(registrationRequiredOnSignIn=False),
        required_at_sign_in=True,
        break_glass=None,
        blocking=True,
    ),
    case("break-glass-not-declared", "present", break_glass=None, notify_users=False),
    case("break-glass-not-declared", None, scope="all"),
    case(
        "email-serves-guests",
        "new",
        {"authentication_methods_policy": {"Email": {"allowExternalIdToUseEmailOtp": "enabled"}}},
        methods={"email": False},
        blocking=True,
    ),
    case("readiness-unknown", "new", ONE, OLD_REPORT, methods_required=2, blocking=True),
    case("readiness-unknown", "new", ONE, CHANGED_SINCE, methods_required=2, blocking=True),
    case("readiness-unknown", "new", ONE, FREE, methods_required=2, blocking=True),
    case("readiness-unknown", "new", ONE, FREE, methods_required=2, allow_unknown_readiness=True, severity="warning"),
    case("readiness-unknown", "new", ONE, {"registration_report": {"rows": []}}, methods_required=2, blocking=True),
    case("readiness-unknown", None, FREE, methods_required=1),
    case("setting-rejected", "new", methods={"voice": True}, blocking=True),
    case("setting-rejected", "new", LEGACY_LIKE, methods={"voice": True}, blocking=True),
    case("setting-rejected", None, methods={"voice": True}, allow_sign_in_change=True),
]


def preflight(tenant: Tenant, **options: Any) -> dict[str, Any]:
    return tenant.task("sspr_preflight", **{"break_glass": [], **options})


def names(users: list[dict[str, Any]]) -> list[str]:
    """The names of users as results have them."""
    assert all(set(user) == {"id", "user_principal_name", "display_name"} for user in users)
    return [user["user_principal_name"] for user in users]


def found(result: TaskResult) -> dict[str, dict[str, Any]]:
    assert result.ok, result.values
    assert not result.changed
    return {finding["rule"]: finding for finding in result["findings"]}


def unchecked(result: TaskResult) -> dict[str, dict[str, Any]]:
    """By rule: why it was not checked."""
    for entry in result["not_checked"]:
        assert set(entry) == {"what", "options", "reason", "message", "hint"}
    return {entry["what"]: entry for entry in result["not_checked"]}


@pytest.mark.worker_only
def test_each_rule_fires_where_it_should(make_tenant: Any, ansible: Ansible) -> None:
    tenants = [make_tenant(**entry.tenant) for entry in CASES]
    results = ansible.tasks(
        *(preflight(tenant, **entry.requested) for tenant, entry in zip(tenants, CASES, strict=True))
    )
    wrong = []
    for entry, tenant, result in zip(CASES, tenants, results, strict=True):
        finding = found(result).get(entry.rule)
        why = unchecked(result).get(entry.rule)
        shown = (entry.rule, entry.status, entry.requested, finding or why)
        if entry.status is None:
            # Silent, and not for lack of an answer.
            if finding is not None or (why is not None and entry.rule != "users-unlicensed"):
                wrong.append(shown)
        elif (
            finding is None
            or (finding["status"], finding["blocking"]) != (entry.status, entry.blocking)
            or entry.severity not in (None, finding["severity"])
            or entry.users not in (None, names(finding["users"]))
            or finding["setting"] != FIRST_SETTING[entry.rule]
            or result["ok"] is not not_blocked(result)
        ):
            wrong.append(shown)
        assert tenant.writes() == []
    assert wrong == []
    assert {entry.rule for entry in CASES if entry.status} == {rule.id for rule in RULES if rule != WAIVER_EXPIRED} - {
        "portal-user-unlicensed"
    }


def not_blocked(result: TaskResult) -> bool:
    return not any(finding["blocking"] for finding in result["findings"])


@pytest.mark.worker_only
def test_a_sound_tenant_fulfils_all_rules(make_tenant: Any, ansible: Ansible) -> None:
    """Every rule is silent and decided on one tenant."""
    name = "portal@msp.example"
    tenant = make_tenant(**seed({"users": {OPERATOR: ["Authentication Policy Administrator"]}}))
    portal_user = tenant.simulator.add_user(name, mfa=True, refresh_tokens=[f"rt-{tenant.id}"])
    known = tenant.simulator.tenant(tenant.id)
    known.users[name] = ["Authentication Policy Administrator"]
    known.people = [*known.people, user(portal_user.object_id, "portal")]
    unlicensed = make_tenant(**seed())
    other = unlicensed.simulator.tenant(unlicensed.id)
    other.users[name] = ["Authentication Policy Administrator"]
    other.people = [*other.people, user(portal_user.object_id, "portal", licenses=[])]

    sound, no_license, guest = ansible.tasks(
        preflight(tenant, portal_refresh_token=f"rt-{tenant.id}"),
        preflight(unlicensed, portal_refresh_token=f"rt-{tenant.id}"),
        preflight(unlicensed),
    )
    assert found(sound) == {}
    assert sound["ok"] is True
    assert unchecked(sound) == {}
    assert sound["as_of"] == datetime.now(timezone.utc).date().isoformat()
    assert sound["locked_out"] == {"asked": False, "count": 0, "users": []}
    assert sound["changes"] == []
    assert sum(path.endswith("/organization") for path in paths(tenant)) == 1
    assert sound["request_ids"]
    assert set(found(no_license)) == {"portal-user-unlicensed"}
    # A partner's portal user is not in the tenant.
    assert unchecked(guest)["portal-user-unlicensed"]["reason"] == "not_found"
    assert tenant.writes() == unlicensed.writes() == []


def paths(tenant: Tenant) -> list[str]:
    return [request.path for request in tenant.requests("graph")]


@pytest.mark.worker_only
def test_only_what_matters_is_read(make_tenant: Any, ansible: Ansible) -> None:
    helpdesk, unchanged, grown, stricter = (make_tenant(**seed(ONE)) for _number in range(4))
    results = ansible.tasks(
        preflight(helpdesk, helpdesk_contact="https://it.contoso.example"),
        preflight(unchanged, scope="selected", group="SSPR Pilot", methods_required=1, required_at_sign_in=True),
        preflight(grown, scope="all"),
        preflight(stricter, methods_required=2),
    )
    assert [result["ok"] for result in results] == [True] * 4
    assert [path for path in paths(helpdesk) if "/policies/" not in path and "organization" not in path] == []
    people = ("/users", "transitiveMembers", "roleAssignments", "userRegistrationDetails", "directoryAudits")
    assert [path for path in paths(unchanged) if any(part in path for part in people)] == []
    assert unchecked(results[1])["administrators-in-scope"] == {
        "what": "administrators-in-scope",
        "options": ["group", "scope"],
        "reason": "not_needed",
        "message": "the users in a group were not read, because none of the rule's settings change",
        "hint": None,
    }
    # No rule asks who would lose the ability to reset, so the report is not read for that.
    assert results[2]["locked_out"]["asked"] is False
    assert results[3]["locked_out"] == {"asked": True, "count": 0, "users": []}
    assert sum("userRegistrationDetails" in path for path in paths(stricter)) == 1


@pytest.mark.worker_only
def test_what_cannot_be_read_is_reported(make_tenant: Any, ansible: Ansible) -> None:
    few = [name for name in ALL_PERMISSIONS if "Method" in name or name in ("Organization.Read.All", "Group.Read.All")]
    poor = make_tenant(**{**seed(ONE, methods(lee=[EMAIL])), "apps": {APP: few}})
    broken, plain = make_tenant(**seed(ONE)), make_tenant(**seed())
    broken.fault("status", plane="graph", path="userRegistrationDetails", status=500, times=None)
    result, unreachable, manual, missing, typo, off = ansible.tasks(
        preflight(poor, methods_required=2, scope="all", admins_can_reset=False),
        preflight(broken, methods_required=2, timeout=5),
        preflight(plain, portal_refresh_token=None, portal="manual", notify_users=False),
        preflight(plain, portal_refresh_token=None, notify_users=False),
        preflight(plain, as_of="tomorrow"),
        preflight(plain, max_locked_out_users=-1),
    )
    assert found(result)["readiness-unknown"]["blocking"] is True
    assert "AuditLog.Read.All" in found(result)["readiness-unknown"]["message"]
    assert result["locked_out"] == {"asked": True, "count": None, "users": []}
    whys = unchecked(result)
    assert {
        "locked-out-users",
        "directory-data-only",
        "administrators-not-ready",
        "conditional-access-may-block-registration",
        "security-defaults-register-app-only",
    } <= set(whys)
    assert whys["locked-out-users"]["reason"] == "permission"
    assert "User.Read.All" in whys["locked-out-users"]["message"]
    # What is requested on a page that cannot be read would be rejected.
    assert "admins_can_reset" in found(result)["setting-rejected"]["message"]
    assert "Policy.Read.All" in whys["conditional-access-may-block-registration"]["message"]
    assert found(unreachable)["readiness-unknown"]["blocking"] is True
    assert manual["ok"] is True
    assert "notifications-off" in unchecked(manual)
    assert manual["manual"][0]["settings"] == {"notify_users": False}
    assert missing.kind == "portal_credential_missing"
    assert typo.kind == off.kind == "invalid_setting"
    assert "as_of" in typo["msg"]
    assert "max_locked_out_users" in off["msg"]


@pytest.mark.worker_only
def test_waivers(make_tenant: Any, ansible: Ansible) -> None:
    tenant = make_tenant(**seed(ONE, OLD_REPORT, QUESTIONS))
    waiver = {
        "id": "readiness-unknown",
        "reason": "counted manually",
        "owner": "kim@msp.example",
        "expires": "2027-01-31",
    }
    requested = {"methods_required": 2, "as_of": "2027-01-31"}
    waived, ended, impossible, nameless, unknown, vague, twice = ansible.tasks(
        preflight(tenant, **requested, waivers=[waiver]),
        preflight(tenant, **{**requested, "as_of": "2027-02-01"}, waivers=[waiver]),
        preflight(
            tenant, helpdesk_contact="", waivers=[{**waiver, "id": "helpdesk-link-without-contact"}], as_of="2027-01-31"
        ),
        preflight(tenant, waivers=[{**waiver, "owner": " "}]),
        preflight(tenant, waivers=[{**waiver, "id": "V99"}]),
        preflight(tenant, waivers=[{**waiver, "expires": "soon"}]),
        preflight(tenant, waivers=[waiver, waiver]),
    )
    assert (found(waived)["readiness-unknown"]["status"], waived["ok"]) == ("waived", True)
    assert (found(ended)["readiness-unknown"]["status"], ended["ok"]) == ("new", False)
    assert found(ended)["waiver-expired"]["status"] == "expired_waiver"
    assert found(ended)["waiver-expired"]["blocking"] is False
    assert "kim@msp.example" in found(ended)["waiver-expired"]["message"]
    # The modules would refuse it all the same.
    assert (found(impossible)["helpdesk-link-without-contact"]["status"], impossible["ok"]) == ("new", False)
    for refused, part in (
        (nameless, "owner is missing"),
        (unknown, "'V99'"),
        (vague, "'soon'"),
        (twice, "duplicate waiver"),
    ):
        assert refused.kind == "invalid_setting", refused.values
        assert part in refused["msg"]
    assert tenant.writes() == []


@pytest.mark.worker_only
def test_the_deadlines(make_tenant: Any, ansible: Ansible) -> None:
    """The only second method is SMS, or questions; and what else is changed stays possible."""
    sms = make_tenant(**seed(SMS_ONLY))
    asking = make_tenant(**seed(QUESTIONS))
    to_sms = {"mobile_app_notification": False, "mobile_app_code": False, "software_oath": False, "mobile_phone": True}
    january, february, kept, before, after, turning_on = ansible.tasks(
        preflight(sms, as_of="2027-01-31", notify_users=False),
        preflight(sms, as_of="2027-02-01", notify_users=False),
        preflight(sms, as_of="2027-02-01", telephony_provider=True),
        preflight(asking, as_of="2027-02-28", helpdesk_contact="https://it.contoso.example"),
        preflight(asking, as_of="2027-03-01", helpdesk_contact="https://it.contoso.example"),
        preflight(make_tenant(**seed()), as_of="2027-02-01", methods=to_sms, allow_sign_in_change=True),
    )
    shown = [(found(result).get("sms-voice-retired") or {}).get("severity") for result in (january, february, kept)]
    assert shown == ["warning", "error", None]
    assert january["ok"] is february["ok"] is True
    assert [found(result)["security-questions-retired"]["severity"] for result in (before, after)] == [
        "warning",
        "error",
    ]
    assert found(after)["security-questions-retired"]["status"] == "present"
    assert before["ok"] is after["ok"] is True
    assert found(turning_on)["sms-voice-retired"]["blocking"] is True
    # From that day on no user's phone counts.
    assert names(found(turning_on)["locked-out-users"]["users"]) == ["kim@contoso.example", "lee@contoso.example"]


@pytest.mark.worker_only
def test_many_users_are_counted_and_some_named(make_tenant: Any, ansible: Ansible) -> None:
    many = [user(f"{number:08d}-0000-4000-8000-000000000000", f"u{number:04d}") for number in range(30)]
    guest = user(BOB, "guest", userType="Guest")
    away = user(SAM, "away", accountEnabled=False)
    everyone = [*many, guest, away]
    tenant = make_tenant(
        **seed(ONE, EVERYBODY, {"people": everyone, "user_methods": {person["id"]: [EMAIL] for person in everyone}})
    )
    [result] = ansible.tasks(preflight(tenant, methods_required=2))
    assert result["locked_out"]["count"] == found(result)["locked-out-users"]["count"] == 30
    first = [f"u{number:04d}@contoso.example" for number in range(20)]
    assert result["locked_out"]["users"] == found(result)["locked-out-users"]["users"]
    assert names(result["locked_out"]["users"]) == first
    assert found(result)["locked-out-users"]["message"].startswith("30 users")


@pytest.mark.oldest
def test_the_same_either_way(make_tenant: Any, ansible: Ansible) -> None:
    tenant = make_tenant(**seed(ONE, methods(lee=[EMAIL])))
    waiver = {"id": "locked-out-users", "reason": "informed them", "owner": "kim@msp.example", "expires": "2026-12-31"}
    blocked, waived = ansible.tasks(
        preflight(tenant, methods_required=2, as_of="2026-12-01"),
        preflight(tenant, methods_required=2, as_of="2026-12-01", waivers=[waiver]),
    )
    assert (blocked["ok"], waived["ok"]) == (False, True)
    assert found(blocked)["locked-out-users"]["users"] == [
        {"id": LEE, "user_principal_name": "lee@contoso.example", "display_name": "lee"}
    ]
    assert found(waived)["locked-out-users"]["status"] == "waived"
    assert blocked["tenant"]["id"] == tenant.id
    assert blocked["backend"] == {"methods_required": "portal"}
    assert blocked["changes"] == ["methods_required"]
    assert tenant.writes() == []
