# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule book and its engine: nothing is missing, nothing is code, days count, and what was there never blocks."""

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

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.data.calendar import CUT_OVERS
from ansible_collections.tenantops.entra.plugins.module_utils.data.directory_roles import OTHER_ROLES, TWO_GATE_ROLES
from ansible_collections.tenantops.entra.plugins.module_utils.data.licenses import FREE, SERVICE_PLANS, SKUS
from ansible_collections.tenantops.entra.plugins.module_utils.planning.plan import Documents, Plan, make_plan
from ansible_collections.tenantops.entra.plugins.module_utils.rules.engine import (
    REFUSED_RULES,
    RULES,
    Assessment,
    Finding,
    assess,
)
from ansible_collections.tenantops.entra.plugins.module_utils.rules.tenant_view import UNREAD, Terms
from ansible_collections.tenantops.entra.plugins.module_utils.rules.texts import RULE_BOOK
from ansible_collections.tenantops.entra.plugins.module_utils.rules.waivers import read_waivers
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import ALL_PAGES, PLANE_OF, SETTINGS
from ansible_collections.tenantops.entra.plugins.module_utils.users.method_eligibility import GATES
from ansible_collections.tenantops.entra.plugins.module_utils.users.models import (
    Group,
    Person,
    Registration,
    Unavailable,
)
from ansible_collections.tenantops.entra.tests.support.documents import GROUP, configurations, portal_policy

UTILS = Path(__file__).resolve().parents[4] / "plugins" / "module_utils"
DATA = ("_admin_roles", "_calendar", "_licences", "_rule_book")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=timezone.utc)

# Every rule of Microsoft's that was found; the gaps are none.
FIRST_TO_LAST = ((1, 17), (20, 38), (40, 45), (50, 53), (60, 66), (70, 77), (80, 86), (90, 98))
NUMBERED = [f"V{number:02d}" for first, last in FIRST_TO_LAST for number in range(first, last + 1)]
OURS = {"BREAK-GLASS", "E-MAIL", "READINESS", "REFUSED", "WAIVER"}


# The data


