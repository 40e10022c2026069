# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP to both services, through the Microsoft Graph SDK's request adapter, with raw JSON.

What the SDK does by default and must not do here: follow redirects (it re-sends a write as GET and calls that success),
retry a write, take an empty response for an empty document, send the token to another host, leave sockets open.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

try:
    import httpx
    from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
    from kiota_abstractions.method import Method
    from kiota_abstractions.native_response_handler import NativeResponseHandler
    from kiota_abstractions.request_information import RequestInformation
    from kiota_authentication_azure.azure_identity_access_token_provider import AzureIdentityAccessTokenProvider
    from kiota_http.middleware import RetryHandler
    from kiota_http.middleware.options import ResponseHandlerOption, RetryHandlerOption
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph_core import GraphClientFactory
except ImportError as exc:  # reported by require_libraries; sanity tests import this file without them
    IMPORT_ERROR: ImportError | None = exc
else:
    IMPORT_ERROR = None
    # Failures before anything was sent: nothing happened, not even with a write.
    NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

from .._errors import Plane, SsprError
from .credentials import GuardedCredential
from .proxy import unusable_proxy
from .responses import SERVICE_NAMES, Answer, claims_text, refusal, seconds
from .throttling import READ_RETRIES, RETRY_BASE_DELAY, WAIT_STATUSES, PostponedError
from .token_claims import application_permissions

# A read whose connection is lost is tried again this often, after this many seconds.
LOST_READS = 2
LOST_READ_PAUSE = 0.5

# Where a write's claims challenge is kept, hidden from the SDK: it would send the write again by itself.
CHALLENGE = "x-held-back-challenge"
CLAIMS = re.compile(r'claims="([^"]+)"')


@dataclass(eq=False)
class UnansweredError(Exception):
    """A request without a usable response: for a write, whether it took effect is unknown."""

    error: SsprError
    repeatable: bool = False


class RequestLog:
    """The ids of a task's requests to both services, in the order of their answers."""

    def __init__(self) -> None:
        self._ids: list[str] = []

    def add(self, request_id: str) -> None:
        self._ids.append(request_id)

    @property
    def ids(self) -> list[str]:
        return list(self._ids)


