# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the settings documents of one tenant, and waiting for reads that lag behind a recent write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .._polling import poll_until
from ..runs.recent_writes import RecentWrites
from ..services import policy_documents
from ..services.session import Session
from ..settings.pages import METHODS_POLICY, PLANE_OF, DocumentName
from ..settings.tenant_documents import Documents
from .base import state_path


class DocumentReader:
    """Reads documents of the session's tenant, where their service can be used."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.recent_writes = RecentWrites(state_path(session), session.connection.confirm_timeout)

    def can_read(self, name: DocumentName) -> bool:
        return self._session.service(PLANE_OF[name]) is not None

    async def read(self, name: DocumentName, documents: Documents) -> Documents:
        """The documents with one of them read again. Raises: SsprError."""
        service = self._session.service(PLANE_OF[name])
        if service is None:
            return documents
        if name == METHODS_POLICY:
            methods, state = await policy_documents.read_methods_policy(service)
            return replace(documents, methods=methods, migration_state=state)
        found: dict[str, Any] = {name: await policy_documents.READERS[name](service)}
        return replace(documents, **found)

    async def read_settled(self, name: DocumentName, documents: Documents) -> Documents:
        """The same, but not a document as it was before a write that was confirmed a moment ago.

        Reads may lag behind writes. A write based on such a read would revert the write of the previous task.
        Raises: SsprError.
        """
        found = documents

        async def is_settled() -> bool:
            nonlocal found
            found = await self.read(name, documents)
            return not self.recent_writes.is_outdated(name, found)

        await poll_until(is_settled, timeout=self.recent_writes.horizon, tolerate=())
        return found

    async def read_all(self, names: Sequence[DocumentName], documents: Documents) -> Documents:
        """Several of them, in this order. Raises: SsprError."""
        for name in names:
            documents = await self.read_settled(name, documents)
        return documents
