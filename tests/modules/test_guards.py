# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused before it can do harm: another tenant, an impossible value, a credential that was not meant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import APP, HOME_TENANT, OPERATOR, REFRESH_TOKEN, SECRET, Tenant
from .test_faults import here

ASKED: dict[str, Any] = {"notify_admins": True}


def services(tenant: Tenant) -> list[tuple[str, str]]:
    """The requests that reached Microsoft Graph and the portal API for this tenant."""
    found = [*tenant.requests("graph"), *tenant.requests("portal")]
    return [(request.plane, request.path) for request in sorted(found, key=lambda request: request.n)]


def untouched(tenant: Tenant) -> bool:
    return not tenant.writes() and tenant.policy["notifyOnAdminPasswordReset"] is False


def domains(tenant: Tenant) -> list[str]:
    return tenant.simulator.tenant(tenant.id).domains


def test_tenant_by_domain(tenant: Tenant) -> None:
    initial, default = domains(tenant)
    for name, expected in ((initial, None), (default.upper(), initial.upper()), (f" {tenant.id.upper()} ", default)):
        result = here(tenant, "sspr_info", tenant_id=name, expected_domain=expected)
        assert result.ok, result.values
        assert result["tenant"] == {"id": tenant.id, "display_name": "Contoso", "default_domain": default}
    changed = here(tenant, "sspr_notifications", tenant_id=initial, **ASKED)
    assert changed.changed
    assert tenant.policy["notifyOnAdminPasswordReset"] is True


@pytest.mark.both_ways
@pytest.mark.oldest
def test_another_tenant_in_ansible(make_tenant: Any) -> None:
    ours, theirs, third = make_tenant(), make_tenant(display_name="Fabrikam"), make_tenant()
    portal_token = ours.simulator.issue_token(tenant=theirs.id, audience="portal", user=OPERATOR)
    third.fault("issue_for_tenant", plane="token", method="POST", tid=theirs.id)
    name, crossed, token, issued = ours.ansible.tasks(
        ours.task("sspr_notifications", expected_domain=domains(theirs)[0], **ASKED),
        ours.task("sspr_notifications", tenant_id=domains(theirs)[0], expected_domain=domains(ours)[1], **ASKED),
        ours.task("sspr_notifications", portal_refresh_token=None, portal_access_token=portal_token, **ASKED),
        third.task("sspr_notifications", **ASKED),
    )
    for result in (name, crossed, token, issued):
        assert result.kind == "tenant_mismatch", result.values
        assert result["error"]["hint"]
        assert result.changed is False
        assert result["applied"] == result["unconfirmed"] == []
    assert domains(theirs)[0] in name["msg"]
    assert domains(ours)[1] in crossed["msg"]
    assert "Fabrikam" in crossed["msg"]
    assert theirs.id in token["msg"]
    assert ours.id in token["msg"]
    assert token["error"]["plane"] == "portal"
    assert issued["error"]["plane"] == "graph"
    assert untouched(ours)
    assert untouched(theirs)
    assert untouched(third)
    assert services(ours) == services(theirs) == [("graph", "/v1.0/organization")]
    assert services(third) == []


@pytest.mark.parametrize("named", ["guid", "domain"])
@pytest.mark.parametrize("plane", ["graph", "portal"])
def test_a_token_that_was_issued_for_another_tenant(make_tenant: Any, plane: str, named: str) -> None:
    ours, theirs = make_tenant(), make_tenant()
    name = ours.id if named == "guid" else domains(ours)[0]
    skip = 0 if plane == "graph" else 1
    ours.fault("issue_for_tenant", plane="token", method="POST", skip=skip, tid=theirs.id)
    result = here(ours, "sspr_notifications", tenant_id=name, **ASKED)
    assert result.kind == "tenant_mismatch", result.values
    assert theirs.id in result["msg"]
    assert ours.id in result["msg"]
    assert result["tenant"] is None
    assert services(ours) == services(theirs) == []
    # With a domain the tenant's id is not known before both tokens can be compared.
    signed_in = 1 if (plane, named) == ("graph", "guid") else 2
    assert [request.method for request in ours.requests("token")].count("POST") == signed_in


