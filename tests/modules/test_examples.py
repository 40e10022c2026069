# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the documentation, run as they stand."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.tenantops.entra.tests.support.playbook import ROOT

from .conftest import ALL_PERMISSIONS, APP, GROUP, Tenant

pytestmark = pytest.mark.both_ways

# sspr_report is in test_report, and sspr_run_outcome is for the role.
OTHERS = {"sspr_report", "sspr_run_outcome"}
MODULES = sorted({path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} - OTHERS)
# They only read.
CHANGES_NOTHING = {
    "sspr_audit",
    "sspr_doctor",
    "sspr_info",
    "sspr_preflight",
    "sspr_registration_info",
    "sspr_run_info",
    "sspr_user_info",
}
TENANT = "11111111-1111-4111-8111-111111111111"
OF_PEOPLE = (
    "AuditLog.Read.All",
    "Group.Create",
    "GroupMember.ReadWrite.All",
    "User.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
)
# What lies beside the operator's playbook.
PHONES = "user;mobile_phone;email\nadele@contoso.com;+1 2065550100;\nalex@contoso.com;;alex@home.example\n"


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_modules(make_tenant: Any, name: str) -> None:
    module = importlib.import_module(f"ansible_collections.tenantops.entra.plugins.modules.{name}")
    tenant = make_tenant(
        id=TENANT,
        domains=["contoso.onmicrosoft.com", "contoso.com"],
        portal_policy={"registrationRequiredOnSignIn": False},
        migration_state=None,
        apps={APP: [*ALL_PERMISSIONS, *OF_PEOPLE]},
        groups=[{"id": GROUP, "displayName": "SSPR Pilot"}, {"id": f"{GROUP[:-1]}4", "displayName": "Sales"}],
        people=[
            {"id": f"{GROUP[:-1]}5", "userPrincipalName": "adele@contoso.com"},
            {"id": f"{GROUP[:-1]}6", "userPrincipalName": "alex@contoso.com"},
        ],
    )
    tasks = yaml.safe_load(module.EXAMPLES)
    tenant.ansible.home.mkdir(parents=True)
    (tenant.ansible.home / "phones.csv").write_text(PHONES, encoding="utf-8")
    connection = tenant.options(tenant_id=None)
    play = {"module_defaults": {"group/tenantops.entra.entra": connection}, "ignore_errors": False}
    results = tenant.ansible.tasks(*tasks, play=play)
    ours = [result for result, task in zip(results, tasks, strict=True) if f"tenantops.entra.{name}" in task]
    assert ours
    for result in results:
        assert result.ok, result.values
    if name == "sspr_info":
        assert results[-1]["msg"][0] == {"scope": "none", "group": None}
    elif name not in CHANGES_NOTHING:
        assert ours[0].changed, "an example does something"


def environment_of(tenant: Tenant) -> dict[str, str]:
    """Where the simulated services are, and the credentials for them."""
    return {
        "ENTRA_AUTHORITY_URL": tenant.simulator.url,
        "ENTRA_GRAPH_URL": tenant.simulator.url,
        "ENTRA_PORTAL_URL": tenant.simulator.url,
        "ENTRA_CA_PATH": tenant.simulator.ca_path,
        "AZURE_CLIENT_ID": tenant.credentials["client_id"],
        "AZURE_CLIENT_SECRET": tenant.credentials["client_secret"],
        "ENTRA_PORTAL_REFRESH_TOKEN": tenant.credentials["portal_refresh_token"],
    }


def test_the_inventory_in_the_readme(make_tenant: Any, tmp_path: Path) -> None:
    tenant = make_tenant(id=TENANT, domains=["contoso.com"])
    tenant.simulator.clear_log()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(text.split("```yaml\n", 1)[1].split("```", 1)[0], encoding="utf-8")
    environment = environment_of(tenant)
    arguments = ["-i", str(inventory), "-e", "sspr_hosts=contoso"]
    audit = tenant.ansible.playbook("tenantops.entra.audit", *arguments, env=environment)
    assert audit.code == 0, audit.output
    assert tenant.writes() == []
    runbook = tenant.ansible.playbook("tenantops.entra.runbook", *arguments, env=environment)
    assert runbook.code == 0, runbook.output
    assert tenant.policy["enablementType"] == 1
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 2
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
