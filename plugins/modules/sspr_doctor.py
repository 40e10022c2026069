#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the prerequisites of a tenant for self-service password reset."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_doctor
short_description: Check the prerequisites of a tenant for self-service password reset
version_added: 0.1.0
description:
  - Checks what the other modules need in a tenant, which is credentials, consent, permissions, roles, multifactor
    authentication (MFA), licenses and domains, and whether the services respond. Each problem is returned with its fix.
  - Continues after each finding, and does not fail because of one. See RV(healthy).
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes.read_only
  - tenantops.entra.attributes.action_group
options:
  purpose:
    description: What the credentials must be able to do, write all settings or only read them.
    type: str
    choices: [write, audit]
    default: write
  portal:
    description:
      - With V(require), a missing credential for the portal API is a problem. With V(manual), it is intended.
      - With O(purpose=audit), it is never a problem.
    type: str
    choices: [require, manual]
    default: require
seealso:
  - module: tenantops.entra.sspr_info
  - module: tenantops.entra.sspr_preflight
"""

EXAMPLES = r"""
- name: Check the prerequisites
  tenantops.entra.sspr_doctor:
    tenant_id: 11111111-1111-4111-8111-111111111111
    expected_domain: contoso.com
  register: found

- name: Show problems and what is unknown
  ansible.builtin.debug:
    msg: "{{ found.checks | rejectattr('status', 'eq', 'ok') }}"
"""

RETURN = r"""
healthy:
  description: Whether no problem was found. A check whose outcome is unknown is not a problem.
  returned: success
  type: bool
checks:
  description: All checks with their outcome.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description:
        - One of C(reachable), C(graph_sign_in), C(graph_credential_lifetime), C(permissions), C(permission NAME),
          C(tenant), C(domains), C(license), C(migration_state), C(portal_sign_in), C(portal_credential_lifetime),
          C(portal_user), C(mfa), C(portal_role), C(portal_read).
      type: str
    status:
      description: V(ok), V(problem) or V(unknown).
      type: str
    message:
      description: What was found.
      type: str
    fix:
      description: How to fix it.
      type: str
    code:
      description: Microsoft Entra's error code, or a kind of error.
      type: str
  sample:
    - check: graph_sign_in
      status: problem
      message: "no token for Microsoft Graph: AADSTS7000222: The provided client secret keys are expired."
      fix: "The client secret has expired: create a new one in the app registration."
      code: AADSTS7000222
permissions:
  description: Whether the app has each application permission. Null where its token does not show it.
  returned: success
  type: dict
  sample: {Organization.Read.All: true, Policy.ReadWrite.AuthenticationMethod: false}
roles:
  description: The portal user's directory roles in the tenant. Null when the token does not show them.
  returned: success
  type: list
  elements: str
  sample: [Authentication Policy Administrator]
# [[[return_values portal_user]]]
portal_user:
  contains:
    id:
      description: The object ID.
      type: str
    user_principal_name:
      description: The user principal name.
      type: str
    display_name:
      description: The display name.
      type: str
  sample: {id: 77777777-7777-4777-8777-777777777777, user_principal_name: sspr@partner.example, display_name: SSPR
    automation}
  description: The portal user. Null without a credential for the portal API, or when the token does not name the user.
  returned: success
  type: dict
# [[[end]]]
mfa:
  description: Whether the portal user signed in with MFA.
  returned: success
  type: bool
license:
  description: The Microsoft Entra ID license of the tenant, V(P2), V(P1) or V(none). Null when it could not be read.
  returned: success
  type: str
migration_state:
  description: The tenant's C(policyMigrationState).
  returned: success
  type: str
expires:
  description: When the credential of each service expires (ISO 8601, UTC). Null where it is unknown.
  returned: success
  type: dict
  sample: {graph: "2027-03-01T00:00:00+00:00", portal: null}
days_left:
  description: The number of days until each credential expires. Null where it is unknown.
  returned: success
  type: dict
  sample: {graph: 97, portal: null}
# [[[return_values tenant request_ids error]]]
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
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(invalid_setting), C(environment), C(internal).
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
from ..module_utils.tasks.doctor import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
