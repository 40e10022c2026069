#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the action plugin of this name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_report
short_description: Write a report of an audit of many tenants
version_added: 0.1.0
description:
  - Merges the entries that M(tenantops.entra.sspr_audit) wrote for each tenant into one report, and compares it with an
    earlier one.
  - Writes C(report.html) to read, C(report.csv) for spreadsheets, C(report.json) for programs and the next report,
    C(report.junit.xml) for pipelines, and a page for each client in C(tenants), into O(output_dir).
  - Each HTML file is self-contained. It loads nothing, works without scripts, and can be printed and sent by email.
  - C(docs/schemas/audit-report-1.schema.json) in this collection describes C(report.json).
  - Runs on the controller only, and sends nothing to any tenant.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.attributes.no_diff
options:
  output_dir:
    description:
      - The directory of the report on the controller. It is created if it does not exist, readable by its owner only.
      - Files of an earlier report are replaced, each as a whole. Pages of tenants that are no longer in the report
        stay, so use a new directory for each report.
    type: path
    required: true
  entries_dir:
    description:
      - The directory with a C(.json) file for each tenant, as M(tenantops.entra.sspr_audit) writes it.
      - A file that is not an entry is ignored with a warning.
    type: path
  merge:
    description:
      - Paths of C(report.json) of other audits, to merge into this report.
      - Where a tenant is in more than one, the entry that was read last counts.
    type: list
    elements: path
    default: []
  hosts:
    description:
      - All tenants that should be in the report. Either a list of inventory names, or a dictionary of inventory names,
        each with the tenant's GUID or domain.
      - Those without an entry are shown as not run.
    type: raw
  previous_report:
    description: Path of an earlier C(report.json), to show what has changed since then.
    type: path
  as_of:
    description:
      - The date of the report, C(YYYY-MM-DD). It decides whether a waiver of the earlier report has expired.
      - Defaults to today (UTC).
    type: str
  generated:
    description:
      - The time at which the report was generated, as it is shown in the report, for example V(2026-11-25T16:00:00Z).
        Defaults to now.
      - With it, the same options and files always give the same report.
    type: str
  title:
    description: The title of the report.
    type: str
    default: SSPR audit
  fail_on:
    description:
      - What RV(verdict) fails for. The task itself does not fail.
      - V(failed) means tenants that could not be audited, V(drift) tenants in state C(drift), V(incomplete) tenants in
        state C(incomplete), which includes those that were not run.
      - Each choice also fails for what the choices before it fail for.
    type: str
    choices: [never, failed, drift, incomplete]
    default: never
  pages:
    description: Whether to write a page for each client, with nothing about any other client.
    type: bool
    default: true
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  check_mode:
    support: partial
    details: The report is also written in check mode, in which audits run. It changes nothing in any tenant.
notes:
  - Relative paths are relative to the directory of the playbook.
  - Always returns C(changed=false), because in an audit C(changed) means drift.
  - In JUnit, a control that fails is a failure. One that is unknown or waived is skipped, with the reason. A tenant
    that could not be audited, or was not run, is an error.
requirements:
  - jsonschema (Python library on the controller)
seealso:
  - module: tenantops.entra.sspr_audit
"""

EXAMPLES = r"""
- name: Write the report of this audit
  tenantops.entra.sspr_report:
    output_dir: reports/2026-11
    entries_dir: reports/2026-11/entries
    hosts: "{{ ansible_play_hosts_all }}"
    previous_report: reports/2026-10/report.json
    fail_on: drift
  delegate_to: localhost
  run_once: true
  register: report

- name: Fail on drift
  ansible.builtin.fail:
    msg: "{{ report.verdict.message }}: {{ report.verdict.tenants | join(', ') }}"
  when: report.verdict.fail
  run_once: true

- name: Merge the reports of two parts of the fleet
  tenantops.entra.sspr_report:
    output_dir: reports/all
    merge:
      - reports/north/report.json
      - reports/south/report.json
    hosts: "{{ groups['clients'] }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
paths:
  description: The files of the report, and the directory of the clients' pages if they were requested.
  returned: success
  type: dict
  sample:
    html: reports/2026-11/report.html
    json: reports/2026-11/report.json
    csv: reports/2026-11/report.csv
    junit: reports/2026-11/report.junit.xml
    tenants: reports/2026-11/tenants
states:
  description: The number of tenants in each state.
  returned: success
  type: dict
  sample: {drift: 61, incomplete: 27, clean: 412}
runs:
  description: The number of tenants that were audited, could not be audited, and were not run.
  returned: success
  type: dict
  sample: {ok: 485, failed: 3, not_run: 12}
since:
  description: How much has changed since O(previous_report); null without one.
  returned: success
  type: dict
  sample:
    new_drift: 2
    fixed: 7
    expired_waivers: 1
    no_longer_known: 0
    new_tenants: 3
    gone_tenants: 0
verdict:
  description: Whether the audit fails according to O(fail_on).
  returned: success
  type: dict
  contains:
    fail:
      description: Whether it fails.
      type: bool
    message:
      description: What it fails for, in numbers.
      type: str
    tenants:
      description: The tenants that it fails for, by inventory name.
      type: list
      elements: str
  sample:
    fail: true
    message: "fail_on is drift: of 500 tenants, 1 could not be audited, 1 with drift"
    tenants: [contoso, fabrikam]
# [[[return_values error]]]
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(invalid_setting), C(not_found), C(not_recorded), C(environment), C(internal).
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
