# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner as tables and properties."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils.planning.plan import Plan, Step, make_plan
from ansible_collections.tenantops.entra.plugins.module_utils.settings import graph_methods
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import (
    ALL_PAGES,
    AUTHORIZATION_POLICY,
    METHODS_POLICY,
    ON_PREMISES,
    PORTAL_FIELDS,
    SETTINGS,
    SSPR_POLICY,
    GroupRef,
)
from ansible_collections.tenantops.entra.plugins.module_utils.settings.tenant_documents import (
    Documents,
    misfits,
    settings_of,
)
from ansible_collections.tenantops.entra.tests.simulator import documents as simulated
from ansible_collections.tenantops.entra.tests.support.documents import GROUP, configurations, portal_policy

GROUP_REF = GroupRef(GROUP, "SSPR Pilot")


def legacy(**changes: Any) -> Documents:
    return Documents(portal_policy(**changes), configurations(), "preMigration")


def migrated(portal: dict[str, Any] | None = None, **on: bool) -> Documents:
    others = simulated.on_premises(), {"allowedToUseSSPR": True}
    return Documents(portal_policy(**(portal or {})), configurations(**on), None, *others)


def plan(documents: Documents, *, allow: bool = True, **requested: Any) -> Plan:
    named = {name.replace("__", "."): value for name, value in requested.items()}
    return make_plan(documents, named, ALL_PAGES, allow_sign_in_change=allow)


def apply(documents: Documents, step: Step) -> Documents:
    """What a service holds after it took a step."""
    changed = copy.deepcopy(documents.get(step.document))
    assert changed is not None
    if step.document == METHODS_POLICY:
        for name, patch in step.body.items():
            changed[name].update(copy.deepcopy(patch))
    elif step.document == SSPR_POLICY:
        changed = copy.deepcopy(step.body)
    else:
        changed.update(copy.deepcopy(step.body))
    found: dict[str, Any] = {step.document: changed}
    return replace(documents, **found)


def carry_out(documents: Documents, requested: dict[str, Any]) -> tuple[Documents, list[Step]]:
    """Apply the first step and plan again, as a task does, until nothing is left."""
    steps: list[Step] = []
    while True:
        found = make_plan(documents, requested, ALL_PAGES, allow_sign_in_change=True)
        if not found.steps:
            return documents, steps
        steps.append(found.steps[0])
        assert len(steps) <= 5, "a plan never takes more than five writes"
        documents = apply(documents, found.steps[0])
        assert found.steps[0].is_seen_in(documents)


BOOLS = sorted(name for name, kind in PORTAL_FIELDS.items() if kind is bool)
UNKNOWN = st.dictionaries(
    st.text("abcdefghij", min_size=12, max_size=16), st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()))
)


@st.composite
def documents(draw: st.DrawFn) -> Documents:
    """Any tenant: legacy or migrated, any switches, with unknown fields."""
    portal = portal_policy(
        **{name: draw(st.booleans()) for name in BOOLS},
        enablementType=draw(st.integers(0, 2)),
        numberOfAuthenticationMethodsRequired=draw(st.integers(1, 2)),
        numberOfQuestionsToRegister=draw(st.integers(3, 5)),
        numberOfQuestionsToReset=draw(st.integers(3, 5)),
        registrationReconfirmIntevalInDays=draw(st.integers(0, 730)),
        customHelpdeskEmailOrUrl=draw(st.sampled_from(["", "help@contoso.com"])),
        passwordResetEnabledGroupIds=draw(st.sampled_from([[], [GROUP], ["00000000-0000-0000-0000-000000000000"]])),
        securityQuestions=draw(st.sampled_from([[], [{"questionText": "?"}] * 5])),
        **draw(UNKNOWN),
    )
    names = ("Email", "Sms", "Voice", "MicrosoftAuthenticator", "SoftwareOath", "Fido2", "office", "code")
    methods = configurations(**{name: draw(st.booleans()) for name in names})
    methods["Sms"].update(draw(UNKNOWN))
    state = draw(st.sampled_from(["preMigration", "migrationInProgress", "migrationComplete", None]))
    return Documents(portal, methods, state, draw(on_premises()), {"allowedToUseSSPR": draw(st.booleans())})


@st.composite
def on_premises(draw: st.DrawFn) -> dict[str, Any]:
    """The on-premises integration of any tenant."""
    return {name: draw(st.booleans()) for name in simulated.on_premises() if name != "objectId"} | draw(UNKNOWN)


