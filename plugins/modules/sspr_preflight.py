#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge settings of self-service password reset before they are set."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_preflight
short_description: Judge settings of self-service password reset before they are set
version_added: 0.1.0
description:
  - Holds the settings you want, and the tenant as it is, against Microsoft's rules for self-service password reset
    (SSPR). It tells what would not work, what will stop working on a day that Microsoft has announced, and who could
    no longer reset.
  - Takes the same settings as M(tenantops.entra.sspr_policy). Without any it looks at the tenant as it is.
  - Does not fail for a finding. Look at RV(ok), which is false where something blocks. An error blocks when the wanted
    settings cause it or make it worse. What was so before is reported.
  - Never writes.
  - Reads what the rules need and no more. Users, groups' members, role holders, the registration report and the audit
    log are read only for rules whose settings change, or when no settings are given. What cannot be read is listed in
    RV(not_checked), it is not guessed.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.settings.info
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
      - What to do when a setting is asked for that only the portal API has, and there is no credential for it.
      - V(require) fails. V(manual) goes on, and lists in RV(not_checked) what could not be decided.
    type: str
    choices: [require, manual]
    default: require
  as_of:
    description:
      - The day to judge by, C(YYYY-MM-DD). Left out, it is today (UTC).
      - Give a later one to look ahead. A rule with a day turns from warning to error on it.
    type: str
  waivers:
    description:
      - Rules to put up with in this tenant. Their findings do not block.
      - What the setting modules refuse by themselves, such as V02 and V20, cannot be waived where it would be new.
    type: list
    elements: dict
    default: []
    suboptions:
      rule:
        description: The rule, such as V37.
        type: str
        required: true
      reason:
        description: Why.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
      expires:
        description: The last day on which it counts, C(YYYY-MM-DD). After it the waiver is a finding itself.
        type: str
        required: true
  break_glass:
    description:
      - The tenant's emergency accounts, by user principal name or object ID. They are to stay out of scope.
      - Left out, they are not declared, which blocks O(scope=all) and required registration where these are new. An
        empty list says that there are none.
    type: list
    elements: str
  max_locked_out_users:
    description:
      - How many users in scope may lose the ability to reset, 0 or more. More of them block.
    type: int
    default: 0
  allow_unknown_readiness:
    description:
      - Whether to go on where it is not known who could no longer reset. That is so without a licence for the
        registration report, and where the report is missing, more than 36 hours old, or older than the policy.
      - It is asked only where O(methods_required) rises or a method is dropped.
    type: bool
    default: false
  telephony_provider:
    description:
      - Whether the tenant has a telephony provider of its own, which keeps SMS and voice after Microsoft ends them. No
        API tells.
    type: bool
    default: false
notes:
  - Needs the application permissions C(Organization.Read.All) and C(Policy.Read.AuthenticationMethod) of Microsoft
    Graph, and a portal user with the role C(Security Administrator).
  - Decides more with the application permissions C(User.Read.All), C(Group.Read.All), C(GroupMember.Read.All),
    C(RoleManagement.Read.Directory), C(AuditLog.Read.All) and C(Policy.Read.All).
seealso:
  - module: tenantops.entra.sspr_policy
  - module: tenantops.entra.sspr_doctor
"""

EXAMPLES = r"""
- name: See whether the tenant is ready for two methods
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

- name: Stop where something blocks
  ansible.builtin.assert:
    that: found.ok
    fail_msg: "{{ found.findings | selectattr('blocking') | map(attribute='message') | join('; ') }}"

- name: See what Microsoft's changes will do to the tenant
  tenantops.entra.sspr_preflight:
    tenant_id: 11111111-1111-4111-8111-111111111111
    as_of: "2027-03-01"
    waivers:
      - rule: V37
        reason: The new app is rolled out in April
        owner: kim@contoso.com
        expires: "2027-04-30"
"""

RETURN = r"""
ok:
  description: Whether nothing blocks.
  returned: success
  type: bool
findings:
  description: The rules that do not hold.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: The rule's id.
      type: str
    severity:
      description: V(error) or V(warning), on the day of RV(as_of).
      type: str
    blocking:
      description: Whether it stands in the way. Only errors that the wanted settings cause or make worse do.
      type: bool
    status:
      description:
        - V(new) by the wanted settings, V(present) before, V(waived), or V(expired_waiver) for a waiver that has ended.
      type: str
    setting:
      description: The option it is about.
      type: str
    message:
      description: What is wrong.
      type: str
    fix:
      description: The way out.
      type: str
    source:
      description: Where the rule comes from, mostly the name of a page of Microsoft's documentation.
      type: str
    users:
      description: The first 20 of the users it is about.
      type: list
      elements: str
    count:
      description: How many users it is about, null where it is not about users.
      type: int
  sample:
    - rule: V17
      severity: error
      blocking: true
      status: new
      setting: methods_required
      message: 1 users in scope can reset now and no longer could
      fix: Have them register more methods first, or allow it with max_locked_out_users.
      source: concept-sspr-howitworks
      users: [kim@contoso.com]
      count: 1
not_checked:
  description: The rules that could not be decided, each with why.
  returned: success
  type: list
  elements: dict
  contains:
    rule:
      description: The rule's id.
      type: str
    why:
      description: What was missing.
      type: str
  sample:
    - rule: V29
      why: whether another tenant synchronizes these users is not shown here
locked_out:
  description: Who in scope can reset now and no longer could.
  returned: success
  type: dict
  contains:
    asked:
      description: Whether the number of methods rises or a method is dropped, null where that is not known.
      type: bool
    count:
      description: How many they are, null where it is not known.
      type: int
    users:
      description: The first 20 of them.
      type: list
      elements: str
  sample: {asked: true, count: 1, users: [kim@contoso.com]}
changes:
  description: The options that would change.
  returned: success
  type: list
  elements: str
  sample: [methods_required]
as_of:
  description: The day that was judged by.
  returned: success
  type: str
  sample: "2026-11-25"
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
backend:
  description: For each option given, whether C(portal) (the portal API) or C(graph) (Microsoft Graph) holds it.
  returned: success
  type: dict
  sample: {scope: portal, methods.email: graph}
manual:
  description: What is left to do by hand in the admin center, page by page.
  returned: success, and on failures that can be solved by hand
  type: list
  elements: dict
  contains:
    page:
      description: The page.
      type: str
    link:
      description: Its address in the Entra admin center.
      type: str
    settings:
      description: The options to set there.
      type: dict
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
        - One of C(credential), C(portal_credential_missing), C(portal_credential_expired), C(tenant_mismatch),
          C(permission), C(invalid_setting), C(unsupported), C(throttled), C(unreachable), C(internal).
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
from ..module_utils.tasks.preflight import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
