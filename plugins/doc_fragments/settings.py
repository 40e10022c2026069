# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of each page of the Password reset blade, described once for all modules and for the role."""

from __future__ import annotations


class ModuleDocFragment:
    """``tenantops.entra.settings``: what all modules that set something share. There is one more attribute per page.

    The role's documentation takes the first paragraph of each description (``make generate``).
    """

    DOCUMENTATION = r"""
notes:
  - An option that is omitted or null is not changed in the tenant. A value that is already set is not written again.
  - Every change is read back until the tenant returns it twice in a row. A change that is not seen within
    O(confirm_timeout) seconds fails with the error kind C(not_confirmed). It is not sent again.
options:
  portal:
    description:
      - What to do without a credential for the portal API, when a requested setting only exists there. V(require) fails
        before anything is written. V(manual) applies what Microsoft Graph supports, succeeds, and lists the other
        settings as left to do manually.
      - The list is RV(manual). An expired or rejected credential fails in both cases.
    type: str
    choices: [require, manual]
    default: require
attributes:
  diff_mode:
    details: Shows only the options that the task sets.
"""

    PROPERTIES = r"""
options:
  scope:
    description:
      - Which users can reset their password. Administrators follow a policy of their own.
      - V(selected) requires exactly one group, set in O(group) or already set in the tenant.
    type: str
    choices: [none, selected, all]
  group:
    description:
      - The group whose members can reset with the scope V(selected), by display name or object ID.
      - A GUID is always an object ID. A display name must match exactly one group in the tenant.
      - The group is ignored with a warning while the resulting scope is not V(selected).
      - An empty string clears the group.
    type: str
"""

    AUTH_METHODS = r"""
options:
  methods_required:
    description:
      - How many methods a user needs to reset the password.
      - When it goes from 1 to 2, users with one registered method can no longer reset.
    type: int
    choices: [1, 2]
  methods:
    description:
      - The methods that users can reset with. Keys that are omitted are not changed.
      - In a tenant whose methods are migrated, this is the authentication methods policy of Microsoft Graph, which also
        applies to sign-in. In other tenants it is the legacy policy, which has neither V(voice) nor V(software_oath).
    type: dict
    suboptions:
      email:
        description:
          - A one-time passcode by email.
        type: bool
      mobile_phone:
        description:
          - A mobile phone.
          - In a migrated tenant, V(true) enables text messages (SMS) for reset but not for SMS sign-in, and V(false)
            disables text messages and voice calls.
          - It is returned as null while text messages are off and voice calls are on.
        type: bool
      voice:
        description:
          - Voice calls to a mobile phone. Migrated tenants only.
        type: bool
      office_phone:
        description:
          - Voice calls to an office phone.
          - In a migrated tenant it requires V(voice).
        type: bool
      mobile_app_notification:
        description:
          - Notifications in Microsoft Authenticator.
        type: bool
      mobile_app_code:
        description:
          - Codes from Microsoft Authenticator.
          - In a migrated tenant it requires V(mobile_app_notification).
        type: bool
      software_oath:
        description:
          - Codes from other authenticator apps. Migrated tenants only.
        type: bool
      security_questions:
        description:
          - Security questions, which Microsoft retires in March 2027.
        type: bool
  questions_to_register:
    description:
      - How many security questions a user registers.
      - From 3 to 5.
    type: int
  questions_to_reset:
    description:
      - How many security questions a user answers to reset.
      - From 3 to 5, and not more than O(questions_to_register).
    type: int
  allow_sign_in_change:
    description:
      - Allow changes to how users can sign in, in a tenant whose methods are migrated.
      - Such a change is enabling text messages or voice calls, or disabling any method other than email. By default it
        is rejected before anything is written.
    type: bool
    default: false
"""

    REGISTRATION = r"""
options:
  required_at_sign_in:
    description:
      - Whether users are asked to register their methods when they sign in.
    type: bool
  reconfirm_days:
    description:
      - After how many days users are asked to confirm their methods again. 0 means never.
      - From 0 to 730.
    type: int
"""

    NOTIFICATIONS = r"""
options:
  notify_users:
    description:
      - Whether users get an email when their password is reset.
    type: bool
  notify_admins:
    description:
      - Whether all Global Administrators get an email when another administrator resets their own password.
    type: bool
"""

    ON_PREMISES = r"""
options:
  password_writeback:
    description:
      - Whether passwords that users reset are written back to the on-premises directory.
      - V(true) requires a subscription with Microsoft Entra ID P1 or P2, or Microsoft 365 Business Premium. Without
        one, the task fails before anything is written.
    type: bool
  unlock_without_reset:
    description:
      - Whether users can unlock their on-premises account without resetting the password.
      - It has no effect without O(password_writeback).
    type: bool
"""

    ADMIN_POLICY = r"""
options:
  admins_can_reset:
    description:
      - Whether administrators can reset their own password. It does not apply to other users.
    type: bool
"""

    CUSTOMIZATION = r"""
options:
  helpdesk_link:
    description:
      - Whether the link "Contact your administrator" leads to the helpdesk contact. Otherwise it sends an email to the
        administrators.
      - V(true) requires a contact, set in O(helpdesk_contact) or already set in the tenant.
    type: bool
  helpdesk_contact:
    description:
      - The helpdesk contact, as an email address or as an http(s) URL.
      - An empty string clears the contact.
    type: str
"""
