# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registering methods for people, in real Ansible: a spreadsheet of a thousand, and what goes wrong with a row."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterable
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, TaskResult

from .conftest import APP, OPERATOR, Tenant
from .test_role import secrets_in
from .test_rollout import kill_all_of

pytestmark = pytest.mark.both_ways

MAY_WRITE = ["Organization.Read.All", "UserAuthenticationMethod.ReadWrite.All"]
MAY_READ = ["Organization.Read.All", "UserAuthenticationMethod.Read.All"]
PHONE, EMAIL = "#microsoft.graph.phoneAuthenticationMethod", "#microsoft.graph.emailAuthenticationMethod"


def user_id(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012}"


def upn(n: int) -> str:
    return f"user{n:04}@contoso.com"


def number(n: int) -> str:
    return f"+1 206555{n:04}"


def phone(value: str, kind: str = "mobile") -> dict[str, str]:
    return {"@odata.type": PHONE, "phoneType": kind, "phoneNumber": value}


def email(value: str) -> dict[str, str]:
    return {"@odata.type": EMAIL, "emailAddress": value}


@pytest.fixture
def make_company(make_tenant: Any) -> Any:
    """Make a tenant with this many users, in which the app may register methods."""

    def make(count: int, **seed: Any) -> Tenant:
        people = [{"id": user_id(n), "userPrincipalName": upn(n)} for n in range(count)]
        tenant: Tenant = make_tenant(**{"apps": {APP: MAY_WRITE}, "people": people, **seed})
        tenant.credentials.pop("portal_refresh_token")
        return tenant

    return make


def stored(tenant: Tenant, n: int) -> dict[str, str]:
    """What a user has, by Graph's kind of phone, or ``email``."""
    methods = tenant.simulator.tenant(tenant.id).user_methods.get(user_id(n), [])
    return {method.get("phoneType", "email"): method.get("phoneNumber") or method["emailAddress"] for method in methods}


def sent(tenant: Tenant) -> list[tuple[str, str]]:
    """The writes: by which verb, and to which kind of phone or collection."""
    return [
        (entry.method, (entry.body or {}).get("phoneType") or entry.path.split("/")[-1]) for entry in tenant.writes()
    ]


def statuses(result: TaskResult) -> dict[str, str]:
    return {row["user"]: row["status"] for row in result["rows"]}


def kinds(result: TaskResult) -> list[str | None]:
    return [(row["error"] or {}).get("kind") for row in result["rows"]]


def spreadsheet(rows: Iterable[tuple[str, str, str]]) -> str:
    return "user;Department;mobile_phone;email\r\n" + "".join(f"{a};Sales;{b};{c}\r\n" for a, b, c in rows)


BAD_ROWS = {
    100: (upn(100), "+12065550100", "", "mobile_phone: '+12065550100' is not in the format"),
    200: (upn(200), "(206) 555-0100", "", "mobile_phone: '(206) 555-0100' is not in the format"),
    300: (upn(300), "+1 206-555-0100", "", "write '+1 2065550100' if that is what you mean"),
    400: (upn(400), "", "somebody at home", "email: 'somebody at home' is not an email address"),
    500: (upn(500), "", "", "the row has none of them"),
    600: ("nobody@contoso.com", number(600), "", "the tenant has no user 'nobody@contoso.com'"),
    700: ("pat_home.example#EXT#@contoso.com", number(700), "", "is a guest"),
    800: ("user0800", number(800), "", "is neither a user principal name nor an object ID"),
    900: ("", number(900), "", "user: it must not be empty"),
    999: (upn(999), number(999), "a@b", "email: 'a@b' is not an email address"),
}


