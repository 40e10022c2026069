# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor, in real Ansible: a broken tenant for each finding, which is named with its fix; nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ansible_collections.tenantops.entra.tests.support.playbook import Ansible

from .conftest import ALL_PERMISSIONS, APP, OPERATOR, Tenant
from .test_role import AUDIT, RUNBOOK, host, play, secrets_in

pytestmark = pytest.mark.both_ways

DOCTOR = "tenantops.entra.doctor"
# Missing, they are told, and nothing is wrong.
OPTIONAL = ["User.Read.All", "RoleManagement.Read.Directory", "AuditLog.Read.All"]
READER_PERMISSIONS = [name for name in ALL_PERMISSIONS if "ReadWrite" not in name]


def of(tenant: Tenant) -> Any:
    return tenant.simulator.tenant(tenant.id)


def without(permission: str) -> Callable[[Tenant], None]:
    return lambda tenant: of(tenant).apps.update({APP: [name for name in ALL_PERMISSIONS if name != permission]})


def sign_in(code: int, *, portal: bool) -> Callable[[Tenant], None]:
    """The token service refuses one of the two planes; Graph's token is asked for first."""
    return lambda tenant: tenant.fault(
        "token_error", plane="token", method="POST", code=code, skip=int(portal), times=None
    )


def token_for(lifetime: int, audience: str) -> Callable[[Tenant], None]:
    def give(tenant: Tenant) -> None:
        who = {"client_id": APP} if audience == "graph" else {"user": OPERATOR}
        token = tenant.simulator.issue_token(tenant=tenant.id, audience=audience, lifetime=lifetime, **who)
        if audience == "graph":
            del tenant.credentials["client_id"], tenant.credentials["client_secret"]
            tenant.credentials["access_token"] = token
        else:
            del tenant.credentials["portal_refresh_token"]
            tenant.credentials["portal_access_token"] = token

    return give


def certificate(days: int) -> Callable[[Tenant], None]:
    def give(tenant: Tenant) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
        now = datetime.now(timezone.utc)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days, hours=1))
            .sign(key, hashes.SHA256())
        )
        pem = made.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        app = f"{tenant.id[:-1]}a"
        tenant.simulator.add_app(app, certificates=[pem.decode()])
        of(tenant).apps[app] = list(ALL_PERMISSIONS)
        tenant.ansible.home.mkdir(parents=True, exist_ok=True)
        path = tenant.ansible.home / f"{app}.pem"
        path.write_bytes(secret + pem)
        del tenant.credentials["client_secret"]
        tenant.credentials.update(client_id=app, client_certificate_path=str(path))

    return give


def no_portal(tenant: Tenant) -> None:
    del tenant.credentials["portal_refresh_token"]


def no_mfa(tenant: Tenant) -> None:
    name = f"{tenant.id[:8]}@msp.example"
    tenant.simulator.add_user(name, mfa=False, refresh_tokens=[f"rt-{tenant.id}"])
    of(tenant).users[name] = ["Authentication Policy Administrator"]
    tenant.credentials["portal_refresh_token"] = f"rt-{tenant.id}"


