#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Register phone numbers and email addresses for users."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_user_methods
short_description: Register phone numbers and email addresses for users
version_added: 0.1.0
description:
  - Registers phone numbers and email addresses as authentication methods, for one user or for a list of users, so that
    users can reset their password without registering methods themselves.
  - Each row is read, written where something is missing or different, and read again. A change that is not seen
    afterwards is never reported as changed. An option that is omitted and an empty cell are not changed.
  - A row that is invalid, rejected or throttled is reported in RV(rows), and does not affect the other rows. The task
    fails after the last row if there are such rows. Running it again writes only what is missing.
  - Phone numbers and addresses in the user object (C(mobilePhone), C(businessPhones), C(otherMails)) are not
    authentication methods. Since November 2026 they no longer count for self-service password reset, and this module
    does not change them.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes
  - tenantops.entra.attributes.action_group
options:
  user:
    description:
      - One user, by user principal name or object ID.
      - Exactly one of O(user), O(users) and O(csv) is required.
    type: str
  mobile_phone:
    description:
      - The user's mobile phone, as a plus sign, the country code, one space, and the digits of the number.
      - An extension such as C(x123) is accepted. The service drops it when the number is used for a reset.
    type: str
  alternate_mobile_phone:
    description:
      - A second mobile phone. The service accepts it only together with O(mobile_phone).
      - It is used for multifactor authentication only, and never offered for self-service password reset.
    type: str
  office_phone:
    description:
      - The user's office phone, in the format of O(mobile_phone). It gets calls, but no text messages.
      - The office phone of a synchronized user comes from the on-premises directory. The service rejects it here.
    type: str
  email:
    description: An email address that the user can read without the password that is being reset.
    type: str
  users:
    description:
      - Several users, with one entry each.
    type: list
    elements: dict
    suboptions:
      user:
        description: The user, by user principal name or object ID.
        type: str
        required: true
      mobile_phone:
        description: See O(mobile_phone).
        type: str
      alternate_mobile_phone:
        description: See O(alternate_mobile_phone).
        type: str
      office_phone:
        description: See O(office_phone).
        type: str
      email:
        description: See O(email).
        type: str
  csv:
    description:
      - The text of a CSV file. The first line names the columns, C(user) and any of C(mobile_phone),
        C(alternate_mobile_phone), C(office_phone) and C(email). Other columns are ignored with a warning.
      - Columns are separated by commas, semicolons or tabs. The first line decides which.
      - With it, RV(rows[].line) is the line number in that text.
    type: str
  state:
    description:
      - V(present) registers the given numbers and addresses, and replaces others of the same kind.
      - V(absent) removes them. A number or address that is not the given one is not removed, and V(any) stands for
        whichever is registered. The alternate mobile phone is removed before the mobile phone.
    type: str
    choices: [present, absent]
    default: present
attributes:
  diff_mode:
    support: partial
    details: Shows users and options, but no phone numbers and addresses.
notes:
  - Requires the application permissions C(Organization.Read.All) and C(UserAuthenticationMethod.ReadWrite.All). A
    signed-in user requires the role Authentication Administrator, or Privileged Authentication Administrator for the
    methods of administrators.
  - Does not require a portal user.
  - Numbers are shown masked to a signed-in Authentication Administrator. A masked number is never overwritten. The row
    gets the status V(cannot_compare).
  - Up to four rows are processed at the same time. When the service throttles, the task waits. Microsoft may allow as
    few as five requests in ten seconds and a new row takes three, so a thousand users may take two hours.
  - A user in two rows is rejected before anything is sent. Name all users in the same way, because a user who is named
    once by user principal name and once by object ID is not detected.
  - Methods that are added here also apply to multifactor authentication, like any registered method.
seealso:
  - module: tenantops.entra.sspr_user_info
"""

EXAMPLES = r"""
- name: Register the phone numbers in a CSV file (user;mobile_phone;email)
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    csv: "{{ lookup('ansible.builtin.file', 'phones.csv') }}"
  register: registered

- name: Show the rows that need attention
  ansible.builtin.debug:
    msg: "{{ registered.rows | rejectattr('status', 'in', ['ok', 'changed']) }}"

- name: Register methods for several users
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    users:
      - user: adele@contoso.com
        mobile_phone: +1 2065550100
      - user: alex@contoso.com
        email: alex@home.example

- name: Register methods for one user
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
    mobile_phone: +1 2065550100
    office_phone: +1 2065550199

- name: Remove the number of a lost phone
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
    mobile_phone: +1 2065550100
    state: absent
"""

RETURN = r"""
rows:
  description:
    - The result of each row, in the given order.
    - If rows failed, RV(error) has the kind of the first of them, and its message names the first ten.
  returned: when the options could be read
  type: list
  elements: dict
  contains:
    line:
      description: The line in O(csv), or the number of the entry in O(users), starting at 1.
      type: int
    user:
      description: The user, as named in the task.
      type: str
    status:
      description:
        - V(changed) if something was written. V(ok) if nothing had to be written. V(cannot_compare) if a number is
          shown masked and was not changed. V(failed) if the row failed, see C(error).
      type: str
    changed:
      description: The options that were written and seen afterwards, or would be written in check mode.
      type: list
      elements: str
    not_compared:
      description: The options whose number is shown masked.
      type: list
      elements: str
    unconfirmed:
      description: The options that were sent and not seen afterwards.
      type: list
      elements: str
    error:
      description: Why the row failed, otherwise null. It has the keys of RV(error).
      type: dict
  sample:
    - line: 2
      user: adele@contoso.com
      status: changed
      changed: [mobile_phone]
      not_compared: []
      unconfirmed: []
      error: null
counts:
  description: The number of rows with each status.
  returned: when the options could be read
  type: dict
  sample: {changed: 990, ok: 0, cannot_compare: 0, failed: 10}
diff:
  description: The users, and the options that were registered or removed. Phone numbers and addresses are omitted.
  returned: when the options could be read
  type: dict
missing_permissions:
  description: Application permissions that the change needs and the app's token does not list.
  returned: check mode, when something would be written
  type: list
  elements: str
  sample: [UserAuthenticationMethod.ReadWrite.All]
# [[[return_values tenant request_ids]]]
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
# [[[end]]]
applied:
  description: The users and options that were written and seen afterwards.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: The users and options that were sent and not seen afterwards.
  returned: failure
  type: list
  elements: str
# [[[return_values error]]]
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(tenant_mismatch), C(permission), C(invalid_setting), C(unsupported), C(not_found),
          C(conflict), C(throttled), C(unreachable), C(unexpected_document), C(not_confirmed), C(environment),
          C(internal).
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
from ..module_utils.tasks.user_methods import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
