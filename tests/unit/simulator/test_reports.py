# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ansible_collections.tenantops.entra.tests.simulator import Simulator
from ansible_collections.tenantops.entra.tests.simulator.documents import EMAIL, PHONE

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
APP = "bbbbbbbb-0000-4000-8000-000000000001"
GROUP = "cccccccc-0000-4000-8000-000000000001"
NESTED = "cccccccc-0000-4000-8000-000000000002"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
REPORT = "reports/authenticationMethods/userRegistrationDetails"
AUDITS = "auditLogs/directoryAudits"

Call = Callable[..., httpx.Response]

MOBILE = {"@odata.type": PHONE, "phoneType": "mobile", "phoneNumber": "+1 2065555555"}
ALTERNATE = {**MOBILE, "phoneType": "alternateMobile"}
ADDRESS = {"@odata.type": EMAIL, "emailAddress": "kim@home.example"}
APPLICATION = {"@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod"}
KEY = {"@odata.type": "#microsoft.graph.fido2AuthenticationMethod"}


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def person(name: str, **properties: Any) -> dict[str, Any]:
    return {"id": identity(name), "userPrincipalName": f"{name}@contoso.example", **properties}


def identity(name: str) -> str:
    return f"dddddddd-0000-4000-8000-{int.from_bytes(name.encode()[:4], 'big'):012}"


@pytest.fixture
def tenant(sim: Simulator) -> Any:
    tenant = sim.tenant(TENANT)
    tenant.apps[APP] = ["AuditLog.Read.All"]
    tenant.edit({"migration_state": "migrationComplete", "portal_policy": {"enablementType": 2}})
    return tenant


@pytest.fixture
def rows(graph: Call, tenant: Any) -> Callable[..., dict[str, Any]]:
    """The report by user, for people given with what they have registered."""

    def read(*people: dict[str, Any], **methods: list[dict[str, Any]]) -> dict[str, Any]:
        registered = {identity(name): [dict(method) for method in listed] for name, listed in methods.items()}
        tenant.edit({"people": list(people), "user_methods": registered})
        found = graph("GET", REPORT).json()["value"]
        return {row["userPrincipalName"].partition("@")[0]: row for row in found}

    return read


def flags(row: dict[str, Any]) -> tuple[bool, bool, bool]:
    return row["isSsprEnabled"], row["isSsprRegistered"], row["isSsprCapable"]


def test_a_row(rows: Callable[..., Any]) -> None:
    row = rows(person("kim"), kim=[MOBILE, ALTERNATE, APPLICATION, KEY])["kim"]
    assert row["methodsRegistered"] == [
        "alternateMobilePhone",
        "fido2SecurityKey",
        "microsoftAuthenticatorPush",
        "mobilePhone",
        "softwareOneTimePasscode",
    ]
    assert (row["userType"], row["isAdmin"], *flags(row)) == ("member", False, True, True, True)


@pytest.mark.parametrize(
    ("methods", "required", "registered"),
    [
        ([], 1, False),
        ([MOBILE], 1, True),
        ([MOBILE], 2, False),
        ([MOBILE, ADDRESS], 2, True),
        ([MOBILE, ALTERNATE], 2, False),
        ([ALTERNATE, KEY], 1, False),
        ([APPLICATION], 2, False),
    ],
)
def test_enough_methods(
    rows: Callable[..., Any], tenant: Any, methods: list[dict[str, Any]], required: int, registered: bool
) -> None:
    tenant.portal_policy["numberOfAuthenticationMethodsRequired"] = required
    assert flags(rows(person("kim"), kim=methods)["kim"]) == (True, registered, registered)


def test_who_is_enabled(rows: Callable[..., Any], tenant: Any) -> None:
    people = [person("in"), person("deep"), person("out"), person("gone", accountEnabled=False)]
    guest = person("far", userType="Guest")
    everyone = {name: [MOBILE] for name in ("in", "deep", "out", "far")}
    found = rows(*people, guest, **everyone)
    assert set(found) == {"in", "deep", "out", "far"}
    assert {name: flags(row)[0] for name, row in found.items()} == {"in": True, "deep": True, "out": True, "far": False}
    assert found["far"]["userType"] == "guest"
    tenant.edit(
        {
            "groups": [
                {"id": GROUP, "displayName": "Pilot", "members": [identity("in"), NESTED]},
                {"id": NESTED, "displayName": "Sales", "members": [identity("deep"), GROUP]},
            ],
            "portal_policy": {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP]},
        }
    )
    assert {name for name, row in rows(*people, **everyone).items() if flags(row)[0]} == {"in", "deep"}
    tenant.portal_policy["enablementType"] = 0
    assert not any(flags(row)[2] for row in rows(*people, **everyone).values())


