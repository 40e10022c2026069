#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge one tenant's self-service password reset by baselines, with evidence."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_audit
short_description: Judge one tenant's self-service password reset by baselines, with evidence
version_added: 0.1.0
description:
  - Reads the tenant, and tells for each control of the baselines whether it is met, what was expected, what is there,
    and what that rests on.
  - The options of M(tenantops.entra.sspr_policy) are what the tenant itself shall have. They are judged as a baseline
    of their own, C(wanted).
  - Never writes to a tenant, and sends no more requests than M(tenantops.entra.sspr_info), except for O(signals).
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.settings.properties
  - tenantops.entra.settings.auth_methods
  - tenantops.entra.settings.registration
  - tenantops.entra.settings.notifications
  - tenantops.entra.settings.customization
  - tenantops.entra.settings.on_premises
  - tenantops.entra.settings.admin_policy
options:
  baselines:
    description:
      - What to judge by. A name of a built-in baseline, which is one of V(cis_m365_v7), V(cis_azure_v5),
        V(asd_blueprint), V(microsoft_recommended), or a whole baseline of your own as a dictionary.
      - The guide C(docs/baselines.md) has the form. What is wrong in one is an error that names the place, before
        anything is sent.
    type: list
    elements: raw
    default: []
  waivers:
    description:
      - Controls that somebody answers for. While a waiver is in force, what is not met or not known is V(waived).
      - One that has expired waives nothing any more, and is a finding.
    type: list
    elements: dict
    suboptions:
      control:
        description: The control's ID with its baseline, as in V(cis_m365_v7:5.2.4.2).
        type: str
        required: true
      reason:
        description: Why.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
      expires:
        description: The last day on which it counts, as in V(2027-03-31).
        type: str
        required: true
  attestations:
    description:
      - A person's word that a control is met. It counts where the tenant itself tells nothing, until it expires.
      - Where the tenant tells the contrary, that is a finding, and the control is not met.
    type: list
    elements: dict
    suboptions:
      control:
        description: The control's ID with its baseline, as in V(cis_m365_v7:5.2.4.2).
        type: str
        required: true
      who:
        description: Who says so.
        type: str
        required: true
      when:
        description: The day on which it was looked at, as in V(2026-11-24).
        type: str
        required: true
      evidence:
        description: What was seen, or where it is kept.
        type: str
        required: true
      expires:
        description: The last day on which it counts.
        type: str
        required: true
  previous:
    description:
      - RV(entry) of an earlier audit of this tenant, or a report with it. Where a control cannot be read today, its
        result of then is shown with its date. It never counts as met today.
    type: dict
  previous_path:
    description:
      - A file with the same, as JSON. Wins over O(previous).
    type: path
  as_of:
    description:
      - The day by which waivers and attestations are judged, as in V(2027-02-01). Left out, it is today (UTC).
    type: str
  signals:
    description:
      - Whether to ask for the registration report and for Microsoft Secure Score. They tell whether everybody may
        reset, and how many could.
      - V(auto) asks where the policy itself could not be read. V(always) asks in any case, for RV(entry.coverage),
        RV(entry.outlook) and contradictions. The report has a page for each 999 users.
    type: str
    choices: [never, auto, always]
    default: auto
  host:
    description: The tenant's name in the report. Left out, it is O(tenant_id).
    type: str
  result_path:
    description:
      - A file on the controller to put RV(entry) into, as JSON, whole or not at all, readable by its owner only.
      - It is written in check mode too, since it is no part of the tenant.
    type: path
attributes:
  action_group:
    description: Use C(group/tenantops.entra.entra) in C(module_defaults) to set options for this module.
    support: full
    membership: [tenantops.entra.entra]
  check_mode:
    description: Can run in C(check_mode). This module never changes anything in a tenant.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: full
    details: Shows the options given in the task, as they are and as they are wanted.
notes:
  - Needs the application permission C(Organization.Read.All) of Microsoft Graph, to make sure of the tenant.
  - Needs the application permission C(Policy.Read.AuthenticationMethod), to read the methods and where they live.
  - Needs the application permission C(Policy.Read.All), only where O(admins_can_reset) or a control asks for it.
  - Needs the application permission C(AuditLog.Read.All) and Entra ID P1, only where O(signals) are asked for. Without
    them the registration report is unavailable.
  - Needs the application permission C(SecurityEvents.Read.All), only where O(signals) are asked for. Without it Secure
    Score is unavailable.
  - Needs a portal user with the role C(Security Administrator), C(User Administrator) or
    C(Authentication Policy Administrator). Without a portal credential, what only the portal API has is not verified.
  - O(allow_sign_in_change) has no effect here.
  - A group that is wanted by its display name is compared by it. Give the object ID where names are not unique.
seealso:
  - module: tenantops.entra.sspr_info
  - module: tenantops.entra.sspr_policy
