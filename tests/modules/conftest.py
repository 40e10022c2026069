# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator for each test process, and a fresh tenant with working credentials for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.simulator import Simulator
from ansible_collections.tenantops.entra.tests.support.playbook import Ansible, TaskResult, task

APP = "aaaaaaaa-0000-4000-8000-000000000001"
SECRET = "s3cret/of+the=app&x"
OPERATOR = "ops@msp.example"
REFRESH_TOKEN = "0.refresh/token+of=ops"
HOME_TENANT = "99999999-9999-4999-8999-999999999999"
GROUP = "33333333-3333-4333-8333-333333333333"

ALL_PERMISSIONS = [
    "Organization.Read.All",
    "Group.Read.All",
    "Policy.Read.AuthenticationMethod",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.Read.All",
    "Policy.ReadWrite.Authorization",
]


@dataclass
class Tenant:
    """One simulated tenant, and how a test works on it."""

    id: str
    simulator: Simulator
    ansible: Ansible
    credentials: dict[str, Any] = field(default_factory=dict)

    @property
    def policy(self) -> dict[str, Any]:
        """The SSPR policy as the service stores it."""
        return self.simulator.tenant(self.id).portal_policy

    @property
    def methods(self) -> dict[str, dict[str, Any]]:
        """The method configurations as the service stores them."""
        return self.simulator.tenant(self.id).configurations

    def options(self, **options: Any) -> dict[str, Any]:
        """Connection options for this tenant, with others added; None takes one away."""
        merged = {
            "tenant_id": self.id,
            "authority_url": self.simulator.url,
            "graph_url": self.simulator.url,
            "portal_url": self.simulator.url,
            "ca_path": self.simulator.ca_path,
            "confirm_timeout": 5,
            **self.credentials,
            **options,
        }
        return {name: value for name, value in merged.items() if value is not None}

    def task(self, module: str, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        return task(module, self.options(**options), check_mode=check_mode)

    def run(self, module: str, *, check_mode: bool = False, **options: Any) -> TaskResult:
        """Run one module in Ansible."""
        return self.ansible.tasks(self.task(module, check_mode=check_mode, **options))[0]

    def fault(self, kind: str, **arguments: Any) -> None:
        self.simulator.fault(kind, tenant=self.id, **arguments)

    def writes(self) -> list[Any]:
        """Every write request that reached the services for this tenant."""
        return self.simulator.log(tenant=self.id, write=True)

    def requests(self, plane: str | None = None) -> list[Any]:
        return self.simulator.log(tenant=self.id, plane=plane)


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        running.add_app(APP, secrets=[SECRET])
        running.add_user(OPERATOR, home_tenant=HOME_TENANT, mfa=True, refresh_tokens=[REFRESH_TOKEN])
        yield running


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--worker-only", action="store_true", help="run no test a second time with modules as processes")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that starts Ansible runs twice: modules in Ansible's own workers, and each in a process of its own."""
    if metafunc.definition.get_closest_marker("both_ways") and "ansible" in metafunc.fixturenames:
        ways = {"worker": True, "process": False}
        if metafunc.definition.get_closest_marker("worker_only") or metafunc.config.getoption("--worker-only", False):
            del ways["process"]
        metafunc.parametrize("ansible", ways.values(), ids=ways.keys(), indirect=True)


@pytest.fixture
def ansible(tmp_path: Path, request: pytest.FixtureRequest) -> Ansible:
    return Ansible(tmp_path / "ansible", in_process=getattr(request, "param", None))


@pytest.fixture
def make_tenant(simulator: Simulator, ansible: Ansible) -> Any:
    """Make a tenant with any seed; the app and the portal user work there unless the seed says otherwise."""

    def make(**seed: Any) -> Tenant:
        tenant_id = seed.pop("id", str(uuid.uuid4()))
        name = seed.pop("display_name", "Contoso")
        simulator.add_tenant(
            **{
                "id": tenant_id,
                "display_name": name,
                "domains": [f"t{tenant_id[:8]}.onmicrosoft.com", f"t{tenant_id[:8]}.example"],
                "plans": ["AAD_PREMIUM"],
                "migration_state": "migrationComplete",
                "apps": {APP: list(ALL_PERMISSIONS)},
                "users": {OPERATOR: ["Authentication Policy Administrator"]},
                "groups": [{"id": GROUP, "displayName": "SSPR Pilot"}],
                **seed,
            }
        )
        credentials = {"client_id": APP, "client_secret": SECRET, "portal_refresh_token": REFRESH_TOKEN}
        return Tenant(tenant_id, simulator, ansible, credentials)

    return make


@pytest.fixture
def tenant(make_tenant: Any) -> Tenant:
    """A migrated tenant: nothing enabled for anyone, one method required."""
    return make_tenant()


@pytest.fixture
def legacy(make_tenant: Any) -> Tenant:
    """A tenant whose methods are not migrated."""
    return make_tenant(migration_state="preMigration")