def value_of(option: str) -> st.SearchStrategy[Any]:
    setting = SETTINGS[option]
    if option == "group":
        return st.sampled_from([None, GROUP_REF])
    if option == "helpdesk_contact":
        return st.sampled_from(["", "it@contoso.com"])
    if setting.spec["type"] == "bool":
        return st.booleans()
    if "choices" in setting.spec:
        return st.sampled_from(setting.spec["choices"])
    return st.integers(setting.low or 0, setting.high or 0)


REQUESTED = st.fixed_dictionaries({}, optional={option: value_of(option) for option in SETTINGS})


@given(documents(), REQUESTED)
def test_planning_again_after_applying_is_empty(tenant: Documents, requested: dict[str, Any]) -> None:
    first = make_plan(tenant, requested, ALL_PAGES, allow_sign_in_change=True)
    if first.faults:
        return
    after, _steps = carry_out(tenant, requested)
    again = make_plan(after, requested, ALL_PAGES, allow_sign_in_change=True)
    assert (again.steps, again.changes) == ((), ())
    found = settings_of(after, ALL_PAGES)
    assert found == dict(first.after), "the prediction is what happened"
    for option in first.backend:
        assert SETTINGS[option].same(found[option], requested[option]), option


@given(documents(), REQUESTED)
def test_everything_else_stays_untouched(tenant: Documents, requested: dict[str, Any]) -> None:
    first = make_plan(tenant, requested, ALL_PAGES, allow_sign_in_change=True)
    if first.faults:
        return
    after, steps = carry_out(tenant, requested)
    assert tenant.sspr_policy is not None
    assert after.sspr_policy is not None
    mine = {name for option in requested for name in SETTINGS[option].remote_fields} | {"passwordResetEnabledGroupName"}
    for name, value in tenant.sspr_policy.items():
        if name not in mine:
            assert after.sspr_policy[name] == value, name
    for step in steps:
        if step.document == SSPR_POLICY:
            assert set(step.body) == set(tenant.sspr_policy), "the whole document is sent, with nothing added"
        elif step.document != METHODS_POLICY:
            assert set(step.body) <= mine, "only what changes is sent"
    assert tenant.on_premises is not None
    assert after.on_premises is not None
    assert {k: v for k, v in after.on_premises.items() if k not in mine} == {
        k: v for k, v in tenant.on_premises.items() if k not in mine
    }
    assert after.methods is not None
    assert tenant.methods is not None
    for name, configuration in tenant.methods.items():
        for key, value in configuration.items():
            if key not in {"state", "isOfficePhoneAllowed", "isSoftwareOathEnabled", "includeTargets"}:
                assert after.methods[name][key] == value, (name, key)
    assert after.methods["Fido2"] == tenant.methods["Fido2"]


@given(documents(), REQUESTED)
def test_an_omitted_option_never_appears_in_a_plan(tenant: Documents, requested: dict[str, Any]) -> None:
    found = make_plan(tenant, requested, ALL_PAGES, allow_sign_in_change=True)
    assert set(found.changes) <= set(requested)
    assert set(found.backend) <= set(requested)
    assert {option for step in found.steps for option in step.options} <= set(requested)
    if found.faults:
        return
    follows = {"methods.voice"} if requested.get("methods.mobile_phone") is False else set()
    if requested.get("methods.voice") is not None:
        follows.add("methods.mobile_phone")  # voice without SMS makes it neither on nor off
    for option in set(SETTINGS) - set(requested) - follows:
        assert found.before[option] == found.after[option], option


@given(documents())
def test_nothing_requested_plans_nothing(tenant: Documents) -> None:
    found = make_plan(tenant, {}, ALL_PAGES)
    assert (found.steps, found.changes, found.faults, found.warnings, found.preexisting) == ((), (), (), (), ())


