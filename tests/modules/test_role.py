# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role and the two playbooks, in real Ansible: what they set, what they leave alone, when they stop."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import release

from ansible_collections.tenantops.entra.plugins.module_utils import _redaction
from ansible_collections.tenantops.entra.plugins.module_utils.connection.options import (
    CONNECTION_SPEC,
    PORTAL_MODE_SPEC,
)
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import ALL_PAGES
from ansible_collections.tenantops.entra.tests.support.playbook import ROOT, Ansible, Run

from .conftest import APP, GROUP, REFRESH_TOKEN, SECRET, Tenant

pytestmark = pytest.mark.both_ways

RUNBOOK, AUDIT = "tenantops.entra.runbook", "tenantops.entra.audit"
STEPS = ["sspr_properties", "sspr_auth_methods", "sspr_registration", "sspr_notifications", "sspr_review"]
LINKS = "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/PasswordResetMenuBlade/~/"

WHOLE_POLICY: dict[str, Any] = {
    "sspr_scope": "selected",
    "sspr_group": "SSPR Pilot",
    "sspr_methods_required": 2,
    "sspr_methods": {"email": True, "mobile_app_notification": True},
    "sspr_method_software_oath": False,
    "sspr_allow_sign_in_change": True,
    "sspr_questions_to_register": 4,
    "sspr_questions_to_reset": 4,
    "sspr_required_at_sign_in": False,
    "sspr_reconfirm_days": 0,
    "sspr_notify_users": False,
    "sspr_notify_admins": True,
    "sspr_helpdesk_link": True,
    "sspr_helpdesk_contact": "it@contoso.com",
    "sspr_password_writeback": True,
    "sspr_unlock_without_reset": True,
    "sspr_admins_can_reset": False,
}


def host(tenant: Tenant, **variables: Any) -> dict[str, Any]:
    """A host of the inventory: how to reach the tenant, no break-glass accounts, what is asked for. Nulls stay."""
    given = {f"entra_{name}": value for name, value in tenant.options().items()}
    return {**given, "sspr_break_glass": [], **variables}


def play(
    ansible: Ansible, playbook: str, hosts: Mapping[str, Mapping[str, Any]], *arguments: str, env: Any = None
) -> Run:
    """Run a playbook of the collection on these hosts."""
    ansible.home.mkdir(parents=True, exist_ok=True)
    inventory = ansible.home / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    arguments = ("--inventory", str(inventory), "--extra-vars", "sspr_hosts=all", *arguments)
    return ansible.playbook(playbook, *arguments, env={"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml", **(env or {})})


def planned(run: Run) -> Mapping[str, Any]:
    """What `open` found to be changed, as settings after it."""
    [plan] = run.of("Connect, read, and plan all pages")
    assert plan.ok, run.output
    after: Mapping[str, Any] = plan["diff"]["after"]
    return after


def stored(tenant: Tenant) -> Any:
    return copy.deepcopy((tenant.policy, tenant.methods))


def secrets_in(output: str) -> list[str]:
    """Secrets of the fixtures, in any of their forms."""
    forms = {form for secret in (SECRET, REFRESH_TOKEN) for form in _redaction.forms(secret)}
    return [form for form in forms if form in output]


