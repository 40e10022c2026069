# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module does: ``configure`` for a page or several, ``inspect`` for all. Parameters in, a result out.

Neither raises: a failure is a result too. Both may run in a module or in any other process, hence no Ansible here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils import _directory, _documents, _methods
from ansible_collections.tenantops.entra.plugins.module_utils._change import Change
from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils._licences import SERVICE_PLANS
from ansible_collections.tenantops.entra.plugins.module_utils._options import GUID, Connection, connection
from ansible_collections.tenantops.entra.plugins.module_utils._pages import (
    ALL_PAGES,
    AUTH_METHODS,
    AUTHORIZATION,
    METHODS,
    ON_PREMISES,
    PLANE_OF,
    POLICY,
    TITLES,
    Page,
    backend_of,
    bad_value,
    document_of,
    documents_for,
    flatten,
    nest,
)
from ansible_collections.tenantops.entra.plugins.module_utils._plan import (
    Documents,
    Plan,
    make_plan,
    misfits,
    settings_of,
)
from ansible_collections.tenantops.entra.plugins.module_utils._record import digests
from ansible_collections.tenantops.entra.plugins.module_utils._session import (
    Session,
    open_session,
    portal_is_known,
)
from ansible_collections.tenantops.entra.plugins.module_utils._turnstile import Turnstile
from ansible_collections.tenantops.entra.plugins.module_utils._work import Result, Work, guarded

# What keeps one page from being read, and the others not.
UNREADABLE = frozenset({"permission", "licence", "not_found", "unexpected_document"})
WRITEBACK_PLANS = frozenset(plan for plan, allows in SERVICE_PLANS.items() if allows["writeback"])
# What a write to a document of Graph needs.
PERMISSIONS = {METHODS: _documents.WRITE_METHODS, AUTHORIZATION: _documents.WRITE_AUTHORIZATION}


def configure(pages: tuple[Page, ...], params: Mapping[str, Any], check_mode: bool) -> Result:
    """Bring the pages' asked settings about. ``params`` are validated options; nulls mean: leave alone."""
    return guarded(Configuration(pages, params, check_mode))


def inspect(params: Mapping[str, Any]) -> Result:
    """Read every page. Never writes."""
    return guarded(_Inspection(params))


