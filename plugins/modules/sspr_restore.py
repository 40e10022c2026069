#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restore a tenant to its state before a run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_restore
short_description: Restore a tenant to its state before a run
version_added: 0.1.0
description:
  - Restores the settings that a run has written to a tenant, from the record of the run.
  - A setting is restored only while it has a value that the run has written. A setting that someone else has changed
    since then is not restored, and is listed in RV(left).
  - The record is looked up by the ID of the tenant that responds, so settings are never restored to another tenant.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes
  - tenantops.entra.attributes.action_group
options:
  run:
    description: The run to restore from, as a path or as a name in O(run_dir).
    type: str
    required: true
  run_dir:
    description:
      - The directory of the runs. It is used when O(run) or O(recording_run) is a name.
      - The default is C(tenantops.entra/runs) in C($ANSIBLE_HOME) (C(~/.ansible)).
    type: path
  recording_run:
    description:
      - The run that this task itself is recorded in, as a path or as a name in O(run_dir).
      - With it, what this task writes can be restored like the changes of any other run.
    type: str
  run_host:
    description: The name of the tenant in the run O(recording_run). The default is O(tenant_id).
    type: str
attributes:
  diff_mode:
    details: Shows the options that the run has written.
notes:
  - Requires the same permissions and roles as M(tenantops.entra.sspr_policy).
  - Methods are restored without O(tenantops.entra.sspr_policy#module:allow_sign_in_change). The diff shows what they
    change to.
  - Members that were added to a group are not removed.
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

- name: Set a setting, recorded in the run
  tenantops.entra.sspr_notifications:
    tenant_id: 11111111-1111-4111-8111-111111111111
    notify_admins: true
    run: "{{ run.path }}"
    run_host: contoso

- name: Restore the tenant to its state before the run
  tenantops.entra.sspr_restore:
    tenant_id: 11111111-1111-4111-8111-111111111111
    run: "{{ run.path }}"
"""

RETURN = r"""
settings:
  description: The options that the run has written, as they are now, or as they would be in check mode.
  returned: success
  type: dict
  sample: {notify_admins: false}
previous:
  description: The same as RV(settings), before this task.
  returned: success
  type: dict
  sample: {notify_admins: true}
diff:
  description: The options that the run has written, before and after this task.
  returned: success
  type: dict
  contains:
    before:
      description: The values before the task.
      type: dict
    after:
      description: The values after the task, or the predicted values in check mode.
      type: dict
restored:
  description: The options that were restored, or would be restored in check mode.
  returned: success
  type: list
  elements: str
  sample: [notify_admins]
left:
  description: The options that the run has written, but that were not restored.
  returned: success
  type: list
  elements: dict
  contains:
    option:
      description: The option.
      type: str
    reason:
      description: Why it was not restored.
      type: str
    found:
      description: The value that it has now.
      type: raw
  sample: [{option: notify_users, reason: someone else has changed it since, found: true}]
recorded:
  description: Whether the run has a record of this tenant. It has none if it wrote nothing to the tenant.
  returned: success
  type: bool
# [[[return_values verified digests tenant request_ids applied unconfirmed error]]]
verified:
  description:
    - Whether RV(settings) was read from the tenant after the last write. It is false only in check mode with a change.
  returned: success
  type: bool
digests:
  description:
    - A SHA-256 digest of each document as it was last read. C(sspr_policy) is the SSPR policy, C(methods) the
      authentication methods policy, C(on_premises) the on-premises integration, and C(authorization) the authorization
      policy.
  returned: success
  type: dict
  sample: {sspr_policy: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'}
tenant:
  description: The tenant, as it identifies itself.
  returned: when the tenant was identified
  type: dict
  contains:
    id:
      description: The tenant ID.
      type: str
    display_name:
      description: The name of the organization.
      type: str
    default_domain:
      description: The default domain.
      type: str
  sample: {id: 11111111-1111-4111-8111-111111111111, display_name: Contoso, default_domain: contoso.com}
request_ids:
  description: The IDs that the services gave to the requests of this task, in order, for support cases and audit logs.
  returned: always
  type: list
  elements: str
applied:
  description: Options that were written and confirmed before the task failed.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: Options that were written but not confirmed. It is unknown whether they took effect.
  returned: failure
  type: list
  elements: str
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_missing), C(portal_credential_expired), C(tenant_mismatch),
          C(permission), C(license), C(invalid_setting), C(not_found), C(conflict), C(throttled), C(unreachable),
          C(unexpected_document), C(not_confirmed), C(not_recorded), C(stopped), C(environment), C(internal).
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
from ..module_utils.tasks.restore import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
