# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that say how to reach a tenant: their argument spec, the environment behind them, and which are used.

``with_environment`` runs before Ansible validates anything: empty strings and nulls are dropped there, and environment
variables are put in as if the task had given them, so that types, choices and masking apply to both alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._clouds import CLOUDS, Cloud
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._pages import CLEARABLE

# The public client of the Azure CLI, which Entra lets ask for the portal API.
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
    "auth_method": {
        "type": "str",
        "choices": [
            "client_secret",
            "client_certificate",
            "workload_identity",
            "managed_identity_federation",
            "azure_cli",
            "access_token",
        ],
    },
    "client_id": {"type": "str"},
    "client_secret": {"type": "str", "no_log": True, "aliases": ["secret"]},
    "client_certificate_path": {"type": "path"},
    "client_certificate": {"type": "str", "no_log": True},
    "client_certificate_password": {"type": "str", "no_log": True},
    "federated_token_file": {"type": "path"},
    "managed_identity_client_id": {"type": "str"},
    "access_token": {"type": "str", "no_log": True},
    "portal_auth_method": {
        "type": "str",
        "choices": ["azure_cli", "azure_powershell", "refresh_token", "access_token"],
    },
    "portal_client_id": {"type": "str", "default": AZURE_CLI_CLIENT_ID},
    "portal_refresh_token": {"type": "str", "no_log": True},
    "portal_access_token": {"type": "str", "no_log": True},
    "min_token_seconds": {"type": "int", "default": 0, "no_log": False},
}

PORTAL_MODE_SPEC: dict[str, dict[str, Any]] = {
    "portal": {"type": "str", "choices": ["require", "manual"], "default": "require"},
}

# Which run's record a task belongs to.
RUN_SPEC: dict[str, dict[str, Any]] = {
    "run_path": {"type": "path"},
    "run_host": {"type": "str"},
}

ALIASES = {alias: name for name, line in CONNECTION_SPEC.items() for alias in line.get("aliases", [])}

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


@dataclass(frozen=True)
class CredentialOptions:
    """How a plane's credential options belong together: by method, the option that stands for it and those it needs."""

    plane: str
    selector: str
    stands_for: Mapping[str, tuple[str, ...]]
    needs: Mapping[str, tuple[str, ...]]
    extras: tuple[str, ...]

    @property
    def options(self) -> tuple[str, ...]:
        return (*(name for names in self.stands_for.values() for name in names), *self.extras)


GRAPH_CREDENTIAL = CredentialOptions(
    plane=GRAPH,
    selector="auth_method",
    stands_for={
        "client_secret": ("client_secret",),
        "client_certificate": ("client_certificate_path", "client_certificate"),
        "workload_identity": ("federated_token_file",),
        "managed_identity_federation": ("managed_identity_client_id",),
        "access_token": ("access_token",),
    },
    needs={
        "client_secret": ("client_id", "client_secret"),
        "client_certificate": ("client_id",),
        "workload_identity": ("client_id", "federated_token_file"),
        "managed_identity_federation": ("client_id",),
        "azure_cli": (),
        "access_token": ("access_token",),
    },
    extras=("client_id", "client_certificate_password"),
)

PORTAL_CREDENTIAL = CredentialOptions(
    plane=PORTAL,
    selector="portal_auth_method",
    stands_for={"refresh_token": ("portal_refresh_token",), "access_token": ("portal_access_token",)},
    needs={
        "azure_cli": (),
        "azure_powershell": (),
        "refresh_token": ("portal_refresh_token",),
        "access_token": ("portal_access_token",),
    },
    extras=("portal_client_id",),
)

SECRETS = tuple(name for name, line in CONNECTION_SPEC.items() if line.get("no_log"))

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)
ANY_TENANT = frozenset({"common", "organizations", "consumers"})


def given(value: Any) -> bool:
    """An empty string counts as not given, wherever it comes from."""
    return value is not None and value != ""


def with_environment(task: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The task's options without nulls and empty strings, completed from the environment.

    If the task gives any credential option of a plane, the environment is not looked at for that plane. Only ``group``
    and ``helpdesk_contact`` keep an empty string, which clears them.
    """
    params = {
        name: _without_empty(value)
        for name, value in task.items()
        if given(value) or (value == "" and name in CLEARABLE)
    }
    shut = {
        name
        for credential in (GRAPH_CREDENTIAL, PORTAL_CREDENTIAL)
        if any(ALIASES.get(name, name) in credential.options for name in params)
        for name in (*credential.options, credential.selector)
    }
    named = {ALIASES.get(name, name) for name in params}
    for option, variables in ENVIRONMENT.items():
        if option in named or option in shut:
            continue
        value = next((environ[name] for name in variables if environ.get(name)), None)
        if value is not None:
            params[option] = value
    return params


def _without_empty(value: Any) -> Any:
    """The same for sub-options: ``methods: {email: ""}`` leaves e-mail alone."""
    if isinstance(value, Mapping):
        return {name: item for name, item in value.items() if given(item)}
    return value


@dataclass(frozen=True)
class Connection:
    """One tenant's connection options, checked and decided: nothing after this looks at raw parameters.

    ``tenant`` is the authority's tenant: a GUID, or a domain (then ``tenant_guid`` is None and the domain is among
    ``domains``). ``timeout``, ``confirm_timeout`` and ``min_token_seconds`` are seconds. The methods name
    the credential of each plane; ``portal_method`` is None when there is none.
    """

    tenant: str
    tenant_guid: str | None
    domains: tuple[str, ...]
    cloud: Cloud
    cloud_name: str
    own_authority: bool
    ca_path: str | None
    timeout: int
    confirm_timeout: int
    min_token_seconds: int
    graph_method: str
    portal_method: str | None
    params: Mapping[str, Any]

    def identity(self, credential: CredentialOptions) -> str:
        """Everything a plane's token depends on, secrets included: equal texts get equal tokens."""
        method = self.graph_method if credential.plane == GRAPH else self.portal_method
        values = [self.params.get(name) for name in credential.options]
        return json.dumps([credential.plane, method, values, self.tenant, astuple(self.cloud), self.ca_path])


