# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a tenant is ready for the requested settings: what ``sspr_preflight`` does. Reads only.

The rules determine what has to be read. They are evaluated, what they need is read, and they are evaluated again, until
no further fact that can be read would decide more of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, cast

from .._dates import as_of_date
from .._errors import PORTAL, TRANSIENT, UNREADABLE, ErrorKind, SsprError, Unavailable, require_range
from .._failures import Result
from ..connection.options import CONNECTION_SPEC, PORTAL_MODE_SPEC, connection
from ..planning.plan import Plan, make_plan
from ..rules.engine import MOST_USERS, WAIVABLE_IDS, Assessment, assess
from ..rules.tenant_checks import may_lock_out, who_is_locked_out
from ..rules.tenant_view import FactKey, OperatorInput, TenantView, Undecided
from ..rules.waivers import WAIVERS_SPEC, read_waivers
from ..services import permissions
from ..services.groups import find_group
from ..services.reports import read_audit_events, read_last_policy_change, read_registrations
from ..services.session import Session
from ..services.tenant import read_conditional_access, read_security_defaults, read_subscriptions
from ..services.users import read_group, read_group_users, read_role_holders, read_user, read_users
from ..settings.pages import (
    ALL_PAGES,
    METHODS_POLICY,
    PROPERTIES,
    SETTINGS,
    SSPR_POLICY,
    DocumentName,
    GroupRef,
    argument_spec,
    documents_for,
    flatten,
    group_counts,
    surprises,
)
from ..settings.tenant_documents import Documents, settings_of
from .base import Task, run_task
from .document_reader import DocumentReader
from .facts import FactReader
from .portal_access import no_portal, require_portal

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **PORTAL_MODE_SPEC,
    **argument_spec(ALL_PAGES),
    "as_of": {"type": "str"},
    "waivers": WAIVERS_SPEC,
    "break_glass": {"type": "list", "elements": "str"},
    "max_locked_out_users": {"type": "int", "default": 0},
    "allow_unknown_readiness": {"type": "bool", "default": False},
    "telephony_provider": {"type": "bool", "default": False},
}

# Errors about one fact: the others can still be read.
TOLERATED: frozenset[ErrorKind] = UNREADABLE | TRANSIENT | {"ambiguous", "unsupported"}
# Reasons for an unread page that are reported as a finding, or as a manual step
REPORTED_ELSEWHERE = frozenset({"portal_credential_missing", "unexpected_document", "unsupported"})

# How each fact is read of what it is about
FACT_READERS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "audit": lambda graph: read_audit_events(graph, limit=1),
    "conditional_access": read_conditional_access,
    "group": read_group,
    "group_users": read_group_users,
    "policy_changed": read_last_policy_change,
    "registrations": read_registrations,
    "role_holders": read_role_holders,
    "security_defaults": read_security_defaults,
    "skus": read_subscriptions,
    "user": read_user,
    "users": read_users,
}