@pytest.mark.oldest
def test_the_whole_runbook(tenant: Tenant) -> None:
    hosts = {"contoso": host(tenant, **WHOLE_POLICY)}
    before = stored(tenant)
    foretold = play(tenant.ansible, RUNBOOK, hosts, "--check", "--diff")
    assert foretold.code == 0, foretold.output
    assert sum(result.changed for result in foretold.results) == 7
    assert "nothing was written in check mode" in foretold.output
    assert tenant.writes() == []
    assert stored(tenant) == before

    first = play(tenant.ansible, RUNBOOK, hosts, "-vvvv", "--diff")
    assert first.code == 0, first.output
    assert [result.task for result in first.results if result.changed] == [
        "tenantops.entra.sspr : Step 2, properties - Set who can reset",
        "tenantops.entra.sspr : Step 2, properties - Set the administrator policy",
        "tenantops.entra.sspr : Step 3, authentication methods - Set the required number and the methods",
        "tenantops.entra.sspr : Step 4, registration - Set registration and reconfirmation",
        "tenantops.entra.sspr : Step 5, notifications - Set who is notified",
        "tenantops.entra.sspr : Step 5, customization - Set the helpdesk link",
        "tenantops.entra.sspr : Step 5, on-premises integration - Set password writeback",
    ]
    assert secrets_in(first.output) == []
    assert secrets_in(str(first.results)) == []
    assert tenant.policy["enablementType"] == 1
    assert tenant.policy["passwordResetEnabledGroupIds"] == [GROUP]
    assert tenant.policy["numberOfAuthenticationMethodsRequired"] == 2
    assert tenant.policy["numberOfQuestionsToRegister"] == tenant.policy["numberOfQuestionsToReset"] == 4
    assert tenant.policy["registrationRequiredOnSignIn"] is False
    assert tenant.policy["registrationReconfirmIntevalInDays"] == 0
    assert tenant.policy["notifyUsersOnPasswordReset"] is False
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
    assert tenant.policy["customizeHelpdeskLink"] is True
    assert tenant.policy["customHelpdeskEmailOrUrl"] == "it@contoso.com"
    assert tenant.methods["SoftwareOath"]["state"] == "disabled"
    [review] = [result for result in first.results if result.task.endswith("Show the settings")]
    assert review["msg"] == [
        f"Contoso (t{tenant.id[:8]}.example)",
        "Who can reset      members of SSPR Pilot",
        "Methods required   2",
        "Methods            email, mobile phone, mobile app notification, mobile app code",
        "Registration       not required",
        "Reconfirmation     never",
        "Users notified     no",
        "Admins notified    by email",
        "Helpdesk link      it@contoso.com",
        "Password writeback yes, accounts can be unlocked without a reset",
        "Admins can reset   no",
        "Users register at  https://aka.ms/ssprsetup",
        "Users reset at     https://aka.ms/sspr",
    ]

    written = len(tenant.writes())
    second = play(tenant.ansible, RUNBOOK, hosts)
    assert second.code == 0, second.output
    assert not any(result.changed for result in second.results)
    assert len(tenant.writes()) == written > 0
    assert "    - Who can reset      members of SSPR Pilot\n" in second.output, "no quotes around a line"


# How "not given" can look in an inventory
EMPTY = {
    "null": None,
    "string": "",
    "template": "{{ none }}",
    "lookup": "{{ lookup('ansible.builtin.env', 'NOT_SET_ANYWHERE') }}",
    "default": "{{ not_set_anywhere | default(none) }}",
}
OPTIONAL = [
    *(f"entra_{option}" for option in CONNECTION_SPEC if option != "tenant_id"),
    *(name for name in WHOLE_POLICY if name != "sspr_notify_users"),
    "sspr_method_email",
    "sspr_portal",
]


@pytest.mark.worker_only
@pytest.mark.oldest
@pytest.mark.parametrize("empty", EMPTY)
def test_what_is_not_given_is_left_alone(make_tenant: Any, empty: str) -> None:
    tenant = make_tenant(
        portal_policy={
            "enablementType": 1,
            "passwordResetEnabledGroupIds": [GROUP],
            "customizeHelpdeskLink": True,
            "customHelpdeskEmailOrUrl": "it@contoso.com",
        }
    )
    given = {f"entra_{name}": value for name, value in tenant.options().items()}
    hosts = {"contoso": {**dict.fromkeys(OPTIONAL, EMPTY[empty]), **given, "sspr_notify_users": False}}
    run = play(tenant.ansible, RUNBOOK, hosts, *(() if empty == "template" else ("--tags", "sspr_open")))
    assert run.code == 0, run.output
    assert planned(run) == {"notify_users": False}
    assert len(tenant.writes()) == (1 if empty == "template" else 0)
    assert tenant.policy["passwordResetEnabledGroupIds"] == [GROUP]
    assert tenant.policy["customHelpdeskEmailOrUrl"] == "it@contoso.com"


