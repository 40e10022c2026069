# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of this name in Ansible's own worker where possible."""

from __future__ import annotations

from ..modules import sspr_doctor
from ..plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """The action plugin that Ansible looks for."""

    module = sspr_doctor
