# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of credential, good and bad: what works, and what an operator is told when it does not."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ansible_collections.tenantops.entra.tests.support.playbook import TaskResult

from .conftest import ALL_PERMISSIONS, APP, HOME_TENANT, OPERATOR, Tenant
from .test_faults import here

pytestmark = pytest.mark.oldest

PASSWORD = "pass/word+1"
THE_OLDEST_MSAL = pytest.mark.filterwarnings("ignore:Use list:DeprecationWarning")
ISSUER, SUBJECT = "https://ci.example", "repo:main"
GRAPH_AUDIENCE = "https://graph.microsoft.com"
PORTAL_AUDIENCE = "74658136-14ec-4630-ad9b-26e160ff0fc6"
POWERSHELL = "1950a258-227b-4e31-a9cf-717495945fc2"
ASKED: dict[str, Any] = {"notify_admins": True}


@dataclass(frozen=True)
class Certificate:
    """PEM texts: the public part, both with an open key, both with an encrypted key."""

    public: str
    plain: str
    locked: str


def make_certificate() -> Certificate:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tenantops")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM).decode()

    def private(encryption: serialization.KeySerializationEncryption) -> str:
        pem = serialization.Encoding.PEM
        return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, encryption).decode()

    return Certificate(
        public,
        private(serialization.NoEncryption()) + public,
        private(serialization.BestAvailableEncryption(PASSWORD.encode())) + public,
    )


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return make_certificate()


@pytest.fixture
def workload(make_tenant: Any, certificate: Certificate) -> Tenant:
    """A tenant with an app that signs in by certificate or by a federated token."""
    app = str(uuid.uuid4())
    tenant: Tenant = make_tenant(apps={app: list(ALL_PERMISSIONS)})
    federated = [{"issuer": ISSUER, "subject": SUBJECT}]
    tenant.simulator.add_app(app, certificates=[certificate.public], federated=federated)
    tenant.credentials.update(client_id=app, client_secret=None)
    return tenant


@pytest.fixture
def user(make_tenant: Any) -> Tenant:
    """A tenant with a portal user of its own, whose refresh token a test may spoil."""
    upn = f"{uuid.uuid4()}@msp.example"
    tenant: Tenant = make_tenant(users={upn: ["Authentication Policy Administrator"]})
    token = f"0.{uuid.uuid4()}"
    tenant.simulator.add_user(upn, refresh_tokens=[token])
    tenant.credentials["portal_refresh_token"] = token
    return tenant


def federated_token(lifetime: int = 600) -> str:
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": int(time.time()) + lifetime}
    return jwt.encode(claims, "nobody checks this signature here!", "HS256")


def works(tenant: Tenant, **options: Any) -> None:
    wanted = not tenant.policy["notifyOnAdminPasswordReset"]
    result = here(tenant, "sspr_notifications", notify_admins=wanted, **options)
    assert result.ok, result.values
    assert result.changed
    assert tenant.policy["notifyOnAdminPasswordReset"] is wanted


def fails(tenant: Tenant, kind: str, plane: str, **options: Any) -> TaskResult:
    """Nothing gets past the sign-in."""
    result = here(tenant, "sspr_notifications", **{**ASKED, **options})
    assert result.kind == kind, result.values
    assert result["error"]["plane"] == plane
    assert result["error"]["hint"] in result["msg"]
    assert result.changed is False
    assert tenant.requests("graph") == tenant.requests("portal") == []
    assert tenant.policy["notifyOnAdminPasswordReset"] is False
    return result


def test_certificates(workload: Tenant, certificate: Certificate, tmp_path: Path) -> None:
    files = {"plain": tmp_path / "plain.pem", "locked": tmp_path / "locked.pem"}
    files["plain"].write_text(certificate.plain, encoding="utf-8")
    files["locked"].write_text(certificate.locked, encoding="utf-8")
    works(workload, client_certificate_path=str(files["plain"]))
    works(workload, client_certificate_path=str(files["locked"]), client_certificate_password=PASSWORD)
    works(workload, client_certificate=certificate.plain)
    works(workload, client_certificate=certificate.locked, client_certificate_password=PASSWORD)


