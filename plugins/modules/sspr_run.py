#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create or resume a run, the record of changes to many tenants."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_run
short_description: Create or resume a run, the record of changes to many tenants
version_added: 0.1.0
description:
  - A run is a directory that only its owner can read. C(ledger.jsonl) has a line for everything that happened to a
    tenant, and C(<tenant>.json) has the documents of a tenant before the first write.
  - The modules that set something record it in the run that their O(tenantops.entra.sspr_policy#module:run) names, and
    check before each write whether the run was stopped.
  - The role and the playbooks of this collection create and resume runs themselves. Use this module in your own
    playbooks.
  - Works on the controller only, and does not connect to any service.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.attributes.no_diff
options:
  state:
    description:
      - V(present) creates a run of the tenants in O(hosts).
      - V(resumed) lets a stopped run continue.
    type: str
    choices: [present, resumed]
    default: present
  run:
    description:
      - The run to resume, as a path or as a name in O(run_dir). Required for O(state=resumed).
      - A new run gets its name when it is created.
    type: str
  run_dir:
    description:
      - The directory of the runs. The default is C(tenantops.entra/runs) in C($ANSIBLE_HOME) (C(~/.ansible)).
    type: path
  hosts:
    description: The tenants of a new run. The keys are inventory names, the values are tenant IDs or domains.
    type: dict
    default: {}
  kind:
    description: The purpose of a new run.
    type: str
    choices: [rollout, restore]
    default: rollout
  on_refusal:
    description:
      - What to do when a tenant is rejected before anything is written to it.
      - V(stop) ends the run. V(skip) leaves the tenant out and continues with the others.
      - A failure after a write always ends the run, and so does a failure that concerns the run itself (the error kinds
        C(tenant_mismatch), C(not_recorded), C(stopped), C(environment) and C(internal)).
    type: str
    choices: [stop, skip]
    default: stop
attributes:
  check_mode:
    details: No run is created and nothing is recorded. RV(run) and RV(path) of a new run are null.
seealso:
  - module: tenantops.entra.sspr_run_info
  - module: tenantops.entra.sspr_restore
"""

EXAMPLES = r"""
- name: Create a run
  tenantops.entra.sspr_run:
    run_dir: runs
    hosts:
      contoso: 11111111-1111-4111-8111-111111111111
  register: run

- name: Set a setting, recorded in the run
  tenantops.entra.sspr_notifications:
    tenant_id: 11111111-1111-4111-8111-111111111111
    notify_admins: true
    run: "{{ run.path }}"
    run_host: contoso

- name: Let the run continue after a failure
  tenantops.entra.sspr_run:
    state: resumed
    run: "{{ run.path }}"
"""

RETURN = r"""
# [[[return_values run path tenants states not_done written stopped_by error]]]
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
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(invalid_setting), C(not_found), C(not_recorded).
      type: str
    plane:
      description: The service that was involved, C(graph) or C(portal). Null when there was none.
      type: str
    status:
      description: The HTTP status of the service's response.
      type: int
    code:
      description: The error code of the service's response.
      type: str
    message:
      description: What happened.
      type: str
    request_id:
      description: The service's ID of the request.
      type: str
    hint:
      description: How to fix it.
      type: str
# [[[end]]]
"""

from ..module_utils._ansible_module import main
from ..module_utils.tasks.run import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
