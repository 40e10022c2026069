#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Report why a user can or cannot reset their password."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_user_info
short_description: Report why a user can or cannot reset their password
version_added: 0.1.0
description:
  - Checks everything that decides whether one user can reset their own password. Scope and group, license, roles, the
    registered methods and whether they count under today's policy, and the last attempts in the audit log.
  - What prevents a reset is in RV(blockers), each with Microsoft's code, what it means for this user, and how to fix
    it.
  - What cannot be read is in RV(unavailable) with the reason. RV(capable) is then null, unless the other facts are
    enough to decide it.
  - Never writes to the tenant.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes.read_only
  - tenantops.entra.attributes.action_group
options:
  user:
    description: The user, by user principal name or object ID.
    type: str
    required: true
  as_of:
    description:
      - The date to evaluate, C(YYYY-MM-DD). Set a later date to look ahead to what Microsoft retires by then.
      - Defaults to today (UTC).
    type: str
  since:
    description: Only attempts since this date or timestamp (UTC), for example C(2026-11-25) or C(2026-11-25T08:00:00Z).
    type: str
  events:
    description: How many entries of the audit log to return, from 1 to 100.
    type: int
    default: 10
  telephony_provider:
    description:
      - Whether the tenant has its own telephony provider, which keeps text messages and voice calls after Microsoft
        ends them. No API reports it.
    type: bool
    default: false
notes:
  - Requires the application permissions C(Organization.Read.All) and C(User.Read.All). It reports more with each of
    C(Group.Read.All), C(GroupMember.Read.All), C(RoleManagement.Read.Directory),
    C(UserAuthenticationMethod.Read.All), C(AuditLog.Read.All), C(Policy.Read.AuthenticationMethod) and
    C(Policy.Read.All).
  - Scope, group, number of methods, writeback and notifications come from the portal API. They require a portal user
    with the role C(Security Administrator), C(User Administrator) or C(Authentication Policy Administrator).
  - The registration report requires Entra ID P1, and lags by up to 36 hours. Methods are read from the user, not from
    the report.
  - The reset page has a captcha, so no tool can test a complete reset.
  - A role that is only eligible (PIM) counts only while it is active.
seealso:
  - module: tenantops.entra.sspr_user_methods
  - module: tenantops.entra.sspr_info
"""

EXAMPLES = r"""
- name: Report why Adele cannot reset her password
  tenantops.entra.sspr_user_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
  register: adele

- name: Show how to fix it
  ansible.builtin.debug:
    msg: "{{ adele.blockers | map(attribute='fix') }}"

- name: Check whether she can still reset after Microsoft has ended text messages
  tenantops.entra.sspr_user_info:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
    as_of: "2027-02-01"
"""

RETURN = r"""
user:
  description: The user.
  returned: success
  type: dict
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
    enabled:
      description: Whether sign-in is allowed.
      type: bool
    guest:
      description: Whether the user is a guest.
      type: bool
    synced:
      description: Whether the user is synchronized from an on-premises directory.
      type: bool
    mail:
      description: The primary email address.
      type: str
  sample:
    id: 44444444-4444-4444-8444-444444444444
    user_principal_name: adele@contoso.com
    display_name: Adele Vance
    enabled: true
    guest: false
    synced: false
    mail: adele@contoso.com
capable:
  description:
    - Whether the user can reset their password. Null if it is unknown, see RV(unavailable) and the blockers that are
      not certain.
  returned: success
  type: bool
blockers:
  description: What prevents a reset, the most fundamental first.
  returned: success
  type: list
  elements: dict
  contains: &cause
    code:
      description: The code that Microsoft shows for it, null if it has none.
      type: str
    name:
      description:
        - Microsoft's name for the code. Without a code it is V(GuestUser), V(AccountDisabled),
          V(AdministratorsCannotReset), V(TooManyAttempts) or V(OnPremisesSuccessCloudFailure).
      type: str
    meaning:
      description: What it means for this user.
      type: str
    fix:
      description: How to fix it.
      type: str
    certain:
      description:
        - Whether it certainly prevents a reset. A missing license and the outcome of the last attempt may not prevent
          one.
      type: bool
    source:
      description: The page of Microsoft's documentation.
      type: str
  sample:
    - code: SSPR_0013
      name: UserNotMemberOfScopedAccessGroup
      meaning: Self-service password reset is enabled for one group, and the user is not in it.
      fix: Add the user, or a group that contains the user, to that group with sspr_group.
      certain: true
      source: troubleshoot-sspr