def execute(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Validate the requested settings against the tenant. Never writes."""
    return run_task(_Preflight(params, check_mode))


class FactStore:
    """What is known about a tenant: its documents, and facts by key. An unreadable fact is ``Unavailable``."""

    def __init__(self, session: Session, reader: DocumentReader) -> None:
        self._session = session
        self._reader = reader
        self._facts = FactReader(TOLERATED)
        self.documents = Documents()
        self.known: dict[FactKey, Any] = _facts_of(session)

    async def read(self, key: FactKey) -> None:
        """Read a fact, or note why it is unreadable. Raises: SsprError of a kind that is about more than the fact."""
        self.known[key] = (await self._facts.read(key[0], self._read(*key))).or_missing

    async def _read(self, name: str, *of: str) -> Any:
        if name == "document":
            return await self._read_document(cast("DocumentName", of[0]))
        if name == "portal_user":
            return await self._read_portal_user()
        return await FACT_READERS[name](self._session.graph, *of)

    async def _read_portal_user(self) -> Any:
        user_id = _portal_claims(self._session).get("oid")
        if user_id is None:
            why = "there is no portal user, or the token does not show who it is"
            raise SsprError("not_found", why, plane=PORTAL)
        return await read_user(self._session.graph, str(user_id))

    async def read_required(self, name: DocumentName) -> None:
        """A document without which nothing can be assessed. One that is not as expected is a finding all the same.

        Raises: SsprError.
        """
        facts = FactReader({"unexpected_document"})
        self.known["document", name] = (await facts.read("document", self._read_document(name))).or_missing

    async def _read_document(self, name: DocumentName) -> Unavailable | bool:
        if not self._reader.can_read(name):
            return Unavailable.because(no_portal(self._session.connection), "document")
        self.documents = await self._reader.read_settled(name, self.documents)
        return True

    async def find_group(self, name: str) -> GroupRef:
        """The group; one that no rule knows anything about where it cannot be found. Raises: SsprError."""
        found = await self._facts.read("group", find_group(self._session.graph, name))
        if found.value is not None:
            return found.value
        for fact in ("group", "group_users"):
            self.known[fact, name.lower()] = found.missing
        return GroupRef.unresolved(name)


def _facts_of(session: Session) -> dict[FactKey, Any]:
    """What is known without a request: from the tokens, and of the organization."""
    missing = session.missing_permissions(permissions.WRITE_AUTHORIZATION)
    roles = _portal_claims(session).get("wids")
    synced: bool | Unavailable | None = session.tenant.synced
    if synced is None:
        why = "Microsoft Graph does not report whether the tenant is synchronized with an on-premises directory"
        synced = Unavailable("synced", "unknown", why)
    portal_roles: Any = None if roles is None else frozenset(str(role).lower() for role in roles)
    if session.portal is None:
        portal_roles = Unavailable.because(no_portal(session.connection), "portal_roles")
    return {
        ("admin_policy_permission",): None if session.permissions is None else not missing,
        ("portal_roles",): portal_roles,
        ("synced",): synced,
    }


def _portal_claims(session: Session) -> Mapping[str, Any]:
    return session.portal.credential.claims if session.portal is not None else {}


class _Preflight(Task):
    def __init__(self, params: Mapping[str, Any], check_mode: bool) -> None:
        super().__init__(params, check_mode)
        self.requested = flatten(params, ALL_PAGES)

    async def execute(self) -> Result:
        target = connection(self.params)
        waivers = read_waivers(self.params.get("waivers") or [], WAIVABLE_IDS)
        declarations = read_declarations(self.params)
        async with self.open_session(target, wants_portal=True) as session:
            facts = FactStore(session, DocumentReader(session))
            requested = await self._prepare(session, facts)
            while True:
                plan = self._plan(facts.documents, requested)
                after = _view(plan, declarations, facts.known)
                rejections = (*plan.refusals, *self._unread(facts.known))
                found = assess(after.since or after, after, plan.changes, waivers, rejections)
                missing = found.needed - facts.known.keys()
                if not missing:
                    return self._result(session, plan, after, found)
                for key in sorted(missing):
                    await facts.read(key)

    def _plan(self, documents: Documents, requested: Mapping[str, Any]) -> Plan:
        allowed = bool(self.params.get("allow_sign_in_change"))
        return make_plan(documents, requested, ALL_PAGES, allow_sign_in_change=allowed)

    async def _prepare(self, session: Session, facts: FactStore) -> dict[str, Any]:
        """Read the two policies and what the requested settings need; these, with the group looked up.

        Raises: SsprError.
        """
        for name in (METHODS_POLICY, SSPR_POLICY):
            await facts.read_required(name)
        self.report.warn(*surprises(facts.documents.sspr_policy))
        require_portal(self, session, facts.documents, ALL_PAGES, self.requested)
        for name in documents_for(ALL_PAGES, self.requested):
            if ("document", name) not in facts.known:
                await facts.read(("document", name))
        requested = dict(self.requested)
        if requested.get("group"):
            requested["group"] = await self._group(facts, requested["group"])
        elif "group" in requested:
            requested["group"] = None
        return requested

    async def _group(self, facts: FactStore, name: str) -> GroupRef:
        if group_counts(self.requested, settings_of(facts.documents, (PROPERTIES,))["scope"]):
            return await facts.find_group(name)
        # Not looked up: the plan omits it, with a warning.
        return GroupRef.unresolved(name)

    def _unread(self, known: Mapping[FactKey, Any]) -> Iterable[str]:
        """The requested options whose page could not be read: the modules could not set them."""
        for option in self.requested:
            page = known.get(("document", SETTINGS[option].document))
            if isinstance(page, Unavailable) and page.reason not in REPORTED_ELSEWHERE:
                yield f"{option}: {page.message}"

    def _result(self, session: Session, plan: Plan, after: TenantView, found: Assessment) -> Result:
        self.report.warn(*plan.warnings)
        return {
            "changed": False,
            "ok": found.ok,
            "findings": [finding.as_result() for finding in found.findings],
            "not_checked": [entry.as_result() for entry in found.not_checked],
            "locked_out": _locked_out(after),
            "changes": list(plan.changes),
            "as_of": after.declared.as_of.isoformat(),
            "tenant": session.tenant.as_result(),
            "backend": dict(plan.backend),
            "manual": self.report.manual,
            "request_ids": session.request_ids,
        }


def read_declarations(params: Mapping[str, Any]) -> OperatorInput:
    """The options of the task other than settings. Raises: SsprError(invalid_setting)."""
    most = int(params.get("max_locked_out_users") or 0)
    require_range("max_locked_out_users", most, 0)
    declared = params.get("break_glass")
    return OperatorInput(
        as_of=as_of_date(params),
        now=datetime.now(timezone.utc),
        telephony_provider=bool(params.get("telephony_provider")),
        max_locked_out_users=most,
        allow_unknown_readiness=bool(params.get("allow_unknown_readiness")),
        break_glass=None if declared is None else frozenset(name.strip().lower() for name in declared if name.strip()),
    )


def _view(plan: Plan, declarations: OperatorInput, known: Mapping[FactKey, Any]) -> TenantView:
    """The tenant as it would be, which has it as it is in ``since``."""
    before, after = (replace(view, declarations=declarations, facts=known) for view in plan.views)
    return replace(after, since=before)


def _locked_out(after: TenantView) -> dict[str, Any]:
    """Whether the plan can lock users out, and whom; ``count`` is null where that is unknown."""
    possible = None
    try:
        possible = may_lock_out(after)
        rows = who_is_locked_out(after) if possible else []
    except Undecided:
        return {"asked": possible, "count": None, "users": []}
    refs = sorted((row.ref for row in rows), key=lambda ref: ref.identity)
    return {"asked": possible, "count": len(refs), "users": [ref.as_result() for ref in refs[:MOST_USERS]]}
