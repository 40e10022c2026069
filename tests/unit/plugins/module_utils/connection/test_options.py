# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connection options: the environment, empty values, and which credential is meant."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.connection import options

TENANT = "11111111-1111-4111-8111-111111111111"
DEFAULTS = {name: line.get("default") for name, line in options.CONNECTION_SPEC.items()}


def connect(**given: Any) -> options.Connection:
    return options.connection({**DEFAULTS, "tenant_id": TENANT, "client_id": "app", "client_secret": "x", **given})


def error(**given: Any) -> SsprError:
    with pytest.raises(SsprError) as caught:
        connect(**given)
    return caught.value


@pytest.mark.parametrize(
    ("task", "environ", "expected"),
    [
        ({"timeout": "", "cloud": None}, {}, {}),
        ({"timeout": ""}, {"ENTRA_TIMEOUT": "9"}, {"timeout": "9"}),
        ({"timeout": 5}, {"ENTRA_TIMEOUT": "9"}, {"timeout": 5}),
        ({}, {"ENTRA_TIMEOUT": "", "ENTRA_CLOUD": ""}, {}),
        ({"group": "", "helpdesk_contact": "", "scope": ""}, {}, {"group": "", "helpdesk_contact": ""}),
        ({"methods": {"email": "", "voice": None, "office_phone": False}}, {}, {"methods": {"office_phone": False}}),
        ({"notify_users": False, "reconfirm_days": 0}, {}, {"notify_users": False, "reconfirm_days": 0}),
        ({}, {"AZURE_SECRET": "old"}, {"client_secret": "old"}),
        ({}, {"AZURE_CLIENT_SECRET": "new", "AZURE_SECRET": "old"}, {"client_secret": "new"}),
        ({}, {"AZURE_CLIENT_SECRET": "", "AZURE_SECRET": "old"}, {"client_secret": "old"}),
        ({}, {"AZURE_TENANT_ID": "x", "AZURE_TENANT": "x"}, {}),
        # As a set: one credential option in the task shuts the environment for its plane, not for the other.
        (
            {"client_id": "mine"},
            {"AZURE_CLIENT_SECRET": "s", "ENTRA_AUTH_METHOD": "azure_cli", "ENTRA_PORTAL_REFRESH_TOKEN": "r"},
            {"client_id": "mine", "portal_refresh_token": "r"},
        ),
        ({"secret": "alias"}, {"AZURE_CLIENT_ID": "c"}, {"secret": "alias"}),
        ({"portal_access_token": "t"}, {"ENTRA_PORTAL_REFRESH_TOKEN": "r"}, {"portal_access_token": "t"}),
        # An empty option does not shut it, and the method alone is no credential.
        ({"client_id": ""}, {"AZURE_CLIENT_SECRET": "s"}, {"client_secret": "s"}),
        (
            {"auth_method": "client_secret"},
            {"AZURE_CLIENT_SECRET": "s", "ENTRA_AUTH_METHOD": "azure_cli"},
            {"auth_method": "client_secret", "client_secret": "s"},
        ),
    ],
)
def test_environment(task: dict[str, Any], environ: dict[str, str], expected: dict[str, Any]) -> None:
    assert options.with_environment(task, environ) == expected


