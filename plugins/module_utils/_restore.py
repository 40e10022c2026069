# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking a run back in one tenant: what ``sspr_restore`` does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._change import Change
from ansible_collections.tenantops.entra.plugins.module_utils._errors import PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._options import CONNECTION_SPEC, RUN_SPEC, connection
from ansible_collections.tenantops.entra.plugins.module_utils._pages import (
    ALL_PAGES,
    METHODS,
    PLANE_OF,
    POLICY,
    nest,
)
from ansible_collections.tenantops.entra.plugins.module_utils._plan import settings_of
from ansible_collections.tenantops.entra.plugins.module_utils._record import Run, digests, runs_directory
from ansible_collections.tenantops.entra.plugins.module_utils._session import Session, open_session
from ansible_collections.tenantops.entra.plugins.module_utils._turnstile import Turnstile
from ansible_collections.tenantops.entra.plugins.module_utils._undo import Undo, documents_of, make_undo
from ansible_collections.tenantops.entra.plugins.module_utils._work import Result, Work, guarded

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **RUN_SPEC,
    "run": {"type": "str", "required": True},
    "run_directory": {"type": "path"},
}


def restore(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Put back what a run has written, where nobody else has changed it since."""
    return guarded(_Restoration(params, check_mode))


class _Restoration(Work):
    async def run(self) -> Result:
        target = connection(self.params)
        run = Run.find(runs_directory(self.params.get("run_directory"), os.environ), self.params["run"])
        async with open_session(target, wants_portal=True, remember=self.redactor.add) as session:
            self.opened(session)
            # Found by the tenant that answers, so a record never reaches another tenant.
            record = run.record_of(session.tenant_id)
            turnstile = self.turnstile(session)
            if record is None or self.check_mode:
                return await self._work(session, turnstile, record)
            async with turnstile.turn():
                return await self._work(session, turnstile, record)

    async def _work(self, session: Session, turnstile: Turnstile, record: Mapping[str, Any] | None) -> Result:
        if record is None:
            return self._result(session, None)
        written = documents_of(record)
        if session.portal is None and any(PLANE_OF[document] == PORTAL for document in written):
            raise SsprError(
                "portal_credential_missing",
                "the run wrote settings that only the portal API has, and there is no credential for it",
                plane=PORTAL,
                hint="Give portal_refresh_token or portal_auth_method. Nothing was written.",
            )
        await self.read(session, turnstile, [METHODS, *sorted(written - {METHODS, POLICY}), POLICY])
        undo = make_undo(self.documents, record)
        change = Change(
            session=session,
            turnstile=turnstile,
            pages=ALL_PAGES,
            planner=lambda documents: make_undo(documents, record).plan,
            documents=self.documents,
            progress=self.progress,
            recorder=self.recorder,
            fresh=set(PLANE_OF),
        )
        await self.carry_out(change, undo.plan)
        self.documents = change.documents
        return self._result(session, undo)

    def _result(self, session: Session, undo: Undo | None) -> Result:
        name = session.tenant.get("default_domain") or session.tenant_id
        foretold = self.check_mode and undo is not None and bool(undo.plan.steps)
        before = {option: undo.plan.before[option] for option in undo.plan.backend} if undo else {}
        now = settings_of(self.documents, ALL_PAGES) if undo else {}
        after = dict(undo.plan.after) if undo and foretold else {option: now[option] for option in before}
        left = undo.left if undo else {}
        return {
            "changed": foretold or self.progress.wrote,
            "diff": {
                "before_header": f"{name} (as it was)",
                "after_header": f"{name} ({'as it would be' if foretold else 'as it is'})",
                "before": nest(before),
                "after": nest(after),
            },
            "settings": nest(after),
            "previous": nest(before),
            "restored": list(undo.plan.changes) if undo else [],
            "left": [{"option": option, "reason": why, "found": before[option]} for option, why in left.items()],
            "recorded": undo is not None,
            "verified": not foretold,
            "digests": digests(self.documents),
            "tenant": session.tenant,
            "request_ids": session.request_ids,
        }
