# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options with which a task is recorded in a run."""

from __future__ import annotations


class ModuleDocFragment:
    """``tenantops.entra.run``: the run that a task belongs to."""

    DOCUMENTATION = r"""
options:
  run:
    description:
      - The run that this task belongs to, as a path or as a name in O(run_dir). M(tenantops.entra.sspr_run) creates a
        run. The role sets this option itself.
      - Before the tenant's first write, its documents are recorded in the run, and each field is recorded before it is
        written. A change that cannot be recorded is not written.
      - After a failure that stops the run, no task of the run writes anything, no matter how the playbook handles the
        failure.
    type: str
  run_dir:
    description:
      - The directory of the runs. It is used when O(run) is a name.
      - The default is C(tenantops.entra/runs) in C($ANSIBLE_HOME) (C(~/.ansible)).
    type: path
  run_host:
    description:
      - The name of the tenant in the run. The default is O(tenant_id).
    type: str
"""
