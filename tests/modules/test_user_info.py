# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Diagnosing one user, in real Ansible: what is found, what is unknown and why, and that nothing is written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, TaskResult

from .conftest import ALL_PERMISSIONS, APP, GROUP, OPERATOR, Tenant
from .test_role import secrets_in

pytestmark = pytest.mark.both_ways

SEES_PEOPLE = (
    *ALL_PERMISSIONS,
    "User.Read.All",
    "GroupMember.Read.All",
    "RoleManagement.Read.Directory",
    "AuditLog.Read.All",
    "UserAuthenticationMethod.Read.All",
)
ADELE = {"id": "55555555-5555-4555-8555-555555555555", "userPrincipalName": "adele@contoso.com", "displayName": "Adele"}
OTHER_GROUP, SALES, NORTH, ADMINS = (f"33333333-3333-4333-8333-33333333333{n}" for n in (4, 5, 6, 7))
HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
MOBILE = {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "phoneType": "mobile"}
ALTERNATE = {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "phoneType": "alternateMobile"}
EMAIL = {"@odata.type": "#microsoft.graph.emailAuthenticationMethod", "emailAddress": "adele@home.example"}
PASSKEY = {"@odata.type": "#microsoft.graph.fido2AuthenticationMethod", "id": "key"}
REGISTERED = [
    {**MOBILE, "phoneNumber": "+1 2065550100"},
    {**ALTERNATE, "phoneNumber": "+1 2065550101"},
    EMAIL,
    PASSKEY,
]


def company(
    make_tenant: Any, *, adele: dict[str, Any] | None = None, policy: dict[str, Any] | None = None, **seed: Any
) -> Tenant:
    """A tenant in which Adele can reset: two methods are required, and she is in the group through two others."""
    tenant: Tenant = make_tenant(
        **{
            "apps": {APP: list(SEES_PEOPLE)},
            "people": [{**ADELE, **(adele or {})}],
            "user_methods": {ADELE["id"]: list(REGISTERED)},
            "groups": [
                {"id": GROUP, "displayName": "SSPR Pilot", "members": [OTHER_GROUP, SALES]},
                {"id": OTHER_GROUP, "displayName": "Others", "members": []},
                {"id": SALES, "displayName": "Sales", "members": [NORTH]},
                {"id": NORTH, "displayName": "North", "members": [ADELE["id"]]},
                {"id": ADMINS, "displayName": "Administrators", "members": [ADELE["id"]]},
            ],
            "portal_policy": {
                "enablementType": 1,
                "passwordResetEnabledGroupIds": [GROUP],
                "numberOfAuthenticationMethodsRequired": 2,
                "notifyOnAdminPasswordReset": True,
                **(policy or {}),
            },
            **seed,
        }
    )
    return tenant


def codes(result: TaskResult, key: str = "blockers") -> list[str]:
    return [entry["code"] or entry["name"] for entry in result[key]]


def missing(result: TaskResult) -> dict[str, str]:
    """The reason by what is unavailable; settings by their first option."""
    for entry in result["unavailable"]:
        assert set(entry) == {"what", "options", "reason", "message", "hint"}
        assert (entry["what"] == "settings") is bool(entry["options"])
    return {next(iter(entry["options"]), entry["what"]): entry["reason"] for entry in result["unavailable"]}


def ago(**time: float) -> str:
    return f"{datetime.now(timezone.utc) - timedelta(**time):%Y-%m-%dT%H:%M:%S}.1234567Z"


