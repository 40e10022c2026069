#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the self-service password reset policy of Microsoft Entra ID."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_info
short_description: Read the self-service password reset policy of Microsoft Entra ID
version_added: 0.1.0
description:
  - Reads all pages of self-service password reset (SSPR), in the option names of the modules that set them.
  - What cannot be read is null, and listed in RV(unavailable) with the reason and the way to see it by hand. It is
    never guessed.
  - Never writes.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.settings.info
notes:
  - Needs the application permission C(Organization.Read.All) of Microsoft Graph, to make sure of the tenant.
  - Needs the application permission C(Policy.Read.AuthenticationMethod), to read the methods and where they live.
  - Needs the application permission C(Policy.Read.All), to read whether administrators can reset. Without it that is
    unavailable.
  - Needs a portal user with the role C(Security Administrator), C(User Administrator) or
    C(Authentication Policy Administrator). Without a portal credential the module answers with what
    Microsoft Graph knows.
seealso:
  - module: tenantops.entra.sspr_policy
"""

EXAMPLES = r"""
- name: Read the policy
  tenantops.entra.sspr_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
  register: found

- name: Show who can reset, and what could not be read
  ansible.builtin.debug:
    msg:
      - "{{ found.sspr.properties }}"
      - "{{ found.unavailable }}"
"""

RETURN = r"""
sspr:
  description:
    - One key a page. A page is null when nothing of it was read, an option is null when it was not read.
    - A null O(tenantops.entra.sspr_properties#module:group) means that no group is set.
  returned: success
  type: dict
  contains:
    properties:
      description: As in M(tenantops.entra.sspr_properties), the group as ID and display name.
      type: dict
    auth_methods:
      description: As in M(tenantops.entra.sspr_auth_methods).
      type: dict
    registration:
      description: As in M(tenantops.entra.sspr_registration).
      type: dict
    notifications:
      description: As in M(tenantops.entra.sspr_notifications).
      type: dict
    customization:
      description: As in M(tenantops.entra.sspr_customization).
      type: dict
    on_premises:
      description: As in M(tenantops.entra.sspr_on_premises).
      type: dict
    admin_policy:
      description: As in M(tenantops.entra.sspr_admin_policy).
      type: dict
  sample:
    properties: {scope: all, group: null}
    registration: {required_at_sign_in: true, reconfirm_days: 180}
    notifications: {notify_users: true, notify_admins: true}
    customization: {helpdesk_link: false, helpdesk_contact: ""}
    on_premises: {password_writeback: false, unlock_without_reset: false}
    admin_policy: null
unavailable:
  description: What could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    page:
      description: The page.
      type: str
    options:
      description: The options of the page that are null because of this.
      type: list
      elements: str
    reason:
      description: Why, in the words of RV(error.kind).
      type: str
    hint:
      description: What it means, and how to see it by hand.
      type: str
migration_state:
  description:
    - The tenant's C(policyMigrationState). C(migrationComplete) and null mean that methods live in the authentication
      methods policy.
  returned: success
  type: str
  sample: migrationComplete
digests:
  description:
    - A SHA-256 of each document that was read. C(portal) is the SSPR policy,
      C(methods) the authentication methods policy.
  returned: success
  type: dict
  sample: {portal: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
targets:
  description:
    - Methods that are on but not for everyone, in a tenant whose methods are migrated. By method, the ids of the groups
      it is limited to and of those left out.
  returned: when the authentication methods policy holds the methods
  type: dict
  sample: {email: {include: [11111111-1111-4111-8111-111111111111], exclude: []}}
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
        - One of C(credential), C(portal_credential_expired), C(tenant_mismatch), C(permission), C(licence),
          C(invalid_setting), C(throttled), C(unreachable), C(unexpected_document), C(internal).
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
from ..module_utils.tasks.info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
