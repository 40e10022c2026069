# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has registered, and who would lose the ability to reset, in tenants of every kind."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import TaskResult

from .conftest import APP, GROUP, Tenant

pytestmark = pytest.mark.both_ways

MODULE = "sspr_registration_info"
PERMISSIONS = [
    "Organization.Read.All",
    "Policy.Read.AuthenticationMethod",
    "User.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "RoleManagement.Read.Directory",
    "AuditLog.Read.All",
]
NESTED = "33333333-3333-4333-8333-333333333334"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
OLD = "2026-01-05T03:16:01.7292271Z"

_METHOD = "#microsoft.graph.{}AuthenticationMethod"
MOBILE = {"@odata.type": _METHOD.format("phone"), "phoneType": "mobile", "phoneNumber": "+1 2065555555"}
ALTERNATE = {**MOBILE, "phoneType": "alternateMobile"}
EMAIL = {"@odata.type": _METHOD.format("email"), "emailAddress": "me@home.example"}
APPLICATION = {"@odata.type": _METHOD.format("microsoftAuthenticator")}
KEY = {"@odata.type": _METHOD.format("fido2")}
PHONE_NUMBER = {"mobilePhone": "+1 2065555555"}

APPLICATIONS = ("mobile_app_notification", "mobile_app_code", "software_oath")

# Name, what is registered, and what else is so.
PEOPLE: tuple[tuple[str, list[dict[str, Any]], dict[str, Any]], ...] = (
    ("ann", [MOBILE, EMAIL], {}),
    ("ben", [MOBILE], {}),
    ("cat", [ALTERNATE, KEY], PHONE_NUMBER),
    ("dan", [APPLICATION], {}),
    ("eve", [], {"mail": None}),
    ("fay", [MOBILE, EMAIL], {"accountEnabled": False}),
    ("gil", [MOBILE, EMAIL], {"userType": "Guest"}),
    ("hal", [EMAIL], {}),
    ("ida", [MOBILE], {}),
    ("room", [MOBILE], {}),
)


def identity(name: str) -> str:
    return f"dddddddd-0000-4000-8000-{int.from_bytes(name[:4].encode(), 'big'):012}"


def seed(**more: Any) -> dict[str, Any]:
    """A tenant of these people: all in scope, one method required; hal is an administrator, ida reads everything."""
    return {
        "apps": {APP: list(PERMISSIONS)},
        "people": [
            {"id": identity(name), "userPrincipalName": f"{name}@contoso.example", **properties}
            for name, _methods, properties in PEOPLE
        ],
        "user_methods": {identity(name): [dict(method) for method in methods] for name, methods, _properties in PEOPLE},
        "role_assignments": [
            {"principalId": identity("hal"), "roleDefinitionId": GLOBAL_ADMINISTRATOR},
            {"principalId": identity("ida"), "roleDefinitionId": GLOBAL_READER},
        ],
        "portal_policy": {"enablementType": 2, "numberOfAuthenticationMethodsRequired": 1},
        **more,
    }


def names(result: TaskResult, key: str) -> list[str] | None:
    listed = result[key]
    return None if listed is None else [entry["user_principal_name"].partition("@")[0] for entry in listed]


def lost(result: TaskResult) -> list[str] | None:
    """Who would lose the ability to reset; None where that is unknown."""
    found = result["locked_out"]
    assert set(found) == {"asked", "count", "users"}
    assert found["count"] == result["counts"]["locked_out"]
    if found["count"] is None:
        assert found["users"] == []
        return None
    return [entry["user_principal_name"].partition("@")[0] for entry in found["users"]]


def missed(result: TaskResult) -> dict[str, str]:
    for entry in result["unavailable"]:
        assert set(entry) == {"what", "options", "reason", "message", "hint"}
    return {entry["what"]: entry["reason"] for entry in result["unavailable"]}


