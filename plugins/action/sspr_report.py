# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the report of an audit. It runs on the controller only; the module of this name is its documentation."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._errors import SsprError
from ..module_utils._failures import for_verbosity, guarded
from ..plugin_utils._report.write import SPEC, ReportOptions, write_report


class ActionModule(ActionBase):
    """The action plugin that Ansible looks for."""

    # The report changes no tenant, so it is also written in check mode, in which audits run.
    _supports_check_mode = True
    # It is rejected below, with an error in this collection's format.
    _supports_async = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        return for_verbosity(guarded(self._write), Display().verbosity)

    def _write(self) -> dict[str, Any]:
        """Raises: SsprError."""
        self._refuse_async()
        return write_report(ReportOptions.of(self._validated(), self._loader.path_dwim))

    def _refuse_async(self) -> None:
        if self._task.async_val:
            raise SsprError(
                "unsupported",
                "async: sspr_report runs on the controller and does not support async",
                hint="Remove async and poll from the task.",
            )

    def _validated(self) -> dict[str, Any]:
        """The arguments, validated. A null counts as not set. Raises: SsprError(invalid_setting)."""
        self._task.args = {name: value for name, value in self._task.args.items() if value is not None}
        try:
            arguments: dict[str, Any] = self.validate_argument_spec(argument_spec=dict(SPEC))[1]
        except AnsibleActionFail as exc:
            hint = "Correct the options of the task. Nothing was written."
            raise SsprError("invalid_setting", str(exc), hint=hint) from exc
        return arguments