def test_a_token_for_the_home_tenant_of_the_portal_user(make_tenant: Any, simulator: Any) -> None:
    tenant = make_tenant()
    # As `az account get-access-token` without --tenant gives it.
    token = simulator.issue_token(tenant=tenant.id, audience="portal", user=OPERATOR, tid=HOME_TENANT)
    result = here(tenant, "sspr_notifications", portal_refresh_token=None, portal_access_token=token, **ASKED)
    assert result.kind == "tenant_mismatch"
    assert result["error"]["plane"] == "portal"
    assert HOME_TENANT in result["msg"]
    assert services(tenant) == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"value": [{"id": "77777777-7777-4777-8777-777777777777", "displayName": "Fabrikam"}]}, "tenant_mismatch"),
        ({"value": [{"displayName": "Contoso"}]}, "tenant_mismatch"),
        ({"value": []}, "unexpected_document"),
        ({"value": [{}, {}]}, "unexpected_document"),
        ({}, "unexpected_document"),
    ],
)
def test_a_graph_that_answers_for_another_organization(tenant: Tenant, body: dict[str, Any], kind: str) -> None:
    tenant.fault("status", plane="graph", path="organization", status=200, body=body)
    result = here(tenant, "sspr_notifications", **ASKED)
    assert result.kind == kind, result.values
    assert result["error"]["plane"] == "graph"
    assert services(tenant) == [("graph", "/v1.0/organization")]
    assert untouched(tenant)


# module, options, what the one error has to name
BAD: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("sspr_registration", {"reconfirm_days": 731}, ("reconfirm_days", "731")),
    ("sspr_policy", {"reconfirm_days": -1}, ("reconfirm_days", "-1")),
    ("sspr_auth_methods", {"questions_to_register": 6}, ("questions_to_register", "6")),
    ("sspr_auth_methods", {"methods_required": 3}, ("methods_required", "3")),
    ("sspr_auth_methods", {"methods": {"emial": True}}, ("methods", "emial")),
    ("sspr_customization", {"helpdesk_contact": "mailto:x"}, ("helpdesk_contact", "mailto:x")),
    ("sspr_properties", {"scope": "some"}, ("scope", "some")),
    ("sspr_notifications", {"notify_users": "perhaps"}, ("notify_users", "perhaps")),
    ("sspr_notifications", {"notify_everyone": True}, ("notify_everyone",)),
    ("sspr_notifications", {**ASKED, "tenant_id": "x y"}, ("tenant_id", "x y")),
    ("sspr_notifications", {**ASKED, "tenant_id": "common"}, ("tenant_id", "common")),
    ("sspr_info", {"tenant_id": "Organizations"}, ("tenant_id", "Organizations")),
    ("sspr_info", {"tenant_id": None}, ("tenant_id",)),
    ("sspr_notifications", {**ASKED, "timeout": 0}, ("timeout", "0")),
    ("sspr_notifications", {**ASKED, "authority_url": "https://login.example/path"}, ("authority_url", "/path")),
)


@pytest.mark.both_ways
@pytest.mark.oldest
def test_bad_values_in_ansible(tenant: Tenant) -> None:
    before = len(tenant.simulator.log())
    results = tenant.ansible.tasks(
        *(tenant.task(module, **options) for module, options, _named in BAD),
        env={"AZURE_TENANT_ID": tenant.id, "ENTRA_TENANT_ID": tenant.id},
    )
    for (module, options, named), result in zip(BAD, results, strict=True):
        assert result.kind == "invalid_setting", (module, options, result.values)
        assert all(text in result["msg"] for text in named), (named, result["msg"])
        assert result.changed is False
        assert result["applied"] == result["unconfirmed"] == []
    assert len(tenant.simulator.log()) == before, "common and organizations are not even tried"


def test_several_bad_values_are_told_at_once(tenant: Tenant) -> None:
    bad: dict[str, Any] = {"reconfirm_days": 731, "questions_to_reset": 2, "helpdesk_contact": "help desk"}
    result = here(tenant, "sspr_policy", **bad)
    assert result.kind == "invalid_setting"
    assert all(text in result["msg"] for text in ("reconfirm_days: 731", "questions_to_reset: 2", "'help desk'"))
    assert tenant.requests() == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("confirm_timeout", 0),
        ("timeout", -3),
        ("expected_domain", "not a domain"),
        ("graph_url", "http://graph.example"),
        ("portal_url", "https://user@portal.example"),
        ("graph_url", "https://graph.example?x=1"),
        ("graph_url", "https://graph.example:port"),
        ("portal_url", "portal.example"),
        ("tenant_id", "consumers"),
        ("tenant_id", "contoso"),
        ("tenant_id", "contoso.com/../x.example"),
    ],
)
def test_bad_connection_options(tenant: Tenant, option: str, value: Any) -> None:
    result = here(tenant, "sspr_notifications", **{**ASKED, option: value})
    assert result.kind == "invalid_setting", result.values
    assert option in result["msg"]
    assert str(value) in result["msg"]
    assert tenant.requests() == []


@pytest.mark.parametrize("url", ["graph_url", "portal_url", "authority_url"])
def test_a_slash_at_the_end_of_an_address_does_no_harm(tenant: Tenant, url: str) -> None:
    result = here(tenant, "sspr_notifications", **{**ASKED, url: f"{tenant.simulator.url}/"})
    assert result.ok, result.values
    assert not [request.path for request in tenant.requests() if "//" in request.path]


