# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates its options and does nothing, for ``wait`` seconds: what a task in Ansible's worker costs at least."""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        spec = {"tenant_id": {"type": "str", "required": True}, "wait": {"type": "float", "default": 0.0}}
        _result, values = self.validate_argument_spec(spec)
        time.sleep(values["wait"])
        return {**result, "changed": False}
