#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audit the self-service password reset of one tenant against baselines."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_audit
short_description: Audit the self-service password reset of one tenant against baselines
version_added: 0.1.0
description:
  - Reads the tenant, and returns for each control of the baselines whether it is met, what is expected, what the tenant
    has, and what evidence there is.
  - The options of M(tenantops.entra.sspr_policy) are the settings agreed for the tenant. They are evaluated as a
    baseline of their own, C(wanted).
  - Never writes to a tenant, and sends no more requests than M(tenantops.entra.sspr_info), except for
    O(extra_evidence).
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.attributes
  - tenantops.entra.attributes.action_group
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
      - The baselines to audit against. Each is the name of a built-in one, V(cis_m365_v7), V(cis_azure_v5),
        V(asd_blueprint) or V(microsoft_recommended), or a baseline of your own as a dictionary.
      - The guide C(docs/baselines.md) describes the form, and C(docs/schemas/baseline-1.schema.json) is its schema.
        An error in a baseline is reported with its place before anything is sent.
    type: list
    elements: raw
    default: []
  waivers:
    description:
      - Controls that are accepted as they are, each by a named owner until a date. While a waiver is in force, a
        control that is not met or unknown is V(waived).
      - A waiver that has expired is reported as a finding.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The id of the control with its baseline, for example V(cis_m365_v7:5.2.4.2).
        type: str
        required: true
      reason:
        description: Why it is accepted.
        type: str
        required: true
      owner:
        description: Who accepts it.
        type: str
        required: true
      expires:
        description: The last day on which it counts, for example V(2027-03-31).
        type: str
        required: true
  attestations:
    description:
      - Controls that a person has checked and confirms. An attestation counts until it expires, where the setting
        cannot be read.
      - Where the tenant contradicts it, the control fails, and the contradiction is reported as a finding.
    type: list
    elements: dict
    suboptions:
      control:
        description: The id of the control with its baseline, for example V(cis_m365_v7:5.2.4.2).
        type: str
        required: true
      who:
        description: Who confirms it.
        type: str
        required: true
      when:
        description: The day on which it was checked, for example V(2026-11-24).
        type: str
        required: true
      evidence:
        description: What was seen, or where the evidence is kept.
        type: str
        required: true
      expires:
        description: The last day on which it counts.
        type: str
        required: true
  previous_report:
    description:
      - Path of an earlier C(report.json), or of a file that an earlier audit wrote to O(result_path).
      - For a control that cannot be read today, the earlier result is shown with its date. It does not count today.
    type: path
  as_of:
    description:
      - The date by which waivers and attestations are evaluated, for example V(2027-02-01). Defaults to today (UTC).
    type: str
  extra_evidence:
    description:
      - Whether to read the registration report and Microsoft Secure Score. They show whether every user can reset, and
        how many could.
      - V(auto) reads them where the scope in the policy could not be read. V(always) reads them in any case, for
        RV(entry.coverage), RV(entry.outlook) and contradictions. The report takes one request per 999 users.
    type: str
    choices: [never, auto, always]
    default: auto
  run_host:
    description: The name of the tenant in the report. Defaults to O(tenant_id).
    type: str
  result_path:
    description:
      - A file on the controller to which RV(entry) is written as JSON, whole or not at all, readable by its owner only.
      - It is also written when the task fails, so that the report shows why the tenant could not be audited.
      - It is also written in check mode, because it is not part of the tenant.
    type: path
attributes:
  check_mode:
    details: This module never changes anything in a tenant.
  diff_mode:
    details: Shows the options that the task sets, as they are in the tenant and as requested.
notes:
  - Relative paths are relative to the directory of the playbook.
  - Requires the application permission C(Organization.Read.All) of Microsoft Graph, to identify the tenant.
  - Requires the application permission C(Policy.Read.AuthenticationMethod), to read the methods and which policy the
    tenant uses for them.
  - Requires the application permission C(Policy.Read.All) only if O(admins_can_reset) is set, or a control needs it.
  - Requires the application permission C(AuditLog.Read.All) and Entra ID P1 only for O(extra_evidence). Without them
    the registration report is unavailable.
  - Requires the application permission C(SecurityEvents.Read.All) only for O(extra_evidence). Without it Secure Score
    is unavailable.
  - Requires a portal user with the role C(Security Administrator), C(User Administrator) or
    C(Authentication Policy Administrator). Without a portal credential, settings that exist only in the portal API are
    not verified.
  - Baselines of your own need the Python library jsonschema on the controller.
  - O(allow_sign_in_change) has no effect here.
  - A group that is requested by its display name is compared by its name. Use the object ID where names are not unique.
seealso:
  - module: tenantops.entra.sspr_info
  - module: tenantops.entra.sspr_policy
  - module: tenantops.entra.sspr_report
"""

EXAMPLES = r"""
- name: Audit the tenant against two baselines, and the settings agreed for it
  tenantops.entra.sspr_audit:
    tenant_id: 11111111-1111-4111-8111-111111111111
    baselines: [cis_m365_v7, microsoft_recommended]
    scope: all
    methods_required: 2
    waivers:
      - id: cis_m365_v7:5.2.4.2
        reason: Users register a second method until March
        owner: it@contoso.com
        expires: "2027-03-31"
  register: audit