@pytest.mark.parametrize("name", DATA)
def test_data_is_literals_only(name: str) -> None:
    tree = ast.parse((UTILS / f"{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant)
        elif isinstance(node, ast.ImportFrom):
            assert node.module in ("__future__", "collections.abc", "typing")
        else:
            assert isinstance(node, ast.Assign | ast.AnnAssign)
            assert node.value is not None
            # A shared tuple of the same file may be named in it.
            allowed = (ast.Dict, ast.Tuple, ast.Constant, ast.Name, ast.Starred, ast.expr_context)
            assert {type(part) for part in ast.walk(node.value) if not isinstance(part, allowed)} == set()


def test_every_rule_is_there_once() -> None:
    text = (UTILS / "_rule_book.py").read_text(encoding="utf-8")
    written = re.findall(r'^    "([A-Z0-9-]+)": \{$', text, re.MULTILINE)
    assert sorted(written) == sorted([*NUMBERED, *OURS])
    assert set(RULE_BOOK) == {*NUMBERED, *OURS}


def test_a_rule_is_checked_or_says_why_not() -> None:
    never = {name for name, entry in RULE_BOOK.items() if "not_checked" in entry}
    assert set(RULES) == set(RULE_BOOK) - never - {"REFUSED", "WAIVER"}


@pytest.mark.parametrize("name", RULE_BOOK)
def test_entries_of_the_rule_book(name: str) -> None:
    entry = RULE_BOOK[name]
    assert entry["severity"] in ("error", "warning")
    assert entry["source"]
    date.fromisoformat(entry["as_of"])
    if "not_checked" in entry:
        assert set(entry) == {"severity", "message", "not_checked", "source", "as_of"}
        return
    assert set(entry) - {"error_from"} == {"severity", "settings", "message", "fix", "source", "as_of"}
    assert set(entry["settings"]) <= set(SETTINGS)
    assert entry.get("error_from", "security_questions_retired") in CUT_OVERS
    # Put together: a message, and the way out as a sentence.
    assert entry["fix"][0].islower() or entry["fix"].startswith("Entra")
    assert not entry["fix"].endswith(".")


def test_entries_of_the_calendar() -> None:
    days = [date.fromisoformat(entry["date"]) for entry in CUT_OVERS.values()]
    assert days == sorted(days)
    for entry in CUT_OVERS.values():
        assert set(entry) == {"date", "what", "source", "as_of"}
        date.fromisoformat(entry["as_of"])
    assert {gate.ends for gate in GATES.values()} - {None} <= set(CUT_OVERS)


def test_roles() -> None:
    roles = TWO_GATE_ROLES["roles"]
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


def test_licences() -> None:
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


def plan(found: Documents, **asked: Any) -> Plan:
    named = {name.replace("__", "."): value for name, value in asked.items()}
    return make_plan(found, named, ALL_PAGES, allow_sign_in_change=True)


def judged(
    planned: Plan,
    as_of: date = TODAY,
    facts: dict[Any, Any] | None = None,
    waivers: list[dict[str, Any]] | None = None,
    **terms: Any,
) -> Assessment:
    was, becomes = planned.views
    facts = {**{("document", document): True for document in PLANE_OF}, **(facts or {})}
    agreed = Terms(as_of=as_of, now=NOW, break_glass=frozenset(), **terms)
    before = replace(was, terms=agreed, facts=facts)
    after = replace(becomes, terms=agreed, facts=facts, since=before)
    return assess(before, after, planned.changes, read_waivers(waivers or []), planned.refusals)


def finding(assessed: Assessment, rule: str) -> Finding | None:
    return next((entry for entry in assessed.findings if entry.rule == rule), None)


QUESTIONS = {
    "securityQuestionsOptionEnabled": True,
    "securityQuestions": [{"questionText": f"Why {n}?"} for n in "abcde"],
}
TWO = {"numberOfAuthenticationMethodsRequired": 2}
# A tenant in which the rule fires, by the rule that turns on a day.
DATED = {
    "V36": documents(None, TWO, Email=True, Sms=True),
    "V37": documents(None, QUESTIONS),
    "V38": documents(None, {**QUESTIONS, **TWO}, Email=True),
}


def test_all_rules_with_a_day_are_tested() -> None:
    assert set(DATED) == {name for name, entry in RULE_BOOK.items() if "error_from" in entry}


@pytest.mark.parametrize("rule", DATED)
def test_a_rule_turns_on_its_day(rule: str) -> None:
    day = date.fromisoformat(CUT_OVERS[RULE_BOOK[rule]["error_from"]]["date"])
    for as_of, severity in ((day - timedelta(days=1), "warning"), (day, "error"), (day + timedelta(days=1), "error")):
        found = finding(judged(plan(DATED[rule], notify_users=False), as_of), rule)
        assert found is not None
        assert (found.severity, found.status, found.blocking) == (severity, "present", False)


def test_what_was_there_does_not_block_and_what_is_worse_does() -> None:
    day = date(2027, 3, 1)
    helpdesk = judged(plan(documents(None, QUESTIONS), helpdesk_link=True, helpdesk_contact="https://it.example"), day)
    assert helpdesk.ok
    turned_on = judged(
        plan(documents(None, {**QUESTIONS, "securityQuestionsOptionEnabled": False}), methods__security_questions=True),
        day,
    )
    assert [entry.rule for entry in turned_on.findings if entry.blocking] == ["V37"]
    # Far from enough, and then further.
    starving = documents(None, {}, Fido2=True)
    worse = finding(judged(plan(starving, methods_required=2)), "V20")
    assert worse is not None
    assert worse.blocking


def test_users_who_are_new_to_a_finding_make_it_new() -> None:
    people = {name: Person(name, f"{name}@contoso.com", enabled=True) for name in ("kim", "lee")}
    other = f"{GROUP[:-1]}4"
    facts = {
        ("group_people", GROUP): [people["kim"]],
        ("group_people", other): [people["lee"]],
        ("role_holders",): dict.fromkeys(people, frozenset({"fe930be7-5e62-47db-91af-98c3a49a38b1"})),
    }
    pilot = documents(None, {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP]})
    same = finding(judged(plan(pilot, methods_required=2), facts=facts), "V09")
    moved = finding(judged(plan(pilot, group={"id": other, "display_name": "Other"}), facts=facts), "V09")
    assert same is not None
    assert moved is not None
    assert (same.status, same.users) == ("present", ("kim@contoso.com",))
    assert (moved.status, moved.users) == ("new", ("lee@contoso.com",))


def test_a_finding_is_new_where_the_past_cannot_be_told() -> None:
    gone, empty = f"{GROUP[:-1]}8", f"{GROUP[:-1]}9"
    facts = {
        ("group", gone): Unavailable("not_found", "no such group"),
        ("group_people", gone): Unavailable("not_found", "no such group"),
        ("group", empty): Group(empty, "Empty", security_enabled=True),
        ("group_people", empty): [],
    }
    pilot = documents(None, {"enablementType": 1, "passwordResetEnabledGroupIds": [gone]})
    assessed = judged(plan(pilot, group={"id": empty, "display_name": "Empty"}), facts=facts)
    found = finding(assessed, "V06")
    assert found is not None
    assert found.status == "new"
    assert finding(assessed, "V04") is None


def test_rules_ask_for_what_they_need_and_no_more() -> None:
    pilot = documents(None, {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP]})
    nothing_of_people = judged(plan(pilot, helpdesk_link=False)).wanted
    assert {fact[0] for fact in nothing_of_people} == set()
    unchanged = judged(plan(pilot, scope="selected")).wanted
    assert not {fact[0] for fact in unchanged} & {"people", "group_people", "registrations", "role_holders"}
    raised = judged(plan(pilot, methods_required=2)).wanted
    assert {fact[0] for fact in raised} >= {"group_people", "registrations"}
    assert "people" not in {fact[0] for fact in raised}
    two = {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP], **TWO}
    whole_look = judged(plan(documents(None, two))).wanted
    assert {"group_people", "role_holders", "skus", "security_defaults", "conditional_access"} <= {
        fact[0] for fact in whole_look
    }
    assert {fact[0] for fact in whole_look} <= set(UNREAD)


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
        (rows("2026-11-25T06:00:00Z"), Unavailable("permission", "may not"), True),
        (rows(None), None, False),
        (rows("yesterday"), None, False),
        ([], None, False),
        (Unavailable("licence", "needs P1"), None, False),
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
        "no licence",
    ],
)
@pytest.mark.parametrize("allowed", [False, True])
def test_unknown_readiness_blocks_unless_it_is_allowed(report: Any, changed: Any, known: bool, allowed: bool) -> None:
    facts = {("registrations",): report, ("role_holders",): {}}
    if isinstance(report, list) and report:
        facts["policy_changed", report[0].as_of] = changed
    assessed = judged(plan(documents(), methods_required=2), facts=facts, allow_unknown_readiness=allowed)
    found = finding(assessed, "READINESS")
    assert (found is None) is known
    assert found is None or found.blocking is not allowed


