# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A group for a pilot: created and filled, or refused before anything is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .conftest import APP, GROUP, Tenant
from .test_faults import here, landed

PEOPLE = [{"id": f"44444444-0000-4000-8000-00000000000{n}", "userPrincipalName": f"u{n}@contoso.com"} for n in (1, 2)]
SALES = {"id": "55555555-0000-4000-8000-000000000001", "displayName": "Sales"}
READING = ["Organization.Read.All", "Group.Read.All", "User.ReadBasic.All"]
WRITING = ["Group.Create", "GroupMember.ReadWrite.All"]
# What Microsoft Graph cannot fill. Source: group-post-members, groups-overview.
UNFILLABLE: dict[str, dict[str, Any]] = {
    "dynamic group": {"groupTypes": ["DynamicMembership"]},
    "on-premises": {"onPremisesSyncEnabled": True},
    "mail-enabled": {"mailEnabled": True},
    "RoleManagement.ReadWrite.Directory": {"isAssignableToRole": True},
}


def groups(tenant: Tenant) -> list[dict[str, Any]]:
    return tenant.simulator.tenant(tenant.id).groups


def make(make_tenant: Any, *permissions: str, **pilot: Any) -> Tenant:
    """A tenant with the group SSPR Pilot, which has the first user, and an app with these permissions."""
    there = {"id": GROUP, "displayName": "SSPR Pilot", "members": [PEOPLE[0]["id"]], **pilot}
    tenant: Tenant = make_tenant(groups=[there, SALES], people=PEOPLE, apps={APP: [*READING, *permissions]})
    return tenant


@pytest.mark.both_ways
def test_created_filled_and_left_alone(make_tenant: Any) -> None:
    tenant = make(make_tenant, *WRITING)
    requested = {"group": "Wave 1", "members": ["u2@contoso.com"], "groups": ["Sales"]}
    predicted, created, again = tenant.ansible.tasks(
        tenant.task("sspr_group", check_mode=True, **requested),
        tenant.task("sspr_group", description="The first wave", **requested),
        tenant.task("sspr_group", **requested),
    )
    for result in (predicted, created):
        assert (result.ok, result.changed, result["created"]) == (True, True, True)
        assert result["added"] == ["u2@contoso.com", "Sales"]
        assert result["diff"]["before"]["state"] == "absent"
    assert predicted["group"] == {"id": None, "display_name": "Wave 1"}
    [group] = [group for group in groups(tenant) if group["displayName"] == "Wave 1"]
    assert created["group"] == again["group"] == {"id": group["id"], "display_name": "Wave 1"}
    assert (group["securityEnabled"], group["mailEnabled"], group["description"]) == (True, False, "The first wave")
    assert group["members"] == [PEOPLE[1]["id"], SALES["id"]]
    assert (again.changed, again["created"], again["added"]) == (False, False, [])
    assert [request.method for request in landed(tenant)] == ["POST"] * 3


def test_only_missing_members_are_added(make_tenant: Any) -> None:
    tenant = make(make_tenant, "GroupMember.ReadWrite.All")
    result = here(tenant, "sspr_group", group="SSPR Pilot", members=["u1@contoso.com", PEOPLE[1]["id"].upper()])
    assert result["added"] == [PEOPLE[1]["id"].upper()]
    assert groups(tenant)[0]["members"] == [person["id"] for person in PEOPLE]


def test_creating_needs_nothing_of_members(make_tenant: Any) -> None:
    tenant = make(make_tenant, "Group.Create")
    assert here(tenant, "sspr_group", group="Wave 1").changed
    assert len(landed(tenant)) == 1


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(("words", "kind"), UNFILLABLE.items())
def test_a_group_that_cannot_be_filled(make_tenant: Any, words: str, kind: dict[str, Any], check_mode: bool) -> None:
    tenant = make(make_tenant, *WRITING, **kind)
    refused = here(tenant, "sspr_group", check_mode=check_mode, group="SSPR Pilot", members=["u2@contoso.com"])
    assert (refused.kind, refused.changed) == ("unsupported", False)
    assert words in refused["msg"]
    assert tenant.writes() == []
    assert here(tenant, "sspr_group", group="SSPR Pilot").ok, "it is there, and no member is requested"