problems:
  description:
    - What is often reported as a problem, but does not prevent a reset. V(MenuHidden), V(AdministratorsNotNotified)
      or V(NoAddressForNotifications).
  returned: success
  type: list
  elements: dict
  contains: *cause
in_scope:
  description: Whether the user is in the scope of the tenant's own policy, null if it is unknown.
  returned: success
  type: bool
through:
  description:
    - With the scope V(selected), the groups through which the user is in scope, from the group of the scope to the one
      that has the user as a direct member. Empty with the scope V(all). Null if the user is not in scope, or if that is
      unknown.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The object ID of the group.
      type: str
    display_name:
      description: The display name of the group.
      type: str
  sample:
    - {id: 33333333-3333-4333-8333-333333333333, display_name: SSPR Pilot}
    - {id: 33333333-3333-4333-8333-333333333334, display_name: Sales}
licensed:
  description: Whether the user has a license that includes self-service password reset, null if it is unknown.
  returned: success
  type: bool
administrator:
  description:
    - Whether the user has a role, directly or through a group, for which Microsoft's own policy applies instead of the
      tenant's. It requires two methods and does not accept security questions. Null if it is unknown.
  returned: success
  type: bool
roles:
  description: The user's directory roles, by name where it is known, else by template ID. Null if they are unknown.
  returned: success
  type: list
  elements: str
  sample: [Helpdesk Administrator]
methods_required:
  description: How many methods a reset takes for this user, null if it is unknown.
  returned: success
  type: int
methods:
  description: The methods that the user has registered. Null if they could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    method:
      description: The method, in the names of the registration report.
      type: str
    counts:
      description: Whether it counts for a reset, null if it is unknown.
      type: bool
    why:
      description: Why it does not count.
      type: str
  sample:
    - {method: alternateMobilePhone, counts: false, why: the alternate mobile phone is used for MFA only}
    - {method: email, counts: true, why: null}
settings:
  description: The settings that matter, null where they could not be read.
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
      description: When it happened (ISO 8601, UTC). An entry appears after 5 minutes to an hour.
      type: str
    activity:
      description: What the user tried.
      type: str
    result:
      description: How it ended.
      type: str
    reason:
      description: The reason as the audit log has it.
      type: str
    meaning:
      description: The reason in plain English, null if it is not a known one.
      type: str
    correlation_id:
      description: The correlation ID, which all entries of one attempt share.
      type: str
report:
  description: The user's row of the registration report. Null if the report could not be read.
  returned: success
  type: dict
  contains:
    as_of:
      description: When the report was made, which is not when the user registered.
      type: str
    registered:
      description: Whether the report has the user as registered with enough methods.
      type: bool
    enabled:
      description: Whether the report has the user in scope.
      type: bool
    capable:
      description: Whether the report has the user as both enabled and registered.
      type: bool
    methods:
      description: The registered methods in the report.
      type: list
      elements: str
    note:
      description:
        - C(report not refreshed yet, as of ...) when the report differs from RV(capable), or why the user is not in it.
          Otherwise null.
      type: str
unavailable:
  description: What could not be read.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description:
        - One of V(settings), V(groups), V(roles), V(methods), V(licenses), V(report), V(events), V(through).
      type: str
    options:
      description: With V(settings), the options that are unknown because of it.
      type: list
      elements: str
    reason:
      description: A kind of error, as in RV(error.kind).
      type: str
    message:
      description: What happened.
      type: str
    hint:
      description: How to fix it.
      type: str
as_of:
  description: The date that was evaluated.
  returned: success
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
          C(not_found), C(throttled), C(unreachable), C(environment), C(internal).
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
from ..module_utils.tasks.user_info import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