@pytest.mark.worker_only
@pytest.mark.oldest
def test_false_and_zero_get_through_and_one_method_wins(legacy: Tenant) -> None:
    zero = {"sspr_notify_users": False, "sspr_reconfirm_days": 0, "sspr_required_at_sign_in": "{{ 1 == 2 }}"}
    variables = {
        **zero,
        "sspr_methods": {"email": True, "mobile_phone": False, "office_phone": None, "mobile_app_code": True},
        "sspr_method_email": False,
        "sspr_method_mobile_phone": None,
        "sspr_method_security_questions": "",
    }
    # Without a method nobody could reset, but the scope is none.
    run = play(legacy.ansible, RUNBOOK, {"contoso": host(legacy, **variables)}, "--tags", "sspr_open")
    assert run.code == 0, run.output
    assert planned(run) == {
        "methods": {"email": False, "mobile_phone": False, "mobile_app_code": True},
        "notify_users": False,
        "reconfirm_days": 0,
        "required_at_sign_in": False,
    }
    assert legacy.writes() == []


@pytest.mark.worker_only
@pytest.mark.oldest
def test_a_variable_goes_over_module_defaults_over_the_environment(tenant: Tenant) -> None:
    good, nowhere = tenant.simulator.url, "https://127.0.0.1:1"
    variables = {
        "entra_tenant_id": tenant.id,
        "entra_portal_url": good,
        "entra_ca_path": None,
        "entra_client_secret": SECRET,
        "entra_graph_url": "",
    }
    defaults = {"graph_url": good, "authority_url": good, "portal_url": nowhere, "client_id": APP, "client_secret": "x"}
    run = tenant.ansible.run_tasks(
        {"ansible.builtin.import_role": {"name": "tenantops.entra.sspr"}},
        arguments=("--tags", "sspr_review"),
        play={
            "ignore_errors": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **variables},
            "module_defaults": {"group/tenantops.entra.entra": defaults},
        },
        env={
            "ENTRA_AUTHORITY_URL": nowhere,
            "ENTRA_GRAPH_URL": nowhere,
            "ENTRA_PORTAL_URL": nowhere,
            "ENTRA_CA_PATH": tenant.simulator.ca_path,
            "ENTRA_PORTAL_REFRESH_TOKEN": REFRESH_TOKEN,
            "AZURE_CLIENT_ID": "no-such-app",
            "AZURE_CLIENT_SECRET": "no-such-secret",
        },
    )
    assert run.code == 0, run.output
    assert "Who can reset      no users" in run.output


@pytest.mark.worker_only
@pytest.mark.oldest
def test_a_reference_to_nothing_is_an_error_not_a_null(tenant: Tenant) -> None:
    run = play(tenant.ansible, RUNBOOK, {"contoso": host(tenant, sspr_group="{{ pilot_gruop }}")})
    assert run.code == 2
    assert "'pilot_gruop' is undefined" in run.results[-1]["msg"]
    assert tenant.requests() == []


def test_a_tag_runs_its_step_after_open(tenant: Tenant) -> None:
    # How an inventory may reach the same hosts for other plays
    others = {"ansible_connection": "ssh", "ansible_become": True, "ansible_python_interpreter": "/nowhere/python"}
    hosts = {"contoso": host(tenant, sspr_reconfirm_days=90, sspr_notify_admins=True, **others)}
    run = play(tenant.ansible, RUNBOOK, hosts, "--tags", "sspr_registration")
    assert run.code == 0, run.output
    assert [result.task for result in run.results if "tenant" in result.values] == [
        "tenantops.entra.sspr : Step 1, open - Connect, read, and plan all pages",
        "tenantops.entra.sspr : Step 1, open - Check the plan against all rules",
        "tenantops.entra.sspr : Step 4, registration - Set registration and reconfirmation",
    ]
    assert tenant.policy["registrationReconfirmIntevalInDays"] == 90
    assert tenant.policy["notifyOnAdminPasswordReset"] is False
    assert len(tenant.writes()) == 1


@pytest.mark.worker_only
@pytest.mark.oldest
@pytest.mark.parametrize("step", STEPS)
def test_no_step_works_without_open(tenant: Tenant, step: str) -> None:
    hosts = {"contoso": host(tenant, **WHOLE_POLICY)}
    run = play(tenant.ansible, RUNBOOK, hosts, "--tags", step, "--skip-tags", "always,sspr_open")
    assert run.code == 2
    assert "Step 1 (tag sspr_open) was skipped" in " ".join(run.output.split())
    assert tenant.requests() == []


