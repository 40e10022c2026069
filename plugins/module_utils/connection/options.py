# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options: their argument spec, the environment behind them, and the connection they mean.

``with_environment`` runs before Ansible validates anything: it drops empty strings and nulls and adds environment
variables as if the task had set them, so that types, choices and masking apply to both alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from .._errors import GRAPH, Plane, SsprError, require_range
from .._text import DOMAIN, is_given, is_guid
from ..data.clouds import CLOUDS
from ..settings.pages import CLEARABLE
from .cloud import Cloud
from .credential_options import GRAPH_CREDENTIAL, PORTAL_CREDENTIAL, Credential

# The public client of the Azure CLI, which Entra lets request tokens for the portal API.
AZURE_CLI_CLIENT_ID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

CONNECTION_SPEC: dict[str, dict[str, Any]] = {
    "tenant_id": {"type": "str", "required": True, "aliases": ["tenant"]},
    "expected_domain": {"type": "str"},
    "cloud": {"type": "str", "choices": list(CLOUDS), "default": "public"},
    "authority_url": {"type": "str"},
    "graph_url": {"type": "str"},
    "portal_url": {"type": "str"},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
    "confirm_timeout": {"type": "int", "default": 60},
    "auth_method": {"type": "str", "choices": list(GRAPH_CREDENTIAL.needs)},
    "client_id": {"type": "str"},
    "client_secret": {"type": "str", "no_log": True, "aliases": ["secret"]},
    "client_certificate_path": {"type": "path"},
    "client_certificate": {"type": "str", "no_log": True},
    "client_certificate_password": {"type": "str", "no_log": True},
    "federated_token_file": {"type": "path"},
    "managed_identity_client_id": {"type": "str"},
    "access_token": {"type": "str", "no_log": True},
    "portal_auth_method": {"type": "str", "choices": list(PORTAL_CREDENTIAL.needs)},
    "portal_client_id": {"type": "str", "default": AZURE_CLI_CLIENT_ID},
    "portal_refresh_token": {"type": "str", "no_log": True},
    "portal_access_token": {"type": "str", "no_log": True},
    "min_token_seconds": {"type": "int", "default": 0, "no_log": False},
}

PORTAL_MODE_SPEC: dict[str, dict[str, Any]] = {
    "portal": {"type": "str", "choices": ["require", "manual"], "default": "require"},
}

# The run whose record a task belongs to.
RUN_SPEC: dict[str, dict[str, Any]] = {
    "run": {"type": "str"},
    "run_dir": {"type": "path"},
    "run_host": {"type": "str"},
}

ALIASES = {alias: name for name, line in CONNECTION_SPEC.items() for alias in line.get("aliases", [])}
SECRETS = tuple(name for name, line in CONNECTION_SPEC.items() if line.get("no_log"))

ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "cloud": ("ENTRA_CLOUD",),
    "authority_url": ("ENTRA_AUTHORITY_URL",),
    "graph_url": ("ENTRA_GRAPH_URL",),
    "portal_url": ("ENTRA_PORTAL_URL",),
    "ca_path": ("ENTRA_CA_PATH",),
    "timeout": ("ENTRA_TIMEOUT",),
    "confirm_timeout": ("ENTRA_CONFIRM_TIMEOUT",),
    "auth_method": ("ENTRA_AUTH_METHOD",),
    "client_id": ("AZURE_CLIENT_ID",),
    "client_secret": ("AZURE_CLIENT_SECRET", "AZURE_SECRET"),
    "client_certificate_path": ("AZURE_CLIENT_CERTIFICATE_PATH",),
    "client_certificate": ("ENTRA_CLIENT_CERTIFICATE",),
    "client_certificate_password": ("AZURE_CLIENT_CERTIFICATE_PASSWORD",),
    "federated_token_file": ("AZURE_FEDERATED_TOKEN_FILE",),
    "access_token": ("ENTRA_ACCESS_TOKEN",),
    "portal_auth_method": ("ENTRA_PORTAL_AUTH_METHOD",),
    "portal_client_id": ("ENTRA_PORTAL_CLIENT_ID",),
    "portal_refresh_token": ("ENTRA_PORTAL_REFRESH_TOKEN",),
    "portal_access_token": ("ENTRA_PORTAL_ACCESS_TOKEN",),
}

ANY_TENANT = frozenset({"common", "organizations", "consumers"})


