# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server in a thread of this process, and the Python face of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import trustme
import uvicorn

from .app import Application, Services
from .control import Control, add_fault
from .faults import Fault
from .journal import Request
from .messages import GRAPH, PORTAL
from .state import App, Tenant, User, World
from .tokens import AUDIENCES, AZURE_CLI

HOST = "127.0.0.1"
_START_TIMEOUT = 10.0


class Simulator:
    """The services on a free port, from ``start`` (or ``with``) to ``stop``."""

    def __init__(
        self,
        seed: Mapping[str, Any] | Path | None = None,
        *,
        latency: float = 0.0,
        port: int = 0,
        directory: Path | None = None,
    ) -> None:
        self._services = Services(World(seed), latency)
        self._wanted_port = port
        self._directory = directory
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self.url = ""
        self.ca_path = ""

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        if self._directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="simulator-")
        authority = trustme.CA()
        ca_path = Path(self._temporary.name if self._temporary else cast("Path", self._directory), "ca.pem")
        authority.cert_pem.write_to_path(ca_path)
        self.ca_path = str(ca_path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST, "localhost").configure_cert(context)

        # Of protocol TCP by name: asyncio only then sends small answers at once instead of 40 ms later.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, self._wanted_port))
        self.url = f"https://{HOST}:{self._socket.getsockname()[1]}"
        control = Control(self._services, lambda: self.open_connections)
        self._server = uvicorn.Server(
            uvicorn.Config(
                Application(self._services, control.app()),
                http="h11",
                loop="asyncio",
                ws="none",
                lifespan="off",
                interface="asgi3",
                proxy_headers=False,
                log_config=None,
                access_log=False,
                ssl_context_factory=lambda _config, _default: context,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the simulator did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        """Close every connection at once, and wait for the thread."""
        self._server.should_exit = True
        self._thread.join(_START_TIMEOUT)
        self._socket.close()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def open_connections(self) -> int:
        return len(self._server.server_state.connections)

    def add_tenant(self, **seed_entry: Any) -> Tenant:
        return self._services.world.add_tenant(**seed_entry)

    def add_app(self, client_id: str, **entry: Any) -> App:
        return self._services.world.add_app(client_id, **entry)

    def add_user(self, upn: str, **entry: Any) -> User:
        return self._services.world.add_user(upn, **entry)

    def tenant(self, name: str) -> Tenant:
        """The tenant of that id or domain, live."""
        return self._services.world.tenant(name)

    def fault(
        self,
        kind: str,
        *,
        plane: str | None = None,
        tenant: str | None = None,
        method: str | None = None,
        path: str | None = None,
        times: int | None = 1,
        skip: int = 0,
        **arguments: Any,
    ) -> Fault:
        """Plan a fault for the next ``times`` requests (None: all) that match, after ``skip`` others."""
        filters = {"plane": plane, "tenant": tenant, "method": method, "path": path, "times": times, "skip": skip}
        with self._services.world.lock:
            return add_fault(self._services, kind=kind, **filters, **arguments)

    def clear_faults(self) -> None:
        with self._services.world.lock:
            self._services.faults.clear()

    def log(self, tenant: str | None = None, plane: str | None = None, write: bool | None = None) -> list[Request]:
        with self._services.world.lock:
            found = self._services.world.find(tenant) if tenant else None
            return self._services.journal.entries(found.id if found else tenant, plane, write)

    def clear_log(self) -> None:
        with self._services.world.lock:
            self._services.journal.clear()

    def reset(self) -> None:
        """Back to the seed, without faults and log."""
        self._services.reset()

    def issue_token(
        self,
        *,
        tenant: str,
        audience: str,
        client_id: str | None = None,
        user: str | None = None,
        lifetime: int = 3600,
        **claims: Any,
    ) -> str:
        """A token for an app (``client_id``) or a user; ``audience`` may be graph or portal."""
        world = self._services.world
        with world.lock:
            bearer = world.users[user] if user else world.apps[client_id or ""]
            audience = AUDIENCES[audience][0] if audience in (GRAPH, PORTAL) else audience
            return self._services.signer.issue(
                world.tenant(tenant),
                audience,
                bearer,
                client_id=client_id or AZURE_CLI,
                lifetime=lifetime,
                claims=claims,
            )

    def revoke(self, refresh_token: str) -> None:
        with self._services.world.lock:
            self._services.world.revoked.add(refresh_token)

    def expire(self, refresh_token: str) -> None:
        with self._services.world.lock:
            self._services.world.expired.add(refresh_token)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve([self._socket]))
        while not self._server.should_exit and not serving.done():
            await asyncio.sleep(0.02)
        self._services.stopping.set()
        # A client that keeps its connection open would otherwise be waited for.
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        await serving
