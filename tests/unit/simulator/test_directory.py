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
NESTED = "cccccccc-0000-4000-8000-000000000002"
DEVICE = "eeeeeeee-0000-4000-8000-000000000001"
P1 = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"

Call = Callable[..., httpx.Response]


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def user(number: int, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"dddddddd-0000-4000-8000-{number:012}",
        "userPrincipalName": f"u{number}@contoso.example",
        **properties,
    }


def ids(answer: httpx.Response) -> list[str]:
    return [entry["id"] for entry in answer.json()["value"]]


def whole(graph: Call, sim: Simulator, path: str, **query: str) -> tuple[list[dict[str, Any]], int]:
    """All entries, and how many pages they took."""
    answer = graph("GET", path, params=query)
    found, pages = answer.json()["value"], 1
    while "@odata.nextLink" in answer.json():
        answer = graph("GET", answer.json()["@odata.nextLink"].removeprefix(f"{sim.url}/v1.0/"))
        found, pages = found + answer.json()["value"], pages + 1
    return found, pages


@pytest.fixture
def tenant(sim: Simulator) -> Any:
    """Two users in a group, one of them in a group in it, which is a member of the first again."""
    tenant = sim.tenant(TENANT)
    tenant.apps[APP] = ["User.Read.All", "GroupMember.Read.All", "Group.Read.All", "RoleManagement.Read.Directory"]
    people = [
        user(1, displayName="Ann", otherMails=["ann@home.example"]),
        user(2, accountEnabled=False, licenses=["O365_BUSINESS_ESSENTIALS"]),
        user(3, userType="Guest"),
    ]
    tenant.edit(
        {
            "people": people,
            "groups": [
                {"id": GROUP, "displayName": "Pilot", "members": [people[0]["id"], NESTED, DEVICE]},
                {"id": NESTED, "displayName": "Sales", "members": [people[1]["id"], people[0]["id"], GROUP]},
            ],
        }
    )
    return tenant


def test_users(sim: Simulator, graph: Call, tenant: Any) -> None:
    wanted = {"$select": "id,userPrincipalName,displayName,accountEnabled,userType,assignedPlans,otherMails,mail"}
    first, second, third = graph("GET", "users", params=wanted).json()["value"]
    assert (first["displayName"], first["otherMails"], first["accountEnabled"]) == ("Ann", ["ann@home.example"], True)
    assert [plan["servicePlanId"] for plan in first["assignedPlans"]] == [P1]
    assert second["accountEnabled"] is False
    assert P1 not in [plan["servicePlanId"] for plan in second["assignedPlans"]]
    assert (third["userType"], third["assignedPlans"]) == ("Guest", [])
    assert "accountEnabled" not in graph("GET", "users").json()["value"][0]


@pytest.mark.parametrize("name", ["U1@contoso.example", "DDDDDDDD-0000-4000-8000-000000000001"])
def test_one_user(sim: Simulator, graph: Call, tenant: Any, name: str) -> None:
    assert graph("GET", f"users/{name}", params={"$select": "displayName"}).json()["displayName"] == "Ann"
    assert error(graph("GET", f"users/{name}x")) == (404, "Request_ResourceNotFound")


def test_users_are_filtered_and_paged(sim: Simulator, graph: Call, tenant: Any) -> None:
    found = graph("GET", "users", params={"$filter": "userPrincipalName eq 'u2@contoso.EXAMPLE'"})
    assert ids(found) == [user(2)["id"]]
    assert graph("GET", "users", params={"$filter": "userPrincipalName eq 'nobody'"}).json()["value"] == []
    assert whole(graph, sim, "users", **{"$top": "2"})[1] == 2
    for query in ({"$filter": "accountEnabled eq true"}, {"$top": "1000"}, {"$top": "0"}):
        assert error(graph("GET", "users", params=query)) == (400, "Request_UnsupportedQuery")
    for query in ({"$select": "password"}, {"$count": "true"}, {"$search": "x"}):
        assert error(graph("GET", "users", params=query)) == (400, "BadRequest")