def with_environment(task: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The task's options without nulls and empty strings, completed from the environment.

    If the task gives any credential option of a service, the environment is not used for that service. Only ``group``
    and ``helpdesk_contact`` keep an empty string, which clears them.
    """
    params = {
        name: _without_empty(value)
        for name, value in task.items()
        if is_given(value) or (value == "" and name in CLEARABLE)
    }
    ignored = {
        name
        for credential in (GRAPH_CREDENTIAL, PORTAL_CREDENTIAL)
        if any(ALIASES.get(name, name) in credential.options for name in params)
        for name in (*credential.options, credential.selector)
    }
    named = {ALIASES.get(name, name) for name in params}
    for option, variables in ENVIRONMENT.items():
        if option in named or option in ignored:
            continue
        value = next((environ[name] for name in variables if environ.get(name)), None)
        if value is not None:
            params[option] = value
    return params


def _without_empty(value: Any) -> Any:
    """The same for suboptions: ``methods: {email: ""}`` does not change email."""
    if isinstance(value, Mapping):
        return {name: item for name, item in value.items() if is_given(item)}
    return value


@dataclass(frozen=True)
class Connection:
    """One tenant's connection options, validated: nothing after this uses raw parameters.

    ``tenant`` is the authority's tenant: a GUID, or a domain (then ``tenant_guid`` is None and the domain is among
    ``domains``). ``timeout``, ``confirm_timeout`` and ``min_token_seconds`` are seconds. ``portal`` is None without a
    portal credential, ``graph`` only for a task that does not use Graph.
    """

    tenant: str
    tenant_guid: str | None
    domains: tuple[str, ...]
    cloud: Cloud
    ca_path: str | None
    timeout: int
    confirm_timeout: int
    min_token_seconds: int
    graph: Credential | None
    portal: Credential | None

    def credential(self, plane: Plane) -> Credential | None:
        """The credential for a service."""
        return self.graph if plane == GRAPH else self.portal

    def identity(self, plane: Plane) -> str:
        """Everything that a service's token depends on, secrets included: equal texts get equal tokens."""
        credential = self.credential(plane)
        values = [] if credential is None else [credential.method, *astuple(credential)]
        return json.dumps([plane, values, self.tenant, astuple(self.cloud), self.ca_path])


def connection(params: Mapping[str, Any], *, needs_graph: bool = True) -> Connection:
    """The connection that a validated task describes. Raises: SsprError before anything is sent."""
    tenant, expected = _tenant(params), _expected_domain(params)
    by_guid = is_guid(tenant)
    for option, least in (("timeout", 1), ("confirm_timeout", 1), ("min_token_seconds", 0)):
        require_range(option, params[option], least, unit="seconds")
    graph = GRAPH_CREDENTIAL.choose(params) if needs_graph else None
    if needs_graph and graph is None:
        raise _no_graph_credential(params)
    addresses = {name: params.get(name) for name in ("authority_url", "graph_url", "portal_url")}
    domains = {domain.lower() for domain in (expected, None if by_guid else tenant) if domain}
    return Connection(
        tenant=tenant.lower(),
        tenant_guid=tenant.lower() if by_guid else None,
        domains=tuple(sorted(domains)),
        cloud=Cloud.named(params["cloud"], **addresses),
        ca_path=params.get("ca_path"),
        timeout=params["timeout"],
        confirm_timeout=params["confirm_timeout"],
        min_token_seconds=params["min_token_seconds"],
        graph=graph,
        portal=PORTAL_CREDENTIAL.choose(params),
    )


def _tenant(params: Mapping[str, Any]) -> str:
    """The tenant's GUID or domain, as given. Raises: SsprError(invalid_setting)."""
    tenant = str(params["tenant_id"]).strip()
    if tenant.lower() in ANY_TENANT or not (is_guid(tenant) or DOMAIN.fullmatch(tenant)):
        raise SsprError(
            "invalid_setting",
            f"tenant_id: {tenant!r} does not identify one tenant",
            hint="Use the tenant's GUID or one of its verified domains.",
        )
    return tenant


def _expected_domain(params: Mapping[str, Any]) -> str | None:
    """Raises: SsprError(invalid_setting)."""
    expected = str(params["expected_domain"]).strip() if is_given(params.get("expected_domain")) else None
    if expected and not DOMAIN.fullmatch(expected):
        raise SsprError(
            "invalid_setting",
            f"expected_domain: {expected!r} is not a domain name",
            hint="Use a verified domain of the tenant, for example contoso.com.",
        )
    return expected


def _no_graph_credential(params: Mapping[str, Any]) -> SsprError:
    why = (
        "environment variables are ignored, because the task sets client_id or another credential option"
        if any(is_given(params.get(name)) for name in GRAPH_CREDENTIAL.options)
        else "neither the task nor the environment sets one"
    )
    return SsprError(
        "credential",
        f"no credential for Microsoft Graph: {why}",
        plane=GRAPH,
        hint="Set client_id with client_secret or client_certificate_path, another credential, or auth_method.",
    )