def test_every_option_with_a_variable_documents_it() -> None:
    from ansible_collections.tenantops.entra.plugins.doc_fragments.connection import ModuleDocFragment

    for option, variables in options.ENVIRONMENT.items():
        block = ModuleDocFragment.DOCUMENTATION.split(f"\n  {option}:\n", 1)[1].split("\n    type:", 1)[0]
        for variable in variables:
            assert f"E({variable})" in block


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ({}, "client_secret"),
        ({"client_secret": None, "client_certificate_path": "/c.pem"}, "client_certificate"),
        ({"client_secret": None, "client_certificate": "PEM"}, "client_certificate"),
        ({"client_secret": None, "federated_token_file": "/t"}, "workload_identity"),
        ({"client_secret": None, "managed_identity_client_id": "mi"}, "managed_identity_federation"),
        ({"client_secret": None, "auth_method": "managed_identity_federation"}, "managed_identity_federation"),
        ({"client_id": None, "client_secret": None, "auth_method": "azure_cli"}, "azure_cli"),
        ({"client_id": None, "client_secret": None, "access_token": "t"}, "access_token"),
        ({"access_token": "t", "auth_method": "client_secret"}, "client_secret"),
    ],
)
def test_graph_credential(given: dict[str, Any], method: str) -> None:
    assert connect(**given).graph.method == method  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"client_secret": None}, ["no credential", "environment variables are ignored"]),
        ({"client_id": None, "client_secret": None}, ["no credential", "neither the task nor the environment"]),
        ({"client_id": None}, ["client_secret", "client_id"]),
        ({"client_certificate_path": "/c"}, ["client_secret and client_certificate_path"]),
        (
            {"client_secret": None, "client_certificate_path": "/c", "client_certificate": "P"},
            ["cannot be used together"],
        ),
        ({"auth_method": "client_certificate"}, ["client_certificate_path or client_certificate"]),
        ({"portal_refresh_token": "r", "portal_access_token": "a"}, ["portal_refresh_token and portal_access_token"]),
        ({"portal_auth_method": "refresh_token"}, ["portal_refresh_token"]),
    ],
)
def test_unclear_credentials_name_the_options(given: dict[str, Any], words: list[str]) -> None:
    found = error(**given)
    assert found.kind == "credential"
    assert found.hint
    for word in words:
        assert word in found.message


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ({}, None),
        ({"portal_refresh_token": "r"}, "refresh_token"),
        ({"portal_access_token": "t"}, "access_token"),
        ({"portal_auth_method": "azure_powershell"}, "azure_powershell"),
        ({"portal_refresh_token": "r", "portal_auth_method": "azure_cli"}, "azure_cli"),
    ],
)
def test_portal_credential(given: dict[str, Any], method: str | None) -> None:
    portal = connect(**given).portal
    assert (portal.method if portal else None) == method


@pytest.mark.parametrize("tenant", ["common", "Organizations", "consumers", "", "contoso", "a b.com", "11111111-1111"])
def test_tenants_that_name_no_one_tenant(tenant: str) -> None:
    found = error(tenant_id=tenant)
    assert found.kind == "invalid_setting"
    assert "tenant_id" in found.message


def test_a_domain_becomes_an_expected_domain() -> None:
    found = connect(tenant_id="Contoso.COM", expected_domain="b.example")
    assert (found.tenant_guid, found.tenant, found.domains) == (None, "contoso.com", ("b.example", "contoso.com"))
    found = connect(tenant_id=TENANT.upper())
    assert (found.tenant_guid, found.domains) == (TENANT, ())


@pytest.mark.parametrize(
    ("option", "url"),
    [
        ("authority_url", "http://login.example"),
        ("graph_url", "graph.example"),
        ("graph_url", "https://graph.example/v1.0"),
        ("portal_url", "https://user@portal.example"),
        ("portal_url", "https://portal.example:port"),
    ],
)
def test_addresses_are_scheme_host_and_port(option: str, url: str) -> None:
    found = error(**{option: url})
    assert found.kind == "invalid_setting"
    assert option in found.message
    assert url in found.message


def test_addresses_replace_those_of_the_cloud() -> None:
    found = connect(cloud="usgov", graph_url="https://[::1]:8443/", portal_url="https://portal.example")
    assert found.cloud.graph_url == "https://[::1]:8443"
    assert found.cloud.portal_url == "https://portal.example"
    assert found.cloud.authority_url == "https://login.microsoftonline.us"
    assert found.cloud.scope("graph") == "https://graph.microsoft.us/.default", "the audience stays the cloud's"


@pytest.mark.parametrize("option", ["timeout", "confirm_timeout"])
def test_seconds_are_positive(option: str) -> None:
    assert option in error(**{option: 0}).message
