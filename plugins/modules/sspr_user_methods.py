#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Register phone numbers and e-mail addresses for users."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_user_methods
short_description: Register phone numbers and e-mail addresses for users
version_added: 0.1.0
description:
  - Registers phone numbers and e-mail addresses as authentication methods, for one user or for a list, so that people
    can reset their password without having registered by themselves.
  - Each row is read, written where something is missing or differs, and read again. What is not seen afterwards never
    counts as changed. An option that is left out, and an empty cell, is left alone.
  - A row that is wrong, refused or throttled is reported in RV(rows) and does not stop or hide the others. The task
    fails at its end when there are such rows. Running it again writes only what is missing.
  - Numbers in the user object (C(mobilePhone), C(businessPhones), C(otherMails)) are something else. Since November
    2026 they no longer count for self-service password reset, and this module does not touch them.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
options:
  user:
    description:
      - One user, by user principal name or object ID.
      - Exactly one of O(user), O(users) and O(csv) is to be given.
    type: str
  mobile_phone:
    description:
      - The user's mobile phone. A plus sign and the country code, one space, the number in digits.
      - An extension such as C(x123) is accepted, and dropped by the service when it is used for reset.
    type: str
  alternate_mobile_phone:
    description:
      - A second mobile phone, which the service has only beside O(mobile_phone).
      - It serves multifactor authentication only. It is never offered for self-service password reset.
    type: str
  office_phone:
    description:
      - The user's office phone, in the format of O(mobile_phone). It is called, it gets no text message.
      - The office phone of a synchronized user comes from the directory on premises, and the service refuses it here.
    type: str
  email:
    description: An e-mail address that the user can read without the password that is to be reset.
    type: str
  users:
    description:
      - Several users, each in one entry.
    type: list
    elements: dict
    suboptions:
      user:
        description: The user, by user principal name or object ID.
        type: str
        required: true
      mobile_phone:
        description: As O(mobile_phone).
        type: str
      alternate_mobile_phone:
        description: As O(alternate_mobile_phone).
        type: str
      office_phone:
        description: As O(office_phone).
        type: str
      email:
        description: As O(email).
        type: str
  csv:
    description:
      - The text of a spreadsheet saved as CSV. The first line names the columns, C(user) and any of C(mobile_phone),
        C(alternate_mobile_phone), C(office_phone) and C(email). Other columns are not used, and named in a warning.
      - Columns are separated by commas, semicolons or tabs, whichever the first line has.
      - RV(rows[].line) is then the line in that text, as an editor counts them.
    type: str
  state:
    description:
      - V(present) registers what is given, in the place of another number of the same kind.
      - V(absent) removes it. A number or address that is not the given one is left alone, V(any) in its place stands
        for whichever is there. The alternate mobile phone is removed before the mobile phone.
    type: str
    choices: [present, absent]
    default: present
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
    support: partial
    details: Names users and options, not the numbers.
notes:
  - Needs the application permission C(UserAuthenticationMethod.ReadWrite.All), and C(Organization.Read.All). A
    signed-in user needs the role Authentication Administrator, or Privileged Authentication Administrator for
    administrators.
  - Nothing here needs the portal API.
  - To a signed-in Authentication Administrator, numbers are shown masked. Such a number is never overwritten. The row
    has the status V(cannot_compare).
  - Four rows are worked on at a time. Where the service asks to wait, the task waits. Microsoft may allow as few as
    five requests in ten seconds, and a row that is new takes three, so a thousand users may take two hours.
  - The same user in two rows is refused before anything is sent. Name all users in one way, since one who is named once
    by user principal name and once by object ID is not noticed.
  - Numbers added here serve multifactor authentication as well, as any registered method does.
seealso:
  - module: tenantops.entra.sspr_user_info
"""

EXAMPLES = r"""
- name: Register the numbers of a spreadsheet, saved as CSV (user;mobile_phone;email)
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    csv: "{{ lookup('ansible.builtin.file', 'phones.csv') }}"
  register: registered

- name: Show the rows that need a hand
  ansible.builtin.debug:
    msg: "{{ registered.rows | rejectattr('status', 'in', ['ok', 'changed']) }}"

- name: Register a list
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    users:
      - user: adele@contoso.com
        mobile_phone: +1 2065550100
      - user: alex@contoso.com
        email: alex@home.example

- name: Register one user
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
    mobile_phone: +1 2065550100
    office_phone: +1 2065550199

- name: Remove the number of a phone that was lost
  tenantops.entra.sspr_user_methods:
    tenant_id: 11111111-1111-4111-8111-111111111111
    user: adele@contoso.com
    mobile_phone: +1 2065550100
    state: absent
"""

RETURN = r"""
rows:
  description: What became of each row, in the order given.
  returned: when the options could be read
  type: list
  elements: dict
  contains:
    line:
      description: The line of O(csv), or the number of the entry in O(users), from 1.
      type: int
    user:
      description: The user as given.
      type: str
    status:
      description:
        - V(changed); V(ok), it was so already; V(cannot_compare), a number is shown masked and was left alone;
          V(failed), see C(error).
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
      description: The options that were sent and not seen.
      type: list
      elements: str
    error:
      description: Why the row failed, null otherwise. Its keys are those of RV(error).
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
  description: How many rows have each status.
  returned: when the options could be read
  type: dict
  sample: {changed: 990, ok: 0, cannot_compare: 0, failed: 10}
diff:
  description: Users and options that were registered or removed. Numbers are left out.
  returned: when the options could be read
  type: dict
missing_permissions:
  description: The application permissions that are missing for the predicted change.
  returned: in check mode, when something would change
  type: list
  elements: str
  sample: [UserAuthenticationMethod.ReadWrite.All]
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
applied:
  description: Users and options that were written and seen.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: Users and options that were sent and not seen.
  returned: failure
  type: list
  elements: str
error:
  description: What went wrong. Where rows failed, it has the kind of the first of them, and names the first ten.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(tenant_mismatch), C(permission), C(invalid_setting), C(not_found), C(conflict),
          C(throttled), C(unreachable), C(unsupported), C(unexpected_document), C(not_confirmed), C(internal).
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
from ..module_utils.tasks.user_methods import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
