# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role checks before it writes and reports after: preflight, readiness, the test user, the note for users."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, Run

from .conftest import ALL_PERMISSIONS, APP, GROUP, Tenant
from .test_role import AUDIT, RUNBOOK, host, play

pytestmark = pytest.mark.both_ways

PERMISSIONS = [
    *ALL_PERMISSIONS,
    "User.Read.All",
    "GroupMember.Read.All",
    "RoleManagement.Read.Directory",
    "AuditLog.Read.All",
    "UserAuthenticationMethod.Read.All",
]
EMAIL = {"@odata.type": "#microsoft.graph.emailAuthenticationMethod", "emailAddress": "adele@home.example"}
PHONE = {
    "@odata.type": "#microsoft.graph.phoneAuthenticationMethod",
    "phoneNumber": "+1 2065550100",
    "phoneType": "mobile",
}
ADELE, ALEX = (f"{GROUP[:-1]}{n}" for n in "56")


@pytest.fixture
def staffed(make_tenant: Any) -> Any:
    """Make a tenant in which all users can reset: Adele has two methods, Alex has one."""

    def make(**seed: Any) -> Tenant:
        made: Tenant = make_tenant(
            **{
                "apps": {APP: PERMISSIONS},
                "people": [
                    {"id": ADELE, "userPrincipalName": "adele@contoso.example", "mail": "adele@contoso.example"},
                    {"id": ALEX, "userPrincipalName": "alex@contoso.example"},
                ],
                "user_methods": {ADELE: [EMAIL, PHONE], ALEX: [EMAIL]},
                "groups": [{"id": GROUP, "displayName": "SSPR Pilot", "members": [ADELE]}],
                "portal_policy": {"enablementType": 2},
                **seed,
            }
        )
        return made

    return make


def runbook(tenant: Tenant, *arguments: str, **variables: Any) -> Run:
    directory = tenant.ansible.home / "runs"
    hosts = {"contoso": host(tenant, **variables)}
    return play(tenant.ansible, RUNBOOK, hosts, "-e", f"sspr_run_dir={directory}", *arguments)


def stopped(run: Run, tenant: Tenant, *words: str) -> None:
    """The run was stopped by preflight, for this reason, with nothing written."""
    assert run.code == 2, run.output
    assert tenant.writes() == []
    message = run.results[-1]["msg"]
    for word in words:
        assert word in message, message
    assert "contoso stops this run" in message


LATER = str(date.today() + timedelta(days=30))  # noqa: DTZ011 - the same clock as the module's, give or take a day


@pytest.mark.worker_only
@pytest.mark.oldest
def test_two_methods_where_one_user_has_one(staffed: Any) -> None:
    tenant = staffed()
    run = runbook(tenant, sspr_methods_required=2)
    stopped(run, tenant, "locked-out-users", "1 user")
    assert "alex@contoso.example" in str(run.of("Check the plan against all rules")[0]["findings"])
    run = runbook(tenant, sspr_methods_required=2, sspr_max_locked_out_users=1)
    assert run.code == 0, run.output
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 2
    assert "locked-out-users" in run.output, "it is reported all the same"


@pytest.mark.worker_only
def test_unknown_readiness_stops_unless_it_is_allowed(staffed: Any) -> None:
    tenant = staffed(plans=["O365_BUSINESS_PREMIUM"])
    run = runbook(tenant, sspr_methods_required=2)
    stopped(run, tenant, "readiness-unknown", "license")
    waiver = {"id": "readiness-unknown", "reason": "counted manually", "owner": "kim@msp.example", "expires": LATER}
    foretold = runbook(tenant, "--check", sspr_methods_required=2, sspr_waivers=[waiver])
    assert foretold.code == 0, foretold.output
    assert "waived   readiness-unknown" in foretold.output
    run = runbook(tenant, sspr_methods_required=2, sspr_allow_unknown_readiness=True)
    assert run.code == 0, run.output
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 2


@pytest.mark.worker_only
def test_break_glass_accounts_are_asked_for(staffed: Any, make_tenant: Any, ansible: Ansible) -> None:
    tenant, other = make_tenant(), make_tenant()
    run = runbook(tenant, sspr_scope="all", sspr_break_glass=None)
    stopped(run, tenant, "break-glass-not-declared")
    hosts = {
        "contoso": host(tenant, sspr_scope="all", sspr_break_glass=""),
        "fabrikam": host(other, sspr_scope="all"),
    }
    run = play(ansible, RUNBOOK, hosts, "-e", "sspr_on_refusal=skip", "-e", f"sspr_run_dir={ansible.home / 'two'}")
    assert run.code == 2
    assert (tenant.writes(), len(other.writes())) == ([], 1)
    assert "skipped     contoso" in run.output


@pytest.mark.worker_only
def test_what_was_there_before_stops_nobody(make_tenant: Any) -> None:
    """On the day on which security questions end, a tenant that still has them can change its helpdesk link."""
    questions = [{"questionText": f"Question {n}?"} for n in range(5)]
    tenant = make_tenant(
        portal_policy={"enablementType": 2, "securityQuestionsOptionEnabled": True, "securityQuestions": questions}
    )
    asked = {"sspr_helpdesk_link": True, "sspr_helpdesk_contact": "it@contoso.com", "sspr_as_of": "2027-03-01"}
    run = runbook(tenant, **asked)
    assert run.code == 0, run.output
    assert tenant.policy["customizeHelpdeskLink"] is True
    [findings] = [
        result["findings"] for result in run.of("Check the plan against all rules") if "findings" in result.values
    ]
    assert ("security-questions-retired", "error", "present", False) in [
        (entry["rule"], entry["severity"], entry["status"], entry["blocking"]) for entry in findings
    ]


