# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two policies that are documents of their own: the on-premises integration and the administrators' switch."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible

from .conftest import ALL_PERMISSIONS, APP, OPERATOR, Tenant

pytestmark = pytest.mark.both_ways


def of(tenant: Tenant) -> Any:
    return tenant.simulator.tenant(tenant.id)


def without(*names: str) -> list[str]:
    return [name for name in ALL_PERMISSIONS if name not in names]


@pytest.mark.oldest
def test_writeback_takes_two_writes_and_touches_nothing_else(tenant: Tenant, ansible: Ansible) -> None:
    of(tenant).on_premises["somethingNew"] = [1]
    asked = {"password_writeback": True, "unlock_without_reset": True}
    foretold, first, again = ansible.tasks(
        tenant.task("sspr_on_premises", check_mode=True, **asked),
        tenant.task("sspr_on_premises", **asked),
        tenant.task("sspr_on_premises", **asked),
    )
    assert (foretold.changed, foretold["verified"]) == (True, False)
    assert foretold["settings"] == first["settings"] == again["settings"] == asked
    assert (first.changed, first["verified"], again.changed) == (True, True, False)
    assert first["previous"] == {"password_writeback": False, "unlock_without_reset": False}
    assert first["backend"] == dict.fromkeys(asked, "portal")
    assert [write.body for write in tenant.writes()] == [
        {"passwordWriteBackSupported": True},
        {"accountUnlockEnabled": True},
    ]
    assert of(tenant).on_premises == {
        "objectId": None,
        "passwordWritebackSupported": True,
        "accountUnlockSupported": True,
        "accountUnlockEnabled": True,
        "enablementForTenant": False,
        "cloudProvisioningEnablementForTenant": False,
        "somethingNew": [1],
    }
    paths = {request.path for request in tenant.requests("portal")}
    assert paths == {"/api/PasswordReset/OnPremisesPasswordResetPolicies"}


def test_writeback_without_a_license_is_refused_before_any_write(make_tenant: Any, ansible: Ansible) -> None:
    tenant = make_tenant(plans=["O365_BUSINESS_PREMIUM"], on_premises={"accountUnlockEnabled": True})
    tasks = [
        tenant.task("sspr_on_premises", password_writeback=True),
        tenant.task("sspr_policy", password_writeback=True, notify_admins=True),
        tenant.task("sspr_on_premises", password_writeback=False, unlock_without_reset=True),
        tenant.task("sspr_on_premises", unlock_without_reset=False),
    ]
    refused, with_others, unchanged, off = ansible.tasks(*tasks)
    for result in (refused, with_others):
        assert (result.kind, result["error"]["plane"]) == ("license", "graph")
        assert "password_writeback" in result["msg"]
        assert "Business Premium" in result["msg"]
        assert result.changed is False
    assert (unchanged.ok, unchanged.changed) == (True, False)
    assert (off.ok, off.changed) == (True, True)
    assert [write.body for write in tenant.writes()] == [{"accountUnlockEnabled": False}]


def test_a_second_write_that_is_refused_leaves_the_first_confirmed(tenant: Tenant) -> None:
    tenant.fault("status", plane="portal", method="PUT", status=403, skip=1, times=None)
    result = tenant.run("sspr_on_premises", password_writeback=True, unlock_without_reset=True)
    assert result.kind == "permission"
    assert result.changed is True
    assert (result["applied"], result["unconfirmed"]) == (["password_writeback"], [])
    assert of(tenant).on_premises["passwordWritebackSupported"] is True
    assert of(tenant).on_premises["accountUnlockEnabled"] is False


def test_what_the_service_ignores_is_never_changed(tenant: Tenant, ansible: Ansible) -> None:
    tenant.fault("ignore_write", plane="portal", method="PUT", times=None)
    tenant.fault("ignore_write", plane="graph", method="PATCH", times=None)
    tasks = [
        tenant.task("sspr_on_premises", password_writeback=True, confirm_timeout=1),
        tenant.task("sspr_admin_policy", admins_can_reset=False, confirm_timeout=1),
    ]
    for result in ansible.tasks(*tasks):
        assert (result.kind, result.changed, result["applied"]) == ("not_confirmed", False, [])


@pytest.mark.oldest
def test_the_administrators_switch_needs_no_portal_and_changes_one_property(make_tenant: Any, ansible: Ansible) -> None:
    tenant = make_tenant(users={})
    before = dict(of(tenant).authorization_policy)
    foretold, first, again = ansible.tasks(
        tenant.task("sspr_admin_policy", check_mode=True, admins_can_reset=False),
        tenant.task("sspr_admin_policy", admins_can_reset=False),
        tenant.task("sspr_admin_policy", admins_can_reset=False),
    )
    assert (foretold.changed, first.changed, again.changed) == (True, True, False)
    assert foretold["missing_permissions"] == []
    assert first["backend"] == {"admins_can_reset": "graph"}
    assert [write.body for write in tenant.writes()] == [{"allowedToUseSSPR": False}]
    assert of(tenant).authorization_policy == {**before, "allowedToUseSSPR": False}
    assert tenant.requests("portal") == []


