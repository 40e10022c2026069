# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides show: every piece of YAML is valid, every playbook exists, and the one that can run here is run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.tenantops.entra.plugins.module_utils.data.reset_errors import RESET_ERRORS
from ansible_collections.tenantops.entra.plugins.module_utils.rules.reset_diagnosis import PROBLEMS
from ansible_collections.tenantops.entra.tests.support.playbook import ROOT, Ansible

from .conftest import APP, GROUP, Tenant
from .test_examples import environment_of
from .test_user_info import SEES_PEOPLE

CONTOSO = "11111111-1111-4111-8111-111111111111"
GUIDES = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "roles/sspr/README.md")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_guide_shows_exists(guide: Path) -> None:
    for text in blocks(guide, "yaml"):
        assert yaml.safe_load(text)
    for text in blocks(guide, "python"):
        compile(text, str(guide), "exec")
    text = guide.read_text(encoding="utf-8")
    playbooks = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert set(re.findall(r"ansible-playbook tenantops\.entra\.(\w+)", text)) <= playbooks
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (guide.parent / link).exists(), link
    variables = (ROOT / "roles/sspr/meta/argument_specs.yml").read_text(encoding="utf-8")
    for name in set(re.findall(r"-e '?\{?\"?(sspr_\w+)", text)) - {"sspr_hosts", "sspr_serial"}:
        assert f"      {name}:" in variables, name


@pytest.mark.both_ways
@pytest.mark.oldest
def test_the_renewal_of_the_guide_stores_a_token_that_works(tenant: Tenant) -> None:
    home = tenant.ansible.home
    home.mkdir(parents=True)
    name = f"{tenant.id[:8]}@msp.example"
    user = tenant.simulator.add_user(name, mfa=True, refresh_tokens=[f"rt-first-{tenant.id}"])
    tenant.simulator.tenant(tenant.id).users[name] = ["Authentication Policy Administrator"]
    (home / "token").write_text(user.refresh_tokens[0])
    [text] = [text for text in blocks(ROOT / "docs/connect.md", "yaml") if "hosts: localhost" in text]
    (home / "renew.yml").write_text(text)
    environment: dict[str, Any] = {
        "ENTRA_AUTHORITY_URL": tenant.simulator.url,
        "ENTRA_CA_PATH": tenant.simulator.ca_path,
    }
    arguments = ("-e", f"store={home / 'token'}", "-e", f"partner_tenant_id={tenant.id}", "-vvvv", "--diff")
    for _attempt in range(2):
        run = tenant.ansible.playbook(home / "renew.yml", *arguments, env=environment)
        assert run.code == 0, run.output
        assert not [token for token in user.refresh_tokens if token in run.output]
    assert len(user.refresh_tokens) == 3
    assert (home / "token").read_text() == user.refresh_tokens[-1]


def guided(make_tenant: Any, guide: str, **seed: Any) -> tuple[Tenant, dict[str, str], list[list[str]]]:
    """A tenant as the README's inventory has it, with the guide's files beside it; and the guide's commands."""
    tenant: Tenant = make_tenant(id=CONTOSO, domains=["contoso.com"], **seed)
    tenant.simulator.clear_log()
    tenant.ansible.home.mkdir(parents=True)
    [inventory] = [text for text in blocks(ROOT / "README.md", "yaml") if text.startswith("# inventory.yml")]
    playbooks = {text.split("\n", 1)[0].removeprefix("# "): text for text in blocks(ROOT / guide, "yaml")}
    for name, text in {"inventory.yml": inventory, **playbooks}.items():
        (tenant.ansible.home / name).write_text(text, encoding="utf-8")
    lines = [line for text in blocks(ROOT / guide, "shell") for line in text.splitlines()]
    return tenant, environment_of(tenant), [line.removeprefix("ansible-playbook ").split() for line in lines]


