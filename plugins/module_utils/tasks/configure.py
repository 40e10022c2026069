# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Setting pages: what the modules of the pages and ``sspr_policy`` do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import GRAPH, PORTAL, SsprError
from .._failures import Result
from ..connection.options import connection
from ..data.licenses import SERVICE_PLANS
from ..planning.plan import Plan, make_plan
from ..services import permissions
from ..services.groups import find_group
from ..services.session import Session
from ..services.tenant import read_subscriptions
from ..settings import graph_methods
from ..settings.pages import (
    AUTHORIZATION_POLICY,
    METHODS_POLICY,
    PLANE_OF,
    PROPERTIES,
    SSPR_POLICY,
    TITLES,
    DocumentName,
    GroupRef,
    Page,
    document_of,
    documents_for,
    flatten,
    group_counts,
    require_valid,
    surprises,
)
from ..settings.tenant_documents import Documents, misfits, settings_of
from .apply_plan import PlanContext, carry_out, faultless
from .base import Task, run_task
from .document_reader import DocumentReader
from .portal_access import leave_manual, require_portal
from .results import SettingsChange

WRITEBACK_PLANS = frozenset(plan for plan, allows in SERVICE_PLANS.items() if allows["writeback"])
# What a write to a document of Graph needs.
WRITE_PERMISSIONS: Mapping[DocumentName, str] = {
    METHODS_POLICY: permissions.WRITE_METHODS_POLICY,
    AUTHORIZATION_POLICY: permissions.WRITE_AUTHORIZATION,
}


def configure(pages: tuple[Page, ...], params: Mapping[str, Any], check_mode: bool) -> Result:
    """Set what is requested of the pages. ``params`` are validated options; a null is not changed."""
    return run_task(_Configure(pages, params, check_mode))


@dataclass(frozen=True)
class Prepared:
    """What a plan is made from: the requested settings with the group looked up, and the documents as they are.

    ``fresh`` are the documents that can be written without reading them again.
    """

    requested: dict[str, Any]
    documents: Documents
    fresh: frozenset[DocumentName]


class _Configure(Task):
    """What is requested, planned on what the tenant has, and carried out."""

    def __init__(self, pages: tuple[Page, ...], params: Mapping[str, Any], check_mode: bool) -> None:
        super().__init__(params, check_mode)
        self.pages = pages
        self.requested = flatten(params, pages)
        self.needed = documents_for(pages, self.requested)

    async def execute(self) -> Result:
        target = connection(self.params)
        require_valid(self.requested)
        wants_portal = any(PLANE_OF[name] == PORTAL for name in self.needed)
        async with self.open_session(target, wants_portal=wants_portal) as session, self.exclusive(session):
            return await self._configure(session)

    async def _configure(self, session: Session) -> Result:
        reader = DocumentReader(session)
        prepared = await self._prepare(session, reader)

        def planner(documents: Documents) -> Plan:
            allowed = bool(self.params.get("allow_sign_in_change"))
            return make_plan(documents, prepared.requested, self.pages, allow_sign_in_change=allowed)

        plan = faultless(planner(prepared.documents))
        self.report.warn(*plan.warnings, *plan.preexisting)
        if "password_writeback" in plan.changes and plan.after["password_writeback"]:
            await _require_writeback_license(session)
        context = PlanContext(session, reader, self.pages, planner, self.report, self.recorder)
        documents = await carry_out(self, context, plan, prepared.documents, prepared.fresh)
        return self._result(session, plan, documents, prepared.requested)

    async def _prepare(self, session: Session, reader: DocumentReader) -> Prepared:
        """Read what is needed, and look the group up. Raises: SsprError."""
        requested = dict(self.requested)
        name = requested.get("group")
        if name == "":
            requested["group"] = None
        # Before the documents are read, if the task itself sets the scope to selected: the SSPR policy has to
        # be read right before it is written.
        certainly_counts = group_counts(requested, None)
        if name and certainly_counts:
            requested["group"] = await find_group(session.graph, name)
        documents = await self._read(session, reader, requested)
        require_portal(self, session, documents, self.pages, requested)
        self._require_fit(session, documents)
        fresh = frozenset(PLANE_OF)
        if name and not certainly_counts:
            if group_counts(requested, settings_of(documents, (PROPERTIES,))["scope"]):
                requested["group"] = await find_group(session.graph, name)
                fresh -= {SSPR_POLICY}
            else:
                # Not looked up: the plan omits it, with a warning.
                requested["group"] = GroupRef.unresolved(name)
        return Prepared(requested, documents, fresh)

    async def _read(self, session: Session, reader: DocumentReader, requested: Mapping[str, Any]) -> Documents:
        documents = Documents()
        try:
            for name in self.needed:
                documents = await reader.read_settled(name, documents)
        except SsprError as exc:
            if exc.plane == PORTAL:
                leave_manual(self, session, documents, self.pages, requested)
            raise
        self.report.warn(*surprises(documents.sspr_policy))
        return documents

    def _require_fit(self, session: Session, documents: Documents) -> None:
        """Raises: SsprError(unexpected_document), when a document is not in the format that this version knows."""
        unfit = misfits(documents, self.requested)
        if not unfit:
            return
        settings = {option: self.requested[option] for option in unfit}
        on_portal = leave_manual(self, session, documents, self.pages, settings)
        raise SsprError(
            "unexpected_document",
            "; ".join(f"the {TITLES[document_of(option, documents.migrated)]} {why}" for option, why in unfit.items()),
            plane=PORTAL if on_portal else GRAPH,
            hint="The service may have changed. Set it manually in the admin center, and report this.",
        )

    def _result(self, session: Session, plan: Plan, documents: Documents, requested: Mapping[str, Any]) -> Result:
        predicted = self.check_mode and bool(plan.steps)
        change = SettingsChange(
            session=session,
            before=plan.before,
            after=plan.after if predicted else settings_of(documents, self.pages),
            shown=[option for option in plan.backend if option in requested],
            changed=predicted or self.report.wrote,
            predicted=predicted,
            documents=documents,
        )
        result: Result = {**change.as_result(), "backend": dict(plan.backend), "manual": self.report.manual}
        if documents.methods is not None and documents.migrated:
            result["targets"] = self._targets(documents.methods)
        if predicted and any(step.plane == GRAPH for step in plan.steps):
            needed = (WRITE_PERMISSIONS[step.document] for step in plan.steps if step.document in WRITE_PERMISSIONS)
            result["missing_permissions"] = session.missing_permissions(*dict.fromkeys(needed))
        return result

    def _targets(self, configurations: graph_methods.Configurations) -> dict[str, Any]:
        narrow = graph_methods.targets(configurations)
        if narrow:
            self.report.warn(
                f"Methods not targeted at all users in this tenant: {', '.join(sorted(narrow))}. See targets."
            )
        return narrow


async def _require_writeback_license(session: Session) -> None:
    """Before any write: the service takes the setting without a license, and it would have no effect.

    Raises: SsprError(license).
    """
    subscriptions = await read_subscriptions(session.graph)
    if not any(WRITEBACK_PLANS & plans for plans in subscriptions.values()):
        raise SsprError(
            "license",
            "password_writeback: the tenant has no subscription that includes password writeback",
            plane=GRAPH,
            hint="It requires Entra ID P1 or P2, or Microsoft 365 Business Premium. Nothing was written.",
        )
