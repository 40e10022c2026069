# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP to both planes: the Microsoft Graph SDK's request adapter, raw JSON, and every answer accounted for.

What the SDK would do by itself and must not: follow redirects (it re-sends a write as GET and calls that success),
retry a write, take an empty answer for an empty document, send the token to another host, leave sockets open.
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
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from math import isfinite
from time import time
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
except ImportError as exc:  # reported by libraries.require, so that sanity can import this file without them
    IMPORT_ERROR: ImportError | None = exc
else:
    IMPORT_ERROR = None
    # Failures before anything left this machine: for a write, too, a plain refusal.
    NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

from ansible_collections.tenantops.entra.plugins.module_utils._credentials import GuardedCredential
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._tokens import expired, padded

# Seconds: a longer Retry-After is not slept through in a fork but reported.
LONGEST_WAIT = 180
READ_RETRIES = 3
# A read whose connection is lost is tried again this often, after this many seconds.
LOST_READS = 2
LOST_READ_PAUSE = 0.5
RETRY_BASE_DELAY = 1.0
WAIT_STATUSES = frozenset({429, 503})

# Where a write's claims challenge is put, out of the SDK's sight: it would send the write again by itself.
CHALLENGE = "x-held-back-challenge"
CLAIMS = re.compile(r'claims="([^"]+)"')

LICENCE_CODES = frozenset({"Authentication_RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired"})


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. ``body`` is the parsed JSON, None when the body is empty or no JSON."""

    status: int
    body: Any
    request_id: str | None
    content_type: str
    retry_after: float | None
    location: str | None
    challenge: str | None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(eq=False)
class UnansweredError(Exception):
    """A request that got no usable answer: for a write, whether it took effect is unknown."""

    error: SsprError
    repeatable: bool = False


@dataclass(eq=False)
class PostponedError(Exception):
    """A write the service refused for now, and how many seconds it asks to wait (None: it does not say)."""

    error: SsprError
    wait: float | None


@dataclass
class Plane:
    """One service as a task sees it: its name, base URL, credential, and the request ids it gave."""

    name: str
    base_url: str
    credential: GuardedCredential
    client: httpx.AsyncClient
    request_ids: list[str]
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        host = httpx.URL(self.base_url).host
        tokens = AzureIdentityAccessTokenProvider(
            self.credential, None, scopes=[self.credential.scope], allowed_hosts=[host]
        )
        bearer: Any = _Bearer(tokens)
        self._adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(bearer), self.client)
        self._adapter.base_url = self.base_url

    async def read(self, path: str, query: Mapping[str, str] | None = None, *, needs: str = "") -> dict[str, Any]:
        """The JSON object behind a path. ``needs`` names the permission or role, for the error message."""
        answer = await self._read(self._url(path, query))
        if not answer.ok:
            raise self.refusal(answer, needs)
        if not isinstance(answer.body, dict):
            what = "an empty answer" if not answer.content_type else f"no JSON object but {answer.content_type!r}"
            raise SsprError(
                "unexpected_document",
                f"{self._service} gave {what} where a document was expected",
                plane=self.name,
                status=answer.status,
                request_id=answer.request_id,
                hint="A proxy or a sign-in page may answer in its place; try again, then check the address.",
            )
        return answer.body

    async def read_list(self, path: str, query: Mapping[str, str], *, needs: str = "") -> list[dict[str, Any]]:
        """All entries of a collection, following its pages on this service only."""
        page = await self.read(path, query, needs=needs)
        entries: list[dict[str, Any]] = []
        visited: set[str] = set()
        while True:
            entries.extend(page.get("value") or [])
            link = page.get("@odata.nextLink")
            if not link:
                return entries
            if link in visited or not self._is_own(link):
                raise SsprError(
                    "unexpected_document", f"{self._service} names a next page that is not its own", plane=self.name
                )
            visited.add(link)
            page = await self.read(link, needs=needs)

    async def _read(self, url: str) -> Answer:
        """A GET, tried again when its connection is lost or its token was revoked: reading twice harms nobody."""
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

        Raises ``PostponedError`` when it was refused for now, ``UnansweredError`` when nobody knows whether it took
        effect, and ``SsprError`` when it was refused for good.
        """
        answer = await self._send(Method(method), self._url(path, None), body)
        if answer.ok and not answer.content_type.startswith("text/html"):
            return
        error = self.refusal(answer, needs)
        if answer.challenge:
            # The service wants a token that meets its claims; what is written is then decided afresh.
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
        request = RequestInformation(method)
        request.url = url
        request_id = str(uuid.uuid4())
        request.headers.add("Accept", "application/json")
        request.headers.add("client-request-id", request_id)
        for name, value in self.headers.items():
            request.headers.add(name, value or request_id)
        request.add_request_options(
            [
                ResponseHandlerOption(NativeResponseHandler()),
                RetryHandlerOption(RETRY_BASE_DELAY, READ_RETRIES, should_retry=method is Method.GET),
            ]
        )
        if body is not None:
            request.set_stream_content(json.dumps(body).encode(), "application/json")
        try:
            response = await self._adapter.send_primitive_async(request, "bytes", {})
        except NOTHING_SENT as exc:
            raise SsprError(
                "unreachable", f"{self._service} cannot be reached: {_first_line(exc)}", plane=self.name
            ) from exc
        except httpx.HTTPError as exc:
            error = SsprError(
                "unreachable",
                f"the connection to {self._service} was lost ({type(exc).__name__})",
                plane=self.name,
                hint="Run it again; raise timeout if the service is slow.",
            )
            raise UnansweredError(error, repeatable=not isinstance(exc, httpx.TimeoutException)) from exc
        if not isinstance(response, httpx.Response):
            raise SsprError("internal", "the Graph SDK did not hand over the response", plane=self.name)
        return self._answer(response, request_id)

    def _answer(self, response: httpx.Response, sent_id: str) -> Answer:
        request_id = response.headers.get("request-id") or response.headers.get("x-ms-request-id") or sent_id
        self.request_ids.append(request_id)
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

    def refusal(self, answer: Answer, needs: str) -> SsprError:
        """An answer that is no success, in the public vocabulary."""
        code, text = error_of(answer.body)
        kind, message, hint = self._judge(answer, code, needs)
        if text:
            message = f"{message}: {text}"
        return SsprError(
            kind,
            message,
            plane=self.name,
            status=answer.status,
            code=code,
            request_id=answer.request_id,
            hint=hint,
        )

    def _judge(self, answer: Answer, code: str | None, needs: str) -> tuple[str, str, str | None]:
        """Kind, message and hint for an answer that is no success."""
        service, status = self._service, answer.status
        if code in LICENCE_CODES:
            return "licence", f"{service} refuses this without an Entra ID P1 licence", None
        if 300 <= status < 400:
            where = httpx.URL(answer.location or "").host or "another address"
            return "unreachable", f"{service} redirected to {where}, which was not followed", "Check the address."
        if status >= 500 or answer.ok:
            html = " with a web page" if answer.content_type.startswith("text/html") else ""
            return "unreachable", f"{service} answered {status}{html}", "Run it again later."
        wait = f"; it asks to wait {int(answer.retry_after)} seconds" if answer.retry_after else ""
        refused = expired(self.name, "")
        known: Mapping[int, tuple[str, str, str | None]] = {
            401: (refused.kind, f"{service} refused the token", refused.hint),
            403: ("permission", f"{service} refused: {needs or 'a permission'} is missing", _grant(self.name, needs)),
            404: ("not_found", f"{service} has no such object", None),
            409: ("conflict", f"{service} reports a concurrent change", "Run it again."),
            412: ("conflict", f"{service} reports a concurrent change", "Run it again."),
            429: ("throttled", f"{service} has too many requests{wait}", "Run it again later; it goes on from there."),
        }
        otherwise = ("invalid_setting", f"{service} did not accept the request ({status})", None)
        return known.get(status, otherwise)

    @property
    def _service(self) -> str:
        return "the portal API" if self.name == PORTAL else "Microsoft Graph"

    def _url(self, path: str, query: Mapping[str, str] | None) -> str:
        url = path if path.startswith("https://") else f"{self.base_url}/{path.lstrip('/')}"
        return str(httpx.URL(url, params=dict(query))) if query else url

    def _is_own(self, link: str) -> bool:
        mine, other = httpx.URL(self.base_url), httpx.URL(link)
        return (other.scheme, other.host, other.port) == (mine.scheme, mine.host, mine.port)


