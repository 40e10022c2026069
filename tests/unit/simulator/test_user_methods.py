# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ansible_collections.tenantops.entra.tests.simulator import Simulator
from ansible_collections.tenantops.entra.tests.simulator.documents import EMAIL, METHOD_IDS, PASSWORD, PHONE

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
APP = "bbbbbbbb-0000-4000-8000-000000000001"
UPN = "kim@contoso.example"
KIM = {"id": "dddddddd-0000-4000-8000-000000000001", "userPrincipalName": UPN}
MOBILE, ALTERNATE, OFFICE = METHOD_IDS["mobile"], METHOD_IDS["alternateMobile"], METHOD_IDS["office"]
PHONES = f"users/{UPN}/authentication/phoneMethods"
EMAILS = f"users/{UPN}/authentication/emailMethods"
NUMBER = "+1 2065555555"

Call = Callable[..., httpx.Response]


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def phone(kind: str = "mobile", number: str = NUMBER) -> dict[str, Any]:
    return {"phoneNumber": number, "phoneType": kind}


@pytest.fixture
def tenant(sim: Simulator) -> Any:
    tenant = sim.tenant(TENANT)
    tenant.apps[APP] = ["UserAuthenticationMethod.ReadWrite.All"]
    tenant.edit({"people": [dict(KIM)]})
    return tenant


def test_reading(sim: Simulator, graph: Call, tenant: Any) -> None:
    push = {"@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod", "displayName": "Pixel"}
    tenant.edit({"user_methods": {KIM["id"]: [push, {"@odata.type": PHONE, **phone("office")}]}})
    found = graph("GET", f"users/{UPN}/authentication/methods").json()["value"]
    assert [entry["@odata.type"] for entry in found] == [PASSWORD, push["@odata.type"], PHONE]
    assert (found[0]["id"], found[2]["id"]) == ("28c10230-6103-485e-b985-444c60001490", OFFICE)
    (office,) = graph("GET", PHONES).json()["value"]
    assert office == {"id": OFFICE, **phone("office"), "smsSignInState": "notSupported"}
    assert graph("GET", f"{PHONES}/{OFFICE}").json()["phoneNumber"] == NUMBER
    assert graph("GET", EMAILS).json()["value"] == []
    assert error(graph("GET", f"{PHONES}/{MOBILE}")) == (404, "resourceNotFound")
    assert error(graph("GET", "users/nobody/authentication/methods")) == (404, "Request_ResourceNotFound")
    assert error(graph("GET", f"{PHONES}?$top=1")) == (400, "BadRequest")


def test_one_phone_of_a_type(sim: Simulator, graph: Call, tenant: Any) -> None:
    added = graph("POST", PHONES, json=phone())
    assert (added.status_code, added.json()["id"]) == (201, MOBILE)
    assert added.json()["smsSignInState"] == "notAllowedByPolicy"
    assert error(graph("POST", PHONES, json=phone(number="+1 2065555556"))) == (400, "invalidRequest")
    assert graph("POST", PHONES, json=phone("office")).json()["id"] == OFFICE
    assert [entry["phoneNumber"] for entry in tenant.user_methods[KIM["id"]]] == [NUMBER, NUMBER]
    assert [entry.applied for entry in sim.log(TENANT, write=True)] == [True, False, True]


def test_alternate_mobile_needs_mobile(sim: Simulator, graph: Call, tenant: Any) -> None:
    assert error(graph("POST", PHONES, json=phone("alternateMobile"))) == (400, "invalidRequest")
    for kind in ("mobile", "alternateMobile"):
        assert graph("POST", PHONES, json=phone(kind)).status_code == 201
    assert error(graph("DELETE", f"{PHONES}/{MOBILE}")) == (400, "invalidRequest")
    for method in (ALTERNATE, MOBILE):
        assert graph("DELETE", f"{PHONES}/{method}").status_code == 204
    assert tenant.user_methods[KIM["id"]] == []
    assert error(graph("DELETE", f"{PHONES}/{MOBILE}")) == (404, "resourceNotFound")


def test_the_default_number_stays(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.people[0]["defaultMfaPhone"] = "mobile"
    graph("POST", PHONES, json=phone())
    assert error(graph("DELETE", f"{PHONES}/{MOBILE}")) == (400, "invalidRequest")


def test_changing_a_phone(sim: Simulator, graph: Call, tenant: Any) -> None:
    assert error(graph("PATCH", f"{PHONES}/{MOBILE}", json=phone())) == (404, "resourceNotFound")
    graph("POST", PHONES, json=phone())
    assert graph("PATCH", f"{PHONES}/{MOBILE}", json=phone(number="+49 1601234567")).status_code == 204
    assert graph("GET", f"{PHONES}/{MOBILE}").json()["phoneNumber"] == "+49 1601234567"
    assert error(graph("PATCH", f"{PHONES}/{MOBILE}", json=phone("office"))) == (400, "invalidRequest")
    assert tenant.previous["graph"].user_methods[KIM["id"]][0]["phoneNumber"] == NUMBER


@pytest.mark.parametrize("number", ["+12065555555", "2065555555", "+1 206 555", "+1 206-5555555", "+1  2065555555", ""])
def test_numbers(sim: Simulator, graph: Call, tenant: Any, number: str) -> None:
    assert error(graph("POST", PHONES, json=phone(number=number))) == (400, "invalidRequest")
    assert tenant.user_methods == {}


def test_an_extension_is_accepted(sim: Simulator, graph: Call, tenant: Any) -> None:
    assert graph("POST", PHONES, json=phone("office", "+1 2065555555x123")).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"phoneNumber": NUMBER},
        {"phoneType": "mobile"},
        {**phone(), "phoneType": "fax"},
        {**phone(), "id": MOBILE},
        {**phone(), "smsSignInState": "ready"},
        {**phone(), "phoneNumber": 12065555555},
        [],
    ],
)
def test_bodies_of_phones(sim: Simulator, graph: Call, tenant: Any, body: Any) -> None:
    assert error(graph("POST", PHONES, json=body)) == (400, "BadRequest")