class Configuration(Work):
    """What is asked for, planned on what the tenant has, and carried out."""

    def __init__(self, pages: tuple[Page, ...], params: Mapping[str, Any], check_mode: bool) -> None:
        super().__init__(params, check_mode)
        self.pages = pages
        self.asked = flatten(params, pages)
        self.needed = documents_for(pages, self.asked)

    async def run(self) -> Result:
        target = connection(self.params)
        bad = [why for option, value in self.asked.items() if (why := bad_value(option, value))]
        if bad:
            raise SsprError("invalid_setting", "; ".join(bad), hint="Correct it; nothing was sent.")
        wants_portal = any(PLANE_OF[document] == PORTAL for document in self.needed)
        async with open_session(target, wants_portal=wants_portal, remember=self.redactor.add) as session:
            self.opened(session)
            turnstile = self.turnstile(session)
            if self.check_mode:
                return await self._work(session, turnstile)
            async with turnstile.turn():
                return await self._work(session, turnstile)

    async def _work(self, session: Session, turnstile: Turnstile) -> Result:
        asked, fresh = await self.prepare(session, turnstile)
        change = Change(
            session=session,
            turnstile=turnstile,
            pages=self.pages,
            planner=lambda found: self.planned(found, asked),
            documents=self.documents,
            progress=self.progress,
            recorder=self.recorder,
            fresh=fresh,
        )
        plan = change.plan()
        self.warnings.extend(plan.warnings)
        if "password_writeback" in plan.changes and plan.after["password_writeback"]:
            await self._require_writeback_licence(session)
        await self.carry_out(change, plan)
        return self._result(session, plan, change.documents, asked)

    def planned(self, documents: Documents, asked: Mapping[str, Any]) -> Plan:
        return make_plan(
            documents, asked, self.pages, allow_sign_in_change=bool(self.params.get("allow_sign_in_change"))
        )

    async def prepare(self, session: Session, turnstile: Turnstile) -> tuple[dict[str, Any], set[str]]:
        """Read what is needed. What is asked for comes back with the group found, and which documents are fresh."""
        asked = dict(self.asked)
        # Looked up before the portal document is read, wherever the task itself says that the group will count.
        if asked.get("group") and asked.get("scope") == "selected":
            asked["group"] = await self.group(session, asked["group"])
        try:
            documents = await self.read(session, turnstile, self.needed)
        except SsprError as exc:
            if exc.plane == PORTAL:
                self._leave_by_hand(self.documents, asked, session.connection)
            raise
        fresh = set(PLANE_OF)
        self._require_portal(session, documents, asked)
        self.require_fit(documents, asked, session.connection)
        if asked.get("group") == "":
            asked["group"] = None
        elif isinstance(asked.get("group"), str):
            scope = settings_of(documents, ALL_PAGES)["scope"] if "scope" not in asked else asked["scope"]
            if scope == "selected" and documents.portal is not None:
                asked["group"] = await self.group(session, asked["group"])
                fresh.discard(POLICY)
            else:
                # Not looked up: the plan leaves it out and says so.
                asked["group"] = {"id": asked["group"], "display_name": asked["group"]}
        return asked, fresh

    async def group(self, session: Session, wanted: str) -> dict[str, str]:
        return await _documents.find_group(session.graph, wanted, by_id=bool(GUID.fullmatch(wanted)))

    async def _require_writeback_licence(self, session: Session) -> None:
        """Before any write: the service takes the setting without a licence, and nothing would come of it."""
        skus = await _directory.read_skus(session.graph)
        if not any(WRITEBACK_PLANS & plans for plans in skus.values()):
            raise SsprError(
                "licence",
                "password_writeback: the tenant has no subscription with password writeback",
                plane=GRAPH,
                hint="It needs Entra ID P1 or P2, or Microsoft 365 Business Premium. Nothing was written.",
            )

    def _require_portal(self, session: Session, documents: Documents, asked: Mapping[str, Any]) -> None:
        """Without the portal API: list what is left by hand, and stop unless the task says to go on."""
        if session.portal is not None:
            return
        left = self._leave_by_hand(documents, asked, session.connection)
        if left and self.params.get("portal") != "manual":
            raise no_portal(session.connection, left)

    def _leave_by_hand(self, documents: Documents, asked: Mapping[str, Any], target: Connection) -> dict[str, Any]:
        """Those of the asked settings that the portal holds, noted as left to do by hand."""
        left = {o: v for o, v in asked.items() if backend_of(o, documents.migrated) == PORTAL}
        self.manual.extend(by_hand(self.pages, left, target))
        return left

    def require_fit(self, documents: Documents, asked: Mapping[str, Any], target: Connection) -> None:
        """Stop where a document is not as this version knows it."""
        unfit = misfits(documents, asked)
        if not unfit:
            return
        on_portal = self._leave_by_hand(documents, {o: self.asked[o] for o in unfit}, target)
        raise SsprError(
            "unexpected_document",
            "; ".join(f"the {TITLES[document_of(o, documents.migrated)]} {why}" for o, why in unfit.items()),
            plane=PORTAL if on_portal else GRAPH,
            hint="The service may have changed: set it by hand, and report this.",
        )

    def _result(self, session: Session, plan: Plan, documents: Documents, asked: Mapping[str, Any]) -> Result:
        foretold = self.check_mode and bool(plan.steps)
        after = plan.after if foretold else settings_of(documents, self.pages)
        shown = [option for option in plan.backend if option in asked]
        name = session.tenant.get("default_domain") or session.tenant_id
        result: Result = {
            "changed": foretold or self.progress.wrote,
            "diff": {
                "before_header": f"{name} (as it was)",
                "after_header": f"{name} ({'as it would be' if foretold else 'as it is'})",
                "before": nest({option: plan.before[option] for option in shown}),
                "after": nest({option: after[option] for option in shown}),
            },
            "settings": nest(after),
            "previous": nest(plan.before),
            "tenant": session.tenant,
            "backend": dict(plan.backend),
            "verified": not foretold,
            "digests": digests(documents),
            "manual": self.manual,
            "request_ids": session.request_ids,
        }
        if documents.methods is not None and documents.migrated:
            result["targets"] = self._targets(documents.methods)
        if foretold and any(step.plane == GRAPH for step in plan.steps):
            needed = (PERMISSIONS[step.document] for step in plan.steps if step.document in PERMISSIONS)
            result["missing_permissions"] = session.missing(*dict.fromkeys(needed))
        return result

    def _targets(self, configurations: _methods.Configurations) -> dict[str, Any]:
        narrow = _methods.targets(configurations)
        if narrow:
            self.warnings.append(f"Not for everyone in this tenant: {', '.join(sorted(narrow))}. See targets.")
        return narrow


