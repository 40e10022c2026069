# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directory roles by template id and by name, from ``data.directory_roles``."""

from __future__ import annotations

from collections.abc import Mapping

from ..data.directory_roles import ADMIN_POLICY_ROLES, OTHER_ROLES

_BY_NAME: Mapping[str, str] = {
    name: template
    for roles in (OTHER_ROLES, ADMIN_POLICY_ROLES)
    for name, template in roles["roles"].items()
    if template
}

# Template ids of the roles under Microsoft's own policy for administrators
ADMIN_ROLES = frozenset(template for template in ADMIN_POLICY_ROLES["roles"].values() if template)
GLOBAL_ADMINISTRATOR = _BY_NAME["Global Administrator"]
DIRECTORY_SYNCHRONIZATION = _BY_NAME["Directory Synchronization Accounts"]
AUTHENTICATION_POLICY_ADMINISTRATOR = _BY_NAME["Authentication Policy Administrator"]
USER_ADMINISTRATOR = _BY_NAME["User Administrator"]
HYBRID_IDENTITY_ADMINISTRATOR = _BY_NAME["Hybrid Identity Administrator"]
SECURITY_ADMINISTRATOR = _BY_NAME["Security Administrator"]

# The roles of a portal user that may write everything in the SSPR policy, and those that may read it
SSPR_POLICY_WRITERS = frozenset({GLOBAL_ADMINISTRATOR, AUTHENTICATION_POLICY_ADMINISTRATOR})
SSPR_POLICY_READERS = SSPR_POLICY_WRITERS | {SECURITY_ADMINISTRATOR, USER_ADMINISTRATOR}

ROLE_NAMES: Mapping[str, str] = {template: name for name, template in _BY_NAME.items()}