@pytest.mark.oldest
def test_who_has_registered(make_tenant: Any) -> None:
    tenant: Tenant = make_tenant(**seed())
    first, second = tenant.ansible.tasks(
        tenant.task(MODULE, exclude=["ROOM@contoso.example", "gone@contoso.example"]),
        tenant.task(MODULE, exclude=[identity("room")], limit=1, methods_required=2, check_mode=True),
    )
    assert first["counts"] == {
        "users": 10,
        "guests": 1,
        "disabled": 1,
        "excluded": 1,
        "admins": 1,
        "in_scope": 6,
        "enabled": 6,
        "registered": 4,
        "capable": 4,
        "not_registered": 2,
        "not_in_report": 0,
        "directory_data_only": 1,
        "admins_not_registered": 1,
        "locked_out": None,
    }
    assert (names(first, "not_registered"), names(first, "admins_not_registered")) == (["cat", "eve"], ["hal"])
    assert first["not_registered"][0]["methods"] == ["alternateMobilePhone", "fido2SecurityKey"]
    assert (first["coverage_percent"], first["unavailable"]) == (66.7, [])
    assert first["locked_out"] == {"asked": False, "count": None, "users": []}
    assert first["settings"]["scope"] == "all"
    assert (first["stale"], first["stale_because"]) == (False, None)
    assert first["as_of"][:4] == f"{datetime.now(timezone.utc):%Y}"
    assert first["warnings"] == ["exclude: the tenant has no user gone@contoso.example"]
    assert first.changed is second.changed is False
    assert (second["counts"]["locked_out"], second["counts"]["not_registered"]) == (3, 2)
    assert (lost(second), names(second, "not_registered")) == (["ben"], ["cat"])
    assert (second["locked_out"]["asked"], second["locked_out"]["count"]) == (True, 3)
    assert second["locked_out"]["users"][0] == {
        "id": identity("ben"),
        "user_principal_name": "ben@contoso.example",
        "display_name": "ben",
        "methods": ["mobilePhone"],
        "usable": ["mobile_phone"],
        "left": ["mobile_phone"],
    }
    assert tenant.writes() == []


@pytest.mark.worker_only
def test_who_would_be_locked_out(make_tenant: Any) -> None:
    migrated: Tenant = make_tenant(**seed())
    legacy: Tenant = make_tenant(
        **seed(
            migration_state="preMigration",
            portal_policy={
                "enablementType": 2,
                "mobileAppCodeEnabled": True,
                "mobileAppNotificationEnabled": True,
                "numberOfAuthenticationMethodsRequired": 2,
            },
        )
    )
    between: Tenant = make_tenant(**seed(migration_state="migrationInProgress"))
    options: list[tuple[Tenant, dict[str, Any], list[str]]] = [
        (migrated, {"methods_required": 1}, []),
        (migrated, {"methods_required": 2}, ["ben", "dan", "ida", "room"]),
        (migrated, {"methods": {"mobile_phone": False}}, ["ben", "ida", "room"]),
        (migrated, {"methods": {"mobile_phone": False, "email": False}}, ["ann", "ben", "ida", "room"]),
        (migrated, {"methods": {"mobile_app_code": False}}, []),
        (migrated, {"methods": {"mobile_app_code": False, "mobile_app_notification": False}}, []),
        (
            migrated,
            {"methods": {"mobile_app_notification": False, "mobile_app_code": False, "software_oath": False}},
            ["dan"],
        ),
        (migrated, {"scope": "none"}, ["ann", "ben", "dan", "ida", "room"]),
        (migrated, {"as_of": "2027-02-01"}, ["ben", "ida", "room"]),
        (migrated, {"as_of": "2027-02-01", "telephony_provider": True}, []),
        (migrated, {"as_of": "2027-01-31"}, []),
        (legacy, {"methods": {"email": False}}, ["ann"]),
        (legacy, {"methods_required": 1}, []),
        (between, {"methods": {"mobile_phone": False}}, []),
    ]
    results = migrated.ansible.tasks(*(tenant.task(MODULE, **requested) for tenant, requested, _lost in options))
    for (_tenant, requested, expected), result in zip(options, results, strict=True):
        assert lost(result) == expected, requested
        assert result["counts"]["locked_out"] == len(expected)
        assert result["locked_out"]["asked"] is True
        assert result["unavailable"] == []


@pytest.mark.worker_only
def test_scopes(make_tenant: Any) -> None:
    groups = [
        {"id": GROUP, "displayName": "SSPR Pilot", "members": [identity("ann"), identity("gil"), NESTED]},
        {"id": NESTED, "displayName": "Sales", "members": [identity("cat"), identity("fay"), identity("hal"), GROUP]},
    ]

    def of(scope: int, group: str | None = None) -> Tenant:
        policy = {"enablementType": scope, "passwordResetEnabledGroupIds": [group] if group else []}
        made: Tenant = make_tenant(**seed(groups=groups, portal_policy=policy))
        return made

    nobody, some, gone, missing = of(0), of(1, GROUP), of(1, identity("none")), of(1)
    in_none, in_group, in_gone, without, narrowed, foreign = nobody.ansible.tasks(
        nobody.task(MODULE),
        some.task(MODULE),
        gone.task(MODULE),
        missing.task(MODULE),
        some.task(MODULE, group="Sales", scope="selected"),
        some.task(MODULE, group="Sails", scope="selected"),
    )
    assert (in_none["counts"]["in_scope"], in_none["coverage_percent"], in_none["not_registered"]) == (0, None, [])
    assert (in_group["counts"]["in_scope"], names(in_group, "not_registered")) == (2, ["cat"])
    assert in_group["settings"]["group"] == {"id": GROUP, "display_name": "SSPR Pilot"}
    assert in_group["coverage_percent"] == 50.0
    assert missed(in_gone) == {"group": "not_found"}
    assert identity("none") in in_gone["unavailable"][0]["message"]
    assert without["counts"]["in_scope"] == 0
    assert lost(narrowed) == []
    assert foreign.kind == "not_found"


