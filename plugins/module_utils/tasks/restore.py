# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring a tenant to its state before a run: what ``sspr_restore`` does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._errors import PORTAL
from .._failures import Result
from ..connection.options import CONNECTION_SPEC, connection
from ..planning.plan import Plan
from ..planning.restore_plan import RestorePlan, make_restore_plan, written_documents, written_fields
from ..runs.run_record import RunRecord, runs_directory
from ..services.session import Session
from ..settings.pages import ALL_PAGES, METHODS_POLICY, PLANE_OF, SSPR_POLICY, nest, surprises
from ..settings.tenant_documents import Documents, settings_of
from .apply_plan import PlanContext, carry_out
from .base import Task, run_task
from .document_reader import DocumentReader
from .portal_access import no_portal
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
                return self._result(session, RestorePlan.nothing(), Documents(), recorded=False)
            async with self.exclusive(session):
                return await self._restore(session, record)

    async def _restore(self, session: Session, record: Mapping[str, Any]) -> Result:
        written = written_documents(record)
        if session.portal is None and any(PLANE_OF[name] == PORTAL for name in written):
            on_portal = [field for field in written_fields(record) if PLANE_OF[field.document] == PORTAL]
            raise no_portal(session.connection, [option for field in on_portal for option in field.options])
        reader = DocumentReader(session)
        names = (METHODS_POLICY, *sorted(written - {METHODS_POLICY, SSPR_POLICY}), SSPR_POLICY)
        documents = await reader.read_all(names, Documents())
        self.report.warn(*surprises(documents.sspr_policy))

        def planner(found: Documents) -> Plan:
            return make_restore_plan(found, record).plan

        restore_plan = make_restore_plan(documents, record)
        context = PlanContext(session, reader, ALL_PAGES, planner, self.report, self.recorder)
        documents = await carry_out(self, context, restore_plan.plan, documents, PLANE_OF)
        return self._result(session, restore_plan, documents, recorded=True)

    def _result(self, session: Session, restore_plan: RestorePlan, documents: Documents, *, recorded: bool) -> Result:
        plan = restore_plan.plan
        predicted = self.check_mode and bool(plan.steps)
        now = settings_of(documents, ALL_PAGES)
        change = SettingsChange(
            session=session,
            before=plan.before,
            after=plan.after if predicted else {option: now[option] for option in plan.before},
            shown=list(plan.before),
            changed=predicted or self.report.wrote,
            predicted=predicted,
            documents=documents,
        )
        return {
            **change.as_result(),
            "restored": list(plan.changes),
            "left": [
                {"option": option, "reason": why, "found": nest({"value": plan.before[option]})["value"]}
                for option, why in restore_plan.not_restored.items()
            ],
            "recorded": recorded,
        }
