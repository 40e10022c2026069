# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each module, option by option, in real Ansible: predicted, set, left as it is, left alone, null, cleared."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import TaskResult

from .conftest import GROUP, Tenant

pytestmark = [pytest.mark.both_ways, pytest.mark.oldest]

PILOT = {"id": GROUP, "display_name": "SSPR Pilot"}
LEGACY, MIGRATED = {"migration_state": "preMigration"}, {"migration_state": None}
PHONES_OFF = {"Sms": {"state": "disabled"}, "Voice": {"state": "disabled"}}


def off(*names: str) -> dict[str, Any]:
    return {**MIGRATED, "authentication_methods_policy": {name: {"state": "disabled"} for name in names}}


# module, seed, options, the option to look at, before, after
CASES = [
    ("sspr_properties", {}, {"scope": "all"}, "scope", "none", "all"),
    (
        "sspr_properties",
        {"portal_policy": {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP]}},
        {"scope": "none"},
        "scope",
        "selected",
        "none",
    ),
    ("sspr_properties", {}, {"scope": "selected", "group": "SSPR Pilot"}, "group", None, PILOT),
    ("sspr_properties", {}, {"scope": "selected", "group": GROUP.upper()}, "group", None, PILOT),
    (
        "sspr_properties",
        {"portal_policy": {"passwordResetEnabledGroupIds": [GROUP]}},
        {"group": ""},
        "group",
        PILOT,
        None,
    ),
    ("sspr_auth_methods", {}, {"methods_required": 2}, "methods_required", 1, 2),
    ("sspr_auth_methods", LEGACY, {"methods": {"email": False}}, "methods.email", True, False),
    ("sspr_auth_methods", LEGACY, {"methods": {"mobile_phone": False}}, "methods.mobile_phone", True, False),
    ("sspr_auth_methods", LEGACY, {"methods": {"office_phone": True}}, "methods.office_phone", False, True),
    (
        "sspr_auth_methods",
        LEGACY,
        {"methods": {"mobile_app_notification": True}},
        "methods.mobile_app_notification",
        False,
        True,
    ),
    ("sspr_auth_methods", LEGACY, {"methods": {"mobile_app_code": True}}, "methods.mobile_app_code", False, True),
    (
        "sspr_auth_methods",
        {**LEGACY, "portal_policy": {"securityQuestions": [{"questionText": "?"}] * 5}},
        {"methods": {"security_questions": True}},
        "methods.security_questions",
        False,
        True,
    ),
    ("sspr_auth_methods", {}, {"questions_to_register": 4}, "questions_to_register", 5, 4),
    ("sspr_auth_methods", {}, {"questions_to_reset": 5}, "questions_to_reset", 3, 5),
    ("sspr_auth_methods", off("Email"), {"methods": {"email": True}}, "methods.email", False, True),
    (
        "sspr_auth_methods",
        off("Sms", "Voice"),
        {"methods": {"mobile_phone": True}, "allow_sign_in_change": True},
        "methods.mobile_phone",
        False,
        True,
    ),
    (
        "sspr_auth_methods",
        off("Voice"),
        {"methods": {"voice": True}, "allow_sign_in_change": True},
        "methods.voice",
        False,
        True,
    ),
    (
        "sspr_auth_methods",
        {**MIGRATED, "authentication_methods_policy": {"Voice": {"state": "enabled", "isOfficePhoneAllowed": False}}},
        {"methods": {"office_phone": True}},
        "methods.office_phone",
        False,
        True,
    ),
    (
        "sspr_auth_methods",
        off("MicrosoftAuthenticator"),
        {"methods": {"mobile_app_notification": True}},
        "methods.mobile_app_notification",
        False,
        True,
    ),
    (
        "sspr_auth_methods",
        {
            **MIGRATED,
            "authentication_methods_policy": {
                "MicrosoftAuthenticator": {"state": "enabled", "isSoftwareOathEnabled": False}
            },
        },
        {"methods": {"mobile_app_code": True}},
        "methods.mobile_app_code",
        False,
        True,
    ),
    (
        "sspr_auth_methods",
        off("SoftwareOath"),
        {"methods": {"software_oath": True}},
        "methods.software_oath",
        False,
        True,
    ),
    ("sspr_registration", {}, {"required_at_sign_in": False}, "required_at_sign_in", True, False),
    ("sspr_registration", {}, {"reconfirm_days": 0}, "reconfirm_days", 180, 0),
    ("sspr_registration", {}, {"reconfirm_days": 730}, "reconfirm_days", 180, 730),
    ("sspr_notifications", {}, {"notify_users": False}, "notify_users", True, False),
    ("sspr_notifications", {}, {"notify_admins": True}, "notify_admins", False, True),
    (
        "sspr_customization",
        {},
        {"helpdesk_link": True, "helpdesk_contact": "https://help.contoso.com/?a=1&b=ü"},
        "helpdesk_contact",
        "",
        "https://help.contoso.com/?a=1&b=ü",
    ),
    (
        "sspr_customization",
        {"portal_policy": {"customHelpdeskEmailOrUrl": "it@contoso.com"}},
        {"helpdesk_contact": ""},
        "helpdesk_contact",
        "it@contoso.com",
        "",
    ),
    (
        "sspr_customization",
        {"portal_policy": {"customHelpdeskEmailOrUrl": "it@contoso.com"}},
        {"helpdesk_link": True},
        "helpdesk_link",
        False,
        True,
    ),
]


