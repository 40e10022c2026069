# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runbook's table of common errors: a tenant broken in each of these ways, named with its fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible

from .conftest import GROUP
from .test_user_info import ADELE, PASSKEY, codes, company

pytestmark = pytest.mark.both_ways

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
IS_ADMINISTRATOR = {
    "role_assignments": [{"principalId": ADELE["id"], "roleDefinitionId": GLOBAL_ADMINISTRATOR}],
    "adele": {"mail": "adele@contoso.com"},
}


@dataclass(frozen=True)
class Row:
    """A row of the table: how the tenant is broken, where it is told, by which code, and words of the fix."""

    seed: Mapping[str, Any]
    code: str
    fix: tuple[str, ...]
    told: str = "blockers"
    meaning: str = ""
    others: tuple[str, ...] = field(default=())


TABLE: dict[str, Row] = {
    "the Password reset menu is not found": Row(
        {**IS_ADMINISTRATOR, "adele": {"mail": "adele@contoso.com", "licences": []}},
        "MenuHidden",
        ("Assign an Entra ID licence", "direct item of the admin center's menu"),
        told="problems",
        others=("SSPR_0012",),
    ),
    "SSPR does not work for a user": Row(
        {"user_methods": {}},
        "SSPR_0014",
        ("aka.ms/ssprsetup", "asked to at the next sign-in"),
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
        {"groups": [{"id": GROUP, "displayName": "SSPR Pilot", "members": []}]}, "SSPR_0013", ("sspr_pilot",)
    ),
    "an administrator gets no notification: off": Row(
        {**IS_ADMINISTRATOR, "policy": {"notifyOnAdminPasswordReset": False}},
        "AdministratorsNotNotified",
        ("sspr_notifications",),
        told="problems",
    ),
    "an administrator gets no notification: no address": Row(
        {**IS_ADMINISTRATOR, "adele": {"mail": None}}, "NoAddressForNotifications", ("mailbox",), told="problems"
    ),
    "writeback to on-premises AD is needed": Row(
        {"adele": {"onPremisesSyncEnabled": True}},
        "SSPR_0010",
        ("Connect or cloud sync", "P1", "sspr_on_premises"),
    ),
}


@pytest.mark.worker_only
def test_each_row_is_named_with_its_fix(make_tenant: Any, ansible: Ansible) -> None:
    tenants = {name: company(make_tenant, **row.seed) for name, row in TABLE.items()}
    results = ansible.tasks(*(t.task("sspr_user_info", user="adele@contoso.com") for t in tenants.values()))
    for (name, row), result in zip(TABLE.items(), results, strict=True):
        assert result.ok, (name, result.values)
        told = {"blockers": list(row.others), "problems": []}
        told[row.told].append(row.code)
        assert {key: codes(result, key) for key in told} == told, name
        [entry] = [entry for entry in result[row.told] if (entry["code"] or entry["name"]) == row.code]
        assert row.meaning in entry["meaning"], name
        for words in row.fix:
            assert words in entry["fix"], (name, entry["fix"])
        assert result["unavailable"] == [], name
