# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollout over many tenants in real Ansible: recorded, stopped, gated, resumed, restored."""

from __future__ import annotations

import copy
import json
import os
import random
import signal
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.runs import run_record
from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, Run

from .conftest import APP, GROUP, OPERATOR, Tenant
from .test_role import RUNBOOK, host, play, secrets_in, stored

pytestmark = pytest.mark.both_ways

RESUME, RESTORE = "tenantops.entra.resume", "tenantops.entra.restore"
ASKED: dict[str, Any] = {"sspr_scope": "all", "sspr_notify_admins": True, "sspr_reconfirm_days": 90}


def fleet(make_tenant: Any, count: int, **seed: Any) -> dict[str, Tenant]:
    return {f"t{n:03}": make_tenant(display_name=f"Tenant {n}", **seed) for n in range(count)}


def hosts_of(tenants: Mapping[str, Tenant], **variables: Any) -> dict[str, dict[str, Any]]:
    return {name: host(tenant, **{**ASKED, **variables}) for name, tenant in tenants.items()}


def rollout(ansible: Ansible, tenants: Mapping[str, Tenant], *arguments: str, **variables: Any) -> Run:
    return play(ansible, RUNBOOK, hosts_of(tenants, **variables), *runs_in(ansible), *arguments)


def runs_in(ansible: Ansible) -> tuple[str, str]:
    return "-e", f"sspr_run_dir={ansible.home / 'runs'}"


def only_run(ansible: Ansible) -> run_record.RunRecord:
    [path] = (ansible.home / "runs").iterdir()
    return run_record.RunRecord(path)


def states(run: run_record.RunRecord) -> dict[str, str]:
    return {name: line["state"] for name, line in run.tenants().items()}


def done(tenant: Tenant) -> bool:
    policy = tenant.policy
    return bool(
        policy["enablementType"] == 2
        and policy["notifyOnAdminPasswordReset"]
        and policy["registrationReconfirmIntevalInDays"] == 90
    )


def serial(*waves: Any) -> tuple[str, str]:
    return "-e", json.dumps({"sspr_serial": list(waves)})


def untouched(tenants: Mapping[str, Tenant]) -> list[str]:
    return [name for name, tenant in tenants.items() if not tenant.requests()]


@pytest.mark.oldest
def test_the_record_of_a_run(make_tenant: Any, ansible: Ansible) -> None:
    tenants = fleet(make_tenant, 2)
    tenants["t001"].policy.update({"enablementType": 2, "notifyOnAdminPasswordReset": True})
    tenants["t001"].policy["registrationReconfirmIntevalInDays"] = 90
    before = {name: stored(tenant) for name, tenant in tenants.items()}
    run = rollout(ansible, tenants, "-vvvv")
    assert run.code == 0, run.output
    record = only_run(ansible)
    assert states(record) == {"t000": "confirmed", "t001": "confirmed"}
    lines = record.tenants()
    assert lines["t000"]["wrote"] is True
    assert lines["t001"]["wrote"] is False
    assert lines["t000"]["before"].keys() == {"sspr_policy", "methods"}
    assert lines["t000"]["after"].keys() == {"sspr_policy", "methods", "on_premises", "authorization"}, (
        "all were read back"
    )
    assert lines["t000"]["before"]["sspr_policy"] != lines["t000"]["after"]["sspr_policy"]
    assert lines["t000"]["before"]["methods"] == lines["t000"]["after"]["methods"]
    assert lines["t001"]["before"].items() <= lines["t001"]["after"].items()
    assert len(lines["t000"]["request_ids"]) > len(lines["t001"]["request_ids"]) > 0
    kept = record.record_of(tenants["t000"].id)
    assert kept is not None
    assert (kept["sspr_policy"], kept["methods"]) == before["t000"]
    assert kept["migration_state"] == "migrationComplete"
    assert record.record_of(tenants["t001"].id) is None, "nothing was written there"
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (record.path, *record.path.iterdir())}
    assert modes.pop(record.path) == 0o700
    assert set(modes.values()) == {0o600}
    for path in record.path.iterdir():
        assert secrets_in(path.read_text()) == []
        assert "eyJ" not in path.read_text()
    assert str(record.path) in run.output
    summary = run.of("Publish the run state")[-1]["ansible_stats"]["data"]["sspr_run_state"]
    assert summary["states"]["confirmed"] == ["t000", "t001"]
    assert {line["host"]: line["wrote"] for line in summary["tenants"]} == {"t000": True, "t001": False}
    # What a reading app and user have is not enough to restore it.
    simulator = tenants["t000"].simulator
    simulator.tenant(tenants["t000"].id).users[OPERATOR] = ["Security Administrator"]
    refused = tenants["t000"].run("sspr_restore", run=str(record.path))
    assert (refused.kind, refused["changed"]) == ("permission", False)
    assert stored(tenants["t000"]) != before["t000"]


