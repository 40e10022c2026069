# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records a tenant's outcome in a run, for the role."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._failures import for_verbosity
from ..plugin_utils._run_outcome import SPEC, note_outcome


class ActionModule(ActionBase):
    """Works on the controller only: there is no module of this name to run."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, params = self.validate_argument_spec(SPEC)
        return {**result, **for_verbosity(note_outcome(params, self._task.check_mode), Display().verbosity)}