@pytest.mark.parametrize(("most", "blocking"), [(0, True), (1, False)])
def test_so_many_may_be_locked_out(most: int, blocking: bool) -> None:
    made = "2026-11-25T06:00:00Z"
    facts = {("registrations",): rows(made), ("policy_changed", made): None, ("role_holders",): {}}
    found = finding(judged(plan(documents(), methods_required=2), facts=facts, max_locked_out_users=most), "V17")
    assert found is not None
    assert (found.blocking, found.users) == (blocking, ("kim@contoso.com",))


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
def test_what_may_keep_people_from_registering(
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
    found = finding(judged(plan(pilot), facts={("conditional_access",): [policy]}), "V90")
    assert (found is not None) is fires


# Properties: any tenant, anything wanted

FLAGS = [name for name, setting in SETTINGS.items() if setting.json_type is bool and setting.document == "portal"]


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
        portal=portal_policy(**portal),
        migration_state=state,
    )


WISHES = st.fixed_dictionaries(
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
def test_a_tenant_that_is_left_alone_is_never_blocked(found: Documents, day: date) -> None:
    assessed = judged(plan(found), day)
    assert assessed.ok
    assert {entry.status for entry in assessed.findings} <= {"present"}


@given(tenants(), WISHES, DAYS)
def test_planner_and_preflight_agree(found: Documents, wanted: dict[str, Any], day: date) -> None:
    planned = make_plan(found, wanted, ALL_PAGES, allow_sign_in_change=True)
    assessed = judged(planned, day)
    blocking = [entry.rule for entry in assessed.findings if entry.blocking]
    refused = [rule for rule in blocking if rule in {*REFUSED_RULES, "REFUSED"} - {"V96"}]
    assert len(refused) == len(planned.faults)
    # Every rule is found to hold, or not, or cannot be told: nothing in between, and nothing twice.
    told = [entry.rule for entry in assessed.findings if entry.rule != "REFUSED"]
    assert len(told) == len(set(told))
    assert not set(told) & set(assessed.not_checked)


@given(tenants(), WISHES, DAYS, st.sampled_from(sorted(set(RULES) - REFUSED_RULES)))
def test_a_waived_rule_never_blocks(found: Documents, wanted: dict[str, Any], day: date, rule: str) -> None:
    planned = make_plan(found, wanted, ALL_PAGES, allow_sign_in_change=True)
    waiver = {"rule": rule, "reason": "known", "owner": "kim", "expires": day.isoformat()}
    plain, waived = judged(planned, day), judged(planned, day, waivers=[waiver])
    assert rule not in {entry.rule for entry in waived.findings if entry.blocking}
    others = [entry for entry in plain.findings if entry.rule != rule]
    assert [entry for entry in waived.findings if entry.rule != rule] == others
    tomorrow = judged(planned, day + timedelta(days=1), waivers=[waiver])
    assert "WAIVER" in {entry.rule for entry in tomorrow.findings}
    assert "waived" not in {entry.status for entry in tomorrow.findings}


WAIVER = {"rule": "V37", "reason": "the app comes in April", "owner": "kim@msp.example", "expires": "2027-04-30"}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"owner": ""}, "owner is missing"),
        ({"reason": None, "expires": " "}, "reason and expires is missing"),
        ({"rule": "V00"}, "there is no rule 'V00'"),
        ({"rule": "WAIVER"}, "there is no rule 'WAIVER'"),
        ({"rule": "V29"}, "V29 is never checked"),
        ({"expires": "30.04.2027"}, "'30.04.2027'"),
        ({"expires": "2027-02-30"}, "'2027-02-30'"),
        ({"until": "2027"}, "until is not a part of a waiver"),
    ],
)
def test_malformed_waivers(change: dict[str, Any], part: str) -> None:
    with pytest.raises(SsprError) as caught:
        read_waivers([WAIVER, {**WAIVER, "rule": "V38", **change}])
    assert caught.value.kind == "invalid_setting"
    assert part in caught.value.message
    assert "number 2" in caught.value.message


def test_waivers_of_one_rule_contradict_each_other() -> None:
    with pytest.raises(SsprError, match="another waiver of V37"):
        read_waivers([WAIVER, WAIVER])
    assert read_waivers([WAIVER])["V37"].expires == date(2027, 4, 30)
