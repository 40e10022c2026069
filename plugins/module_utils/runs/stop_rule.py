# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which failure of one tenant stops a run of many. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._errors import ErrorKind

# What to do with a tenant that is rejected before any write
STOP, SKIP = "stop", "skip"
# Failures that concern the run, not one tenant: no tenant is skipped for them.
RUN_FAILURES: frozenset[ErrorKind] = frozenset(
    {"tenant_mismatch", "not_recorded", "stopped", "environment", "internal"}
)

# A line of the ledger
Line = dict[str, Any]


def stops_run(line: Mapping[str, Any], on_refusal: str) -> bool:
    """Whether a line of the ledger stops the run, by what is to be done about rejected tenants."""
    if line.get("state") != "failed":
        return False
    return on_refusal != SKIP or bool(line.get("wrote")) or (line.get("error") or {}).get("kind") in RUN_FAILURES


def stopping_line(lines: Iterable[Line]) -> Line | None:
    """The line that stopped the run, unless it was resumed since."""
    stopper, on_refusal = None, STOP
    for line in lines:
        on_refusal = line.get("on_refusal", on_refusal)
        if line.get("resumed"):
            stopper = None
        elif stopper is None and stops_run(line, on_refusal):
            stopper = line
    return stopper