def value(settings: Any, option: str) -> Any:
    for part in option.split("."):
        settings = settings[part]
    return settings


def stored(tenant: Tenant) -> tuple[dict[str, Any], dict[str, Any]]:
    return copy.deepcopy(tenant.policy), copy.deepcopy(tenant.methods)


@pytest.mark.parametrize(
    ("module", "seed", "options", "option", "before", "after"),
    CASES,
    ids=[f"{case[0].removeprefix('sspr_')}-{case[3]}-{case[4]}-{case[5]}-{n}" for n, case in enumerate(CASES)],
)
def test_each_option(
    make_tenant: Any,
    module: str,
    seed: dict[str, Any],
    options: dict[str, Any],
    option: str,
    before: Any,
    after: Any,
) -> None:
    tenant = make_tenant(**copy.deepcopy(seed))
    untouched = stored(tenant)
    foretold, written, again = tenant.ansible.tasks(
        tenant.task(module, check_mode=True, **options),
        tenant.task(module, **options),
        tenant.task(module, **options),
    )
    assert foretold.ok, foretold.values
    assert foretold.changed
    assert foretold["verified"] is False
    assert value(foretold["settings"], option) == after
    assert value(foretold["previous"], option) == before
    assert set(foretold["diff"]["after"]) <= {*options, "group"}

    assert written.ok, written.values
    assert written.changed
    assert written["verified"] is True
    assert value(written["settings"], option) == after
    assert value(written["diff"]["before"], option) == before
    assert value(written["diff"]["after"], option) == after
    assert written["settings"] == foretold["settings"]
    assert written["tenant"]["id"] == tenant.id
    assert written["tenant"]["display_name"] == "Contoso"

    assert again.ok, again.values
    assert not again.changed
    assert again["verified"] is True
    assert again["settings"] == written["settings"] == again["previous"]
    assert again["diff"]["before"] == again["diff"]["after"]

    assert len({(request.method, request.path) for request in tenant.writes()}) == len(tenant.writes()), "written once"
    assert all(request.query.get("byPassMethodCountCheck") is None for request in tenant.requests("portal"))
    assert stored(tenant) != untouched


def test_the_whole_policy_in_one_task(make_tenant: Any) -> None:
    tenant = make_tenant(**off("Email", "SoftwareOath"))
    asked: dict[str, Any] = {
        "scope": "selected",
        "group": "SSPR Pilot",
        "methods_required": 2,
        "methods": {"email": True, "software_oath": True, "mobile_phone": False, "office_phone": False},
        "allow_sign_in_change": True,
        "questions_to_register": 4,
        "questions_to_reset": 4,
        "required_at_sign_in": False,
        "reconfirm_days": 90,
        "notify_users": False,
        "notify_admins": True,
        "helpdesk_link": True,
        "helpdesk_contact": "it@contoso.com",
    }
    foretold, written, again = tenant.ansible.tasks(
        tenant.task("sspr_policy", check_mode=True, **asked),
        tenant.task("sspr_policy", **asked),
        tenant.task("sspr_policy", **asked),
    )
    assert foretold.changed, foretold.values
    assert written.changed, written.values
    assert not again.changed, again.values
    for option, value_asked in asked.items():
        if option == "methods":
            assert all(written["settings"]["methods"][name] is on for name, on in value_asked.items())
        elif option not in ("group", "allow_sign_in_change"):
            assert written["settings"][option] == value_asked, option
    assert written["settings"]["group"] == PILOT
    assert foretold["settings"] == written["settings"] == again["previous"]
    # One plan, one write a document: enable, number and the rest of the portal's, disable.
    assert [(write.plane, write.path.rsplit("/", 1)[-1]) for write in tenant.writes()] == [
        ("graph", "Email"),
        ("graph", "SoftwareOath"),
        ("portal", "PasswordResetPolicies"),
        ("graph", "Sms"),
    ]


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("sspr_properties", {"scope": None, "group": None}),
        ("sspr_auth_methods", {"methods": {}, "methods_required": None}),
        ("sspr_auth_methods", {"methods": {"email": None, "voice": ""}, "questions_to_reset": ""}),
        ("sspr_registration", {"reconfirm_days": "", "required_at_sign_in": ""}),
        ("sspr_notifications", {"notify_users": "", "notify_admins": None}),
        ("sspr_customization", {"helpdesk_link": "", "helpdesk_contact": None}),
        (
            "sspr_policy",
            {"scope": "", "methods": None, "portal": "", "reconfirm_days": None, "cloud": "", "timeout": ""},
        ),
    ],
)
def test_nulls_and_empty_strings_leave_alone(tenant: Tenant, module: str, options: dict[str, Any]) -> None:
    # Straight into the task, since a null must reach the module as such.
    result = tenant.ansible.tasks({f"tenantops.entra.{module}": {**tenant.options(), **options}})[0]
    assert result.ok, result.values
    assert not result.changed
    assert result["diff"]["after"] == {}
    assert tenant.writes() == []


