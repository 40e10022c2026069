# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the settings of all pages, with the reason for each option that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .._errors import PORTAL, UNREADABLE, Unavailable
from ..connection.cloud import Cloud
from ..connection.options import Connection
from ..services.session import Session
from ..settings import graph_methods
from ..settings.pages import (
    ALL_PAGES,
    AUTH_METHODS,
    METHODS_POLICY,
    MIGRATED_ONLY,
    SSPR_POLICY,
    DocumentName,
    Page,
    backend_of,
    document_of,
)
from ..settings.tenant_documents import Documents, misfits
from .document_reader import DocumentReader
from .facts import FactReader
from .portal_access import no_portal


@dataclass(frozen=True)
class SettingsReading:
    """What was read of a tenant, and every option that could not be read, by page."""

    documents: Documents
    unavailable: list[Unavailable]


async def read_settings(session: Session, others: Iterable[DocumentName]) -> SettingsReading:
    """The two policies, and of these other documents those that can be read. Raises: SsprError."""
    reader, facts = DocumentReader(session), FactReader(UNREADABLE)
    documents = Documents()
    for name in others:
        found = await facts.read(name, reader.read_settled(name, documents))
        documents = found.value or documents
    documents = await reader.read_all((METHODS_POLICY, SSPR_POLICY), documents)
    return SettingsReading(documents, unavailable_options(documents, session.connection, facts.unavailable))


def unavailable_options(documents: Documents, target: Connection, unread: Iterable[Unavailable]) -> list[Unavailable]:
    """Every option that could not be read, by page, with why and how to see it in the admin center.

    ``unread`` are the documents that could not be read, by name.
    """
    return [
        entry
        for page in ALL_PAGES
        for entry in (
            *_unreadable(page, documents, target.cloud, unread),
            *_without_portal(page, documents, target),
            *_misfitting(page, documents, target.cloud),
            *_before_migration(page, documents),
            *_ambiguous_phone(page, documents),
        )
        if entry.options
    ]


def _see(page: Page, cloud: Cloud) -> str:
    return f"See {page.link(cloud.admin_center)}."


def _unreadable(page: Page, documents: Documents, cloud: Cloud, unread: Iterable[Unavailable]) -> Iterator[Unavailable]:
    for entry in unread:
        options = tuple(option for option in page.options if document_of(option, documents.migrated) == entry.what)
        hint = " ".join(filter(None, (entry.hint, _see(page, cloud))))
        yield replace(entry, what=page.name, hint=hint, options=options)


def _without_portal(page: Page, documents: Documents, target: Connection) -> Iterator[Unavailable]:
    if documents.sspr_policy is None:
        missing = no_portal(target).with_hint(_see(page, target.cloud))
        options = (option for option in page.options if backend_of(option, documents.migrated) == PORTAL)
        yield Unavailable.because(missing, page.name, options)


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
