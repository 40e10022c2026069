# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Creating and resuming a run: what ``sspr_run`` does, on the controller only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._errors import SsprError
from .._failures import Result, guarded
from ..runs.run_record import RunRecord, runs_directory
from ..runs.stop_rule import SKIP, STOP
from .run_info import RunStatus, find_run

PRESENT, RESUMED = "present", "resumed"
SPEC: Mapping[str, Any] = {
    "state": {"type": "str", "choices": [PRESENT, RESUMED], "default": PRESENT},
    "run": {"type": "str"},
    "run_dir": {"type": "path"},
    "hosts": {"type": "dict", "default": {}},
    "kind": {"type": "str", "choices": ["rollout", "restore"], "default": "rollout"},
    "on_refusal": {"type": "str", "choices": [STOP, SKIP], "default": STOP},
}


def execute(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Create or resume a run. In check mode nothing is recorded."""
    return guarded(lambda: (_resume if params["state"] == RESUMED else _create)(params, check_mode))


def _create(params: Mapping[str, Any], check_mode: bool) -> Result:
    if params.get("run"):
        raise SsprError(
            "invalid_setting",
            f"run: {params['run']!r} cannot be set for a new run, which gets its name when it is created",
            hint=f"Omit run, or set state: {RESUMED}.",
        )
    if check_mode:
        return {"changed": True, "run": None, "path": None}
    directory = runs_directory(params.get("run_dir"), os.environ)
    run = RunRecord.create(directory, params.get("hosts") or {}, params["on_refusal"], params["kind"])
    return {"changed": True, **RunStatus.of(run).as_result()}


def _resume(params: Mapping[str, Any], check_mode: bool) -> Result:
    if not params.get("run"):
        raise SsprError(
            "invalid_setting",
            f"run: it is required for state {RESUMED}",
            hint="Set run to the path that the run printed, or to its name together with run_dir.",
        )
    run = find_run(params)
    if not check_mode:
        run.resume(params["on_refusal"])
    return {"changed": True, **RunStatus.of(run).as_result()}
