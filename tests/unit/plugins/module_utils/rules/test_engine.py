# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules and their engine: nothing is missing, data is no code, days count, and what was there never blocks."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError, Unavailable
from ansible_collections.tenantops.entra.plugins.module_utils.data.deadlines import CUT_OVERS
from ansible_collections.tenantops.entra.plugins.module_utils.data.directory_roles import (
    ADMIN_POLICY_ROLES,
    OTHER_ROLES,
)
from ansible_collections.tenantops.entra.plugins.module_utils.data.licenses import FREE, SERVICE_PLANS, SKUS
from ansible_collections.tenantops.entra.plugins.module_utils.planning.plan import Plan, make_plan
from ansible_collections.tenantops.entra.plugins.module_utils.rules.engine import (
    RULES,
    SETTING_REJECTED,
    WAIVABLE_IDS,
    WAIVER_EXPIRED,
    Assessment,
    Finding,
    assess,
    violations,
)
from ansible_collections.tenantops.entra.plugins.module_utils.rules.rule import (
    PORTAL_USER_SETTINGS,
    CheckResult,
    Rule,
    of_refs,
)
from ansible_collections.tenantops.entra.plugins.module_utils.rules.tenant_view import UNREAD, OperatorInput
from ansible_collections.tenantops.entra.plugins.module_utils.rules.waivers import read_waivers
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import (
    ALL_PAGES,
    PLANE_OF,
    SETTINGS,
    GroupRef,
)
from ansible_collections.tenantops.entra.plugins.module_utils.settings.tenant_documents import Documents
from ansible_collections.tenantops.entra.plugins.module_utils.users.method_eligibility import COUNTED_METHODS
from ansible_collections.tenantops.entra.plugins.module_utils.users.models import Group, Registration, User, UserRef
from ansible_collections.tenantops.entra.tests.support.documents import GROUP, configurations, portal_policy

ROOT = Path(__file__).resolve().parents[5]
DATA = sorted((ROOT / "plugins" / "module_utils" / "data").glob("*.py"))
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=timezone.utc)
BY_ID = {rule.id: rule for rule in RULES}
ENFORCED = {rule.id for rule in RULES if rule.enforced}


# The data


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
def test_data_is_literals_only(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant)
        elif isinstance(node, ast.ImportFrom):
            assert node.module in ("__future__", "collections.abc", "typing")
        else:
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None
            # A shared tuple of the same file may be named in it.
            allowed = (ast.Dict, ast.List, ast.Tuple, ast.Constant, ast.Name, ast.Starred, ast.expr_context)
            assert {type(part) for part in ast.walk(node.value) if not isinstance(part, allowed)} == set()


def test_every_rule_has_an_id_of_its_own_and_is_documented() -> None:
    names = [rule.id for rule in RULES]
    assert len(names) == len(set(names)) == 66
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    table = text.split("<!-- [[[rules]]] -->")[1].split("<!-- [[[end]]] -->")[0]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == names
    for rule in RULES:
        row = next(line for line in table.splitlines() if line.startswith(f"| `{rule.id}` |"))
        for part in (rule.severity, rule.generic_text, rule.fix, rule.source, rule.as_of):
            assert part in row, part


def test_only_findings_of_other_parts_are_no_checks() -> None:
    assert {rule for rule in RULES if rule.check is None} == {SETTING_REJECTED, WAIVER_EXPIRED}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_parts_of_a_rule(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
    assert rule.severity in ("error", "warning")
    assert rule.source
    date.fromisoformat(rule.as_of)
    assert set(rule.settings) <= set(SETTINGS)
    assert len(rule.settings) == len(set(rule.settings))
    assert rule.error_from is None or rule.error_from in CUT_OVERS
    assert not rule.enforced or rule.severity == "error"
    # A fragment, and a sentence of how to fix it.
    assert not rule.message.endswith((".", "!", "?"))
    assert rule.fix[0].isupper()
    assert rule.fix.endswith(".")
    assert "{" not in rule.generic_text


def test_what_the_portal_user_sets_is_every_setting_but_the_policy_of_administrators() -> None:
    assert set(SETTINGS) - set(PORTAL_USER_SETTINGS) == {"admins_can_reset"}
    for name in ("portal-user-cannot-write", "unexpected-document"):
        assert BY_ID[name].settings == PORTAL_USER_SETTINGS


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "1 user in scope has no license that includes password reset"),
        (2, "2 users in scope have no license that includes password reset"),
    ],
)
def test_messages_agree_with_the_number_of_users(count: int, text: str) -> None:
    result = of_refs(UserRef(str(number), None) for number in range(count))
    assert BY_ID["users-unlicensed"].text(result) == text


