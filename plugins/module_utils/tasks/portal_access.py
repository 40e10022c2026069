# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to say when a setting needs the portal API and there is no way to it."""

from __future__ import annotations

from collections.abc import Iterable

from .._errors import PORTAL, SsprError
from ..connection.options import Connection


def no_portal(connection: Connection, options: Iterable[str] = ()) -> SsprError:
    """The error for options that only the portal API has."""
    what = "".join(f"{', '.join(names)}: " for names in [list(options)] if names)
    if not connection.cloud.has_portal:
        return SsprError(
            "unsupported",
            f"{what}no portal API is known for the cloud {connection.cloud.name}",
            plane=PORTAL,
            hint="Change it manually in the admin center.",
        )
    return SsprError(
        "portal_credential_missing",
        f"{what}Microsoft Graph has no API for this, and no credential for the portal API is set",
        plane=PORTAL,
        hint="Set portal_refresh_token or portal_auth_method, or change it manually in the admin center. With "
        "portal: manual the task continues without it.",
    )