@pytest.mark.worker_only
def test_check_mode_leaves_no_record(make_tenant: Any, ansible: Ansible) -> None:
    run = rollout(ansible, fleet(make_tenant, 1), "--check")
    assert run.code == 0, run.output
    assert not (ansible.home / "runs").exists()


@pytest.mark.worker_only
def test_what_cannot_be_recorded_is_not_written(make_tenant: Any, ansible: Ansible) -> None:
    tenants = fleet(make_tenant, 1)
    ansible.home.mkdir(parents=True)
    (ansible.home / "runs").write_text("a file, not a directory")
    run = rollout(ansible, tenants)
    assert run.code == 2
    assert run.results[-1].kind == "not_recorded"
    assert "sspr_run_dir" in run.results[-1]["msg"]
    assert untouched(tenants) == ["t000"]


def test_a_record_that_fails_later_stops_before_the_write(tenant: Tenant) -> None:
    begun = run_record.RunRecord.create(tenant.ansible.home / "runs", {"here": tenant.id}, "stop", "rollout")
    (begun.path / f"{tenant.id}.json").mkdir()
    result = tenant.run("sspr_notifications", notify_admins=True, run=str(begun.path), run_host="here")
    assert result.kind == "not_recorded"
    assert result["changed"] is False
    assert tenant.writes() == []
    assert states(begun) == {"here": "failed"}


@pytest.mark.worker_only
def test_a_hundred_tenants_one_skipped(make_tenant: Any, ansible: Ansible) -> None:
    tenants = fleet(make_tenant, 100)
    tenants["t042"].simulator.tenant(tenants["t042"].id).users.clear()
    run = rollout(ansible, tenants, "-e", "sspr_on_refusal=skip", "--forks", "10")
    assert run.code == 2
    assert [name for name, tenant in tenants.items() if not done(tenant)] == ["t042"]
    assert tenants["t042"].writes() == []
    found = states(only_run(ansible))
    assert found.pop("t042") == "refused"
    assert len(found) == 99
    assert set(found.values()) == {"confirmed"}
    assert "Tenants 100, confirmed 99, skipped 1" in run.output
    assert "skipped     t042" in run.output
    assert "AADSTS50020" in run.output


@pytest.mark.worker_only
@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_a_failure_after_a_write_stops_the_wave(make_tenant: Any, ansible: Ansible, policy: str) -> None:
    """With another tenant of the same wave skipped, which by itself would let Ansible continue."""
    tenants = fleet(make_tenant, 100)
    # The first page is written, the next one refused.
    tenants["t010"].fault("status", plane="portal", method="PUT", status=403, skip=1, times=None)
    if policy == "skip":
        tenants["t008"].simulator.tenant(tenants["t008"].id).users.clear()
    run = rollout(ansible, tenants, "-e", f"sspr_on_refusal={policy}", "--forks", "10", *serial(1, 5, 10, "100%"))
    assert run.code == 2
    assert untouched(tenants) == [f"t{n:03}" for n in range(16, 100)]
    record = only_run(ansible)
    stopper = record.stopped_by()
    assert stopper is not None
    assert stopper["host"] == "t010"
    found = states(record)
    assert found["t010"] == "failed"
    assert [name for name, state in found.items() if state == "confirmed"] == [f"t{n:03}" for n in range(6)]
    assert found["t008"] == ("refused" if policy == "skip" else found["t008"])
    assert "t010 stops this run" in run.output


@pytest.mark.worker_only
@pytest.mark.oldest
def test_twelve_tenants_the_second_fails_in_wave_one(make_tenant: Any, ansible: Ansible) -> None:
    tenants = fleet(make_tenant, 12)
    tenants["t001"].fault("status", plane="portal", method="PUT", status=403, times=None)
    run = rollout(ansible, tenants, *serial(3, "100%"))
    assert run.code == 2
    assert untouched(tenants) == [f"t{n:03}" for n in range(3, 12)]
    assert set(states(only_run(ansible)).values()) >= {"planned", "failed"}


