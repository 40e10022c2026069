# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why one user can or cannot reset: a case for each answer, and what follows when a fact is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils.data.reset_errors import RESET_ERRORS
from ansible_collections.tenantops.entra.plugins.module_utils.rules.reset_diagnosis import (
    BLOCKERS,
    PROBLEMS,
    Case,
    Diagnosis,
    Explanation,
    assess_methods,
    describe_event,
    describe_report,
    diagnose,
    registered_names,
)
from ansible_collections.tenantops.entra.plugins.module_utils.rules.tenant_view import TenantView
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import GroupRef
from ansible_collections.tenantops.entra.plugins.module_utils.users.models import Registration, User
from ansible_collections.tenantops.entra.plugins.module_utils.users.roles import (
    GLOBAL_ADMINISTRATOR,
    USER_ADMINISTRATOR,
)

P1 = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
STANDARD, STANDARD_PLAN = "f245ecc8-75af-4f8e-b61f-27d8114de5f3", "094e7854-93fc-4d55-b2c0-3ab5369ebdc1"
PILOT, OTHERS = "33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"
NOW = datetime(2026, 11, 25, 12, tzinfo=timezone.utc)
TODAY = NOW.date()
ADELE = User("11111111-1111-4111-8111-111111111111", "adele@contoso.com", enabled=True, plans=frozenset({P1}))
SETTINGS: dict[str, Any] = {
    "scope": "selected",
    "group": GroupRef(PILOT.upper(), "SSPR Pilot"),
    "methods_required": 2,
    "methods.email": True,
    "methods.mobile_phone": True,
    "methods.voice": False,
    "methods.office_phone": False,
    "methods.mobile_app_notification": True,
    "methods.mobile_app_code": True,
    "methods.software_oath": False,
    "methods.security_questions": False,
    "required_at_sign_in": True,
    "notify_admins": True,
    "password_writeback": False,
    "admins_can_reset": True,
}
APP = ("microsoftAuthenticatorPush", "softwareOneTimePasscode")
ADMIN = USER_ADMINISTRATOR


def view(migrated: bool | None = True, targets: Any = None, **settings: Any) -> TenantView:
    named = {name.replace("methods_on_", "methods."): value for name, value in settings.items()}
    return TenantView(settings={**SETTINGS, **named}, migrated=migrated, targets=targets or {})


def case(*methods: str, settings: dict[str, Any] | None = None, targets: Any = None, **facts: Any) -> Case:
    """Adele, who has everything but methods; None for what was not read."""
    known: dict[str, Any] = {
        "user": ADELE,
        "view": view(targets=targets, **(settings or {})),
        "as_of": TODAY,
        "now": NOW,
        "groups": frozenset({PILOT}),
        "roles": frozenset(),
        "methods": frozenset(methods),
        "questions": False,
        "skus": frozenset(),
        "admins_need_one": False,
    }
    return Case(**{**known, **facts})


READY = case("email", "mobilePhone", "alternateMobilePhone", "fido2")


def names(found: list[Explanation]) -> list[str]:
    return [entry.code or entry.name for entry in found]


def adele(**changes: Any) -> User:
    return replace(ADELE, **changes)


def event(activity: str = "Reset password (self-service)", hours: float = 1, **fields: Any) -> dict[str, Any]:
    at = NOW - timedelta(hours=hours)
    return {"activityDisplayName": activity, "activityDateTime": f"{at:%Y-%m-%dT%H:%M:%S}.1234567Z", **fields}


def test_a_user_who_can() -> None:
    assert diagnose(READY) == Diagnosis(True, [], [])


