#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create a security group in Microsoft Entra ID, and add members to it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_group
short_description: Create a security group in Microsoft Entra ID, and add members to it
version_added: 0.1.0
description:
  - Ensures that a security group exists and has at least the given users and groups as members, for example the group
    for which self-service password reset (SSPR) is enabled. Members of nested groups count for SSPR.
  - Members are added, never removed. All users and groups are looked up before anything is written.
  - Members cannot be added to a group that is dynamic, synchronized from on-premises, or mail-enabled, nor to a
    role-assignable group without the permission for it. The task fails for such a group before anything is written.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.run
  - tenantops.entra.attributes
  - tenantops.entra.attributes.action_group
options:
  group:
    description:
      - The group, by display name or object ID.
      - A group that does not exist is created with this display name. It cannot be created by object ID.
    type: str
    required: true
  state:
    description: The group exists, and has at least the given members.
    type: str
    choices: [present]
    default: present
  description:
    description: The description of a group that is created. It is not changed in a group that exists.
    type: str
  members:
    description: Users who are members of the group, by user principal name or object ID.
    type: list
    elements: str
    default: []
  groups:
    description: Groups that are nested in the group, by display name or object ID.
    type: list
    elements: str
    default: []
notes:
  - Requires the application permissions C(Organization.Read.All) and C(Group.Read.All).
  - Requires the application permission C(Group.Create) to create the group.
  - Requires the application permission C(GroupMember.Read.All) to read members, and C(GroupMember.ReadWrite.All) to add
    them.
  - Requires the application permission C(User.ReadBasic.All) for O(members).
  - Requires the application permission C(RoleManagement.ReadWrite.Directory) to add members to a role-assignable group.
  - Does not require a portal user.
  - M(tenantops.entra.sspr_restore) does not remove members that were added, and does not delete a group.
seealso:
  - module: tenantops.entra.sspr_properties
"""

EXAMPLES = r"""
- name: Create the pilot group
  tenantops.entra.sspr_group:
    tenant_id: 11111111-1111-4111-8111-111111111111
    group: SSPR Wave 2
    description: Users who can reset their password since the second wave

- name: Add two users and a department to the pilot group
  tenantops.entra.sspr_group:
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
  description: The group. The ID is null when the group would be created, in check mode.
  returned: success
  type: dict
  contains:
    id:
      description: The object ID.
      type: str
    display_name:
      description: The display name.
      type: str
  sample: {id: 33333333-3333-4333-8333-333333333333, display_name: SSPR Pilot}
created:
  description: Whether the group was created, or would be created in check mode.
  returned: success
  type: bool
added:
  description: The users and groups that were added, or would be added in check mode, as named in the task.
  returned: success
  type: list
  elements: str
  sample: [adele@contoso.com, Sales]
diff:
  description: The state of the group, and the members that are added, before and after.
  returned: success
  type: dict
# [[[return_values missing_permissions tenant request_ids]]]
missing_permissions:
  description:
    - Application permissions that the change needs and the app's token does not list. Roles of the portal user are not
      checked here.
  returned: check mode, when something would be written through Microsoft Graph
  type: list
  elements: str
  sample: [Policy.ReadWrite.AuthenticationMethod]
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
# [[[end]]]
applied:
  description: What was written and confirmed before the task failed. This is C(group) or members as named in the task.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: What was written but not confirmed. It is unknown whether it took effect.
  returned: failure
  type: list
  elements: str
# [[[return_values error]]]
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(tenant_mismatch), C(permission), C(license), C(invalid_setting), C(unsupported),
          C(not_found), C(ambiguous), C(conflict), C(throttled), C(unreachable), C(unexpected_document),
          C(not_confirmed), C(not_recorded), C(stopped), C(environment), C(internal).
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
from ..module_utils.tasks.group import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
