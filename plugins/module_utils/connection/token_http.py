# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP to the token service, for azure-identity and for msal: one connection for both, closed with the task."""

from __future__ import annotations

from functools import cached_property
from typing import Any

try:
    import requests
    from azure.core.pipeline.transport import RequestsTransport
    from requests.adapters import HTTPAdapter
except ImportError as exc:  # reported by libraries.require_libraries; sanity tests import this file without them
    IMPORT_ERROR: ImportError | None = exc
    HTTPAdapter = object  # type: ignore[assignment, misc]
else:
    IMPORT_ERROR = None

from .options import Connection
from .tls import trust

CONNECT_TIMEOUT = 10


class TokenClient:
    """What a task's credentials send through. ``status`` is the last response's: libraries only put it in texts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.status: int | None = None
        # A redirect would send a secret to another host.
        self._always = {"timeout": (CONNECT_TIMEOUT, connection.timeout), "allow_redirects": False}

    @cached_property
    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("https://", _Adapter(self._connection.ca_path))
        session.hooks["response"].append(self._note_status)
        return session

    def _note_status(self, response: requests.Response, **_kwargs: Any) -> None:
        self.status = response.status_code

    def transport(self) -> RequestsTransport:
        """The same for azure-identity, which must not close it."""
        return RequestsTransport(session=self.session, session_owner=False)

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        return self.session.get(url, **{**kwargs, **self._always})

    def post(self, url: str, **kwargs: Any) -> requests.Response:
        return self.session.post(url, **{**kwargs, **self._always})

    def close(self) -> None:
        if "session" in self.__dict__:
            self.session.close()


class _Adapter(HTTPAdapter):
    """requests with the TLS context that both services use, instead of reading the authorities again.

    With a CA file only that file counts; otherwise requests' own environment variables add to the system's authorities.
    """

    def __init__(self, ca_path: str | None) -> None:
        self._context = trust(ca_path)
        self._only = ca_path is not None
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        return super().init_poolmanager(*args, **{**kwargs, "ssl_context": self._context})

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **{**kwargs, "ssl_context": self._context})

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self._only:
            kwargs["verify"] = True
        return super().send(request, *args, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        if verify is not True:
            super().cert_verify(conn, url, verify, cert)
        conn.cert_reqs = "CERT_REQUIRED"