@pytest.mark.oldest
def test_a_user_who_can_reset(make_tenant: Any, ansible: Ansible) -> None:
    tenant = company(
        make_tenant,
        audit_events=[
            {
                "activityDisplayName": "Self-service password reset flow activity progress",
                "activityDateTime": ago(hours=hours),
                "result": "failure",
                "resultReason": "User cancelled before passing the required authentication methods ",
                "targetResources": [{"id": ADELE["id"], "type": "User"}],
            }
            for hours in (30, 1, 2)
        ],
    )
    run = ansible.run_tasks(
        tenant.task("sspr_user_info", user="ADELE@contoso.com"),
        tenant.task("sspr_user_info", user=ADELE["id"], as_of="2027-02-01", since=ago(hours=24)[:10], events=1),
        arguments=["-vvvv"],
    )
    now, later = run.results
    assert now.ok, now.values
    assert (now["capable"], now["blockers"], now["problems"], now["unavailable"]) == (True, [], [], [])
    assert {key: now["user"][key] for key in ("id", "user_principal_name", "display_name")} == {
        "id": ADELE["id"],
        "user_principal_name": "adele@contoso.com",
        "display_name": "Adele",
    }
    assert (now["in_scope"], now["licensed"], now["administrator"], now["roles"]) == (True, True, False, [])
    assert [group["display_name"] for group in now["through"]] == ["SSPR Pilot", "Sales", "North"]
    assert {entry["method"]: entry["counts"] for entry in now["methods"]} == {
        "alternateMobilePhone": False,
        "email": True,
        "fido2": False,
        "mobilePhone": True,
    }
    assert now["methods_required"] == 2
    assert now["settings"]["group"] == {"id": GROUP, "display_name": "SSPR Pilot"}
    assert [event["at"] for event in now["events"]] == sorted((event["at"] for event in now["events"]), reverse=True)
    assert now["events"][0]["meaning"] == "The user canceled before the last method."
    assert (now["report"]["capable"], now["report"]["note"]) == (True, None)
    assert (later["capable"], codes(later), len(later["events"])) == (False, ["SSPR_0014"], 1)
    assert "mobilePhone: Microsoft ends text messages" in later["blockers"][0]["meaning"]
    assert tenant.writes() == []
    organization = [request for request in tenant.requests("graph") if request.path.endswith("/organization")]
    assert len(organization) <= len(run.results)
    assert secrets_in(run.output) == []
    assert "eyJ" not in run.output
    assert not any(result.changed for result in run.results)


@pytest.mark.worker_only
def test_an_administrator_has_microsofts_policy(make_tenant: Any, ansible: Ansible) -> None:
    through_a_group = company(
        make_tenant,
        role_assignments=[{"principalId": ADMINS, "roleDefinitionId": HELPDESK}],
        user_methods={ADELE["id"]: [EMAIL]},
        policy={"enablementType": 0, "numberOfAuthenticationMethodsRequired": 1},
    )
    reader = company(make_tenant, role_assignments=[{"principalId": ADELE["id"], "roleDefinitionId": GLOBAL_READER}])
    off = company(
        make_tenant,
        role_assignments=[{"principalId": ADELE["id"], "roleDefinitionId": HELPDESK}],
        authorization_policy={"allowedToUseSSPR": False},
    )
    first, second, third = ansible.tasks(
        *(t.task("sspr_user_info", user="adele@contoso.com") for t in (through_a_group, reader, off))
    )
    assert (first["administrator"], first["roles"], first["methods_required"]) == (True, ["Helpdesk Administrator"], 2)
    assert (first["in_scope"], first["capable"], codes(first)) == (False, False, ["SSPR_0014"])
    assert (second["administrator"], second["roles"], second["capable"]) == (False, ["Global Reader"], True)
    assert (third["capable"], codes(third)) == (False, ["AdministratorsCannotReset"])


