#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the progress of a run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_run_info
short_description: Read the progress of a run
version_added: 0.1.0
description:
  - Reads the record of a run, and returns the state of each tenant and which tenant stopped the run.
  - Works on the controller only, and does not connect to any service.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.attributes.read_only
options:
  run:
    description: The run, as a path or as a name in O(run_dir).
    type: str
    required: true
  run_dir:
    description:
      - The directory of the runs. The default is C(tenantops.entra/runs) in C($ANSIBLE_HOME) (C(~/.ansible)).
    type: path
seealso:
  - module: tenantops.entra.sspr_run
"""

EXAMPLES = r"""
- name: Create a run
  tenantops.entra.sspr_run:
    run_dir: runs
    hosts:
      contoso: 11111111-1111-4111-8111-111111111111
  register: run

- name: Read the progress of the run
  tenantops.entra.sspr_run_info:
    run: "{{ run.path }}"
  register: progress

- name: Show the tenants that are not done
  ansible.builtin.debug:
    msg: "{{ progress.not_done }}"
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
from ..module_utils.tasks.run_info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