@pytest.mark.both_ways
@pytest.mark.worker_only
def test_the_list_of_the_guide_is_registered_and_removed(make_tenant: Any) -> None:
    people = [
        {"id": f"55555555-5555-4555-8555-55555555555{n}", "userPrincipalName": f"{name}@contoso.com"}
        for n, name in enumerate(("adele", "alex", "megan"))
    ]
    allowed = {APP: ["Organization.Read.All", "UserAuthenticationMethod.ReadWrite.All"]}
    tenant, environment, commands = guided(make_tenant, "docs/register_methods.md", people=people, apps=allowed)
    [sheet] = blocks(ROOT / "docs/register_methods.md", "csv")
    (tenant.ansible.home / "phones.csv").write_text(sheet, encoding="utf-8-sig")
    [told] = blocks(ROOT / "docs/register_methods.md", "text")
    checked, done = (tenant.ansible.playbook(*command, env=environment) for command in commands)
    assert (checked.code, done.code) == (0, 0), (checked.output, done.output)
    for run in (checked, done):
        assert " ".join(told.split()) in " ".join(run.output.split())
        assert run.results[0]["counts"] == {"changed": 2, "ok": 0, "cannot_compare": 0, "failed": 1}
    assert len(tenant.writes()) == 2, "none of them in check mode"
    corrected = sheet.replace("+1 206-555-0101", "+1 2065550101")
    (tenant.ansible.home / "phones.csv").write_text(corrected, encoding="utf-8-sig")
    assert tenant.ansible.playbook(*commands[1], env=environment).results[0]["counts"]["changed"] == 1
    methods = tenant.simulator.tenant(tenant.id).user_methods
    assert [len(methods[person["id"]]) for person in people] == [1, 1, 1]
    removed = tenant.ansible.playbook("-i", "inventory.yml", "remove.yml", env=environment)
    assert removed.code == 0, removed.output
    assert not any(methods.values())


@pytest.mark.both_ways
@pytest.mark.worker_only
def test_the_guide_looks_at_the_user(make_tenant: Any) -> None:
    tenant, environment, [command] = guided(
        make_tenant,
        "docs/diagnose_user.md",
        people=[{"id": "55555555-5555-4555-8555-555555555555", "userPrincipalName": "adele@contoso.com"}],
        apps={APP: list(SEES_PEOPLE)},
    )
    run = tenant.ansible.playbook(*command, env=environment)
    assert run.code == 0, run.output
    assert run.results[1]["msg"]["capable"] is False
    assert [blocker["code"] for blocker in run.results[1]["msg"]["blockers"]] == ["SSPR_0009", "SSPR_0014"]
    assert tenant.writes() == []


@pytest.mark.both_ways
@pytest.mark.worker_only
def test_the_commands_of_the_pilot_guide(make_tenant: Any, ansible: Ansible) -> None:
    """From the inventory of the guide to the question who has registered."""
    adele, alex = ("55555555-5555-4555-8555-555555555555", "55555555-5555-4555-8555-555555555556")
    email = {"@odata.type": "#microsoft.graph.emailAuthenticationMethod", "emailAddress": "adele@home.example"}
    tenant = make_tenant(
        id=CONTOSO,
        domains=["contoso.com"],
        apps={APP: [*SEES_PEOPLE]},
        groups=[{"id": GROUP, "displayName": "SSPR Pilot", "members": [adele, alex]}],
        people=[
            {"id": adele, "userPrincipalName": "adele@contoso.com"},
            {"id": alex, "userPrincipalName": "alex@contoso.com"},
        ],
        user_methods={adele: [email]},
    )
    ansible.home.mkdir(parents=True)
    for text in blocks(ROOT / "docs/pilot.md", "yaml"):
        name = text.split("\n", 1)[0].removeprefix("# ")
        if name in ("inventory.yml", "registered.yml"):
            (ansible.home / name).write_text(text, encoding="utf-8")
    lines = [line for text in blocks(ROOT / "docs/pilot.md", "shell") for line in text.splitlines()]
    runs = [ansible.playbook(*line.split()[1:], env=environment_of(tenant)) for line in lines]
    assert [run.code for run in runs] == [0] * 4, [run.output for run in runs if run.code]
    assert tenant.policy["enablementType"] == 1
    assert "adele@contoso.com - can reset" in runs[2].output
    assert {path.name for path in (ansible.home / "notes").iterdir()} == {"contoso.md", "contoso.html"}
    assert runs[3].results[1]["msg"][0].startswith("50.0 percent as of ")
    assert runs[3].results[1]["msg"][1:] == [["alex@contoso.com"], ["adele@contoso.com"]]


