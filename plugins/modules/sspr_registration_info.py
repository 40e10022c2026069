#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report who has registered, and who would lose the ability to reset."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_registration_info
short_description: Report who has registered, and who would lose the ability to reset
version_added: 0.1.0
description:
  - Counts the users in scope who have registered enough methods to reset their password, from Microsoft's registration
    report, and lists those who have not.
  - With settings, it reports which users can reset today and would lose that ability under these settings. Run it
    before increasing O(tenantops.entra.sspr_auth_methods#module:methods_required) or turning off a method.
  - The report lags by up to 36 hours, see RV(as_of) and RV(stale). It requires Entra ID P1 or P2.
  - What cannot be read is null, and is listed in RV(unavailable) with the reason and how to fix it.
  - Never writes to the tenant.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes.read_only
  - tenantops.entra.attributes.action_group
options:
  scope:
    description: The scope to evaluate. Defaults to the tenant's.
    type: str
    choices: [none, selected, all]
  group:
    description:
      - The group of O(scope=selected) to evaluate, by display name or object ID. Defaults to the tenant's.
      - Members of nested groups count.
    type: str
  methods_required:
    description: The number of required methods to evaluate. Defaults to the tenant's.
    type: int
    choices: [1, 2]
  methods:
    description:
      - The methods to evaluate as on or off, as in M(tenantops.entra.sspr_auth_methods). A key that is omitted is as in
        the tenant.
    type: dict
    suboptions:
      email:
        description: A one-time passcode by email.
        type: bool
      mobile_phone:
        description: A mobile phone. In a migrated tenant, V(false) turns off voice calls as well.
        type: bool
      voice:
        description: Voice calls to a mobile phone. Migrated tenants only.
        type: bool
      office_phone:
        description: Voice calls to an office phone.
        type: bool
      mobile_app_notification:
        description: Notifications in Microsoft Authenticator.
        type: bool
      mobile_app_code:
        description: Codes from Microsoft Authenticator.
        type: bool
      software_oath:
        description: Codes from other authenticator apps. Migrated tenants only.
        type: bool
      security_questions:
        description: Security questions.
        type: bool
  as_of:
    description:
      - The date to evaluate, V(YYYY-MM-DD). Methods that Microsoft has retired by then do not count. Defaults to today
        (UTC).
    type: str
  telephony_provider:
    description:
      - Whether the tenant has its own telephony provider, which keeps text messages and voice calls after Microsoft
        ends them. No API reports it.
    type: bool
    default: false
  exclude:
    description:
      - Accounts that do not belong to a person, by user principal name or object ID. For example shared mailboxes,
        rooms, service accounts and break-glass accounts.
      - Guests and disabled accounts never count, and do not need to be listed.
    type: list
    elements: str
    default: []
  limit:
    description: The maximum number of users in a list. Counts always include all users.
    type: int
    default: 100
notes:
  - Requires the application permissions C(Organization.Read.All), C(Policy.Read.AuthenticationMethod),
    C(User.Read.All) and C(AuditLog.Read.All) of Microsoft Graph. Requires C(GroupMember.Read.All) when a group is in
    scope, and C(Group.Read.All) for O(group).
  - With C(RoleManagement.Read.Directory), administrators are counted separately, because they follow Microsoft's own
    policy. Without it they count as users, and RV(unavailable) lists this. A role that is only eligible (PIM) does not
    count.
  - Without a portal credential, the scope and the required number are unknown. The report's own flags are used
    instead, and RV(unavailable) lists this.
  - Phone numbers and alternate email addresses in the directory are not registered methods and never count. Neither
    does an alternate mobile phone, a passkey, Windows Hello or a Temporary Access Pass.
  - Notifications and codes from the same app count as one method.
  - Microsoft allows five requests to the report in ten seconds. The module waits as long as the service asks it to.
    5,000 users take six requests.
seealso:
  - module: tenantops.entra.sspr_info
  - module: tenantops.entra.sspr_auth_methods
"""

EXAMPLES = r"""
- name: Report who has registered
  tenantops.entra.sspr_registration_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    exclude:
      - reception@contoso.com
  register: found

- name: Report who would lose the ability to reset with two required methods
  tenantops.entra.sspr_registration_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    methods_required: 2
  register: found

- name: Fail if there is such a user, or if it is unknown
  ansible.builtin.assert:
    that:
      - found.stale is false
      - found.locked_out.count == 0

- name: Report who depends on text messages and voice calls when Microsoft ends them
  tenantops.entra.sspr_registration_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    as_of: "2027-02-01"
"""

RETURN = r"""
as_of:
  description: When Microsoft made the report (ISO 8601, UTC), null without a report. This is not O(as_of).
  returned: success
  type: str
  sample: "2026-11-25T03:16:01.7292271Z"
stale:
  description:
    - Whether the report is too old to reflect the current state, because it is more than 36 hours old, or older than
      the last known change of the policy. Null without a report.
  returned: success
  type: bool
stale_because:
  description: Why it is too old, null if it is not.
  returned: success
  type: str
settings:
  description: The tenant's own settings that matter, null where they were not read.
  returned: success
  type: dict
  sample:
    scope: all
    group:
    methods_required: 1
    methods: {email: true, mobile_phone: true, security_questions: false}
counts:
  description: Numbers of users, null where they are unknown.
  returned: success
  type: dict
  contains:
    users:
      description: All user objects of the tenant.
      type: int
    guests:
      description: Guest users, who reset in their home tenant.
      type: int
    disabled:
      description: Members whose account is disabled, which includes shared mailboxes.
      type: int
    excluded:
      description: Users in O(exclude).
      type: int
    admins:
      description: Members who follow Microsoft's policy for administrators.
      type: int
    in_scope:
      description: Of all other users, those in scope of the tenant's policy.
      type: int
    enabled:
      description: Of all other users, those that the report lists as enabled.
      type: int
    registered:
      description: Of all other users, those that the report lists as registered, in scope or not.
      type: int
    capable:
      description: Of all other users, those that the report lists as capable, which means enabled and registered.
      type: int
    not_registered:
      description: Users in scope that the report does not list as registered.
      type: int
    not_in_report:
      description: Users in scope who are not in the report yet.
      type: int
    directory_data_only:
      description: Users in scope with only a phone number or address in the directory, which no longer counts.
      type: int
    admins_not_registered:
      description: Administrators with fewer than the two methods that Microsoft's policy requires.
      type: int
    locked_out:
      description: The same as RV(locked_out.count).
      type: int
  sample:
    users: 120
    guests: 9
    disabled: 14
    excluded: 2
    admins: 3
    in_scope: 92
    enabled: 92
    registered: 80
    capable: 80
    not_registered: 11
    not_in_report: 1
    directory_data_only: 4
    admins_not_registered: 0
    locked_out: 17
coverage_percent:
  description:
    - Percentage of users in scope who have registered enough methods. Null if it is unknown, or no user is in scope.
  returned: success
  type: float
  sample: 87.0
not_registered:
  description: Users in scope who have not registered, at most O(limit). Null if they are unknown.
  returned: success
  type: list
  elements: dict
  contains: &user
    id:
      description: The object ID.
      type: str
    user_principal_name:
      description: The user principal name.
      type: str
    display_name:
      description: The display name.
      type: str
    methods:
      description: The registered methods, in Microsoft Graph's names. Null for a user who is not in the report.
      type: list
      elements: str
not_in_report:
  description: Users in scope who are not in the report yet, at most O(limit). Null if they are unknown.
  returned: success
  type: list
  elements: dict
  contains: *user
admins_not_registered:
  description:
    - Administrators with fewer methods than Microsoft's policy requires, at most O(limit). Null if they are unknown.
  returned: success
  type: list
  elements: dict
  contains: *user
locked_out:
  description: The users who can reset today and would lose that ability under the requested settings or on O(as_of).
  returned: success
  type: dict
  contains:
    asked:
      description: Whether settings, or a date other than today, were requested.
      type: bool
    count:
      description: The number of these users. Null if nothing was requested, or it is unknown.
      type: int
    users:
      description: These users, at most O(limit).
      type: list
      elements: dict
      contains:
        <<: *user
        usable:
          description:
            - The kinds of methods that count today, of C(email), C(mobile_phone), C(office_phone), C(mobile_app) and
              C(security_questions). Null where today's settings are unknown.
          type: list
          elements: str
        left:
          description: The kinds of methods that would still count.
          type: list
          elements: str
  sample:
    asked: true
    count: 1
    users:
      - id: 44444444-4444-4444-8444-444444444444
        user_principal_name: kim@contoso.com
        display_name: Kim Akers
        methods: [mobilePhone]
        usable: [mobile_phone]
        left: [mobile_phone]
unavailable:
  description: What could not be read or is unknown.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: One of C(registrations), C(settings), C(group), C(roles), C(locked_out).
      type: str
    options:
      description: The options that are unknown because of it.
      type: list
      elements: str
    reason:
      description: A kind of error, for example C(license), C(permission), C(portal_credential_missing).
      type: str
    message:
      description: What happened.
      type: str
    hint:
      description: How to fix it.
      type: str
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
        - One of C(credential), C(portal_credential_expired), C(tenant_mismatch), C(permission), C(invalid_setting),
          C(not_found), C(ambiguous), C(throttled), C(unreachable), C(unexpected_document), C(environment), C(internal).
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
from ..module_utils.tasks.registration_info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
