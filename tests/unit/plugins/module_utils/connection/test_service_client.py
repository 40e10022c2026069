# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP layer against a simulated service: where requests and tokens go, what answers mean, what is left open."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import socket
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.connection import responses, service_client
from ansible_collections.tenantops.entra.plugins.module_utils.connection.options import CONNECTION_SPEC, connection
from ansible_collections.tenantops.entra.plugins.module_utils.services.session import Session, open_session
from ansible_collections.tenantops.entra.tests.simulator import Simulator

APP = "bbbbbbbb-0000-4000-8000-000000000001"
OPERATOR = "ops@msp.example"
POLICY = "PasswordReset/PasswordResetPolicies"
CONFIGURATION = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Email"
EMAIL = {"@odata.type": "#microsoft.graph.emailAuthenticationMethodConfiguration", "state": "enabled"}
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1"},"x":{"value":"???>>>~~~???"}}}'

Use = Callable[[Session], Awaitable[Any]]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        running.add_app(APP, secrets=["s3cret"])
        running.add_user(OPERATOR, refresh_tokens=["rt-ops"])
        yield running


@pytest.fixture
def tenant(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A tenant's id; afterwards no fault is left and no connection is open."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    name = str(uuid.uuid4())
    permissions = ["Organization.Read.All", "Group.Read.All", "Policy.ReadWrite.AuthenticationMethod"]
    simulator.add_tenant(id=name, apps={APP: permissions}, users={OPERATOR: ["Authentication Policy Administrator"]})
    yield name
    simulator.clear_faults()
    gc.collect()
    deadline = time.monotonic() + 2
    while simulator.open_connections and time.monotonic() < deadline:
        time.sleep(0.01)
    assert simulator.open_connections == 0


def work(simulator: Simulator, tenant: str, use: Use, **options: Any) -> Any:
    """Open a session in an event loop of its own and use it."""
    params = {
        **{name: line.get("default") for name, line in CONNECTION_SPEC.items()},
        "tenant_id": tenant,
        **dict.fromkeys(("authority_url", "graph_url", "portal_url"), simulator.url),
        "ca_path": simulator.ca_path,
        "client_id": APP,
        "client_secret": "s3cret",
        "portal_refresh_token": "rt-ops",
        **options,
    }

    async def run() -> Any:
        async with open_session(connection(params), wants_portal=True, remember_secret=lambda _token: None) as session:
            return await use(session)

    return asyncio.run(run())


def portal_of(session: Session) -> service_client.ServiceClient:
    assert session.portal is not None
    return session.portal


async def look(session: Session) -> tuple[Any, Any]:
    methods = await session.graph.read("policies/authenticationMethodsPolicy")
    return methods, await portal_of(session).read(POLICY)


def test_two_event_loops_in_one_process(simulator: Simulator, tenant: str) -> None:
    first, second = (work(simulator, tenant, look) for _n in range(2))
    assert first == second
    assert first[1]["objectId"] == "default"


def test_a_failure_leaves_nothing_open_either(simulator: Simulator, tenant: str) -> None:
    async def break_off(session: Session) -> None:
        await look(session)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        work(simulator, tenant, break_off)
    simulator.fault("drop_before", tenant=tenant, plane="portal", times=None)
    with pytest.raises(SsprError, match="lost"):
        work(simulator, tenant, look)
    # What a failed sign-in of the second service leaves of the first.
    with pytest.raises(SsprError, match="AADSTS50173"):
        work(simulator, tenant, look, portal_refresh_token="unknown")


def test_paths_and_headers(simulator: Simulator, tenant: str) -> None:
    async def use(session: Session) -> list[str]:
        await session.graph.read("/organization", {"$select": "id"})
        await session.graph.read(CONFIGURATION)
        await portal_of(session).read(f"/{POLICY}", {"getPasswordResetEnabledGroup": "true"})
        return session.request_ids

    addresses = dict.fromkeys(("authority_url", "graph_url", "portal_url"), f"{simulator.url}/")
    ids = work(simulator, tenant, use, **addresses)
    log = [request for request in simulator.log(tenant=tenant) if request.plane != "token"]
    assert [request.path for request in simulator.log(tenant=tenant) if "//" in request.path] == []
    assert [request.path for request in log] == [
        "/v1.0/organization",
        "/v1.0/organization",
        f"/v1.0/{CONFIGURATION}",
        f"/api/{POLICY}",
    ]
    assert log[1].query == {"$select": "id"}
    assert log[3].query == {"getPasswordResetEnabledGroup": "true"}
    assert log[3].headers["x-requested-with"] == "XMLHttpRequest"
    assert log[3].headers["x-ms-client-request-id"] == log[3].headers["client-request-id"]
    sent = [request.headers["client-request-id"] for request in log]
    assert len(set(sent)) == 4, "each request has an id of its own"
    assert len(set(ids)) == 4, "the services' ids, in order"


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """A host that must not hear of anything; ``accept`` fails as long as no connection was made."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.mark.parametrize(
    "link",
    [
        "https://127.0.0.1:{port}/v1.0/groups?$skiptoken=x",
        "https://localhost:{port}/v1.0/groups",
        "http://127.0.0.1:{port}/v1.0/groups",
        "https://{own}@127.0.0.1:{port}/v1.0/groups",
        "//127.0.0.1:{port}/v1.0/groups",
        "/v1.0/groups?$skiptoken=x",
        "{url}.example:{port}/v1.0/groups",
    ],
)
def test_a_next_page_elsewhere_is_refused(
    simulator: Simulator, tenant: str, elsewhere: socket.socket, link: str
) -> None:
    port = elsewhere.getsockname()[1]
    where = link.format(port=port, own=simulator.url.removeprefix("https://"), url=simulator.url.rpartition(":")[0])
    body = {"value": [{"id": "1"}], "@odata.nextLink": where}
    simulator.fault("status", tenant=tenant, plane="graph", path="groups", status=200, body=body)

    async def use(session: Session) -> Any:
        return await session.graph.read_list("groups", {"$select": "id"})

    with pytest.raises(SsprError, match="nextLink") as caught:
        work(simulator, tenant, use)
    assert caught.value.kind == "unexpected_document"
    with pytest.raises(BlockingIOError):
        elsewhere.accept()


def test_pages_without_end_are_left(simulator: Simulator, tenant: str) -> None:
    link = f"{simulator.url}/v1.0/groups?$skiptoken=MA%3D%3D"
    body = {"value": [{"id": "1"}], "@odata.nextLink": link}
    simulator.fault("status", tenant=tenant, plane="graph", path="groups", status=200, times=None, body=body)

    async def use(session: Session) -> Any:
        return await session.graph.read_list("groups", {"$select": "id"})

    with pytest.raises(SsprError, match="nextLink"):
        work(simulator, tenant, use)
    assert len([request for request in simulator.log(tenant=tenant) if "groups" in request.path]) == 2


def test_the_token_goes_to_its_own_host_only(simulator: Simulator, tenant: str) -> None:
    """The same server under another name: were an address ever to slip through, it would get no token."""
    foreign = simulator.url.replace("127.0.0.1", "localhost")

    async def use(session: Session) -> None:
        await session.graph.read(f"{foreign}/v1.0/organization")

    with pytest.raises(SsprError) as caught:
        work(simulator, tenant, use)
    assert caught.value.status in (None, 401)
    last = simulator.log()[-1]
    assert last.path == "/v1.0/organization"
    if last.status == 401:
        assert last.identity is None


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that writes down what it is asked for, and refuses; its address."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _address = listener.accept()
                except OSError:
                    return
                with client:
                    heard.append(client.recv(65536))
                    client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(2)


@pytest.mark.parametrize("ready", [False, True], ids=["token service", "services"])
@pytest.mark.parametrize("url", ["socks5://kim:s3cret@127.0.0.1:1", "foo://kim:s3cret@127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used(
    simulator: Simulator, tenant: str, monkeypatch: pytest.MonkeyPatch, url: str, ready: bool
) -> None:
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", url)
    token = simulator.issue_token(tenant=tenant, audience="graph", client_id=APP)
    options = {"client_id": None, "client_secret": None, "access_token": token} if ready else {}
    with pytest.raises(SsprError, match="proxy that is configured on this controller cannot be used") as caught:
        work(simulator, tenant, look, portal_refresh_token=None, **options)
    assert caught.value.kind == "environment"
    assert "HTTPS_PROXY" in (caught.value.hint or "")
    assert "s3cret" not in caught.value.text
    assert simulator.log(tenant=tenant) == []


@pytest.mark.parametrize("ready", [False, True], ids=["token service", "services"])
def test_proxies_are_honored(
    simulator: Simulator, tenant: str, proxy: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch, ready: bool
) -> None:
    url, heard = proxy
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", url)
    token = simulator.issue_token(tenant=tenant, audience="graph", client_id=APP)
    options = {"client_id": None, "client_secret": None, "access_token": token} if ready else {}
    with pytest.raises(SsprError) as caught:
        work(simulator, tenant, look, portal_refresh_token=None, **options)
    assert caught.value.kind == "unreachable", caught.value
    assert simulator.log(tenant=tenant) == []
    assert heard
    assert all(text.startswith(b"CONNECT 127.0.0.1:") for text in heard)
    assert not [text for text in heard if b"uthorization" in text]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "throttle", "retry_after": 7}, ("postponed", "throttled", 7.0)),
        ({"kind": "throttle"}, ("postponed", "throttled", None)),
        ({"kind": "unavailable", "retry_after": "soon"}, ("postponed", "unreachable", None)),
        ({"kind": "claims_challenge", "claims": CLAIMS}, ("postponed", "credential", 0.0)),
        ({"kind": "drop_before"}, ("unanswered", "unreachable", True)),
        ({"kind": "drop_after"}, ("unanswered", "unreachable", True)),
        ({"kind": "slow", "seconds": 3}, ("unanswered", "unreachable", False)),
        ({"kind": "status", "status": 500}, ("unanswered", "unreachable", False)),
        ({"kind": "status", "status": 504}, ("unanswered", "unreachable", False)),
        ({"kind": "html"}, ("unanswered", "unreachable", False)),
        ({"kind": "redirect", "location": "https://elsewhere.example/"}, ("refused", "unreachable", 302)),
        ({"kind": "status", "status": 400}, ("refused", "invalid_setting", 400)),
        ({"kind": "status", "status": 401}, ("refused", "credential", 401)),
        ({"kind": "status", "status": 403}, ("refused", "permission", 403)),
        ({"kind": "status", "status": 404}, ("refused", "not_found", 404)),
        ({"kind": "status", "status": 409}, ("refused", "conflict", 409)),
        ({"kind": "status", "status": 418}, ("refused", "invalid_setting", 418)),
        ({"kind": "empty"}, ("accepted", None, None)),
    ],
)
def test_a_write_is_sent_once_and_accounted_for(
    simulator: Simulator, tenant: str, fault: dict[str, Any], outcome: tuple[str, str | None, Any]
) -> None:
    arguments = dict(fault)
    simulator.fault(arguments.pop("kind"), tenant=tenant, plane="graph", method="PATCH", **arguments)

    async def use(session: Session) -> tuple[str, str | None, Any]:
        try:
            await session.graph.write("PATCH", CONFIGURATION, EMAIL, needs="A.Permission")
        except service_client.PostponedError as postponed:
            return "postponed", postponed.error.kind, postponed.wait
        except service_client.UnansweredError as lost:
            return "unanswered", lost.error.kind, lost.repeatable
        except SsprError as refused:
            return "refused", refused.kind, refused.status
        return "accepted", None, None

    assert work(simulator, tenant, use, timeout=2) == outcome
    assert [request.method for request in simulator.log(tenant=tenant, write=True)] == ["PATCH"]


def test_a_service_that_is_not_there(simulator: Simulator, tenant: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in (f"https://127.0.0.1:{port}", "https://no-such-host.invalid"):
        with pytest.raises(SsprError, match="Microsoft Graph cannot be reached") as caught:
            work(simulator, tenant, look, graph_url=url)
        assert caught.value.kind == "unreachable"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("claims", ["x", "_w"], ids=["no base64", "no text"])
def test_a_claims_challenge_that_makes_no_sense(simulator: Simulator, tenant: str, method: str, claims: str) -> None:
    headers = {"WWW-Authenticate": f'Bearer realm="", error="insufficient_claims", claims="{claims}"'}
    where: dict[str, Any] = {"tenant": tenant, "plane": "graph", "path": CONFIGURATION, "method": method}
    simulator.fault("status", **where, times=None, status=401, headers=headers)

    async def use(session: Session) -> None:
        if method == "GET":
            await session.graph.read(CONFIGURATION)
        else:
            await session.graph.write(method, CONFIGURATION, EMAIL)

    with pytest.raises(SsprError) as caught:
        work(simulator, tenant, use)
    assert caught.value.kind == "credential"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_claims_challenge_leads_to_a_new_token(simulator: Simulator, tenant: str, method: str) -> None:
    simulator.fault("claims_challenge", tenant=tenant, plane="graph", path=CONFIGURATION, method=method, claims=CLAIMS)

    async def use(session: Session) -> None:
        if method == "GET":
            await session.graph.read(CONFIGURATION)
            return
        with pytest.raises(service_client.PostponedError):
            await session.graph.write("PATCH", CONFIGURATION, EMAIL)

    work(simulator, tenant, use)
    bodies = [request.body for request in simulator.log(tenant=tenant, plane="token") if request.method == "POST"]
    assert [body["grant_type"] for body in bodies].count("client_credentials") == 2


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        (None, None, None),
        ("", None, None),
        ("0", 0, 0),
        ("5", 5, 5),
        ("120", 120, 120),
        ("1.5", 1.5, 1.5),
        ("date +600", 300, 601),
        ("date -600", 0, 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1e9, 1e12),
        ("soon", None, None),
        ("5 seconds", None, None),
        ("inf", None, None),
        ("nan", None, None),
        ("Mon, 32 Jan 2030 00:00:00 GMT", None, None),
    ],
)
def test_retry_after(header: str | None, low: float | None, high: float | None) -> None:
    if header is not None and header.startswith("date "):
        header = formatdate(time.time() + int(header.removeprefix("date ")), usegmt=True)
    found = responses.seconds(header)
    if low is None or high is None:
        assert found is None
    else:
        assert found is not None
        assert low <= found <= high


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"code": "Forbidden", "message": "No."}}, ("Forbidden", "No.")),
        ({"error": {"code": "Forbidden"}}, ("Forbidden", None)),
        ({"error": {"message": ""}}, (None, None)),
        ({"error": {"code": 42, "message": ["No."]}}, ("42", "['No.']")),
        ({"error": "No."}, (None, "No.")),
        ({"code": "Forbidden", "message": "No."}, ("Forbidden", "No.")),
        ({"Message": "No."}, (None, "No.")),
        ({"ClassName": "System.Exception", "Message": "No.", "code": None}, (None, "No.")),
        ({"error": None}, (None, None)),
        ({"error": []}, (None, None)),
        ({}, (None, None)),
        ([], (None, None)),
        ("No.", (None, "No.")),
        (None, (None, None)),
        (7, (None, None)),
    ],
)
def test_error_bodies(body: Any, expected: tuple[str | None, str | None]) -> None:
    assert responses.error_of(body) == expected


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("end", ["", "=", "=="])
def test_claims_in_every_alphabet(encode: Callable[[bytes], bytes], end: str) -> None:
    for filler in ("", "?", "??", "???", "~~~>>>"):
        claims = json.dumps({"access_token": {"x": {"value": f"???>>>{filler}"}}})
        text = encode(claims.encode()).decode()
        for challenge in (text, text.rstrip("=")):
            assert json.loads(responses.claims_text(challenge)) == json.loads(claims)