- name: Show the controls that are not met
  ansible.builtin.debug:
    msg: "{{ audit.entry.controls | selectattr('status', 'eq', 'fail') | map(attribute='id') }}"
"""

RETURN = r"""
entry:
  description: The tenant's entry in a report.
  returned: always
  type: dict
  contains:
    schema:
      description: The version of the report's schema, V(1).
      type: int
    host:
      description: The name of the tenant in the report.
      type: str
    tenant:
      description: The same as RV(tenant).
      type: dict
    run:
      description: V(ok), or V(failed) when the task failed.
      type: str
    error:
      description: The same as RV(error) when the task failed, otherwise null.
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
          description: The number or name of the control in the baseline.
          type: str
        title:
          description: The title of the control.
          type: str
        level:
          description: The level in the benchmark; null when there is none.
          type: str
        settings:
          description: The options that it checks.
          type: list
          elements: str
        expected:
          description: The values that it expects, in words.
          type: str
        actual:
          description: The values that the tenant has, in words.
          type: str
        status:
          description: V(pass), V(fail), V(waived) or V(unknown).
          type: str
        grade:
          description:
            - What the status is based on. V(verified) was read directly from the tenant in this task.
            - V(inferred) follows from the registration report or Secure Score. Only whether every user is enabled can
              be inferred.
            - V(attested) was confirmed by a person.
            - V(last_verified) could not be read. The result of an earlier report is in RV(entry.controls[].last).
            - V(unavailable) could not be read. RV(entry.controls[].reason) has the reason.
          type: str
        reason:
          description: Where it was read, or why it could not be read.
          type: str
        as_of:
          description: When the tenant had this value.
          type: str
        last:
          description: With grade V(last_verified), the earlier C(status), C(actual) and C(as_of); otherwise null.
          type: dict
        fix:
          description: How to fix it.
          type: str
        source:
          description: The source of the recommendation.
          type: str
        link:
          description: The page in the admin center.
          type: str
        waiver:
          description: The waiver that is in force; null when there is none.
          type: dict
        attestation:
          description: The attestation that is in force; null when there is none.
          type: dict
        conflicts:
          description: The ids of controls that no value of a setting can meet together with this one.
          type: list
          elements: str
    findings:
      description: Evidence that contradicts other evidence, and waivers and attestations that do not count.
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
        - The number of users to whom the policy applies (C(in_scope)), who are C(enabled) and C(registered) according
          to the registration report, and who can reset (C(capable)). Administrators and guests are not counted. Null
          without the report.
      type: dict
    outlook:
      description: For each day on which Microsoft retires methods, how many users can no longer reset from then on.
      type: list
      elements: dict
      contains:
        date:
          description: The day.
          type: str
        what:
          description: What changes on that day.
          type: str
        users:
          description: The number of affected users; null when it is unknown.
          type: int
        why_unknown:
          description: Why the number is unknown.
          type: str
    evidence:
      description:
        - What the entry is based on. When it was read (C(at), UTC), with which C(app), the C(request_ids), a digest of
          each document (C(digests)), and the version of each baseline (C(baselines)).
        - C(portal_user) is the signed-in user of the portal API, with C(id), C(user_principal_name) and
          C(display_name); null without a portal credential.
      type: dict
    unavailable:
      description: What could not be read, each with C(what), C(options), C(reason), C(message) and C(hint).
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
    - V(drift) when a control is neither met nor waived, otherwise V(incomplete) when one is unknown or the task failed,
      otherwise V(clean).
  returned: always
  type: str
diff:
  description: The options that the task sets, as far as they could be read.
  returned: success
  type: dict
  contains:
    before:
      description: As they are in the tenant.
      type: dict
    after:
      description: As requested.
      type: dict
manual:
  description: The options that the task sets and that could not be read, by page with its link.
  returned: success
  type: list
  elements: dict
digests:
  description: A SHA-256 digest of each document that was read.
  returned: success
  type: dict
  sample: {sspr_policy: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
# [[[return_values tenant request_ids error]]]
tenant:
  description: The tenant, as it identifies itself.
  returned: when the tenant was identified
  type: dict
  contains:
    id:
      description: The tenant ID.
      type: str
    display_name:
      description: The name of the organization.
      type: str
    default_domain:
      description: The default domain.
      type: str
  sample: {id: 11111111-1111-4111-8111-111111111111, display_name: Contoso, default_domain: contoso.com}
request_ids:
  description: The IDs that the services gave to the requests of this task, in order, for support cases and audit logs.
  returned: always
  type: list
  elements: str
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_expired), C(tenant_mismatch), C(permission), C(license),
          C(invalid_setting), C(throttled), C(unreachable), C(unexpected_document), C(environment), C(internal).
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

from ..module_utils._ansible_module import main
from ..module_utils.tasks.audit import SPEC, execute

if __name__ == "__main__":
    main(execute, SPEC)
