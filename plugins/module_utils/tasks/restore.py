# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring a tenant to its state before a run: what ``sspr_restore`` does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._errors import PORTAL, SsprError
from ..connection.options import CONNECTION_SPEC, connection
from ..planning.plan import Plan
from ..planning.restore_plan import RestorePlan, make_restore_plan, written_documents
from ..runs.recent_writes import RecentWrites
from ..runs.run_record import RunRecord, runs_directory
from ..runs.tenant_lock import tenant_lock
from ..services.session import Session
from ..settings.documents import Documents, settings_of
from ..settings.pages import ALL_PAGES, METHODS_POLICY, PLANE_OF, SSPR_POLICY, nest, surprises
from .apply_plan import PlanContext, carry_out
from .base import Result, Task, run_task, state_path
from .document_reader import DocumentReader
from .results import SettingsChange

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    "run": {"type": "str", "required": True},
    "run_dir": {"type": "path"},
    "recording_run": {"type": "str"},
    "run_host": {"type": "str"},
}


def execute(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Restore what a run has written, where it was not changed since."""
    return run_task(_Restore(params, check_mode))


class _Restore(Task):
    run_option = "recording_run"

    async def execute(self) -> Result:
        target = connection(self.params)
        run = RunRecord.find(runs_directory(self.params.get("run_dir"), os.environ), self.params["run"])
        async with self.open_session(target, wants_portal=True) as session:
            # Found by the tenant that responds, so a record is never restored to another tenant.
            record = run.record_of(session.tenant.id)
            if record is None:
                return self._result(session, None, Documents())
            if self.check_mode:
                return await self._restore(session, record)
            async with tenant_lock(state_path(session), longest_task=target.confirm_timeout):
                return await self._restore(session, record)

    async def _restore(self, session: Session, record: Mapping[str, Any]) -> Result:
        written = written_documents(record)
        if session.portal is None and any(PLANE_OF[name] == PORTAL for name in written):
            raise SsprError(
                "portal_credential_missing",
                "the run wrote settings that exist only in the portal API, and no credential for it is set",
                plane=PORTAL,
                hint="Set portal_refresh_token or portal_auth_method. Nothing was written.",
            )
        recent_writes = RecentWrites(state_path(session), session.connection.confirm_timeout)
        reader = DocumentReader(session, recent_writes)
        names = (METHODS_POLICY, *sorted(written - {METHODS_POLICY, SSPR_POLICY}), SSPR_POLICY)
        documents = await reader.read_all(names, Documents())
        self.report.warn(*surprises(documents.sspr_policy))

        def planner(found: Documents) -> Plan:
            return make_restore_plan(found, record).plan

        restore_plan = make_restore_plan(documents, record)
        context = PlanContext(session, reader, recent_writes, ALL_PAGES, planner, self.report, self.recorder)
        documents = await carry_out(self, context, restore_plan.plan, documents, PLANE_OF)
        return self._result(session, restore_plan, documents)

    def _result(self, session: Session, restore_plan: RestorePlan | None, documents: Documents) -> Result:
        """``restore_plan`` is None for a tenant that the run has not written to."""
        plan = restore_plan.plan if restore_plan else None
        before = dict(plan.before) if plan else {}
        predicted = self.check_mode and plan is not None and bool(plan.steps)
        now = settings_of(documents, ALL_PAGES)
        change = SettingsChange(
            session=session,
            before=before,
            after=dict(plan.after) if plan and predicted else {option: now[option] for option in before},
            shown=list(before),
            changed=predicted or self.report.wrote,
            predicted=predicted,
            documents=documents,
        )
        left = restore_plan.not_restored if restore_plan else {}
        return {
            **change.as_result(),
            "restored": list(plan.changes) if plan else [],
            "left": [
                {"option": option, "reason": why, "found": nest({"value": before[option]})["value"]}
                for option, why in left.items()
            ],
            "recorded": plan is not None,
        }
