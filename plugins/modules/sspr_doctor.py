#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""See whether everything is in place in a tenant."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_doctor
short_description: See whether everything is in place in a tenant
version_added: 0.1.0
description:
  - Looks at what the other modules need in a tenant. Credentials, consent, permissions, roles, multifactor
    authentication, licence, domains, and whether both services answer. Each problem comes with its fix.
  - Goes on after each finding, and does not fail for one. Look at RV(healthy).
  - Never writes.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
options:
  purpose:
    description: What the credentials have to be good for, setting everything or only reading it.
    type: str
    choices: [write, audit]
    default: write
  portal:
    description:
      - Whether a missing credential for the portal API is a problem, V(require), or meant, V(manual).
      - With O(purpose=audit) it never is one.
    type: str
    choices: [require, manual]
    default: require
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
    support: none
seealso:
  - module: tenantops.entra.sspr_info
"""

EXAMPLES = r"""
- name: See whether everything is in place
  tenantops.entra.sspr_doctor:
    tenant_id: 11111111-1111-4111-8111-111111111111
    expected_domain: contoso.com
  register: found

- name: Show what is not
  ansible.builtin.debug:
    msg: "{{ found.checks | rejectattr('status', 'eq', 'ok') }}"
"""

RETURN = r"""
healthy:
  description: Whether no problem was found. What cannot be told is no problem.
  returned: success
  type: bool
checks:
  description: Everything that was looked at.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description:
        - One of C(reachable), C(graph_sign_in), C(graph_credential_lifetime), C(permissions), C(permission NAME),
          C(tenant), C(domains), C(licence), C(migration_state), C(portal_sign_in), C(portal_credential_lifetime),
          C(portal_user), C(mfa), C(portal_role), C(portal_read).
      type: str
    status:
      description: V(ok), V(problem), or V(unknown) where it cannot be told.
      type: str
    message:
      description: What was found.
      type: str
    fix:
      description: The way out.
      type: str
    code:
      description: Entra's error code, or a kind of error.
      type: str
  sample:
    - check: graph_sign_in
      status: problem
      message: "no token for Microsoft Graph: AADSTS7000222: The provided client secret keys are expired."
      fix: "The client secret has expired: make a new one in the app registration."
      code: AADSTS7000222
permissions:
  description: Whether the app has each application permission; null where its token does not tell.
  returned: success
  type: dict
  sample: {Organization.Read.All: true, Policy.ReadWrite.AuthenticationMethod: false}
roles:
  description: The portal user's directory roles in the tenant, null where the token does not tell.
  returned: success
  type: list
  elements: str
  sample: [Authentication Policy Administrator]
portal_user:
  description: The portal user's name.
  returned: success
  type: str
  sample: sspr@partner.example
mfa:
  description: Whether the portal user signed in with MFA.
  returned: success
  type: bool
licence:
  description: V(P2), V(P1) or V(none), null where it was not read.
  returned: success
  type: str
migration_state:
  description: The tenant's C(policyMigrationState).
  returned: success
  type: str
expires:
  description: When the credential of each service stops working (ISO 8601, UTC), null where it cannot be told.
  returned: success
  type: dict
  sample: {graph: "2027-03-01T00:00:00+00:00", portal: null}
days_left:
  description: Days until then.
  returned: success
  type: dict
  sample: {graph: 97, portal: null}
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
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(invalid_setting), C(internal).
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
from ..module_utils.tasks.doctor import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