def test_warnings_are_plain_warnings(tenant: Tenant) -> None:
    tenant.policy["notAField"] = 1
    result = tenant.run("sspr_properties", group="SSPR Pilot")
    assert result.ok, result.values
    assert [warning.split(":")[0] for warning in result["warnings"]] == [
        "The SSPR policy has fields that this version does not know (kept as they are)",
        "group is ignored",
    ]
    assert result.get("deprecations", []) == []


@pytest.mark.parametrize("migration_state", ["preMigration", "migrationInProgress", "migrationComplete", None])
def test_info_reads_every_page(make_tenant: Any, migration_state: str | None) -> None:
    tenant = make_tenant(
        migration_state=migration_state,
        portal_policy={"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP], "notAField": [1]},
    )
    result = tenant.run("sspr_info")
    assert result.ok, result.values
    found = result["sspr"]
    assert found["properties"] == {"scope": "selected", "group": PILOT}
    assert found["registration"] == {"required_at_sign_in": True, "reconfirm_days": 180}
    assert found["notifications"] == {"notify_users": True, "notify_admins": False}
    assert found["customization"] == {"helpdesk_link": False, "helpdesk_contact": ""}
    assert found["auth_methods"]["methods_required"] == 1
    assert found["on_premises"] == {"password_writeback": False, "unlock_without_reset": False}
    assert found["admin_policy"] == {"admins_can_reset": True}
    assert result["migration_state"] == migration_state
    migrated = migration_state in ("migrationComplete", None)
    assert (found["auth_methods"]["methods"]["voice"] is not None) is migrated
    nulls = {name for name, item in found["auth_methods"]["methods"].items() if item is None}
    explained = {name for entry in result["unavailable"] for name in entry["options"]}
    assert {f"methods.{name}" for name in nulls} <= explained, "every null is explained"
    assert tenant.writes() == []


def test_info_without_a_portal_credential_says_what_it_does_not_know(tenant: Tenant) -> None:
    result: TaskResult = tenant.run("sspr_info", portal_refresh_token=None)
    assert result.ok, result.values
    assert result["sspr"]["properties"] is None
    assert result["sspr"]["registration"] is None
    assert result["sspr"]["auth_methods"]["methods_required"] is None
    assert result["sspr"]["auth_methods"]["methods"]["email"] is True
    missing = {entry["what"]: entry for entry in result["unavailable"]}
    assert missing["properties"]["reason"] == "portal_credential_missing"
    assert missing["properties"]["options"] == ["scope", "group"]
    assert "PasswordResetMenuBlade/~/Properties" in missing["properties"]["hint"]
    assert "methods_required" in missing["auth_methods"]["options"]
    assert tenant.requests("portal") == []


def test_page_module_without_a_portal_credential(tenant: Tenant) -> None:
    required, manual, check = tenant.ansible.tasks(
        tenant.task("sspr_notifications", portal_refresh_token=None, notify_admins=True),
        tenant.task("sspr_notifications", portal_refresh_token=None, notify_admins=True, portal="manual"),
        tenant.task("sspr_notifications", check_mode=True, portal_refresh_token=None, notify_admins=True),
    )
    assert required.kind == check.kind == "portal_credential_missing"
    assert "portal_refresh_token" in required["error"]["hint"]
    for result in (required, manual, check):
        [entry] = result["manual"]
        assert entry["page"] == "notifications"
        assert entry["settings"] == {"notify_admins": True}
        assert entry["link"].endswith("PasswordResetMenuBlade/~/Notifications")
    assert manual.ok
    assert not manual.changed
    assert manual["settings"] == {"notify_users": None, "notify_admins": None}
    assert tenant.writes() == []


def test_manual_applies_what_graph_can(make_tenant: Any) -> None:
    tenant = make_tenant(**off("SoftwareOath"))
    asked = {"methods": {"software_oath": True}, "methods_required": 2}
    required, manual = tenant.ansible.tasks(
        tenant.task("sspr_auth_methods", portal_refresh_token=None, **asked),
        tenant.task("sspr_auth_methods", portal_refresh_token=None, portal="manual", **asked),
    )
    assert required.kind == "portal_credential_missing"
    assert manual.ok, manual.values
    assert manual.changed
    assert manual["verified"] is True
    assert manual["settings"]["methods"]["software_oath"] is True
    assert manual["settings"]["methods_required"] is None
    assert manual["backend"] == {"methods.software_oath": "graph", "methods_required": "portal"}
    assert manual["manual"][0]["settings"] == {"methods_required": 2}
    assert tenant.methods["SoftwareOath"]["state"] == "enabled"
    # Methods alone do not need the portal at all.
    alone = tenant.run("sspr_auth_methods", portal_refresh_token=None, methods={"software_oath": True})
    assert alone.ok, alone.values
    assert not alone.changed
