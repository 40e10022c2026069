# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ansible_collections.tenantops.entra.tests.simulator import Simulator

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
APP = "bbbbbbbb-0000-4000-8000-000000000001"
GROUP = "cccccccc-0000-4000-8000-000000000001"
POLICY = "policies/authenticationMethodsPolicy"
METHODS = f"{POLICY}/authenticationMethodConfigurations"

Call = Callable[..., httpx.Response]


def kind(name: str) -> dict[str, str]:
    return {"@odata.type": f"#microsoft.graph.{name}AuthenticationMethodConfiguration"}


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_organization(sim: Simulator, graph: Call) -> None:
    answer = graph("GET", "organization", params={"$select": "id,displayName,verifiedDomains"})
    (entry,) = answer.json()["value"]
    assert (entry["id"], entry["displayName"]) == (TENANT, "Contoso")
    domains = {domain["name"]: (domain["isInitial"], domain["isDefault"]) for domain in entry["verifiedDomains"]}
    assert domains == {"contoso.onmicrosoft.com": (True, False), "contoso.example": (False, True)}
    assert error(graph("GET", "organization", params={"$select": "nonsense"})) == (400, "BadRequest")


def test_subscribed_skus(sim: Simulator, graph: Call) -> None:
    (sku,) = graph("GET", "subscribedSkus").json()["value"]
    assert sku["servicePlans"][0]["servicePlanName"] == "AAD_PREMIUM"


@pytest.mark.parametrize("path", ["nonsense", "/organization", "organization/", "groups/x/owners"])
def test_unknown_paths(sim: Simulator, graph: Call, path: str) -> None:
    answer = graph("GET", path)
    assert error(answer) == (404, "ResourceNotFound")
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]


def test_client_request_id_is_echoed(sim: Simulator, client: httpx.Client) -> None:
    answer = client.get("/v1.0/organization", headers={"client-request-id": "mine"})
    assert answer.headers["client-request-id"] == "mine"


def test_tokens_are_checked(sim: Simulator, graph: Call) -> None:
    issue = {"tenant": TENANT, "client_id": APP}
    good = sim.issue_token(audience="graph", **issue)
    refused = (
        "",
        "nonsense",
        good[:-4] + "AAAA",
        sim.issue_token(audience="portal", **issue),
        sim.issue_token(audience="graph", lifetime=-1, **issue),
        sim.issue_token(audience="graph", tid="another", **issue),
    )
    for token in refused:
        assert error(graph("GET", "organization", token=token)) == (401, "InvalidAuthenticationToken")
    assert graph("GET", "organization", token=good).status_code == 200


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("Organization.Read.All", {"organization", "subscribedSkus"}),
        ("LicenseAssignment.Read.All", {"subscribedSkus"}),
        ("Group.Read.All", {"groups"}),
        ("Directory.Read.All", {"organization", "subscribedSkus", "groups"}),
        ("Policy.Read.AuthenticationMethod", {POLICY, f"{METHODS}/sms"}),
        ("Policy.Read.All", {POLICY, f"{METHODS}/sms", "policies/authorizationPolicy"}),
        ("Policy.ReadWrite.AuthenticationMethod", {POLICY, f"{METHODS}/sms", "PATCH"}),
        ("User.Read.All", set()),
    ],
)
def test_application_permissions(sim: Simulator, graph: Call, permission: str, allowed: set[str]) -> None:
    sim.tenant(TENANT).apps[APP] = [permission]
    paths = ("organization", "subscribedSkus", "groups", POLICY, f"{METHODS}/sms", "policies/authorizationPolicy")
    answers = {path: graph("GET", path) for path in paths}
    answers["PATCH"] = graph("PATCH", f"{METHODS}/Sms", json=kind("sms"))
    assert {path for path, answer in answers.items() if answer.is_success} == allowed
    refused = [answer for path, answer in answers.items() if path not in allowed]
    assert all(error(answer) == (403, "Authorization_RequestDenied") for answer in refused)


