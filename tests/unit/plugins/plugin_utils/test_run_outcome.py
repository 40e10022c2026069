# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one tenant's outcome means for the other tenants of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.runs.run_record import RunRecord
from ansible_collections.tenantops.entra.plugins.module_utils.runs.stop_rule import RUN_FAILURES, SKIP, STOP
from ansible_collections.tenantops.entra.plugins.plugin_utils._run_outcome import note_outcome

TENANT = "11111111-1111-4111-8111-111111111111"
REJECTED = {"msg": "scope: 'al' is not valid", "error": {"kind": "invalid_setting", "message": "scope: 'al'"}}


@pytest.fixture
def run(tmp_path: Path) -> RunRecord:
    return RunRecord.create(tmp_path / "runs", {"contoso": TENANT, "fabrikam": TENANT[:-1] + "2"}, STOP, "rollout")


def note(run: RunRecord | None, state: str, check_mode: bool = False, **params: Any) -> dict[str, Any]:
    given = {"on_refusal": SKIP, "wrote": False, **params, "state": state, "run_host": "contoso"}
    return note_outcome({**given, **({"run": str(run.path)} if run else {})}, check_mode)


def test_confirmed(run: RunRecord) -> None:
    result = note(run, "confirmed", digests={"sspr_policy": "sha256:1"}, request_ids=["a"])
    assert result == {"changed": False, "run": run.name, "path": str(run.path)}
    line = run.tenants()["contoso"]
    assert (line["state"], line["after"], line["request_ids"]) == ("confirmed", {"sspr_policy": "sha256:1"}, ["a"])


def test_a_tenant_that_is_rejected_is_skipped_if_so_configured(run: RunRecord) -> None:
    skipped = note(run, "failed", failure=REJECTED)
    assert (skipped["refused"], skipped["stopped_by"], skipped["states"]["refused"]) == (True, None, ["contoso"])
    run.require_going()


@pytest.mark.parametrize(
    ("name", "params"),
    {
        "not configured": {"on_refusal": STOP},
        "written before": {"wrote": True},
        **{kind: {"failure": {"error": {"kind": kind, "message": "m"}}} for kind in RUN_FAILURES},
        "no kind at all": {"failure": {"msg": "Traceback"}},
    }.items(),
)
def test_what_ends_the_run(run: RunRecord, name: str, params: dict[str, Any]) -> None:
    ended = note(run, "failed", **{"failure": REJECTED, **params})
    assert (ended["refused"], ended["stopped_by"], ended["states"]["failed"]) == (False, "contoso", ["contoso"])


def test_what_a_task_noted_as_written_counts(run: RunRecord) -> None:
    run.note("contoso", "changed", wrote=True)
    assert note(run, "failed", failure=REJECTED)["refused"] is False


@pytest.mark.parametrize("params", [{"failure": REJECTED}, {"failure": REJECTED, "wrote": True}])
def test_check_mode_decides_the_same_and_notes_nothing(run: RunRecord, params: dict[str, Any]) -> None:
    before = run.lines()
    predicted = note(run, "failed", check_mode=True, **params)
    without = note(None, "failed", **params)
    assert run.lines() == before
    assert predicted == without
    assert predicted["refused"] == note(run, "failed", **params)["refused"]
    assert note(run, "confirmed", check_mode=True)["changed"] is False


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    missing = note(RunRecord(tmp_path / "nowhere"), "confirmed")
    assert (missing["failed"], missing["error"]["kind"]) == (True, "not_found")