CASES: dict[str, tuple[Case, bool | None, list[str]]] = {
    "guest": (replace(READY, user=adele(guest=True)), False, ["GuestUser"]),
    "disabled": (replace(READY, user=adele(enabled=False)), False, ["AccountDisabled"]),
    "scope none": (replace(READY, view=view(scope="none")), False, ["SSPR_0009"]),
    "scope none, administrator": (replace(READY, view=view(scope="none"), roles=frozenset({ADMIN})), True, []),
    "not in group": (replace(READY, groups=frozenset({OTHERS})), False, ["SSPR_0013"]),
    "no group": (replace(READY, view=view(group=None)), False, ["SSPR_0013"]),
    "not in group, all": (replace(READY, groups=frozenset(), view=view(scope="all")), True, []),
    "not in group, administrator": (replace(READY, groups=frozenset(), roles=frozenset({ADMIN})), True, []),
    "reader is no administrator": (replace(READY, groups=frozenset(), roles=frozenset({"r"})), False, ["SSPR_0013"]),
    "administrators off": (
        replace(READY, roles=frozenset({ADMIN}), view=view(admins_can_reset=False)),
        False,
        ["AdministratorsCannotReset"],
    ),
    "administrators off, user": (replace(READY, view=view(admins_can_reset=False)), True, []),
    "nothing registered": (case(), False, ["SSPR_0014"]),
    "one of two": (case("email", "alternateMobilePhone"), False, ["SSPR_0014"]),
    "one of one": (case("email", settings={"methods_required": 1}), True, []),
    "app counts once": (case(*APP), False, ["SSPR_0014"]),
    "app and email": (case("email", *APP), True, []),
    "method off": (case("email", "officePhone"), False, ["SSPR_0014"]),
    "questions": (case("email", questions=True, settings={"methods_on_security_questions": True}), True, []),
    "administrator with questions": (
        case("email", questions=True, roles=frozenset({ADMIN}), settings={"methods_on_security_questions": True}),
        False,
        ["SSPR_0014"],
    ),
    "administrator may use what is off": (
        case("officePhone", *APP, roles=frozenset({ADMIN}), settings={"methods_on_mobile_app_code": False}),
        True,
        [],
    ),
    "administrator needs two whatever is set": (
        case("email", roles=frozenset({ADMIN}), settings={"methods_required": 1}),
        False,
        ["SSPR_0014"],
    ),
    "administrator of a tenant without a domain": (
        case("email", roles=frozenset({ADMIN}), admins_need_one=True),
        True,
        [],
    ),
    "policy offers too few": (
        case(
            "email",
            "mobilePhone",
            settings={
                "methods_on_mobile_phone": False,
                "methods_on_mobile_app_notification": False,
                "methods_on_mobile_app_code": False,
            },
        ),
        False,
        ["SSPR_0011"],
    ),
    "synced without writeback": (replace(READY, user=adele(synced=True)), False, ["SSPR_0010"]),
    "synced with writeback": (replace(READY, user=adele(synced=True), view=view(password_writeback=True)), True, []),
    "no license": (replace(READY, user=adele(plans=frozenset())), None, ["SSPR_0012"]),
    "business standard": (
        replace(READY, user=adele(plans=frozenset({STANDARD_PLAN})), skus=frozenset({STANDARD})),
        True,
        [],
    ),
    "its plan without the product": (replace(READY, user=adele(plans=frozenset({STANDARD_PLAN}))), None, ["SSPR_0012"]),
    "blocked": (
        replace(READY, events=(event("Blocked from self-service password reset", 23),)),
        False,
        ["TooManyAttempts"],
    ),
    "blocked yesterday": (replace(READY, events=(event("Blocked from self-service password reset", 25),)), True, []),
    "refused on premises": (
        replace(READY, events=(event(resultReason="OnPremisesAdminActionRequired"), event())),
        None,
        ["SSPR_0029"],
    ),
    "not reached on premises": (
        replace(READY, events=(event(additionalDetails=[{"key": "x", "value": "OnPremisesConnectivityError"}]),)),
        None,
        ["SSPR_0030"],
    ),
    "refused before, then done": (
        replace(READY, events=(event(resultReason="ok"), event(resultReason="OnPremisesAdminActionRequired"))),
        True,
        [],
    ),
    "everything at once": (
        replace(case(), groups=frozenset(), user=adele(synced=True)),
        False,
        ["SSPR_0013", "SSPR_0014", "SSPR_0010"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_answer_with_its_code_and_fix(name: str) -> None:
    facts, capable, codes = CASES[name]
    found = diagnose(facts)
    assert (found.capable, names(found.blockers)) == (capable, codes)
    assert all(entry.meaning and entry.fix and entry.source for entry in found.blockers)


def test_every_blocker_but_one_has_a_case_and_every_entry_a_cause() -> None:
    met = {code for _case, _capable, codes in CASES.values() for code in codes}
    known = {cause.name: RESET_ERRORS[cause.name]["code"] or cause.name for cause in BLOCKERS}
    assert set(known.values()) - met == {"OnPremisesSuccessCloudFailure"}
    assert {cause.name for cause in (*BLOCKERS, *PROBLEMS)} == set(RESET_ERRORS)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (case(), ("has not registered", "aka.ms/ssprsetup", "asked to register at the next sign-in")),
        (case(settings={"required_at_sign_in": False}), ("Users are not asked to register at sign-in",)),
        (
            case("fido2", "alternateMobilePhone", "officePhone"),
            ("has no recovery methods", "sspr_user_methods", "used for MFA only", "officePhone: it is off"),
        ),
        (case("email"), ("A reset takes 2, and the user has 1",)),
        (case(user=adele(directory_data=True)), ("user object no longer count",)),
    ],
)
def test_the_three_ways_to_have_too_few_methods(facts: Case, words: tuple[str, ...]) -> None:
    [blocker] = diagnose(facts).blockers
    assert (blocker.code, blocker.name) == ("SSPR_0014", "UserNotProperlyConfigured")
    for word in words:
        assert word in f"{blocker.meaning} {blocker.fix}"


def test_directory_data_counted_until_november_2026() -> None:
    facts = case(user=adele(directory_data=True), as_of=date(2026, 11, 8))
    assert "user object" not in diagnose(facts).blockers[0].meaning


@pytest.mark.parametrize(
    ("roles", "day", "phones", "capable"),
    [
        ((), date(2027, 1, 31), False, True),
        ((), date(2027, 2, 1), False, False),
        ((), date(2027, 2, 1), True, True),
        ((ADMIN,), date(2027, 2, 1), False, False),
        ((GLOBAL_ADMINISTRATOR,), date(2027, 2, 1), False, True),
        ((GLOBAL_ADMINISTRATOR,), date(2027, 6, 30), False, True),
        ((GLOBAL_ADMINISTRATOR,), date(2027, 7, 1), False, False),
    ],
)
def test_the_end_of_sms_and_calls(roles: tuple[str, ...], day: date, phones: bool, capable: bool) -> None:
    facts = case("email", "mobilePhone", roles=frozenset(roles), as_of=day, telephony_provider=phones)
    found = diagnose(facts)
    assert found.capable is capable
    if not capable:
        assert "mobilePhone: Microsoft ends text messages" in found.blockers[0].meaning


@pytest.mark.parametrize(
    ("targets", "groups", "counts", "why"),
    [
        ({}, {PILOT}, True, None),
        ({"include": ["all_users"], "exclude": []}, {PILOT}, True, None),
        ({"include": [OTHERS.upper()], "exclude": []}, {PILOT}, False, "it is targeted at other users of the tenant"),
        ({"include": [OTHERS], "exclude": []}, {PILOT, OTHERS}, True, None),
        ({"include": ["all_users"], "exclude": [OTHERS]}, {PILOT, OTHERS}, False, "it is targeted at other users"),
        ({"include": ["all_users"], "exclude": [OTHERS]}, None, None, None),
    ],
)
def test_methods_for_some_only(targets: Any, groups: set[str] | None, counts: bool | None, why: str | None) -> None:
    known = None if groups is None else frozenset(groups)
    facts = case("email", groups=known, targets={"email": targets} if targets else {})
    [entry] = assess_methods(facts)
    assert entry.counts is counts
    assert (entry.why or "").startswith(why or "")
    # A tenant that is not migrated has its methods elsewhere.
    assert assess_methods(replace(facts, view=replace(facts.view, migrated=False)))[0].counts is True


def test_while_a_migration_is_in_progress_either_policy_is_enough() -> None:
    graph = {"methods.email": False, "methods.office_phone": True}
    between = TenantView(
        settings={**SETTINGS, "methods.email": True, "methods.office_phone": False, "methods.mobile_phone": None},
        migrated=False,
        migration_state="migrationInProgress",
        graph_methods=graph,
        targets={"office_phone": {"include": [PILOT], "exclude": []}},
    )
    facts = replace(case("email", "officePhone", "mobilePhone"), view=between)
    assert {entry.method: entry.counts for entry in assess_methods(facts)} == {
        "email": True,
        "officePhone": True,
        "mobilePhone": None,
    }
    assert diagnose(facts).capable is True


def test_with_one_method_required_the_app_of_an_unmigrated_tenant_has_codes_only() -> None:
    settings = {"methods_required": 1, "methods_on_mobile_app_code": False}
    facts = replace(case(*APP), view=view(migrated=False, **settings))
    assert diagnose(facts).capable is False
    assert "only the app's codes are offered, not its notifications" in diagnose(facts).blockers[0].meaning


PROBLEM_CASES = {
    "administrator without a license": (case(roles=frozenset({ADMIN}), user=adele(plans=frozenset())), "MenuHidden"),
    "administrators are not notified": (
        case(roles=frozenset({ADMIN}), settings={"notify_admins": False}),
        "AdministratorsNotNotified",
    ),
    "no address": (
        case(roles=frozenset({GLOBAL_ADMINISTRATOR}), user=adele(mail=None)),
        "NoAddressForNotifications",
    ),
}


@pytest.mark.parametrize("name", PROBLEM_CASES)
def test_what_administrators_come_with(name: str) -> None:
    facts, problem = PROBLEM_CASES[name]
    assert problem in names(diagnose(facts).problems)
    assert diagnose(replace(facts, roles=frozenset())).problems == [], "other users do not have it"
    assert diagnose(replace(facts, roles=None)).problems == [], "nor a user whose roles are unknown"


# What is missing makes no user ready, and none unready.

FACTS: dict[str, Any] = {"groups": None, "roles": None, "methods": None, "questions": None, "skus": None}
# No group is an answer too, as long as its field could be read.
READ_APART = sorted({*FACTS, *SETTINGS} - {"group"})


def without(facts: Case, missing: set[str]) -> Case:
    unread = dict.fromkeys(missing & set(FACTS))
    settings = {name: None if name in missing else value for name, value in facts.view.settings.items()}
    return replace(facts, view=replace(facts.view, settings=settings), **unread)


@given(st.sampled_from([READY, *(found[0] for found in CASES.values())]), st.sets(st.sampled_from(READ_APART)))
def test_a_missing_fact_never_turns_an_answer_around(facts: Case, missing: set[str]) -> None:
    whole, less = diagnose(facts).capable, diagnose(without(facts, missing)).capable
    assert less in (whole, None)


@pytest.mark.parametrize("fact", ["groups", "roles", "methods", "scope", "methods_required", "methods.email"])
def test_what_it_takes_to_be_called_ready(fact: str) -> None:
    assert diagnose(without(READY, {fact})) == Diagnosis(None, [], [])


@pytest.mark.parametrize("fact", ["questions", "skus", "admins_can_reset", "password_writeback", "methods.voice"])
def test_what_it_does_not_take(fact: str) -> None:
    assert diagnose(without(READY, {fact})) == Diagnosis(True, [], [])


def test_a_group_that_is_unreadable() -> None:
    facts = replace(READY, view=replace(view(group=None), misfits={"group": "has no field"}))
    assert (facts.in_scope, diagnose(facts).capable) == (None, None)


def test_one_fact_is_enough_to_be_called_unready() -> None:
    everything = set(FACTS) | set(SETTINGS)
    assert diagnose(without(replace(READY, user=adele(guest=True)), everything)).capable is False
    scoped = replace(READY, view=view(scope="none"))
    assert diagnose(without(scoped, everything - {"scope", "roles"})).capable is False


# Where the facts come from.


def test_methods_in_the_names_of_the_report() -> None:
    prefix = "#microsoft.graph."
    found = registered_names(
        [
            {"@odata.type": f"{prefix}passwordAuthenticationMethod"},
            {"@odata.type": f"{prefix}phoneAuthenticationMethod", "phoneType": "mobile"},
            {"@odata.type": f"{prefix}phoneAuthenticationMethod", "phoneType": "alternateMobile"},
            {"@odata.type": f"{prefix}emailAuthenticationMethod"},
            {"@odata.type": f"{prefix}microsoftAuthenticatorAuthenticationMethod"},
            {"@odata.type": f"{prefix}fido2AuthenticationMethod"},
            {"@odata.type": f"{prefix}somethingNewAuthenticationMethod"},
        ]
    )
    assert found == {"mobilePhone", "alternateMobilePhone", "email", *APP, "fido2", "somethingNew"}


@pytest.mark.parametrize(
    ("hours", "says", "is_so", "note"),
    [
        (20, False, True, "report not refreshed yet, as of "),
        (20, True, False, "report not refreshed yet, as of "),
        (40, False, True, "report not refreshed for more than 36 hours, as of "),
        (20, True, True, None),
        (20, False, None, None),
    ],
)
def test_what_the_report_says(hours: int, says: bool, is_so: bool | None, note: str | None) -> None:
    as_of = f"{NOW - timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}.9599169Z"
    row = Registration("id", "upn", False, False, True, says, says, frozenset({"email"}), as_of)
    found = describe_report(row, is_so, NOW)
    assert found.capable is says
    assert found.note == (note + as_of if note else None)


def test_a_user_whom_the_report_does_not_have() -> None:
    assert "does not have this user" in (describe_report(None, True, NOW).note or "")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("User cancelled before passing the required authentication methods ", "canceled before"),
        ("FuzzyPolicyViolationInvalidPassword: 1", "too easy to guess"),
        ("The user has insufficient authentication methods defined.", "too few registered methods"),
        ("OnPremisesConnectivityError", "could not be reached"),
        ("Something else", None),
        (None, None),
    ],
)
def test_reasons_in_plain_english(reason: str | None, words: str | None) -> None:
    found = describe_event(event(resultReason=reason, result="failure", correlationId="c"))
    assert found.reason == (reason.strip() if reason else None)
    assert words in (found.meaning or "") if words else found.meaning is None
    assert (found.result, found.correlation_id) == ("failure", "c")
