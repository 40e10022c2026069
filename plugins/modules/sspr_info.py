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
  - Reads all pages of self-service password reset (SSPR), with the option names of the modules that set them.
  - What cannot be read is null, and listed in RV(unavailable) with the reason and where to see it in the admin center.
    Nothing is guessed.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes.read_only
  - tenantops.entra.attributes.action_group
notes:
  - Requires the application permission C(Organization.Read.All) of Microsoft Graph, to identify the tenant.
  - Requires the application permission C(Policy.Read.AuthenticationMethod), to read the methods and whether they are
    migrated.
  - Requires the application permission C(Policy.Read.All), to read whether administrators can reset. Without it, this
    setting is unavailable.
  - Requires a portal user with the role C(Security Administrator), C(User Administrator) or
    C(Authentication Policy Administrator). Without a portal credential, the module returns what Microsoft Graph
    provides.
seealso:
  - module: tenantops.entra.sspr_policy
  - module: tenantops.entra.sspr_audit
"""

EXAMPLES = r"""
- name: Read the policy
  tenantops.entra.sspr_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
  register: found

- name: Show which users can reset, and what could not be read
  ansible.builtin.debug:
    msg:
      - "{{ found.sspr.properties }}"
      - "{{ found.unavailable }}"
"""

RETURN = r"""
# [[[return_values_of_policy]]]
sspr:
  description:
    - The settings, page by page. A group is returned with its ID and its display name.
    - An option that was not read is null, and a page of which nothing was read is null. A null
      O(tenantops.entra.sspr_properties#module:group) that is not in RV(unavailable) means that no group is set.
  returned: success
  type: dict
  contains:
    properties:
      description: The options of M(tenantops.entra.sspr_properties).
      type: dict
    auth_methods:
      description: The options of M(tenantops.entra.sspr_auth_methods).
      type: dict
    registration:
      description: The options of M(tenantops.entra.sspr_registration).
      type: dict
    notifications:
      description: The options of M(tenantops.entra.sspr_notifications).
      type: dict
    customization:
      description: The options of M(tenantops.entra.sspr_customization).
      type: dict
    on_premises:
      description: The options of M(tenantops.entra.sspr_on_premises).
      type: dict
    admin_policy:
      description: The options of M(tenantops.entra.sspr_admin_policy).
      type: dict
  sample: {properties: {scope: all, group: null}, auth_methods: {methods_required: 2, methods: {email: true,
    mobile_phone: true, voice: false, office_phone: false, mobile_app_notification: true, mobile_app_code: true,
    software_oath: false, security_questions: false}, questions_to_register: 5, questions_to_reset: 3},
    registration: {required_at_sign_in: true, reconfirm_days: 180}, notifications: {notify_users: true,
    notify_admins: true}, customization: {helpdesk_link: true, helpdesk_contact: 'https://help.contoso.com'},
    on_premises: {password_writeback: true, unlock_without_reset: true}, admin_policy: {admins_can_reset: true}}
settings:
  description:
    - The same settings as options of M(tenantops.entra.sspr_policy), which takes them as they are.
    - The group is returned by its display name when no other group has that name, otherwise by its ID. The app needs
      C(Group.Read.All) to look this up.
  returned: success
  type: dict
  sample: {scope: all, group: null, methods_required: 2, methods: {email: true, mobile_phone: true, voice: false,
    office_phone: false, mobile_app_notification: true, mobile_app_code: true, software_oath: false,
    security_questions: false}, questions_to_register: 5, questions_to_reset: 3, required_at_sign_in: true,
    reconfirm_days: 180, notify_users: true, notify_admins: true, helpdesk_link: true,
    helpdesk_contact: 'https://help.contoso.com', password_writeback: true, unlock_without_reset: true,
    admins_can_reset: true}
# [[[end]]]
migration_state:
  description:
    - The tenant's C(policyMigrationState). C(migrationComplete) and null mean that methods are managed in the
      authentication methods policy.
  returned: success
  type: str
  sample: migrationComplete
# [[[return_values unavailable targets digests tenant request_ids error]]]
unavailable:
  description: What could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: What could not be read. This is a page, a document or a fact.
      type: str
    options:
      description: The options that are unknown because of this.
      type: list
      elements: str
    reason:
      description: The reason, as a kind of error. See RV(error.kind).
      type: str
    message:
      description: What happened.
      type: str
    hint:
      description: How to fix it, or where to see it in the admin center.
      type: str
targets:
  description:
    - The methods that are enabled, but not for all users, in a tenant whose methods are migrated. By method, the IDs of
      the groups that are included and excluded. This collection never changes them.
  returned: when the authentication methods policy holds the methods
  type: dict
  sample: {email: {include: [11111111-1111-4111-8111-111111111111], exclude: []}}
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
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_expired), C(tenant_mismatch), C(permission), C(license),
          C(invalid_setting), C(throttled), C(unreachable), C(unexpected_document), C(environment), C(internal).
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
from ..module_utils.tasks.info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