def connection(params: Mapping[str, Any], *, needs_graph: bool = True) -> Connection:
    """Check the connection options of a validated task. Raises ``SsprError`` before anything is sent."""
    tenant = str(params["tenant_id"]).strip()
    is_guid = bool(GUID.fullmatch(tenant))
    if tenant.lower() in ANY_TENANT or not (is_guid or DOMAIN.fullmatch(tenant)):
        raise SsprError(
            "invalid_setting",
            f"tenant_id: {tenant!r} does not name one tenant",
            hint="Give the tenant's GUID, or one of its verified domains.",
        )
    expected = str(params["expected_domain"]).strip() if given(params.get("expected_domain")) else None
    if expected and not DOMAIN.fullmatch(expected):
        raise SsprError(
            "invalid_setting", f"expected_domain: {expected!r} is not a domain name", hint="For example contoso.com."
        )
    for option in ("timeout", "confirm_timeout"):
        if params[option] < 1:
            raise SsprError("invalid_setting", f"{option}: {params[option]} is not a number of seconds from 1 up")
    if params["min_token_seconds"] < 0:
        raise SsprError("invalid_setting", f"min_token_seconds: {params['min_token_seconds']} is below 0")
    cloud = CLOUDS[params["cloud"]]
    for option in ("authority_url", "graph_url", "portal_url"):
        cloud = cloud.replaced(option, params.get(option))
    domains = {domain.lower() for domain in (expected, None if is_guid else tenant) if domain}
    return Connection(
        tenant=tenant.lower(),
        tenant_guid=tenant.lower() if is_guid else None,
        domains=tuple(sorted(domains)),
        cloud=cloud,
        cloud_name=params["cloud"],
        own_authority=given(params.get("authority_url")),
        ca_path=params.get("ca_path"),
        timeout=params["timeout"],
        confirm_timeout=params["confirm_timeout"],
        min_token_seconds=params["min_token_seconds"],
        graph_method=_required_method(params) if needs_graph else "",
        portal_method=_method(params, PORTAL_CREDENTIAL),
        params=params,
    )


def _required_method(params: Mapping[str, Any]) -> str:
    method = _method(params, GRAPH_CREDENTIAL)
    if method is None:
        looked = (
            "the environment was not looked at, since the task gives client_id or another credential option"
            if any(given(params.get(name)) for name in GRAPH_CREDENTIAL.options)
            else "neither the task nor the environment gives one"
        )
        raise SsprError(
            "credential",
            f"no credential for Microsoft Graph: {looked}",
            plane=GRAPH,
            hint="Give client_id with client_secret or client_certificate_path, another credential, or auth_method.",
        )
    return method


def _method(params: Mapping[str, Any], credential: CredentialOptions) -> str | None:
    """The credential to use for a plane; None when no option of it is given. Two without the selector are an error."""
    chosen = params.get(credential.selector)
    present = {
        method: [name for name in names if given(params.get(name))]
        for method, names in credential.stands_for.items()
        if any(given(params.get(name)) for name in names)
    }
    if chosen is None:
        if len(present) > 1:
            names = " and ".join(present[method][0] for method in present)
            raise SsprError(
                "credential",
                f"{names} are two credentials for the same service",
                plane=credential.plane,
                hint=f"Give one of them, or say which with {credential.selector}: {' or '.join(present)}.",
            )
        chosen = next(iter(present), None)
    if chosen is None:
        return None
    both = [name for name in credential.stands_for.get(chosen, ()) if given(params.get(name))]
    if len(both) > 1:
        raise SsprError(
            "credential", f"{' and '.join(both)} are given together", plane=credential.plane, hint="Give one of them."
        )
    missing = [name for name in credential.needs[chosen] if not given(params.get(name))]
    if chosen == "client_certificate" and not both:
        missing.append("client_certificate_path or client_certificate")
    if missing:
        raise SsprError(
            "credential",
            f"{credential.selector} {chosen} needs {' and '.join(missing)}",
            plane=credential.plane,
            hint=f"Give {' and '.join(missing)}; when the task gives any credential option of a service, "
            "the environment is not looked at for that service.",
        )
    return str(chosen)
