# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way to fail: an error that names its kind, its plane and the way out."""

from __future__ import annotations

from dataclasses import dataclass, replace

GRAPH = "graph"
PORTAL = "portal"

# The public vocabulary of ``error.kind``; a minor version may add to it, never take away.
KINDS = frozenset(
    {
        "credential",
        "portal_credential_missing",
        "portal_credential_expired",
        "tenant_mismatch",
        "permission",
        "licence",
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
        "internal",
    }
)


# Not frozen: contextlib assigns an exception's traceback.
@dataclass(eq=False)
class SsprError(Exception):
    """Anything that stops a task, in the words of the public interface.

    ``kind`` is one of ``KINDS``; ``plane`` is ``graph``, ``portal`` or None when no service was involved;
    ``status`` and ``code`` are the service's own; ``hint`` tells the operator the way out.
    """

    kind: str
    message: str
    plane: str | None = None
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    hint: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not a public error kind")

    def __str__(self) -> str:
        return self.message

    def with_hint(self, hint: str) -> SsprError:
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
