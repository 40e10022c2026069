# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading all pages: what ``sspr_info`` does. Never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._errors import PORTAL, UNREADABLE, SsprError, Unavailable
from ..connection.cloud import Cloud
from ..connection.options import CONNECTION_SPEC, Connection, connection
from ..runs.run_record import digests
from ..services.groups import look_up_group
from ..services.session import Session
from ..settings import graph_methods
from ..settings.pages import (
    ALL_PAGES,
    AUTH_METHODS,
    AUTHORIZATION_POLICY,
    METHODS_POLICY,
    ON_PREMISES,
    PLANE_OF,
    SSPR_POLICY,
    DocumentName,
    GroupRef,
    Page,
    document_of,
    nest,
    surprises,
)
from ..settings.tenant_documents import Documents, misfits, settings_of
from .base import Result, Task, run_task
from .document_reader import DocumentReader
from .portal_access import no_portal

SPEC: Mapping[str, Any] = CONNECTION_SPEC

# Options that a tenant has only after the migration of its methods
MIGRATED_ONLY = ("methods.voice", "methods.software_oath")


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Read every page."""
    return run_task(_Info(params))


class _Info(Task):
    async def execute(self) -> Result:
        target = connection(self.params)
        async with self.open_session(target, wants_portal=True) as session:
            reader = DocumentReader(session)
            documents, errors = await read_tolerantly(reader, (ON_PREMISES, AUTHORIZATION_POLICY), Documents())
            documents = await reader.read_all((METHODS_POLICY, SSPR_POLICY), documents)
            self.report.warn(*surprises(documents.sspr_policy))
            values = settings_of(documents, ALL_PAGES)
            result: Result = {
                "changed": False,
                "sspr": {page.name: _page(page, documents, values) for page in ALL_PAGES},
                "settings": nest({**values, "group": await _group_name(session, values["group"])}),
                "unavailable": [entry.as_result() for entry in unavailable(documents, target, errors)],
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


async def read_tolerantly(
    reader: DocumentReader, names: tuple[DocumentName, ...], documents: Documents
) -> tuple[Documents, dict[DocumentName, SsprError]]:
    """Documents of which each may be unreadable: those that could be read, and why the others could not."""
    errors: dict[DocumentName, SsprError] = {}
    for name in names:
        documents, error = await _read_tolerantly(reader, name, documents)
        if error is not None:
            errors[name] = error
    return documents, errors


async def _read_tolerantly(
    reader: DocumentReader, name: DocumentName, documents: Documents
) -> tuple[Documents, SsprError | None]:
    try:
        return await reader.read_settled(name, documents), None
    except SsprError as exc:
        if exc.kind not in UNREADABLE:
            raise
        return documents, exc


def unavailable(
    documents: Documents, target: Connection, errors: Mapping[DocumentName, SsprError]
) -> list[Unavailable]:
    """Every option that could not be read, by page, with why and how to see it in the admin center."""
    return [
        entry
        for page in ALL_PAGES
        for entry in (
            *_unreadable(page, documents, target.cloud, errors),
            *_without_portal(page, documents, target),
            *_misfitting(page, documents, target.cloud),
            *_before_migration(page, documents),
            *_ambiguous_phone(page, documents),
        )
        if entry.options
    ]


def _see(page: Page, cloud: Cloud) -> str:
    return f"See {page.link(cloud.admin_center)}."


def _unreadable(
    page: Page, documents: Documents, cloud: Cloud, errors: Mapping[DocumentName, SsprError]
) -> Iterator[Unavailable]:
    for name, error in errors.items():
        options = tuple(option for option in page.options if document_of(option, documents.migrated) == name)
        hint = " ".join(filter(None, (error.hint, _see(page, cloud))))
        yield Unavailable(page.name, error.kind, error.message, hint, options)


def _without_portal(page: Page, documents: Documents, target: Connection) -> Iterator[Unavailable]:
    if documents.sspr_policy is None:
        missing = no_portal(target)
        options = (o for o in page.options if PLANE_OF[document_of(o, documents.migrated)] == PORTAL)
        yield Unavailable(page.name, missing.kind, missing.message, _see(page, target.cloud), tuple(options))


def _misfitting(page: Page, documents: Documents, cloud: Cloud) -> Iterator[Unavailable]:
    if documents.sspr_policy is not None:
        options = tuple(misfits(documents, page.options))
        message = "the service's document is not in the format that this version knows"
        yield Unavailable(page.name, "unexpected_document", message, _see(page, cloud), options)


def _before_migration(page: Page, documents: Documents) -> Iterator[Unavailable]:
    if documents.sspr_policy is not None and documents.migrated is False:
        options = tuple(option for option in MIGRATED_ONLY if option in page.options)
        message = "not available until the tenant's methods are migrated to the authentication methods policy"
        yield Unavailable(page.name, "unsupported", message, "Migrate the tenant to use them.", options)


def _ambiguous_phone(page: Page, documents: Documents) -> Iterator[Unavailable]:
    option = "methods.mobile_phone"
    if page != AUTH_METHODS or not documents.migrated or documents.methods is None:
        return
    if graph_methods.read(documents.methods)[option] is None and not graph_methods.misfit(option, documents.methods):
        message = "text messages are off and voice calls are on, so it is neither on nor off"
        yield Unavailable(page.name, "ambiguous", message, "Set mobile_phone and voice.", (option,))