def test_methods_that_are_off_or_for_others_do_not_count(rows: Callable[..., Any], tenant: Any) -> None:
    tenant.configurations["Sms"]["state"] = "disabled"
    assert not flags(rows(person("kim"), kim=[MOBILE])["kim"])[1]
    tenant.configurations["Voice"]["state"] = "enabled"
    assert flags(rows(person("kim"), kim=[MOBILE])["kim"])[1]
    tenant.groups = [{"id": GROUP, "displayName": "Calls", "members": [identity("kim")]}]
    tenant.configurations["Voice"]["excludeTargets"] = [{"targetType": "group", "id": GROUP}]
    assert not flags(rows(person("kim"), kim=[MOBILE])["kim"])[1]
    tenant.migration_state = "migrationInProgress"
    assert flags(rows(person("kim"), kim=[MOBILE])["kim"])[1]
    tenant.portal_policy["mobilePhoneOptionEnabled"] = False
    assert not flags(rows(person("kim"), kim=[MOBILE])["kim"])[1]


def test_questions(rows: Callable[..., Any], tenant: Any) -> None:
    assert not flags(rows(person("kim", securityQuestions=True))["kim"])[1]
    tenant.portal_policy["securityQuestionsOptionEnabled"] = True
    row = rows(person("kim", securityQuestions=True))["kim"]
    assert (row["methodsRegistered"], flags(row)[1]) == (["securityQuestion"], True)


def test_administrators_have_a_policy_of_their_own(rows: Callable[..., Any], tenant: Any) -> None:
    tenant.portal_policy["enablementType"] = 0
    tenant.groups = [{"id": GROUP, "displayName": "Admins", "members": [identity("ann")]}]
    tenant.role_assignments = [
        {"principalId": identity("eve"), "roleDefinitionId": GLOBAL_READER},
        {"principalId": identity("kim"), "roleDefinitionId": GLOBAL_ADMINISTRATOR},
        {"principalId": GROUP, "roleDefinitionId": GLOBAL_ADMINISTRATOR},
    ]
    people = [person(name) for name in ("kim", "ann", "eve")]
    found = rows(*people, kim=[MOBILE], ann=[MOBILE, ADDRESS], eve=[MOBILE, ADDRESS])
    assert {name: flags(row) for name, row in found.items()} == {
        "kim": (True, False, False),
        "ann": (True, True, True),
        "eve": (False, True, False),
    }
    assert all(row["isAdmin"] for row in found.values())
    tenant.authorization_policy["allowedToUseSSPR"] = False
    assert not any(flags(row)[0] for row in rows(*people).values())


def test_an_old_report(rows: Callable[..., Any], graph: Call, tenant: Any) -> None:
    old = {"id": identity("kim"), "userPrincipalName": "kim@contoso.example", "isSsprRegistered": False}
    tenant.edit({"registration_report": {"as_of": "2026-11-20T03:16:01Z", "rows": [old]}})
    assert rows(person("kim"), kim=[MOBILE])["kim"] == {"lastUpdatedDateTime": "2026-11-20T03:16:01Z", **old}


def test_the_report_of_one(rows: Callable[..., Any], graph: Call, tenant: Any) -> None:
    rows(person("kim"), person("gone", accountEnabled=False), kim=[MOBILE])
    assert graph("GET", f"{REPORT}/{identity('kim')}").json()["methodsRegistered"] == ["mobilePhone"]
    assert error(graph("GET", f"{REPORT}/{identity('gone')}")) == (404, "Request_ResourceNotFound")
    found = graph("GET", REPORT, params={"$filter": "userPrincipalName eq 'KIM@contoso.example'", "$select": "isAdmin"})
    assert found.json()["value"] == [{"isAdmin": False}]
    assert error(graph("GET", REPORT, params={"$expand": "x"})) == (400, "BadRequest")


def test_the_report_is_paged(rows: Callable[..., Any], graph: Call, tenant: Any) -> None:
    rows(*({**person("kim"), "id": f"dddddddd-0000-4000-8000-{n:012}", "userPrincipalName": f"u{n}"} for n in range(5)))
    first = graph("GET", REPORT, params={"$top": "2"}).json()
    assert (len(first["value"]), "$top=2" in first["@odata.nextLink"].replace("%24", "$")) == (2, True)
    assert error(graph("GET", REPORT, params={"$top": "1000"})) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(("plans", "status"), [([], 403), (["O365_BUSINESS_PREMIUM"], 403), (["SPB"], 200)])
