# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read about a tenant and its users, through the real SDK, without Ansible."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.connection.options import CONNECTION_SPEC, connection
from ansible_collections.tenantops.entra.plugins.module_utils.connection.service_client import ServiceClient
from ansible_collections.tenantops.entra.plugins.module_utils.connection.throttling import PostponedError
from ansible_collections.tenantops.entra.plugins.module_utils.services import reports, users
from ansible_collections.tenantops.entra.plugins.module_utils.services import tenant as tenant_facts
from ansible_collections.tenantops.entra.plugins.module_utils.services.session import open_session
from ansible_collections.tenantops.entra.plugins.module_utils.users.models import Group, Registration, User

from .conftest import APP, GROUP, Tenant

NESTED = "33333333-3333-4333-8333-333333333334"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
P1 = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
PERMISSIONS = (
    "Organization.Read.All",
    "User.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "RoleManagement.Read.Directory",
    "AuditLog.Read.All",
    "Policy.Read.All",
    "SecurityEvents.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
)
KIM, LEE, GIL = ({"id": f"DDDDDDDD-0000-4000-8000-00000000000{n}"} for n in range(3))
KIM["userPrincipalName"], LEE["userPrincipalName"], GIL["userPrincipalName"] = (
    "kim@contoso.example",
    "lee@contoso.example",
    "gil_home.example#EXT#@contoso.onmicrosoft.com",
)
IDS = {name: entry["id"].lower() for name, entry in {"kim": KIM, "lee": LEE, "gil": GIL}.items()}
MOBILE = {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod", "phoneType": "mobile"}


@pytest.fixture
def tenant(make_tenant: Any) -> Tenant:
    made: Tenant = make_tenant(
        apps={APP: list(PERMISSIONS)},
        people=[
            {**KIM, "displayName": "Kim", "mobilePhone": "+1 2065555555", "onPremisesSyncEnabled": True},
            {**LEE, "accountEnabled": False},
            {**GIL, "userType": "Guest"},
        ],
        groups=[
            {"id": GROUP, "displayName": "SSPR Pilot", "members": [NESTED, GIL["id"]]},
            {"id": NESTED, "displayName": "Sales", "members": [KIM["id"], GROUP], "membershipRule": "x"},
        ],
        role_assignments=[
            {"principalId": NESTED, "roleDefinitionId": GLOBAL_ADMINISTRATOR},
            {"principalId": LEE["id"], "roleDefinitionId": GLOBAL_ADMINISTRATOR},
        ],
        user_methods={KIM["id"]: [{**MOBILE, "phoneNumber": "+1 2065555555"}]},
        portal_policy={"enablementType": 2},
    )
    return made


def ask(tenant: Tenant, question: Callable[[ServiceClient], Awaitable[Any]]) -> Any:
    """The answer to a question that is put to Graph."""
    defaults = {name: option.get("default") for name, option in CONNECTION_SPEC.items()}

    async def asked() -> Any:
        target = connection({**defaults, **tenant.options()})
        async with open_session(target, wants_portal=False, remember_secret=lambda _secret: None) as session:
            return await question(session.graph)

    return asyncio.run(asked())


def test_users(tenant: Tenant) -> None:
    kim, lee, gil = ask(tenant, users.read_users)
    plans = frozenset({P1})
    assert kim == User(
        IDS["kim"], "kim@contoso.example", "Kim", True, False, True, "kim@contoso.example", plans, directory_data=True
    )
    assert (lee.enabled, lee.guest, lee.synced, lee.directory_data) == (False, False, False, False)
    assert (gil.guest, gil.plans) == (True, frozenset())
    for name in (GIL["userPrincipalName"], GIL["id"]):
        assert ask(tenant, lambda graph, name=name: users.read_user(graph, name)) == gil


def test_groups(tenant: Tenant) -> None:
    sales = Group(NESTED, "Sales", True, "x", False)
    assert ask(tenant, lambda graph: users.read_group(graph, NESTED)) == sales
    people = ask(tenant, lambda graph: users.read_group_users(graph, GROUP))
    assert {person.id for person in people} == {IDS["kim"], IDS["gil"]}
    memberships = ask(tenant, lambda graph: users.read_memberships(graph, IDS["kim"]))
    assert {group.display_name for group in memberships} == {"SSPR Pilot", "Sales"}


def test_roles_are_found_through_groups(tenant: Tenant) -> None:
    role = frozenset({GLOBAL_ADMINISTRATOR})
    assert ask(tenant, users.read_role_holders) == {IDS["kim"]: role, IDS["lee"]: role, IDS["gil"]: role}


def test_the_report(tenant: Tenant) -> None:
    kim, gil = ask(tenant, reports.read_registrations)
    assert kim.as_of
    phone = frozenset({"mobilePhone"})
    assert kim == Registration(
        IDS["kim"], "kim@contoso.example", True, False, True, False, False, phone, kim.as_of, "Kim"
    )
    assert gil.guest
    assert ask(tenant, lambda graph: reports.read_registration(graph, IDS["kim"])).methods == phone
    assert ask(tenant, lambda graph: reports.read_registration(graph, IDS["lee"])) is None


def test_a_report_with_a_missing_field_is_not_guessed_at(tenant: Tenant) -> None:
    of = tenant.simulator.tenant(tenant.id)
    of.edit({"registration_report": {"rows": [{"id": KIM["id"], "userPrincipalName": "kim@contoso.example"}]}})
    with pytest.raises(SsprError, match="isAdmin") as raised:
        ask(tenant, reports.read_registrations)
    assert raised.value.kind == "unexpected_document"


def test_facts_about_the_tenant(tenant: Tenant) -> None:
    of = tenant.simulator.tenant(tenant.id)
    of.edit({"plans": ["O365_BUSINESS_PREMIUM", "SPB"], "organization": {"onPremisesSyncEnabled": True}})
    standard, premium = ask(tenant, tenant_facts.read_subscriptions).values()
    assert (P1 in standard, P1 in premium) == (False, True)
    organization = tenant_facts.TenantIdentity.of(ask(tenant, tenant_facts.read_organization))
    assert (organization.synced, organization.display_name) == (True, "Contoso")
    assert ask(tenant, tenant_facts.read_security_defaults) is False
    assert ask(tenant, tenant_facts.read_conditional_access) == []
    assert ask(tenant, reports.read_secure_score) is None
    of.secure_score = {"controlScores": [{"controlName": "SelfServicePasswordReset", "count": "4", "total": "9"}]}
    assert ask(tenant, reports.read_secure_score)["count"] == "4"


def test_audit_events(tenant: Tenant) -> None:
    tenant.simulator.tenant(tenant.id).audit_events = [
        {"activityDateTime": f"2026-11-2{day}T10:00:00Z", "targetResources": [{"id": entry["id"]}]}
        for day, entry in enumerate((KIM, LEE, KIM))
    ]

    def days(**query: Any) -> list[str]:
        found = ask(tenant, lambda graph: reports.read_audit_events(graph, **query))
        return [event["activityDateTime"][8:10] for event in found]

    assert days() == ["22", "21", "20"]
    assert days(user_id=IDS["kim"]) == ["22", "20"]
    assert days(since="2026-11-21T00:00:00Z", limit=1) == ["22"]


def test_the_last_change_of_the_policy(tenant: Tenant) -> None:
    of = tenant.simulator.tenant(tenant.id)
    of.last_modified = "2026-11-20T08:00:00.1234567Z"
    resets = [{"activityDateTime": f"2026-11-22T10:{minute:02}:00Z"} for minute in range(60)] * 3
    name = "Self-service password reset policy changes"
    change = {"activityDateTime": "2026-11-21T10:00:00Z", "activityDisplayName": name}

    def last(since: str = "2026-11-19T00:00:00Z") -> Any:
        return ask(tenant, lambda graph: reports.read_last_policy_change(graph, since))

    of.audit_events = resets
    assert last() == "2026-11-20T08:00:00.1234567Z"
    of.audit_events = [*resets, change]
    assert last() == "2026-11-21T10:00:00Z"
    assert last("2026-11-21T11:00:00Z") == "2026-11-20T08:00:00.1234567Z"


def test_methods_of_a_user(tenant: Tenant) -> None:
    lee = IDS["lee"]

    async def registered(graph: ServiceClient) -> tuple[list[str], list[str]]:
        methods = await users.read_user_methods(graph, lee)
        phones = [entry["phoneNumber"] for entry in methods if "phoneNumber" in entry]
        return phones, [entry["emailAddress"] for entry in methods if "emailAddress" in entry]

    async def change(graph: ServiceClient) -> Any:
        seen = [await registered(graph)]
        await users.put_phone(graph, lee, "mobile", "+1 2065555555", replaces=False)
        await users.put_email(graph, lee, "lee@home.example", replaces=False)
        seen.append(await registered(graph))
        await users.put_phone(graph, lee, "mobile", "+1 2065555556", replaces=True)
        await users.put_email(graph, lee, "lee@other.example", replaces=True)
        seen.append(await registered(graph))
        everything = await users.read_user_methods(graph, lee)
        await users.delete_phone(graph, lee, "mobile")
        await users.delete_email(graph, lee)
        return [*seen, await registered(graph)], [entry["@odata.type"].rpartition(".")[2] for entry in everything]

    seen, kinds = ask(tenant, change)
    assert seen == [
        ([], []),
        (["+1 2065555555"], ["lee@home.example"]),
        (["+1 2065555556"], ["lee@other.example"]),
        ([], []),
    ]
    assert kinds == ["passwordAuthenticationMethod", "phoneAuthenticationMethod", "emailAuthenticationMethod"]
    assert all(request.applied for request in tenant.writes())


def test_a_delete_is_sent_once(tenant: Tenant) -> None:
    tenant.fault("throttle", plane="graph", method="DELETE", times=None, retry_after=0)
    with pytest.raises(PostponedError):
        ask(tenant, lambda graph: users.delete_phone(graph, IDS["kim"], "mobile"))
    assert len(tenant.writes()) == 1


@pytest.mark.parametrize(
    ("missing", "question"),
    [
        ("User.Read.All", users.read_users),
        ("User.Read.All", lambda graph: users.read_group_users(graph, GROUP)),
        ("RoleManagement.Read.Directory", users.read_role_holders),
        ("AuditLog.Read.All", reports.read_registrations),
        ("AuditLog.Read.All", reports.read_audit_events),
        ("Policy.Read.All", tenant_facts.read_security_defaults),
        ("SecurityEvents.Read.All", reports.read_secure_score),
        ("UserAuthenticationMethod.ReadWrite.All", lambda graph: users.read_user_methods(graph, IDS["kim"])),
    ],
)
def test_a_missing_permission_is_named(tenant: Tenant, missing: str, question: Any) -> None:
    tenant.simulator.tenant(tenant.id).apps[APP] = [name for name in PERMISSIONS if name != missing]
    with pytest.raises(SsprError) as raised:
        ask(tenant, question)
    assert raised.value.kind == "permission"
    assert missing.replace("ReadWrite", "Read") in str(raised.value.hint)


def test_without_premium_there_is_no_report(tenant: Tenant) -> None:
    tenant.simulator.tenant(tenant.id).plans = ["O365_BUSINESS_PREMIUM"]
    with pytest.raises(SsprError) as raised:
        ask(tenant, reports.read_registrations)
    assert raised.value.kind == "license"