@pytest.mark.worker_only
@pytest.mark.parametrize(
    ("variables", "kind"),
    [
        ({"sspr_helpdesk_link": True}, "invalid_setting"),
        ({"sspr_notify_admins": True, "entra_portal_refresh_token": None}, "portal_credential_missing"),
    ],
    ids=["impossible on the last page", "no portal credential"],
)
def test_what_can_be_known_stops_before_the_first_write(make_tenant: Any, variables: dict[str, Any], kind: str) -> None:
    tenant = make_tenant(authentication_methods_policy={"Email": {"state": "disabled"}})
    before = stored(tenant)
    asked = {"sspr_scope": "all", "sspr_methods": {"email": True}, "sspr_reconfirm_days": 90}
    run = play(tenant.ansible, RUNBOOK, {"contoso": host(tenant, **{**asked, **variables})})
    assert run.code == 2
    [plan] = run.of("Connect, read, and plan all pages")
    assert plan.kind == kind
    assert run.results[-1].task.endswith("Stop the run")
    assert run.results[-1]["msg"].startswith("contoso stops this run - ")
    assert tenant.writes() == []
    assert stored(tenant) == before


@pytest.mark.worker_only
def test_an_app_that_may_not_write_stops_before_the_first_write(make_tenant: Any) -> None:
    seed = {"SoftwareOath": {"state": "disabled"}}
    permissions = ["Organization.Read.All", "Policy.Read.AuthenticationMethod"]
    tenant = make_tenant(apps={APP: permissions}, authentication_methods_policy=seed)
    hosts = {"contoso": host(tenant, sspr_notify_admins=True, sspr_method_software_oath=True)}
    run = play(tenant.ansible, RUNBOOK, hosts)
    assert run.code == 2, run.output
    assert "the app lacks the permission Policy.ReadWrite.AuthenticationMethod in Contoso" in " ".join(
        run.output.split()
    )
    assert tenant.writes() == []
    # Reading is what such an app is for.
    assert play(tenant.ansible, AUDIT, hosts).code == 0
    assert play(tenant.ansible, RUNBOOK, hosts, "--check").code == 0
    # What Graph need not write, it may do.
    assert play(tenant.ansible, RUNBOOK, {"contoso": host(tenant, sspr_notify_admins=True)}).code == 0
    assert tenant.policy["notifyOnAdminPasswordReset"] is True


@pytest.mark.worker_only
def test_one_tenant_twice_in_the_inventory(tenant: Tenant) -> None:
    tenant_id = "abcdefab" + tenant.id[8:]
    hosts = {
        "one": host(tenant, entra_tenant_id=tenant_id, sspr_scope="all"),
        "two": host(tenant, sspr_scope="none"),
        "three": host(tenant, entra_tenant_id=tenant_id.upper() + " ", sspr_scope="none"),
    }
    run = play(tenant.ansible, RUNBOOK, hosts)
    assert run.code == 2
    assert f"one and three are the same tenant, {tenant_id}" in run.output
    assert tenant.simulator.log(tenant=tenant_id) == tenant.requests() == [], "nothing is sent, to no tenant"


@pytest.mark.worker_only
@pytest.mark.parametrize("serial", ["1", "2"])
def test_one_tenant_by_id_and_by_domain(tenant: Tenant, serial: str) -> None:
    domain = tenant.simulator.tenant(tenant.id).domains[1]
    hosts = {
        "one": host(tenant, sspr_scope="all"),
        "two": host(tenant, entra_tenant_id=domain, sspr_scope="none"),
    }
    run = play(tenant.ansible, RUNBOOK, hosts, "--extra-vars", f"sspr_serial={serial}", "--tags", "sspr_properties")
    assert run.code == 2
    assert f"one and two are the same tenant, {tenant.id}" in " ".join(run.output.split())
    # One at a time, the first is done before the second is opened.
    assert len(tenant.writes()) == (1 if serial == "1" else 0)
    assert tenant.policy["enablementType"] == (2 if serial == "1" else 0)


@pytest.mark.worker_only
@pytest.mark.parametrize("missing", [None, "{{ none }}"])
def test_a_host_without_a_tenant(tenant: Tenant, missing: Any) -> None:
    hosts = {"one": host(tenant), "two": host(tenant, entra_tenant_id=missing)}
    run = play(tenant.ansible, RUNBOOK, hosts, "--extra-vars", "sspr_serial=2")
    assert run.code == 2
    assert "two has no entra_tenant_id" in run.output
    assert tenant.requests() == []


