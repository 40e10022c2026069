# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides show: every piece of YAML is valid, every playbook exists, and the one that can run here is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.tenantops.entra.tests.support.playbook import ROOT

from .conftest import Tenant

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
