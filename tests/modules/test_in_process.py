# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way a task takes, why, that both come to the same, and what the tasks of one run share."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.runs import run_record
from ansible_collections.tenantops.entra.tests.support.playbook import ROOT, Ansible, Run, TaskResult, task

from .conftest import ALL_PERMISSIONS, APP, REFRESH_TOKEN, SECRET, Tenant

pytestmark = pytest.mark.oldest

WORKER = "runs in Ansible's own worker"
PROCESS = "runs in a separate process: "
# What costs time to import, and the parent has imported
HEAVY = ("anyio", "azure", "cryptography", "h11", "h2", "httpcore", "httpx", "kiota", "msal", "msgraph", "requests")
METHODS = "/v1.0/policies/authenticationMethodsPolicy"

CONNECTION = """
from ansible.plugins.connection.local import Connection as Local
DOCUMENTATION = '''
name: elsewhere
short_description: As local, by another name
description: [As local.]
options: {pipelining: {description: [Pipelining.], default: true, type: bool}}
'''
class Connection(Local):
    transport = "elsewhere"
"""

BECOME = """
from ansible.plugins.become import BecomeBase
DOCUMENTATION = '''
name: nobody
short_description: Become the user one is
description: [Does nothing.]
options:
  become_user: {description: [User.], default: root, vars: [{name: ansible_become_user}]}
  become_exe: {description: [Program.], default: nobody}
  become_flags: {description: [Flags.], default: ''}
  become_pass: {description: [Password.]}
'''
class BecomeModule(BecomeBase):
    name = "nobody"
    def build_become_command(self, cmd, shell):
        super().build_become_command(cmd, shell)
        return self._build_success_command(cmd, shell) if cmd else cmd
"""

WITNESS = """
import os, sys
parent = os.getpid()
def hook(event, arguments):
    # In a process that was forked and not started: a library that is looked for, a service that is called
    if os.getpid() != parent and event in ("import", "socket.connect"):
        what = arguments[0] if event == "import" else "connection:" + str(arguments[1][1])
        with open({path!r}, "a") as file:
            file.write(what + chr(10))
if os.path.basename(sys.argv[0]).startswith("ansible-playbook"):
    sys.addaudithook(hook)
"""


@pytest.fixture
def ansible(tmp_path: Path) -> Ansible:
    return Ansible(tmp_path / "ansible", in_process=True)


def ways(run: Run) -> list[str]:
    """Which way each task took, as told at -vvvv."""
    lines = [line for line in run.output.splitlines() if WORKER in line or PROCESS in line]
    return [WORKER if WORKER in line else line.partition(PROCESS)[2] for line in lines]


def own_names(folder: Path) -> list[str]:
    """The controller's own interpreter, by other names."""
    names = [str(path) for path in Path(sys.executable).parent.glob("python*") if path.samefile(sys.executable)]
    link = folder / "environment"
    link.symlink_to(Path(sys.executable).parent)
    return [*names, str(link / Path(sys.executable).name), "{{ ansible_playbook_python }}", "auto", "auto_silent", ""]


# Their modules have no code but documentation: they are action plugins only.
ACTIONS_ONLY = {"sspr_report", "sspr_run_outcome"}
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")} - ACTIONS_ONLY


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_takes_the_short_way(tenant: Tenant, module: str) -> None:
    created = run_record.RunRecord.create(tenant.ansible.home, {"contoso": tenant.id}, "stop", "rollout")
    people = [{"id": f"{APP[:-1]}5", "userPrincipalName": "adele@contoso.com"}]
    allowed = {APP: [*ALL_PERMISSIONS, "User.Read.All"]}
    tenant.simulator.tenant(tenant.id).edit({"people": people, "apps": allowed})
    options: dict[str, dict[str, Any]] = {
        "sspr_group": {"group": "SSPR Pilot"},
        "sspr_restore": {"run": str(created.path)},
        "sspr_user_info": {"user": "adele@contoso.com"},
        "sspr_user_methods": {"users": []},
    }
    without_tenant: dict[str, dict[str, Any]] = {
        "sspr_run": {},
        "sspr_run_info": {"run": str(created.path)},
    }
    asked = (
        task(module, without_tenant[module], check_mode=True)
        if module in without_tenant
        else tenant.task(module, check_mode=True, **options.get(module, {}))
    )
    run = tenant.ansible.run_tasks(asked, arguments=["-vvvv"])
    assert ways(run) == [WORKER], run.output
    assert run.results[0].ok
    assert "AnsiballZ" not in run.output
    assert not list(tenant.ansible.home.glob("tmp/*")), "nothing was unpacked"