def test_the_same_user_may_be_known_by_more_or_less() -> None:
    whole, name, other = UserRef("1", "Kim@contoso.com", "Kim"), UserRef(None, "kim@contoso.com"), UserRef("1", None)
    assert not of_refs([whole]).worse_than(of_refs([name]))
    assert of_refs([other]).worse_than(of_refs([name]))
    assert CheckResult(2).worse_than(CheckResult(1))


def test_entries_of_the_deadlines() -> None:
    days = [date.fromisoformat(entry["date"]) for entry in CUT_OVERS.values()]
    assert days == sorted(days)
    for entry in CUT_OVERS.values():
        assert set(entry) - {"announced"} == {"date", "what", "source", "as_of"}
        date.fromisoformat(entry["as_of"])
    assert {method.ends for method in COUNTED_METHODS.values()} - {None} <= set(CUT_OVERS)


def test_roles() -> None:
    roles = ADMIN_POLICY_ROLES["roles"]
    assert len(roles) == 78
    unknown = {name for name, template in roles.items() if template is None}
    assert unknown == {
        "AdHoc License Administrator",
        "Application Proxy Service Administrator",
        "Email Verified User Creator",
        "Mailbox Administrator",
    }
    known = [template for template in (*roles.values(), *OTHER_ROLES["roles"].values()) if template]
    assert all(GUID.fullmatch(template) for template in known)
    # "Device Administrators" is the former name of one of the others.
    assert len(known) - len(set(known)) == 1
    # Cloud Application Administrator and the readers are not under that policy.
    assert not {"158c047a-c907-4556-b7ef-446551a6b5f7", *OTHER_ROLES["roles"].values()} & set(roles.values())


def test_licenses() -> None:
    for entry in (*SERVICE_PLANS.values(), *SKUS.values(), FREE):
        assert entry["reset"] in ("yes", "no", "disputed")
        assert entry["source"]
        date.fromisoformat(entry["as_of"])
    users = [plan for entry in SKUS.values() for plan in entry["users"]]
    assert all(GUID.fullmatch(identifier) for identifier in (*SERVICE_PLANS, *SKUS, *users))


# The engine


def documents(state: str | None = None, portal: dict[str, Any] | None = None, **on: bool) -> Documents:
    methods = configurations(**(on or {"Email": True, "MicrosoftAuthenticator": True, "code": True}))
    return Documents(
        portal_policy(**(portal or {})),
        methods,
        state,
        on_premises={"passwordWritebackSupported": False, "accountUnlockEnabled": False},
        authorization={"allowedToUseSSPR": True},
    )


def plan(found: Documents, **requested: Any) -> Plan:
    named = {name.replace("__", "."): value for name, value in requested.items()}
    return make_plan(found, named, ALL_PAGES, allow_sign_in_change=True)


def assessment_of(
    planned: Plan,
    as_of: date = TODAY,
    facts: dict[Any, Any] | None = None,
    waivers: list[dict[str, Any]] | None = None,
    **declared: Any,
) -> Assessment:
    assert planned.views is not None
    was, becomes = planned.views
    facts = {**{("document", document): True for document in PLANE_OF}, **(facts or {})}
    declarations = OperatorInput(as_of=as_of, now=NOW, break_glass=frozenset(), **declared)
    before = replace(was, declarations=declarations, facts=facts)
    after = replace(becomes, declarations=declarations, facts=facts, since=before)
    accepted = read_waivers(waivers or [], WAIVABLE_IDS)
    return assess(before, after, planned.changes, accepted, planned.refusals)


def finding(assessment: Assessment, rule: str) -> Finding | None:
    return next((entry for entry in assessment.findings if entry.rule.id == rule), None)


QUESTIONS = {
    "securityQuestionsOptionEnabled": True,
    "securityQuestions": [{"questionText": f"Why {n}?"} for n in "abcde"],
}
TWO = {"numberOfAuthenticationMethodsRequired": 2}
# A tenant in which the rule fires, by the rule that turns on a day.
DATED = {
    "sms-voice-retired": documents(None, TWO, Email=True, Sms=True),
    "security-questions-retired": documents(None, QUESTIONS),
    "security-questions-needed": documents(None, {**QUESTIONS, **TWO}, Email=True),
}


