# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way to fail, and the one way to say that something could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

Plane = Literal["graph", "portal"]
GRAPH: Plane = "graph"
PORTAL: Plane = "portal"

# The public vocabulary of ``error.kind``. A minor version may add to it, never remove.
ErrorKind = Literal[
    "credential",
    "portal_credential_missing",
    "portal_credential_expired",
    "tenant_mismatch",
    "permission",
    "license",
    "invalid_setting",
    "unsupported",
    "not_found",
    "ambiguous",
    "conflict",
    "throttled",
    "unreachable",
    "unexpected_document",
    "not_confirmed",
    "not_recorded",
    "stopped",
    "environment",
    "internal",
]
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
# Why a fact is missing: an error, no need to read it, or the tenant does not report it.
UnavailableReason = Literal[ErrorKind, "not_needed", "unknown"]

# Transient: reading again later can help.
TRANSIENT: frozenset[ErrorKind] = frozenset({"throttled", "unreachable", "unexpected_document"})
# About one document or fact: the others can still be read.
UNREADABLE: frozenset[ErrorKind] = frozenset({"permission", "license", "not_found", "unexpected_document"})


# Not frozen: contextlib assigns an exception's traceback.
@dataclass(eq=False)
class SsprError(Exception):
    """Anything that stops a task, in the words of the public interface.

    ``plane`` is the service that was involved, None for none; ``status`` (HTTP) and ``code`` are the service's own;
    ``hint`` tells the operator how to fix it.
    """

    kind: ErrorKind
    message: str
    plane: Plane | None = None
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        return self.message

    @property
    def text(self) -> str:
        """Message and hint as one text."""
        if not self.hint:
            return self.message
        return f"{self.message}{'' if self.message.endswith(('.', '!', '?')) else '.'} {self.hint}"

    def with_hint(self, hint: str) -> SsprError:
        """The same error with another hint."""
        return replace(self, hint=hint)

    def as_result(self) -> dict[str, str | int | None]:
        """The ``error`` key of a failed task."""
        return {
            "kind": self.kind,
            "plane": self.plane,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "request_id": self.request_id,
            "hint": self.hint,
        }

    def as_failure(self) -> dict[str, Any]:
        """The result of a task that failed before it could change anything."""
        return {
            "failed": True,
            "msg": self.text,
            "changed": False,
            "applied": [],
            "unconfirmed": [],
            "error": self.as_result(),
        }


def require_range(option: str, value: int, low: int, high: int | None = None, unit: str = "") -> None:
    """Both ends belong to the range. Raises: SsprError(invalid_setting)."""
    if low <= value and (high is None or value <= high):
        return
    allowed = f"from {low} to {high}" if high is not None else f"{low} or more"
    raise SsprError(
        "invalid_setting",
        f"{option}: {value} is not in the allowed range",
        hint=f"Use {allowed}{f' {unit}' if unit else ''}. Nothing was sent.",
    )


@dataclass(frozen=True)
class Unavailable:
    """A fact, document or page that could not be read. It takes the place of the value.

    ``what`` names it, ``options`` are the options that are unknown because of it.
    """

    what: str
    reason: UnavailableReason
    message: str
    hint: str | None = None
    options: tuple[str, ...] = ()

    @classmethod
    def because(cls, error: SsprError, what: str, options: Iterable[str] = ()) -> Unavailable:
        return cls(what, error.kind, error.message, error.hint, tuple(options))

    def as_result(self) -> dict[str, Any]:
        """An entry of ``unavailable``."""
        return {
            "what": self.what,
            "options": list(self.options),
            "reason": self.reason,
            "message": self.message,
            "hint": self.hint,
        }
