# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validates baselines, runs the module of this name, and writes the entry of a tenant if the module did not."""

from __future__ import annotations

from typing import Any

from ..module_utils._errors import SsprError
from ..module_utils.tasks.audit import host_of, with_failed_entry
from ..modules import sspr_audit
from ..plugin_utils._audit.baseline_schema import require_valid_baselines
from ..plugin_utils._audit.previous_report import require_valid_previous_report
from ..plugin_utils._in_process import InProcessAction

PATHS = ("previous_report", "result_path")


class ActionModule(InProcessAction):
    """The action plugin that Ansible looks for."""

    module = sspr_audit

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        # Absolute, so that this plugin and the module use the same file, whatever their working directories are.
        options = self._task.args = {**self._task.args, **self._absolute_paths()}
        try:
            require_valid_baselines(options.get("baselines"))
            require_valid_previous_report(options.get("previous_report"))
        except SsprError as exc:
            result = exc.as_failure()
        else:
            result = super().run(tmp, task_vars)
        if not result.get("failed") or "entry" in result:
            return result
        # The module writes the entry only after it has validated its options.
        host = host_of({"tenant_id": (task_vars or {}).get("inventory_hostname"), **options})
        return with_failed_entry(result, host, options.get("result_path"))

    def _absolute_paths(self) -> dict[str, str]:
        given = {name: self._task.args.get(name) for name in PATHS}
        return {name: self._loader.path_dwim(path) for name, path in given.items() if path and isinstance(path, str)}