# options, kind, what the message names; on top of a task without any credential
INCOMPLETE: tuple[tuple[dict[str, Any], str, tuple[str, ...]], ...] = (
    ({}, "credential", ("client_secret",)),
    ({"client_id": APP}, "credential", ("client_id",)),
    ({"client_secret": SECRET}, "credential", ("client_id",)),
    ({"auth_method": "client_certificate", "client_id": APP}, "credential", ("client_certificate_path",)),
    ({"auth_method": "access_token"}, "credential", ("access_token",)),
    ({"auth_method": "workload_identity", "client_id": APP}, "credential", ("federated_token_file",)),
    ({"client_id": APP, "client_secret": SECRET, "access_token": "x"}, "credential", ("client_secret", "access_token")),
    (
        {"client_id": APP, "client_certificate": "x", "client_certificate_path": "/x"},
        "credential",
        ("client_certificate", "client_certificate_path"),
    ),
    (
        {
            "client_id": APP,
            "client_secret": SECRET,
            "portal_refresh_token": "x-token",
            "portal_access_token": "y-token",
        },
        "credential",
        ("portal_refresh_token", "portal_access_token"),
    ),
    (
        {"client_id": APP, "client_secret": SECRET, "portal_auth_method": "refresh_token"},
        "credential",
        ("portal_refresh_token",),
    ),
    ({"client_id": APP, "client_secret": SECRET}, "portal_credential_missing", ("portal_refresh_token",)),
)


@pytest.mark.parametrize(("options", "kind", "named"), INCOMPLETE)
def test_credentials_that_are_missing_or_too_many(
    tenant: Tenant, options: dict[str, Any], kind: str, named: tuple[str, ...]
) -> None:
    tenant.credentials.clear()
    result = here(tenant, "sspr_notifications", **{**ASKED, **options})
    assert result.kind == kind, result.values
    assert all(name in result["msg"] for name in named), result["msg"]
    assert tenant.requests("portal") == []
    if kind == "credential":
        assert tenant.requests() == []
    assert SECRET not in json.dumps(result.values)


def test_the_method_option_chooses_among_several(tenant: Tenant, simulator: Any) -> None:
    graph = simulator.issue_token(tenant=tenant.id, audience="graph", client_id=APP)
    portal = simulator.issue_token(tenant=tenant.id, audience="portal", user=OPERATOR)
    both: dict[str, Any] = {"access_token": graph, "portal_access_token": portal}
    assert here(tenant, "sspr_info", **both, auth_method="access_token", portal_auth_method="access_token").ok
    assert tenant.requests("token") == []
    assert here(tenant, "sspr_info", **both, auth_method="client_secret", portal_auth_method="refresh_token").ok
    assert [request.method for request in tenant.requests("token")].count("POST") == 2


