# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Beginning, reading and judging a run: what ``sspr_run`` does, on the controller alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._record import STATES, Run, runs_directory, stops

Result = dict[str, Any]

SPEC: Mapping[str, Any] = {
    "state": {"type": "str", "required": True, "choices": ["begun", "read", "resumed", "refused", "confirmed"]},
    "directory": {"type": "path"},
    "run": {"type": "str"},
    "hosts": {"type": "dict", "default": {}},
    "kind": {"type": "str", "choices": ["rollout", "restore"], "default": "rollout"},
    "on_refusal": {"type": "str", "choices": ["stop", "set_aside"], "default": "stop"},
    "host": {"type": "str"},
    "failure": {"type": "dict"},
    "wrote": {"type": "bool", "default": False},
    "digests": {"type": "dict"},
    "request_ids": {"type": "list", "elements": "str"},
}


def keep(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Do with a run what ``state`` says. In check mode nothing is recorded, and decisions are made all the same."""
    try:
        return _STATES[params["state"]](params, check_mode)
    except SsprError as exc:
        return {"failed": True, "msg": f"{exc.message} - {exc.hint}", "changed": False, "error": exc.as_result()}


def _begun(params: Mapping[str, Any], check_mode: bool) -> Result:
    if check_mode:
        return {"changed": False, "run": None, "path": None}
    run = Run.begin(
        runs_directory(params["directory"], os.environ), params["hosts"] or {}, params["on_refusal"], params["kind"]
    )
    return {"changed": False, **_told(run)}


def _resumed(params: Mapping[str, Any], check_mode: bool) -> Result:
    run = _run(params)
    if not check_mode:
        run.resume(params["on_refusal"])
    return {"changed": False, **_told(run)}


def _read(params: Mapping[str, Any], _check_mode: bool) -> Result:
    return {"changed": False, **_told(_run(params))}


def _refused(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Decide what becomes of a tenant whose task failed, and note it."""
    failure = params["failure"] or {}
    error = failure.get("error") or {"kind": "internal", "message": failure.get("msg")}
    line = {"host": params["host"], "state": "failed", "error": error, "wrote": bool(params["wrote"])}
    run = None if check_mode or not params.get("run") else _run(params)
    if run is not None:
        # What the tasks themselves have noted counts too.
        line["wrote"] = line["wrote"] or run.tenants().get(params["host"], {}).get("wrote", False)
    set_aside = not stops(line, params["on_refusal"])
    if run is not None:
        state = "set_aside" if set_aside else "failed"
        run.note(params["host"], state, error=error, wrote=line["wrote"])
    return {"changed": False, "set_aside": set_aside, "error": error, **(_told(run) if run else {})}


def _confirmed(params: Mapping[str, Any], _check_mode: bool) -> Result:
    run = _run(params)
    run.note(params["host"], "confirmed", after=params["digests"] or {}, request_ids=params["request_ids"] or [])
    return {"changed": False, "run": run.path.name, "path": str(run.path)}


_STATES = {"begun": _begun, "resumed": _resumed, "read": _read, "refused": _refused, "confirmed": _confirmed}


def _run(params: Mapping[str, Any]) -> Run:
    return Run.find(runs_directory(params["directory"], os.environ), str(params["run"]))


def _told(run: Run) -> Result:
    """What there is to know of a run."""
    tenants = run.tenants()
    stopper = run.stopped_by()
    by_state = {state: [host for host, line in tenants.items() if line["state"] == state] for state in STATES}
    return {
        "run": run.path.name,
        "path": str(run.path),
        "tenants": list(tenants.values()),
        "states": by_state,
        "not_done": [host for host, line in tenants.items() if line["state"] != "confirmed"],
        "written": [host for host, line in tenants.items() if _has_record(run, line)],
        "stopped_by": stopper["host"] if stopper else None,
    }


def _has_record(run: Run, line: Mapping[str, Any]) -> bool:
    return run.record_of(str(line.get("tenant"))) is not None