def test_certificates_that_do_not_work(workload: Tenant, certificate: Certificate, tmp_path: Path) -> None:
    unknown = make_certificate()
    refused = fails(workload, "credential", "graph", client_certificate=unknown.plain)
    assert refused["error"]["code"] == "AADSTS700027"
    assert "certificate" in refused["error"]["hint"]
    empty = tmp_path / "empty.pem"
    empty.write_text("", encoding="utf-8")
    for options in (
        {"client_certificate": certificate.locked, "client_certificate_password": "another"},
        {"client_certificate": certificate.locked},
        {"client_certificate": certificate.plain, "client_certificate_password": PASSWORD},
        {"client_certificate": certificate.public},
        {"client_certificate": "not a certificate"},
        {"client_certificate_path": str(tmp_path / "missing.pem")},
        {"client_certificate_path": str(empty)},
        {"client_certificate_path": str(tmp_path)},
    ):
        result = fails(workload, "credential", "graph", **options)
        text = json.dumps(result.values)
        assert PASSWORD not in text
        assert not any(line in text for line in certificate.plain.splitlines() if "-----" not in line)


def test_workload_identity(workload: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(federated_token(), encoding="utf-8")
    works(workload, federated_token_file=str(file))
    works(workload, federated_token_file=str(file), auth_method="workload_identity")
    workload.policy["notifyOnAdminPasswordReset"] = False
    workload.simulator.clear_log()
    file.write_text(federated_token(-60), encoding="utf-8")
    expired = fails(workload, "credential", "graph", federated_token_file=str(file))
    assert expired["error"]["code"] == "AADSTS700024"
    fails(workload, "credential", "graph", federated_token_file=str(tmp_path / "missing"))


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    """A managed identity as App Service offers it; the queries that came in."""
    queries: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            queries.append({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
            refused = "refused" in self.path
            token = {"access_token": federated_token(), "expires_on": str(int(time.time()) + 600)}
            granted = {**token, "resource": "api://AzureADTokenExchange", "token_type": "Bearer"}
            answer = {"statusCode": 400, "message": "no such identity"} if refused else granted
            body = json.dumps(answer).encode()
            self.send_response(400 if refused else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.server_port}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        yield queries
        server.shutdown()
        thread.join()


@THE_OLDEST_MSAL
def test_managed_identity_federation(workload: Tenant, identity: list[dict[str, str]]) -> None:
    """The identity's token is for the exchange only; the one that is used comes from the tenant that is asked for."""
    works(workload, managed_identity_client_id="88888888-8888-4888-8888-888888888888")
    works(workload, auth_method="managed_identity_federation")
    assert {query["resource"] for query in identity} == {"api://AzureADTokenExchange"}
    assert identity[0]["client_id"] == "88888888-8888-4888-8888-888888888888"
    assert "client_id" not in identity[-1]


@THE_OLDEST_MSAL
def test_a_managed_identity_that_is_not_there(
    workload: Tenant, identity: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{os.environ['IDENTITY_ENDPOINT']}/refused")
    result = fails(workload, "credential", "graph", auth_method="managed_identity_federation")
    assert "identity" in result["msg"]
    assert identity, "it was asked"


def test_ready_tokens(tenant: Tenant) -> None:
    issue = tenant.simulator.issue_token
    graph = {"client_id": None, "client_secret": None}
    good: dict[str, Any] = {
        **graph,
        "access_token": issue(tenant=tenant.id, audience="graph", client_id=APP),
        "portal_refresh_token": None,
        "portal_access_token": issue(tenant=tenant.id, audience="portal", user=OPERATOR),
    }
    works(tenant, **good)
    # About to expire, but good enough for now: there is no other.
    works(tenant, **{**good, "access_token": issue(tenant=tenant.id, audience="graph", client_id=APP, lifetime=120)})
    works(tenant, **good)
    assert tenant.requests("token") == []
    for method in ("GET", "PUT"):
        tenant.fault("claims_challenge", plane="portal", method=method)
        refused = here(tenant, "sspr_notifications", **{**good, "notify_admins": False})
        assert refused.kind == "portal_credential_expired", refused.values
        assert refused["error"]["plane"] == "portal"
        assert tenant.policy["notifyOnAdminPasswordReset"] is True
    tenant.fault("claims_challenge", plane="graph", method="GET")
    assert here(tenant, "sspr_info", **good).kind == "credential"


@pytest.mark.parametrize("plane", ["graph", "portal"])
def test_ready_tokens_that_are_not_used(make_tenant: Any, plane: str) -> None:
    tenant, other = make_tenant(), make_tenant()
    bearer = {"client_id": APP} if plane == "graph" else {"user": OPERATOR}

    def token(audience: str = plane, of: Tenant = tenant, **rest: Any) -> str:
        return str(tenant.simulator.issue_token(tenant=of.id, audience=audience, **bearer, **rest))

    def refused(value: str, kind: str) -> str:
        options: dict[str, Any] = {"portal_refresh_token": None, "portal_access_token": value}
        if plane == "graph":
            options = {"client_id": None, "client_secret": None, "access_token": value}
        result = fails(tenant, kind, plane, **options)
        assert value not in json.dumps(result.values)
        return str(result["msg"])

    expired = "credential" if plane == "graph" else "portal_credential_expired"
    assert "expired" in refused(token(lifetime=-10), expired)
    assert "expired" in refused(token(exp=None), expired)
    assert other.id in refused(token(of=other), "tenant_mismatch")
    assert "unknown" in refused(token(tid=None), "tenant_mismatch")
    wrong = "portal" if plane == "graph" else "graph"
    assert (PORTAL_AUDIENCE if plane == "graph" else GRAPH_AUDIENCE) in refused(token(wrong), "credential")
    assert "https://management.azure.com" in refused(token("https://management.azure.com"), "credential")
    for value in ("no-token-at-all", "a.b.c", f"x.{'e30' * 3}!.y", "eyJhbGciOiJub25lIn0.WzFd.x"):
        assert "JSON web token" in refused(value, "credential")


def test_a_wrong_secret(tenant: Tenant) -> None:
    result = fails(tenant, "credential", "graph", client_secret="wr0ng/secret")
    assert result["error"]["code"] == "AADSTS7000215"
    assert "not its ID" in result["error"]["hint"]
    assert "wr0ng/secret" not in json.dumps(result.values)


@pytest.mark.parametrize(
    ("code", "plane", "kind", "hint"),
    [
        (7000222, "graph", "credential", "expired"),
        (65001, "graph", "credential", "consent"),
        (700016, "graph", "credential", "consent"),
        (90002, "graph", "credential", "tenant_id"),
        (70043, "portal", "portal_credential_expired", "Sign in again"),
        (50078, "portal", "portal_credential_expired", "Sign in again"),
        (53003, "portal", "credential", "Conditional Access"),
        (50079, "portal", "credential", "MFA"),
        (50057, "portal", "credential", "disabled"),
        (65002, "portal", "credential", "Azure CLI"),
        (4242424, "portal", "credential", "Check"),
    ],
)
def test_what_entra_says(tenant: Tenant, code: int, plane: str, kind: str, hint: str) -> None:
    tenant.fault("token_error", method="POST", skip=int(plane == "portal"), code=code)
    result = fails(tenant, kind, plane)
    assert result["error"]["code"] == f"AADSTS{code}"
    assert hint in result["error"]["hint"]
    assert f"AADSTS{code}" in result["msg"]


def test_refresh_tokens_that_are_no_longer_good(user: Tenant) -> None:
    token = user.credentials["portal_refresh_token"]
    works(user)
    user.policy["notifyOnAdminPasswordReset"] = False
    user.simulator.clear_log()
    user.simulator.expire(token)
    for portal in ("require", "manual"):
        unused = fails(user, "portal_credential_expired", "portal", portal=portal)
        assert unused["error"]["code"] == "AADSTS700082"
        assert "90 days" in unused["error"]["hint"]
        assert "manual" not in unused.values or unused["manual"] == []
    user.simulator._services.world.expired.discard(token)
    user.simulator.revoke(token)
    revoked = fails(user, "portal_credential_expired", "portal")
    assert revoked["error"]["code"] == "AADSTS50173"
    assert "MFA" in revoked["error"]["hint"]
    info = here(user, "sspr_info")
    assert info.kind == "portal_credential_expired", "refused, and not just left out"


def test_portal_users_who_do_not_get_in(make_tenant: Any) -> None:
    weak, token = f"{uuid.uuid4()}@msp.example", f"0.{uuid.uuid4()}"
    tenant = make_tenant(require_mfa=True, users={weak: ["Global Administrator"]})
    tenant.simulator.add_user(weak, mfa=False, refresh_tokens=[token])
    mfa = fails(tenant, "credential", "portal", portal_refresh_token=token)
    assert mfa["error"]["code"] == "AADSTS50076"
    assert "MFA" in mfa["error"]["hint"]
    stranger = fails(tenant, "credential", "portal")
    assert stranger["error"]["code"] == "AADSTS50020"
    assert "GDAP" in stranger["error"]["hint"]


def test_portal_client(user: Tenant) -> None:
    works(user, portal_client_id=POWERSHELL)
    posts = [request for request in user.requests("token") if request.method == "POST"]
    assert posts[-1].body["client_id"] == POWERSHELL
    user.policy["notifyOnAdminPasswordReset"] = False
    user.simulator.clear_log()
    other = fails(user, "credential", "portal", portal_client_id=str(uuid.uuid4()))
    assert other["error"]["code"] == "AADSTS700016"


def test_tokens_that_expire_as_soon_as_they_are_issued(tenant: Tenant) -> None:
    tenant.fault("issue_expired", method="POST")
    fails(tenant, "credential", "graph")
    tenant.fault("issue_expired", method="POST", skip=1)
    fails(tenant, "portal_credential_expired", "portal")


def test_an_app_without_consent(make_tenant: Any) -> None:
    absent = make_tenant(apps={})
    assert fails(absent, "credential", "graph")["error"]["code"] == "AADSTS700016"
    unconsented = make_tenant(apps={APP: None})
    assert fails(unconsented, "credential", "graph")["error"]["code"] == "AADSTS65001"


STUB = """#!{python}
import base64, json, os, sys, time
known = json.load(open({known!r}))
arguments = sys.argv[1:]
with open({calls!r}, "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if known.get("error"):
    sys.stderr.write(known["error"] + "\\n")
    sys.exit(1)
time.sleep(known.get("sleep", 0))
if "-EncodedCommand" in arguments:
    script = base64.b64decode(arguments[-1]).decode("utf-16-le")
    [token] = [t for resource, t in known.items() if f"'{{resource}}'" in script and known["tenant"] in script]
    print(f"\\nazsdk%{{token}}%{{int(time.time()) + 3000}}\\n")
else:
    options = dict(zip(arguments[2::2], arguments[3::2]))
    resource = (options.get("--resource") or options["--scope"]).removesuffix("/.default")
    assert arguments[:2] == ["account", "get-access-token"] and options["--tenant"] == known["tenant"], arguments
    now = int(time.time()) + 3000
    local = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.localtime(now))
    print(json.dumps({{"accessToken": known[resource], "expiresOn": local, "expires_on": now,
                      "subscription": "s", "tenant": known["tenant"], "tokenType": "Bearer"}}, indent=2))
"""


@dataclass(frozen=True)
class Tools:
    """Stand-ins for ``az`` and ``pwsh``: what they know, and how they were called."""

    path: str
    known: Path
    calls: Path

    def knows(self, **what: Any) -> None:
        self.known.write_text(json.dumps(what), encoding="utf-8")

    def called(self) -> list[list[str]]:
        lines = self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    directory = tmp_path / "bin"
    directory.mkdir()
    known, calls = tmp_path / "known.json", tmp_path / "calls.jsonl"
    for name in ("az", "pwsh"):
        stub = directory / name
        stub.write_text(STUB.format(python=sys.executable, known=str(known), calls=str(calls)), encoding="utf-8")
        stub.chmod(0o700)
    return Tools(f"{directory}{os.pathsep}{os.environ['PATH']}", known, calls)


def signed_in(tenant: Tenant, **changes: str) -> dict[str, str]:
    """What the tools know when the portal user is signed in."""
    issue = tenant.simulator.issue_token
    return {
        "tenant": tenant.id,
        GRAPH_AUDIENCE: issue(tenant=tenant.id, audience="graph", user=OPERATOR),
        PORTAL_AUDIENCE: issue(tenant=tenant.id, audience="portal", user=OPERATOR),
        **changes,
    }


@pytest.mark.both_ways
def test_signed_in_tools_in_ansible(tenant: Tenant, tools: Tools) -> None:
    tools.knows(**signed_in(tenant))
    unnamed, cli, shell = tenant.ansible.tasks(
        tenant.task("sspr_notifications", **{**dict.fromkeys(tenant.credentials), **ASKED}),
        tenant.task(
            "sspr_notifications",
            **{**dict.fromkeys(tenant.credentials), **ASKED},
            auth_method="azure_cli",
            portal_auth_method="azure_cli",
        ),
        tenant.task(
            "sspr_notifications",
            **ASKED,
            notify_users=False,
            portal_refresh_token=None,
            portal_auth_method="azure_powershell",
        ),
        env={"PATH": tools.path},
    )
    assert unnamed.kind == "credential", "nothing ambient is used unless it is named"
    assert cli.ok, cli.values
    assert cli.changed
    assert shell.ok, shell.values
    assert shell["diff"]["before"] == {"notify_users": True, "notify_admins": True}
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
    assert tenant.policy["notifyUsersOnPasswordReset"] is False
    assert {request.identity for request in tenant.requests("portal")} == {OPERATOR}
    assert [call[0] for call in tools.called()] == ["account", "account", "-NoProfile"], "once for each service"


def test_tools_that_do_not_help(tenant: Tenant, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", tools.path)
    portal = {"portal_refresh_token": None, "portal_auth_method": "azure_cli"}

    home = tenant.simulator.issue_token(tenant=tenant.id, audience="portal", user=OPERATOR, tid=HOME_TENANT)
    tools.knows(**signed_in(tenant, **{PORTAL_AUDIENCE: home}))
    assert HOME_TENANT in fails(tenant, "tenant_mismatch", "portal", **portal)["msg"]

    app = tenant.simulator.issue_token(tenant=tenant.id, audience="portal", client_id=APP)
    tools.knows(**signed_in(tenant, **{PORTAL_AUDIENCE: app}))
    assert "application" in fails(tenant, "credential", "portal", **portal)["msg"]

    tools.knows(error="ERROR: Please run 'az login' to setup account.")
    assert "az login" in fails(tenant, "credential", "portal", **portal)["msg"]
    graph = {"client_id": None, "client_secret": None, "auth_method": "azure_cli"}
    assert "az login" in fails(tenant, "credential", "graph", **graph)["msg"]

    tools.knows(error="ERROR: AADSTS70043: The refresh token has expired. Interactive authentication is needed.")
    expired = fails(tenant, "portal_credential_expired", "portal", **portal)
    assert expired["error"]["code"] == "AADSTS70043"

    tools.knows(**signed_in(tenant), sleep=20)
    started = time.monotonic()
    fails(tenant, "credential", "portal", **portal, timeout=1)
    assert time.monotonic() - started < 15

    tools.knows(error="NO_AZ_ACCOUNT_MODULE")
    fails(tenant, "credential", "portal", **{**portal, "portal_auth_method": "azure_powershell"})

    monkeypatch.setenv("PATH", str(tools.known.parent))
    for method in ("azure_cli", "azure_powershell"):
        fails(tenant, "credential", "portal", **{**portal, "portal_auth_method": method})
