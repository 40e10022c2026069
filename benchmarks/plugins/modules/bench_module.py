# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates one option and does nothing: the minimum cost of a module in a separate process."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

if __name__ == "__main__":
    AnsibleModule({"tenant_id": {"type": "str", "required": True}}, supports_check_mode=True).exit_json(changed=False)