@pytest.mark.worker_only
def test_a_thousand_users_from_a_spreadsheet_with_ten_bad_rows(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(1000)
    rows = [BAD_ROWS[n][:3] if n in BAD_ROWS else (upn(n), number(n), "") for n in range(1000)]
    ansible.home.mkdir(parents=True)
    (ansible.home / "phones.csv").write_text(spreadsheet(rows), encoding="utf-8-sig")
    asked = {"csv": "{{ lookup('ansible.builtin.file', 'phones.csv') }}"}
    first = ansible.tasks(tenant.task("sspr_user_methods", **asked))[0]
    assert first.outcome == "failed"
    assert first.changed
    assert first["counts"] == {"changed": 990, "ok": 0, "cannot_compare": 0, "failed": 10}
    for n, (user, _number, _address, words) in BAD_ROWS.items():
        row = first["rows"][n]
        assert (row["line"], row["user"], row["status"]) == (n + 2, user, "failed")
        assert words in row["error"]["message"]
        assert row["error"]["hint"]
        assert f"line {n + 2} ({user}): " in first["msg"]
        assert words in first["msg"]
    for n in (0, 1, 499, 998):
        assert first["rows"][n]["changed"] == ["mobile_phone"]
        assert stored(tenant, n) == {"mobile": number(n)}
    assert len(tenant.simulator.tenant(tenant.id).user_methods) == 990
    assert len(tenant.writes()) == 990

    tenant.simulator.clear_log()
    again = ansible.run_tasks(tenant.task("sspr_user_methods", **asked), arguments=["-vvvv", "--diff"])
    [second] = again.results
    assert not second.changed
    assert second["counts"] == {"changed": 0, "ok": 990, "cannot_compare": 0, "failed": 10}
    assert [row["error"] and row["error"]["message"] for row in second["rows"]] == [
        row["error"] and row["error"]["message"] for row in first["rows"]
    ]
    assert tenant.writes() == []
    assert secrets_in(again.output) == []
    assert "eyJ" not in again.output


@pytest.mark.oldest
def test_one_user_a_list_and_what_is_left_alone(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(3, user_methods={user_id(1): [phone(number(1)), email("Old@home.example")]})
    users = [
        {"user": upn(0), "mobile_phone": number(0), "office_phone": f"{number(9)}x12", "email": None},
        {"user": user_id(1), "email": "old@HOME.example", "mobile_phone": ""},
        {"user": upn(2), "mobile_phone": number(2), "alternate_mobile_phone": number(3), "email": "u2@home.example"},
    ]
    run = ansible.run_tasks(
        tenant.task("sspr_user_methods", check_mode=True, users=users),
        tenant.task("sspr_user_methods", users=users),
        tenant.task("sspr_user_methods", users=users),
        tenant.task("sspr_user_methods", user=upn(1).upper(), mobile_phone=number(7), office_phone=number(8)),
        tenant.task("sspr_user_methods", user=upn(1), check_mode=True, state="absent", office_phone="any"),
        arguments=["-vvvv", "--diff"],
    )
    foretold, first, again, one, other = run.results
    for result in (foretold, first):
        assert result.ok, result.values
        assert result.changed
        assert [row["status"] for row in result["rows"]] == ["changed", "ok", "changed"]
        assert result["rows"][0]["changed"] == ["mobile_phone", "office_phone"]
        assert result["diff"]["after"]["registered"][1].endswith("mobile_phone, alternate_mobile_phone, email")
        assert number(0) not in str(result["diff"])
        told = " ".join(result["warnings"])
        assert "alternate_mobile_phone: is used for MFA only" in told
        assert "office_phone: extensions are dropped" in told
    assert foretold["missing_permissions"] == []
    assert (again.changed, again["counts"]["ok"]) == (False, 3)
    assert one["rows"][0]["changed"] == ["mobile_phone", "office_phone"]
    assert (other.changed, other["diff"]["after"]) == (True, {"removed": [f"{upn(1)}: office_phone"]})
    assert stored(tenant, 0) == {"mobile": number(0), "office": f"{number(9)}x12"}
    assert stored(tenant, 1) == {"mobile": number(7), "office": number(8), "email": "Old@home.example"}
    assert sent(tenant)[-2:] == [("PATCH", "mobile"), ("POST", "office")]
    assert len(tenant.writes()) == 2 + 3 + 2
    assert secrets_in(run.output) == []
    assert "eyJ" not in run.output


@pytest.mark.worker_only
def test_removing_in_the_order_the_service_demands(make_company: Any, ansible: Ansible) -> None:
    whole = [
        phone(number(1)),
        phone(number(2), "alternateMobile"),
        phone(number(3), "office"),
        email("a@home.example"),
    ]
    tenant = make_company(4, user_methods={user_id(n): list(whole) for n in range(4)})
    [person] = [p for p in tenant.simulator.tenant(tenant.id).people if p["id"] == user_id(3)]
    person["defaultMfaPhone"] = "mobile"
    users = [
        {"user": upn(0), "mobile_phone": "any", "alternate_mobile_phone": number(2), "email": "A@home.example"},
        {"user": upn(1), "office_phone": number(9)},
        {"user": upn(2), "mobile_phone": number(1)},
        {"user": upn(3), "mobile_phone": "any", "alternate_mobile_phone": "any"},
    ]
    first, again = ansible.tasks(
        tenant.task("sspr_user_methods", state="absent", users=users),
        tenant.task("sspr_user_methods", state="absent", users=users[:2]),
    )
    assert (first.outcome, first.changed) == ("failed", True)
    assert [row["status"] for row in first["rows"]] == ["changed", "ok", "failed", "failed"]
    assert first["rows"][0]["changed"] == ["email", "alternate_mobile_phone", "mobile_phone"]
    assert "only together with mobile_phone" in first["rows"][2]["error"]["message"]
    assert "default method" in first["rows"][3]["error"]["message"]
    assert first["rows"][3]["changed"] == ["alternate_mobile_phone"]
    assert stored(tenant, 0) == {"office": number(3)}
    assert stored(tenant, 1) == stored(tenant, 2)
    assert stored(tenant, 3) == {"mobile": number(1), "office": number(3), "email": "a@home.example"}
    assert (again.ok, again.changed) == (True, False)


@pytest.mark.worker_only
def test_masked_numbers_are_left_alone(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(2, mask_phone_numbers=True, user_methods={user_id(0): [phone(number(0))]})
    users = [
        {"user": upn(0), "mobile_phone": number(5), "email": "u0@home.example"},
        {"user": upn(1), "mobile_phone": number(1)},
    ]
    first, again = ansible.tasks(
        tenant.task("sspr_user_methods", users=users), tenant.task("sspr_user_methods", users=users)
    )
    assert first.ok, first.values
    assert statuses(first) == {upn(0): "cannot_compare", upn(1): "changed"}
    assert (first["rows"][0]["changed"], first["rows"][0]["not_compared"]) == (["email"], ["mobile_phone"])
    assert "shown masked" in " ".join(first["warnings"])
    assert "(line 1)" in " ".join(first["warnings"])
    assert stored(tenant, 0)["mobile"] == number(0)
    assert (again.changed, again["counts"]["cannot_compare"]) == (False, 2)
    assert len(tenant.writes()) == 2


@pytest.mark.worker_only
def test_wrong_options_are_refused_before_anything_is_sent(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(1)
    wrong: list[dict[str, Any]] = [
        {},
        {"user": upn(0), "csv": "user,email\n"},
        {"mobile_phone": number(0)},
        {"users": [{"user": upn(0), "email": "a@b.example"}, {"user": upn(0).upper(), "email": "a@c.example"}]},
        {"users": [{"email": "a@b.example"}]},
        {"csv": "name,phone\na,b"},
        {"user": upn(0), "mobile_phone": "5550100"},
        {"user": upn(0), "mobile_phone": number(0), "state": "gone"},
    ]
    tenant.simulator.clear_log()
    results = ansible.tasks(*(tenant.task("sspr_user_methods", **options) for options in wrong))
    assert [result.kind for result in results] == ["invalid_setting"] * len(wrong)
    assert not [result for result in results if result.changed]
    assert "in lines 1 and 2" in results[3]["msg"]
    assert results[6]["rows"][0]["status"] == "failed"
    assert tenant.requests() == []


@pytest.mark.worker_only
def test_what_the_service_refuses_is_told_at_its_row(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(8)
    tenant.fault("status", plane="graph", status=403, path="user0001.*methods", times=None)
    tenant.fault("status", plane="graph", status=403, method="POST", path="user0002.*emailMethods")
    tenant.fault("status", plane="graph", status=400, method="POST", path="user0003.*phoneMethods")
    tenant.fault("status", plane="graph", status=502, path="user0004.*methods", times=None)
    tenant.fault("throttle", plane="graph", method="POST", path="user0005.*phoneMethods", retry_after=600)
    tenant.fault("ignore_write", plane="graph", method="POST", path="user0006.*phoneMethods")
    users = [{"user": upn(n), "mobile_phone": number(n), "email": f"u{n}@home.example"} for n in range(8)]
    tenant.simulator.clear_log()
    first, again = ansible.tasks(
        tenant.task("sspr_user_methods", users=users, confirm_timeout=1),
        tenant.task("sspr_user_methods", users=users[5:]),
    )
    assert kinds(first) == [
        None,
        "permission",
        "permission",
        "invalid_setting",
        "unreachable",
        "throttled",
        "not_confirmed",
        None,
    ]
    assert "Privileged Authentication Administrator" in first["rows"][1]["error"]["hint"]
    # What was written of a row before it was refused is told, and so is what nobody has seen.
    assert first["rows"][2]["changed"] == ["mobile_phone"]
    assert (first["rows"][6]["changed"], first["rows"][6]["unconfirmed"]) == (["email"], ["mobile_phone"])
    assert first["unconfirmed"] == [f"{upn(6)}: mobile_phone"]
    assert first.kind == "permission"
    assert "6 of 8 rows failed" in first["msg"]
    assert (first.changed, again.ok, again["counts"]) == (
        True,
        True,
        {"changed": 2, "ok": 1, "cannot_compare": 0, "failed": 0},
    )
    assert stored(tenant, 6) == {"mobile": number(6), "email": "u6@home.example"}


@pytest.mark.worker_only
def test_waiting_as_asked_lost_connections_and_stale_reads(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(8)
    tenant.fault("throttle", plane="graph", method="GET", path="user0001.*methods", retry_after=1)
    tenant.fault("throttle", plane="graph", method="POST", path="user0002.*phoneMethods", retry_after=1)
    tenant.fault("drop_after", plane="graph", method="POST", path="user0003.*phoneMethods")
    tenant.fault("drop_before", plane="graph", method="GET", path="user0004.*methods")
    tenant.fault("stale_read", plane="graph", method="GET", path="user0005.*methods", skip=1)
    tenant.fault("claims_challenge", plane="graph", method="POST", path="user0006.*emailMethods")
    tenant.fault("drop_before", plane="graph", method="POST", path="user0007.*phoneMethods")
    users = [{"user": upn(n), "mobile_phone": number(n), "email": f"u{n}@home.example"} for n in range(8)]
    first, again = ansible.tasks(
        tenant.task("sspr_user_methods", users=users, confirm_timeout=2),
        tenant.task("sspr_user_methods", users=users),
    )
    # Where the connection was lost before the write arrived, it is not sent again: nobody knows what became of it.
    assert kinds(first) == [*[None] * 7, "not_confirmed"]
    assert [row["changed"] for row in first["rows"]][:7] == [["mobile_phone", "email"]] * 7
    for n in range(7):
        assert stored(tenant, n) == {"mobile": number(n), "email": f"u{n}@home.example"}
    assert (again.ok, again["counts"]["changed"], again["counts"]["ok"]) == (True, 1, 7)
    posted = [entry for entry in tenant.writes() if entry.method == "POST" and entry.applied]
    assert len(posted) == 16, "nothing was written twice"


@pytest.mark.worker_only
def test_a_service_that_does_not_answer_is_not_asked_a_thousand_times(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(200)
    tenant.fault("status", plane="graph", status=500, path="authentication/methods", times=None)
    tenant.simulator.clear_log()
    [result] = ansible.tasks(
        tenant.task("sspr_user_methods", users=[{"user": upn(n), "mobile_phone": number(n)} for n in range(200)])
    )
    assert set(kinds(result)) == {"unreachable"}
    assert "Skipped after repeated service errors" in result["rows"][-1]["error"]["hint"]
    assert (result.changed, result["counts"]["failed"], tenant.writes()) == (False, 200, [])
    assert len(tenant.requests("graph")) < 50


@pytest.mark.worker_only
def test_permissions_and_roles(make_company: Any, ansible: Ansible) -> None:
    reader = make_company(1, apps={APP: MAY_READ})
    nothing = make_company(1, apps={APP: ["Organization.Read.All"]})
    delegated = make_company(1, users={OPERATOR: ["Authentication Administrator"]})
    token = delegated.simulator.issue_token(tenant=delegated.id, audience="graph", user=OPERATOR)
    asked = {"user": upn(0), "mobile_phone": number(0)}
    as_user = delegated.options(client_id=None, client_secret=None, access_token=token, **asked)
    foretold, refused, blind, none, signed_in = ansible.tasks(
        reader.task("sspr_user_methods", check_mode=True, **asked),
        reader.task("sspr_user_methods", **asked),
        nothing.task("sspr_user_methods", check_mode=True, **asked),
        nothing.task("sspr_user_methods", **asked),
        {"tenantops.entra.sspr_user_methods": as_user},
    )
    assert foretold["missing_permissions"] == ["UserAuthenticationMethod.ReadWrite.All"]
    assert foretold.changed
    assert [result.kind for result in (refused, blind, none)] == ["permission"] * 3
    assert [entry for tenant in (reader, nothing) for entry in tenant.writes()] == []
    assert (signed_in.ok, signed_in.changed) == (True, True)
    for result in (refused, blind, none):
        assert "UserAuthenticationMethod.ReadWrite.All" in result["msg"]


@pytest.mark.worker_only
def test_an_interrupted_task_can_be_run_again(make_company: Any, ansible: Ansible) -> None:
    tenant = make_company(150)
    text = "user,mobile_phone\n" + "".join(f"{upn(n)},{number(n)}\n" for n in range(150))
    asked = tenant.task("sspr_user_methods", csv=text)
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [asked]}
    path = ansible.home / "play.json"
    ansible.home.mkdir(parents=True)
    path.write_text(json.dumps([play]), encoding="utf-8")
    process = ansible.start(path)
    deadline = time.monotonic() + 60
    while len(tenant.writes()) < 30 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    kill_all_of(ansible)
    process.communicate()
    done = len(tenant.simulator.tenant(tenant.id).user_methods)
    assert 30 <= done < 150
    [result] = ansible.tasks(asked)
    assert result.ok, result.values
    assert result["counts"] == {"changed": 150 - done, "ok": done, "cannot_compare": 0, "failed": 0}
    assert [stored(tenant, n) for n in range(150)] == [{"mobile": number(n)} for n in range(150)]
