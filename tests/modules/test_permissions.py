# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Least privilege as documented: exactly what a module's notes name is enough, and anything less is missed by name."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.tenantops.entra.tests.support.playbook import TaskResult

from .conftest import APP, OPERATOR, Tenant
from .test_faults import here

NAME = re.compile(r"C\(([^)]+)\)")
METHODS_OFF = {"authentication_methods_policy": {"SoftwareOath": {"state": "disabled"}}}


@dataclass(frozen=True)
class Needs:
    """What the notes of a module name."""

    always: frozenset[str]
    # Replaces the permission to read of the same name
    instead: frozenset[str]
    with_group: frozenset[str]
    roles: tuple[str, ...]


def documented(module: str) -> Needs:
    code = importlib.import_module(f"ansible_collections.tenantops.entra.plugins.modules.{module}")
    always, instead, with_group = set[str](), set[str](), set[str]()
    roles: list[str] = []
    for note in yaml.safe_load(code.DOCUMENTATION)["notes"]:
        sentence = note.split(". ")[0]
        if "O(admins_can_reset)" in note or "is unavailable" in note:
            continue  # test_own_pages
        if "application permission" in sentence:
            [permission] = NAME.findall(sentence)
            kind = instead if " instead" in sentence else with_group if "O(group)" in sentence else always
            kind.add(permission)
        elif "portal user" in sentence:
            roles += NAME.findall(sentence)
    assert roles
    return Needs(frozenset(always), frozenset(instead), frozenset(with_group), tuple(roles))


def read_only(permission: str) -> str:
    return permission.replace("ReadWrite", "Read")


# They need what the others need, or have tests of their own for it.
OTHERS = {
    "sspr_admin_policy",
    "sspr_doctor",
    "sspr_group",
    "sspr_portal_token",
    "sspr_preflight",
    "sspr_registration_info",
    "sspr_report",
    "sspr_restore",
    "sspr_run",
    "sspr_run_info",
    "sspr_run_outcome",
    "sspr_user_info",
    "sspr_user_methods",
}

# module, options, whether it changes methods in Graph, whether it looks a group up
USES: tuple[tuple[str, dict[str, Any], bool, bool], ...] = (
    ("sspr_info", {}, False, False),
    ("sspr_audit", {}, False, False),
    ("sspr_properties", {"scope": "all"}, False, False),
    ("sspr_properties", {"scope": "selected", "group": "SSPR Pilot"}, False, True),
    ("sspr_auth_methods", {"methods_required": 2}, False, False),
    ("sspr_auth_methods", {"methods": {"software_oath": True}, "methods_required": 2}, True, False),
    ("sspr_registration", {"reconfirm_days": 90}, False, False),
    ("sspr_notifications", {"notify_admins": True}, False, False),
    ("sspr_customization", {"helpdesk_contact": "it@contoso.com"}, False, False),
    ("sspr_on_premises", {"password_writeback": True}, False, False),
    ("sspr_policy", {"scope": "all", "notify_admins": True}, False, False),
    (
        "sspr_policy",
        {"scope": "selected", "group": "SSPR Pilot", "notify_admins": True, "methods": {"software_oath": True}},
        True,
        True,
    ),
)


def refused(result: TaskResult, tenant: Tenant, plane: str, *missing: str) -> None:
    assert result.kind == "permission", result.values
    assert result["error"]["plane"] == plane
    assert result["error"]["status"] == 403
    for name in missing:
        assert name in result["msg"]
        assert name in result["error"]["hint"]
    assert result.changed is False
    assert result["applied"] == result["unconfirmed"] == []
    assert [request for request in tenant.writes() if request.applied] == []


@pytest.mark.parametrize(("module", "options", "methods", "group"), USES)
def test_exactly_what_is_documented(
    make_tenant: Any, module: str, options: dict[str, Any], methods: bool, group: bool
) -> None:
    needs = documented(module)
    permissions = set(needs.always)
    if methods:
        permissions = (permissions - {read_only(name) for name in needs.instead}) | needs.instead
    if group:
        permissions |= needs.with_group

    def run(granted: set[str], *roles: str) -> tuple[TaskResult, Tenant]:
        tenant = make_tenant(apps={APP: sorted(granted)}, users={OPERATOR: list(roles)}, **METHODS_OFF)
        return here(tenant, module, **options), tenant

    for role in needs.roles:
        result, tenant = run(permissions, role)
        assert result.ok, (role, result.values)
        assert result.changed == bool(options)
        assert bool(tenant.writes()) == bool(options)

    for missing in sorted(permissions):
        result, tenant = run(permissions - {missing}, needs.roles[0])
        # To change methods they have to be read first.
        refused(result, tenant, "graph", read_only(missing))
        if read_only(missing) != missing:
            result, tenant = run(permissions - {missing} | {read_only(missing)}, needs.roles[0])
            refused(result, tenant, "graph", missing)

    result, tenant = run(permissions, "Helpdesk Administrator")
    refused(result, tenant, "portal", *needs.roles)


@pytest.mark.parametrize(("module", "options", "methods", "group"), [use for use in USES if use[1] and not use[2]])
def test_roles_that_may_read_only(
    make_tenant: Any, module: str, options: dict[str, Any], methods: bool, group: bool
) -> None:
    needs = documented(module)
    for role in {"Security Administrator", "User Administrator"} - set(needs.roles):
        tenant = make_tenant(users={OPERATOR: [role]})
        refused(here(tenant, module, **options), tenant, "portal", *needs.roles)
        foretold = here(tenant, module, check_mode=True, **options)
        assert foretold.ok, "to predict, reading is enough"
        assert foretold.changed


def test_every_module_is_looked_at() -> None:
    modules = importlib.import_module("ansible_collections.tenantops.entra.plugins.modules")
    found = {path.stem for directory in modules.__path__ for path in Path(directory).glob("sspr_*.py")}
    assert found - OTHERS == {module for module, *_rest in USES}
    for module in found - OTHERS:
        needs = documented(module)
        uses = [use for use in USES if use[0] == module]
        assert any(methods for _module, _options, methods, _group in uses) == bool(needs.instead)
        assert any(group for _module, _options, _methods, group in uses) == bool(needs.with_group)