@pytest.mark.worker_only
def test_a_failed_tenant_stops_its_wave_and_all_later_ones(make_tenant: Any, ansible: Ansible) -> None:
    tenants = [make_tenant(display_name=f"Customer {number}") for number in range(1, 13)]
    tenants[1].fault("status", status=403, plane="graph", times=None)
    hosts = {f"customer{n:02}": host(tenant, sspr_reconfirm_days=90) for n, tenant in enumerate(tenants, 1)}
    run = play(ansible, RUNBOOK, hosts)
    assert run.code == 2
    assert len(tenants[0].writes()) == 1
    assert all(tenant.writes() == [] for tenant in tenants[1:]), "its own wave was opened, and not written"
    assert all(tenant.requests() for tenant in tenants[1:6])
    assert all(tenant.requests() == [] for tenant in tenants[6:])


@pytest.mark.worker_only
@pytest.mark.oldest
@pytest.mark.parametrize("playbook", [RUNBOOK, AUDIT])
def test_the_hosts_have_to_be_named(ansible: Ansible, playbook: str) -> None:
    run = ansible.playbook(playbook)
    assert run.code != 0
    assert "sspr_hosts is missing. Set it to the tenants, for example -e sspr_hosts=pilot" in run.output


@pytest.mark.worker_only
def test_the_review_of_a_tenant_that_is_set_manually(make_tenant: Any) -> None:
    tenant = make_tenant()
    variables = {
        "entra_portal_refresh_token": "",
        "sspr_portal": "manual",
        "sspr_scope": "selected",
        "sspr_group": "SSPR Pilot",
        "sspr_methods": {"email": True, "security_questions": False},
        "sspr_methods_required": 2,
    }
    run = play(tenant.ansible, RUNBOOK, {"contoso": host(tenant, **variables)}, "--tags", "sspr_review")
    assert run.code == 0, run.output
    [review] = [result for result in run.results if result.task.endswith("Show the settings")]
    assert review["msg"] == [
        f"Contoso (t{tenant.id[:8]}.example)",
        "Methods            email, mobile phone, mobile app notification, mobile app code, software oath",
        "Admins can reset   yes, under Microsoft's administrator policy",
        (
            "Unknown            who can reset, methods required, registration, reconfirmation, users notified, "
            "admins notified, helpdesk link, password writeback"
        ),
        "SET MANUALLY       scope=selected, group=SSPR Pilot",
        f"on this page       {LINKS}Properties",
        "SET MANUALLY       methods_required=2, security_questions=no",
        f"on this page       {LINKS}AuthenticationMethods",
        "Users register at  https://aka.ms/ssprsetup",
        "Users reset at     https://aka.ms/sspr",
    ]


@pytest.mark.worker_only
@pytest.mark.parametrize("portal", [True, False])
def test_the_review_shows_a_setting_that_it_does_not_describe_by_name(tenant: Tenant, portal: bool) -> None:
    described = {"__sspr_reviewed": ["scope", "group", "methods"]}
    variables = {} if portal else {"entra_portal_refresh_token": ""}
    hosts = {"contoso": host(tenant, **variables)}
    run = play(tenant.ansible, RUNBOOK, hosts, "--tags", "sspr_review", "--extra-vars", json.dumps(described))
    assert run.code == 0, run.output
    [review] = [result for result in run.results if result.task.endswith("Show the settings")]
    shown = {line[:19].strip(): line[19:] for line in review["msg"]}
    assert shown["admins_can_reset"] == "yes"
    assert shown.get("reconfirm_days") == ("180" if portal else None)
    assert portal or "reconfirm_days" in shown["Unknown"].split(", ")