@pytest.mark.worker_only
def test_without_the_portal_the_report_shows_who_is_in_scope(make_tenant: Any) -> None:
    tenant: Tenant = make_tenant(**seed())
    legacy: Tenant = make_tenant(**seed(migration_state="preMigration"))
    plain, two, fewer, scope, old, unknown, idle = tenant.ansible.tasks(
        *(
            of.task(MODULE, portal_refresh_token=None, **requested)
            for of, requested in (
                (tenant, {}),
                (tenant, {"methods_required": 2}),
                (tenant, {"methods": {"email": False}}),
                (tenant, {"scope": "none", "methods_required": 1}),
                (legacy, {"methods_required": 2}),
                (tenant, {"scope": "selected", "methods_required": 1}),
                (tenant, {"group": "SSPR Pilot", "methods_required": 1}),
            )
        )
    )
    assert (plain["counts"]["in_scope"], names(plain, "not_registered")) == (7, ["cat", "eve"])
    assert missed(plain) == {"settings": "portal_credential_missing"}
    assert "registration report" in plain["unavailable"][0]["hint"]
    assert plain["unavailable"][0]["options"][:3] == ["scope", "group", "methods_required"]
    assert plain["settings"]["scope"] is None
    assert lost(two) == ["ben", "dan", "ida", "room"]
    assert two["locked_out"]["users"][0]["usable"] is None
    assert two["locked_out"]["users"][0]["left"] == ["mobile_phone"]
    assert lost(scope) == ["ann", "ben", "dan", "ida", "room"]
    for result in (fewer, old):
        assert result["locked_out"] == {"asked": True, "count": None, "users": []}
        assert result["counts"]["locked_out"] is None
        assert missed(result) == {"settings": "portal_credential_missing", "locked_out": "portal_credential_missing"}
    assert lost(unknown) is None
    assert lost(idle) == []
    assert any("group is ignored" in warning for warning in idle["warnings"])


@pytest.mark.worker_only
def test_without_premium_the_figures_are_unknown_and_not_none(make_tenant: Any) -> None:
    tenant: Tenant = make_tenant(**seed(plans=[]))
    standard: Tenant = make_tenant(**seed(plans=["O365_BUSINESS_PREMIUM"]))
    results = tenant.ansible.tasks(tenant.task(MODULE, methods_required=2), standard.task(MODULE, methods_required=2))
    for result in results:
        assert result.ok
        assert missed(result) == {"registrations": "license"}
        assert "P1" in result["unavailable"][0]["hint"]
        known = {name: count for name, count in result["counts"].items() if count is not None}
        assert known == {"users": 10, "guests": 1, "disabled": 1, "excluded": 0, "admins": 1, "in_scope": 7}
        for key in ("as_of", "stale", "coverage_percent", "not_registered", "not_in_report"):
            assert result[key] is None, key
        assert lost(result) is None


@pytest.mark.worker_only
def test_a_report_that_says_nothing_about_today(make_tenant: Any) -> None:
    row = {
        "id": identity("ann"),
        "userPrincipalName": "ann@contoso.example",
        "userType": "member",
        "isAdmin": False,
        "isSsprEnabled": True,
        "isSsprRegistered": True,
        "isSsprCapable": True,
        "methodsRegistered": ["mobilePhone"],
    }
    recent = f"{datetime.now(timezone.utc) - timedelta(hours=20):%Y-%m-%dT%H:%M:%S.0000000Z}"
    later = f"{datetime.now(timezone.utc) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    change = {"activityDateTime": later, "activityDisplayName": "Self-service password reset policy changes"}
    old, kept, changed = (
        make_tenant(**seed(registration_report={"as_of": as_of, "rows": [row]}, audit_events=events))
        for as_of, events in ((OLD, []), (recent, [{**change, "activityDisplayName": "Reset"}]), (recent, [change]))
    )
    results = old.ansible.tasks(old.task(MODULE), kept.task(MODULE), changed.task(MODULE))
    assert [result["stale"] for result in results] == [True, False, True]
    assert "36 hours" in results[0]["stale_because"]
    assert later in results[2]["stale_because"]
    assert [result["as_of"] for result in results] == [OLD, recent, recent]
    assert names(results[0], "not_in_report") == ["ben", "cat", "dan", "eve", "ida", "room"]
    assert results[0]["coverage_percent"] == 14.3