class ServiceClient:
    """One service as a task sees it. ``log`` is told the id of every request that was answered."""

    def __init__(
        self,
        plane: Plane,
        base_url: str,
        credential: GuardedCredential,
        client: httpx.AsyncClient,
        log: RequestLog,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.plane = plane
        self.base_url = base_url
        self.credential = credential
        self._log = log
        self._headers = headers or {}
        tokens = AzureIdentityAccessTokenProvider(
            credential, None, scopes=[credential.scope], allowed_hosts=[httpx.URL(base_url).host]
        )
        bearer: Any = _Bearer(tokens)
        self._adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(bearer), client)
        self._adapter.base_url = base_url

    async def read(self, path: str, query: Mapping[str, str] | None = None, *, needs: str = "") -> dict[str, Any]:
        """The JSON object at a path. ``needs`` names the permission or role, for the error message.

        Raises: SsprError.
        """
        answer = await self._get(self._url(path, query))
        if not answer.ok:
            raise self._refusal(answer, needs)
        if not isinstance(answer.body, dict):
            what = f"{answer.content_type!r}" if answer.content_type else "an empty response"
            raise SsprError(
                "unexpected_document",
                f"{self._name} returned {what} instead of a JSON object",
                plane=self.plane,
                status=answer.status,
                request_id=answer.request_id,
                hint="A proxy or sign-in page may be intercepting the request. Run it again, then check the address.",
            )
        return answer.body

    async def read_list(self, path: str, query: Mapping[str, str], *, needs: str = "") -> list[dict[str, Any]]:
        """All entries of a collection, following its links on this service only. Raises: SsprError."""
        answer = await self.read(path, query, needs=needs)
        entries: list[dict[str, Any]] = []
        visited: set[str] = set()
        while True:
            entries.extend(answer.get("value") or [])
            link = answer.get("@odata.nextLink")
            if not link:
                return entries
            if link in visited or not self._is_own(link):
                raise SsprError(
                    "unexpected_document",
                    f"{self._name} returned an @odata.nextLink to another host or to an earlier response",
                    plane=self.plane,
                )
            visited.add(link)
            answer = await self.read(link, needs=needs)

    async def _get(self, url: str) -> Answer:
        """A GET, tried again when its connection is lost or its token was revoked: reading twice does no harm."""
        attempt = 0
        while True:
            try:
                answer = await self._send(Method.GET, url, None)
                if answer.status == 401 and self.credential.renew():
                    continue
                return answer
            except UnansweredError as lost:
                attempt += 1
                if attempt > LOST_READS or not lost.repeatable:
                    raise lost.error from lost
            await asyncio.sleep(LOST_READ_PAUSE * attempt)

    async def write(self, method: str, path: str, body: Mapping[str, Any] | None, *, needs: str = "") -> None:
        """Send one write, once, a DELETE without a body. Returns when the service accepted it.

        Raises: PostponedError when it was refused for now, UnansweredError when it is unknown whether it took effect,
        SsprError when it was refused.
        """
        answer = await self._send(Method(method), self._url(path, None), body)
        if answer.ok and not answer.is_web_page:
            return
        error = self._refusal(answer, needs)
        if answer.challenge:
            # The service requires a token that meets its claims; what is written is then decided again.
            self.credential.get_token(claims=claims_text(answer.challenge))
            raise PostponedError(error, 0.0)
        if answer.status == 401 and self.credential.renew():
            raise PostponedError(error, 0.0)
        if answer.status in WAIT_STATUSES:
            raise PostponedError(error, answer.retry_after)
        if answer.status >= 500 or answer.ok:
            raise UnansweredError(error)
        raise error

    async def _send(self, method: Method, url: str, body: Mapping[str, Any] | None) -> Answer:
        request_id = str(uuid.uuid4())
        try:
            response = await self._adapter.send_primitive_async(
                self._request(method, url, body, request_id), "bytes", {}
            )
        except NOTHING_SENT as exc:
            raise SsprError(
                "unreachable", f"{self._name} cannot be reached: {_first_line(exc)}", plane=self.plane
            ) from exc
        except httpx.HTTPError as exc:
            error = SsprError(
                "unreachable",
                f"the connection to {self._name} was lost ({type(exc).__name__})",
                plane=self.plane,
                hint="Run it again. Increase timeout if the service is slow.",
            )
            raise UnansweredError(error, repeatable=not isinstance(exc, httpx.TimeoutException)) from exc
        if not isinstance(response, httpx.Response):
            raise SsprError("internal", "the Graph SDK did not return the response", plane=self.plane)
        return self._answer(response, request_id)

    def _request(self, method: Method, url: str, body: Mapping[str, Any] | None, request_id: str) -> RequestInformation:
        request = RequestInformation(method)
        request.url = url
        request.headers.add("Accept", "application/json")
        request.headers.add("client-request-id", request_id)
        for name, value in self._headers.items():
            request.headers.add(name, value or request_id)
        request.add_request_options(
            [
                ResponseHandlerOption(NativeResponseHandler()),
                RetryHandlerOption(RETRY_BASE_DELAY, READ_RETRIES, should_retry=method is Method.GET),
            ]
        )
        if body is not None:
            request.set_stream_content(json.dumps(body).encode(), "application/json")
        return request

    def _answer(self, response: httpx.Response, sent_id: str) -> Answer:
        request_id = response.headers.get("request-id") or response.headers.get("x-ms-request-id") or sent_id
        self._log.add(request_id)
        try:
            body = response.json() if response.content else None
        except ValueError:
            body = None
        return Answer(
            status=response.status_code,
            body=body,
            request_id=request_id,
            content_type=response.headers.get("content-type", "") if response.content else "",
            retry_after=seconds(response.headers.get("retry-after")),
            location=response.headers.get("location"),
            challenge=response.headers.get(CHALLENGE),
        )

    def _refusal(self, answer: Answer, needs: str) -> SsprError:
        return refusal(answer, self.plane, needs, application_permissions(self.credential.claims))

    @property
    def _name(self) -> str:
        return SERVICE_NAMES[self.plane]

    def _url(self, path: str, query: Mapping[str, str] | None) -> str:
        url = path if path.startswith("https://") else f"{self.base_url}/{path.lstrip('/')}"
        return str(httpx.URL(url, params=dict(query))) if query else url

    def _is_own(self, link: str) -> bool:
        mine, other = httpx.URL(self.base_url), httpx.URL(link)
        return (other.scheme, other.host, other.port) == (mine.scheme, mine.host, mine.port)


class _Bearer:
    """The SDK's token provider, which would break on a claims challenge without base64 padding."""

    def __init__(self, provider: AzureIdentityAccessTokenProvider) -> None:
        self._provider = provider

    async def get_authorization_token(self, uri: str, context: Mapping[str, Any] | None = None) -> str:
        context = dict(context or {})
        if context.get("claims"):
            context["claims"] = base64.b64encode(claims_text(str(context["claims"])).encode()).decode()
        return str(await self._provider.get_authorization_token(uri, context))

    def get_allowed_hosts_validator(self) -> Any:
        return self._provider.get_allowed_hosts_validator()


def open_client(stack: AsyncExitStack, context: ssl.SSLContext, *, timeout: int) -> httpx.AsyncClient:
    """One HTTP client for a task, closed with ``stack``: no redirects, and no retries except the SDK's on reads.

    ``timeout`` is in seconds. Raises: SsprError(environment), when a proxy that is configured cannot be used.
    """
    try:
        client = httpx.AsyncClient(
            verify=context, timeout=timeout, follow_redirects=False, event_hooks={"response": [_hold_back_challenge]}
        )
    except (ImportError, ValueError) as exc:
        raise unusable_proxy(type(exc).__name__) from exc
    # The SDK's transport cannot be closed; what it wraps can, and is registered here.
    for transport in (client._transport, *client._mounts.values()):
        if transport is not None:
            stack.push_async_callback(transport.aclose)
    wrapped: httpx.AsyncClient = GraphClientFactory.create_with_custom_middleware([RetryHandler()], client=client)
    return wrapped


async def _hold_back_challenge(response: httpx.Response) -> None:
    if response.request.method == "GET" or response.status_code != 401:
        return
    found = CLAIMS.search(response.headers.pop("www-authenticate", ""))
    if found:
        response.headers[CHALLENGE] = found.group(1)


def _first_line(exc: Exception) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0][:200]
