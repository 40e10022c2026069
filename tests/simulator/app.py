# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ASGI application: takes a request, lets faults happen, has a plane answer it, and keeps the log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from . import graph, portal, token_service
from .faults import Fault, Faults, twist
from .journal import Journal, Request
from .messages import GRAPH, TOKEN, Answer, Call
from .state import Tenant, World
from .tokens import Signer, peek

CONTROL = "/_simulator"


class Services:
    """What all requests share; ``world.lock`` guards all of it."""

    def __init__(self, world: World, latency: float = 0.0) -> None:
        self.world = world
        self.signer = Signer()
        self.faults = Faults()
        self.journal = Journal()
        self.latency = latency
        self.stopping = asyncio.Event()

    def reset(self) -> None:
        with self.world.lock:
            self.world.reset()
            self.faults.clear()
            self.journal.clear()


class Application:
    def __init__(self, services: Services, control: ASGIApp) -> None:
        self._services = services
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == CONTROL or scope["path"].startswith(f"{CONTROL}/"):
            await self._control(scope, receive, send)
            return
        try:
            call = await _call(HttpRequest(scope, receive))
        except ClientDisconnect:
            return
        await self._serve(call, scope, receive, send)

    async def _serve(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        services = self._services
        with services.world.lock:
            tenant, identity = _who(services.world, call)
            picked = services.faults.pick(call, tenant)
            entry = services.journal.note(call, tenant, identity)
            entry.fault = ",".join(picked) or None
        delay = services.latency + (picked["slow"].arguments["seconds"] if "slow" in picked else 0)
        if delay:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(services.stopping.wait(), delay)
        if "drop_before" in picked:
            await _cut(receive, send)
            return
        with services.world.lock:
            answer = _answer(services, call, entry, picked)
            entry.status = None if "drop_after" in picked else answer.status
            response = _response(answer)
        if "drop_after" in picked:
            await _cut(receive, send)
            return
        await response(scope, receive, send)


def _answer(services: Services, call: Call, entry: Request, picked: Mapping[str, Fault]) -> Answer:
    edit = picked.get("admin_edit")
    after = edit is not None and edit.arguments.get("when") == "after"
    if edit and not after:
        _administrate(services.world, call, entry.tenant, edit)
    replaced = next((answer for fault in picked.values() if (answer := fault.answer(call))), None)
    answer = replaced or _handle(services, call, entry, picked)
    if edit and after:
        _administrate(services.world, call, entry.tenant, edit)
    if replaced is None or isinstance(replaced.body, dict):  # what stands in between does not know these headers
        answer.headers.update(graph.headers(call) if call.plane == GRAPH else portal.headers(call))
    return answer


def _handle(services: Services, call: Call, entry: Request, picked: Mapping[str, Fault]) -> Answer:
    if call.plane == TOKEN:
        return token_service.handle(services.world, services.signer, call, twist(picked))
    view = _View(call, stale="stale_read" in picked, ignore="ignore_write" in picked)
    handle = graph.handle if call.plane == GRAPH else portal.handle
    answer = handle(services.world, services.signer, call, view)
    entry.applied = view.settle()
    return answer


class _View:
    """Which state of the tenant a request works on, and whether it changed what is stored."""

    def __init__(self, call: Call, *, stale: bool, ignore: bool) -> None:
        self._plane = call.plane
        self._write = call.write
        self._stale = stale
        self._ignore = ignore
        self._seen: tuple[Tenant, Tenant] | None = None

    def __call__(self, tenant: Tenant) -> Tenant:
        if self._stale:
            return tenant.previous.get(self._plane, tenant)
        if not self._write:
            return tenant
        before = tenant.clone()
        if self._ignore:
            return before
        self._seen = (before, tenant)
        return tenant

    def settle(self) -> bool:
        """Remember the state before a write that changed something; says whether it did."""
        if self._seen is None or self._seen[0].documents() == self._seen[1].documents():
            return False
        before, tenant = self._seen
        tenant.previous[self._plane] = before
        return True


def _administrate(world: World, call: Call, tenant: str | None, fault: Fault) -> None:
    key = "authentication_methods_policy" if call.plane == GRAPH else "portal_policy"
    if tenant:
        world.tenant(tenant).edit({key: fault.arguments["changes"]})


def _who(world: World, call: Call) -> tuple[str | None, str | None]:
    """Tenant and identity a request claims to have."""
    if call.plane == TOKEN:
        tenant = world.find(call.path.lstrip("/").partition("/")[0])
        fields = token_service.form(call)
        owner = world.owner(fields.get("refresh_token", ""))
        return tenant.id if tenant else None, owner.upn if owner else fields.get("client_id")
    principal = peek(call.bearer)
    if principal is None:
        return None, None
    tenant = world.find(principal.tenant)
    return tenant.id if tenant else principal.tenant, principal.identity


async def _call(request: HttpRequest) -> Call:
    return Call(
        method=request.method,
        path=request.scope["path"],
        query=dict(parse_qsl(request.url.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
        base=f"{request.url.scheme}://{request.url.netloc}",
    )


def _response(answer: Answer) -> Response:
    response = Response(answer.content, answer.status, dict(answer.headers))
    if answer.content_type:
        response.headers.setdefault("content-type", answer.content_type)
    return response


async def _cut(receive: Receive, send: Send) -> None:
    """Cut the connection without an answer. Only uvicorn's own ``send``, not one wrapped by a middleware, knows it."""
    cycle = getattr(send, "__self__", None)
    if cycle is None:
        raise RuntimeError("the application must be served by uvicorn without a middleware")
    cycle.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
