# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret is ever shown or left behind: not at ``-vvvv``, not on failure, not encoded, not by an unforeseen error."""

from __future__ import annotations

import base64
import json
import re
import stat
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.connection.options import CONNECTION_SPEC
from ansible_collections.tenantops.entra.tests.simulator import faults
from ansible_collections.tenantops.entra.tests.simulator.messages import Answer, Call
from ansible_collections.tenantops.entra.tests.simulator.tokens import Signer
from ansible_collections.tenantops.entra.tests.support.playbook import Run

from .conftest import ALL_PERMISSIONS, APP, OPERATOR, REFRESH_TOKEN, SECRET, Tenant
from .test_credentials import PASSWORD, Certificate, make_certificate

pytestmark = [pytest.mark.both_ways, pytest.mark.oldest]

WRONG_SECRET = "wr0ng/secret+of=the&app?"
WRONG_REFRESH_TOKEN = "0.unknown/refresh+token=&"


@dataclass
class Secrets:
    """All that must not be seen, as it is collected."""

    values: set[str] = field(default_factory=set)

    def add(self, *values: str) -> None:
        self.values.update(values)

    def pieces(self) -> dict[str, str]:
        """What to look for: each secret in all its forms and its beginning, tokens and keys in parts as well."""
        found: dict[str, str] = {}
        for value in self.values:
            raw = value.encode()
            encoded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
            looks = [
                value,
                quote(value),
                quote(value, safe=""),
                quote_plus(value),
                json.dumps(value)[1:-1],
                repr(value),
            ]
            parts = [line for line in value.splitlines() if len(line) >= 32 and "-----" not in line]
            if "-----" not in value:
                parts.append(value[:10])
            if value.startswith("eyJ"):
                _header, payload, signature = value.split(".")
                parts += [payload[:60], payload[-60:], signature]
            # Messages are cut at some length: beginnings count as well.
            parts += [text[:24] for text in encoded]
            for look in [*looks, *encoded, *(text.rstrip("=") for text in encoded), *parts]:
                found[look] = value[:20]
        return found

    def leaked(self, text: str) -> list[str]:
        return sorted({name for piece, name in self.pieces().items() if piece in text})

    def assert_none_in(self, run: Run) -> None:
        results = json.dumps([dict(result.values) for result in run.results], ensure_ascii=False)
        assert self.leaked(run.output) == []
        assert self.leaked(results) == []


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, simulator: Any) -> Secrets:
    """With every token in it that the simulator issues from now on."""
    found = Secrets({SECRET, REFRESH_TOKEN, PASSWORD, WRONG_SECRET, WRONG_REFRESH_TOKEN})
    sign = Signer.sign

    def recorded(self: Signer, payload: Mapping[str, Any]) -> str:
        token = sign(self, payload)
        found.add(token)
        return token

    monkeypatch.setattr(Signer, "sign", recorded)
    return found


def refresh_tokens(tenant: Tenant) -> Iterable[str]:
    """Those a user got in the meantime, too."""
    users = tenant.simulator._services.world.users.values()
    return [token for user in users for token in user.refresh_tokens]


def assert_left_behind_safely(tenant: Tenant, secrets: Secrets) -> None:
    directory = tenant.ansible.home / "tenantops.entra"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    files = list(directory.iterdir())
    assert files
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert secrets.leaked(file.read_text(encoding="utf-8")) == []
    written = [path for path in tenant.ansible.home.rglob("*") if path.is_file()]
    others = [path for path in written if not path.name.startswith("play-")]
    assert not [path for path in others if secrets.leaked(path.read_text(encoding="utf-8", errors="replace"))]
    assert any(secrets.leaked(path.read_text(encoding="utf-8")) for path in set(written) - set(others)), (
        "what the tests wrote themselves: this can find something"
    )


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return make_certificate()


def by_certificate(tenant: Tenant, certificate: Certificate) -> dict[str, Any]:
    app = str(uuid.uuid4())
    tenant.simulator.add_app(app, certificates=[certificate.public])
    tenant.simulator.tenant(tenant.id).apps[app] = list(ALL_PERMISSIONS)
    return {
        "client_id": app,
        "client_secret": None,
        "client_certificate": certificate.locked,
        "client_certificate_password": PASSWORD,
    }


def ready_tokens(tenant: Tenant, **claims: Any) -> dict[str, Any]:
    issue = tenant.simulator.issue_token
    return {
        **dict.fromkeys(tenant.credentials),
        "access_token": issue(tenant=tenant.id, audience="graph", client_id=APP, **claims),
        "portal_access_token": issue(tenant=tenant.id, audience="portal", user=OPERATOR, **claims),
    }


