# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attributes of modules: how they behave in check mode and diff mode, and their action group."""

from __future__ import annotations


class ModuleDocFragment:
    """``tenantops.entra.attributes`` is for modules that write and return a diff."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
"""

    NO_DIFF = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
"""

    READ_ONLY = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details: This module does not modify the tenant.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: N/A
    details: This module does not modify the tenant.
"""

    ACTION_GROUP = r"""
attributes:
  action_group:
    description: Use C(group/tenantops.entra.entra) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - tenantops.entra.entra
"""
