# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: what goes wrong, for which requests, how often."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import graph, portal
from .messages import GRAPH, PLANES, PORTAL, TOKEN, Answer, Call, RefusedError

_ANY = (*PLANES, None)
_SERVICES = (GRAPH, PORTAL, None)


@dataclass(frozen=True)
class _Kind:
    """``final``: nothing that was planned later happens to the same request."""

    planes: tuple[str | None, ...] = _ANY
    arguments: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    final: bool = True
    reads: bool = True
    writes: bool = True


def _kind(arguments: str = "", required: str = "", **rest: Any) -> _Kind:
    return _Kind(arguments=frozenset(arguments.split()), required=frozenset(required.split()), **rest)


_KINDS = {
    "throttle": _kind("retry_after"),
    "unavailable": _kind("retry_after"),
    "status": _kind("body headers", "status"),
    "drop_before": _kind(),
    "drop_after": _kind(),
    "redirect": _kind("status", "location"),
    "html": _kind("status"),
    "empty": _kind(),
    "claims_challenge": _kind("claims", planes=_SERVICES),
    "stale_read": _kind(planes=_SERVICES, final=False, writes=False),
    "ignore_write": _kind(planes=_SERVICES, final=False, reads=False),
    "admin_edit": _kind("when", "changes", planes=(GRAPH, PORTAL), final=False),
    "slow": _kind("", "seconds", final=False),
    "token_error": _kind("", "code", planes=(TOKEN,), final=False),
    "issue_expired": _kind("lifetime", planes=(TOKEN,), final=False),
    "issue_for_tenant": _kind("", "tid", planes=(TOKEN,), final=False),
    "issue_audience": _kind("", "audience", planes=(TOKEN,), final=False),
}

_CLAIMS = {"access_token": {"nbf": {"essential": True, "value": "1700000000"}}}
_PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@dataclass
class Fault:
    kind: str
    plane: str | None = None
    tenant: str | None = None
    method: str | None = None
    path: str | None = None
    times: int | None = 1
    skip: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    n: int = 0

    def __post_init__(self) -> None:
        kind = _KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"kind: {self.kind!r} is none of {', '.join(_KINDS)}")
        if self.plane is None and len(kind.planes) == 1:
            self.plane = kind.planes[0]
        if self.plane not in kind.planes:
            raise ValueError(f"plane: {self.kind} needs one of {', '.join(map(str, kind.planes))}")
        try:
            re.compile(self.path or "")
        except (re.error, TypeError) as exc:
            raise ValueError(f"path: {self.path!r} is no regular expression") from exc
        given = set(self.arguments)
        if kind.required - given or given - kind.required - kind.arguments:
            raise ValueError(f"{self.kind} takes {sorted(kind.required)}, and perhaps {sorted(kind.arguments)}")
        if self.arguments.get("when", "before") not in ("before", "after"):
            raise ValueError("when: before or after")

    def hits(self, call: Call, tenant: str | None) -> bool:
        kind = _KINDS[self.kind]
        return (
            self.times != 0
            and call.plane in (kind.planes if self.plane is None else (self.plane,))
            and self.tenant in (None, tenant)
            and (self.method is None or self.method.upper() == call.method)
            and (self.path is None or re.search(self.path, call.path) is not None)
            and (kind.writes if call.write else kind.reads)
        )

    def answer(self, call: Call) -> Answer | None:
        """What is answered instead; None when the request is handled after all."""
        maker = _ANSWERS.get(self.kind)
        return maker(call, self.arguments) if maker else None


class Faults:
    """The plan, in the order in which it was made."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(self, fault: Fault) -> Fault:
        fault.n = next(self._numbers)
        self._planned.append(fault)
        return fault

    def planned(self) -> list[Fault]:
        return [fault for fault in self._planned if fault.times != 0]

    def clear(self) -> None:
        self._planned.clear()

    def pick(self, call: Call, tenant: str | None) -> dict[str, Fault]:
        """What happens to this request, at most one of a kind; used up by this."""
        picked: dict[str, Fault] = {}
        for fault in self._planned:
            if fault.kind in picked or not fault.hits(call, tenant):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.times = fault.times if fault.times is None else fault.times - 1
            picked[fault.kind] = fault
            if _KINDS[fault.kind].final:
                break
        return picked


def twist(picked: Mapping[str, Fault]) -> dict[str, Any]:
    """The arguments of the faults that change what the token service issues."""
    defaults = {"lifetime": -60} if "issue_expired" in picked else {}
    chosen = ("token_error", "issue_expired", "issue_for_tenant", "issue_audience")
    return {**defaults, **{k: v for kind in chosen if kind in picked for k, v in picked[kind].arguments.items()}}


def _refuse(call: Call, status: int, code: str, message: str) -> Answer:
    refusal = RefusedError(status, code, message)
    if call.plane == GRAPH:
        return graph.refuse(call, refusal)
    if call.plane == PORTAL:
        return portal.refuse(call, refusal)
    return Answer(status, {"error": "temporarily_unavailable", "error_description": message, "error_codes": [90033]})


def _retry_after(answer: Answer, arguments: Mapping[str, Any]) -> Answer:
    if arguments.get("retry_after") is not None:
        answer.headers["Retry-After"] = str(arguments["retry_after"])
    return answer


def _throttle(call: Call, arguments: Mapping[str, Any]) -> Answer:
    return _retry_after(_refuse(call, 429, "TooManyRequests", "Too many requests."), arguments)


def _unavailable(call: Call, arguments: Mapping[str, Any]) -> Answer:
    return _retry_after(_refuse(call, 503, "ServiceUnavailable", "The service is unavailable."), arguments)


def _status(call: Call, arguments: Mapping[str, Any]) -> Answer:
    answer = _refuse(call, arguments["status"], "Simulated", "A simulated status.")
    return Answer(answer.status, arguments.get("body", answer.body), dict(arguments.get("headers") or {}))


def _redirect(_call: Call, arguments: Mapping[str, Any]) -> Answer:
    return Answer(arguments.get("status", 302), None, {"Location": arguments["location"]})


def _html(_call: Call, arguments: Mapping[str, Any]) -> Answer:
    return Answer(arguments.get("status", 200), _PAGE)


def _empty(_call: Call, _arguments: Mapping[str, Any]) -> Answer:
    return Answer(200)


def _claims_challenge(call: Call, arguments: Mapping[str, Any]) -> Answer:
    claims = arguments.get("claims", _CLAIMS)
    text = claims if isinstance(claims, str) else json.dumps(claims)
    encoded = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    answer = _refuse(call, 401, "InvalidAuthenticationToken", "Continuous access evaluation resulted in a challenge.")
    answer.headers["WWW-Authenticate"] = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
    return answer


_ANSWERS = {
    "throttle": _throttle,
    "unavailable": _unavailable,
    "status": _status,
    "redirect": _redirect,
    "html": _html,
    "empty": _empty,
    "claims_challenge": _claims_challenge,
}