def test_delegated_roles(sim: Simulator, graph: Call) -> None:
    def as_user(user: str, method: str, **rest: Any) -> int:
        token = sim.issue_token(tenant=TENANT, audience="graph", user=user)
        return graph(method, f"{METHODS}/Sms", token=token, **rest).status_code

    assert as_user("reader@msp.example", "GET") == 200
    assert as_user("reader@msp.example", "PATCH", json=kind("sms")) == 403
    assert as_user("ops@msp.example", "PATCH", json=kind("sms")) == 204
    sim.tenant(TENANT).users["ops@msp.example"] = []
    assert as_user("ops@msp.example", "GET") == 403


def test_groups_are_filtered_and_paged(sim: Simulator, graph: Call) -> None:
    answer = graph("GET", "groups", params={"$filter": "displayName eq 'tom''s TEAM'", "$select": "id", "$top": "999"})
    found, pages = [], 0
    while True:
        pages += 1
        found += answer.json()["value"]
        following = answer.json().get("@odata.nextLink")
        if following is None:
            break
        assert following.startswith(f"{sim.url}/v1.0/groups?")
        answer = graph("GET", following.removeprefix(f"{sim.url}/v1.0/"))
    assert (len(found), pages) == (5, 3)
    assert set(found[0]) == {"id"}
    assert graph("GET", "groups", params={"$filter": "displayName eq 'Nobody & Söhne #1'"}).json()["value"] == []
    for bad in ("displayName eq 'a' or id eq 'b'", "displayName eq 'it's'", "startswith(displayName,'a')"):
        assert error(graph("GET", "groups", params={"$filter": bad})) == (400, "Request_UnsupportedQuery")


def test_group_by_id(sim: Simulator, graph: Call) -> None:
    assert graph("GET", f"groups/{GROUP}").json()["displayName"] == "SSPR-Pilot"
    assert error(graph("GET", f"groups/{TENANT}")) == (404, "Request_ResourceNotFound")


def test_methods_policy(sim: Simulator, graph: Call) -> None:
    policy = graph("GET", POLICY).json()
    assert policy["policyMigrationState"] == "preMigration"
    names = [entry["id"] for entry in policy["authenticationMethodConfigurations"]]
    assert {"Email", "Sms", "Voice", "MicrosoftAuthenticator", "SoftwareOath"} <= set(names)
    assert all("includeTargets@odata.context" in entry for entry in policy["authenticationMethodConfigurations"])
    sim.tenant(TENANT).migration_state = None
    assert graph("GET", POLICY).json()["policyMigrationState"] is None
    sim.tenant(TENANT).omit_migration_state = True
    assert "policyMigrationState" not in graph("GET", POLICY).json()


def test_patch_methods_policy(sim: Simulator, graph: Call) -> None:
    answer = graph("PATCH", POLICY, json={"policyMigrationState": "migrationComplete"})
    assert (answer.status_code, answer.json()["policyMigrationState"]) == (200, "migrationComplete")
    assert graph("PATCH", POLICY, json={"policyMigrationState": "preMigration"}).status_code == 400
    campaign = {"authenticationMethodsRegistrationCampaign": {"snoozeDurationInDays": 3}}
    body = graph("PATCH", POLICY, json={"registrationEnforcement": campaign}).json()
    changed = body["registrationEnforcement"]["authenticationMethodsRegistrationCampaign"]
    assert (changed["snoozeDurationInDays"], changed["state"]) == (3, "default")
    for bad in ({"policyMigrationState": None}, {"reconfirmationInDays": 3}, {"displayName": "x"}):
        assert next(iter(bad)) in graph("PATCH", POLICY, json=bad).json()["error"]["message"]
    sim.tenant(TENANT).migration_state = None
    assert graph("PATCH", POLICY, json={"policyMigrationState": "migrationComplete"}).status_code == 400