def test_all_rules_with_a_day_are_tested() -> None:
    assert set(DATED) == {rule.id for rule in RULES if rule.error_from}


@pytest.mark.parametrize("rule", DATED)
def test_a_rule_turns_on_its_day(rule: str) -> None:
    day = date.fromisoformat(CUT_OVERS[BY_ID[rule].error_from or ""]["date"])
    for as_of, severity in ((day - timedelta(days=1), "warning"), (day, "error"), (day + timedelta(days=1), "error")):
        found = finding(assessment_of(plan(DATED[rule], notify_users=False), as_of), rule)
        assert found is not None
        assert (found.severity, found.status, found.blocking) == (severity, "present", False)


def test_what_was_there_does_not_block_and_what_is_worse_does() -> None:
    day = date(2027, 3, 1)
    helpdesk = assessment_of(
        plan(documents(None, QUESTIONS), helpdesk_link=True, helpdesk_contact="https://it.example"), day
    )
    assert helpdesk.ok
    turned_on = assessment_of(
        plan(documents(None, {**QUESTIONS, "securityQuestionsOptionEnabled": False}), methods__security_questions=True),
        day,
    )
    assert [entry.rule.id for entry in turned_on.findings if entry.blocking] == ["security-questions-retired"]
    # Far from enough, and then further.
    starving = documents(None, {}, Fido2=True)
    worse = finding(assessment_of(plan(starving, methods_required=2)), "too-few-methods")
    assert worse is not None
    assert worse.blocking


def test_users_who_are_new_to_a_finding_make_it_new() -> None:
    users = {name: User(name, f"{name}@contoso.com", enabled=True) for name in ("kim", "lee")}
    other = f"{GROUP[:-1]}4"
    facts = {
        ("group_users", GROUP): [users["kim"]],
        ("group_users", other): [users["lee"]],
        ("role_holders",): dict.fromkeys(users, frozenset({"fe930be7-5e62-47db-91af-98c3a49a38b1"})),
    }
    pilot = documents(None, {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP]})
    same = finding(assessment_of(plan(pilot, methods_required=2), facts=facts), "administrators-in-scope")
    moved = finding(assessment_of(plan(pilot, group=GroupRef(other, "Other")), facts=facts), "administrators-in-scope")
    assert same is not None
    assert moved is not None
    assert (same.status, same.users) == ("present", (users["kim"].ref,))
    assert (moved.status, moved.users) == ("new", (users["lee"].ref,))


def test_a_finding_is_new_where_the_past_is_unknown() -> None:
    gone, empty = f"{GROUP[:-1]}8", f"{GROUP[:-1]}9"
    facts = {
        ("group", gone): Unavailable("group", "not_found", "no such group"),
        ("group_users", gone): Unavailable("group_users", "not_found", "no such group"),
        ("group", empty): Group(empty, "Empty", security_enabled=True),
        ("group_users", empty): [],
    }
    pilot = documents(None, {"enablementType": 1, "passwordResetEnabledGroupIds": [gone]})
    assessment = assessment_of(plan(pilot, group=GroupRef(empty, "Empty")), facts=facts)
    found = finding(assessment, "group-empty")
    assert found is not None
    assert found.status == "new"
    assert finding(assessment, "group-not-found") is None


def needs(assessment: Assessment) -> set[str]:
    return {key[0] for key in assessment.needed}


def test_rules_need_what_they_require_and_no_more() -> None:
    pilot = documents(None, {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP]})
    assert needs(assessment_of(plan(pilot, helpdesk_link=False))) == set()
    unchanged = needs(assessment_of(plan(pilot, scope="selected")))
    assert not unchanged & {"users", "group_users", "registrations", "role_holders"}
    raised = needs(assessment_of(plan(pilot, methods_required=2)))
    assert raised >= {"group_users", "registrations"}
    assert "users" not in raised
    two = {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP], **TWO}
    everything = needs(assessment_of(plan(documents(None, two))))
    assert {"group_users", "role_holders", "skus", "security_defaults", "conditional_access"} <= everything
    assert everything <= set(UNREAD)


