#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validate settings of self-service password reset before applying them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_preflight
short_description: Validate settings of self-service password reset before applying them
version_added: 0.1.0
description:
  - Validates the requested settings, and the tenant as it is, against Microsoft's rules for self-service password reset
    (SSPR). It reports what would not work, what will stop working on a date that Microsoft has announced, and which
    users would lose the ability to reset.
  - Takes the same settings as M(tenantops.entra.sspr_policy). Without any, it validates the tenant as it is.
  - Does not fail because of a finding. Check RV(ok), which is false when a finding blocks. An error blocks when the
    requested settings cause it or make it worse. A problem that existed before is reported and does not block.
  - Never writes to the tenant.
  - Reads only what the rules need. Users, members of groups, role holders, the registration report and the audit log
    are read only for rules whose settings change, or when no settings are requested. A rule that needs something that
    cannot be read is listed in RV(not_checked).
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes.read_only
  - tenantops.entra.attributes.action_group
  - tenantops.entra.settings.properties
  - tenantops.entra.settings.auth_methods
  - tenantops.entra.settings.registration
  - tenantops.entra.settings.notifications
  - tenantops.entra.settings.customization
  - tenantops.entra.settings.on_premises
  - tenantops.entra.settings.admin_policy
options:
  portal:
    description:
      - What to do without a credential for the portal API, when a requested setting only exists there.
      - V(require) fails. V(manual) continues, and lists the rules that could not be decided in RV(not_checked).
    type: str
    choices: [require, manual]
    default: require
  as_of:
    description:
      - The date to validate for, C(YYYY-MM-DD). Defaults to today (UTC).
      - Set a later date to look ahead. Rules about a retirement turn from warning to error on its date.
    type: str
  waivers:
    description:
      - Rules to waive for this tenant. Their findings do not block.
      - Errors that the setting modules raise as well, such as C(selected-without-group) and C(too-few-methods), cannot
        be waived when the requested settings cause them.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The ID of the rule, for example C(security-questions-retired).
        type: str
        required: true
      reason:
        description: Why the exception is accepted.
        type: str
        required: true
      owner:
        description: Who accepted it.
        type: str
        required: true
      expires:
        description: The last day on which the waiver is active, C(YYYY-MM-DD). After it, the waiver is a finding.
        type: str
        required: true
  break_glass:
    description:
      - The tenant's emergency access (break-glass) accounts, by user principal name or object ID. They should stay out
        of scope.
      - If omitted, they are not declared, which blocks O(scope=all) and O(required_at_sign_in=true) where these are
        new. An empty list declares that there are none.
    type: list
    elements: str
  max_locked_out_users:
    description:
      - How many users in scope may lose the ability to reset, 0 or more. A higher number of users blocks.
    type: int
    default: 0
  allow_unknown_readiness:
    description:
      - Whether to continue when it is unknown which users would lose the ability to reset. This is the case without a
        license for the registration report, and when the report is missing, more than 36 hours old, or older than the
        last change of the policy.
      - It matters only when O(methods_required) increases or a method is turned off.
    type: bool
    default: false
  telephony_provider:
    description:
      - Whether the tenant has its own telephony provider, which keeps text messages and voice calls after Microsoft
        ends them. No API reports it.
    type: bool
    default: false
notes:
  - Requires the application permissions C(Organization.Read.All) and C(Policy.Read.AuthenticationMethod) of Microsoft
    Graph, and a portal user with the role C(Security Administrator).
  - Can decide more rules with the application permissions C(User.Read.All), C(Group.Read.All), C(GroupMember.Read.All),
    C(RoleManagement.Read.Directory), C(AuditLog.Read.All) and C(Policy.Read.All).
seealso:
  - module: tenantops.entra.sspr_policy
  - module: tenantops.entra.sspr_doctor
"""

EXAMPLES = r"""
- name: Check whether the tenant is ready for two methods
  tenantops.entra.sspr_preflight:
    tenant_id: 11111111-1111-4111-8111-111111111111
    expected_domain: contoso.com
    scope: all
    methods_required: 2
    methods:
      email: true
      mobile_app_notification: true
      mobile_app_code: true
    break_glass: [breakglass@contoso.com]
  register: found

- name: Fail on blocking findings
  ansible.builtin.assert:
    that: found.ok
    fail_msg: "{{ found.findings | selectattr('blocking') | map(attribute='message') | join('; ') }}"

