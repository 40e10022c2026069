# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbook's table of common errors: a tenant broken in each of these ways, named with its fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible

from .conftest import GROUP, Tenant
from .test_user_info import ADELE, PASSKEY, codes, company

pytestmark = pytest.mark.both_ways

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
IS_ADMINISTRATOR = {
    "role_assignments": [{"principalId": ADELE["id"], "roleDefinitionId": GLOBAL_ADMINISTRATOR}],
    "adele": {"mail": "adele@contoso.com"},
}


@dataclass(frozen=True)
class Row:
    """A row of the table: how the tenant is broken, where it is reported, by which code, and words of the fix.

    ``rule`` is the rule of preflight that reports it for the whole tenant, where there is one.
    """

    seed: Mapping[str, Any]
    code: str
    fix: tuple[str, ...]
    key: str = "blockers"
    meaning: str = ""
    others: tuple[str, ...] = ()
    rule: str | None = None
    by_portal: bool = False


TABLE: dict[str, Row] = {
    "the Password reset menu is not found": Row(
        {**IS_ADMINISTRATOR, "adele": {"mail": "adele@contoso.com", "licenses": []}},
        "MenuHidden",
        ("Assign an Entra ID license", "separate item in the menu of the admin center"),
        key="problems",
        others=("SSPR_0012",),
        rule="portal-user-unlicensed",
        by_portal=True,
    ),
    "SSPR does not work for a user": Row(
        {"user_methods": {}},
        "SSPR_0014",
        ("aka.ms/ssprsetup", "asked to register at the next sign-in"),
        meaning="has not registered",
    ),
    "a user has no recovery methods": Row(
        {"user_methods": {ADELE["id"]: [PASSKEY]}},
        "SSPR_0014",
        ("sspr_user_methods",),
        meaning="has no recovery methods",
    ),
    "the portal says not enabled: scope none": Row(
        {"policy": {"enablementType": 0}}, "SSPR_0009", ("selected or all", "sspr_properties")
    ),
    "the portal says not enabled: not in the group": Row(
        {"groups": [{"id": GROUP, "displayName": "SSPR Pilot", "members": []}]}, "SSPR_0013", ("sspr_group",)
    ),
    "an administrator gets no notification: off": Row(
        {**IS_ADMINISTRATOR, "policy": {"notifyOnAdminPasswordReset": False}},
        "AdministratorsNotNotified",
        ("sspr_notifications",),
        key="problems",
        rule="notifications-off",
    ),
    "an administrator gets no notification: no address": Row(
        {**IS_ADMINISTRATOR, "adele": {"mail": None}},
        "NoAddressForNotifications",
        ("mailbox",),
        key="problems",
        rule="no-admin-mailbox",
    ),
    "writeback to on-premises AD is needed": Row(
        {"adele": {"onPremisesSyncEnabled": True}},
        "SSPR_0010",
        ("Connect or cloud sync", "P1", "sspr_on_premises"),
        rule="synced-without-writeback",
    ),
}


def signs_in_as_portal_user(tenant: Tenant) -> Tenant:
    """Let Adele be the one whose credential reads the portal API."""
    token = f"rt-{tenant.id}"
    tenant.simulator.add_user("adele@contoso.com", object_id=ADELE["id"], refresh_tokens=[token])
    tenant.simulator.tenant(tenant.id).users["adele@contoso.com"] = ["Global Administrator"]
    tenant.credentials["portal_refresh_token"] = token
    return tenant


@pytest.mark.worker_only
def test_each_row_is_named_with_its_fix(make_tenant: Any, ansible: Ansible) -> None:
    tenants = {name: company(make_tenant, **row.seed) for name, row in TABLE.items()}
    for name, row in TABLE.items():
        if row.by_portal:
            signs_in_as_portal_user(tenants[name])
    rules = {name: row.rule for name, row in TABLE.items() if row.rule}
    *results, sound = ansible.tasks(
        *(tenant.task("sspr_user_info", user="adele@contoso.com") for tenant in tenants.values()),
        *(tenants[name].task("sspr_preflight") for name in rules),
        company(make_tenant, **IS_ADMINISTRATOR).task("sspr_preflight"),
    )
    for (name, row), result in zip(TABLE.items(), results[: len(TABLE)], strict=True):
        assert result.ok, (name, result.values)
        expected = {"blockers": list(row.others), "problems": []}
        expected[row.key].append(row.code)
        assert {key: codes(result, key) for key in expected} == expected, name
        [entry] = [entry for entry in result[row.key] if (entry["code"] or entry["name"]) == row.code]
        assert row.meaning in entry["meaning"], name
        for words in row.fix:
            assert words in entry["fix"], (name, entry["fix"])
        assert result["unavailable"] == [], name
    for (name, rule), result in zip(rules.items(), results[len(TABLE) :], strict=True):
        assert result.ok, (name, result.values)
        [finding] = [entry for entry in result["findings"] if entry["rule"] == rule]
        assert finding["fix"], name
    assert not {entry["rule"] for entry in sound["findings"]} & set(rules.values())
