# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log of requests, without anything secret in it."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from .messages import TOKEN, Call

_HEADERS = ("accept", "content-type", "user-agent", "client-request-id", "x-requested-with", "if-match", "prefer")
_FORM = ("grant_type", "scope", "client_id")


@dataclass
class Request:
    """One request and what became of it; ``status`` stays None when the connection was cut."""

    n: int
    plane: str
    tenant: str | None
    method: str
    path: str
    query: dict[str, str]
    write: bool
    identity: str | None
    headers: dict[str, str]
    body: Any
    time: float = field(default_factory=time.time)
    status: int | None = None
    applied: bool = False
    fault: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class Journal:
    def __init__(self) -> None:
        self._entries: list[Request] = []
        self._count = 0

    def note(self, call: Call, tenant: str | None, identity: str | None) -> Request:
        self._count += 1
        entry = Request(
            n=self._count,
            plane=call.plane,
            tenant=tenant,
            method=call.method,
            path=call.path,
            query=dict(call.query),
            write=call.write,
            identity=identity,
            headers={k: v for k, v in call.headers.items() if k in _HEADERS or k.startswith("x-ms-")},
            body=_body(call),
        )
        self._entries.append(entry)
        return entry

    def entries(self, tenant: str | None = None, plane: str | None = None, write: bool | None = None) -> list[Request]:
        return [
            entry
            for entry in self._entries
            if (tenant is None or entry.tenant == tenant)
            and (plane is None or entry.plane == plane)
            and (write is None or entry.write == write)
        ]

    def clear(self) -> None:
        self._entries.clear()
        self._count = 0


def _body(call: Call) -> Any:
    if call.plane == TOKEN:
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        return {name: form[name] for name in _FORM if name in form} or None
    return call.json() if call.write else None