ENVIRONMENT = {
    "AZURE_CLIENT_ID": APP,
    "AZURE_CLIENT_SECRET": SECRET,
    "ENTRA_PORTAL_REFRESH_TOKEN": REFRESH_TOKEN,
    # In Ansible's home, all of which is looked through
    "ANSIBLE_LOG_PATH": "ansible.log",
}


def test_success(make_tenant: Any, secrets: Secrets, certificate: Certificate) -> None:
    tenant = make_tenant(authentication_methods_policy={"SoftwareOath": {"state": "disabled"}})
    key = by_certificate(tenant, certificate)
    secrets.add(certificate.locked.partition("-----END ENCRYPTED PRIVATE KEY-----")[0])
    ambient = dict.fromkeys(tenant.credentials)
    run = tenant.ansible.run_tasks(
        tenant.task("sspr_properties", scope="selected", group="SSPR Pilot"),
        tenant.task("sspr_auth_methods", **key, methods={"software_oath": True}, methods_required=2),
        tenant.task("sspr_registration", **ready_tokens(tenant), reconfirm_days=90),
        tenant.task("sspr_notifications", **ambient, notify_admins=True),
        tenant.task("sspr_customization", secret=SECRET, client_secret=None, helpdesk_contact="it@contoso.com"),
        tenant.task("sspr_policy", check_mode=True, notify_users=False),
        tenant.task("sspr_info", **ambient),
        arguments=["-vvvv", "--diff"],
        env=ENVIRONMENT,
    )
    assert [result.outcome for result in run.results] == ["ok"] * 7, run.output
    assert [result.changed for result in run.results] == [True] * 6 + [False]
    assert "helpdesk_contact" in run.output, "the diffs are shown"
    logged = (tenant.ansible.home / "ansible.log").read_text(encoding="utf-8")
    assert "TASK [" in logged
    assert [name for name in ("HTTP Request", "openid-configuration", "azure.", "msal") if name in logged] == [], (
        "what libraries log in Ansible's own process is not Ansible's"
    )
    secrets.add(*refresh_tokens(tenant))
    assert len(secrets.values) > 10
    secrets.assert_none_in(run)
    assert_left_behind_safely(tenant, secrets)


def echo(*values: str, after: int = 0) -> dict[str, Any]:
    """An error body that tells what it was sent, in several forms, after so many other letters."""
    texts = [form for v in values for form in (v, quote(v, safe=""), base64.b64encode(v.encode()).decode(), repr(v))]
    return {"error": {"code": quote(values[0], safe=""), "message": "-" * after + " ".join(texts)}}


def mirror(call: Call, _arguments: Mapping[str, Any]) -> Answer:
    return Answer(500, echo(call.bearer))


