#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write one report of an audit over many tenants."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_report
short_description: Write one report of an audit over many tenants
version_added: 0.1.0
description:
  - Joins what an audit has found in each tenant, and writes it into O(directory) as C(report.html) for people,
    C(report.csv) for spreadsheets, C(report.json) for programs and the next report, C(report.junit.xml) for pipelines,
    and a page for each client in C(tenants).
  - Each HTML file stands for itself. It loads nothing, and can be read without scripts, printed, and sent on.
  - C(report.json) is described by C(docs/schemas/audit-report-1.schema.json) in this collection.
  - Works on the controller only, and sends nothing. Needs the Python libraries jinja2, which comes with Ansible, and
    pygal.
  - The files can be read by their owner alone. It is for you to hand them on.
author:
  - tenantops contributors (@tenantops)
options:
  directory:
    description:
      - Where the report is written, on the controller. It is made if there is none, for its owner alone.
      - Files of an earlier report are replaced, each as a whole. Pages of tenants that are no longer in the report are
        left there, so have a directory for each report.
    type: path
    required: true
  entries_dir:
    description:
      - A directory with a C(.json) file for each tenant, as the audit writes them.
      - A file that is no such entry is left out with a warning.
    type: path
  merge:
    description:
      - Paths of C(report.json) of slices of the fleet, to be merged into this report.
      - Where a tenant is in more than one, what was found last counts.
    type: list
    elements: path
    default: []
  hosts:
    description:
      - All tenants that were meant, as a list of inventory names, or as a dictionary of inventory names, each with the
        tenant's GUID or domain.
      - Those that nothing was found of appear as not run.
    type: raw
  previous:
    description: Path of an earlier C(report.json), to tell what is different since then.
    type: path
  as_of:
    description: The date the report is for, C(YYYY-MM-DD). Left out, it is today (UTC).
    type: str
  generated:
    description:
      - The time the report says it was made, ISO 8601. Left out, it is now.
      - All else that is written depends on the other options and files alone.
    type: str
  title:
    description: The report's title.
    type: str
    default: SSPR audit
  fail_on:
    description:
      - When RV(verdict) says that the report is to fail. The module itself does not fail for it.
      - With V(drift), where a tenant is in state C(drift). With V(incomplete), where one is in state C(drift) or
        C(incomplete), so whenever not all are C(clean).
    type: str
    choices: [never, drift, incomplete]
    default: never
  pages:
    description: Whether to write a page for each client, with nothing of another.
    type: bool
    default: true
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the predicted result without changing anything.
    support: partial
    details: The report is written in check mode too, as audits run in it. It is no change in a tenant.
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: none
notes:
  - Never says C(changed), which in an audit stands for drift.
  - In JUnit, a control that fails is a failure, one that is unknown or waived is skipped, with the reason, and a tenant
    that was not read is an error.
"""

EXAMPLES = r"""
- name: Write the report of this audit
  tenantops.entra.sspr_report:
    directory: reports/2026-11
    entries_dir: reports/2026-11/entries
    hosts: "{{ ansible_play_hosts_all }}"
    previous: reports/2026-10/report.json
    fail_on: drift
  delegate_to: localhost
  run_once: true
  register: report

- name: Fail where somebody wants it
  ansible.builtin.fail:
    msg: "{{ report.verdict.message }}"
  when: report.verdict.fail
  run_once: true

- name: Make one report of two slices of the fleet
  tenantops.entra.sspr_report:
    directory: reports/all
    merge:
      - reports/north/report.json
      - reports/south/report.json
    hosts: "{{ groups['clients'] }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
paths:
  description: The files of the report, and the directory of the clients' pages where they were asked for.
  returned: success
  type: dict
  sample:
    html: reports/2026-11/report.html
    json: reports/2026-11/report.json
    csv: reports/2026-11/report.csv
    junit: reports/2026-11/report.junit.xml
    tenants: reports/2026-11/tenants
states:
  description: How many tenants are in each state.
  returned: success
  type: dict
  sample: {drift: 61, incomplete: 27, clean: 412}
runs:
  description: How many tenants were read, could not be read, and were not run.
  returned: success
  type: dict
  sample: {ok: 485, failed: 3, not_run: 12}
since:
  description: How much is different from the report in O(previous); null without one.
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
  description: What follows from O(fail_on).
  returned: success
  type: dict
  contains:
    fail:
      description: Whether the report is to fail.
      type: bool
    message:
      description: Why.
      type: str
  sample: {fail: true, message: "fail_on is drift: 61 in state drift, of 500 tenants."}
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(invalid_setting), C(not_found), C(not_recorded), C(internal).
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

from collections.abc import Mapping
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._ansible_module import main
from ansible_collections.tenantops.entra.plugins.module_utils.report.write import SPEC, write

ARGUMENT_SPEC = SPEC


def run(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:  # noqa: ARG001
    """Write the report, in check mode too."""
    return write(params)


if __name__ == "__main__":
    main(run, ARGUMENT_SPEC)