@pytest.mark.parametrize(
    "kind", [{"isAssignableToRole": True}, {"mailEnabled": True, "groupTypes": ["Unified"]}, {"securityEnabled": True}]
)
def test_a_group_that_can_be_filled(make_tenant: Any, kind: dict[str, Any]) -> None:
    tenant = make(make_tenant, *WRITING, "RoleManagement.ReadWrite.Directory", **kind)
    assert here(tenant, "sspr_group", group="SSPR Pilot", members=["u2@contoso.com"])["added"] == ["u2@contoso.com"]


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"group": "Wave 1", "members": ["nobody@contoso.com"]}, "not_found", "nobody@contoso.com"),
        ({"group": "Wave 1", "groups": ["Nobody"]}, "not_found", "Nobody"),
        ({"group": "66666666-0000-4000-8000-000000000001"}, "not_found", "cannot be created"),
        ({"group": "Sales", "groups": ["Sales"]}, "invalid_setting", "contain itself"),
    ],
)
def test_nothing_is_written_for_a_mistake(make_tenant: Any, options: dict[str, Any], kind: str, words: str) -> None:
    tenant = make(make_tenant, *WRITING)
    refused = here(tenant, "sspr_group", **options)
    assert refused.kind == kind
    assert words in refused["msg"]
    assert tenant.writes() == []
    assert len(groups(tenant)) == 2


@pytest.mark.parametrize("lacking", WRITING)
def test_a_missing_permission_is_named_before_anything_is_written(make_tenant: Any, lacking: str) -> None:
    tenant = make(make_tenant, *(name for name in WRITING if name != lacking))
    refused = here(tenant, "sspr_group", group="Wave 1", members=["u2@contoso.com"])
    assert (refused.kind, refused.changed) == ("permission", False)
    assert lacking in refused["msg"]
    assert lacking in refused["error"]["hint"]
    predicted = here(tenant, "sspr_group", check_mode=True, group="Wave 1", members=["u2@contoso.com"])
    assert (predicted.changed, predicted["missing_permissions"]) == (True, [lacking])
    assert not [name for name in WRITING if name != lacking and name in refused["msg"]], "the token lists it"
    assert tenant.writes() == []


@pytest.mark.parametrize("write", ["groups$", "members"])
def test_a_permission_that_the_token_lists_is_never_named_as_missing(make_tenant: Any, write: str) -> None:
    tenant = make(make_tenant, *WRITING)
    error = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges."}}
    tenant.fault("status", path=write, method="POST", status=403, body=error)
    refused = here(tenant, "sspr_group", group="Wave 1", members=["u2@contoso.com"])
    assert refused.kind == "permission"
    assert "although the app has the permission" in refused["msg"]
    assert "is missing" not in refused["msg"]
    assert "Grant" not in refused["error"]["hint"]


def test_tasks_at_the_same_time_create_one_group(make_tenant: Any) -> None:
    tenant = make(make_tenant, *WRITING)
    tenant.fault("slow", plane="graph", seconds=0.2, times=None)
    requested = {"group": "Wave 1", "members": ["u2@contoso.com"]}
    with ThreadPoolExecutor(3) as pool:
        tasks = [pool.submit(here, tenant, "sspr_group", **requested) for _number in range(3)]
        results = [task.result() for task in tasks]
    assert sorted(result["created"] for result in results) == [False, False, True]
    assert [group["members"] for group in groups(tenant) if group["displayName"] == "Wave 1"] == [[PEOPLE[1]["id"]]]


@pytest.mark.parametrize("path", ["groups$", "members"])
def test_a_throttled_write_is_waited_for(make_tenant: Any, path: str) -> None:
    tenant = make(make_tenant, *WRITING)
    tenant.fault("throttle", path=path, method="POST", retry_after=1)
    result = here(tenant, "sspr_group", group="Wave 1", members=["u2@contoso.com"])
    assert (result.ok, result["created"], result["added"]) == (True, True, ["u2@contoso.com"])
    assert len(landed(tenant)) == 2


@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_a_lost_answer_of_the_creation(make_tenant: Any, fault: str) -> None:
    tenant = make(make_tenant, *WRITING)
    tenant.fault(fault, path="groups$", method="POST")
    result = here(tenant, "sspr_group", group="Wave 1", members=["u2@contoso.com"], confirm_timeout=2)
    created = [group for group in groups(tenant) if group["displayName"] == "Wave 1"]
    if fault == "drop_after":
        assert (result.ok, result["created"], len(created)) == (True, True, 1), "it was seen, and created only once"
        assert created[0]["members"] == [PEOPLE[1]["id"]]
    else:
        assert (result.kind, result.changed, created) == ("not_confirmed", False, [])
        assert result["unconfirmed"] == ["group"]
