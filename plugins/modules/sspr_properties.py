#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set which users can reset their password in Microsoft Entra ID."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_properties
short_description: Set which users can reset their password in Microsoft Entra ID
version_added: 0.1.0
description:
  - Sets the B(Properties) page of self-service password reset (SSPR), which enables SSPR for no users, for the members
    of one group, or for all users.
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.settings
  - tenantops.entra.settings.properties
  - tenantops.entra.run
  - tenantops.entra.attributes
  - tenantops.entra.attributes.action_group
notes:
  - Requires the application permission C(Organization.Read.All) of Microsoft Graph, to identify the tenant.
  - Requires the application permission C(Group.Read.All), only if O(group) is set and not ignored.
  - Requires a portal user with the role C(User Administrator) or C(Authentication Policy Administrator).
seealso:
  - module: tenantops.entra.sspr_group
  - module: tenantops.entra.sspr_info
  - module: tenantops.entra.sspr_policy
"""

EXAMPLES = r"""
- name: Enable self-service password reset for a pilot group
  tenantops.entra.sspr_properties:
    tenant_id: 11111111-1111-4111-8111-111111111111
    expected_domain: contoso.com
    scope: selected
    group: SSPR Pilot

- name: Enable self-service password reset for all users
  tenantops.entra.sspr_properties:
    tenant_id: 11111111-1111-4111-8111-111111111111
    scope: all
"""

RETURN = r"""
# [[[return_values_of_settings]]]
settings:
  description: All options of this module as they are now, or as they would be in check mode. What was not read is null.
  returned: success
  type: dict
  sample: {scope: all, group: null}
previous:
  description: The same as RV(settings), before this task.
  returned: success
  type: dict
  sample: {scope: none, group: null}
diff:
  description: The options that the task sets, before and after.
  returned: success
  type: dict
  contains:
    before:
      description: The values before the task.
      type: dict
    after:
      description: The values after the task, or the predicted values in check mode.
      type: dict
verified:
  description:
    - Whether RV(settings) was read from the tenant after the last write. It is false only in check mode with a change.
  returned: success
  type: bool
backend:
  description:
    - For each option that the task sets, the service that holds it. C(portal) is the portal API, C(graph) is Microsoft
      Graph.
  returned: success
  type: dict
  sample: {scope: portal, group: portal}
digests:
  description:
    - A SHA-256 digest of each document as it was last read. C(sspr_policy) is the SSPR policy, C(methods) the
      authentication methods policy, C(on_premises) the on-premises integration, and C(authorization) the authorization
      policy.
  returned: success
  type: dict
  sample: {sspr_policy: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'}
manual:
  description: What is left to do manually in the Entra admin center, page by page.
  returned: success, and failures that can be resolved manually
  type: list
  elements: dict
  contains:
    page:
      description: The page.
      type: str
    link:
      description: The address of the page.
      type: str
    settings:
      description: The options to set on the page.
      type: dict
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
applied:
  description: Options that were written and confirmed before the task failed.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: Options that were written but not confirmed. It is unknown whether they took effect.
  returned: failure
  type: list
  elements: str
error:
  description: Why the task failed.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_missing), C(portal_credential_expired), C(tenant_mismatch),
          C(permission), C(license), C(invalid_setting), C(unsupported), C(not_found), C(ambiguous), C(conflict),
          C(throttled), C(unreachable), C(unexpected_document), C(not_confirmed), C(not_recorded), C(stopped),
          C(environment), C(internal).
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

from functools import partial

from ..module_utils._ansible_module import main, settings_spec
from ..module_utils.settings.pages import PROPERTIES
from ..module_utils.tasks.configure import configure

PAGES = (PROPERTIES,)
SPEC = settings_spec(*PAGES)
execute = partial(configure, PAGES)

if __name__ == "__main__":
    main(execute, SPEC)
