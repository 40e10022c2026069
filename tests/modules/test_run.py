# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of many tenants as its modules show it: created, looked at, stopped, resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, task

from .conftest import Tenant
from .test_faults import here_with

FAILURE = {"msg": "no", "error": {"kind": "not_confirmed", "message": "not seen"}}


@pytest.mark.both_ways
def test_created_stopped_and_resumed(tenant: Tenant, ansible: Ansible, tmp_path: Path) -> None:
    hosts = {"contoso": tenant.id, "fabrikam": "11111111-1111-4111-8111-111111111111"}
    directory = {"run_dir": str(tmp_path / "runs")}
    predicted, created = ansible.tasks(
        task("sspr_run", {**directory, "hosts": hosts}, check_mode=True),
        task("sspr_run", {**directory, "hosts": hosts}),
    )
    assert (predicted.changed, predicted["run"]) == (True, None)
    assert created.changed
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [created["run"]], "one run, none of check mode"
    assert created["states"]["planned"] == created["not_done"] == list(hosts)
    run = {**directory, "run": created["run"]}
    results = ansible.tasks(
        tenant.task("sspr_properties", scope="all", run=created["path"], run_host="contoso"),
        task("sspr_run_info", run),
        task("sspr_run_outcome", {**run, "run_host": "contoso", "state": "failed", "failure": FAILURE}),
        tenant.task("sspr_registration", reconfirm_days=90, run=created["path"], run_host="contoso"),
        task("sspr_run", {**run, "state": "resumed"}, check_mode=True),
        task("sspr_run_info", run),
        task("sspr_run", {**run, "state": "resumed"}),
        tenant.task("sspr_registration", reconfirm_days=90, run=created["path"], run_host="contoso"),
        task("sspr_run_outcome", {**run, "run_host": "contoso", "state": "confirmed"}),
        task("sspr_run_info", run),
    )
    wrote, under_way, failed, refused, foreseen, still, resumed, wrote_again, confirmed, end = results
    assert wrote.changed
    assert (under_way.changed, under_way["written"], under_way["stopped_by"]) == (False, ["contoso"], None)
    assert (failed["refused"], failed["stopped_by"]) == (False, "contoso")
    assert (refused.kind, refused.changed) == ("stopped", False)
    assert (foreseen.changed, still["stopped_by"]) == (True, "contoso"), "check mode resumes nothing"
    assert (resumed.changed, resumed["stopped_by"]) == (True, None)
    assert wrote_again.changed
    assert (confirmed.ok, end["states"]["confirmed"], end["not_done"]) == (True, ["contoso"], ["fabrikam"])
    assert end["tenants"][0]["tenant"] == tenant.id
    assert len(tenant.writes()) == 2


@pytest.mark.parametrize(
    ("module", "options", "kind"),
    [
        ("sspr_run", {"run": "mine"}, "invalid_setting"),
        ("sspr_run", {"state": "resumed"}, "invalid_setting"),
        ("sspr_run", {"state": "resumed", "run": "../mine"}, "not_found"),
        ("sspr_run_info", {"run": "mine"}, "not_found"),
    ],
)
def test_a_mistake_is_named(tenant: Tenant, tmp_path: Path, module: str, options: dict[str, Any], kind: str) -> None:
    refused = here_with(tenant, module, {"run_dir": str(tmp_path), **options})
    assert refused.kind == kind
    assert refused["msg"].startswith("run")
    assert refused["error"]["hint"]
    assert list(tmp_path.glob("*T*Z-*")) == []
    assert tenant.requests() == []