def test_the_report_needs_a_license(sim: Simulator, graph: Call, tenant: Any, plans: list[str], status: int) -> None:
    tenant.plans = plans
    answer = graph("GET", REPORT)
    assert answer.status_code == status
    if status == 403:
        assert error(answer)[1] == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    assert graph("GET", AUDITS).status_code == 200


def test_reports_are_limited(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.report_throttle = True
    answers = [graph("GET", path) for path in (REPORT, AUDITS, REPORT, REPORT, REPORT, REPORT)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 429]
    assert error(answers[-1]) == (429, "TooManyRequests")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
    other = sim.issue_token(tenant=TENANT, audience="graph", user="ops@msp.example")
    assert graph("GET", REPORT, token=other).status_code == 200
    tenant.report_throttle = 0.2
    time.sleep(0.25)
    assert graph("GET", REPORT).status_code == 200


def event(moment: str, target: str = "kim", **properties: Any) -> dict[str, Any]:
    return {"activityDateTime": moment, "targetResources": [{"id": identity(target), "type": "User"}], **properties}


def test_audits(sim: Simulator, graph: Call, tenant: Any) -> None:
    service = "Self-service Password Management"
    tenant.audit_events = [
        event("2026-11-20T10:00:00Z", activityDisplayName="Blocked from self-service password reset"),
        event("2026-11-22T10:00:00Z"),
        event("2026-11-21T10:00:00Z", "lee"),
        event("2026-11-23T10:00:00Z", loggedByService="Core Directory"),
    ]

    def days(condition: str | None = None, **query: str) -> list[str]:
        filters = {} if condition is None else {"$filter": condition}
        found = graph("GET", AUDITS, params={**filters, **query}).json()["value"]
        return [entry["activityDateTime"][8:10] for entry in found]

    assert days() == ["23", "22", "21", "20"]
    assert days(f"loggedByService eq '{service}'", **{"$orderby": "activityDateTime asc"}) == ["20", "21", "22"]
    assert days(f"loggedByService eq '{service}' and activityDateTime ge 2026-11-21T00:00:00Z") == ["22", "21"]
    mine = f"targetResources/any(t: t/id eq '{identity('kim')}')"
    assert days(f"loggedByService eq '{service}' and {mine}", **{"$top": "1"}) == ["22"]
    for bad in ("category eq 'UserManagement'", "activityDateTime ge 'yesterday'", "x"):
        assert error(graph("GET", AUDITS, params={"$filter": bad})) == (400, "BadRequest")
    assert error(graph("GET", AUDITS, params={"$orderby": "id"})) == (400, "BadRequest")


def test_other_policies_and_scores(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.apps[APP] = ["Policy.Read.All", "SecurityEvents.Read.All"]
    defaults = "policies/identitySecurityDefaultsEnforcementPolicy"
    assert graph("GET", defaults).json()["isEnabled"] is False
    tenant.security_defaults = True
    assert graph("GET", defaults).json()["isEnabled"] is True
    tenant.conditional_access = [{"displayName": "Register from the office"}]
    (policy,) = graph("GET", "identity/conditionalAccess/policies").json()["value"]
    assert (policy["displayName"], policy["state"]) == ("Register from the office", "enabled")
    scores = "security/secureScores"
    assert graph("GET", scores, params={"$top": "1"}).json()["value"] == []
    tenant.secure_score = {"controlScores": [{"controlName": "SelfServicePasswordReset", "count": "4", "total": "9"}]}
    assert graph("GET", scores, params={"$top": "1"}).json()["value"][0]["controlScores"][0]["count"] == "4"


@pytest.mark.parametrize(
    ("permission", "paths"),
    [
        ("AuditLog.Read.All", {REPORT, AUDITS}),
        ("Policy.Read.All", {"identity/conditionalAccess/policies"}),
        ("SecurityEvents.Read.All", {"security/secureScores"}),
        ("Directory.Read.All", set()),
    ],
)
def test_permissions(sim: Simulator, graph: Call, tenant: Any, permission: str, paths: set[str]) -> None:
    tenant.apps[APP] = [permission]
    asked = (REPORT, AUDITS, "identity/conditionalAccess/policies", "security/secureScores")
    answers = {path: graph("GET", path) for path in asked}
    assert {path for path, answer in answers.items() if answer.is_success} == paths
    refused = [answer for path, answer in answers.items() if path not in paths]
    assert all(error(answer) == (403, "Authorization_RequestDenied") for answer in refused)