def test_why_a_rule_was_not_checked() -> None:
    pilot = documents(None, {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP], "securityQuestions": None})
    facts = {("skus",): Unavailable("skus", "permission", "may not read", "Grant it.")}
    found = {entry.what: entry for entry in assessment_of(plan(pilot, scope="selected"), facts=facts).not_checked}
    assert found["license-disputed"].as_result() == {
        "what": "license-disputed",
        "options": ["scope"],
        "reason": "permission",
        "message": "may not read",
        "hint": "Grant it.",
    }
    idle = found["administrators-in-scope"]
    assert (idle.reason, idle.hint) == ("not_needed", None)
    assert idle.message == "the users in a group were not read, because none of the rule's settings change"
    assert found["registration-report-delayed"].reason == "not_needed"
    assert found["duplicate-questions"].reason == "unknown"
    assert set(found) <= {rule.id for rule in RULES}


def rows(as_of: str | None) -> list[Registration]:
    methods = frozenset({"email"})
    return [Registration("kim", "kim@contoso.com", False, False, True, True, True, methods, as_of)]


@pytest.mark.parametrize(
    ("report", "changed", "known"),
    [
        (rows("2026-11-24T00:00:00.1234567Z"), None, True),
        (rows("2026-11-23T23:59:59Z"), None, False),
        (rows("2026-11-25T06:00:00Z"), "2026-11-25T06:00:01Z", False),
        (rows("2026-11-25T06:00:00Z"), "2026-11-25T05:59:59.9Z", True),
        (rows("2026-11-25T06:00:00Z"), Unavailable("policy_changed", "permission", "may not"), True),
        (rows(None), None, False),
        (rows("yesterday"), None, False),
        ([], None, False),
        (Unavailable("registrations", "license", "needs P1"), None, False),
    ],
    ids=[
        "36 hours",
        "older",
        "changed since",
        "changed before",
        "no audit",
        "no day",
        "odd day",
        "empty",
        "no license",
    ],
)
@pytest.mark.parametrize("allowed", [False, True])
def test_unknown_readiness_blocks_unless_it_is_allowed(report: Any, changed: Any, known: bool, allowed: bool) -> None:
    facts = {("registrations",): report, ("role_holders",): {}}
    if isinstance(report, list) and report:
        facts["policy_changed", report[0].as_of] = changed
    assessment = assessment_of(plan(documents(), methods_required=2), facts=facts, allow_unknown_readiness=allowed)
    found = finding(assessment, "readiness-unknown")
    assert (found is None) is known
    assert found is None or found.blocking is not allowed


@pytest.mark.parametrize(("most", "blocking"), [(0, True), (1, False)])
def test_so_many_may_be_locked_out(most: int, blocking: bool) -> None:
    made = "2026-11-25T06:00:00Z"
    facts = {("registrations",): rows(made), ("policy_changed", made): None, ("role_holders",): {}}
    assessment = assessment_of(plan(documents(), methods_required=2), facts=facts, max_locked_out_users=most)
    found = finding(assessment, "locked-out-users")
    assert found is not None
    assert (found.blocking, found.users) == (blocking, (UserRef("kim", "kim@contoso.com"),))
    assert found.as_result()["users"] == [{"id": "kim", "user_principal_name": "kim@contoso.com", "display_name": None}]


ACTION = {"includeUserActions": ["urn:user:registersecurityinfo"]}
EVERYONE = {"includeUsers": ["All"]}
STRENGTH: dict[str, Any] = {"authenticationStrength": {"id": "00000000-0000-0000-0000-000000000002"}}