"""

EXAMPLES = r"""
- name: Judge the tenant by two baselines, and by what it shall have
  tenantops.entra.sspr_audit:
    tenant_id: 11111111-1111-4111-8111-111111111111
    baselines: [cis_m365_v7, microsoft_recommended]
    scope: all
    methods_required: 2
    waivers:
      - control: cis_m365_v7:5.2.4.2
        reason: Users register a second method until March
        owner: it@contoso.com
        expires: "2027-03-31"
  register: found

- name: Show what is not met
  ansible.builtin.debug:
    msg: "{{ found.entry.controls | selectattr('status', 'eq', 'fail') | map(attribute='id') }}"
"""

RETURN = r"""
entry:
  description: The tenant's entry of a report.
  returned: success
  type: dict
  contains:
    schema:
      description: The version of this form, V(1).
      type: int
    host:
      description: As given.
      type: str
    tenant:
      description: The same as RV(tenant).
      type: dict
    run:
      description: Always V(ok) here.
      type: str
    error:
      description: Always null here.
      type: dict
    state:
      description: The same as RV(state).
      type: str
    migration_state:
      description: The tenant's C(policyMigrationState).
      type: str
    controls:
      description: Every control that applies to the tenant.
      type: list
      elements: dict
      contains:
        id:
          description: The baseline and the control, as in V(cis_m365_v7:5.2.4.1).
          type: str
        baseline:
          description: The baseline's ID.
          type: str
        control:
          description: The control's number or name in it.
          type: str
        title:
          description: What it asks for.
          type: str
        level:
          description: The benchmark's level, null where it has none.
          type: str
        settings:
          description: The options it looks at.
          type: list
          elements: str
        expected:
          description: What they shall be.
          type: str
        actual:
          description: What they are.
          type: str
        status:
          description: V(pass), V(fail), V(waived) or V(unknown).
          type: str
        grade:
          description:
            - What the status rests on. V(verified) was read from the tenant in this task.
            - V(inferred) follows from the registration report or Secure Score; only O(scope=all) and its contrary can.
            - V(attested) is a person's word.
            - V(last_verified) is no answer for today, an earlier report has one with a date.
            - V(unavailable) is no answer at all, RV(entry.controls[].reason) says why.
          type: str
        reason:
          description: Where this was read, or why it was not.
          type: str
        as_of:
          description: When this was so.
          type: str
        last:
          description: With grade V(last_verified), the earlier C(status), C(actual) and C(as_of).
          type: dict
        fix:
          description: What to do.
          type: str
        source:
          description: Who recommends it.
          type: str
        link:
          description: The page in the admin center.
          type: str
        waiver:
          description: The waiver that is in force.
          type: dict
        attestation:
          description: The attestation that is in force.
          type: dict
        conflicts:
          description: Controls that want the contrary, which no setting can meet together with this one.
          type: list
          elements: str
    findings:
      description: What contradicts each other, what has expired, and what names a control that is not there.
      type: list
      elements: dict
      contains:
        kind:
          description:
            - C(disagreement), C(expired_waiver), C(expired_attestation), C(early_attestation) or C(unknown_control).
          type: str
        message:
          description: What was found.
          type: str
    coverage:
      description:
        - How many users who are no administrators and no guests the policy means (C(in_scope)), the report calls
          C(enabled), have C(registered), and could reset (C(capable)). Null without the registration report.
      type: dict
    outlook:
      description: For each day on which methods end, how many users can reset until then and no longer.
      type: list
      elements: dict
      contains:
        date:
          description: The day.
          type: str
        what:
          description: What ends.
          type: str
        users:
          description: How many users lose their reset, null where it cannot be told.
          type: int
        why_unknown:
          description: Why it cannot be told.
          type: str
    evidence:
      description:
        - When (C(at), UTC), by which C(app) and C(portal_user), the C(request_ids), a digest of each document
          (C(digests)), and the versions of the C(baselines).
      type: dict
    unavailable:
      description: What could not be read, as in M(tenantops.entra.sspr_info).
      type: list
      elements: dict
  sample:
    schema: 1
    host: contoso
    state: drift
    controls:
      - id: cis_m365_v7:5.2.4.1
        expected: "scope: all"
        actual: "scope: selected"
        status: fail
        grade: verified
state:
  description:
    - V(drift) when a control is not met and not waived, else V(incomplete) when one is not known, else V(clean).
  returned: success
  type: str
diff:
  description: The options given in the task, where they could be read.
  returned: success
  type: dict
  contains:
    before:
      description: As they are.
      type: dict
    after:
      description: As they are wanted.
      type: dict
manual:
  description: The options given in the task that could not be read, page by page with its address.
  returned: success
  type: list
  elements: dict
digests:
  description: A SHA-256 of each document that was read, by document.
  returned: success
  type: dict
  sample: {portal: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
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
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_expired), C(tenant_mismatch), C(permission), C(licence),
          C(invalid_setting), C(throttled), C(unreachable), C(unexpected_document), C(internal).
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
from ..module_utils.tasks.audit import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