@pytest.mark.parametrize(
    ("portal", "on", "requested", "order"),
    [
        pytest.param(
            {},
            {"Email": True},
            {"methods_required": 2, "methods__mobile_app_notification": True, "methods__email": False},
            [(METHODS_POLICY, ["MicrosoftAuthenticator"]), (SSPR_POLICY, []), (METHODS_POLICY, ["Email"])],
            id="number-rises: enable, number, disable",
        ),
        pytest.param(
            {"numberOfAuthenticationMethodsRequired": 2},
            {"Email": True, "Sms": True},
            {"methods_required": 1, "methods__software_oath": True, "methods__mobile_phone": False},
            [(SSPR_POLICY, []), (METHODS_POLICY, ["SoftwareOath"]), (METHODS_POLICY, ["Sms"])],
            id="number-falls: number first",
        ),
        pytest.param(
            {},
            {"Email": True},
            {"notify_admins": True, "methods__software_oath": True},
            [(METHODS_POLICY, ["SoftwareOath"]), (SSPR_POLICY, [])],
            id="number-stays",
        ),
        pytest.param(
            {},
            {"Email": True, "Sms": True},
            {
                "admins_can_reset": False,
                "unlock_without_reset": True,
                "password_writeback": True,
                "notify_admins": True,
                "methods__mobile_phone": False,
            },
            [
                (SSPR_POLICY, []),
                (METHODS_POLICY, ["Sms"]),
                (ON_PREMISES, ["passwordWritebackSupported", "accountUnlockEnabled"]),
                (AUTHORIZATION_POLICY, ["allowedToUseSSPR"]),
            ],
            id="policies with a page of their own: last",
        ),
    ],
)
def test_order_of_writes(portal: dict[str, Any], on: dict[str, bool], requested: dict[str, Any], order: Any) -> None:
    named = {name.replace("__", "."): value for name, value in requested.items()}
    _after, steps = carry_out(migrated({"enablementType": 0, **portal}, **on), named)
    assert [(step.document, [] if step.document == SSPR_POLICY else list(step.body)) for step in steps] == order


@pytest.mark.parametrize(
    ("tenant", "requested", "words"),
    [
        (legacy(enablementType=0), {"scope": "selected"}, "exactly one group"),
        (legacy(), {"methods__email": False, "methods__mobile_phone": False}, "no user could reset"),
        (
            legacy(mobilePhoneOptionEnabled=False),
            {"methods__email": False, "methods__mobile_app_code": True},
            "fewer methods are on than methods_required",
        ),
        (legacy(), {"methods_required": 2, "methods__mobile_phone": False}, "no user could reset"),
        (legacy(), {"questions_to_reset": 5, "questions_to_register": 4}, "questions_to_reset is higher"),
        (legacy(), {"methods__security_questions": True}, "number of questions defined"),
        (legacy(), {"helpdesk_link": True}, "requires helpdesk_contact"),
        (legacy(), {"methods__voice": True}, "methods.voice: not available until the tenant's methods are migrated"),
        (
            migrated(Email=True),
            {"methods__mobile_app_code": True},
            "cannot be on while methods.mobile_app_notification",
        ),
        (migrated(Email=True), {"methods__office_phone": True}, "cannot be on while methods.voice is off"),
        (
            migrated(Email=True, Voice=True, office=True),
            {"methods__voice": False},
            "methods.office_phone cannot be on while methods.voice is off",
        ),
        (
            migrated(Email=True, Sms=True, Voice=True),
            {"methods__mobile_phone": False, "methods__voice": True},
            "also turns off voice calls",
        ),
    ],
)
def test_impossible_settings_are_faults(tenant: Documents, requested: dict[str, Any], words: str) -> None:
    assert words in "; ".join(plan(tenant, **requested).faults)


def test_email_cannot_be_disabled_while_guests_sign_in_with_it() -> None:
    tenant = migrated(Email=True, SoftwareOath=True)
    assert tenant.methods is not None
    tenant.methods["Email"]["allowExternalIdToUseEmailOtp"] = "enabled"
    assert "external users" in plan(tenant, methods__email=False).faults[0]


def test_a_preexisting_fault_is_only_reported() -> None:
    tenant = legacy(customizeHelpdeskLink=True, enablementType=1)
    found = plan(tenant, helpdesk_link=True, scope="selected", notify_admins=True)
    assert found.faults == ()
    assert found.warnings == ()
    assert len(found.preexisting) == 2
    assert all(text.startswith("Already the case in the tenant") for text in found.preexisting)
    assert plan(tenant, notify_admins=True).preexisting == ()


@pytest.mark.parametrize(
    ("on", "requested", "needs"),
    [
        ({"Email": True}, {"methods__mobile_phone": True}, True),
        ({"Email": True}, {"methods__voice": True}, True),
        ({"Email": True, "Sms": True}, {"methods__mobile_phone": False}, True),
        ({"Email": True, "SoftwareOath": True}, {"methods__software_oath": False}, True),
        ({"Email": True, "MicrosoftAuthenticator": True, "code": True}, {"methods__mobile_app_code": False}, True),
        ({"Email": True, "SoftwareOath": True}, {"methods__email": False}, False),
        ({"Email": True}, {"methods__software_oath": True}, False),
        ({"Email": True}, {"methods__mobile_app_notification": True}, False),
        ({"Email": True, "Sms": True}, {"methods__mobile_phone": True}, False),
    ],
)
def test_sign_in_changes_must_be_allowed(on: dict[str, bool], requested: dict[str, Any], needs: bool) -> None:
    refused = plan(migrated(**on), allow=False, **requested)
    assert any("allow_sign_in_change" in fault for fault in refused.faults) is needs
    assert plan(migrated(**on), allow=True, **requested).faults == ()


