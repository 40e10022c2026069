#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""See who has registered for self-service password reset, and who would be locked out by a change."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_registration_info
short_description: See who has registered, and who could no longer reset after a change
version_added: 0.1.0
description:
  - Counts from Microsoft's registration report who of those in scope has registered enough methods to reset the
    password, and lists who has not.
  - Given settings, it answers who can reset today and could no longer under them. Ask that before
    O(tenantops.entra.sspr_auth_methods#module:methods_required) goes up or a method goes off.
  - The report lags by up to 36 hours, see RV(as_of) and RV(stale). It needs Entra ID P1 or P2.
  - What cannot be read is null, and listed in RV(unavailable) with the reason and the way out.
  - Never writes.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.settings.info
options:
  scope:
    description: What if this were the scope. Left out, it is the tenant's.
    type: str
    choices: [none, selected, all]
  group:
    description:
      - What if this were the group of O(scope=selected), by display name or object ID. Left out, it is the tenant's.
      - Nested groups count.
    type: str
  methods_required:
    description: What if so many methods were required. Left out, it is the tenant's number.
    type: int
    choices: [1, 2]
  methods:
    description:
      - What if these methods were on or off, as in M(tenantops.entra.sspr_auth_methods). A key that is left out is as
        in the tenant.
    type: dict
    suboptions:
      email:
        description: E-mail one-time passcodes.
        type: bool
      mobile_phone:
        description: A mobile phone. In a migrated tenant V(false) is without voice calls too.
        type: bool
      voice:
        description: Voice calls to a mobile phone. Only in a migrated tenant.
        type: bool
      office_phone:
        description: Voice calls to an office phone.
        type: bool
      mobile_app_notification:
        description: A notification of the Authenticator app.
        type: bool
      mobile_app_code:
        description: A code of the Authenticator app.
        type: bool
      software_oath:
        description: A code of another app. Only in a migrated tenant.
        type: bool
      security_questions:
        description: Security questions.
        type: bool
  at_date:
    description:
      - What if it were this day, V(YYYY-MM-DD). Methods that Microsoft has retired by then do not count.
    type: str
  telephony_provider:
    description:
      - Whether the tenant has a telephony provider of its own, with which SMS and voice calls outlive their retirement.
        No API tells.
    type: bool
    default: false
  exclude:
    description:
      - Accounts that are no people, by user principal name or object ID. For example shared mailboxes, rooms, service
        and break-glass accounts.
      - Guests and disabled accounts never count, and need not be listed.
    type: list
    elements: str
    default: []
  limit:
    description: How many users a list names. Counts are always of all.
    type: int
    default: 100
notes:
  - Needs the application permissions C(Organization.Read.All), C(Policy.Read.AuthenticationMethod), C(User.Read.All)
    and C(AuditLog.Read.All) of Microsoft Graph. Needs C(GroupMember.Read.All) where a group is in scope, and
    C(Group.Read.All) for O(group).
  - With C(RoleManagement.Read.Directory) administrators are counted apart, since they follow Microsoft's own policy.
    Without it they count as users, and RV(unavailable) says so. A role that is only eligible does not count.
  - Without a portal credential the scope and the number are not known. The report's own flags are used instead, and
    RV(unavailable) says so.
  - Office and mobile numbers and alternate addresses in the directory are no registered methods, and never counted. Nor
    is an alternate mobile phone, a passkey, Windows Hello or a Temporary Access Pass.
  - Notification and code of an app are one method.
  - Microsoft allows five requests to the report in ten seconds. The module waits as it is told; 5,000 users take
    six requests.
seealso:
  - module: tenantops.entra.sspr_info
  - module: tenantops.entra.sspr_auth_methods
"""

EXAMPLES = r"""
- name: See who has registered
  tenantops.entra.sspr_registration_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    exclude:
      - reception@contoso.com
  register: found

- name: See who would be locked out by a second method
  tenantops.entra.sspr_registration_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    methods_required: 2
  register: found

- name: Stop when it is anybody, or when it cannot be told
  ansible.builtin.assert:
    that:
      - found.stale is false
      - found.counts.locked_out == 0

- name: See who depends on SMS when Microsoft retires it
  tenantops.entra.sspr_registration_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    at_date: "2027-02-01"
"""

RETURN = r"""
as_of:
  description: When Microsoft made the report (ISO 8601, UTC), null without a report.
  returned: success
  type: str
  sample: "2026-11-25T03:16:01.7292271Z"
stale:
  description:
    - Whether the report is too old to speak of today. It is more than 36 hours old, or older than the last change of
      the policy that is known. Null without a report.
  returned: success
  type: bool
stale_because:
  description: Why it is, otherwise null.
  returned: success
  type: str
settings:
  description: The tenant's own settings that decide, null where they were not read.
  returned: success
  type: dict
  sample:
    scope: all
    group:
    methods_required: 1
    methods: {email: true, mobile_phone: true, security_questions: false}
counts:
  description: How many users, null where it cannot be told.
  returned: success
  type: dict
  contains:
    users:
      description: All user objects of the tenant.
      type: int
    guests:
      description: Guests, who reset at home.
      type: int
    disabled:
      description: Members whose account is disabled, shared mailboxes among them.
      type: int
    excluded:
      description: Those in O(exclude).
      type: int
    admins:
      description: Members under Microsoft's policy for administrators.
      type: int
    in_scope:
      description: Of all others, those whom the tenant lets reset.
      type: int
    enabled:
      description: Of all others, those whom the report calls enabled.
      type: int
    registered:
      description: Of all others, those whom the report calls registered, in scope or not.
      type: int
    capable:
      description: Of all others, those whom the report calls capable, which is both.
      type: int
    not_registered:
      description: In scope, and not registered by the report.
      type: int
    not_in_report:
      description: In scope, and not in the report yet.
      type: int
    directory_data_only:
      description: In scope, with nothing but a number or address in the directory, which does not count any more.
      type: int
    admins_not_registered:
      description: Administrators with less than the two methods that Microsoft's policy asks for.
      type: int
    locked_out:
      description: See RV(locked_out).
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
    - Of a hundred in scope, how many have registered enough. Null when it cannot be told, or nobody is in scope.
  returned: success
  type: float
  sample: 87.0
not_registered:
  description: Who is in scope and not registered, at most O(limit). Null when it cannot be told.
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
      description: What is registered, in the words of Microsoft Graph. Null for who is not in the report.
      type: list
      elements: str
not_in_report:
  description: Who is in scope and not in the report yet, at most O(limit).
  returned: success
  type: list
  elements: dict
  contains: *user
admins_not_registered:
  description: Administrators who have too little for Microsoft's policy, at most O(limit).
  returned: success
  type: list
  elements: dict
  contains: *user
locked_out:
  description:
    - Who can reset today and could no longer under the settings that are asked about, at most O(limit).
    - Null when nothing is asked about, or it cannot be told.
  returned: success
  type: list
  elements: dict
  contains:
    <<: *user
    usable:
      description:
        - What counts today, C(email), C(mobile_phone), C(office_phone), C(mobile_app) or C(security_questions).
          Null where the settings of today are not known.
      type: list
      elements: str
    left:
      description: What would still count.
      type: list
      elements: str
  sample:
    - id: 44444444-4444-4444-8444-444444444444
      user_principal_name: kim@contoso.com
      display_name: Kim Akers
      methods: [mobilePhone]
      usable: [mobile_phone]
      left: [mobile_phone]
unavailable:
  description: What could not be told.
  returned: success
  type: list
  elements: dict
  contains:
    fact:
      description: One of C(registrations), C(settings), C(group), C(roles), C(locked_out).
      type: str
    reason:
      description: A kind of error, for example C(licence), C(permission), C(portal_credential_missing).
      type: str
    message:
      description: What happened.
      type: str
    hint:
      description: The way out.
      type: str
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
        - One of C(credential), C(portal_credential_expired), C(tenant_mismatch), C(permission), C(invalid_setting),
          C(not_found), C(ambiguous), C(throttled), C(unreachable), C(unexpected_document), C(internal).
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
from ..module_utils.tasks.registration_info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
