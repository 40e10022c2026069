# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renewing the portal user's refresh token: usable by the next task, and never seen."""

from __future__ import annotations

import stat
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import task

from .conftest import APP, OPERATOR, SECRET, Tenant
from .test_role import RUNBOOK, host, play

pytestmark = pytest.mark.both_ways


@pytest.fixture
def own(make_tenant: Any) -> Tenant:
    """A tenant and a user whose refresh token no other test has."""
    tenant: Tenant = make_tenant()
    name = f"{tenant.id[:8]}@msp.example"
    tenant.simulator.add_user(name, mfa=True, refresh_tokens=[f"rt-{uuid.uuid4()}"])
    tenant.simulator.tenant(tenant.id).users[name] = ["Authentication Policy Administrator"]
    tenant.credentials = {"portal_refresh_token": user(tenant).refresh_tokens[0]}
    return tenant


def user(tenant: Tenant) -> Any:
    return tenant.simulator._services.world.users[f"{tenant.id[:8]}@msp.example"]


@pytest.mark.oldest
def test_the_next_token_works_and_is_never_seen(own: Tenant) -> None:
    log = own.ansible.home / "ansible.log"
    reads = own.options(client_id=APP, client_secret=SECRET, portal_refresh_token="{{ token.refresh_token }}")
    run = own.ansible.run_tasks(
        task("sspr_portal_token", own.options(), register="token"),
        task("sspr_info", reads, no_log=True, register="found"),
        {
            "ansible.builtin.debug": {
                "msg": "{{ found.sspr.properties }} {{ token.user.user_principal_name }} {{ token.changed }}"
            }
        },
        {
            "ansible.builtin.copy": {"content": "{{ token.refresh_token }}", "dest": "stored", "mode": "0600"},
            "no_log": True,
            "when": "token.rotated",
        },
        {"ansible.builtin.debug": {"var": "token.keys() | list"}},
        arguments=["-vvvv"],
        env={"ANSIBLE_LOG_PATH": str(log)},
    )
    assert run.code == 0, run.output
    first, second = user(own).refresh_tokens[:2]
    assert f"{user(own).upn} True" in run.output
    [stored] = [path for path in own.ansible.home.rglob("stored") if path.is_file()]
    assert stored.read_text() == second
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    for text in (run.output, log.read_text(), str(run.results)):
        assert first not in text
        assert second not in text
        assert "eyJ" not in text
    assert {entry.plane for entry in own.requests()} == {"token", "graph", "portal"}


def test_only_the_token_service_is_asked(own: Tenant) -> None:
    run = own.ansible.run_tasks(
        task("sspr_portal_token", own.options(), register="token"),
        {
            "ansible.builtin.debug": {
                "msg": "{{ [token.user.user_principal_name, token.mfa, token.tenant.id, token.expires] | join(',') }}"
            }
        },
        {"ansible.builtin.debug": {"msg": "{{ token.expires_source }} {{ token.changed }}"}},
    )
    assert {entry.plane for entry in own.requests()} == {"token"}
    assert len([entry for entry in own.requests() if entry.method == "POST"]) == 1
    name, mfa, tenant_id, expires = str(run.results[1]["msg"]).split(",")
    assert (name, mfa, tenant_id) == (user(own).upn, "True", own.id)
    assert expires.startswith(time.strftime("%Y-%m-%d", time.gmtime(time.time() + 90 * 86400)))
    assert run.results[2]["msg"] == "documentation True"


REFUSED = {
    "missing": ({"portal_refresh_token": None}, "portal_credential_missing", "portal_refresh_token is not set"),
    "another credential": (
        {"portal_refresh_token": None, "portal_auth_method": "azure_cli"},
        "portal_credential_missing",
        "azure_cli has no refresh token",
    ),
    "revoked": ({"portal_refresh_token": "rt-of-nobody"}, "portal_credential_expired", "AADSTS50173"),
    "no portal": ({"cloud": "china", "portal_url": None}, "unsupported", "no portal API is known for the cloud china"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_seen(own: Tenant, case: str) -> None:
    options, kind, message = REFUSED[case]
    result = own.run("sspr_portal_token", **options)
    assert result.kind == kind
    assert message in result["msg"]
    assert "rt-" not in str(result.values)


def test_a_token_of_another_tenant_is_refused(own: Tenant) -> None:
    own.fault("issue_for_tenant", plane="token", times=None, tid=APP)
    assert own.run("sspr_portal_token").kind == "tenant_mismatch"


@pytest.mark.parametrize("given", [True, False], ids=["role", "module"])
@pytest.mark.parametrize("plane", ["graph", "portal"])
def test_a_token_that_is_about_to_expire_is_rejected_at_open(tenant: Tenant, plane: str, given: bool) -> None:
    who = {"client_id": APP} if plane == "graph" else {"user": OPERATOR}
    token = tenant.simulator.issue_token(tenant=tenant.id, audience=plane, lifetime=590, **who)
    if plane == "graph":
        del tenant.credentials["client_id"], tenant.credentials["client_secret"]
        tenant.credentials["access_token"] = token
    else:
        del tenant.credentials["portal_refresh_token"]
        tenant.credentials["portal_access_token"] = token
    kind = "credential" if plane == "graph" else "portal_credential_expired"
    if given:
        run = play(tenant.ansible, RUNBOOK, {"contoso": host(tenant, sspr_notify_admins=True)})
        [result] = run.of("plan all pages")
        allowed = host(tenant, sspr_notify_admins=True, entra_min_token_seconds=60)
        assert play(tenant.ansible, RUNBOOK, {"contoso": allowed}).code == 0
    else:
        result = tenant.run("sspr_info", min_token_seconds=600)
        assert tenant.run("sspr_info").ok
        assert tenant.run("sspr_info", min_token_seconds=-1).kind == "invalid_setting"
    assert result.kind == kind
    assert "seconds, and min_token_seconds is 600" in result["msg"]


def test_the_token_is_not_in_what_tasks_share(own: Tenant, tmp_path: Path) -> None:
    """Renewed twice, it is redeemed twice."""
    run = own.ansible.run_tasks(
        task("sspr_portal_token", own.options()), task("sspr_portal_token", own.options(), check_mode=True)
    )
    assert run.code == 0, run.output
    assert len([entry for entry in own.requests() if entry.method == "POST"]) == 2
    left = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("play")]
    assert not [path for path in left if b"rt-" in path.read_bytes()]


def test_a_token_that_would_be_masked_is_not_returned(own: Tenant) -> None:
    """Ansible would put asterisks into it, and the vault would keep those."""
    result = own.run("sspr_portal_token", client_id=APP, client_secret="rt-")
    assert result.kind == "invalid_setting"
    assert "client_secret" in result["msg"]


def test_an_asynchronous_job_would_write_the_token_to_a_file(own: Tenant) -> None:
    [result] = own.ansible.tasks({**task("sspr_portal_token", own.options()), "async": 30, "poll": 1})
    assert result.kind == "unsupported"
    assert "async" in result["msg"]
    assert own.requests() == []