@pytest.mark.worker_only
def test_what_cannot_be_read_is_reported_and_never_guessed(make_tenant: Any, ansible: Ansible) -> None:
    blind = company(make_tenant, apps={APP: ["Organization.Read.All", "User.Read.All"]})
    free = company(make_tenant, plans=["O365_BUSINESS_PREMIUM"])
    reader = company(make_tenant, users={OPERATOR: []})
    requested = {"user": "adele@contoso.com"}
    nothing, no_license, no_portal, no_role = ansible.tasks(
        blind.task("sspr_user_info", portal_refresh_token=None, **requested),
        free.task("sspr_user_info", **requested),
        free.task("sspr_user_info", portal_refresh_token=None, **requested),
        reader.task("sspr_user_info", **requested),
    )
    assert nothing.ok, nothing.values
    assert (nothing["capable"], nothing["blockers"], nothing["methods"]) == (None, [], None)
    assert set(missing(nothing)) == {
        "scope",
        "methods.email",
        "methods",
        "admins_can_reset",
        "roles",
        "report",
        "events",
    }
    assert all(entry["hint"] for entry in nothing["unavailable"])
    assert nothing["report"] is None
    # Business Standard has reset, and no report.
    assert (no_license["capable"], no_license["licensed"], missing(no_license)) == (True, True, {"report": "license"})
    assert missing(no_portal)["scope"] == "portal_credential_missing"
    assert (no_portal["capable"], no_portal["in_scope"], no_portal["settings"]["scope"]) == (None, None, None)
    assert no_portal["settings"]["admins_can_reset"] is True
    assert no_role["capable"] is None
    assert "permission" in missing(no_role).values()
    for tenant in (blind, free, reader):
        assert tenant.writes() == []


@pytest.mark.worker_only
def test_a_report_that_is_behind_is_said_to_be(make_tenant: Any, ansible: Ansible) -> None:
    row = {
        "id": ADELE["id"],
        "userPrincipalName": "adele@contoso.com",
        "userType": "member",
        "isAdmin": False,
        "isSsprEnabled": True,
        "isSsprRegistered": False,
        "isSsprCapable": False,
        "methodsRegistered": [],
    }
    fresh, old = ago(hours=20), ago(hours=50)
    behind = company(make_tenant, registration_report={"as_of": fresh, "rows": [row]})
    late = company(make_tenant, registration_report={"as_of": old, "rows": [row]})
    absent = company(make_tenant, registration_report={"as_of": fresh, "rows": []})
    instead = company(
        make_tenant,
        registration_report={"as_of": fresh, "rows": [{**row, "methodsRegistered": ["email"]}]},
        apps={APP: [name for name in SEES_PEOPLE if "UserAuthentication" not in name]},
    )
    found = ansible.tasks(
        *(t.task("sspr_user_info", user="adele@contoso.com") for t in (behind, late, absent, instead))
    )
    assert [result["capable"] for result in found] == [True, True, True, False]
    assert found[0]["report"]["note"] == f"report not refreshed yet, as of {fresh}"
    assert "for more than 36 hours" in found[1]["report"]["note"]
    assert "does not have this user" in found[2]["report"]["note"]
    assert [entry["method"] for entry in found[3]["methods"]] == ["email"]
    assert missing(found[3]) == {"methods": "permission"}


@pytest.mark.worker_only
def test_wrong_options_and_unknown_users(make_tenant: Any, ansible: Ansible) -> None:
    tenant = company(make_tenant)
    requested = {"user": "adele@contoso.com"}
    wrong: list[dict[str, Any]] = [
        {**requested, "as_of": "soon"},
        {**requested, "as_of": "2027-02-30"},
        {**requested, "since": "yesterday"},
        {**requested, "since": "2026-11-25T08:00:00Z' or 1 eq 1"},
        {**requested, "events": 0},
        {**requested, "events": 101},
        {},
    ]
    tenant.simulator.clear_log()
    refused = ansible.tasks(*(tenant.task("sspr_user_info", **options) for options in wrong))
    assert [result.kind for result in refused] == ["invalid_setting"] * len(wrong)
    assert tenant.requests() == []
    tenant.simulator.tenant(tenant.id).apps[APP] = ["Organization.Read.All"]
    blind = tenant.run("sspr_user_info", **requested)
    tenant.simulator.tenant(tenant.id).apps[APP] = list(SEES_PEOPLE)
    unknown = tenant.run("sspr_user_info", user="nobody@contoso.com")
    assert (blind.kind, unknown.kind) == ("permission", "not_found")
    assert "User.Read.All" in blind["msg"]
    assert "'nobody@contoso.com'" in unknown["msg"]
