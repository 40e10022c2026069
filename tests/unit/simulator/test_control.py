# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml

from ansible_collections.tenantops.entra.tests.simulator import Simulator

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
MODULE = "ansible_collections.tenantops.entra.tests.simulator"

Call = Callable[..., httpx.Response]


def test_state(sim: Simulator, client: httpx.Client) -> None:
    state = client.get("/_simulator/state").json()
    assert state["tenants"][TENANT] == "Contoso"
    assert state["open_connections"] == sim.open_connections == 1
    assert state["requests"] == 0


def test_tenant_is_edited(sim: Simulator, client: httpx.Client) -> None:
    path = "/_simulator/tenants/contoso.example"
    changes = {
        "portal_policy": {"enablementType": 2, "newField": "<absent>"},
        "authentication_methods_policy": {"Sms": {"state": "disabled"}},
        "require_mfa": True,
    }
    assert client.patch(path, json=changes).status_code == 200
    tenant = client.get(path).json()
    assert (tenant["portal_policy"]["enablementType"], tenant["require_mfa"]) == (2, True)
    assert "newField" not in sim.tenant(TENANT).portal_policy
    assert sim.tenant(TENANT).configurations["Sms"]["state"] == "disabled"
    assert client.patch(path, json={"nonsense": 1}).status_code == 400
    assert client.patch(path, json={"migration_state": "done"}).status_code == 400
    assert client.get("/_simulator/tenants/nobody").status_code == 404
    client.post("/_simulator/reset")
    assert sim.tenant(TENANT).portal_policy["enablementType"] == 0


def test_log(sim: Simulator, client: httpx.Client, graph: Call, portal: Call) -> None:
    graph("GET", "organization")
    portal("PUT", json=portal("GET").json())

    def log(**query: str) -> list[str]:
        return [entry["method"] for entry in client.get("/_simulator/log", params=query).json()]

    assert log() == ["GET", "GET", "PUT"]
    assert log(write="true") == ["PUT"]
    assert log(plane="graph", tenant="contoso.example") == ["GET"]
    assert log(tenant="nobody") == []
    client.delete("/_simulator/log")
    assert log() == []


def test_faults(sim: Simulator, client: httpx.Client, graph: Call) -> None:
    assert client.post("/_simulator/faults", json={"kind": "status", "status": 418, "times": None}).status_code == 200
    assert graph("GET", "organization").status_code == 418
    client.delete("/_simulator/faults")
    assert graph("GET", "organization").status_code == 200
    assert client.post("/_simulator/faults", json={"kind": "nonsense"}).status_code == 400
    assert client.post("/_simulator/faults", json={"kind": "empty", "times": None, "path": 1}).status_code == 400


def test_seed_is_replaced_and_checked() -> None:
    with Simulator({"tenants": [{"display_name": "One", "domains": ["one.example"]}]}) as sim:
        first = sim.tenant("one.example")
        with httpx.Client(base_url=sim.url, verify=ssl.create_default_context(cafile=sim.ca_path)) as client:
            assert client.post("/_simulator/seed", json={"tenants": [{"domains": ["two.example"]}]}).status_code == 200
            assert client.post("/_simulator/seed", json={"tenant": []}).status_code == 400
        assert sim.tenant("two.example").id != first.id
        with pytest.raises(ValueError, match=r"two\.example"):
            sim.add_tenant(domains=["two.example"])
        with pytest.raises(ValueError, match="nonsense"):
            sim.add_tenant(nonsense=1)
        tenant = sim.add_tenant(authentication_methods_policy={"Voice": "<absent>", "Sms": {"state": "disabled"}})
        assert "Voice" not in tenant.configurations
        assert tenant.configurations["Sms"]["state"] == "disabled"


def test_process(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yml"
    seed.write_text(yaml.safe_dump({"tenants": [{"id": TENANT, "domains": ["contoso.example"]}]}))
    command = [sys.executable, "-m", MODULE, "--seed", seed, "--port", "0", "--state-dir", tmp_path / "state"]
    root = str(Path(sys.modules[MODULE].__file__ or "").parents[5])
    environment = {**os.environ, "PYTHONPATH": root}
    with subprocess.Popen([*command, "--latency-ms", "5"], env=environment) as process:
        try:
            ready = tmp_path / "state" / "ready.json"
            deadline = time.monotonic() + 20
            while not ready.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            content = json.loads(ready.read_text())
            assert content["pid"] == process.pid
            context = ssl.create_default_context(cafile=content["ca_path"])
            with httpx.Client(base_url=content["url"], verify=context) as client:
                answer = client.get("/contoso.example/v2.0/.well-known/openid-configuration")
                assert answer.json()["token_endpoint"].startswith(f"{content['url']}/{TENANT}/")
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 0
            assert not ready.exists()
        finally:
            process.kill()