@pytest.mark.both_ways
@pytest.mark.oldest
def test_the_environment(tenant: Tenant) -> None:
    """Which credential is used is decided for each service as a set: the task's, or the environment's."""
    tenant.credentials.clear()
    address = {
        "ENTRA_AUTHORITY_URL": tenant.simulator.url,
        "ENTRA_GRAPH_URL": tenant.simulator.url,
        "ENTRA_PORTAL_URL": tenant.simulator.url,
        "ENTRA_CA_PATH": tenant.simulator.ca_path,
        "ENTRA_CONFIRM_TIMEOUT": "9",
        "ENTRA_TIMEOUT": "",
        "ENTRA_CLOUD": "",
    }
    graph = {"AZURE_CLIENT_ID": APP, "AZURE_CLIENT_SECRET": SECRET}
    portal = {"ENTRA_PORTAL_REFRESH_TOKEN": REFRESH_TOKEN}
    empty = {"AZURE_CLIENT_CERTIFICATE_PATH": "", "ENTRA_ACCESS_TOKEN": "", "ENTRA_PORTAL_ACCESS_TOKEN": ""}

    def task(options: dict[str, Any], *environments: dict[str, str]) -> dict[str, Any]:
        environment = {name: value for part in (address, *environments) for name, value in part.items()}
        given = {"tenant_id": tenant.id, **options}
        return {"tenantops.entra.sspr_notifications": given, "environment": environment}

    alone, older, halves, nothing, wrong, shut, portal_shut, two, bad, named = tenant.ansible.tasks(
        task({"notify_admins": True}, graph, portal, empty),
        task({}, {"AZURE_CLIENT_ID": APP, "AZURE_SECRET": SECRET}, portal, {"AZURE_CLIENT_SECRET": ""}),
        task({"client_id": APP, "client_secret": SECRET}, portal, {"AZURE_CLIENT_SECRET": "another"}),
        task({"client_secret": "", "client_id": None}, graph, portal),
        task({"client_id": APP, "client_secret": "wrong"}, graph, portal),
        task({"client_id": APP}, graph, portal),
        task({"portal_client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "notify_users": False}, graph, portal),
        task({}, graph, portal, {"ENTRA_ACCESS_TOKEN": "a-ready-token"}),
        task({}, graph, portal, {"ENTRA_TIMEOUT": "soon"}),
        task({}, graph, portal, {"ENTRA_ACCESS_TOKEN": "a-ready-token", "ENTRA_AUTH_METHOD": "client_secret"}),
    )
    for result in (alone, older, halves, nothing, named):
        assert result.ok, result.values
        assert result["settings"] == {"notify_users": True, "notify_admins": True}
    assert wrong.kind == shut.kind == two.kind == "credential"
    assert wrong["error"]["code"] == "AADSTS7000215", "the task's, though the environment has the right one"
    assert "environment variables are ignored" in shut["msg"]
    assert "client_secret and access_token" in two["msg"]
    assert portal_shut.kind == "portal_credential_missing"
    assert bad.kind == "invalid_setting"
    assert "timeout" in bad["msg"]
    assert len(tenant.writes()) == 1


def test_portal_token_of_an_application(tenant: Tenant, simulator: Any) -> None:
    token = simulator.issue_token(tenant=tenant.id, audience="portal", client_id=APP)
    result = here(tenant, "sspr_notifications", portal_refresh_token=None, portal_access_token=token, **ASKED)
    assert result.kind == "credential"
    assert result["error"]["plane"] == "portal"
    assert "application" in result["msg"]
    assert "refresh_token" in result["error"]["hint"]
    assert services(tenant) == []


def test_us_government_cloud(tenant: Tenant) -> None:
    result = here(tenant, "sspr_policy", cloud="usgov", methods={"email": True}, **ASKED)
    assert result.ok, result.values
    assert result.changed
    assert tenant.policy["notifyOnAdminPasswordReset"] is True
    scopes = [request.body["scope"] for request in tenant.requests("token") if request.method == "POST"]
    assert scopes[0] == "https://graph.microsoft.us/.default"
    assert "ee62de39-b9b0-4886-aa58-08b89c4e3db3/.default" in scopes[1].split()
    missing = here(tenant, "sspr_notifications", cloud="usgov", portal_refresh_token=None, **ASKED)
    assert missing["manual"][0]["link"].startswith("https://entra.microsoft.us/")


@pytest.mark.parametrize("plane", ["graph", "portal"])
def test_a_token_for_another_cloud(tenant: Tenant, plane: str) -> None:
    audiences = {"graph": "https://graph.microsoft.us", "portal": "ee62de39-b9b0-4886-aa58-08b89c4e3db3"}
    tenant.fault("issue_audience", plane="token", method="POST", skip=int(plane == "portal"), audience=audiences[plane])
    result = here(tenant, "sspr_notifications", **ASKED)
    assert result.kind == "credential", result.values
    assert result["error"]["plane"] == plane
    assert audiences[plane] in result["msg"]
    assert services(tenant) == []


@pytest.mark.parametrize(
    ("cloud", "resource", "admin_center"),
    [
        ("china", "https://microsoftgraph.chinacloudapi.cn", "https://entra.microsoftonline.cn"),
        ("usdod", "https://dod-graph.microsoft.us", "https://entra.microsoft.us"),
    ],
)
def test_clouds_without_a_known_portal(make_tenant: Any, cloud: str, resource: str, admin_center: str) -> None:
    tenant = make_tenant(authentication_methods_policy={"SoftwareOath": {"state": "disabled"}})
    asked: dict[str, Any] = {"cloud": cloud, "methods": {"software_oath": True}, "methods_required": 2}
    refused = here(tenant, "sspr_auth_methods", **asked)
    assert refused.kind == "unsupported", refused.values
    assert cloud in refused["msg"]
    assert "methods_required" in refused["msg"]
    assert tenant.writes() == []
    by_hand = here(tenant, "sspr_auth_methods", portal="manual", **asked)
    assert by_hand.ok, by_hand.values
    assert by_hand.changed
    assert tenant.methods["SoftwareOath"]["state"] == "enabled"
    for result in (refused, by_hand):
        [entry] = result["manual"]
        assert entry["page"] == "auth_methods"
        assert entry["settings"] == {"methods_required": 2}
        assert entry["link"].startswith(f"{admin_center}/#view/")
    info = here(tenant, "sspr_info", cloud=cloud)
    assert info.ok, info.values
    assert info["sspr"]["properties"] is None
    reasons = {entry["what"]: entry["reason"] for entry in info["unavailable"]}
    assert reasons["properties"] == "unsupported"
    assert tenant.requests("portal") == []
    posts = [request for request in tenant.requests("token") if request.method == "POST"]
    assert {request.body["scope"] for request in posts} == {f"{resource}/.default"}