@pytest.mark.parametrize(
    ("scope", "users", "controls", "more", "fires"),
    [
        ("all", EVERYONE, STRENGTH, {}, True),
        ("all", {"includeGroups": ["x"]}, STRENGTH, {}, True),
        ("all", {"includeUsers": ["None"]}, STRENGTH, {}, False),
        ("all", EVERYONE, {"builtInControls": ["mfa"]}, {}, False),
        ("all", EVERYONE, {"builtInControls": ["compliantDevice"]}, {}, True),
        ("all", EVERYONE, None, {"locations": {"includeLocations": ["All"]}}, True),
        ("all", EVERYONE, STRENGTH, {"state": "enabledForReportingButNotEnforced"}, False),
        ("all", EVERYONE, STRENGTH, {"applications": {"includeApplications": ["All"]}}, False),
        ("selected", {"includeGroups": [GROUP.upper()]}, STRENGTH, {}, True),
        ("selected", {"includeGroups": ["x"]}, STRENGTH, {}, False),
        ("selected", {**EVERYONE, "excludeGroups": [GROUP]}, STRENGTH, {}, False),
        ("none", EVERYONE, STRENGTH, {}, False),
    ],
)
def test_what_may_keep_users_from_registering(
    scope: str, users: dict[str, Any], controls: dict[str, Any] | None, more: dict[str, Any], fires: bool
) -> None:
    state = more.pop("state", "enabled")
    policy = {
        "displayName": "P",
        "state": state,
        "conditions": {"users": {**users, "includeGuestsOrExternalUsers": None}, "applications": ACTION, **more},
        "grantControls": controls,
    }
    pilot = documents(
        None, {"enablementType": SETTINGS["scope"].values[scope], "passwordResetEnabledGroupIds": [GROUP]}
    )
    found = finding(
        assessment_of(plan(pilot), facts={("conditional_access",): [policy]}),
        "conditional-access-may-block-registration",
    )
    assert (found is not None) is fires


@pytest.mark.parametrize(
    ("named", "shown"), [({"displayName": "Block", "id": "p1"}, "(Block)"), ({"displayName": None, "id": "p1"}, "(p1)")]
)
def test_a_policy_without_a_name_is_shown_by_its_id(named: dict[str, Any], shown: str) -> None:
    conditions = {"users": {"includeUsers": ["All"]}, "applications": ACTION}
    blocking = {**named, "state": "enabled", "conditions": conditions, "grantControls": {"builtInControls": ["block"]}}
    found = finding(
        assessment_of(plan(documents(None, {"enablementType": 2})), facts={("conditional_access",): [blocking]}),
        "conditional-access-may-block-registration",
    )
    assert found is not None
    assert shown in found.message


# Properties: any tenant, any request

FLAGS = [name for name, setting in SETTINGS.items() if setting.json_type is bool and setting.document == "sspr_policy"]


@st.composite
def tenants(draw: st.DrawFn) -> Documents:
    remote = [SETTINGS[name].remote for name in FLAGS if SETTINGS[name].remote]
    portal = {str(name): draw(st.booleans()) for name in remote}
    portal["numberOfAuthenticationMethodsRequired"] = draw(st.sampled_from([1, 2, 3]))
    portal["enablementType"] = draw(st.sampled_from([0, 1, 2, 7]))
    portal["passwordResetEnabledGroupIds"] = draw(st.sampled_from([[], [GROUP], [GROUP, f"{GROUP[:-1]}4"]]))
    portal["registrationReconfirmIntevalInDays"] = draw(st.sampled_from([0, 90, 365, 900, "180"]))
    portal["customHelpdeskEmailOrUrl"] = draw(st.sampled_from(["", "it@contoso.com", "mailto:it@contoso.com"]))
    portal["securityQuestions"] = draw(st.sampled_from([[], [{"questionText": "?"}] * 5, [{}]]))
    state = draw(st.sampled_from(["preMigration", "migrationInProgress", "migrationComplete", None]))
    names = ("Email", "Sms", "Voice", "MicrosoftAuthenticator", "SoftwareOath", "office", "code")
    return replace(
        documents(**{name: draw(st.booleans()) for name in names}),
        sspr_policy=portal_policy(**portal),
        migration_state=state,
    )


REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "scope": st.sampled_from(["none", "selected", "all"]),
        "methods_required": st.sampled_from([1, 2]),
        "reconfirm_days": st.sampled_from([0, 100, 999]),
        "helpdesk_link": st.booleans(),
        "helpdesk_contact": st.sampled_from(["", "it@contoso.com", "mailto:it@contoso.com"]),
        "questions_to_reset": st.integers(2, 6),
        "required_at_sign_in": st.booleans(),
        **{name: st.booleans() for name in FLAGS if name.startswith("methods.")},
    },
)
DAYS = st.dates(date(2026, 1, 1), date(2028, 1, 1))


@given(tenants(), DAYS)
def test_a_tenant_that_is_not_changed_is_never_blocked(found: Documents, day: date) -> None:
    assessment = assessment_of(plan(found), day)
    assert assessment.ok
    assert {entry.status for entry in assessment.findings} <= {"present"}


