# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the report entry of a tenant whose audit could not start, from the result of its task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._errors import SsprError
from ..module_utils.compliance.audit_entry import AuditEntry

DOCUMENTATION = r"""
name: failed_audit_entry
short_description: Build the report entry of a tenant whose audit could not start
version_added: 0.1.0
description:
  - Builds an entry for M(tenantops.entra.sspr_report) from the result of a task that failed before
    M(tenantops.entra.sspr_audit) could run, for example because of an undefined variable. Otherwise the module writes
    the entry itself.
author:
  - tenantops contributors (@tenantops)
positional: host
options:
  _input:
    description: The result of the failed task.
    type: dict
    required: true
  host:
    description: The name of the tenant in the report.
    type: str
    required: true
seealso:
  - module: tenantops.entra.sspr_audit
"""

EXAMPLES = r"""
- name: Record a task that could not start
  ansible.builtin.copy:
    content: "{{ ansible_failed_result | tenantops.entra.failed_audit_entry(inventory_hostname) | to_json }}"
    dest: "reports/2026-11/entries/{{ inventory_hostname }}.json"
    mode: "0600"
  when: ansible_failed_result.entry is not defined
"""

RETURN = r"""
_value:
  description: The same as RV(tenantops.entra.sspr_audit#module:entry) of a failed task.
  type: dict
"""


def failed_audit_entry(result: Mapping[str, Any], host: str) -> dict[str, Any]:
    """The filter."""
    message = str(result.get("msg") or "the task failed without a message")
    error = result.get("error") or SsprError("invalid_setting", message).as_result()
    return AuditEntry.failed(host, error, result.get("tenant")).as_result()


class FilterModule:
    """The filters that Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"failed_audit_entry": failed_audit_entry}