@pytest.mark.oldest
def test_the_audit_shows_every_tenant_and_writes_nothing(make_tenant: Any, ansible: Ansible) -> None:
    names = ("failed", "clean", "drifting", "incomplete", "unnamed")
    tenants = {name: make_tenant() for name in names}
    tenants["failed"].fault("status", status=403, plane="graph", times=None)
    asked = {"sspr_reconfirm_days": 180, "sspr_methods": {"email": True}, "sspr_notify_admins": False}
    hosts = {name: host(tenant, **asked) for name, tenant in tenants.items()}
    hosts["drifting"] |= {"sspr_reconfirm_days": 90, "sspr_methods": {"email": False}, "sspr_group": ""}
    hosts["drifting"] |= {"sspr_allow_sign_in_change": True}
    # Also where the inventory says `require`, which is the default: an audit has nothing to require it for.
    hosts["incomplete"] |= {"entra_portal_refresh_token": None, "sspr_portal": "require"}
    hosts["unnamed"] |= {"entra_tenant_id": "{{ not_set_anywhere }}"}
    before = {name: stored(tenant) for name, tenant in tenants.items()}
    run = play(ansible, AUDIT, hosts, "-vvvv")
    assert run.code == 2, run.output
    assert {result.host for result in run.results if result.changed} == {"drifting"}
    assert "-    reconfirm_days: 180" in run.output
    assert "+    reconfirm_days: 90" in run.output
    [summary] = run.of("Show the summary")
    *lines, failed, unnamed = summary["msg"]
    assert lines == [
        "Tenants 5, clean 1, incomplete 1, drift 1, failed 2",
        "clean       clean",
        "incomplete  incomplete no portal access to read reconfirm_days, notify_admins",
        "drift       drifting   found reconfirm_days=180, email=yes",
    ]
    assert failed.startswith(
        "failed      failed     Microsoft Graph refused access (403), although the app has the permission "
    )
    assert unnamed.startswith("failed      unnamed    ")
    # Before ansible-core 2.19 what is undefined counts as not given, and the option is named.
    old = tuple(map(int, release.__version__.split(".")[:2])) < (2, 19)
    assert ("tenant_id" if old else "'not_set_anywhere' is undefined") in unnamed
    assert secrets_in(run.output) == []
    for name, tenant in tenants.items():
        assert tenant.writes() == []
        assert stored(tenant) == before[name]


# How a run goes; no module has these.
PREFLIGHT_OPTIONS = [
    "break_glass",
    "waivers",
    "max_locked_out_users",
    "allow_unknown_readiness",
    "telephony_provider",
    "as_of",
]
OF_A_RUN = {
    "sspr_run_dir",
    "sspr_run",
    "sspr_on_refusal",
    "sspr_max_changes",
    "sspr_gate",
    "sspr_gate_minutes",
    "sspr_gate_coverage",
    *(f"sspr_{option}" for option in PREFLIGHT_OPTIONS),
    "sspr_test_user",
    "sspr_note_dir",
    "sspr_group_members",
    "sspr_group_groups",
    "sspr_purpose",
    "sspr_audit_baselines",
    "sspr_audit_waivers",
    "sspr_audit_attestations",
    "sspr_audit_dir",
    "sspr_audit_previous",
    "sspr_audit_extra_evidence",
    "sspr_audit_fail_on",
}


def test_every_option_has_its_variable() -> None:
    specs = yaml.safe_load((ROOT / "roles/sspr/meta/argument_specs.yml").read_text())["argument_specs"]
    settings = {name: line for page in ALL_PAGES for name, line in page.argument_spec().items()} | PORTAL_MODE_SPEC
    wanted = {f"entra_{option}" for option in CONNECTION_SPEC}
    wanted |= {f"sspr_{option}" for option in settings}
    wanted |= {f"sspr_method_{name}" for name in settings["methods"]["options"]}
    wanted |= OF_A_RUN
    secrets = {f"entra_{option}" for option, line in CONNECTION_SPEC.items() if line.get("no_log")}
    for entry in ("main", "audit", "doctor"):
        assert set(specs[entry]["options"]) == wanted - secrets
    assert all(f"C({name})" in " ".join(specs["main"]["description"]) for name in secrets)
    readme = (ROOT / "roles/sspr/README.md").read_text()
    assert [name for name in sorted(wanted) if f"`{name}`" not in readme] == []
    constants = yaml.safe_load((ROOT / "roles/sspr/vars/main.yml").read_text())
    assert sorted(constants["__sspr_preflight_options"]) == sorted(PREFLIGHT_OPTIONS)


def test_the_example_names_the_simulated_tenants() -> None:
    examples: Path = ROOT / "examples"
    groups = yaml.safe_load((examples / "inventory/hosts.yml").read_text())
    seed = yaml.safe_load((examples / "simulated-tenants.yml").read_text())
    named = {
        (variables["entra_tenant_id"], variables["entra_expected_domain"])
        for group in groups.values()
        for variables in group["hosts"].values()
    }
    assert named == {(tenant["id"], tenant["domains"][1]) for tenant in seed["tenants"]}