@pytest.mark.worker_only
def test_a_waiver_that_is_none_is_named_before_anything_is_sent(make_tenant: Any) -> None:
    tenant = make_tenant()
    run = runbook(
        tenant,
        sspr_notify_admins=True,
        sspr_waivers=[{"id": "synced-without-writeback", "reason": "why", "owner": "me"}],
    )
    assert run.code == 2
    assert "expires" in run.results[-1]["msg"]
    assert tenant.writes() == []


@pytest.mark.oldest
def test_the_review_reports_whether_the_test_user_can_reset(staffed: Any) -> None:
    tenant = staffed()
    ready = runbook(tenant, sspr_notify_admins=True, sspr_test_user="adele@contoso.example")
    assert ready.code == 0, ready.output
    assert "Test user          adele@contoso.example - can reset" in ready.output
    tenant.simulator.tenant(tenant.id).user_methods[ADELE] = []
    waiting = runbook(tenant, sspr_test_user="adele@contoso.example")
    assert waiting.code == 0, waiting.output
    assert "adele@contoso.example - cannot reset" in waiting.output
    assert "SSPR_0014" in waiting.output
    nobody = runbook(tenant, sspr_test_user="nobody@contoso.example")
    assert nobody.code == 0, "everything was set"
    assert "nobody@contoso.example - " in nobody.output


HOSTILE = '<script>alert(1)</script> *Contoso* "Ltd" [x](y) \u202egnp'


@pytest.mark.worker_only
def test_what_users_are_told(staffed: Any, tmp_path: Path) -> None:
    tenant = staffed(display_name=HOSTILE, on_premises={"passwordWritebackSupported": True})
    asked = {
        "sspr_methods_required": 1,
        "sspr_reconfirm_days": 90,
        "sspr_helpdesk_link": True,
        "sspr_helpdesk_contact": "it@contoso.com",
        "sspr_note_dir": str(tmp_path / "notes"),
    }
    run = runbook(tenant, **asked)
    assert run.code == 0, run.output
    markdown, page = ((tmp_path / "notes" / f"contoso.{kind}").read_text() for kind in ("md", "html"))
    for text in (markdown, page):
        for fact in ("aka.ms/ssprsetup", "aka.ms/sspr", "it@contoso.com", "90 days", "one method", "work computer"):
            assert fact in text, fact
        assert "Microsoft Authenticator" in text
        assert "security questions" not in text
    assert "For all users at <bdi>" in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\\<script\\>" in markdown
    assert "\\*Contoso\\*" in markdown
    assert "\\[x\\]" in markdown
    again = runbook(tenant, **asked)
    assert not any(result.changed for result in again.results)
    # What was not read is not in the note.
    del tenant.credentials["portal_refresh_token"]
    unread = runbook(tenant, sspr_portal="manual", sspr_note_dir=str(tmp_path / "manual"))
    assert unread.code == 0, unread.output
    told = (tmp_path / "manual" / "contoso.md").read_text()
    assert "For the users of " in told
    assert "days" not in told
    assert "your administrator" in told


@pytest.mark.worker_only
def test_a_tenant_without_a_name_is_called_by_its_id(staffed: Any, ansible: Ansible, tmp_path: Path) -> None:
    tenant = staffed(display_name=None, domains=[], groups=[{"id": GROUP, "displayName": "", "members": [ADELE]}])
    asked = {"sspr_scope": "selected", "sspr_group": GROUP, "sspr_break_glass": [], "sspr_note_dir": str(tmp_path)}
    run = runbook(tenant, "--diff", **asked, sspr_test_user="nobody@contoso.example")
    assert run.code == 0, run.output
    audit = play(ansible, AUDIT, {"contoso": host(tenant, **asked)}, "-e", f"sspr_audit_dir={tmp_path / 'audit'}")
    assert audit.code == 0, audit.output
    written = {path: path.read_text() for path in tmp_path.rglob("*") if path.suffix in (".md", ".html", ".csv")}
    assert len(written) == 5
    for name, text in {"runbook": run.output, "audit": audit.output, **written}.items():
        assert "None" not in text, name
    assert f"the members of {GROUP} at t{tenant.id[:8]}" in written[tmp_path / "contoso.md"]


@pytest.mark.worker_only
@pytest.mark.parametrize(("percent", "code"), [(40, 0), (80, 2)])
def test_coverage_is_the_gate(staffed: Any, ansible: Ansible, percent: int, code: int) -> None:
    """Half of the users have registered two methods."""
    first, second = staffed(portal_policy={"enablementType": 2, "numberOfAuthenticationMethodsRequired": 2}), staffed()
    asked = {"sspr_notify_admins": True, "sspr_gate": "coverage", "sspr_gate_coverage": percent}
    hosts = {"contoso": host(first, **asked), "fabrikam": host(second, **asked)}
    directory = f"sspr_run_dir={ansible.home / 'runs'}"
    run = play(ansible, RUNBOOK, hosts, "-e", directory, "-e", '{"sspr_serial": [1, 1]}')
    assert run.code == code, run.output
    assert bool(second.requests()) == (code == 0)
    if code:
        assert "50" in run.results[-1]["msg"]
        assert "sspr_gate_coverage is 80" in run.results[-1]["msg"]
