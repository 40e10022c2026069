#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put users and groups into the group of a pilot."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_pilot
short_description: Put users and groups into the group of a pilot
version_added: 0.1.0
description:
  - Enlarges the group for which self-service password reset (SSPR) is switched on, step by step, by adding members or
    by nesting groups in it. Nested groups count for SSPR.
  - Takes nobody out. Everyone is looked up before anything is written.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
options:
  group:
    description: The group, by display name or object ID.
    type: str
    required: true
  members:
    description: Users to add, by user principal name or object ID.
    type: list
    elements: str
    default: []
  groups:
    description: Groups to nest in it, by display name or object ID.
    type: list
    elements: str
    default: []
  run_path:
    description: The directory of a run, as in M(tenantops.entra.sspr_policy). Memberships are not taken back with it.
    type: path
  run_host:
    description: The tenant's name in the ledger of the run. Left out, it is O(tenant_id).
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
notes:
  - Needs the application permissions C(Organization.Read.All), C(Group.Read.All), C(GroupMember.ReadWrite.All), and
    C(User.ReadBasic.All) for O(members).
seealso:
  - module: tenantops.entra.sspr_properties
"""

EXAMPLES = r"""
- name: Enlarge the pilot by two people and a department
  tenantops.entra.sspr_pilot:
    tenant_id: 11111111-1111-4111-8111-111111111111
    group: SSPR Pilot
    members:
      - adele@contoso.com
      - alex@contoso.com
    groups:
      - Sales
"""

RETURN = r"""
group:
  description: The group that was enlarged.
  returned: success
  type: dict
  sample: {id: 33333333-3333-4333-8333-333333333333, display_name: SSPR Pilot}
added:
  description: Who was added, or would be in check mode, by the names given.
  returned: success
  type: list
  elements: str
  sample: [adele@contoso.com, Sales]
diff:
  description: Who was added.
  returned: success
  type: dict
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
  description: Who was added before the task failed.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: Who was sent, and not seen in the group.
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
        - One of C(credential), C(tenant_mismatch), C(permission), C(licence), C(invalid_setting), C(not_found),
          C(ambiguous), C(conflict), C(throttled), C(unreachable), C(unsupported), C(unexpected_document),
          C(not_confirmed), C(not_recorded), C(stopped), C(internal).
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
from ..module_utils.tasks.group import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
