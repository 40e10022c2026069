# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated tenants that are configured and audited, and what the runs left in them."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

APP, SECRET = "aaaaaaaa-0000-4000-8000-000000000001", "benchmark-client-secret"
OPERATOR, REFRESH_TOKEN = "operator@msp.example", "benchmark-refresh-token"
PERMISSIONS = [
    "Organization.Read.All",
    "Policy.Read.All",
    "Policy.Read.AuthenticationMethod",
    "Policy.ReadWrite.AuthenticationMethod",
]
SIMULATOR = "ansible_collections.tenantops.entra.tests.simulator"

# What the jobs that change something leave in a tenant
DONE = {
    "enablementType": 2,
    "registrationReconfirmIntevalInDays": 90,
    "notifyOnAdminPasswordReset": True,
    "customizeHelpdeskLink": True,
    "customHelpdeskEmailOrUrl": "helpdesk@msp.example",
}


def tenant_id(number: int) -> str:
    return f"10000000-0000-4000-8000-{number:012d}"


def seed(tenants: int) -> dict[str, Any]:
    """Migrated tenants in which nothing is set up yet."""
    return {
        "apps": {APP: {"secrets": [SECRET]}},
        "users": {OPERATOR: {"home_tenant": "10000000-0000-4000-8000-999999999999", "refresh_tokens": [REFRESH_TOKEN]}},
        "tenants": [
            {
                "id": tenant_id(number),
                "display_name": f"Tenant {number}",
                "domains": [f"tenant{number}.onmicrosoft.com", f"tenant{number}.example"],
                "plans": ["AAD_PREMIUM"],
                "migration_state": "migrationComplete",
                "authentication_methods_policy": {"SoftwareOath": {"state": "disabled"}},
                "apps": {APP: PERMISSIONS},
                "users": {OPERATOR: ["Authentication Policy Administrator"]},
            }
            for number in range(tenants)
        ],
    }


class Fleet:
    """A running simulator with its tenants."""

    def __init__(self, directory: Path, tenants: int) -> None:
        ready = json.loads((directory / "ready.json").read_text(encoding="utf-8"))
        self.tenants = tenants
        self.url: str = ready["url"]
        self.ca_path: str = ready["ca_path"]
        context = ssl.create_default_context(cafile=self.ca_path)
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        self._opener = urllib.request.build_opener(*handlers)

    def control(self, method: str, path: str) -> Any:
        with self._opener.open(urllib.request.Request(f"{self.url}/_simulator/{path}", method=method)) as answer:
            return json.load(answer)

    def reset(self) -> None:
        """The tenants as they were, and nothing in the log."""
        self.control("POST", "reset")
        self.control("DELETE", "log")

    def inventory(self, path: Path) -> Path:
        shared = {
            "authority_url": self.url,
            "graph_url": self.url,
            "portal_url": self.url,
            "ca_path": self.ca_path,
            "client_id": APP,
            "client_secret": SECRET,
            "portal_refresh_token": REFRESH_TOKEN,
        }
        hosts = {
            f"tenant{number}": {"connection": {"tenant_id": tenant_id(number), **shared}}
            for number in range(self.tenants)
        }
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        path.write_text(json.dumps({"all": {"hosts": hosts, "vars": local}}), encoding="utf-8")
        return path

    def requests(self) -> dict[str, float]:
        """The requests of a tenant by kind, on average."""
        counted: Counter[str] = Counter()
        for request in self.control("GET", "log"):
            last = request["path"].rsplit("/", 1)[-1]
            kinds = {"token": "tokens", "openid-configuration": "discovery", "organization": "organization"}
            counted[kinds.get(last, "writes" if request["write"] else "reads")] += 1
        return {kind: round(count / self.tenants, 2) for kind, count in sorted(counted.items())}

    def undone(self) -> list[str]:
        """The tenants that the jobs did not configure as expected."""
        found = []
        for number in range(self.tenants):
            tenant = self.control("GET", f"tenants/{tenant_id(number)}")
            policy, methods = tenant["portal_policy"], tenant["authentication_methods_policy"]
            if {name: policy.get(name) for name in DONE} != DONE or methods["SoftwareOath"]["state"] != "enabled":
                found.append(tenant_id(number))
        return found


@contextmanager
def fleet(directory: Path, tenants: int, latency: float) -> Iterator[Fleet]:
    """Simulate this many tenants, whose services take ``latency`` milliseconds for each answer."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "ready.json").unlink(missing_ok=True)
    (directory / "seed.json").write_text(json.dumps(seed(tenants)), encoding="utf-8")  # JSON is YAML
    command = [sys.executable, "-m", SIMULATOR, "--seed", str(directory / "seed.json"), "--state-dir", str(directory)]
    with subprocess.Popen([*command, "--latency-ms", str(latency)], env=dict(os.environ)) as process:
        try:
            while not (directory / "ready.json").exists():
                if process.poll() is not None:
                    raise SystemExit("error: the simulator did not start")
                time.sleep(0.1)
            yield Fleet(directory, tenants)
        finally:
            process.terminate()