# What is broken: how, the check that tells it, its code, and a word of its fix.
BROKEN: dict[str, tuple[Callable[[Tenant], Any], str, str | None, str]] = {
    "nobody there": (lambda t: t.credentials.update(graph_url="https://127.0.0.1:1"), "reachable", "unreachable", ""),
    "portal down": (
        lambda t: t.fault("status", plane="portal", status=500, times=None),
        "reachable",
        "Simulated",
        "Run it again",
    ),
    "app unknown": (lambda t: of(t).apps.clear(), "graph_sign_in", "AADSTS700016", "consent"),
    "no consent": (lambda t: of(t).apps.update({APP: None}), "graph_sign_in", "AADSTS65001", "consent"),
    "wrong secret": (
        lambda t: t.credentials.update(client_secret="another"),
        "graph_sign_in",
        "AADSTS7000215",
        "its value, not its ID",
    ),
    "secret expired": (sign_in(7000222, portal=False), "graph_sign_in", "AADSTS7000222", "Create a new one"),
    "other tenant": (lambda t: t.fault("issue_for_tenant", plane="token", times=None, tid=APP), "tenant", None, "ten"),
    "other domain": (
        lambda t: t.credentials.update(expected_domain="else.example"),
        "domains",
        "tenant_mismatch",
        "expected_domain",
    ),
    **{
        f"no {name}": (without(name), f"permission {name}", "permission", "consent")
        for name in ("Policy.ReadWrite.AuthenticationMethod", "Group.Read.All", "Organization.Read.All")
    },
    "no reading of methods": (
        lambda t: of(t).apps.update({APP: ["Organization.Read.All", "Group.Read.All"]}),
        "permission Policy.Read.AuthenticationMethod",
        "permission",
        "consent",
    ),
    "no portal credential": (no_portal, "portal_sign_in", "portal_credential_missing", "portal_refresh_token"),
    "portal unused": (sign_in(700082, portal=True), "portal_sign_in", "AADSTS700082", "Sign in again"),
    "portal revoked": (sign_in(50173, portal=True), "portal_sign_in", "AADSTS50173", "Sign in again"),
    "portal blocked": (sign_in(53003, portal=True), "portal_sign_in", "AADSTS53003", "Conditional Access"),
    "portal user absent": (lambda t: of(t).users.clear(), "portal_sign_in", "AADSTS50020", "GDAP"),
    "no MFA": (no_mfa, "mfa", "mfa", "with MFA"),
    "reader only": (
        lambda t: of(t).users.update({OPERATOR: ["Security Administrator"]}),
        "portal_role",
        "permission",
        "Authentication Policy Administrator",
    ),
    "no role": (lambda t: of(t).users.update({OPERATOR: []}), "portal_read", None, "role"),
    "no license": (lambda t: of(t).edit({"plans": []}), "license", "license", "P1"),
    "no state": (
        lambda t: of(t).edit({"omit_migration_state": True}),
        "migration_state",
        "unexpected_document",
        "manually",
    ),
    "token nearly over": (token_for(300, "graph"), "graph_credential_lifetime", None, "new credential"),
    "portal token nearly over": (token_for(300, "portal"), "portal_credential_lifetime", None, "new credential"),
    "certificate nearly over": (certificate(13), "graph_credential_lifetime", None, "new credential"),
}


@pytest.mark.oldest
def test_each_finding_is_named_with_its_fix(make_tenant: Any, ansible: Ansible) -> None:
    tenants = {name: make_tenant(display_name=name.title()) for name in BROKEN}
    whole = make_tenant()
    for name, tenant in tenants.items():
        BROKEN[name][0](tenant)
    hosts = {name.replace(" ", "-"): host(tenant) for name, tenant in {**tenants, "whole": whole}.items()}
    run = play(ansible, DOCTOR, hosts, "-vvvv", "--forks", "4")
    assert run.code == 2
    found = {result.host: result for result in run.of("Check the tenant's prerequisites")}
    for name, (_how, check, code, fix) in BROKEN.items():
        result = found[name.replace(" ", "-")]
        assert result.ok, (name, result.values)
        assert result["healthy"] is False, name
        problems = {entry["check"]: entry for entry in result["checks"] if entry["status"] == "problem"}
        assert check in problems, (name, problems)
        if code:
            assert problems[check]["code"] == code, (name, problems[check])
        assert fix in f"{problems[check]['fix']}{problems[check]['message']}", (name, problems[check])
    assert found["whole"]["healthy"] is True
    assert "ready      whole" in run.output
    assert f"Tenants {len(BROKEN) + 1}, ready 1, not ready {len(BROKEN)}, failed 0" in run.output
    assert secrets_in(run.output) == []
    assert "eyJ" not in run.output
    assert [entry for tenant in (*tenants.values(), whole) for entry in tenant.writes()] == []