class _Inspection(Work):
    async def run(self) -> Result:
        target = connection(self.params)
        async with open_session(target, wants_portal=True, remember=self.redactor.add) as session:
            self.session = session
            turnstile = self.turnstile(session)
            refusals = {
                document: refusal
                for document in (ON_PREMISES, AUTHORIZATION)
                if (refusal := await refused(self, session, turnstile, document))
            }
            documents = await self.read(session, turnstile, [METHODS, POLICY])
            values = settings_of(documents, ALL_PAGES)
            pages: dict[str, Any] = {}
            for page in ALL_PAGES:
                of_page = {option: values[option] for option in page.options}
                unread = all(documents.get(setting.document) is None for setting in page.settings)
                unread = unread and all(value is None for value in of_page.values())
                pages[page.name] = None if unread else nest(of_page)
            result: Result = {
                "changed": False,
                "sspr": pages,
                "unavailable": unavailable(documents, session.connection, refusals),
                "migration_state": documents.migration_state,
                "digests": digests(documents),
                "tenant": session.tenant,
                "request_ids": session.request_ids,
            }
            if documents.migrated and documents.methods is not None:
                result["targets"] = _methods.targets(documents.methods)
            return result


async def refused(work: Work, session: Session, turnstile: Turnstile, document: str) -> SsprError | None:
    """Why a page of its own cannot be read; None when it was read."""
    try:
        await work.read(session, turnstile, [document])
    except SsprError as exc:
        if exc.kind not in UNREADABLE:
            raise
        return exc
    return None


def unavailable(documents: Documents, target: Connection, refusals: Mapping[str, SsprError]) -> list[dict[str, Any]]:
    """Every option that could not be read, by page, with why and how to see it by hand."""
    found: list[dict[str, Any]] = []

    def add(page: Page, options: Iterable[str], reason: str, hint: str) -> None:
        names = list(options)
        if names:
            found.append({"page": page.name, "options": names, "reason": reason, "hint": hint})

    unfit = misfits(documents, [option for page in ALL_PAGES for option in page.options])
    for page in ALL_PAGES:
        link = f"Look at {page.link(target.cloud.admin_center)}."
        homes = {option: document_of(option, documents.migrated) for option in page.options}
        for document, refusal in refusals.items():
            add(page, (o for o in homes if homes[o] == document), refusal.kind, f"{refusal.message}. {link}")
        if documents.portal is None:
            missing = no_portal(target, {})
            on_portal = (option for option, document in homes.items() if PLANE_OF[document] == PORTAL)
            add(page, on_portal, missing.kind, f"{missing.message}. {link}")
        else:
            wrong = [option for option in page.options if option in unfit]
            add(page, wrong, "unexpected_document", f"The service's document has changed. {link}")
            legacy = [o for o in ("methods.voice", "methods.software_oath") if o in page.options]
            if documents.migrated is False:
                add(page, legacy, "unsupported", "Exists once the tenant's methods are migrated.")
    if documents.migrated and documents.methods is not None:
        methods = _methods.read(documents.methods)
        if methods["methods.mobile_phone"] is None and "methods.mobile_phone" not in unfit:
            hint = "SMS is off while voice is on: neither on nor off. Give mobile_phone and voice to decide."
            add(AUTH_METHODS, ["methods.mobile_phone"], "ambiguous", hint)
    return found


def by_hand(pages: tuple[Page, ...], left: Mapping[str, Any], target: Connection) -> list[dict[str, Any]]:
    """What an administrator has to set in the admin center, page by page."""
    entries = []
    for page in pages:
        settings = {option: left[option] for option in page.options if option in left}
        if settings:
            entries.append(
                {"page": page.name, "link": page.link(target.cloud.admin_center), "settings": nest(settings)}
            )
    return entries


def no_portal(target: Connection, left: Mapping[str, Any]) -> SsprError:
    what = f"{', '.join(left)}: " if left else ""
    if not portal_is_known(target):
        return SsprError(
            "unsupported",
            f"{what}no portal API is known in the cloud {target.cloud_name}",
            plane=PORTAL,
            hint="Set it by hand in the admin center.",
        )
    return SsprError(
        "portal_credential_missing",
        f"{what}Microsoft Graph has no API for this, and there is no credential for the portal API",
        plane=PORTAL,
        hint="Give portal_refresh_token or portal_auth_method, or set it by hand in the admin center; "
        "portal: manual goes on without it.",
    )