FLOWS: dict[str, dict[str, Any]] = {
    "rescue": {"strategy": "linear"},
    "ignore_errors": {"strategy": "linear", "ignore_errors": True},
    "free": {"strategy": "free", "ignore_errors": True},
}


@pytest.mark.worker_only
@pytest.mark.parametrize("flow", FLOWS)
def test_no_playbook_carries_a_run_past_its_failure(make_tenant: Any, ansible: Ansible, flow: str) -> None:
    tenants = fleet(make_tenant, 4)
    tenants["t000"].fault("status", plane="portal", method="PUT", status=403, times=None)
    begun = run_record.RunRecord.create(ansible.home / "runs", dict.fromkeys(tenants, ""), "stop", "rollout")
    options = {**dict.fromkeys(next(iter(tenants.values())).options()), "notify_admins": True}
    asked = {name: f"{{{{ entra_{name} }}}}" for name in options if name != "notify_admins"}
    task = {
        "tenantops.entra.sspr_notifications": {
            **asked,
            "notify_admins": True,
            "run": str(begun.path),
            "run_host": "{{ inventory_hostname }}",
        }
    }
    tasks = [{"block": [task], "rescue": [{"ansible.builtin.meta": "noop"}]}] if flow == "rescue" else [task]
    path = ansible.home / "own.json"
    plays = [{"hosts": "all", "connection": "local", "gather_facts": False, "serial": 1, **FLOWS[flow], "tasks": tasks}]
    path.write_text(json.dumps(plays))
    run = play(ansible, str(path), hosts_of(tenants))
    assert [result.kind for result in run.results if result.kind] == ["permission", "stopped", "stopped", "stopped"]
    assert [tenant.policy["notifyOnAdminPasswordReset"] for tenant in tenants.values()] == [False] * 4
    assert [len(tenant.writes()) for tenant in tenants.values()] == [1, 0, 0, 0]


@pytest.mark.worker_only
@pytest.mark.parametrize(("limit", "code"), [(2, 2), (3, 0)])
def test_a_plan_for_more_tenants_than_meant(make_tenant: Any, ansible: Ansible, limit: int, code: int) -> None:
    tenants = fleet(make_tenant, 4)
    tenants["t000"].policy.update({"enablementType": 2, "notifyOnAdminPasswordReset": True})
    tenants["t000"].policy["registrationReconfirmIntevalInDays"] = 90
    run = rollout(ansible, tenants, "-e", f"sspr_max_changes={limit}")
    assert run.code == code, run.output
    if code:
        assert f"the plan changes 3 tenants, but sspr_max_changes is {limit} (t001, t002, t003)" in run.output
        assert [tenant.writes() for tenant in tenants.values()] == [[]] * 4
    else:
        assert all(map(done, tenants.values()))


WRONG = {
    "sspr_gate": ("coffee", "sspr_gate is coffee, but must be one of none, time, read_back, coverage"),
    "sspr_max_changes": ("many", "sspr_max_changes is many, but must be a number of tenants"),
    "sspr_on_refusal": ("ignore", "sspr_on_refusal is ignore, but must be stop or skip"),
}


@pytest.mark.worker_only
@pytest.mark.parametrize("variable", WRONG)
def test_a_wrong_choice_is_named_before_anything_is_sent(tenant: Tenant, variable: str) -> None:
    value, message = WRONG[variable]
    run = rollout(tenant.ansible, {"t000": tenant}, **{variable: value})
    assert run.code == 2
    assert message in run.results[-1]["msg"]
    assert tenant.requests() == []


@pytest.mark.worker_only
def test_another_tenant_always_stops(make_tenant: Any, ansible: Ansible) -> None:
    tenants = fleet(make_tenant, 3)
    hosts = hosts_of(tenants)
    hosts["t001"]["entra_expected_domain"] = "somebody.else.example"
    run = play(ansible, RUNBOOK, hosts, *runs_in(ansible), *serial(2, 1), "-e", "sspr_on_refusal=skip")
    assert run.code == 2
    assert [name for name, tenant in tenants.items() if tenant.writes()] == []
    assert untouched(tenants) == ["t002"]


