# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import httpx
import jwt
import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.tenantops.entra.tests.simulator import Simulator

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER = "aaaaaaaa-0000-4000-8000-000000000002"
APP = "bbbbbbbb-0000-4000-8000-000000000001"
CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
GRAPH = "https://graph.microsoft.com"
PORTAL = "74658136-14ec-4630-ad9b-26e160ff0fc6"


def redeem(client: httpx.Client, tenant: str = TENANT, **fields: str) -> httpx.Response:
    return client.post(f"/{tenant}/oauth2/v2.0/token", data=fields)


def as_app(client: httpx.Client, tenant: str = TENANT, **fields: str) -> httpx.Response:
    base = {"grant_type": "client_credentials", "client_id": APP, "client_secret": "s3cret"}
    return redeem(client, tenant, **{**base, "scope": f"{GRAPH}/.default", **fields})


def as_user(client: httpx.Client, token: str, tenant: str = TENANT, **fields: str) -> httpx.Response:
    base = {"grant_type": "refresh_token", "client_id": CLI, "scope": f"{PORTAL}/.default offline_access openid"}
    return redeem(client, tenant, **{**base, "refresh_token": token, **fields})


def claims(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return jwt.decode(answer.json()["access_token"], options={"verify_signature": False})


def error(answer: httpx.Response) -> tuple[int, str, int]:
    body = answer.json()
    assert body["error_description"].startswith(f"AADSTS{body['error_codes'][0]}: ")
    return answer.status_code, body["error"], body["error_codes"][0]


@pytest.fixture(scope="module")
def certificate() -> tuple[str, str]:
    """Private key with certificate, and certificate, in PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    now = dt.datetime.now(dt.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return private + public, public


def test_discovery_knows_ids_and_domains(sim: Simulator, client: httpx.Client) -> None:
    path = "/v2.0/.well-known/openid-configuration"
    for name in (TENANT, "contoso.onmicrosoft.com", "CONTOSO.example"):
        assert client.get(f"/{name}{path}").json()["issuer"] == f"{sim.url}/{TENANT}/v2.0"
    assert error(client.get(f"/nobody.example{path}"))[2] == 90002
    assert client.get("/common/discovery/instance").status_code == 404
    assert sim.log()[-1].path == "/common/discovery/instance"


def test_application_token(sim: Simulator, client: httpx.Client) -> None:
    found = claims(as_app(client, tenant="contoso.example"))
    assert (found["aud"], found["tid"], found["appid"], found["idtyp"]) == (GRAPH, TENANT, APP, "app")
    assert "Organization.Read.All" in found["roles"]
    assert found["exp"] - found["iat"] == 3600
    assert "roles" not in claims(as_app(client, scope=f"{PORTAL}/.default"))
    entry = sim.log(plane="token")[0]
    assert entry.body == {"grant_type": "client_credentials", "scope": f"{GRAPH}/.default", "client_id": APP}
    assert (entry.tenant, entry.identity, entry.write) == (TENANT, APP, False)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_id": CLI}, (400, "unauthorized_client", 700016)),
        ({"tenant": OTHER}, (400, "invalid_grant", 65001)),
        ({"tenant": "nobody.example"}, (400, "invalid_request", 90002)),
        ({"scope": f"{GRAPH}/User.Read"}, (400, "invalid_scope", 1002012)),
        ({"scope": "https://vault.example/.default"}, (400, "invalid_resource", 500011)),
        ({"scope": f"{GRAPH}/.default {PORTAL}/.default"}, (400, "invalid_scope", 70011)),
        ({"scope": ""}, (400, "invalid_request", 90014)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
    ],
)
def test_application_refused(
    sim: Simulator, client: httpx.Client, fields: dict[str, str], expected: tuple[int, str, int]
) -> None:
    assert error(as_app(client, **fields)) == expected


def test_refresh_token(sim: Simulator, client: httpx.Client) -> None:
    answer = as_user(client, "rt-ops")
    found = claims(answer)
    assert (found["aud"], found["tid"], found["upn"]) == (PORTAL, TENANT, "ops@msp.example")
    assert found["scp"] == "user_impersonation"
    assert "mfa" in found["amr"]
    renewed = answer.json()["refresh_token"]
    assert renewed != "rt-ops"
    for token in (renewed, "rt-ops"):
        assert claims(as_user(client, token, scope=f"{GRAPH}/.default"))["aud"] == GRAPH
    assert sim.log()[0].identity == "ops@msp.example"


def test_refresh_token_refused(sim: Simulator, client: httpx.Client) -> None:
    assert error(as_user(client, "rt-unknown")) == (400, "invalid_grant", 50173)
    assert error(as_user(client, "rt-ops", tenant=OTHER)) == (400, "invalid_grant", 50020)
    assert error(as_user(client, "rt-ops", client_id=APP)) == (400, "unauthorized_client", 700016)
    assert "mfa" not in claims(as_user(client, "rt-weak"))["amr"]
    sim.tenant(TENANT).require_mfa = True
    assert error(as_user(client, "rt-weak")) == (400, "invalid_grant", 50076)
    sim.revoke("rt-ops")
    assert error(as_user(client, "rt-ops"))[2] == 50173
    sim.expire("rt-reader")
    assert error(as_user(client, "rt-reader"))[2] == 700082


def test_federated_assertion(sim: Simulator, client: httpx.Client) -> None:
    def sign_in(**assertion: Any) -> httpx.Response:
        return redeem(
            client,
            grant_type="client_credentials",
            client_id=APP,
            scope=f"{GRAPH}/.default",
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            client_assertion=jwt.encode(assertion, "k" * 32, "HS256"),
        )

    assert claims(sign_in(iss="https://ci.example", sub="repo:main"))["appid"] == APP
    assert error(sign_in(iss="https://ci.example", sub="repo:fork")) == (401, "invalid_client", 700027)
    assert error(sign_in(iss="https://ci.example", sub="repo:main", exp=1)) == (401, "invalid_client", 700024)
    assert error(sign_in(iss=APP, sub=APP)) == (401, "invalid_client", 700027)


def test_azure_identity_secret(sim: Simulator) -> None:
    for secret, works in (("s3cret", True), ("wrong", False)):
        with ClientSecretCredential(
            TENANT, APP, secret, authority=sim.url, disable_instance_discovery=True, connection_verify=sim.ca_path
        ) as credential:
            if works:
                assert credential.get_token(f"{GRAPH}/.default").token.count(".") == 2
            else:
                with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
                    credential.get_token(f"{GRAPH}/.default")


def test_azure_identity_certificate(sim: Simulator, tmp_path: Path, certificate: tuple[str, str]) -> None:
    private, public = certificate
    sim.add_app("cert-app", certificates=[public])
    sim.add_app("no-cert-app")
    sim.tenant(TENANT).apps.update({"cert-app": ["Group.Read.All"], "no-cert-app": []})
    for app, works in (("cert-app", True), ("no-cert-app", False)):
        with CertificateCredential(
            TENANT,
            app,
            certificate_data=private.encode(),
            authority=sim.url,
            disable_instance_discovery=True,
            connection_verify=sim.ca_path,
        ) as credential:
            if works:
                assert credential.get_token(f"{GRAPH}/.default").expires_on > 0
            else:
                with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
                    credential.get_token(f"{GRAPH}/.default")


def test_msal_redeems_a_refresh_token(sim: Simulator) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = sim.ca_path
        application = msal.PublicClientApplication(
            CLI, authority=f"{sim.url}/{TENANT}", instance_discovery=False, http_client=session
        )
        answer = application.acquire_token_by_refresh_token("rt-ops", [f"{PORTAL}/.default"])
    assert answer.get("access_token"), answer
    assert answer["id_token_claims"]["tid"] == TENANT
