# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit report looks like: JSON Schema 2020-12, version 1.

Data, not code. Published as docs/schemas/audit-report-1.schema.json, which a test holds against this file. Keys may be
added within a version, and readers are to ignore those they do not know. Taking one away, or another meaning, is a new
version.
"""

from __future__ import annotations

from typing import Any

VERSION = 1

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_COUNT_OR_NULL = {"type": ["integer", "null"], "minimum": 0}
_TEXTS = {"type": "array", "items": _TEXT}
_COUNTS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}


def _object(properties: dict[str, Any], *, nullable: bool = False) -> dict[str, Any]:
    """An object with at least these keys."""
    return {
        "type": ["object", "null"] if nullable else "object",
        "required": list(properties),
        "properties": properties,
    }


def _list(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties)}


STATUSES = ("fail", "unknown", "waived", "pass")
GRADES = ("verified", "inferred", "attested", "last_verified", "unavailable")
STATES = ("drift", "incomplete", "clean")
RUNS = ("ok", "failed", "not_run")

CONTROL = _object(
    {
        "id": {**_TEXT, "description": "The baseline with its version, a colon, the control: cis_m365_v7:5.2.4.1"},
        "baseline": _TEXT,
        "control": _TEXT,
        "title": _TEXT,
        "level": {"type": ["string", "integer", "null"]},
        "settings": _TEXTS,
        "expected": _TEXT_OR_NULL,
        "actual": _TEXT_OR_NULL,
        "status": {"enum": list(STATUSES)},
        "grade": {"enum": list(GRADES), "description": "What the status rests on"},
        "reason": _TEXT_OR_NULL,
        "as_of": _TEXT_OR_NULL,
        "fix": _TEXT_OR_NULL,
        "link": _TEXT_OR_NULL,
        "waiver": _object({"reason": _TEXT, "owner": _TEXT, "expires": _TEXT_OR_NULL}, nullable=True),
        "attestation": _object(
            {"who": _TEXT, "when": _TEXT, "evidence": _TEXT_OR_NULL, "expires": _TEXT_OR_NULL}, nullable=True
        ),
        "conflicts": {**_TEXTS, "description": "Controls of other baselines that want something else of a setting"},
    }
)

ENTRY = _object(
    {
        "schema": {"const": VERSION},
        "host": {**_TEXT, "description": "The tenant's name in the inventory"},
        "tenant": _object(
            {"id": _TEXT_OR_NULL, "display_name": _TEXT_OR_NULL, "default_domain": _TEXT_OR_NULL}, nullable=True
        ),
        "run": {"enum": list(RUNS)},
        "error": _object({"kind": _TEXT, "message": _TEXT, "hint": _TEXT_OR_NULL}, nullable=True),
        "state": {"enum": list(STATES)},
        "migration_state": _TEXT_OR_NULL,
        "controls": {"type": "array", "items": CONTROL},
        "findings": _list({"kind": _TEXT, "message": _TEXT}),
        "coverage": _object(
            {
                "in_scope": _COUNT_OR_NULL,
                "registered": _COUNT_OR_NULL,
                "capable": _COUNT_OR_NULL,
                "enabled": _COUNT_OR_NULL,
                "as_of": _TEXT_OR_NULL,
            },
            nullable=True,
        ),
        "outlook": _list({"date": _TEXT, "what": _TEXT, "users": _COUNT_OR_NULL, "why_unknown": _TEXT_OR_NULL}),
        "evidence": _object(
            {
                "at": _TEXT_OR_NULL,
                "app": _TEXT_OR_NULL,
                "portal_user": _TEXT_OR_NULL,
                "request_ids": _TEXTS,
                "digests": {"type": "object", "additionalProperties": _TEXT},
                "baselines": {"type": "object", "additionalProperties": _TEXT_OR_NULL},
            },
            nullable=True,
        ),
        "unavailable": _list(
            {
                "page": _TEXT_OR_NULL,
                "options": {"type": ["array", "null"], "items": _TEXT},
                "reason": _TEXT_OR_NULL,
                "hint": _TEXT_OR_NULL,
            }
        ),
    }
)

_CHANGE = {"host": _TEXT, "id": _TEXT, "title": _TEXT, "was": {"enum": list(STATUSES)}, "is": {"enum": list(STATUSES)}}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://github.com/tenantops/entra/schemas/audit-report-1.schema.json",
    "title": "SSPR audit report",
    **_object(
        {
            "schema": {"const": VERSION},
            "generated": {**_TEXT, "format": "date-time"},
            "as_of": {**_TEXT, "format": "date"},
            "title": _TEXT,
            "collection": _object({"name": _TEXT, "version": _TEXT}),
            "baselines": _list({"id": _TEXT, "version": _TEXT_OR_NULL}),
            "tenants": {"type": "array", "items": ENTRY},
            "since": _object(
                {
                    "generated": {**_TEXT, "description": "When the earlier report was made"},
                    "new_drift": _list(_CHANGE),
                    "fixed": _list(_CHANGE),
                    "expired_waivers": _list({**_CHANGE, "expires": _TEXT_OR_NULL}),
                    "no_longer_known": _list(_CHANGE),
                    "new_tenants": {**_TEXTS, "description": "Not evaluated in the earlier report"},
                    "gone_tenants": {**_TEXTS, "description": "In the earlier report only"},
                },
                nullable=True,
            ),
            "totals": _object(
                {
                    "tenants": {"type": "integer", "minimum": 0},
                    "states": _COUNTS,
                    "runs": _COUNTS,
                    "statuses": _COUNTS,
                    "grades": _COUNTS,
                    "coverage": _object(
                        {
                            "tenants": {"type": "integer", "description": "Tenants whose coverage is known"},
                            "in_scope": _COUNT_OR_NULL,
                            "registered": _COUNT_OR_NULL,
                            "capable": _COUNT_OR_NULL,
                            "enabled": _COUNT_OR_NULL,
                        }
                    ),
                    "outlook": _list(
                        {
                            "date": _TEXT,
                            "what": _TEXT,
                            "tenants": {
                                "type": "integer",
                                "description": "Tenants that it meets, as far as known",
                            },
                            "users": {"type": "integer", "description": "Users of these, as far as known"},
                            "unknown": {"type": "integer", "description": "Tenants where it cannot be told"},
                        }
                    ),
                }
            ),
        }
    ),
}