@pytest.mark.worker_only
@pytest.mark.oldest
@pytest.mark.parametrize("moment", ["before the review", "before the next wave"])
def test_what_is_changed_meanwhile_stops_the_run(make_tenant: Any, ansible: Ansible, moment: str) -> None:
    tenants = fleet(make_tenant, 3)
    first = tenants["t000"]
    # Slow enough for the edit to be there before the next read.
    first.fault("slow", plane="portal", method="GET", seconds=0.4, times=None)
    hosts = hosts_of(tenants, sspr_gate="read_back", entra_confirm_timeout=1)
    process = start(ansible, RUNBOOK, hosts, *runs_in(ansible), *serial(1, "100%"))
    awaited = 3 if moment == "before the review" else 1
    state = "changed" if moment == "before the review" else "confirmed"
    while process.poll() is None and reached(ansible, "t000", state) < awaited:
        time.sleep(0.01)
    first.policy["registrationReconfirmIntevalInDays"] = 7
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 2, output
    assert untouched(tenants) == ["t001", "t002"]
    assert "t000 stops this run - changed by someone else after this run set it" in output
    assert "'reconfirm_days': 7" in output
    assert states(only_run(ansible))["t000"] == "failed"
    first.simulator.clear_faults()
    again = play(ansible, RESUME, hosts, *runs_in(ansible), "-e", f"sspr_run={only_run(ansible).path}", *serial("100%"))
    assert again.code == 0, again.output
    assert all(map(done, tenants.values()))


def reached(ansible: Ansible, name: str, state: str) -> int:
    """How many lines of that state the ledger has for a tenant."""
    if not list((ansible.home / "runs").glob("*/ledger.jsonl")):
        return 0
    return sum(line.get("host") == name and line.get("state") == state for line in only_run(ansible).lines())


@pytest.mark.worker_only
def test_a_refresh_token_revoked_in_the_middle(make_tenant: Any, ansible: Ansible) -> None:
    tenants = fleet(make_tenant, 6)
    simulator = tenants["t000"].simulator
    simulator.add_user("new@msp.example", mfa=True, refresh_tokens=["rt-first", "rt-second"])
    for tenant in tenants.values():
        simulator.tenant(tenant.id).users["new@msp.example"] = ["Authentication Policy Administrator"]
        tenant.credentials["portal_refresh_token"] = "rt-first"
    later = [tenants[name] for name in ("t003", "t004", "t005")]
    for tenant in later:
        tenant.fault("slow", plane="token", seconds=1.5)
    process = start(ansible, RUNBOOK, hosts_of(tenants), *runs_in(ansible), *serial(1, 2, "100%"))
    while process.poll() is None and not any(tenant.requests() for tenant in later):
        time.sleep(0.02)
    simulator.revoke("rt-first")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 2, output
    assert "t003 stops this run" in output
    assert [name for name, tenant in tenants.items() if done(tenant)] == ["t000", "t001", "t002"]
    record = only_run(ansible)
    found = states(record)
    assert [name for name in tenants if found[name] == "confirmed"] == ["t000", "t001", "t002"]
    assert [name for name, tenant in tenants.items() if tenant.writes()] == ["t000", "t001", "t002"]
    assert "portal_credential_expired" in record.path.joinpath("ledger.jsonl").read_text()
    simulator.clear_faults()
    for tenant in tenants.values():
        tenant.credentials["portal_refresh_token"] = "rt-second"
    simulator.clear_log()
    again = play(ansible, RESUME, hosts_of(tenants), *runs_in(ansible), "-e", f"sspr_run={record.path.name}")
    assert again.code == 0, again.output
    assert all(map(done, tenants.values()))
    assert set(states(record).values()) == {"confirmed"}
    assert [name for name, tenant in tenants.items() if tenant.requests()] == ["t003", "t004", "t005"]