def test_a_healthy_tenant(make_tenant: Any) -> None:
    tenant = make_tenant(plans=["AAD_PREMIUM_P2"], migration_state=None)
    certificate(100)(tenant)
    result = tenant.run("sspr_doctor", expected_domain=f"t{tenant.id[:8]}.example")
    assert result["healthy"] is True
    unknown = [entry["check"] for entry in result["checks"] if entry["status"] == "unknown"]
    assert unknown == ["portal_credential_lifetime", *(f"permission {name}" for name in OPTIONAL)]
    assert result["permissions"] == {**dict.fromkeys(ALL_PERMISSIONS, True), **dict.fromkeys(OPTIONAL, False)}
    assert result["roles"] == ["Authentication Policy Administrator"]
    assert result["portal_user"]["user_principal_name"] == OPERATOR
    assert set(result["portal_user"]) == {"id", "user_principal_name", "display_name"}
    assert (result["mfa"], result["license"]) == (True, "P2")
    assert result["migration_state"] is None
    assert result["days_left"] == {"graph": 100, "portal": None}
    assert result["tenant"]["id"] == tenant.id
    assert result["changed"] is False
    assert tenant.writes() == []


def test_what_is_unknown_is_not_guessed(tenant: Tenant) -> None:
    token = tenant.simulator.issue_token(tenant=tenant.id, audience="portal", user=OPERATOR, wids=None, amr=None)
    result = tenant.run("sspr_doctor", portal_refresh_token=None, portal_access_token=token)
    unknown = [entry["check"] for entry in result["checks"] if entry["status"] == "unknown"]
    optional = [f"permission {name}" for name in OPTIONAL]
    assert unknown == ["graph_credential_lifetime", *optional, "domains", "mfa", "portal_role"]
    assert (result["healthy"], result["roles"], result["mfa"]) == (True, None, None)


def test_wrong_options_are_refused_before_anything_is_sent(tenant: Tenant) -> None:
    assert tenant.run("sspr_doctor", purpose="both").kind == "invalid_setting"
    meant = tenant.run("sspr_doctor", portal_refresh_token=None, portal="manual")
    assert meant["healthy"] is True
    assert meant["checks"][2] == {
        "check": "portal_sign_in",
        "status": "unknown",
        "message": "no credential for the portal API is set, so settings that exist only there are unavailable",
        "fix": "Set portal_refresh_token or portal_auth_method, or change these pages manually with portal: manual.",
        "code": "portal_credential_missing",
    }
    tenant.simulator.clear_log()
    assert tenant.run("sspr_doctor", client_secret=None).kind == "credential"
    assert tenant.requests() == []


@pytest.mark.oldest
def test_the_reading_app_can_check_and_audit_but_not_write(make_tenant: Any, ansible: Ansible) -> None:
    tenant = make_tenant(
        apps={APP: READER_PERMISSIONS},
        users={OPERATOR: ["Security Administrator"]},
        authentication_methods_policy={"Email": {"state": "disabled"}},
    )
    hosts = {"contoso": host(tenant, sspr_methods={"email": True}, sspr_notify_admins=True)}
    reading = play(ansible, DOCTOR, hosts, "-e", "sspr_purpose=audit")
    assert reading.code == 0, reading.output
    audit = play(ansible, AUDIT, hosts)
    assert audit.code == 0, audit.output
    assert "found notify_admins=no, email=no" in audit.output
    writing = play(ansible, DOCTOR, hosts)
    assert writing.code == 2
    [health] = writing.of("Check the tenant's prerequisites")
    assert [entry["check"] for entry in health["checks"] if entry["status"] == "problem"] == [
        "permission Policy.ReadWrite.AuthenticationMethod",
        "portal_role",
    ]
    run = play(ansible, RUNBOOK, hosts)
    assert run.code == 2
    assert "Policy.ReadWrite.AuthenticationMethod" in run.output
    refused = [
        tenant.run("sspr_auth_methods", methods={"email": True}),
        tenant.run("sspr_notifications", notify_admins=True),
        tenant.run("sspr_group", group="SSPR Pilot", groups=["SSPR Pilot"]),
    ]
    assert [result.kind for result in refused] == ["permission", "permission", "invalid_setting"]
    assert [entry for entry in tenant.writes() if entry.applied] == []