def test_sms_for_reset_is_not_sms_sign_in() -> None:
    tenant = migrated(Email=True)
    [step] = plan(tenant, methods__mobile_phone=True).steps
    assert step.body["Sms"]["includeTargets"] == [
        {"targetType": "group", "id": "all_users", "isRegistrationRequired": False, "isUsableForSignIn": False}
    ]
    tenant = migrated(Email=True, Sms=True)
    assert plan(tenant, methods__mobile_phone=True).steps == (), "where SMS is on already, its targets are left alone"


def test_a_hidden_flag_does_not_switch_another_method_on() -> None:
    # Authenticator is off with codes allowed: switching notifications on must not bring codes with it.
    [step] = plan(migrated(Email=True, code=True), methods__mobile_app_notification=True).steps
    assert step.body["MicrosoftAuthenticator"]["isSoftwareOathEnabled"] is False
    [step] = plan(
        migrated(Email=True, code=True), methods__mobile_app_notification=True, methods__mobile_app_code=True
    ).steps
    assert "isSoftwareOathEnabled" not in step.body["MicrosoftAuthenticator"]


def test_voice_without_sms_is_neither_on_nor_off() -> None:
    tenant = migrated(Email=True, Voice=True)
    assert settings_of(tenant, ALL_PAGES)["methods.mobile_phone"] is None
    assert [list(step.body) for step in plan(tenant, methods__mobile_phone=True).steps] == [["Sms"]]
    assert [list(step.body) for step in plan(tenant, methods__mobile_phone=False).steps] == [["Voice"]]


def test_group_counts_only_with_scope_selected() -> None:
    found = plan(legacy(enablementType=0), group=GROUP_REF)
    assert (found.steps, found.changes) == ((), ())
    assert "group is ignored" in found.warnings[0]
    found = plan(legacy(enablementType=0), group=GROUP_REF, scope="selected")
    assert found.changes == ("group", "scope") or set(found.changes) == {"group", "scope"}
    assert found.steps[0].body["passwordResetEnabledGroupName"] == "SSPR Pilot"


@pytest.mark.parametrize("ids", [[], ["00000000-0000-0000-0000-000000000000"]])
def test_clearing_a_group_that_is_not_there_writes_nothing(ids: list[str]) -> None:
    assert plan(legacy(passwordResetEnabledGroupIds=ids), group=None).steps == ()


def test_clearing_a_group_of_several_clears_them_all() -> None:
    tenant = legacy(passwordResetEnabledGroupIds=[GROUP, GROUP.replace("3", "4")])
    [step] = plan(tenant, group=None).steps
    assert step.body["passwordResetEnabledGroupIds"] == []


@pytest.mark.parametrize(
    ("field", "value", "option"),
    [
        ("notifyUsersOnPasswordReset", "true", "notify_users"),
        ("notifyUsersOnPasswordReset", 1, "notify_users"),
        ("registrationReconfirmIntevalInDays", True, "reconfirm_days"),
        ("enablementType", 7, "scope"),
        ("customHelpdeskEmailOrUrl", None, "helpdesk_contact"),
        ("passwordResetEnabledGroupIds", [1], "group"),
    ],
)
def test_a_field_of_another_type_is_a_misfit_for_its_option_only(field: str, value: Any, option: str) -> None:
    tenant = legacy(**{field: value})
    assert set(misfits(tenant, list(SETTINGS))) == {option}
    assert settings_of(tenant, ALL_PAGES)[option] is None


def test_reading_targets() -> None:
    methods = configurations(Email=True, Sms=True, Voice=False)
    methods["Email"]["includeTargets"] = [{"targetType": "group", "id": GROUP}]
    methods["Sms"]["excludeTargets"] = [{"targetType": "group", "id": GROUP}]
    methods["Voice"]["includeTargets"] = []
    assert graph_methods.targets(methods) == {
        "email": {"include": [GROUP], "exclude": []},
        "mobile_phone": {"include": ["all_users"], "exclude": [GROUP]},
    }