def test_each_permission_of_the_administrators_switch_is_missed_by_name(make_tenant: Any, ansible: Ansible) -> None:
    reader = make_tenant(apps={APP: without("Policy.ReadWrite.Authorization")})
    nobody = make_tenant(apps={APP: without("Policy.ReadWrite.Authorization", "Policy.Read.All")})
    foretold, may_not_write, may_not_read, info, policy = ansible.tasks(
        reader.task("sspr_policy", check_mode=True, admins_can_reset=False),
        reader.task("sspr_admin_policy", admins_can_reset=False),
        nobody.task("sspr_admin_policy", admins_can_reset=False),
        nobody.task("sspr_info"),
        nobody.task("sspr_policy", notify_admins=True),
    )
    assert foretold["missing_permissions"] == ["Policy.ReadWrite.Authorization"]
    for result, name in ((may_not_write, "Policy.ReadWrite.Authorization"), (may_not_read, "Policy.Read.All")):
        assert result.kind == "permission"
        assert name in result["error"]["hint"]
        assert result.changed is False
    assert info.ok, info.values
    assert info["sspr"]["admin_policy"] is None
    [entry] = [entry for entry in info["unavailable"] if entry["what"] == "admin_policy"]
    assert (entry["reason"], entry["options"]) == ("permission", ["admins_can_reset"])
    assert "Policy.Read.All" in entry["hint"]
    assert (policy.ok, policy.changed) == (True, True), "what is not asked for is not needed"
    assert policy["settings"]["admins_can_reset"] is None


@pytest.mark.worker_only
def test_a_page_that_cannot_be_read_hides_no_other(make_tenant: Any, ansible: Ansible) -> None:
    gone, broken, by_hand = make_tenant(), make_tenant(), make_tenant(users={})
    path = "OnPremises"
    gone.fault("status", plane="portal", path=path, status=404, times=None)
    broken.simulator.tenant(broken.id).on_premises["accountUnlockEnabled"] = "yes"
    results = ansible.tasks(
        gone.task("sspr_info"),
        broken.task("sspr_info"),
        broken.task("sspr_on_premises", unlock_without_reset=True),
        by_hand.task("sspr_policy", portal="manual", portal_refresh_token=None, password_writeback=True),
        by_hand.task("sspr_on_premises", portal_refresh_token=None, password_writeback=True),
    )
    missing, misfit, refused, left, stopped = results
    assert missing["sspr"]["on_premises"] is None
    assert missing["sspr"]["notifications"] is not None
    assert [e["reason"] for e in missing["unavailable"] if e["what"] == "on_premises"] == ["not_found"]
    assert misfit["sspr"]["on_premises"] == {"password_writeback": False, "unlock_without_reset": None}
    assert [e["reason"] for e in misfit["unavailable"] if e["what"] == "on_premises"] == ["unexpected_document"]
    assert (refused.kind, refused.changed) == ("unexpected_document", False)
    assert "on-premises integration" in refused["msg"]
    assert (left.ok, left.changed) == (True, False)
    assert [entry["page"] for entry in left["manual"]] == ["on_premises"]
    assert "OnPremisesIntegration" in left["manual"][0]["link"]
    assert stopped.kind == "portal_credential_missing"
    assert [tenant.writes() for tenant in (gone, broken, by_hand)] == [[], [], []]


@pytest.mark.worker_only
def test_one_task_for_all_documents_and_restoring_them(tenant: Tenant, ansible: Ansible) -> None:
    asked = {
        "scope": "all",
        "methods": {"software_oath": False},
        "allow_sign_in_change": True,
        "password_writeback": True,
        "unlock_without_reset": True,
        "admins_can_reset": False,
    }
    runs = ansible.home / "runs"
    create = {"tenantops.entra.sspr_run": {"run_dir": str(runs), "hosts": {"here": tenant.id}}}
    in_run = {"run": "{{ run.path }}", "run_host": "here"}
    before = {
        name: dict(getattr(of(tenant), name)) for name in ("portal_policy", "on_premises", "authorization_policy")
    }
    created, first, second, back, again = ansible.tasks(
        {**create, "register": "run"},
        tenant.task("sspr_admin_policy", **in_run, admins_can_reset=False),
        tenant.task("sspr_policy", **in_run, **asked),
        tenant.task("sspr_restore", run="{{ run.path }}"),
        tenant.task("sspr_restore", run="{{ run.path }}"),
    )
    assert created.changed
    assert (first.changed, second.changed) == (True, True), (first.values, second.values)
    assert second["settings"]["admins_can_reset"] is False
    assert set(second["digests"]) == {"sspr_policy", "methods", "on_premises", "authorization"}
    assert (back.changed, back["left"]) == (True, []), back.values
    assert set(back["restored"]) == {
        "scope",
        "methods.software_oath",
        "password_writeback",
        "unlock_without_reset",
        "admins_can_reset",
    }
    assert again.changed is False
    assert {name: dict(getattr(of(tenant), name)) for name in before} == before
    assert of(tenant).configurations["SoftwareOath"]["state"] == "enabled"


def test_a_reader_may_not_set_the_on_premises_integration(make_tenant: Any) -> None:
    tenant = make_tenant(users={OPERATOR: ["Security Administrator"]})
    result = tenant.run("sspr_on_premises", unlock_without_reset=True)
    assert result.kind == "permission"
    assert "Authentication Policy Administrator" in result["error"]["hint"]
    assert [write for write in tenant.writes() if write.applied] == []