@pytest.mark.worker_only
def test_a_method_for_a_group_counts_for_that_group(make_tenant: Any) -> None:
    tenant: Tenant = make_tenant(**seed(groups=[{"id": GROUP, "displayName": "Mail", "members": [identity("ben")]}]))
    email = tenant.methods["Email"]
    email["includeTargets"] = [{"targetType": "group", "id": GROUP}]
    before = tenant.run(MODULE, methods_required=2)
    assert "ann" in (lost(before) or [])
    [ann] = [entry for entry in before["locked_out"]["users"] if entry["display_name"] == "ann"]
    assert ann["left"] == ["mobile_phone"]


@pytest.mark.worker_only
def test_permissions(make_tenant: Any) -> None:
    """What is noted is enough, and what is missing is named."""

    def without(*gone: str) -> Tenant:
        made: Tenant = make_tenant(**seed(apps={APP: [name for name in PERMISSIONS if name not in gone]}))
        return made

    report, roles, people = (
        without("AuditLog.Read.All"),
        without("RoleManagement.Read.Directory"),
        without("User.Read.All"),
    )
    least = without("Group.Read.All", "GroupMember.Read.All")
    no_report, no_roles, no_people, enough = report.ansible.tasks(
        *(tenant.task(MODULE, methods_required=2) for tenant in (report, roles, people, least))
    )
    assert missed(no_report) == {"registrations": "permission"}
    assert "AuditLog.Read.All" in no_report["unavailable"][0]["hint"]
    assert missed(no_roles) == {"roles": "permission"}
    assert (no_roles["counts"]["admins"], "hal" in (lost(no_roles) or [])) == (0, True)
    assert (no_people.kind, "User.Read.All" in no_people["msg"]) == ("permission", True)
    assert enough["unavailable"] == []


@pytest.mark.worker_only
def test_wrong_options_are_refused(make_tenant: Any) -> None:
    tenant: Tenant = make_tenant(**seed())
    legacy: Tenant = make_tenant(**seed(migration_state="preMigration"))
    bad = tenant.ansible.tasks(
        tenant.task(MODULE, as_of="tomorrow"),
        tenant.task(MODULE, limit=-1),
        tenant.task(MODULE, methods_required=3),
        legacy.task(MODULE, methods={"voice": True}),
    )
    assert [result.kind for result in bad] == ["invalid_setting"] * 4
    assert bad[0]["msg"].startswith("as_of: 'tomorrow' is not a valid date")
    assert tenant.requests() == []


@pytest.mark.worker_only
def test_thousands_of_users_and_the_limit_of_the_report(make_tenant: Any) -> None:
    """Six pages of the report and the audit log are more than the service allows at once: it is waited, and no more."""
    people = [
        {"id": f"dddddddd-0000-4000-8000-{number:012}", "userPrincipalName": f"u{number:04}@contoso.example"}
        for number in range(5000)
    ]
    tenant: Tenant = make_tenant(
        **seed(
            people=people,
            user_methods={person["id"]: [dict(MOBILE)] for person in people[:4000]},
            role_assignments=[],
            report_throttle=3,
        )
    )
    tenant.fault("throttle", path="userRegistrationDetails", skip=2, retry_after=1)
    result = tenant.run(MODULE, methods_required=2, limit=3)
    assert result.ok, result["msg"]
    assert (result["counts"]["in_scope"], result["counts"]["not_registered"]) == (5000, 1000)
    assert result["counts"]["locked_out"] == 4000
    assert lost(result) == ["u0000", "u0001", "u0002"]
    assert (result["coverage_percent"], len(result["not_registered"])) == (80.0, 3)
    reports = [
        request for request in tenant.requests("graph") if request.path.startswith(("/v1.0/reports", "/v1.0/audit"))
    ]
    assert sum(request.status == 200 for request in reports) == 7
    assert 1 <= sum(request.status == 429 for request in reports) <= 3
    assert len(tenant.requests("graph")) <= 20
