# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What passes between the server and the planes: a call, an answer, a refusal."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TOKEN = "token"
GRAPH = "graph"
PORTAL = "portal"
PLANES = (TOKEN, GRAPH, PORTAL)


@dataclass(frozen=True)
class Call:
    """One request. Names of headers are in lower case; ``base`` is the address the client used."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def plane(self) -> str:
        first = self.path.lstrip("/").split("/", 1)[0]
        return {"v1.0": GRAPH, "beta": GRAPH, "api": PORTAL}.get(first, TOKEN)

    @property
    def write(self) -> bool:
        return self.plane != TOKEN and self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def bearer(self) -> str:
        scheme, _blank, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def json(self) -> Any:
        """The body; None when it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Answer:
    """One response: ``body`` is text as it is, anything else but None becomes JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    @property
    def content_type(self) -> str | None:
        if self.body is None:
            return None
        if not isinstance(self.body, str):
            return "application/json; charset=utf-8"
        return "text/html; charset=utf-8" if self.body.lstrip().startswith("<") else "text/plain; charset=utf-8"


class RefusedError(Exception):
    """The service says no; the plane turns it into its own shape of error."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