@given(tenants(), REQUESTS, DAYS)
def test_planner_and_preflight_agree(found: Documents, requested: dict[str, Any], day: date) -> None:
    planned = make_plan(found, requested, ALL_PAGES, allow_sign_in_change=True)
    assessment = assessment_of(planned, day)
    blocking = [entry.rule.id for entry in assessment.findings if entry.blocking]
    rejected = [rule for rule in blocking if rule in {*ENFORCED, "setting-rejected"} - {"unexpected-document"}]
    assert len(rejected) == len(planned.faults)
    # Every rule is met, or not, or cannot be decided: nothing in between, and nothing twice.
    decided = [entry.rule.id for entry in assessment.findings if entry.rule != SETTING_REJECTED]
    assert len(decided) == len(set(decided))
    assert not set(decided) & {entry.what for entry in assessment.not_checked}


@given(tenants(), REQUESTS, DAYS, st.sampled_from(sorted(WAIVABLE_IDS - ENFORCED - {"setting-rejected"})))
def test_a_waived_rule_never_blocks(found: Documents, requested: dict[str, Any], day: date, rule: str) -> None:
    planned = make_plan(found, requested, ALL_PAGES, allow_sign_in_change=True)
    waiver = {"id": rule, "reason": "known", "owner": "kim", "expires": day.isoformat()}
    plain, waived = assessment_of(planned, day), assessment_of(planned, day, waivers=[waiver])
    assert rule not in {entry.rule.id for entry in waived.findings if entry.blocking}
    others = [entry for entry in plain.findings if entry.rule.id != rule]
    assert [entry for entry in waived.findings if entry.rule.id != rule] == others
    tomorrow = assessment_of(planned, day + timedelta(days=1), waivers=[waiver])
    assert WAIVER_EXPIRED in {entry.rule for entry in tomorrow.findings}
    assert "waived" not in {entry.status for entry in tomorrow.findings}


WAIVER = {
    "id": "security-questions-retired",
    "reason": "the app comes in April",
    "owner": "kim@msp.example",
    "expires": "2027-04-30",
}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"owner": ""}, "owner is missing"),
        ({"reason": None, "expires": " "}, "reason and expires is missing"),
        ({"id": "security-question"}, "id: 'security-question' is not a rule that can be waived"),
        ({"id": "waiver-expired"}, "id: 'waiver-expired' is not a rule that can be waived"),
        ({"id": "V29"}, "id: 'V29' is not a rule that can be waived"),
        ({"expires": "30.04.2027"}, "'30.04.2027'"),
        ({"expires": "2027-02-30"}, "'2027-02-30'"),
        ({"until": "2027"}, "until: unknown key"),
    ],
)
def test_malformed_waivers(change: dict[str, Any], part: str) -> None:
    with pytest.raises(SsprError) as caught:
        read_waivers([WAIVER, {**WAIVER, "id": "security-questions-needed", **change}], WAIVABLE_IDS)
    assert caught.value.kind == "invalid_setting"
    assert part in caught.value.message
    assert "entry 2" in caught.value.message


def test_waivers_of_one_rule_contradict_each_other() -> None:
    with pytest.raises(SsprError, match="duplicate waiver for security-questions-retired"):
        read_waivers([WAIVER, WAIVER], WAIVABLE_IDS)
    assert read_waivers([WAIVER], WAIVABLE_IDS)["security-questions-retired"].expires == date(2027, 4, 30)


def test_ids_are_checked_only_where_they_are_known() -> None:
    control = {**WAIVER, "id": "cis_m365_v7:5.2.4.1"}
    assert list(read_waivers([control])) == ["cis_m365_v7:5.2.4.1"]


def test_violations_say_how_to_fix_them() -> None:
    planned = plan(documents(None, {"customizeHelpdeskLink": False}), helpdesk_link=True)
    assert planned.violated == (
        "helpdesk_link: true requires helpdesk_contact. Set helpdesk_contact to an email address or an http(s) URL",
    )
    assert planned.views is not None
    was, becomes = planned.views
    stops, preexisting = violations(becomes, becomes, {"helpdesk_link"})
    assert stops == []
    assert preexisting == [f"Already the case in the tenant: {planned.violated[0]}."]
    assert violations(was, was, {"helpdesk_link"}) == ([], [])
