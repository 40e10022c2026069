#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the record of a run over many tenants."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_run
short_description: Keep the record of a run over many tenants
version_added: 0.1.0
description:
  - A run is a directory, readable by its owner alone. C(ledger.jsonl) has a line for everything that happened to a
    tenant, C(<tenant>.json) the documents of a tenant as they were before the first write.
  - The modules that set something keep the record, and ask it before each write, when their
    O(tenantops.entra.sspr_policy#module:run_path) names the run. This module begins it, reads it, and judges failures.
  - The role and the playbooks of this collection do all of that. Use the module for playbooks of your own.
  - Works on the controller only, and sends nothing.
author:
  - tenantops contributors (@tenantops)
options:
  state:
    description:
      - V(begun) makes a run of O(hosts).
      - V(read) tells how far a run is.
      - V(resumed) lets a stopped run go on, and tells how far it is.
      - V(refused) decides what becomes of a tenant whose task failed, and notes it.
      - V(confirmed) notes that all that was asked for a tenant has been read back.
    type: str
    required: true
    choices: [begun, read, resumed, refused, confirmed]
  directory:
    description:
      - Where runs are kept. Left out, it is C(tenantops.entra/runs) in C($ANSIBLE_HOME) (C(~/.ansible)).
    type: path
  run:
    description: A run's name in O(directory), or its path. For each state but V(begun).
    type: str
  hosts:
    description: The tenants of a new run, by inventory name, each as a GUID or domain.
    type: dict
    default: {}
  kind:
    description: What a new run is for.
    type: str
    choices: [rollout, restore]
    default: rollout
  on_refusal:
    description:
      - What a tenant that is refused before any write means for the others.
      - V(stop) ends the run. V(set_aside) leaves the tenant out, and lets the others go on.
      - A failure after a write, and one that says something about the run itself (C(tenant_mismatch),
        C(not_recorded), C(internal)), always ends the run.
    type: str
    choices: [stop, set_aside]
    default: stop
  host:
    description: The tenant's name in the ledger, for O(state=refused) and O(state=confirmed).
    type: str
  failure:
    description: The failed task's result, for O(state=refused). Of it, RV(error) and C(msg) count.
    type: dict
  wrote:
    description: Whether something may have been written to the tenant, for O(state=refused).
    type: bool
    default: false
  digests:
    description: The documents' digests, for O(state=confirmed).
    type: dict
  request_ids:
    description: The services' ids of requests, for O(state=confirmed).
    type: list
    elements: str
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the predicted result without changing anything.
    support: full
    details: No run is begun, and nothing is noted. Decisions are made as without it.
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: none
seealso:
  - module: tenantops.entra.sspr_restore
"""

EXAMPLES = r"""
- name: Begin a run
  tenantops.entra.sspr_run:
    state: begun
    directory: runs
    hosts:
      contoso: 11111111-1111-4111-8111-111111111111
  register: run

- name: Set something, and have it recorded
  tenantops.entra.sspr_notifications:
    tenant_id: 11111111-1111-4111-8111-111111111111
    notify_admins: true
    run_path: "{{ run.path }}"
    run_host: contoso

- name: See how far the run is
  tenantops.entra.sspr_run:
    state: read
    run: "{{ run.path }}"
  register: run
"""

RETURN = r"""
run:
  description: The run's name.
  returned: success, where there is a run
  type: str
  sample: 20261124T220000Z-3f2a
path:
  description: The run's directory.
  returned: success, where there is a run
  type: str
tenants:
  description: One line a tenant. How far it is, digests before and after, the error, and the ids of all requests.
  returned: success, where there is a run
  type: list
  elements: dict
  sample:
    - {host: contoso, tenant: 11111111-1111-4111-8111-111111111111, state: confirmed, wrote: true}
states:
  description:
    - The tenants by how far they are, V(planned), V(started), V(changed), V(confirmed), V(failed) or V(set_aside).
  returned: success, where there is a run
  type: dict
  sample: {planned: [], started: [], changed: [], confirmed: [contoso], failed: [], set_aside: []}
not_done:
  description: The tenants that are not confirmed.
  returned: success, where there is a run
  type: list
  elements: str
written:
  description: The tenants that the run has, or may have, written to.
  returned: success, where there is a run
  type: list
  elements: str
stopped_by:
  description: The tenant whose failure ended the run, or null.
  returned: success, where there is a run
  type: str
set_aside:
  description: Whether the tenant is left out and the others go on.
  returned: O(state=refused)
  type: bool
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(not_found), C(not_recorded).
      type: str
    plane:
      description: The service, C(graph) or C(portal), or null.
      type: str
    status:
      description: The service's HTTP status.
      type: int
    code:
      description: The service's own error code.
      type: str
    message:
      description: What happened.
      type: str
    request_id:
      description: The service's id of the request.
      type: str
    hint:
      description: The way out.
      type: str
"""

from ..module_utils._ansible_module import main
from ..module_utils.tasks.run_info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
