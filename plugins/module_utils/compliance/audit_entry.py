# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One tenant in a report, whether it was audited, failed, or was not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

# Of the report's schema, audit-report-1.schema.json
SCHEMA_VERSION = 1

Run = Literal["ok", "failed", "not_run"]
State = Literal["drift", "incomplete", "clean"]
RUNS: tuple[Run, ...] = get_args(Run)
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True)
class Evidence:
    """What the entry of a tenant is based on. ``at`` is when it was read (ISO 8601, UTC)."""

    at: str
    app: str | None
    portal_user: Mapping[str, str | None] | None
    request_ids: Sequence[str]
    digests: Mapping[str, str]
    baselines: Mapping[str, str]

    def as_result(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "app": self.app,
            "portal_user": self.portal_user,
            "request_ids": list(self.request_ids),
            "digests": dict(self.digests),
            "baselines": dict(self.baselines),
        }


@dataclass(frozen=True)
class AuditEntry:
    """An entry of a report: made directly for a tenant that was audited, by a class method for any other.

    ``tenant``, ``error`` and ``controls`` to ``unavailable`` are parts of results.
    """

    host: str
    state: State
    tenant: Mapping[str, str | None] | None
    run: Run = "ok"
    error: Mapping[str, Any] | None = None
    migration_state: str | None = None
    controls: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Mapping[str, str]] = ()
    coverage: Mapping[str, Any] | None = None
    outlook: Sequence[Mapping[str, Any]] = ()
    evidence: Evidence | None = None
    unavailable: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def failed(cls, host: str, error: Mapping[str, Any], tenant: Mapping[str, str | None] | None = None) -> AuditEntry:
        """A tenant that could not be audited. ``error`` is that of the failed task."""
        return cls(host, "incomplete", tenant, "failed", error)

    @classmethod
    def not_run(cls, host: str, tenant_id: str | None) -> AuditEntry:
        """A tenant that no audit has an entry of."""
        tenant = {"id": tenant_id, "display_name": None, "default_domain": None} if tenant_id else None
        return cls(host, "incomplete", tenant, "not_run")

    def as_result(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA_VERSION,
            "host": self.host,
            "tenant": self.tenant,
            "run": self.run,
            "error": self.error,
            "state": self.state,
            "migration_state": self.migration_state,
            "controls": list(self.controls),
            "findings": list(self.findings),
            "coverage": self.coverage,
            "outlook": list(self.outlook),
            "evidence": self.evidence.as_result() if self.evidence else None,
            "unavailable": list(self.unavailable),
        }