def test_basic_reading_shows_basic_properties(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.apps[APP] = ["User.ReadBasic.All", "GroupMember.Read.All"]
    assert graph("GET", f"users/{user(1)['id']}", params={"$select": "id,mail"}).status_code == 200
    assert error(graph("GET", "users", params={"$select": "id,accountEnabled"})) == (403, "Authorization_RequestDenied")
    members = graph("GET", f"groups/{GROUP}/transitiveMembers", params={"$select": "id,mail,accountEnabled"})
    first = members.json()["value"][0]
    assert (first["mail"], first["accountEnabled"]) == ("u1@contoso.example", None)
    tenant.apps[APP] = ["GroupMember.Read.All"]
    members = graph("GET", f"groups/{GROUP}/transitiveMembers", params={"$select": "id,mail"})
    assert members.json()["value"][0] == {"@odata.type": "#microsoft.graph.user", "id": user(1)["id"], "mail": None}


def test_nested_groups(sim: Simulator, graph: Call, tenant: Any) -> None:
    found = graph("GET", f"groups/{GROUP}/transitiveMembers", params={"$select": "id,displayName,accountEnabled"})
    kinds = {entry["id"]: entry["@odata.type"].rpartition(".")[2] for entry in found.json()["value"]}
    assert kinds == {user(1)["id"]: "user", user(2)["id"]: "user", NESTED: "group", GROUP: "group", DEVICE: "device"}
    assert len(ids(found)) == len(set(ids(found)))
    assert whole(graph, sim, f"groups/{GROUP}/transitiveMembers", **{"$top": "2"})[1] == 3
    assert error(graph("GET", f"groups/{TENANT}/transitiveMembers")) == (404, "Request_ResourceNotFound")


def test_direct_members(sim: Simulator, graph: Call, tenant: Any) -> None:
    found, pages = whole(graph, sim, f"groups/{GROUP}/members", **{"$select": "id,displayName", "$top": "999"})
    assert [(entry["id"], entry.get("displayName")) for entry in found] == [
        (user(1)["id"], "Ann"),
        (NESTED, "Sales"),
        (DEVICE, None),
    ]
    assert [entry["@odata.type"].rpartition(".")[2] for entry in found] == ["user", "group", "device"]
    assert pages == 2


def test_memberships(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.role_assignments = [{"principalId": user(2)["id"], "roleDefinitionId": GLOBAL_ADMINISTRATOR}]
    found = graph("GET", "users/u2@contoso.example/transitiveMemberOf", params={"$select": "id,displayName"}).json()
    assert [entry.get("displayName") for entry in found["value"]] == ["Pilot", "Sales", None]
    assert found["value"][2]["@odata.type"] == "#microsoft.graph.directoryRole"
    assert graph("GET", "users/u3@contoso.example/transitiveMemberOf").json()["value"] == []


def test_kinds_of_groups(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.groups[1].update({"membershipRule": "user.department -eq 'Sales'", "securityEnabled": False})
    query = {"$select": "membershipRule,securityEnabled,isAssignableToRole"}
    assert graph("GET", f"groups/{NESTED}", params=query).json()["membershipRule"] == "user.department -eq 'Sales'"
    assert graph("GET", f"groups/{GROUP}", params=query).json()["securityEnabled"] is True


def test_role_assignments(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.role_assignments = [
        {"principalId": principal, "roleDefinitionId": GLOBAL_ADMINISTRATOR}
        for principal in (user(1)["id"], GROUP, DEVICE)
    ]
    path = "roleManagement/directory/roleAssignments"
    found = graph("GET", path, params={"$expand": "principal"}).json()["value"]
    assert [entry["principal"]["@odata.type"].rpartition(".")[2] for entry in found] == [
        "user",
        "group",
        "servicePrincipal",
    ]
    assert {entry["roleDefinitionId"] for entry in found} == {GLOBAL_ADMINISTRATOR}
    assert "principal" not in graph("GET", path).json()["value"][0]
    assert error(graph("GET", path, params={"$expand": "roleDefinition"})) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize(
    ("permission", "path"),
    [
        ("User.Read.All", "users"),
        ("GroupMember.Read.All", f"groups/{GROUP}/transitiveMembers"),
        ("GroupMember.Read.All", "users/u1@contoso.example/transitiveMemberOf"),
        ("RoleManagement.Read.Directory", "roleManagement/directory/roleAssignments"),
    ],
)
def test_permissions(sim: Simulator, graph: Call, tenant: Any, permission: str, path: str) -> None:
    tenant.apps[APP] = [permission]
    assert graph("GET", path).status_code == 200
    tenant.apps[APP] = ["Organization.Read.All", "UserAuthenticationMethod.ReadWrite.All"]
    assert error(graph("GET", path)) == (403, "Authorization_RequestDenied")


def test_licenses(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.apps[APP] = ["Organization.Read.All"]

    def plans(*skus: str) -> set[str]:
        tenant.plans = list(skus)
        found = graph("GET", "subscribedSkus").json()["value"]
        return {plan["servicePlanName"] for sku in found for plan in sku["servicePlans"]}

    assert plans() == set()
    assert "AAD_PREMIUM" in plans("SPB")
    assert {"AAD_PREMIUM", "AAD_PREMIUM_P2"} <= plans("SPE_E5")
    assert not {"AAD_PREMIUM", "AAD_PREMIUM_P2"} & plans("O365_BUSINESS_PREMIUM", "ENTERPRISEPACK")
    assert plans("SOMETHING_NEW") == {"SOMETHING_NEW"}


def test_organization_facts(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.apps[APP] = ["Organization.Read.All"]
    tenant.edit({"organization": {"onPremisesSyncEnabled": True}})
    (entry,) = graph("GET", "organization").json()["value"]
    assert (entry["onPremisesSyncEnabled"], entry["createdDateTime"]) == (True, "2019-04-01T08:00:00Z")


def test_a_large_tenant(sim: Simulator, graph: Call, tenant: Any) -> None:
    """5,000 users come in six pages, are found by name without a search, and are not copied for a write."""
    tenant.apps[APP] = ["User.Read.All", "GroupMember.ReadWrite.All"]
    tenant.people = [user(number) for number in range(5000)]
    tenant.groups = [{"id": GROUP, "displayName": "All", "members": [person["id"] for person in tenant.people[1:]]}]
    found, pages = whole(graph, sim, "users", **{"$top": "999", "$select": "id,assignedPlans"})
    assert (len(found), pages) == (5000, 6)
    found, pages = whole(graph, sim, f"groups/{GROUP}/transitiveMembers", **{"$top": "999"})
    assert (len(found), pages) == (4999, 6)
    link = {"@odata.id": f"{sim.url}/v1.0/directoryObjects/{user(0)['id']}"}
    assert graph("POST", f"groups/{GROUP}/members/$ref", json=link).status_code == 204
    assert [entry.applied for entry in sim.log(TENANT, write=True)] == [True]
    before = tenant.previous["graph"]
    assert before.people is tenant.people
    index = tenant._people_by_name
    assert all(tenant.person(f"U{number}@contoso.example") is tenant.people[number] for number in range(5000))
    assert tenant._people_by_name is index


def test_an_old_state_is_not_touched_by_a_write(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.apps[APP] = ["GroupMember.ReadWrite.All"]
    before = [*tenant.groups[0]["members"]]
    link = {"@odata.id": f"{sim.url}/v1.0/directoryObjects/{user(3)['id']}"}
    assert graph("POST", f"groups/{GROUP}/members/$ref", json=link).status_code == 204
    sim.fault("stale_read", path="members")
    assert ids(graph("GET", f"groups/{GROUP}/members")) == before[:2]
    assert tenant.previous["graph"].groups[0]["members"] == before
    assert tenant.groups[0]["members"] == [*before, user(3)["id"]]


NEW_GROUP = {"displayName": "SSPR Pilot", "mailEnabled": False, "mailNickname": "SSPRPilot", "securityEnabled": True}


def test_creating_a_group(sim: Simulator, graph: Call, tenant: Any) -> None:
    tenant.apps[APP] = ["Group.Create"]
    answer = graph("POST", "groups", json={**NEW_GROUP, "description": "First users"})
    assert answer.status_code == 201
    assert answer.json()["displayName"] == "SSPR Pilot"
    created = tenant.group(answer.json()["id"])
    assert (created["description"], created["members"]) == ("First users", [])
    assert error(graph("GET", "groups"))[0] == 403, "creating is not reading"


@pytest.mark.parametrize("name", NEW_GROUP)
def test_a_group_lacks_a_required_property(sim: Simulator, graph: Call, tenant: Any, name: str) -> None:
    tenant.apps[APP] = ["Group.Create"]
    before = [*tenant.groups]
    sent = {key: value for key, value in NEW_GROUP.items() if key != name}
    assert error(graph("POST", "groups", json=sent)) == (400, "Request_BadRequest")
    assert tenant.groups == before


@pytest.mark.parametrize(
    "changes",
    [{"mailEnabled": True}, {"mailNickname": "SSPR Pilot"}, {"mailNickname": ""}, {"securityEnabled": "yes"}, {"x": 1}],
)
def test_a_group_that_graph_does_not_create(sim: Simulator, graph: Call, tenant: Any, changes: dict[str, Any]) -> None:
    tenant.apps[APP] = ["Group.Create"]
    assert error(graph("POST", "groups", json={**NEW_GROUP, **changes}))[0] == 400


@pytest.mark.parametrize(
    ("kind", "permissions", "status"),
    [
        ({"groupTypes": ["DynamicMembership"]}, [], 400),
        ({"onPremisesSyncEnabled": True}, [], 400),
        ({"mailEnabled": True}, [], 400),
        ({"mailEnabled": True, "groupTypes": ["Unified"]}, [], 204),
        ({"isAssignableToRole": True}, [], 403),
        ({"isAssignableToRole": True}, ["RoleManagement.ReadWrite.Directory"], 204),
    ],
)
def test_groups_that_graph_cannot_fill(
    sim: Simulator, graph: Call, tenant: Any, kind: dict[str, Any], permissions: list[str], status: int
) -> None:
    tenant.apps[APP] = ["GroupMember.ReadWrite.All", *permissions]
    tenant.groups[0].update(kind)
    link = {"@odata.id": f"{sim.url}/v1.0/directoryObjects/{user(3)['id']}"}
    assert graph("POST", f"groups/{GROUP}/members/$ref", json=link).status_code == status
