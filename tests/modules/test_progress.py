# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress callback in real Ansible: opt-in, on standard error, no flood."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, Run

pytestmark = [pytest.mark.both_ways, pytest.mark.worker_only]

HOSTS = [f"t{number}" for number in range(6)]
TASKS = [
    {"name": "Look", "ansible.builtin.assert": {"that": "inventory_hostname != 't3'"}, "ignore_errors": True},
    {"name": "Once", "ansible.builtin.debug": {"msg": "x"}, "run_once": True},
]


def run(ansible: Ansible, *, enabled: bool = True, interval: float = 0) -> Run:
    ansible.home.mkdir(parents=True, exist_ok=True)
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "serial": [2, "100%"], "tasks": TASKS}
    path = ansible.home / "play.json"
    path.write_text(json.dumps([play]))
    env = {"ANSIBLE_CALLBACKS_ENABLED": "collect,tenantops.entra.progress"} if enabled else {}
    inventory = ",".join(HOSTS) + ","
    return ansible.playbook(path, "-i", inventory, env={**env, "ENTRA_PROGRESS_INTERVAL": str(interval)})


@pytest.mark.oldest
def test_how_far_the_fleet_is(ansible: Ansible) -> None:
    output = run(ansible).output
    told = re.findall(r"^Look: (\d) of 6 tenants", output, re.MULTILINE)
    assert told == ["1", "2", "3", "4", "5", "6"], output
    assert "Once: " not in output
    assert "1 failed (t3)" in output
    assert output.rstrip().endswith("1 of 6 tenants failed: t3")
    assert "\x1b" not in output


def test_no_flood_and_nothing_unasked(ansible: Ansible) -> None:
    short = run(ansible, interval=30).output
    assert "tenants," not in short
    assert "1 of 6 tenants failed: t3" in short
    assert "tenants" not in run(ansible, enabled=False).output
