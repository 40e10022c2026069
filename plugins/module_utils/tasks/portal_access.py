# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to settings that only the portal API has when a task cannot use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._errors import PORTAL, SsprError
from ..connection.options import Connection
from ..services.session import Session
from ..settings.pages import Page, backend_of
from ..settings.tenant_documents import Documents
from .base import Task
from .results import manual_steps

# How to get what only the portal API has
SET_PORTAL_CREDENTIAL = "Set portal_refresh_token or portal_auth_method"


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
        hint=f"{SET_PORTAL_CREDENTIAL}, or change it manually in the admin center. With portal: manual the task "
        "continues without it.",
    )


def leave_manual(
    task: Task, session: Session, documents: Documents, pages: Iterable[Page], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of these settings that only the portal API has, noted as left to do manually."""
    left = {option: value for option, value in settings.items() if backend_of(option, documents.migrated) == PORTAL}
    task.report.leave_manual(manual_steps(pages, left, session.connection.cloud))
    return left


def require_portal(
    task: Task, session: Session, documents: Documents, pages: Iterable[Page], settings: Mapping[str, Any]
) -> None:
    """Without the portal API: note what is left to do manually, and stop unless the task says to continue.

    Raises: SsprError(portal_credential_missing or unsupported).
    """
    if session.portal is not None:
        return
    left = leave_manual(task, session, documents, pages, settings)
    if left and task.params.get("portal") != "manual":
        raise no_portal(session.connection, left)