@pytest.mark.worker_only
def test_killed_at_any_point_and_resumed(make_tenant: Any, ansible: Ansible) -> None:
    """Ten times, at random moments. What was confirmed is not written again; the ledger has every tenant."""
    tenants = fleet(make_tenant, 30)
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    arguments = (*serial(2, 10, "100%"), "--forks", "5")
    hosts = hosts_of(tenants)
    written = dict.fromkeys(tenants, 0)
    confirmed: set[str] = set()
    for attempt in range(11):
        known = (ansible.home / "runs").exists() and list((ansible.home / "runs").iterdir())
        which = (RESUME, "-e", f"sspr_run={known[0]}") if known else (RUNBOOK,)
        process = start(ansible, which[0], hosts, *which[1:], *runs_in(ansible), *arguments)
        if attempt < 10:
            time.sleep(chance.uniform(1.0, 4.0))
            os.killpg(process.pid, signal.SIGKILL)
            if attempt % 2:
                # Ansible's workers have process groups of their own: now and then they survive, and finish a task.
                kill_all_of(ansible)
        output = process.communicate()[0]
        writes = {name: len(tenant.writes()) for name, tenant in tenants.items()}
        assert all(writes[name] == written[name] for name in confirmed), f"seed {seed}"
        if (ansible.home / "runs").exists():
            found = states(only_run(ansible))
            assert found.keys() == tenants.keys()
            written, confirmed = writes, {name for name, state in found.items() if state == "confirmed"}
        if confirmed == tenants.keys():
            break
    kill_all_of(ansible)
    assert process.returncode == 0 or confirmed == tenants.keys(), output
    assert all(map(done, tenants.values())), f"seed {seed}"
    assert set(states(only_run(ansible)).values()) == {"confirmed"}, f"seed {seed}"
    for tenant in tenants.values():
        bodies = [json.dumps(entry.body, sort_keys=True) for entry in tenant.writes() if entry.applied]
        assert len(bodies) == len(set(bodies)) == 3, f"written twice, seed {seed}"


STATES = ("preMigration", "migrationInProgress", "migrationComplete", None)
WIDE: dict[str, Any] = {
    **ASKED,
    "sspr_scope": "selected",
    "sspr_group": "SSPR Pilot",
    "sspr_methods_required": 2,
    "sspr_methods": {"email": True, "mobile_phone": True, "office_phone": False, "mobile_app_code": True},
    "sspr_allow_sign_in_change": True,
    "sspr_helpdesk_link": True,
    "sspr_helpdesk_contact": "it@contoso.com",
}


@pytest.mark.worker_only
@pytest.mark.oldest
def test_restored_in_every_migration_state(make_tenant: Any, ansible: Ansible) -> None:
    off = {"Sms": {"state": "disabled"}, "MicrosoftAuthenticator": {"isSoftwareOathEnabled": False}}
    tenants = {
        f"t{n:03}": make_tenant(migration_state=state, authentication_methods_policy=copy.deepcopy(off))
        for n, state in enumerate((*STATES, "migrationComplete"))
    }
    before = {name: stored(tenant) for name, tenant in tenants.items()}
    run = play(ansible, RUNBOOK, hosts_of(tenants, **WIDE), *runs_in(ansible))
    assert run.code == 0, run.output
    record = only_run(ansible)
    assert all(stored(tenants[name]) != before[name] for name in tenants)
    # Meanwhile someone else sets what the run has set, and something that it has not.
    edited = tenants["t004"]
    edited.policy.update({"registrationReconfirmIntevalInDays": 30, "notifyUsersOnPasswordReset": False})
    edited.methods["Email"]["state"] = "disabled"
    edited.methods["Fido2"]["state"] = "disabled"
    kept = copy.deepcopy((edited.policy, edited.methods))
    arguments = (*runs_in(ansible), "-e", f"sspr_run={record.path}")
    simulator = edited.simulator
    simulator.clear_log()
    foretold = play(ansible, RESTORE, hosts_of(tenants, **WIDE), *arguments, "--check", "--diff")
    assert foretold.code == 0, foretold.output
    assert [entry for tenant in tenants.values() for entry in tenant.writes()] == []
    assert "-    helpdesk_contact: it@contoso.com" in foretold.output

    back = play(ansible, RESTORE, hosts_of(tenants, **WIDE), *arguments)
    assert back.code == 0, back.output
    for name in STATES_HOSTS:
        assert stored(tenants[name]) == before[name], name
    [result] = [r for r in back.of("Restore what the run has written") if r.host == "t004"]
    assert [entry["option"] for entry in result["left"]] == ["reconfirm_days"]
    assert "reconfirm_days - changed after the run by someone else" in back.output
    expected = copy.deepcopy(before["t004"])
    expected[0].update({"registrationReconfirmIntevalInDays": 30, "notifyUsersOnPasswordReset": False})
    expected[1]["Email"]["state"] = kept[1]["Email"]["state"]
    expected[1]["Fido2"]["state"] = "disabled"
    assert stored(edited) == expected

    writes = sum(len(tenant.writes()) for tenant in tenants.values())
    again = play(ansible, RESTORE, hosts_of(tenants, **WIDE), *arguments)
    assert again.code == 0, again.output
    assert sum(len(tenant.writes()) for tenant in tenants.values()) == writes
    assert not any(result.changed for result in again.results)
    # A restoration is a run like any other, and can be restored.
    second = sorted((ansible.home / "runs").iterdir())[1]
    forth = play(ansible, RESTORE, hosts_of(tenants, **WIDE), *runs_in(ansible), "-e", f"sspr_run={second}")
    assert forth.code == 0, forth.output
    assert tenants["t000"].policy["customHelpdeskEmailOrUrl"] == "it@contoso.com"


