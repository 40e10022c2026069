#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take a run back in one tenant."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_restore
short_description: Take a run back in one tenant
version_added: 0.1.0
description:
  - Puts back what a run has written to a tenant, from the run's record, through the portal API and Microsoft Graph.
  - A field goes back only while it holds a value that the run has written. What somebody else has changed since is
    left as it is, and listed in RV(left).
  - The record is found by the tenant that answers, so it never reaches another one.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
options:
  run:
    description: The run to take back, its path or its name in O(run_directory).
    type: str
    required: true
  run_directory:
    description:
      - Where runs are kept. Left out, it is C(tenantops.entra/runs) in C($ANSIBLE_HOME) (C(~/.ansible)).
    type: path
  run_path:
    description:
      - The directory of the run that this task itself belongs to, as in M(tenantops.entra.sspr_policy). A restoration
        can be taken back like any other run.
    type: path
  run_host:
    description: The tenant's name in the ledger of the run O(run_path). Left out, it is O(tenant_id).
    type: str
attributes:
  action_group:
    description: Use C(group/tenantops.entra.entra) in C(module_defaults) to set options for this module.
    support: full
    membership: [tenantops.entra.entra]
  check_mode:
    description: Can run in C(check_mode) and return the predicted result without changing anything.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: full
    details: Shows the options that the run had written.
notes:
  - Needs what M(tenantops.entra.sspr_policy) needs.
  - Methods go back without C(allow_sign_in_change). What they were before is in the diff.
seealso:
  - module: tenantops.entra.sspr_run
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

- name: Take it back
  tenantops.entra.sspr_restore:
    tenant_id: 11111111-1111-4111-8111-111111111111
    run: "{{ run.path }}"
"""

RETURN = r"""
diff:
  description: The options that the run had written, before and after this task.
  returned: success
  type: dict
  contains:
    before:
      description: As they were.
      type: dict
    after:
      description: As they are, or would be in check mode.
      type: dict
settings:
  description: The options that the run had written, as they are now, or would be in check mode.
  returned: success
  type: dict
  sample: {notify_admins: false}
previous:
  description: The same as RV(settings), as it was before this task.
  returned: success
  type: dict
  sample: {notify_admins: true}
restored:
  description: The options that went back, or would in check mode.
  returned: success
  type: list
  elements: str
  sample: [notify_admins]
left:
  description: What the run had written, and was left as it is.
  returned: success
  type: list
  elements: dict
  contains:
    option:
      description: The option.
      type: str
    reason:
      description: Why.
      type: str
    found:
      description: Its value now.
      type: raw
  sample: [{option: notify_users, reason: somebody else has changed it since, found: true}]
recorded:
  description: Whether the run has a record of this tenant. It has none of a tenant to which it wrote nothing.
  returned: success
  type: bool
digests:
  description:
    - A SHA-256 of each document as it was read last. C(portal) is the SSPR policy,
      C(methods) the authentication methods policy.
  returned: success
  type: dict
verified:
  description:
    - Whether RV(settings) was read from the tenant after the last write. False only in check mode with a change.
  returned: success
  type: bool
tenant:
  description: The tenant as it describes itself.
  returned: when the tenant was identified
  type: dict
  contains:
    id:
      description: The tenant's GUID.
      type: str
    display_name:
      description: The organization's name.
      type: str
    default_domain:
      description: The default domain.
      type: str
  sample: {id: 11111111-1111-4111-8111-111111111111, display_name: Contoso, default_domain: contoso.com}
request_ids:
  description: The services' ids of this task's requests, in order, for support cases and audit logs.
  returned: always
  type: list
  elements: str
applied:
  description: Options that were written and confirmed before the task failed.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: Options that were written, and of which it is not known whether they took effect.
  returned: failure
  type: list
  elements: str
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_missing), C(portal_credential_expired), C(tenant_mismatch),
          C(permission), C(licence), C(invalid_setting), C(not_found), C(conflict), C(throttled), C(unreachable),
          C(unexpected_document), C(not_confirmed), C(not_recorded), C(stopped), C(internal).
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
from ..module_utils.tasks.restore import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