class _Bearer:
    """The SDK's token provider, made good for claims challenges without base64 padding, on which it breaks."""

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
    """One HTTP client for a task, closed with ``stack``: no redirects, no retries but the SDK's on reads."""
    client = httpx.AsyncClient(
        verify=context, timeout=timeout, follow_redirects=False, event_hooks={"response": [_hold_back_challenge]}
    )
    # The SDK's transport cannot be closed; what it wraps can, and is remembered here.
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


def claims_text(challenge: str) -> str:
    """The claims a service asks for: base64 in the standard or the URL alphabet, padded or not."""
    try:
        return base64.urlsafe_b64decode(padded(challenge.replace("+", "-").replace("/", "_"))).decode()
    except ValueError as exc:
        raise SsprError(
            "credential",
            "the service wants a token that meets certain claims, and it cannot be read which",
            hint="A Conditional Access policy may be at work: try the same by hand.",
        ) from exc


def seconds(retry_after: str | None) -> float | None:
    """``Retry-After`` in seconds, from a number or an HTTP date; None when there is none or it is neither."""
    if not retry_after:
        return None
    try:
        number = float(retry_after)
    except ValueError:
        pass
    else:
        return max(0.0, number) if isfinite(number) else None
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except ValueError:
        return None


def error_of(body: Any) -> tuple[str | None, str | None]:
    """Code and message of an error body, in whatever shape it comes."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, str):
        return None, error
    if not isinstance(error, dict):
        return None, None
    code, message = error.get("code"), error.get("message") or error.get("Message")
    return (str(code) if code else None), (str(message) if message else None)


def _grant(plane: str, needs: str) -> str | None:
    if not needs:
        return None
    if plane == GRAPH:
        return f"Give the app the application permission {needs} and have the tenant's admin consent to it."
    return f"Give the portal user the role {needs} in this tenant."


def _first_line(exc: Exception) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0][:200]
