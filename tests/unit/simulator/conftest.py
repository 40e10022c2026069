# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ansible_collections.tenantops.entra.tests.simulator import Simulator

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER = "aaaaaaaa-0000-4000-8000-000000000002"
APP = "bbbbbbbb-0000-4000-8000-000000000001"
OPERATOR = "ops@msp.example"
GROUP = "cccccccc-0000-4000-8000-000000000001"

SEED: dict[str, Any] = {
    "apps": {APP: {"secrets": ["s3cret"], "federated": [{"issuer": "https://ci.example", "subject": "repo:main"}]}},
    "users": {
        OPERATOR: {"home_tenant": OTHER, "refresh_tokens": ["rt-ops"]},
        "weak@msp.example": {"mfa": False, "refresh_tokens": ["rt-weak"]},
        "scope@msp.example": {"refresh_tokens": ["rt-scope"]},
        "reader@msp.example": {"refresh_tokens": ["rt-reader"]},
    },
    "tenants": [
        {
            "id": TENANT,
            "display_name": "Contoso",
            "domains": ["contoso.onmicrosoft.com", "contoso.example"],
            "migration_state": "preMigration",
            "apps": {
                APP: [
                    "Organization.Read.All",
                    "Group.Read.All",
                    "Policy.ReadWrite.AuthenticationMethod",
                    "Policy.Read.All",
                    "Policy.ReadWrite.Authorization",
                ]
            },
            "users": {
                OPERATOR: ["Authentication Policy Administrator"],
                "weak@msp.example": ["Global Administrator"],
                "scope@msp.example": ["User Administrator"],
                "reader@msp.example": ["Security Administrator"],
            },
            "groups": [
                {"id": GROUP, "displayName": "SSPR-Pilot"},
                *({"id": f"cccccccc-0000-4000-8000-00000000010{n}", "displayName": "Tom's Team"} for n in range(5)),
            ],
            "portal_policy": {"newField": {"kept": True}},
        },
        {"id": OTHER, "display_name": "Fabrikam", "domains": ["fabrikam.onmicrosoft.com"], "apps": {APP: None}},
    ],
}


@pytest.fixture(scope="session")
def running() -> Iterator[Simulator]:
    with Simulator(SEED) as simulator:
        yield simulator


@pytest.fixture
def sim(running: Simulator) -> Simulator:
    running.reset()
    return running


@pytest.fixture(scope="session")
def client(running: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, verify=ssl.create_default_context(cafile=running.ca_path)) as http:
        yield http


def authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@pytest.fixture
def graph(sim: Simulator, client: httpx.Client) -> Callable[..., httpx.Response]:
    """Call Graph as the app; ``token`` for another bearer ("": none)."""

    def call(method: str, path: str, token: str | None = None, **rest: Any) -> httpx.Response:
        bearer = sim.issue_token(tenant=TENANT, audience="graph", client_id=APP) if token is None else token
        return client.request(method, f"/v1.0/{path}", headers=authorization(bearer), **rest)

    return call


@pytest.fixture
def portal(sim: Simulator, client: httpx.Client) -> Callable[..., httpx.Response]:
    """Call the portal API as a user; ``token`` for another bearer ("": none)."""

    def call(
        method: str, path: str = "PasswordResetPolicies", user: str = OPERATOR, token: str | None = None, **rest: Any
    ) -> httpx.Response:
        bearer = sim.issue_token(tenant=TENANT, audience="portal", user=user) if token is None else token
        headers = {**authorization(bearer), "x-ms-client-request-id": "1", **rest.pop("headers", {})}
        return client.request(method, f"/api/PasswordReset/{path}", headers=headers, **rest)

    return call
