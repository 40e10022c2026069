#!/usr/bin/python
# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the helpdesk link of self-service password reset in Microsoft Entra ID."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sspr_customization
short_description: Set the helpdesk link of self-service password reset in Microsoft Entra ID
version_added: 0.1.0
description:
  - Sets the B(Customization) page of self-service password reset (SSPR).
author:
  - tenantops contributors (@tenantops)
extends_documentation_fragment:
  - tenantops.entra.connection
  - tenantops.entra.settings
  - tenantops.entra.settings.customization
notes:
  - Needs the application permission C(Organization.Read.All) of Microsoft Graph, to make sure of the tenant.
  - Needs a portal user with the role C(Authentication Policy Administrator).
seealso:
  - module: tenantops.entra.sspr_info
  - module: tenantops.entra.sspr_policy
"""

EXAMPLES = r"""
- name: Lead users to the helpdesk
  tenantops.entra.sspr_customization:
    tenant_id: 11111111-1111-4111-8111-111111111111
    helpdesk_link: true
    helpdesk_contact: https://support.contoso.com

- name: Let the administrators be mailed again, and forget the contact
  tenantops.entra.sspr_customization:
    tenant_id: 11111111-1111-4111-8111-111111111111
    helpdesk_link: false
    helpdesk_contact: ""
"""

RETURN = r"""
diff:
  description: The options given in the task, before and after, in option names.
  returned: success
  type: dict
  contains:
    before:
      description: As they were.
      type: dict
    after:
      description: As they are, or would be in check mode.
      type: dict
settings:
  description: All options of this module as they are now, or would be in check mode. Null where it was not read.
  returned: success
  type: dict
  sample: {helpdesk_link: true, helpdesk_contact: 'https://support.contoso.com'}
previous:
  description: The same as RV(settings), as it was before this task.
  returned: success
  type: dict
  sample: {helpdesk_link: false, helpdesk_contact: ''}
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
backend:
  description: For each option given, whether C(portal) (the portal API) or C(graph) (Microsoft Graph) holds it.
  returned: success
  type: dict
  sample: {helpdesk_link: portal, helpdesk_contact: portal}
verified:
  description:
    - Whether RV(settings) was read from the tenant after the last write. False only in check mode with a change.
  returned: success
  type: bool
digests:
  description:
    - A SHA-256 of each document as it was read last. C(portal) is the SSPR policy,
      C(methods) the authentication methods policy.
  returned: success
  type: dict
  sample: {portal: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
manual:
  description: What is left to do by hand in the admin center, page by page.
  returned: success, and on failures that can be solved by hand
  type: list
  elements: dict
  contains:
    page:
      description: The page.
      type: str
    link:
      description: Its address in the Entra admin center.
      type: str
    settings:
      description: The options to set there.
      type: dict
request_ids:
  description: The services' ids of this task's requests, in order, for support cases and audit logs.
  returned: always
  type: list
  elements: str
applied:
  description: Options that were written and confirmed before the task failed.
  returned: failure
  type: list
  elements: str
unconfirmed:
  description: Options that were written, and of which it is not known whether they took effect.
  returned: failure
  type: list
  elements: str
error:
  description: What went wrong.
  returned: failure
  type: dict
  contains:
    kind:
      description:
        - One of C(credential), C(portal_credential_missing), C(portal_credential_expired), C(tenant_mismatch),
          C(permission), C(licence), C(invalid_setting), C(unsupported), C(not_found), C(ambiguous), C(conflict),
          C(throttled), C(unreachable), C(unexpected_document), C(not_confirmed), C(not_recorded), C(stopped),
          C(internal).
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

from functools import partial

from ..module_utils._ansible_module import main, settings_spec
from ..module_utils.settings.pages import CUSTOMIZATION
from ..module_utils.tasks.configure import configure

PAGES = (CUSTOMIZATION,)
SPEC = settings_spec(*PAGES)
execute = partial(configure, PAGES)

if __name__ == "__main__":
    main(execute, SPEC)
