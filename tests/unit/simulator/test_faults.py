# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from ansible_collections.tenantops.entra.tests.simulator import Simulator

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER = "aaaaaaaa-0000-4000-8000-000000000002"
APP = "bbbbbbbb-0000-4000-8000-000000000001"
GRAPH = "https://graph.microsoft.com"
SMS = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Sms"
SMS_OFF = {"@odata.type": "#microsoft.graph.smsAuthenticationMethodConfiguration", "state": "disabled"}

Call = Callable[..., httpx.Response]


def sign_in(client: httpx.Client) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": APP, "client_secret": "s3cret"}
    return client.post(f"/{TENANT}/oauth2/v2.0/token", data={**form, "scope": f"{GRAPH}/.default"})


@pytest.mark.parametrize("value", [7, "Wed, 21 Oct 2026 07:28:00 GMT", None])
@pytest.mark.parametrize(("kind", "status"), [("throttle", 429), ("unavailable", 503)])
def test_retry_after(sim: Simulator, graph: Call, kind: str, status: int, value: Any) -> None:
    sim.fault(kind, plane="graph", retry_after=value)
    answer = graph("GET", "organization")
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, None if value is None else str(value))
    assert answer.json()["error"]["innerError"]["request-id"]
    assert graph("GET", "organization").status_code == 200
    assert [entry.fault for entry in sim.log()] == [kind, None]


def test_every_plane_has_its_shape(sim: Simulator, graph: Call, portal: Call, client: httpx.Client) -> None:
    sim.fault("throttle", times=3)
    assert set(graph("GET", "organization").json()["error"]) == {"code", "message", "innerError"}
    assert set(portal("GET").json()["error"]) == {"code", "message"}
    assert sign_in(client).json()["error"] == "temporarily_unavailable"


def test_filters(sim: Simulator, graph: Call, portal: Call) -> None:
    sim.fault("status", status=418, plane="graph", method="GET", path="organi[sz]ation$", skip=1, tenant=TENANT)
    sim.fault("status", status=419, plane="graph", tenant=OTHER, times=None)
    sim.fault("status", status=420, plane="portal", times=None)
    assert [graph("GET", path).status_code for path in ("groups", "organization", "organization", "organization")] == [
        200,
        200,
        418,
        200,
    ]
    assert [portal("GET").status_code for _time in range(3)] == [420] * 3
    sim.clear_faults()
    assert portal("GET").status_code == 200


def test_status_body_and_headers(sim: Simulator, graph: Call) -> None:
    sim.fault("status", status=409, body={"odd": True}, headers={"X-Odd": "1"})
    answer = graph("GET", "organization")
    assert (answer.status_code, answer.json(), answer.headers["x-odd"]) == (409, {"odd": True}, "1")


def test_connection_cut(sim: Simulator, graph: Call) -> None:
    for kind, applied, state in (("drop_before", False, "enabled"), ("drop_after", True, "disabled")):
        sim.fault(kind, plane="graph", method="PATCH")
        with pytest.raises(httpx.TransportError):
            graph("PATCH", SMS, json=SMS_OFF)
        entry = sim.log()[-1]
        assert (entry.status, entry.applied, entry.fault) == (None, applied, kind)
        assert sim.tenant(TENANT).configurations["Sms"]["state"] == state
    assert graph("GET", SMS).status_code == 200


def test_stale_read(sim: Simulator, graph: Call, portal: Call) -> None:
    sim.fault("stale_read", plane="graph", times=2)
    graph("PATCH", SMS, json=SMS_OFF)
    portal("PUT", json={**portal("GET").json(), "enablementType": 2})
    assert [graph("GET", SMS).json()["state"] for _time in range(3)] == ["enabled", "enabled", "disabled"]
    sim.fault("stale_read", plane="portal")
    assert [portal("GET").json()["enablementType"] for _time in range(2)] == [0, 2]


def test_ignore_write(sim: Simulator, graph: Call, portal: Call) -> None:
    sim.fault("ignore_write", times=2)
    assert portal("PUT", json={**portal("GET").json(), "enablementType": 2}).status_code == 200
    assert graph("PATCH", SMS, json=SMS_OFF).status_code == 204
    assert portal("GET").json()["enablementType"] == 0
    assert graph("GET", SMS).json()["state"] == "enabled"
    assert [entry.applied for entry in sim.log(write=True)] == [False, False]
    assert graph("PATCH", SMS, json={}).status_code == 400


def test_answers_of_something_in_between(sim: Simulator, graph: Call) -> None:
    sim.fault("redirect", status=307, location="https://elsewhere.example/")
    sim.fault("html", status=200)
    sim.fault("empty")
    answer = graph("GET", "organization")
    assert (answer.status_code, answer.headers["location"]) == (307, "https://elsewhere.example/")
    assert graph("GET", "organization").headers["content-type"].startswith("text/html")
    answer = graph("GET", "organization")
    assert (answer.status_code, answer.content) == (200, b"")


def test_admin_edit(sim: Simulator, graph: Call, portal: Call) -> None:
    sim.fault("admin_edit", plane="portal", changes={"notifyOnAdminPasswordReset": True})
    assert portal("GET").json()["notifyOnAdminPasswordReset"] is True
    sim.fault("admin_edit", plane="graph", changes={"Sms": {"state": "disabled"}}, when="after")
    assert [graph("GET", SMS).json()["state"] for _time in range(2)] == ["enabled", "disabled"]
    assert not any(entry.applied for entry in sim.log())


def test_slow(sim: Simulator, graph: Call) -> None:
    sim.fault("slow", seconds=0.2)
    start = time.monotonic()
    assert graph("GET", "organization").status_code == 200
    assert time.monotonic() - start >= 0.2


def test_claims_challenge(sim: Simulator, graph: Call) -> None:
    sim.fault("claims_challenge", plane="graph")
    answer = graph("GET", "organization")
    assert answer.status_code == 401
    challenge = re.fullmatch(
        r'Bearer realm="", error="insufficient_claims", claims="([\w-]+)"', answer.headers["www-authenticate"]
    )
    assert challenge
    encoded = challenge.group(1)
    assert "access_token" in json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))


def test_token_faults(sim: Simulator, client: httpx.Client) -> None:
    def issued() -> dict[str, Any]:
        return jwt.decode(sign_in(client).json()["access_token"], options={"verify_signature": False})

    sim.fault("token_error", code=700082)
    assert sign_in(client).json()["error_codes"] == [700082]
    sim.fault("issue_expired", lifetime=-10)
    assert issued()["exp"] < time.time()
    sim.fault("issue_for_tenant", tid=OTHER)
    assert issued()["tid"] == OTHER
    sim.fault("issue_audience", audience="https://other.example")
    assert issued()["aud"] == "https://other.example"
    assert issued()["aud"] == GRAPH


def test_mistakes_are_refused(sim: Simulator) -> None:
    for kind, arguments, named in (
        ("nonsense", {}, "kind"),
        ("status", {}, "status"),
        ("throttle", {"seconds": 1}, "retry_after"),
        ("token_error", {"code": 1, "plane": "graph"}, "plane"),
        ("admin_edit", {"plane": "portal", "changes": {}, "when": "later"}, "when"),
    ):
        with pytest.raises(ValueError, match=named):
            sim.fault(kind, **arguments)
    with pytest.raises(KeyError):
        sim.fault("empty", tenant="nobody.example")
