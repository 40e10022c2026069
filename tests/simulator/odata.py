# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all of Graph's routes have in common: who may take them, and the query options they know."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from . import schema
from .documents import METADATA
from .messages import Answer, Call, RefusedError
from .state import Tenant
from .tokens import Principal

POLICY_WRITERS = frozenset({"Authentication Policy Administrator", "Global Administrator"})
DIRECTORY = {"Directory.Read.All"}
DEFAULT_PAGE = 100
LARGEST_PAGE = 999


@dataclass(frozen=True)
class Route:
    """``permissions`` are an application's, one of which is enough; ``writers`` the roles of a user who may write."""

    method: str
    path: re.Pattern[str]
    permissions: Collection[str]
    answer: Callable[..., Answer]
    options: tuple[str, ...] = ()
    writers: frozenset[str] = POLICY_WRITERS

    def authorize(self, principal: Principal, tenant: Tenant, call: Call) -> None:
        roles = principal.roles(tenant)
        allowed = roles & self.writers if call.write else roles
        if not (allowed if principal.delegated else principal.permissions & set(self.permissions)):
            raise RefusedError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        for option in call.query:
            if option.startswith("$") and option not in self.options:
                raise RefusedError(400, "BadRequest", f"The query option '{option}' is not supported here.")


def route(
    method: str,
    path: str,
    permissions: Collection[str],
    answer: Callable[..., Answer],
    options: str = "",
    writers: frozenset[str] = POLICY_WRITERS,
) -> Route:
    return Route(method, re.compile(f"/v1.0/{path}"), permissions, answer, tuple(options.split()), writers)


def select(entry: dict[str, Any], known: Collection[str], call: Call, kind: str) -> dict[str, Any]:
    """The chosen properties of an entry, or all of them."""
    chosen = selected(call)
    if chosen is None:
        return entry
    for name in chosen:
        if name not in known:
            raise RefusedError(
                400, "BadRequest", f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."
            )
    return {name: entry[name] for name in chosen}


def selected(call: Call) -> list[str] | None:
    chosen = call.query.get("$select")
    return None if chosen is None else [name.strip() for name in chosen.split(",")]


def equal_to(name: str, condition: str | None) -> str | None:
    """The value in the only filter there is: a property that equals a text."""
    if condition is None:
        return None
    match = re.fullmatch(rf"\s*{name}\s+eq\s+'((?:[^']|'')*)'\s*", condition, re.DOTALL)
    if match is None:
        raise RefusedError(400, "Request_UnsupportedQuery", f"Invalid filter clause: {condition}")
    return match.group(1).replace("''", "'")


def top(call: Call, default: int, largest: int) -> int:
    value = call.query.get("$top", str(default))
    if not value.isdecimal() or not 1 <= int(value) <= largest:
        raise RefusedError(400, "Request_UnsupportedQuery", f"Invalid page size specified: '{value}'.")
    return int(value)


def skip(call: Call) -> int:
    token = call.query.get("$skiptoken")
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except ValueError as exc:
        raise RefusedError(400, "Directory_ExpiredPageToken", "The specified page token is not valid.") from exc


def page(
    call: Call,
    found: Sequence[Any],
    show: Callable[[Any], dict[str, Any]],
    context: str,
    *,
    default: int = DEFAULT_PAGE,
    largest: int = LARGEST_PAGE,
    cap: int | None = None,
) -> Answer:
    """One page of what was found; only the entries on it are made. ``cap``: no page is larger, whatever was asked."""
    start, size = skip(call), top(call, default, largest)
    size = size if cap is None else min(size, cap)
    body: dict[str, Any] = {"@odata.context": f"{METADATA}{context}"}
    if start + size < len(found):
        token = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        body["@odata.nextLink"] = f"{call.base}{call.path}?{urlencode({**call.query, '$skiptoken': token})}"
    return Answer(200, {**body, "value": [show(entry) for entry in found[start : start + size]]})


def body(call: Call, shape: schema.Record) -> dict[str, Any]:
    """The checked body of a write, without annotations."""
    sent = call.json()
    if not isinstance(sent, dict) or "application/json" not in call.headers.get("content-type", ""):
        raise RefusedError(400, "BadRequest", "Unable to read JSON request payload.")
    try:
        schema.check(shape, sent, "")
    except schema.MismatchError as exc:
        raise RefusedError(400, "BadRequest", str(exc)) from exc
    return dict(schema.without_annotations(sent))


def missing(name: str) -> RefusedError:
    return RefusedError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def rest(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in defaults.items() if name not in given}
