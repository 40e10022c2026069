#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This is a virtual module that is entirely implemented as an action plugin and runs on the controller.

"""Record in a run how the tasks of a tenant ended. For the role."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_run_outcome
short_description: Record in a run how the tasks of a tenant ended
version_added: 0.1.0
description:
  - Records that a tenant is confirmed or has failed, and decides after a failure whether the run continues.
  - This is for the role of this collection. In your own playbooks, the modules that set something record their own
    failures.
  - Works on the controller only, and does not connect to any service.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.attributes.no_diff
options:
  state:
    description:
      - V(confirmed) records that everything that was requested for the tenant was read back. It returns only RV(run)
        and RV(path).
      - V(failed) records that a task of the tenant failed, and decides what this means for the other tenants.
    type: str
    required: true
    choices: [confirmed, failed]
  run:
    description:
      - The run, as a path or as a name in O(run_dir). Required for O(state=confirmed).
      - Without it, a failure is not recorded, and the decision about the other tenants is made all the same.
    type: str
  run_dir:
    description:
      - The directory of the runs. The default is C(tenantops.entra/runs) in C($ANSIBLE_HOME) (C(~/.ansible)).
    type: path
  run_host:
    description: The name of the tenant in the run.
    type: str
    required: true
  failure:
    description: The result of the failed task, for O(state=failed). Only its C(error) and C(msg) are used.
    type: dict
  wrote:
    description: Whether something may have been written to the tenant, for O(state=failed).
    type: bool
    default: false
  on_refusal:
    description:
      - What to do when a tenant is rejected before anything is written to it, as in M(tenantops.entra.sspr_run).
    type: str
    choices: [stop, skip]
    default: stop
  digests:
    description: The digests of the tenant's documents, for O(state=confirmed).
    type: dict
  request_ids:
    description: The IDs of requests, for O(state=confirmed).
    type: list
    elements: str
attributes:
  check_mode:
    details: Nothing is recorded. Decisions are the same.
seealso:
  - module: tenantops.entra.sspr_run
  - module: tenantops.entra.sspr_run_info
"""

EXAMPLES = r"""
- name: Create a run
  tenantops.entra.sspr_run:
    run_dir: runs
    hosts:
      contoso: 11111111-1111-4111-8111-111111111111
  register: run

- name: Record that the tenant is confirmed
  tenantops.entra.sspr_run_outcome:
    state: confirmed
    run: "{{ run.path }}"
    run_host: contoso
"""

RETURN = r"""
refused:
  description: Whether the tenant is skipped and the run continues with the others.
  returned: O(state=failed)
  type: bool
error:
  description: The error of the failed task, with the keys that RV(tenantops.entra.sspr_policy#module:error) has.
  returned: O(state=failed)
  type: dict
# [[[return_values run path tenants states not_done written stopped_by]]]
run:
  description: The name of the run.
  returned: success, when there is a run
  type: str
  sample: 20261124T220000Z-3f2a
path:
  description: The directory of the run.
  returned: success, when there is a run
  type: str
  sample: /home/operator/.ansible/tenantops.entra/runs/20261124T220000Z-3f2a
tenants:
  description:
    - One entry per tenant, with its name, its ID, its state, whether something was or may have been written to it, the
      digests of its documents before and after, the error, and the IDs of all requests.
  returned: success, when there is a run
  type: list
  elements: dict
  sample: [{host: contoso, tenant: 11111111-1111-4111-8111-111111111111, state: confirmed, wrote: true,
    request_ids: []}]
states:
  description:
    - The tenants by state. C(planned) means that nothing was written yet, C(started) that a write may have been sent,
      C(changed) that a step is confirmed, C(confirmed) that everything was read back, C(failed) that a task failed, and
      C(refused) that the tenant was rejected before anything was written to it and skipped.
  returned: success, when there is a run
  type: dict
  sample: {planned: [], started: [], changed: [], confirmed: [contoso], failed: [], refused: []}
not_done:
  description: The tenants that are not confirmed.
  returned: success, when there is a run
  type: list
  elements: str
written:
  description: The tenants that the run wrote to, or may have written to.
  returned: success, when there is a run
  type: list
  elements: str
stopped_by:
  description: The tenant whose failure stopped the run. Null when the run was not stopped, or was resumed since.
  returned: success, when there is a run
  type: str
# [[[end]]]
"""
