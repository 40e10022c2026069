#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""See why a user can or cannot reset their password."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_user_info
short_description: See why a user can or cannot reset their password
version_added: 0.1.0
description:
  - Looks at everything that decides whether one user can reset their own password. Scope and group, licence, roles,
    what the user has registered and whether it counts under today's policy, and the last attempts in the audit log.
  - What keeps the user from it is in RV(blockers), each with Microsoft's code, what it means here, and the fix.
  - What cannot be read is in RV(unavailable), with the reason. Then RV(capable) is null, unless what is known decides
    it anyway.
  - Never writes.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
options:
  user:
    description: The user, by user principal name or object ID.
    type: str
    required: true
  as_of:
    description:
      - The day to judge by, as C(YYYY-MM-DD). Later than today, it looks ahead to what Microsoft retires until then.
      - Left out, it is today.
    type: str
  since:
    description: Only attempts since this day or moment (UTC), as C(2026-11-25) or C(2026-11-25T08:00:00Z).
    type: str
  events:
    description: How many entries of the audit log to return, from 1 to 100.
    type: int
    default: 10
  telephony_provider:
    description:
      - Whether the tenant has a telephony provider of its own, with which SMS and calls go on after 2027-02-01. No API
        tells.
    type: bool
    default: false
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
notes:
  - Needs the application permissions C(Organization.Read.All) and C(User.Read.All). With each of C(Group.Read.All),
    C(GroupMember.Read.All), C(RoleManagement.Read.Directory), C(UserAuthenticationMethod.Read.All),
    C(AuditLog.Read.All), C(Policy.Read.AuthenticationMethod) and C(Policy.Read.All) it can tell more.
  - Scope, group, number of methods, writeback and notifications come from the portal API, whose user needs the role
    Security Administrator (or User Administrator, Authentication Policy Administrator).
  - The registration report needs Entra ID P1, and lags up to 36 hours. Methods are read from the user, not from the
    report.
  - Whether the user comes through the captcha of the reset page cannot be tried by any tool.
  - Roles that are only eligible (PIM) count when they are active.
seealso:
  - module: tenantops.entra.sspr_user_methods
  - module: tenantops.entra.sspr_info
"""

EXAMPLES = r"""
- name: See why Adele cannot reset her password
  tenantops.entra.sspr_user_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
  register: adele

- name: Show what to do
  ansible.builtin.debug:
    msg: "{{ adele.blockers | map(attribute='fix') }}"

- name: See whether that still holds when SMS has ended
  tenantops.entra.sspr_user_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
    as_of: "2027-02-01"
"""

RETURN = r"""
user:
  description: The user object.
  returned: success
  type: dict
  contains:
    id:
      description: The object ID.
      type: str
    upn:
      description: The user principal name.
      type: str
    display_name:
      description: The display name.
      type: str
    enabled:
      description: Whether sign-in is allowed.
      type: bool
    guest:
      description: Whether it is a guest.
      type: bool
    synced:
      description: Whether the user comes from a directory on premises.
      type: bool
    mail:
      description: The primary address.
      type: str
capable:
  description:
    - Whether the user can reset their password now. Null where that cannot be told. See RV(unavailable), and the
      blockers that are not certain.
  returned: success
  type: bool
blockers:
  description: What keeps the user from it, the most fundamental first.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: The code that Microsoft shows for it, null where it has none.
      type: str
    name:
      description:
        - Microsoft's name of the code. What has no code is V(GuestUser), V(AccountDisabled),
          V(AdministratorsCannotReset), V(TooManyAttempts), V(OnPremisesSuccessCloudFailure).
      type: str
    meaning:
      description: What it means for this user.
      type: str
    fix:
      description: The way out.
      type: str
    certain:
      description: Whether it surely does. A missing licence, and how the last attempt ended, may not.
      type: bool
    source:
      description: The article of Microsoft's documentation.
      type: str
  sample:
    - code: SSPR_0013
      name: UserNotMemberOfScopedAccessGroup
      meaning: Self-service password reset is on for one group, and the user is not in it.
      fix: "Put the user, or a group the user is in, into that group: sspr_pilot with members or groups."
      certain: true
      source: troubleshoot-sspr
problems:
  description:
    - What keeps nobody from resetting and is asked about all the same. V(MenuHidden), V(AdministratorsNotNotified),
      V(NoAddressForNotifications). The keys are those of RV(blockers).
  returned: success
  type: list
  elements: dict
in_scope:
  description: Whether the tenant's own policy is for the user, null where it cannot be told.
  returned: success
  type: bool
through:
  description:
    - With the scope V(selected), the groups by which the user is in it, from the group of the scope to the one that has
      the user as a direct member.
  returned: success
  type: list
  elements: dict
  sample:
    - {id: 33333333-3333-4333-8333-333333333333, display_name: SSPR Pilot}
    - {id: 33333333-3333-4333-8333-333333333334, display_name: Sales}
licensed:
  description: Whether the user has a licence with self-service reset, null where it cannot be told.
  returned: success
  type: bool
administrator:
  description:
    - Whether the user holds a role for which Microsoft's own policy counts instead of the tenant's, directly or through
      a group. Two methods, and no security questions.
  returned: success
  type: bool
roles:
  description: The user's directory roles, by name where it is known, otherwise by template ID.
  returned: success
  type: list
  elements: str
  sample: [Helpdesk Administrator]
methods_required:
  description: How many methods a reset takes for this user.
  returned: success
  type: int
methods:
  description: What the user has registered, in the names of the registration report. Null where it could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    method:
      description: The method.
      type: str
    counts:
      description: Whether it counts for a reset, null where it cannot be told.
      type: bool
    why:
      description: Why it does not.
      type: str
  sample:
    - {method: alternateMobilePhone, counts: false, why: the alternate mobile phone serves MFA only}
    - {method: email, counts: true, why: null}
settings:
  description: The settings that decide, null where they could not be read.
  returned: success
  type: dict
  sample:
    scope: selected
    group: {id: 33333333-3333-4333-8333-333333333333, display_name: SSPR Pilot}
    methods_required: 2
    required_at_sign_in: true
    notify_admins: true
    password_writeback: false
    admins_can_reset: true
events:
  description: The last attempts in the audit log, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    at:
      description: When (ISO 8601, UTC). An entry appears after 5 minutes to an hour.
      type: str
    activity:
      description: What was tried.
      type: str
    result:
      description: How it ended.
      type: str
    reason:
      description: The reason as the log has it.
      type: str
    meaning:
      description: The reason in plain words, where it is a known one.
      type: str
    correlation_id:
      description: What the entries of one attempt have in common.
      type: str
report:
  description: The user's row of the registration report. Null where there is no report.
  returned: success
  type: dict
  contains:
    as_of:
      description: When the report was made, which is not when the user registered.
      type: str
    registered:
      description: Whether it has enough methods.
      type: bool
    enabled:
      description: Whether it has the user in scope.
      type: bool
    capable:
      description: Both.
      type: bool
    methods:
      description: The methods it has.
      type: list
      elements: str
    note:
      description:
        - Says C(report not refreshed yet, as of ...) where it differs from what was found.
      type: str
unavailable:
  description: What could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description:
        - V(groups), V(roles), V(methods), V(licences), V(organization), V(report), V(events), V(through), or settings
          by name.
      type: str
    reason:
      description: A kind of error, as in RV(error).
      type: str
    message:
      description: What happened.
      type: str
    hint:
      description: The way out.
      type: str
as_of:
  description: The day that was judged by.
  returned: success
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
          C(not_found), C(unreachable), C(throttled), C(internal).
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
from ..module_utils.tasks.user_info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
