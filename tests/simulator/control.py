# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control API under /_simulator/: what the Python face offers, for other processes. No authentication."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from .app import CONTROL, Services
from .faults import Fault

_FAULT = set(inspect.signature(Fault).parameters) - {"arguments", "n"}


class Control:
    def __init__(self, services: Services, connections: Callable[[], int]) -> None:
        self._services = services
        self._connections = connections

    def app(self) -> Starlette:
        routes = [
            Route(f"{CONTROL}/{path}", endpoint, methods=[method])
            for method, path, endpoint in (
                ("GET", "state", self._state),
                ("GET", "tenants/{id}", self._tenant),
                ("PATCH", "tenants/{id}", self._edit),
                ("POST", "reset", self._reset),
                ("POST", "seed", self._seed),
                ("GET", "log", self._log),
                ("DELETE", "log", self._clear_log),
                ("POST", "faults", self._add_faults),
                ("DELETE", "faults", self._clear_faults),
            )
        ]
        handlers: dict[Any, Any] = {KeyError: _not_found, ValueError: _bad_request, TypeError: _bad_request}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def _state(self, _request: Request) -> JSONResponse:
        services = self._services
        with services.world.lock:
            return JSONResponse(
                {
                    "tenants": {tenant.id: tenant.display_name for tenant in services.world.tenants.values()},
                    "apps": list(services.world.apps),
                    "users": list(services.world.users),
                    "requests": len(services.journal.entries()),
                    "faults": [dataclasses.asdict(fault) for fault in services.faults.planned()],
                    "open_connections": self._connections(),
                }
            )

    async def _tenant(self, request: Request) -> JSONResponse:
        with self._services.world.lock:
            return JSONResponse(self._services.world.tenant(request.path_params["id"]).as_dict())

    async def _edit(self, request: Request) -> JSONResponse:
        changes = await _body(request)
        with self._services.world.lock:
            tenant = self._services.world.tenant(request.path_params["id"])
            tenant.edit(changes)
            return JSONResponse(tenant.as_dict())

    async def _reset(self, _request: Request) -> JSONResponse:
        self._services.reset()
        return JSONResponse({})

    async def _seed(self, request: Request) -> JSONResponse:
        seed = await _body(request)
        with self._services.world.lock:
            self._services.world.plant(seed)
            self._services.reset()
        return JSONResponse({})

    async def _log(self, request: Request) -> JSONResponse:
        query = request.query_params
        write = query["write"].lower() == "true" if "write" in query else None
        with self._services.world.lock:
            found = self._services.world.find(query["tenant"]) if "tenant" in query else None
            tenant = found.id if found else query.get("tenant")
            entries = self._services.journal.entries(tenant, query.get("plane"), write)
            return JSONResponse([entry.as_dict() for entry in entries])

    async def _clear_log(self, _request: Request) -> JSONResponse:
        with self._services.world.lock:
            self._services.journal.clear()
        return JSONResponse({})

    async def _add_faults(self, request: Request) -> JSONResponse:
        body = await _body(request)
        with self._services.world.lock:
            for entry in body if isinstance(body, list) else [body]:
                add_fault(self._services, **entry)
        return JSONResponse({})

    async def _clear_faults(self, _request: Request) -> JSONResponse:
        with self._services.world.lock:
            self._services.faults.clear()
        return JSONResponse({})


def add_fault(services: Services, **entry: Any) -> Fault:
    """Plan a fault from its filters and its arguments, given side by side."""
    filters = {name: value for name, value in entry.items() if name in _FAULT}
    arguments = {name: value for name, value in entry.items() if name not in _FAULT}
    if filters.get("tenant") is not None:
        filters["tenant"] = services.world.tenant(filters["tenant"]).id
    return services.faults.add(Fault(**filters, arguments=arguments))


async def _body(request: Request) -> Any:
    """JSON, or YAML for what people write by hand."""
    try:
        return yaml.safe_load(await request.body())
    except yaml.YAMLError as exc:
        raise ValueError(f"neither JSON nor YAML: {exc}") from exc


async def _not_found(_request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"error": str(exc.args[0])}, 404)


async def _bad_request(_request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"error": str(exc)}, 400)