- name: Show what Microsoft's announced changes mean for the tenant
  tenantops.entra.sspr_preflight:
    tenant_id: 11111111-1111-4111-8111-111111111111
    as_of: "2027-03-01"
    waivers:
      - id: security-questions-retired
        reason: The new app is rolled out in April
        owner: kim@contoso.com
        expires: "2027-04-30"
"""

RETURN = r"""
ok:
  description: Whether no finding blocks.
  returned: success
  type: bool
findings:
  description: The rules that are not met.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: The ID of the rule.
      type: str
    severity:
      description: V(error) or V(warning), on the date RV(as_of).
      type: str
    blocking:
      description: Whether it blocks. Only errors that the requested settings cause or make worse block.
      type: bool
    status:
      description:
        - V(new) when the requested settings cause it, V(present) when it existed before, V(waived), or
          V(expired_waiver) for a waiver that has expired.
      type: str
    setting:
      description: The option that the rule is about.
      type: str
    message:
      description: What is wrong.
      type: str
    fix:
      description: How to fix it.
      type: str
    source:
      description: The source of the rule, usually the name of a page of Microsoft's documentation.
      type: str
    users:
      description: The first 20 of the affected users.
      type: list
      elements: dict
      contains: &user
        id:
          description: The object ID, null if it was not read.
          type: str
        user_principal_name:
          description: The user principal name, null if it was not read.
          type: str
        display_name:
          description: The display name, null if it was not read.
          type: str
    count:
      description: The number of affected users, null when the rule is not about users.
      type: int
  sample:
    - rule: locked-out-users
      severity: error
      blocking: true
      status: new
      setting: methods_required
      message: 1 user in scope would lose the ability to reset
      fix: Have them register more methods first, or allow it with max_locked_out_users.
      source: concept-sspr-howitworks
      users:
        - id: 44444444-4444-4444-8444-444444444444
          user_principal_name: kim@contoso.com
          display_name: Kim Akers
      count: 1
not_checked:
  description: The rules that could not be decided.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: The ID of the rule.
      type: str
    options:
      description: The options that the rule is about.
      type: list
      elements: str
    reason:
      description:
        - A kind of error, as in RV(error.kind), when a fact could not be read.
        - V(not_needed) when none of the rule's settings change, or no other rule needs the fact. V(unknown) when the
          tenant does not report it.
      type: str
    message:
      description: What was missing.
      type: str
    hint:
      description: How to fix it, null if there is nothing to fix.
      type: str
  sample:
    - what: administrators-in-scope
      options: [group, scope]
      reason: not_needed
      message: the users in a group were not read, because none of the rule's settings change
      hint:
locked_out:
  description: The users in scope who would lose the ability to reset.
  returned: success
  type: dict
  contains:
    asked:
      description: Whether the required number increases or a method is turned off. Null if that is unknown.
      type: bool
    count:
      description: The number of these users, null if it is unknown.
      type: int
    users:
      description: The first 20 of them.
      type: list
      elements: dict
      contains: *user
  sample:
    asked: true
    count: 1
    users:
      - id: 44444444-4444-4444-8444-444444444444
        user_principal_name: kim@contoso.com
        display_name: Kim Akers
changes:
  description: The options that would change.
  returned: success
  type: list
  elements: str
  sample: [methods_required]
as_of:
  description: The date that the settings were validated for.
  returned: success
  type: str
  sample: "2026-11-25"
backend:
  description:
    - For each option that the task sets, the service that holds it. C(portal) is the portal API, C(graph) is Microsoft
      Graph.
  returned: success
  type: dict
  sample: {scope: portal, methods.email: graph}
# [[[return_values manual tenant request_ids error]]]
manual:
  description: What is left to do manually in the Entra admin center, page by page.
  returned: success, and failures that can be resolved manually
  type: list
  elements: dict
  contains:
    page:
      description: The page.
      type: str
    link:
      description: The address of the page.
      type: str
    settings:
      description: The options to set on the page.
      type: dict
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
        - One of C(credential), C(portal_credential_missing), C(portal_credential_expired), C(tenant_mismatch),
          C(permission), C(invalid_setting), C(unsupported), C(throttled), C(unreachable), C(environment), C(internal).
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
from ..module_utils.tasks.preflight import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