def test_patch_configuration(sim: Simulator, graph: Call) -> None:
    include = {"targetType": "group", "id": GROUP}
    answer = graph("PATCH", f"{METHODS}/SMS", json={**kind("sms"), "state": "disabled", "includeTargets": [include]})
    assert (answer.status_code, answer.content) == (204, b"")
    stored = sim.tenant(TENANT).configurations["Sms"]
    assert stored["state"] == "disabled"
    assert stored["includeTargets"] == [{**include, "isRegistrationRequired": False, "isUsableForSignIn": True}]
    assert graph("GET", f"{METHODS}/sms").json()["state"] == "disabled"
    assert [(entry.applied, entry.write) for entry in sim.log(write=True)] == [(True, True)]
    graph("PATCH", f"{METHODS}/Sms", json={**kind("sms"), "state": "disabled"})
    assert not sim.log(write=True)[-1].applied


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("Sms", {"state": "enabled"}, "@odata.type"),
        ("Sms", {**kind("voice"), "state": "enabled"}, "@odata.type"),
        ("Sms", {**kind("sms"), "state": "on"}, "state"),
        ("Sms", {**kind("sms"), "state": True}, "state"),
        ("Sms", {**kind("sms"), "isOfficePhoneAllowed": True}, "isOfficePhoneAllowed"),
        ("Sms", {**kind("sms"), "id": "Voice"}, "id"),
        ("Voice", {**kind("voice"), "isOfficePhoneAllowed": "false"}, "isOfficePhoneAllowed"),
        ("Sms", {**kind("sms"), "includeTargets": {}}, "includeTargets"),
        ("Sms", {**kind("sms"), "includeTargets": [{"id": GROUP}]}, "includeTargets[0].targetType"),
        ("Sms", {**kind("sms"), "includeTargets": [{"id": "x", "targetType": "group"}]}, "includeTargets[0].id"),
        ("Sms", {**kind("sms"), "excludeTargets": [{"id": GROUP, "targetType": "x"}]}, "excludeTargets[0].targetType"),
        ("QRCodePin", {**kind("qrCodePin"), "pinLength": 7}, "pinLength"),
    ],
)
def test_configuration_is_validated(sim: Simulator, graph: Call, path: str, body: dict[str, Any], named: str) -> None:
    before = json.dumps(sim.tenant(TENANT).configurations)
    answer = graph("PATCH", f"{METHODS}/{path}", json=body)
    assert error(answer) == (400, "BadRequest")
    assert f"'{named}'" in answer.json()["error"]["message"]
    assert json.dumps(sim.tenant(TENANT).configurations) == before


def test_own_configuration_can_be_sent_back(sim: Simulator, graph: Call) -> None:
    for name, stored in sim.tenant(TENANT).configurations.items():
        assert graph("PATCH", f"{METHODS}/{name}", json=stored).status_code == 204, name
    assert not any(entry.applied for entry in sim.log())


def test_email_stays_on_for_guests(sim: Simulator, graph: Call) -> None:
    sim.tenant(TENANT).configurations["Email"]["allowExternalIdToUseEmailOtp"] = "enabled"
    off = {**kind("email"), "state": "disabled"}
    assert "allowExternalIdToUseEmailOtp" in graph("PATCH", f"{METHODS}/Email", json=off).json()["error"]["message"]
    body = {**off, "allowExternalIdToUseEmailOtp": "default"}
    assert graph("PATCH", f"{METHODS}/Email", json=body).status_code == 204


def test_bodies_must_be_json_objects(sim: Simulator, graph: Call) -> None:
    assert graph("PATCH", f"{METHODS}/Sms").status_code == 400
    assert graph("PATCH", f"{METHODS}/Sms", json=[]).status_code == 400
    assert graph("PATCH", f"{METHODS}/Sms", content=json.dumps(kind("sms"))).status_code == 400
    assert graph("PATCH", f"{METHODS}/Pigeon", json=kind("pigeon")).status_code == 404


def test_authorization_policy(sim: Simulator, graph: Call) -> None:
    path = "policies/authorizationPolicy"
    assert graph("PATCH", path, json={"allowedToUseSSPR": False}).status_code == 204
    assert graph("GET", path).json()["allowedToUseSSPR"] is False
    assert graph("PATCH", path, json={"allowedToUseSSPR": "false"}).status_code == 400