def test_failure(
    make_tenant: Any,
    secrets: Secrets,
    certificate: Certificate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenants = [make_tenant(authentication_methods_policy={"Email": {"state": "disabled"}}) for _n in range(12)]
    secrets.add(certificate.locked.partition("-----END ENCRYPTED PRIVATE KEY-----")[0])
    html, wrong, patch, put, token, refresh, get, sign_in, no_json, key, shell, issued = tenants
    own = ready_tokens(put)
    given = [own["access_token"], own["portal_access_token"]]
    html.fault("html", plane="portal", method="GET", status=500)
    patch.fault("status", plane="graph", method="PATCH", status=400, body=echo(SECRET, REFRESH_TOKEN))
    put.fault("status", plane="portal", method="PUT", status=500, body=echo(*given))
    # Long enough to be cut off in the middle of the secret.
    get.fault("status", plane="portal", method="GET", status=500, body=echo(REFRESH_TOKEN, SECRET, after=285))
    description = f"AADSTS7000215: {SECRET} {quote(SECRET, safe='')} {base64.b64encode(SECRET.encode()).decode()}"
    body = {"error": "invalid_client", "error_description": description}
    sign_in.fault("status", plane="token", method="POST", status=401, body=body)
    foreign = ready_tokens(no_json)["access_token"]
    no_json.fault("status", plane="token", method="POST", status=200, body=f"cut off: {SECRET} {foreign}")

    # With the token that was issued for this very request.
    monkeypatch.setitem(faults._ANSWERS, "empty", mirror)
    issued.fault("empty", plane="portal", method="GET")

    # Azure PowerShell with a line too many: the token is in an output that cannot be understood.
    leaky = shell.simulator.issue_token(tenant=shell.id, audience="portal", user=OPERATOR)
    stub = tmp_path / "pwsh"
    stub.write_text(f"#!{sys.executable}\nprint('WARNING', {leaky!r})\n", encoding="utf-8")
    stub.chmod(0o700)

    short = {"confirm_timeout": 1}
    run = html.ansible.run_tasks(
        html.task("sspr_info"),
        wrong.task("sspr_properties", client_secret=WRONG_SECRET, scope="all"),
        patch.task("sspr_auth_methods", methods={"email": True}),
        put.task("sspr_registration", **own, **short, reconfirm_days=90),
        token.task("sspr_notifications", **ready_tokens(token, tid=html.id), notify_admins=True),
        refresh.task("sspr_customization", portal_refresh_token=WRONG_REFRESH_TOKEN, helpdesk_contact="a@b.example"),
        get.task("sspr_policy", **dict.fromkeys(get.credentials), scope="all"),
        sign_in.task("sspr_policy", scope="all"),
        no_json.task("sspr_policy", scope="all"),
        key.task("sspr_info", **{**by_certificate(key, certificate), "client_certificate_password": WRONG_SECRET}),
        shell.task("sspr_info", portal_refresh_token=None, portal_auth_method="azure_powershell"),
        issued.task("sspr_info"),
        arguments=["-vvvv", "--diff"],
        env={**ENVIRONMENT, "PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    assert [result.outcome for result in run.results] == ["failed"] * 12, run.output
    kinds = [result.kind for result in run.results]
    assert kinds[:4] == ["unreachable", "credential", "invalid_setting", "not_confirmed"]
    assert kinds[4:8] == ["tenant_mismatch", "portal_credential_expired", "unreachable", "credential"]
    assert kinds[9:] == ["credential", "credential", "unreachable"]
    assert "********" in run.results[2]["msg"], "the echo is there, without what it echoes"
    assert "********" in run.results[7]["msg"]
    secrets.add(*refresh_tokens(html))
    secrets.assert_none_in(run)
    assert_left_behind_safely(html, secrets)
    assert all(request.applied is False for tenant in tenants for request in tenant.writes())


# Where an internal error happened: file, line and function, and nothing else.
FRAME = re.compile(r"\S+\.py:\d+ in \S+")

BREAK = """
import os, pathlib
read_text = pathlib.Path.read_text
def broken(path, *arguments, **keywords):
    if path.parent.name != "tenantops.entra":
        return read_text(path, *arguments, **keywords)
    secret = {text!r}
    raise RuntimeError(secret) from ValueError(secret, arguments, dict(os.environ))
pathlib.Path.read_text = broken
"""


def test_an_unforeseen_error(tenant: Tenant, secrets: Secrets, certificate: Certificate, tmp_path: Path) -> None:
    own = ready_tokens(tenant)
    key = by_certificate(tenant, certificate)
    ambient: dict[str, Any] = dict.fromkeys(tenant.credentials)
    private = certificate.locked.partition("-----END ENCRYPTED PRIVATE KEY-----")[0]
    secrets.add(private)
    text = " ".join([SECRET, REFRESH_TOKEN, own["access_token"], own["portal_access_token"], PASSWORD, private])
    (tmp_path / "sitecustomize.py").write_text(BREAK.format(text=text), encoding="utf-8")
    run = tenant.ansible.run_tasks(
        tenant.task("sspr_notifications", notify_admins=True),
        tenant.task("sspr_info", **own),
        tenant.task("sspr_policy", **key, scope="all"),
        tenant.task("sspr_registration", **ambient, reconfirm_days=90),
        arguments=["-vvvv", "--diff"],
        env={**ENVIRONMENT, "PYTHONPATH": str(tmp_path), "ANSIBLE_DISPLAY_TRACEBACK": "always"},
    )
    for result in run.results:
        assert result.kind == "internal", result.values
        assert "RuntimeError at recent_writes.py:" in result["msg"]
        assert all(FRAME.fullmatch(frame) for frame in result["frames"]), result["frames"]
        assert any(frame.endswith(" in is_outdated") for frame in result["frames"])
        assert result["tenant"]["id"] == tenant.id
        assert result.changed is False
    assert len(run.results) == 4
    [quiet] = tenant.ansible.tasks(tenant.task("sspr_info"), env={"PYTHONPATH": str(tmp_path)})
    assert quiet.kind == "internal"
    assert "frames" not in quiet.values, "below -vvv"
    assert tenant.writes() == []
    secrets.add(*refresh_tokens(tenant))
    secrets.assert_none_in(run)
    assert_left_behind_safely(tenant, secrets)


def test_every_option_with_a_secret_is_masked_by_ansible_itself() -> None:
    masked = {name for name, line in CONNECTION_SPEC.items() if line.get("no_log")}
    secret = {"client_secret", "client_certificate", "client_certificate_password"}
    assert masked == secret | {"access_token", "portal_refresh_token", "portal_access_token"}
