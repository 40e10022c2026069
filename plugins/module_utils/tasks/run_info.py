# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The progress of a run: what ``sspr_run_info`` reads, and what ``sspr_run`` returns too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._failures import Result, guarded
from ..runs.run_record import STATES, RunRecord, runs_directory
from ..runs.stop_rule import Line

SPEC: Mapping[str, Any] = {
    "run": {"type": "str", "required": True},
    "run_dir": {"type": "path"},
}


@dataclass(frozen=True)
class RunStatus:
    """The progress of a run: a line per tenant, those it has (or may have) written to, and the host that stopped it."""

    run: RunRecord
    tenants: Mapping[str, Line]
    written: list[str]
    stopped_by: str | None

    @classmethod
    def of(cls, run: RunRecord) -> RunStatus:
        """Read it. Raises: SsprError(not_recorded)."""
        tenants = run.tenants()
        stopper = run.stopped_by()
        written = [host for host, line in tenants.items() if run.record_of(str(line.get("tenant"))) is not None]
        return cls(run, tenants, written, stopper["host"] if stopper else None)

    def as_result(self) -> Result:
        by_state = {state: [host for host, line in self.tenants.items() if line["state"] == state] for state in STATES}
        return {
            "run": self.run.name,
            "path": str(self.run.path),
            "tenants": list(self.tenants.values()),
            "states": by_state,
            "not_done": [host for host, line in self.tenants.items() if line["state"] != "confirmed"],
            "written": self.written,
            "stopped_by": self.stopped_by,
        }


def find_run(params: Mapping[str, Any]) -> RunRecord:
    """The run that the options name. Raises: SsprError(not_found)."""
    return RunRecord.find(runs_directory(params.get("run_dir"), os.environ), str(params["run"]))


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Read the progress of a run."""
    return guarded(lambda: {"changed": False, **RunStatus.of(find_run(params)).as_result()})
