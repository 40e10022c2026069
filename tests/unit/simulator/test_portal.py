# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ansible_collections.tenantops.entra.tests.simulator import Simulator

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
APP = "bbbbbbbb-0000-4000-8000-000000000001"
GROUP = "cccccccc-0000-4000-8000-000000000001"
ZERO = "00000000-0000-0000-0000-000000000000"
OPERATOR = "ops@msp.example"
ON_PREMISES = "OnPremisesPasswordResetPolicies"

Call = Callable[..., httpx.Response]


def test_default_document(sim: Simulator, portal: Call) -> None:
    document = portal("GET").json()
    assert document.pop("newField") == {"kept": True}
    assert len(document) == 29
    assert (document["objectId"], document["enablementType"]) == ("default", 0)
    assert portal("GET").headers["x-ms-request-id"]


def test_group_name_is_resolved_on_request(sim: Simulator, portal: Call) -> None:
    sim.tenant(TENANT).portal_policy.update(enablementType=1, passwordResetEnabledGroupIds=[GROUP])
    assert portal("GET").json()["passwordResetEnabledGroupName"] == ""
    resolved = portal("GET", params={"getPasswordResetEnabledGroup": "true"}).json()
    assert resolved["passwordResetEnabledGroupName"] == "SSPR-Pilot"


def test_tokens_are_checked(sim: Simulator, portal: Call) -> None:
    for token in (
        "",
        sim.issue_token(tenant=TENANT, audience="graph", user=OPERATOR),
        sim.issue_token(tenant=TENANT, audience="portal", user=OPERATOR, lifetime=-1),
        sim.issue_token(tenant=TENANT, audience="portal", client_id=APP),
    ):
        answer = portal("GET", token=token)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "Unauthorized")


def test_request_is_checked(sim: Simulator, portal: Call) -> None:
    assert portal("GET", headers={"x-ms-client-request-id": ""}).status_code == 400
    document = portal("GET").json()
    assert portal("PUT", json=document, params={"byPassMethodCountCheck": "true"}).status_code == 400
    assert portal("PATCH", json=document).status_code == 404
    assert portal("GET", "Nonsense").status_code == 404


@pytest.mark.parametrize(
    ("roles", "read", "scope", "rest"),
    [
        (["Authentication Policy Administrator"], 200, 200, 200),
        (["Global Administrator"], 200, 200, 200),
        (["User Administrator"], 200, 200, 403),
        (["Security Administrator"], 200, 403, 403),
        (["Helpdesk Administrator"], 403, 403, 403),
    ],
)
def test_roles(sim: Simulator, portal: Call, roles: list[str], read: int, scope: int, rest: int) -> None:
    tenant = sim.tenant(TENANT)
    tenant.users[OPERATOR] = roles
    document = dict(tenant.portal_policy)
    selected = {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP], "passwordResetEnabledGroupName": "x"}
    assert portal("GET").status_code == read
    assert portal("PUT", json={**document, **selected}).status_code == scope
    assert portal("PUT", json={**document, **selected, "notifyOnAdminPasswordReset": True}).status_code == rest
    dropped = {name: value for name, value in tenant.portal_policy.items() if name != "newField"}
    assert portal("PUT", json=dropped).status_code == rest


def test_put_replaces_the_whole_document(sim: Simulator, portal: Call) -> None:
    stored = sim.tenant(TENANT).portal_policy
    stored.update(notifyOnAdminPasswordReset=True, numberOfAuthenticationMethodsRequired=2)
    answer = portal("PUT", json={"objectId": "default", "enablementType": 2, "another": 1})
    assert (answer.status_code, answer.content) == (200, b"")
    assert stored["enablementType"] == 2
    assert stored["notifyOnAdminPasswordReset"] is False
    assert stored["numberOfAuthenticationMethodsRequired"] == 1
    assert stored["another"] == 1
    assert "newField" not in stored
    (entry,) = sim.log(plane="portal", write=True)
    assert (entry.applied, entry.identity, entry.body["another"]) == (True, OPERATOR, 1)
    assert "authorization" not in entry.headers


def test_put_status_and_absent_fields(sim: Simulator, portal: Call) -> None:
    tenant = sim.tenant(TENANT)
    tenant.edit({"portal_put_status": 204, "portal_policy": {"skipRegistrationAllowed": "<absent>"}})
    document = portal("GET").json()
    assert "skipRegistrationAllowed" not in document
    assert portal("PUT", json=document).status_code == 204
    assert "skipRegistrationAllowed" not in tenant.portal_policy
    assert not sim.log(write=True)[-1].applied


@pytest.mark.parametrize(
    "changes",
    [
        {"enablementType": "1"},
        {"enablementType": 3},
        {"enablementType": True},
        {"emailOptionEnabled": 1},
        {"customHelpdeskEmailOrUrl": None},
        {"registrationReconfirmIntevalInDays": 731},
        {"registrationReconfirmIntevalInDays": -1},
        {"registrationReconfirmIntevalInDays": 180.0},
        {"numberOfAuthenticationMethodsRequired": 3},
        {"passwordResetEnabledGroupIds": [1]},
        {"passwordResetEnabledGroupIds": [TENANT]},
        {"securityQuestions": ["x"]},
        {"enablementType": 1},
        {"enablementType": 1, "passwordResetEnabledGroupIds": [ZERO]},
        {"enablementType": 1, "passwordResetEnabledGroupIds": [GROUP, GROUP]},
        {"objectId": "other"},
    ],
)
def test_put_is_validated(sim: Simulator, portal: Call, changes: dict[str, Any]) -> None:
    before = dict(sim.tenant(TENANT).portal_policy)
    answer = portal("PUT", json={**before, **changes})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert sim.tenant(TENANT).portal_policy == before


def test_zero_group_is_allowed_unless_selected(sim: Simulator, portal: Call) -> None:
    document = {**portal("GET").json(), "enablementType": 2, "passwordResetEnabledGroupIds": [ZERO]}
    assert portal("PUT", json=document).status_code == 200


@pytest.mark.parametrize("state", ["migrationComplete", None])
def test_migrated_tenant_keeps_legacy_methods(sim: Simulator, portal: Call, state: str | None) -> None:
    tenant = sim.tenant(TENANT)
    tenant.migration_state = state
    changes = {"emailOptionEnabled": False, "mobileAppCodeEnabled": True, "securityQuestionsOptionEnabled": True}
    assert portal("PUT", json={**tenant.portal_policy, **changes}).status_code == 200
    stored = tenant.portal_policy
    assert (stored["emailOptionEnabled"], stored["mobileAppCodeEnabled"]) == (True, False)
    assert stored["securityQuestionsOptionEnabled"] is True


def test_on_premises(sim: Simulator, portal: Call) -> None:
    assert portal("PUT", ON_PREMISES, json={"passwordWriteBackSupported": True}).status_code == 200
    assert portal("PUT", ON_PREMISES, json={"accountUnlockEnabled": True}).status_code == 200
    document = portal("GET", ON_PREMISES).json()
    assert (document["passwordWritebackSupported"], document["accountUnlockEnabled"]) == (True, True)
    both = {"passwordWriteBackSupported": False, "accountUnlockEnabled": False}
    for bad in (both, {}, {"accountUnlockEnabled": "true"}, {"accountUnlockSupported": True}):
        assert portal("PUT", ON_PREMISES, json=bad).status_code == 400
    assert portal("PUT", ON_PREMISES, user="scope@msp.example", json={"accountUnlockEnabled": True}).status_code == 403
