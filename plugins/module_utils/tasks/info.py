# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading all pages: what ``sspr_info`` does. Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._errors import SsprError
from .._failures import Result
from ..connection.options import CONNECTION_SPEC, connection
from ..runs.run_record import digests
from ..services.groups import look_up_group
from ..services.session import Session
from ..settings import graph_methods
from ..settings.pages import (
    ALL_PAGES,
    AUTHORIZATION_POLICY,
    ON_PREMISES,
    GroupRef,
    Page,
    nest,
    surprises,
)
from ..settings.tenant_documents import Documents, settings_of
from .base import Task, run_task
from .settings_reader import read_settings

SPEC: Mapping[str, Any] = CONNECTION_SPEC


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Read every page."""
    return run_task(_Info(params))


class _Info(Task):
    async def execute(self) -> Result:
        target = connection(self.params)
        async with self.open_session(target, wants_portal=True) as session:
            reading = await read_settings(session, (ON_PREMISES, AUTHORIZATION_POLICY))
            documents = reading.documents
            self.report.warn(*surprises(documents.sspr_policy))
            values = settings_of(documents, ALL_PAGES)
            result: Result = {
                "changed": False,
                "sspr": {page.name: _page(page, documents, values) for page in ALL_PAGES},
                "settings": nest({**values, "group": await _group_name(session, values["group"])}),
                "unavailable": [entry.as_result() for entry in reading.unavailable],
                "migration_state": documents.migration_state,
                "digests": digests(documents),
                "tenant": session.tenant.as_result(),
                "request_ids": session.request_ids,
            }
            if documents.migrated and documents.methods is not None:
                result["targets"] = graph_methods.targets(documents.methods)
            return result


def _page(page: Page, documents: Documents, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """A page's options; None when nothing of it was read."""
    of_page = {option: values[option] for option in page.options}
    unread = all(documents.get(setting.document) is None for setting in page.settings)
    return None if unread and all(value is None for value in of_page.values()) else nest(of_page)


async def _group_name(session: Session, group: GroupRef | None) -> str | None:
    """What ``sspr_policy`` takes for this group: its name where only one group has it, else its id."""
    if group is None or not group.display_name:
        return group.id if group else None
    try:
        found = await look_up_group(session.graph, group.display_name)
    except SsprError:
        # Several groups have the name, or the app may not look: the id is always right.
        return group.id
    return group.display_name if found and found.id.lower() == group.id.lower() else group.id