STATES_HOSTS = [f"t{n:03}" for n in range(len(STATES))]


@pytest.mark.worker_only
def test_a_record_never_reaches_another_tenant(make_tenant: Any, ansible: Ansible) -> None:
    one, other = make_tenant(), make_tenant()
    first = rollout(ansible, {"here": one})
    assert first.code == 0, first.output
    other.policy.update(copy.deepcopy(one.policy))
    result = other.run("sspr_restore", run=str(only_run(ansible).path))
    assert result.ok
    assert (result["changed"], result["recorded"], result["left"]) == (False, False, [])
    assert other.writes() == []
    missing = other.run("sspr_restore", run=str(ansible.home / "nowhere"))
    assert missing.kind == "not_found"
    assert other.writes() == []


@pytest.mark.worker_only
def test_members_are_added_to_the_group(make_tenant: Any, ansible: Ansible) -> None:
    people = [
        {"id": f"44444444-0000-4000-8000-00000000000{n}", "userPrincipalName": f"u{n}@contoso.com"} for n in (1, 2)
    ]
    sales = {"id": "55555555-0000-4000-8000-000000000001", "displayName": "Sales"}
    rule = {"id": "55555555-0000-4000-8000-000000000002", "displayName": "Rule", "groupTypes": ["DynamicMembership"]}
    permissions = [
        "Organization.Read.All",
        "Group.Read.All",
        "Policy.Read.AuthenticationMethod",
        "GroupMember.ReadWrite.All",
        "User.ReadBasic.All",
    ]
    tenant = make_tenant(
        groups=[{"id": GROUP, "displayName": "SSPR Pilot", "members": [people[0]["id"]]}, sales, rule],
        people=people,
        apps={APP: permissions},
    )
    asked = {
        "sspr_scope": "selected",
        "sspr_group": "SSPR Pilot",
        "sspr_group_members": ["u1@contoso.com", "u2@contoso.com"],
        "sspr_group_groups": ["Sales"],
    }
    foretold = rollout(ansible, {"t000": tenant}, "--check", **asked)
    assert foretold.code == 0, foretold.output
    assert tenant.writes() == []
    run = rollout(ansible, {"t000": tenant}, **asked)
    assert run.code == 0, run.output
    [result] = run.of("Add members to the group")
    assert result["added"] == ["u2@contoso.com", "Sales"]
    assert tenant.simulator.tenant(tenant.id).groups[0]["members"] == [*(p["id"] for p in people), sales["id"]]
    written = len(tenant.writes())
    second = rollout(ansible, {"t000": tenant}, **asked)
    assert second.code == 0, second.output
    assert len(tenant.writes()) == written
    for wrong, kind in (
        ({"group": "SSPR Pilot", "members": ["nobody@contoso.com"]}, "not_found"),
        ({"group": "Rule", "members": ["u1@contoso.com"]}, "unsupported"),
        ({"group": "Sales", "groups": ["Sales"]}, "invalid_setting"),
    ):
        assert tenant.run("sspr_group", **wrong).kind == kind
    assert len(tenant.writes()) == written
    tenant.simulator.tenant(tenant.id).apps[APP] = [p for p in permissions if "Write" not in p]
    refused = tenant.run("sspr_group", group="Sales", members=["u1@contoso.com"])
    assert refused.kind == "permission"
    assert "GroupMember.ReadWrite.All" in refused["msg"]
    assert refused["changed"] is False


def kill_all_of(ansible: Ansible) -> None:
    """Kill whatever Ansible has left running for a test."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            if str(ansible.home) in path.read_text():
                os.kill(int(path.parent.name), signal.SIGKILL)


def start(ansible: Ansible, playbook: str, hosts: Mapping[str, Any], *arguments: str) -> Any:
    """Start a playbook in a process group of its own, without waiting for it."""
    ansible.home.mkdir(parents=True, exist_ok=True)
    inventory = ansible.home / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    return ansible.start(playbook, "--inventory", str(inventory), "--extra-vars", "sspr_hosts=all", *arguments)
