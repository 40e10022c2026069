#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renew the portal user's refresh token."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_portal_token
short_description: Renew the portal user's refresh token
version_added: 0.1.0
description:
  - Redeems O(portal_refresh_token) and returns the next one, so that a playbook can store it in the vault that the old
    one came from.
  - A refresh token expires 90 days after it was issued. Redeeming it does not revoke it, so tasks that still use the
    old token continue to work.
  - The result is not printed at any verbosity, with or without C(no_log). The task that stores the token needs its own
    C(no_log).
  - Connects only to the sign-in service. Nothing changes in the tenant.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes.no_diff
  - tenantops.entra.attributes.action_group
attributes:
  check_mode:
    details: The token is redeemed in check mode as well. The task that stores it decides whether it does so.
  async:
    description: Supports being used with the C(async) keyword.
    support: none
    details: Ansible would write the token to a file.
notes:
  - Store the token from one job only.
  - O(tenant_id) is any tenant that the user can sign in to, usually the user's home tenant.
  - Credentials for Microsoft Graph are neither required nor used.
"""

EXAMPLES = r"""
- name: Renew the portal user's refresh token
  tenantops.entra.sspr_portal_token:
    tenant_id: 11111111-1111-4111-8111-111111111111
  register: renewed

- name: Store the new token
  ansible.builtin.copy:
    content: "{{ renewed.refresh_token }}"
    dest: portal_refresh_token
    mode: "0600"
  no_log: true
  when: renewed.rotated
"""

RETURN = r"""
refresh_token:
  description: The next refresh token. Null when the sign-in service returned none, or the same one again.
  returned: success
  type: str
rotated:
  description: Whether there is a new token to store. It is the same as C(changed).
  returned: success
  type: bool
expires:
  description: When the token that is now valid expires, unless it is revoked before that (ISO 8601, UTC).
  returned: success
  type: str
  sample: "2027-02-22T17:00:00+00:00"
expires_source:
  description:
    - V(service) when the sign-in service returned the lifetime, V(documentation) when it is the 90 days that Microsoft
      documents.
  returned: success
  type: str
# [[[return_values user]]]
user:
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
  description: The user who is signed in. Null when the token does not name the user.
  returned: success
  type: dict
# [[[end]]]
mfa:
  description: Whether the user signed in with MFA. Null when the token does not show it.
  returned: success
  type: bool
tenant:
  description: The tenant of the token. Only its ID is known, the other keys are null.
  returned: success
  type: dict
  contains:
    id:
      description: The tenant ID.
      type: str
    display_name:
      description: Always null.
      type: str
    default_domain:
      description: Always null.
      type: str
  sample: {id: 11111111-1111-4111-8111-111111111111, display_name: null, default_domain: null}
# [[[return_values error]]]
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_missing), C(portal_credential_expired), C(tenant_mismatch),
          C(invalid_setting), C(unsupported), C(throttled), C(unreachable), C(environment), C(internal).
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
from ..module_utils.tasks.portal_token import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
