# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of each page of the Password reset blade, written once for the page's module and for ``sspr_policy``."""

from __future__ import annotations


class ModuleDocFragment:
    """``tenantops.entra.settings``: what all modules that set something share; one attribute more for each page."""

    DOCUMENTATION = r"""
notes:
  - An option that is left out, or null, is left alone in the tenant. Setting what is already set writes nothing.
  - Every change is read back until the tenant shows it twice in a row. A change that is not seen within
    O(confirm_timeout) seconds is reported as RV(ignore:error.kind=not_confirmed), never repeated blindly.
options:
  portal:
    description:
      - What to do when a setting is asked for that only the portal API has, and there is no credential for it.
      - V(require) fails before anything is written.
      - V(manual) applies what Microsoft Graph can, succeeds, and lists the rest in RV(manual).
      - An expired or refused credential fails either way.
    type: str
    choices: [require, manual]
    default: require
  run_path:
    description:
      - The directory of a run, as RV(tenantops.entra.sspr_run#module:path) gives it. The role gives it by itself.
      - Before the tenant's first write its documents are recorded there, and each field before it is written. What
        cannot be recorded is not written.
      - After the first failure of a run nothing more is written in it, whatever the playbook does with the failure.
    type: path
  run_host:
    description: The tenant's name in the ledger of the run. Left out, it is O(tenant_id).
    type: str
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
    support: full
    details: Shows only the options given in the task.
"""

    INFO = r"""
attributes:
  action_group:
    description: Use C(group/tenantops.entra.entra) in C(module_defaults) to set options for this module.
    support: full
    membership: [tenantops.entra.entra]
  check_mode:
    description: Can run in C(check_mode). This module never changes anything.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: N/A
    details: This module never changes anything.
"""

    PROPERTIES = r"""
options:
  scope:
    description:
      - Who can reset their password. Administrators follow another policy.
      - V(selected) needs exactly one group, given in O(group) or already set in the tenant.
    type: str
    choices: [none, selected, all]
  group:
    description:
      - The group of O(scope=selected), by display name or object ID. A GUID is always an object ID.
      - A display name must be that of exactly one group of the tenant.
      - While the resulting scope is not V(selected) the group is ignored, with a warning.
      - An empty string clears it.
    type: str
"""

    AUTH_METHODS = r"""
options:
  methods_required:
    description:
      - How many methods a user needs to reset the password.
      - Going from 1 to 2 stops users with one registered method from resetting.
    type: int
    choices: [1, 2]
  methods:
    description:
      - The methods users may reset with. Each key stands alone; a key that is left out is left alone.
      - In a tenant whose methods are migrated this is the authentication methods policy of Microsoft Graph, which
        sign-in shares. Otherwise it is the legacy policy, which has no V(voice) and no V(software_oath).
    type: dict
    suboptions:
      email:
        description:
          - E-mail one-time passcodes.
        type: bool
      mobile_phone:
        description:
          - A mobile phone. In a migrated tenant V(true) switches SMS on, for reset and not for SMS sign-in, and
            V(false) switches SMS and voice calls off.
          - It is reported as null where SMS is off while voice is on.
        type: bool
      voice:
        description:
          - Voice calls to a mobile phone. Migrated tenants only.
        type: bool
      office_phone:
        description:
          - Voice calls to an office phone. In a migrated tenant this needs V(voice).
        type: bool
      mobile_app_notification:
        description:
          - Notifications in Microsoft Authenticator.
        type: bool
      mobile_app_code:
        description:
          - Codes in Microsoft Authenticator. In a migrated tenant this needs V(mobile_app_notification).
        type: bool
      software_oath:
        description:
          - Codes of other authenticator apps. Migrated tenants only.
        type: bool
      security_questions:
        description:
          - Security questions, which Microsoft retires in March 2027.
        type: bool
  questions_to_register:
    description:
      - How many security questions a user registers, 3 to 5.
    type: int
  questions_to_reset:
    description:
      - How many security questions a user answers to reset, 3 to 5, at most O(questions_to_register).
    type: int
  allow_sign_in_change:
    description:
      - Allow what changes how people can sign in, in a migrated tenant. That is SMS or voice switched on, or any
        method but e-mail switched off.
      - Without it such a change is refused before anything is written.
    type: bool
    default: false
"""

    REGISTRATION = r"""
options:
  required_at_sign_in:
    description:
      - Whether users are asked to register when they sign in.
    type: bool
  reconfirm_days:
    description:
      - Days until users are asked to confirm what they registered, 0 to 730. 0 means never.
    type: int
"""

    NOTIFICATIONS = r"""
options:
  notify_users:
    description:
      - Whether users get a mail when their password is reset.
    type: bool
  notify_admins:
    description:
      - Whether all Global Administrators get a mail when another administrator resets their own password.
    type: bool
"""

    ON_PREMISES = r"""
options:
  password_writeback:
    description:
      - Whether passwords that users reset are written back to the organization's own directory.
      - V(true) needs a subscription with Entra ID P1 or P2, or Microsoft 365 Business Premium. Without one it is
        refused before anything is written.
    type: bool
  unlock_without_reset:
    description:
      - Whether users can unlock their on-premises account without resetting the password. Without O(password_writeback)
        it has no effect.
    type: bool
"""

    ADMIN_POLICY = r"""
options:
  admins_can_reset:
    description:
      - Whether administrators can reset their own password. It is about administrators alone.
    type: bool
"""

    CUSTOMIZATION = r"""
options:
  helpdesk_link:
    description:
      - Whether the "contact your administrator" link leads to O(helpdesk_contact) instead of mailing the
        administrators.
      - V(true) needs a contact, given here or already set in the tenant.
    type: bool
  helpdesk_contact:
    description:
      - A bare e-mail address, or an http(s) URL. An empty string clears it.
    type: str
"""