def test_the_guide_names_every_code_and_every_finding() -> None:
    text = (ROOT / "docs/diagnose_user.md").read_text(encoding="utf-8")
    assert {entry["code"] for entry in RESET_ERRORS.values() if entry["code"]} <= set(re.findall(r"SSPR_\d{4}", text))
    for question in PROBLEMS:
        assert f"`{question.name}`" in text


@pytest.mark.both_ways
@pytest.mark.worker_only
def test_the_commands_of_the_audit_guides(make_tenant: Any, ansible: Ansible, tmp_path: Path) -> None:
    """Each file and each command of both guides, in their order, for three clients."""
    ids = dict(zip(("contoso", "fabrikam", "northwind"), "123", strict=True))
    tenants = {
        name: make_tenant(id="-".join(digit * size for size in (8, 4)) + f"-4{digit * 3}-8{digit * 3}-{digit * 12}")
        for name, digit in ids.items()
    }
    tenants["contoso"].simulator.clear_log()  # other tests have a tenant of the same id
    environment = environment_of(tenants["contoso"])
    for guide in ("audit.md", "baselines.md"):
        for text in blocks(ROOT / "docs" / guide, "yaml"):
            path = ansible.home / text.split("\n", 1)[0].removeprefix("# ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    # As in the guide until somebody adds what follows
    later = {
        name: (ansible.home / name).rename(tmp_path / name.replace("/", "-")) for name in ("host_vars", "group_vars")
    }

    def reported(command: str, month: str, **more: str) -> dict[str, Any]:
        [arguments] = re.findall(rf"^ansible-playbook (tenantops\.entra\.audit .*{month}.*)$", command, re.MULTILINE)
        run = ansible.playbook(*arguments.split(), env={**environment, **more})
        assert run.code == 0, run.output
        report: dict[str, Any] = json.loads((ansible.home / f"audits/{month}/report.json").read_text())
        return {entry["host"]: entry for entry in report["tenants"]} | {"since": report["since"]}

    [audit], [own] = (blocks(ROOT / "docs" / guide, "shell") for guide in ("audit.md", "baselines.md"))
    first, second, third = audit.splitlines()
    found = reported(first, "2026-11")
    assert [found[name]["run"] for name in tenants] == ["ok", "ok", "not_run"]
    found = reported(second, "2026-11")
    assert [found[name]["run"] for name in tenants] == ["ok", "ok", "ok"]
    assert {found[name]["state"] for name in tenants} == {"drift"}
    tenants["contoso"].policy["registrationReconfirmIntevalInDays"] = 0
    found = reported(third, "2026-12")
    assert ("contoso", "cis_m365_v7:5.2.4.3") in {(it["host"], it["id"]) for it in found["since"]["new_drift"]}

    for name, path in later.items():
        path.rename(ansible.home / name)
    found = reported(own, "2026-11", ENTRA_PORTAL_REFRESH_TOKEN="")
    controls = {name: {it["id"]: it for it in found[name]["controls"]} for name in tenants}
    assert controls["fabrikam"]["cis_m365_v7:5.2.4.2"]["status"] == "waived"
    assert controls["contoso"]["cis_m365_v7:5.2.4.2"]["status"] == "unknown"
    attested = controls["northwind"]["cis_m365_v7:5.2.4.4"]
    assert (attested["status"], attested["grade"]) == ("pass", "attested")
    ours = {name for name in controls["contoso"] if name.startswith("msp_v1:")}
    assert ours == {"msp_v1:1.1", "msp_v1:1.2", "msp_v1:1.3"}, "this client is not hybrid"
    assert all(tenant.writes() == [] for tenant in tenants.values())
