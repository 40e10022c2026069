#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renew the portal user's refresh token."""

from __future__ import annotations

DOCUMENTATION = r"""
module: portal_token
short_description: Renew the portal user's refresh token
version_added: 0.1.0
description:
  - Redeems O(portal_refresh_token) and returns the next one, so that a playbook can store it where this one came from.
  - A refresh token ends 90 days after its issue. Redeeming it does not end it, so tasks that still hold the old one
    go on.
  - The result is not printed at any verbosity, with or without C(no_log). The task that stores the token needs
    C(no_log) of its own.
  - Asks the token service only. Microsoft Graph and the portal API are not asked, and nothing changes in the tenant.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
attributes:
  action_group:
    description: Use C(group/tenantops.entra.entra) in C(module_defaults) to set options for this module.
    support: full
    membership: [tenantops.entra.entra]
  check_mode:
    description: Can run in C(check_mode) and return the predicted result without changing anything.
    support: full
    details: The token is redeemed then too. The task that stores it decides whether it does.
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: none
notes:
  - Let one process store the token, and only one.
  - O(tenant_id) is any tenant that the user can sign in to, usually their own.
  - Credentials for Microsoft Graph are not needed, and not used.
"""

EXAMPLES = r"""
- name: Renew the portal user's refresh token
  tenantops.entra.portal_token:
    tenant_id: 11111111-1111-4111-8111-111111111111
  register: renewed

- name: Store it where it came from
  ansible.builtin.copy:
    content: "{{ renewed.refresh_token }}"
    dest: portal_refresh_token
    mode: "0600"
  no_log: true
  when: renewed.rotated
"""

RETURN = r"""
refresh_token:
  description: The next refresh token, null when the token service gave none or the same one again.
  returned: success
  type: str
rotated:
  description: Whether there is a token to store.
  returned: success
  type: bool
expires:
  description: When the token that is now valid ends, unless it is revoked before (ISO 8601, UTC).
  returned: success
  type: str
  sample: "2027-02-22T17:00:00+00:00"
expires_source:
  description:
    - V(service) when the token service said so, V(documentation) when it is the 90 days that Microsoft documents.
  returned: success
  type: str
user:
  description: The user's name.
  returned: success
  type: str
  sample: sspr@partner.example
mfa:
  description: Whether the user signed in with MFA, null when the token does not tell.
  returned: success
  type: bool
tenant_id:
  description: The tenant of the token that was redeemed.
  returned: success
  type: str
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(portal_credential_missing), C(portal_credential_expired), C(credential), C(tenant_mismatch),
          C(invalid_setting), C(unsupported), C(throttled), C(unreachable), C(internal).
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
from ..module_utils.tasks.portal_token import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
