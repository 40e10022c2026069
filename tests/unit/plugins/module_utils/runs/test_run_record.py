# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run: which line ends it, what survives a crash, and restoring as properties."""

from __future__ import annotations

import copy
import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import ERROR_KINDS, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.planning.plan import Step
from ansible_collections.tenantops.entra.plugins.module_utils.planning.restore_plan import (
    CHANGED_SINCE,
    MIGRATED_SINCE,
    make_restore_plan,
)
from ansible_collections.tenantops.entra.plugins.module_utils.runs.run_record import (
    LEDGER,
    RunRecord,
    TaskRecorder,
    by_tenant,
)
from ansible_collections.tenantops.entra.plugins.module_utils.runs.stop_rule import RUN_FAILURES, stops_run
from ansible_collections.tenantops.entra.plugins.module_utils.settings.tenant_documents import Documents

from ..planning.test_plan import REQUESTED, apply, carry_out, documents, legacy, migrated

TENANT = {"id": "11111111-1111-4111-8111-111111111111"}


@pytest.mark.parametrize("on_refusal", ["stop", "skip"])
@pytest.mark.parametrize("wrote", [False, True])
@pytest.mark.parametrize("kind", sorted(ERROR_KINDS))
def test_which_failure_ends_a_run(on_refusal: str, wrote: bool, kind: str) -> None:
    line = {"state": "failed", "wrote": wrote, "error": {"kind": kind}}
    assert stops_run(line, on_refusal) is (on_refusal == "stop" or wrote or kind in RUN_FAILURES)
    for state in ("planned", "started", "changed", "confirmed", "refused"):
        assert not stops_run({**line, "state": state}, on_refusal)


def test_a_resumed_run_goes_on_until_the_next_failure(tmp_path: Path) -> None:
    run = RunRecord.create(tmp_path, {"a": "1", "b": "2"}, "stop", "rollout")
    run.require_going()
    run.note("a", "failed", error={"kind": "permission", "message": "no"})
    with pytest.raises(SsprError, match="stopped by a: no") as caught:
        run.require_going()
    assert caught.value.kind == "stopped"
    run.resume("skip")
    run.note("a", "failed", error={"kind": "permission"})
    run.require_going()
    run.note("b", "failed", error={"kind": "conflict"}, wrote=True)
    stopper = run.stopped_by()
    assert stopper is not None
    assert stopper["host"] == "b"


def test_one_line_per_tenant() -> None:
    lines: list[dict[str, Any]] = [
        {"run": "x", "on_refusal": "stop"},
        {"host": "a", "state": "planned"},
        {"host": "a", "state": "started", "before": {"sspr_policy": "1"}, "request_ids": ["r1"]},
        {"host": "a", "state": "failed", "error": {"kind": "conflict"}, "wrote": True, "request_ids": ["r1", "r2"]},
        {"host": "a", "state": "started", "before": {"sspr_policy": "2"}},
        {"host": "a", "state": "confirmed", "after": {"sspr_policy": "3"}, "request_ids": ["r3"]},
        {"damaged": '{"host'},
    ]
    assert by_tenant(lines) == {
        "a": {
            "host": "a",
            "state": "confirmed",
            "before": {"sspr_policy": "1"},
            "after": {"sspr_policy": "3"},
            "wrote": True,
            "request_ids": ["r1", "r2", "r3"],
        }
    }


@given(cut=st.integers(1, 60))
def test_a_line_that_was_cut_off_takes_no_other_with_it(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    run = RunRecord.create(tmp_path_factory.mktemp("runs"), {"a": "1"}, "stop", "rollout")
    run.note("b", "confirmed", after={"sspr_policy": "x" * 60})
    ledger = run.path / LEDGER
    ledger.write_bytes(ledger.read_bytes()[:-cut])
    run.note("c", "confirmed")
    assert {name: line["state"] for name, line in run.tenants().items()} in (
        {"a": "planned", "c": "confirmed"},
        {"a": "planned", "b": "confirmed", "c": "confirmed"},
    )


def _note(path: Path, host: str) -> None:
    for n in range(50):
        RunRecord(path).note(host, "changed", n=n)


def test_many_processes_write_one_ledger(tmp_path: Path) -> None:
    run = RunRecord.create(tmp_path, {}, "stop", "rollout")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_note, args=(run.path, f"h{n}")) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    lines = [line for line in run.lines() if "host" in line]
    assert [[line["n"] for line in lines if line["host"] == f"h{n}"] for n in range(4)] == [list(range(50))] * 4


@pytest.mark.parametrize("name", ["nowhere", "../nowhere", "/nowhere"])
def test_a_run_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(SsprError, match="is not a run") as caught:
        RunRecord.find(tmp_path, name)
    assert caught.value.kind == "not_found"


