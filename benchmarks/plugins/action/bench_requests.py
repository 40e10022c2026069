# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a list of requests and nothing else: no planning, no guards, no validation.

Tokens and the organization are requested once per tenant and run. ``client`` is ``adapter`` (the Graph SDK's, as the
collection uses it) or ``thin`` (http.client from Python's standard library).
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import msal
from ansible.plugins.action import ActionBase
from azure.core.credentials import AccessToken
from azure.identity import ClientSecretCredential
from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_access_token_provider import AzureIdentityAccessTokenProvider
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter

from ansible_collections.tenantops.entra.plugins.module_utils.connection.options import (
    AZURE_CLI_CLIENT_ID,
    CONNECTION_SPEC,
    connection,
)
from ansible_collections.tenantops.entra.plugins.module_utils.connection.run_cache import shared_entry
from ansible_collections.tenantops.entra.plugins.module_utils.connection.service_client import open_client
from ansible_collections.tenantops.entra.plugins.module_utils.connection.tls import trust
from ansible_collections.tenantops.entra.plugins.module_utils.connection.token_http import TokenClient
from ansible_collections.tenantops.entra.plugins.plugin_utils import _in_process

# As the collection does: what it imports beforehand, these requests have too.
PRELOADED = _in_process.LAZY
GRAPH = "https://graph.microsoft.com/.default"
PORTAL = "74658136-14ec-4630-ad9b-26e160ff0fc6/.default"
PREFIX = {"graph": "/v1.0/", "portal": "/api/"}
ORGANIZATION = {"plane": "graph", "path": "organization?$select=id,displayName,verifiedDomains"}
HEADERS = {
    "Accept": "application/json",
    "X-Requested-With": "XMLHttpRequest",
    "x-ms-client-request-id": "00000000-0000-4000-8000-000000000000",
    "x-ms-correlation-id": "00000000-0000-4000-8000-000000000000",
}

Connection = dict[str, Any]
Send = Callable[[str, str, bytes | None], Any]


class Fixed:
    """A token as azure-core wants to be given it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_kwargs: Any) -> AccessToken:
        return AccessToken(self._token, 2**31)


def ask(options: Connection, plane: str) -> str:
    """A new token, from the library the collection uses for it."""
    defaults = {name: line.get("default") for name, line in CONNECTION_SPEC.items()}
    client = TokenClient(connection({**defaults, **options}))
    authority, tenant = options["authority_url"], options["tenant_id"]
    try:
        if plane == "graph":
            credential = ClientSecretCredential(
                tenant,
                options["client_id"],
                options["client_secret"],
                authority=authority,
                disable_instance_discovery=True,
                transport=client.transport(),
            )
            return credential.get_token(GRAPH, enable_cae=True).token
        app = msal.PublicClientApplication(
            AZURE_CLI_CLIENT_ID,
            authority=f"{authority}/{tenant}",
            instance_discovery=False,
            http_client=client,
        )
        answer = app.acquire_token_by_refresh_token(options["portal_refresh_token"], scopes=[PORTAL])
        return str(answer["access_token"])
    finally:
        client.close()


def token(options: Connection, plane: str) -> str:
    with shared_entry("bench", options["tenant_id"], plane) as kept:
        kept.value = kept.value or {"token": ask(options, plane)}
        return str(kept.value["token"])


def body_of(request: dict[str, Any], read: dict[str, Any]) -> bytes | None:
    """What a request carries: its own body, or fields laid over the last document read."""
    if "lay" in request:
        return json.dumps({**read[request["plane"]], **request["lay"]}).encode()
    return json.dumps(request["body"]).encode() if "body" in request else None


async def by_adapter(options: Connection, requests: list[dict[str, Any]], tokens: dict[str, str]) -> None:
    async with AsyncExitStack() as stack:
        client = open_client(stack, trust(options["ca_path"]), timeout=30)
        adapters = {
            plane: GraphRequestAdapter(
                BaseBearerTokenAuthenticationProvider(
                    AzureIdentityAccessTokenProvider(
                        Fixed(text), None, scopes=[GRAPH], allowed_hosts=[urlsplit(options["graph_url"]).hostname or ""]
                    )
                ),
                client,
            )
            for plane, text in tokens.items()
        }
        read: dict[str, Any] = {}
        for request in requests:
            plane, body = request["plane"], body_of(request, read)
            information = RequestInformation(Method(request.get("method", "GET")))
            information.url = f"{options[f'{plane}_url']}{PREFIX[plane]}{request['path']}"
            for name, value in HEADERS.items():
                information.headers.add(name, value)
            information.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
            if body is not None:
                information.set_stream_content(body, "application/json")
            response: Any = await adapters[plane].send_primitive_async(information, "bytes", {})
            response.raise_for_status()
            if body is None:
                read[plane] = response.json()


def by_http_client(options: Connection, requests: list[dict[str, Any]], tokens: dict[str, str]) -> None:
    address = urlsplit(options["graph_url"])
    connection = http.client.HTTPSConnection(
        address.hostname or "", address.port, timeout=30, context=trust(options["ca_path"])
    )
    try:
        read: dict[str, Any] = {}
        for request in requests:
            plane, body = request["plane"], body_of(request, read)
            headers = {**HEADERS, "Authorization": f"Bearer {tokens[plane]}", "Content-Type": "application/json"}
            connection.request(request.get("method", "GET"), PREFIX[plane] + request["path"], body, headers)
            response = connection.getresponse()
            content = response.read()
            if response.status >= 300:
                raise OSError(f"{response.status} {content!r}")
            if body is None:
                read[plane] = json.loads(content)
    finally:
        connection.close()


class ActionModule(ActionBase):
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        options: Connection = dict(self._task.args["connection"])
        tokens = {plane: token(options, plane) for plane in ("graph", "portal")}
        requests = list(self._task.args["requests"])
        with shared_entry("bench", options["tenant_id"], "organization") as known:
            if known.value is None:
                requests.insert(0, ORGANIZATION)
                known.value = {"asked": True}
        if self._task.args["client"] == "thin":
            by_http_client(options, requests, tokens)
        else:
            asyncio.run(by_adapter(options, requests, tokens))
        return {**result, "changed": any("method" in request for request in requests)}