def test_what_takes_a_process_of_its_own(tenant: Tenant, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text(CONNECTION, encoding="utf-8")
    (tmp_path / "nobody.py").write_text(BECOME, encoding="utf-8")
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    other.chmod(0o755)
    asked = tenant.task("sspr_info")

    def told(**variables: Any) -> dict[str, Any]:
        return {**asked, "vars": variables}

    tasks = {
        "entra_in_process is false": told(entra_in_process=False),
        "the connection is elsewhere": told(ansible_connection="elsewhere"),
        "the task uses become": {**asked, "become": True, "become_method": "nobody"},
        "the task uses async": {**asked, "async": 60, "poll": 1},
        "the task sets environment": {**asked, "environment": {"A": "b"}},
        f"the interpreter is {other}": told(ansible_python_interpreter=str(other)),
    }
    environment = {
        "ANSIBLE_CONNECTION_PLUGINS": str(tmp_path),
        "ANSIBLE_BECOME_PLUGINS": str(tmp_path),
        "ANSIBLE_ASYNC_DIR": str(tmp_path / "async"),
    }
    run = tenant.ansible.run_tasks(*tasks.values(), asked, arguments=["-vvvv"], env=environment)
    assert ways(run) == [*tasks, WORKER], run.output
    results = [result for result in run.results if "sspr" in result.values]
    assert len(results) == len(tasks) + 1, run.output
    assert [result.ok for result in results] == [True] * len(results)
    assert len({json.dumps(result["sspr"], sort_keys=True) for result in results}) == 1

    kept = tenant.ansible.run_tasks(asked, arguments=["-vvvv"], env={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
    assert ways(kept) == ["ANSIBLE_KEEP_REMOTE_FILES is set"]
    delegated = tenant.ansible.run_tasks(
        {**asked, "delegate_to": "helper"},
        arguments=["-vvvv", "-i", inventory(tmp_path, helper={"ansible_python_interpreter": str(other)})],
        play={"vars": {}},
    )
    assert ways(delegated) == [f"the interpreter is {other}"]
    assert delegated.results[0].ok


def inventory(folder: Path, **hosts: Mapping[str, Any]) -> str:
    local = {"ansible_connection": "local"}
    path = folder / "hosts.json"
    path.write_text(json.dumps({"all": {"hosts": {name: {**local, **own} for name, own in hosts.items()}}}))
    return str(path)


def test_the_controllers_own_interpreter_by_any_name(tenant: Tenant, tmp_path: Path) -> None:
    names = own_names(tmp_path)
    tasks = [{**tenant.task("sspr_info"), "vars": {"ansible_python_interpreter": name}} for name in names]
    run = tenant.ansible.run_tasks(*tasks, arguments=["-vvvv"])
    assert ways(run) == [WORKER] * len(names), run.output
    assert all(result.ok for result in run.results)

    configured = inventory(tmp_path, contoso={})
    play = {"hosts": "contoso", "vars": {}}
    for name, way in ((sys.executable, WORKER), ("/nowhere/python", "the interpreter is /nowhere/python")):
        run = tenant.ansible.run_tasks(
            tenant.task("sspr_info"),
            arguments=["-vvvv", "-i", configured],
            env={"ANSIBLE_PYTHON_INTERPRETER": name},
            play=play,
        )
        assert ways(run) == [way], run.output
        assert run.results[0].ok == (way == WORKER)


def test_a_python_of_the_same_make_in_another_environment_is_not_the_controllers(
    tenant: Tenant, tmp_path: Path
) -> None:
    """Both are links to the same file, and yet see other libraries."""
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.symlink_to(Path(sys.executable).resolve())
    run = tenant.ansible.run_tasks(
        {**tenant.task("sspr_info"), "vars": {"ansible_python_interpreter": str(other)}}, arguments=["-vvvv"]
    )
    assert ways(run) == [f"the interpreter is {other}"]
    assert run.results[0].kind == "environment"
    assert "library is missing" in run.results[0]["msg"]


def test_a_missing_library(tenant: Tenant, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['msal'] = None\n", encoding="utf-8")
    run = tenant.ansible.run_tasks(tenant.task("sspr_info"), arguments=["-vvvv"], env={"PYTHONPATH": str(tmp_path)})
    assert len(ways(run)) == 1
    assert ways(run)[0].startswith(f"a Python library is missing for {sys.executable}"), run.output
    assert run.results[0].kind == "environment"
    assert "msal" in run.results[0]["msg"]


def test_a_newer_ansible_core_takes_the_ordinary_way(tenant: Tenant, tmp_path: Path) -> None:
    newer = "import ansible.release\nansible.release.__version__ = '2.99.0'\n"
    (tmp_path / "sitecustomize.py").write_text(newer, encoding="utf-8")
    run = tenant.ansible.run_tasks(tenant.task("sspr_info"), arguments=["-vvvv"], env={"PYTHONPATH": str(tmp_path)})
    assert ways(run) == ["ansible-core 2.99.0 is newer than the versions that were tested"], run.output
    assert run.results[0].ok


DIFFERS = {"request_id", "request_ids", "ansible_facts"}


def comparable(result: TaskResult) -> Any:
    """A result without what no two requests have in common."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without(item) for name, item in value.items() if name not in DIFFERS}
        return [without(item) for item in value] if isinstance(value, list) else value

    return result.outcome, without(result.values)


def test_both_ways_come_to_the_same(make_tenant: Any) -> None:
    """Results to the letter: invocation, alias and validation messages, warnings, check mode, diff, errors, a loop."""
    results, outputs = [], []
    for way in (True, False):
        tenant: Tenant = make_tenant(
            id="12345678-1234-4234-8234-123456789012",
            domains=["both.example"],
        )
        tenant.ansible.in_process = way
        aliases = {"client_secret": None, "tenant_id": None, "secret": SECRET, "tenant": tenant.id}
        looped = tenant.task("sspr_properties", scope="{{ item }}", group="Nobody")
        run = tenant.ansible.run_tasks(
            tenant.task("sspr_policy", check_mode=True, **aliases, notify_admins=True, helpdesk_link=True),
            tenant.task("sspr_policy", notify_admins=True, methods={"software_oath": False}),
            tenant.task("sspr_policy", notify_admins=True),
            tenant.task("sspr_info"),
            tenant.task("sspr_info", secret=SECRET),
            tenant.task("sspr_registration", reconfirm_days=731),
            tenant.task("sspr_registration", reconfirm_days="a lot"),
            tenant.task("sspr_registration", cloud="nowhere"),
            tenant.task("sspr_registration", no_such_option=SECRET),
            tenant.task("sspr_registration", tenant_id=None),
            tenant.task("sspr_registration", reconfirm_days=90, expected_domain="fabrikam.com"),
            tenant.task("sspr_properties", scope="selected", group="Nobody"),
            {**looped, "loop": ["all", "none"]},
            {**tenant.task("sspr_notifications", notify_users=False), "no_log": True},
            arguments=["--diff", "-vvv"],
            env={"ANSIBLE_INJECT_INVOCATION": "true"},
        )
        assert len(run.results) == 14, run.output
        results.append([comparable(result) for result in run.results])
        kept = ("[WARNING]", "[DEPRECATION", "fatal:", "ok:", "changed:", "failed:", "+", "-")
        lines = [line for line in run.output.splitlines() if line.startswith(kept)]
        outputs.append([line for line in lines if "=> {" not in line])
        assert SECRET not in run.output
    for mine, other in zip(*results, strict=True):
        assert mine == other
    assert outputs[0] == outputs[1]
    assert results[0][0][1]["invocation"]["module_args"]["client_secret"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
    assert len({len(entry[1].get("warnings", [])) for entry in results[0]}) > 1, "some warn and some do not"


def test_the_workers_import_nothing_of_weight_and_reuse_connections(tenant: Tenant, tmp_path: Path) -> None:
    witness = tmp_path / "imports"
    (tmp_path / "sitecustomize.py").write_text(WITNESS.format(path=str(witness)), encoding="utf-8")
    run = tenant.ansible.run_tasks(
        tenant.task("sspr_policy", notify_admins=True, methods={"email": False}),
        tenant.task("sspr_info"),
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert all(result.ok for result in run.results), run.output
    imported = witness.read_text(encoding="utf-8").split() if witness.exists() else []
    assert imported, "the witness was there"
    assert sorted({name for name in imported if name.split(".")[0].split("_")[0] in HEAVY}) == []
    port = tenant.simulator.url.rpartition(":")[2]
    assert imported.count(f"connection:{port}") == 3, "one for tokens, one for the rest of each task"
    assert len(tenant.requests()) > 10


def requests(tenant: Tenant) -> Counter[str]:
    """The tenant's requests by kind."""
    counted: Counter[str] = Counter()
    for request in tenant.simulator.log(tenant=tenant.id):
        kind = request.path.rsplit("/", 1)[-1]
        counted[f"{request.method} {kind}"] += 1
    return counted


ONCE = {"GET openid-configuration": 2, "POST token": 2, "GET organization": 1}


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_one_token_and_one_read_of_the_organization_per_run(
    make_tenant: Any, ansible: Ansible, tmp_path: Path, strategy: str
) -> None:
    tenants = [make_tenant(migration_state="preMigration" if number == 0 else None) for number in range(4)]
    hosts = {f"t{number}": {"options": tenant.options()} for number, tenant in enumerate(tenants)}
    pages: list[tuple[str, dict[str, Any]]] = [
        ("sspr_properties", {"scope": "all"}),
        ("sspr_auth_methods", {"methods_required": 2}),
        ("sspr_registration", {"required_at_sign_in": False}),
        ("sspr_notifications", {"notify_admins": True}),
        ("sspr_customization", {"helpdesk_link": True, "helpdesk_contact": "it@contoso.com"}),
        ("sspr_info", {}),
    ]
    play = {
        "hosts": "all",
        "strategy": strategy,
        "module_defaults": {"group/tenantops.entra.entra": "{{ options }}"},
    }
    tasks = [task(module, options) for module, options in pages]
    for changed in (True, False):
        tenants[0].simulator.clear_log()
        run = ansible.run_tasks(*tasks, arguments=["-i", inventory(tmp_path, **hosts), "-f", "2"], play=play)
        assert len(run.results) == len(pages) * len(tenants)
        for result in run.results:
            assert result.ok, result.values
            assert result.changed == (changed and "sspr_info" not in result.task)
        for tenant in tenants:
            assert requests(tenant) == {
                **ONCE,
                "GET PasswordResetPolicies": 5 * (3 if changed else 1) + 1,
                **({"PUT PasswordResetPolicies": 5} if changed else {}),
                "GET authenticationMethodsPolicy": 2,
                "GET OnPremisesPasswordResetPolicies": 1,
                "GET authorizationPolicy": 1,
            }


def test_another_credential_gets_its_own_token(tenant: Tenant) -> None:
    wrong, right = tenant.task("sspr_info", client_secret="wrong"), tenant.task("sspr_info")
    results = tenant.ansible.tasks(right, wrong, right, tenant.task("sspr_info", portal_refresh_token="0.unknown"))
    assert [result.ok for result in results] == [True, False, True, False]
    assert results[1].kind == "credential"
    assert results[3].kind == "portal_credential_expired"


def test_the_guards_look_at_a_shared_tenant_too(tenant: Tenant) -> None:
    results = tenant.ansible.tasks(
        tenant.task("sspr_info"),
        tenant.task("sspr_notifications", notify_admins=True, expected_domain="fabrikam.com"),
    )
    assert [result.kind for result in results] == [None, "tenant_mismatch"]
    assert tenant.writes() == []


@pytest.mark.parametrize(
    ("module", "options", "fault"),
    [
        ("sspr_info", {}, {"plane": "graph", "method": "GET", "path": METHODS}),
        ("sspr_info", {}, {"plane": "portal", "method": "GET"}),
        ("sspr_notifications", {"notify_admins": True}, {"plane": "portal", "method": "PUT"}),
        ("sspr_auth_methods", {"methods": {"email": False}}, {"plane": "graph", "method": "PATCH"}),
    ],
    ids=["graph-get", "portal-get", "portal-put", "graph-patch"],
)
def test_a_token_that_was_revoked_meanwhile(
    tenant: Tenant, module: str, options: dict[str, Any], fault: dict[str, Any]
) -> None:
    """Renewed once, since another task got it; refused again, it is reported and not renewed again."""
    first = tenant.task("sspr_notifications")
    for times, kind in ((1, None), (2, "credential" if fault["plane"] == "graph" else "portal_credential_expired")):
        tenant.simulator.clear_log()
        # The first task reads the portal's policy as well.
        skip = int(fault == {"plane": "portal", "method": "GET"})
        tenant.fault("status", status=401, skip=skip, times=times, **fault)
        before, result = tenant.ansible.tasks(first, tenant.task(module, **options))
        assert before.ok, before.values
        assert result.kind == kind, result.values
        assert requests(tenant)["POST token"] == 3
        if options and kind is None:
            assert result.changed
            assert len([request for request in tenant.writes() if request.applied]) == 1
        for name, value in options.items():
            options = {**options, name: {"email": True} if isinstance(value, dict) else not value}
        tenant.simulator.clear_faults()


def test_a_revoked_refresh_token_ends_with_the_access_token(tenant: Tenant) -> None:
    tenant.fault("status", plane="portal", method="GET", status=401, skip=1, times=1)
    tenant.fault("status", plane="token", method="POST", status=400, skip=2, body={"error": "invalid_grant"})
    before, result = tenant.ansible.tasks(tenant.task("sspr_notifications"), tenant.task("sspr_info"))
    assert before.ok
    assert result.kind in ("credential", "portal_credential_expired")
    assert requests(tenant)["POST token"] == 3


def test_secrets_of_an_inventory_are_looked_up_once_a_tenant(
    make_tenant: Any, ansible: Ansible, tmp_path: Path
) -> None:
    tenants = [make_tenant() for _turn in range(3)]
    asked = tmp_path / "asked"

    def vault(host: str, secret: str) -> str:
        command = f"echo {host} >> {asked}; printf %s '{secret}'"
        return f"{{{{ lookup('ansible.builtin.pipe', {command!r}) }}}}"

    hosts = {}
    for number, tenant in enumerate(tenants):
        options = {f"entra_{name}": value for name, value in tenant.options().items()}
        secrets = {"entra_client_secret": SECRET, "entra_portal_refresh_token": REFRESH_TOKEN}
        looked_up = {name: vault(f"t{number}", secret) for name, secret in secrets.items()}
        wanted = {"sspr_notify_admins": True, "sspr_scope": "all", "sspr_break_glass": []}
        hosts[f"t{number}"] = {**options, **looked_up, **wanted}
    run = ansible.playbook("tenantops.entra.runbook", "-i", inventory(tmp_path, **hosts), "-e", "sspr_hosts=all")
    assert run.code == 0, run.output
    assert Counter(asked.read_text(encoding="utf-8").split()) == dict.fromkeys(hosts, 2)
    for tenant in tenants:
        assert tenant.policy["notifyOnAdminPasswordReset"] is True
        assert {name: requests(tenant)[name] for name in ONCE} == ONCE


def test_nothing_is_left_of_a_run(tenant: Tenant) -> None:
    """The next run asks for its own tokens."""
    for _turn in range(2):
        tenant.simulator.clear_log()
        assert tenant.run("sspr_info").ok
        assert requests(tenant)["POST token"] == 2