def recorded(run: RunRecord, before: Documents, steps: list[Step]) -> dict[str, Any]:
    """What is on disk after these steps were sent, whether they took or not."""
    recorder = TaskRecorder(run, "a")
    recorder.identify(TENANT, list)
    found = before
    for step in steps:
        recorder.before(step, found)
        found = apply(found, step)
    record = run.record_of(TENANT["id"])
    assert record is not None
    return record


def restored(found: Documents, record: dict[str, Any]) -> tuple[Documents, dict[str, str]]:
    """Apply the first step and plan again, until nothing is left."""
    for _round in range(6):
        restore = make_restore_plan(found, record)
        if not restore.plan.steps:
            return found, dict(restore.not_restored)
        found = apply(found, restore.plan.steps[0])
    raise AssertionError("a restore never takes more than five writes")


@given(before=documents(), requested=REQUESTED, lost=st.integers(0, 3))
def test_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, before: Documents, requested: dict[str, Any], lost: int
) -> None:
    """Whatever was requested for, and wherever it was interrupted, the way back leads to what was there first."""
    _after, steps = carry_out(before, requested)
    if not steps:
        return
    record = recorded(RunRecord.create(tmp_path_factory.mktemp("runs"), {}, "stop", "rollout"), before, steps)
    found = before
    for step in steps[: max(0, len(steps) - lost)]:
        found = apply(found, step)
    back, left = restored(found, record)
    assert left == {}
    assert back == before
    assert make_restore_plan(back, record).plan.changes == ()


@given(before=documents(), requested=REQUESTED, days=st.integers(0, 730), extra=st.text())
def test_what_someone_else_has_set_is_not_restored(
    tmp_path_factory: pytest.TempPathFactory, before: Documents, requested: dict[str, Any], days: int, extra: str
) -> None:
    requested = {**requested, "reconfirm_days": 731 - days if days else 1, "notify_admins": True}
    after, steps = carry_out(before, requested)
    if not steps or before.sspr_policy is None or after.sspr_policy is None:
        return
    record = recorded(RunRecord.create(tmp_path_factory.mktemp("runs"), {}, "stop", "rollout"), before, steps)
    edited = copy.deepcopy(after)
    edited.sspr_policy.update({"registrationReconfirmIntevalInDays": days, "somethingNew": extra})  # type: ignore[union-attr]
    back, left = restored(edited, record)
    first = before.sspr_policy["registrationReconfirmIntevalInDays"]
    ours = {requested["reconfirm_days"]} if first != requested["reconfirm_days"] else set()
    foreign = bool(ours) and days not in ours | {first}
    assert left == ({"reconfirm_days": CHANGED_SINCE} if foreign else {})
    assert back.sspr_policy is not None
    expected = first if days in ours else days
    assert back.sspr_policy["registrationReconfirmIntevalInDays"] == expected
    assert back.sspr_policy["somethingNew"] == extra
    kept = {"registrationReconfirmIntevalInDays", "somethingNew"}
    assert {k: v for k, v in back.sspr_policy.items() if k not in kept} == {
        k: v for k, v in before.sspr_policy.items() if k not in kept
    }
    assert back.methods == before.methods


def test_methods_of_another_migration_state_are_not_restored(tmp_path: Path) -> None:
    before = legacy(emailOptionEnabled=False)
    after, steps = carry_out(before, {"methods.email": True, "notify_admins": True})
    record = recorded(RunRecord.create(tmp_path, {}, "stop", "rollout"), before, steps)
    since = Documents(after.sspr_policy, after.methods, "migrationComplete")
    back, left = restored(since, record)
    assert left == {"methods.email": MIGRATED_SINCE}
    assert back.sspr_policy is not None
    assert back.sspr_policy["emailOptionEnabled"] is True
    assert back.sspr_policy["notifyOnAdminPasswordReset"] is False


def test_a_record_holds_both_documents_and_every_field_before_it_is_sent(tmp_path: Path) -> None:
    before = migrated(Email=False)
    _after, steps = carry_out(before, {"methods.email": True, "notify_admins": True})
    run = RunRecord.create(tmp_path, {}, "stop", "rollout")
    record = recorded(run, before, steps)
    assert (record["sspr_policy"], record["methods"], record["migration_state"]) == (
        before.sspr_policy,
        before.methods,
        None,
    )
    assert [(write["document"], write["options"]) for write in record["writes"]] == [
        ("methods", ["methods.email"]),
        ("sspr_policy", ["notify_admins"]),
    ]
    assert "on_premises" not in record
    assert json.loads((run.path / f"{TENANT['id']}.json").read_text()) == record
    _after, steps = carry_out(before, {"password_writeback": True})
    assert recorded(run, before, steps)["on_premises"] == before.on_premises
    assert [path.name for path in run.path.iterdir() if path.suffix not in (".json", ".jsonl")] == []
