# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one tenant's outcome means for a run: what is recorded, and whether the other tenants continue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..module_utils._failures import Result, guarded
from ..module_utils.runs.run_record import RunRecord
from ..module_utils.runs.stop_rule import SKIP, STOP, stops_run
from ..module_utils.tasks.run_info import RunStatus, find_run

CONFIRMED, FAILED = "confirmed", "failed"
SPEC: Mapping[str, Any] = {
    "state": {"type": "str", "required": True, "choices": [CONFIRMED, FAILED]},
    "run": {"type": "str"},
    "run_dir": {"type": "path"},
    "run_host": {"type": "str", "required": True},
    "failure": {"type": "dict"},
    "wrote": {"type": "bool", "default": False},
    "on_refusal": {"type": "str", "choices": [STOP, SKIP], "default": STOP},
    "digests": {"type": "dict"},
    "request_ids": {"type": "list", "elements": "str"},
}


def note_outcome(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Record that a tenant is confirmed or has failed. In check mode nothing is recorded; decisions are the same."""
    return guarded(lambda: (_failed if params["state"] == FAILED else _confirmed)(params, check_mode))


def _failed(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Decide whether the tenant is skipped or ends the run, and record it."""
    host, failure = params["run_host"], params.get("failure") or {}
    # A failure that has no error stops the run, as a bug does.
    message = failure.get("msg") or "the task failed without a message"
    error = failure.get("error") or {"kind": "internal", "message": message}
    run = find_run(params) if params.get("run") and not check_mode else None
    # What the tasks themselves have recorded counts too.
    wrote = bool(params["wrote"]) or (run is not None and _has_written(run, host))
    line = {"host": host, "state": FAILED, "error": error, "wrote": wrote}
    refused = not stops_run(line, params["on_refusal"])
    result: Result = {"changed": False, "refused": refused, "error": error}
    if run is None:
        return result
    run.note(host, "refused" if refused else FAILED, error=error, wrote=wrote)
    return {**result, **RunStatus.of(run).as_result()}


def _has_written(run: RunRecord, host: str) -> bool:
    return bool(run.tenants().get(host, {}).get("wrote", False))


def _confirmed(params: Mapping[str, Any], check_mode: bool) -> Result:
    run = find_run(params)
    if not check_mode:
        run.note(
            params["run_host"],
            CONFIRMED,
            after=params.get("digests") or {},
            request_ids=params.get("request_ids") or [],
        )
    return {"changed": False, "run": run.name, "path": str(run.path)}