def test_masked_numbers(sim: Simulator, graph: Call, tenant: Any) -> None:
    graph("POST", PHONES, json=phone())
    tenant.mask_phone_numbers = True
    masked = graph("GET", PHONES).json()["value"][0]["phoneNumber"]
    assert masked == "+1 XXXXXXXX55"
    assert error(graph("PATCH", f"{PHONES}/{MOBILE}", json=phone(number=masked))) == (400, "invalidRequest")
    assert tenant.user_methods[KIM["id"]][0]["phoneNumber"] == NUMBER


def test_sms_sign_in(sim: Simulator, graph: Call, tenant: Any) -> None:
    group = "cccccccc-0000-4000-8000-000000000001"
    other = {"id": "dddddddd-0000-4000-8000-000000000002", "userPrincipalName": "lee@contoso.example"}
    tenant.edit({"people": [dict(KIM), other], "groups": [{"id": group, "displayName": "SMS", "members": [KIM["id"]]}]})
    tenant.configurations["Sms"]["includeTargets"] = [{"targetType": "group", "id": group, "isUsableForSignIn": True}]

    def state(upn: str) -> Any:
        return graph("GET", f"users/{upn}/authentication/phoneMethods/{MOBILE}").json()["smsSignInState"]

    graph("POST", PHONES, json=phone())
    assert state(UPN) == "ready"
    added = graph("POST", "users/lee@contoso.example/authentication/phoneMethods", json=phone())
    assert (added.status_code, added.json()["smsSignInState"]) == (201, "notAllowedByPolicy")
    assert state(UPN) == "phoneNumberNotUnique"


def test_one_address(sim: Simulator, graph: Call, tenant: Any) -> None:
    address = METHOD_IDS[EMAIL]
    assert error(graph("PATCH", f"{EMAILS}/{address}", json={"emailAddress": "k@h.example"})) == (
        404,
        "resourceNotFound",
    )
    added = graph("POST", EMAILS, json={"emailAddress": "kim@home.example"})
    assert (added.status_code, added.json()["id"]) == (201, address)
    assert error(graph("POST", EMAILS, json={"emailAddress": "kim@other.example"})) == (400, "invalidRequest")
    assert error(graph("PATCH", f"{EMAILS}/{address}", json={"emailAddress": "nonsense"})) == (400, "invalidRequest")
    assert graph("PATCH", f"{EMAILS}/{address}", json={"emailAddress": "k@h.example"}).status_code == 204
    assert graph("GET", EMAILS).json()["value"] == [{"id": address, "emailAddress": "k@h.example"}]
    assert graph("DELETE", f"{EMAILS}/{address}").status_code == 204
    assert graph("GET", EMAILS).json()["value"] == []


def test_permissions(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.apps[APP] = ["UserAuthenticationMethod.Read.All"]
    assert graph("GET", PHONES).status_code == 200
    assert error(graph("POST", PHONES, json=phone())) == (403, "Authorization_RequestDenied")
    tenant.apps[APP] = ["User.Read.All", "Policy.ReadWrite.AuthenticationMethod"]
    assert error(graph("GET", PHONES)) == (403, "Authorization_RequestDenied")


def test_roles(sim: Simulator, graph: Call, tenant: Any) -> None:
    token = sim.issue_token(tenant=TENANT, audience="graph", user="ops@msp.example")
    assert graph("GET", PHONES, token=token).status_code == 200
    assert error(graph("POST", PHONES, token=token, json=phone())) == (403, "Authorization_RequestDenied")
    tenant.users["ops@msp.example"] = ["Authentication Administrator"]
    assert graph("POST", PHONES, token=token, json=phone()).status_code == 201


def test_a_write_copies_nobody_else(sim: Simulator, graph: Call, tenant: Any) -> None:
    """What makes thousands of writes in a large tenant affordable."""
    people = [
        {"id": f"dddddddd-0000-4000-8000-{n:012}", "userPrincipalName": f"u{n}@contoso.example"} for n in range(5000)
    ]
    tenant.edit({"people": people, "user_methods": {entry["id"]: [] for entry in people}})
    assert graph("POST", "users/u4999@contoso.example/authentication/phoneMethods", json=phone()).status_code == 201
    before = tenant.previous["graph"]
    assert before.people is tenant.people
    assert before.user_methods[people[4999]["id"]] == []
    assert all(before.user_methods[entry["id"]] is tenant.user_methods[entry["id"]] for entry in people[:-1])


def test_seeds_are_checked(sim: Simulator, tenant: Any) -> None:
    with pytest.raises(ValueError, match="user_methods"):
        tenant.edit({"user_methods": {KIM["id"]: [{"phoneType": "mobile"}]}})
