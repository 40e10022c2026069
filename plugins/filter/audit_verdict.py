# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decide whether an audit of many tenants fails, from the results of its tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils.compliance.fail_on import FAIL_ON, Outcome, verdict

DOCUMENTATION = r"""
name: audit_verdict
short_description: Decide whether an audit of many tenants fails
version_added: 0.1.0
description:
  - Applies the choices of O(tenantops.entra.sspr_report#module:fail_on) to the results of
    M(tenantops.entra.sspr_audit). Use it when no report is written.
author:
  - tenantops contributors (@tenantops)
positional: fail_on
options:
  _input:
    description: Results of M(tenantops.entra.sspr_audit), by inventory name. A failed result counts as failed.
    type: dict
    required: true
  fail_on:
    description: What the audit fails for. Each choice also fails for what the choices before it fail for.
    type: str
    choices: [never, failed, drift, incomplete]
    required: true
seealso:
  - module: tenantops.entra.sspr_report
"""

EXAMPLES = r"""
- name: Fail on drift
  ansible.builtin.assert:
    that: not verdict.fail
    fail_msg: "{{ verdict.message }}: {{ verdict.tenants | join(', ') }}"
  vars:
    results: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'audit'))) }}"
    verdict: "{{ results | tenantops.entra.audit_verdict('drift') }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The same as RV(tenantops.entra.sspr_report#module:verdict).
  type: dict
"""


def audit_verdict(results: Mapping[str, Mapping[str, Any]], fail_on: str) -> dict[str, Any]:
    """The filter. Raises: AnsibleFilterError."""
    choice = next((known for known in FAIL_ON if known == fail_on), None)
    if choice is None:
        raise AnsibleFilterError(f"fail_on: {fail_on!r} is not one of {', '.join(FAIL_ON)}")
    return verdict({host: _outcome(result) for host, result in results.items()}, choice).as_result()


def _outcome(result: Mapping[str, Any]) -> Outcome:
    return Outcome("failed", "incomplete") if result.get("failed") else Outcome("ok", result["state"])


class FilterModule:
    """The filters that Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_verdict": audit_verdict}
