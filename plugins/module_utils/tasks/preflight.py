# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a tenant is ready for what is asked for: what ``sspr_preflight`` does. Reads only.

The rules say what has to be known. So they are asked, what they lack is read, and they are asked again, until nothing
that can be read would decide more of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from .._errors import Unavailable, PORTAL, SsprError
from ..connection.options import CONNECTION_SPEC, PORTAL_MODE_SPEC, Connection, connection
from ..planning.plan import Documents, Plan
from ..rules.engine import MOST_USERS, Assessment, assess
from ..rules.tenant_checks import may_lock_out, who_is_locked_out
from ..rules.tenant_view import Fact, Declarations, Undecided, TenantView
from ..rules.waivers import Waiver, day, read_waivers
from ..runs.tenant_lock import Turnstile
from ..services import directory, policy_documents
from ..services.session import Session, open_session
from ..settings.pages import ALL_PAGES, METHODS, PLANE_OF, POLICY, SETTINGS
from ..users.models import Unavailable
from .base import Result, guarded
from .configure import Configuration, no_portal

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **PORTAL_MODE_SPEC,
    **{name: line for page in ALL_PAGES for name, line in page.argument_spec().items()},
    "as_of": {"type": "str"},
    "waivers": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {name: {"type": "str", "required": True} for name in ("rule", "reason", "owner", "expires")},
    },
    "break_glass": {"type": "list", "elements": "str"},
    "max_locked_out_users": {"type": "int", "default": 0},
    "allow_unknown_readiness": {"type": "bool", "default": False},
    "telephony_provider": {"type": "bool", "default": False},
}

# What keeps one fact from being known, and the others not.
UNREADABLE = frozenset(
    {
        "ambiguous",
        "license",
        "not_found",
        "permission",
        "throttled",
        "unexpected_document",
        "unreachable",
        "unsupported",
    }
)

# How each fact is read of the one it is about.
READERS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "audit": lambda graph: directory.read_audit_events(graph, limit=1),
    "conditional_access": directory.read_conditional_access,
    "group": directory.read_group,
    "group_people": directory.read_group_people,
    "organization": directory.read_organization_facts,
    "people": directory.read_people,
    "person": directory.read_person,
    "policy_changed": directory.read_last_policy_change,
    "registrations": directory.read_registrations,
    "role_holders": directory.read_role_holders,
    "security_defaults": directory.read_security_defaults,
    "skus": directory.read_skus,
}


def preflight(params: Mapping[str, Any], check_mode: bool) -> Result:
    """Judge what is asked for in this tenant. Never writes."""
    return run_task(_Preflight(params, check_mode))


class _Preflight(Configuration):
    def __init__(self, params: Mapping[str, Any], check_mode: bool) -> None:
        super().__init__(ALL_PAGES, params, check_mode)
        # The others are read when a rule, or what is asked for, needs them.
        self.wanted = [document for document in self.needed if document not in (METHODS, POLICY)]
        self.needed = (METHODS, POLICY)
        self.facts: dict[Fact, Any] = {}

    async def execute(self) -> Result:
        target = connection(self.params)
        waivers = read_waivers(self.params.get("waivers") or [])
        terms = read_terms(self.params)
        async with self.open_session(target, wants_portal=True) as session:
            turnstile = self.turnstile(session)
            asked, _fresh = await self.prepare(session, turnstile)
            self._note_session(session)
            for document in self.wanted:
                await self._find(session, turnstile, ("document", document))
            while True:
                plan = self.planned(self.documents, asked)
                after = self._seen(plan, terms)
                found = self._assess(plan, after, waivers)
                missing = found.wanted - self.facts.keys()
                if not missing:
                    return self._told(session, plan, after, found)
                for fact in sorted(missing):
                    await self._find(session, turnstile, fact)

    async def read(self, session: Session, turnstile: Turnstile, documents: Any) -> Documents:
        """As any task reads, but a document that is not as expected is a finding."""
        for document in documents:
            self.facts[("document", document)] = await self._read_document(session, turnstile, document)
        return self.documents

    async def _read_document(self, session: Session, turnstile: Turnstile, document: str) -> Unavailable | bool:
        if session.plane(PLANE_OF[document]) is None:
            return Unavailable.because(no_portal(session.connection, {}))
        try:
            await super().read(session, turnstile, [document])
        except SsprError as exc:
            if exc.kind != "unexpected_document":
                raise
            return Unavailable.because(exc)
        return True

    async def group(self, session: Session, wanted: str) -> dict[str, str]:
        """The group; where it cannot be found, one that no rule knows anything about."""
        try:
            return await super().group(session, wanted)
        except SsprError as exc:
            if exc.kind not in UNREADABLE:
                raise
            unfound = Unavailable.because(exc)
            self.facts[("group", wanted.lower())] = self.facts[("group_people", wanted.lower())] = unfound
            return {"id": wanted, "display_name": wanted}

    def require_fit(self, documents: Documents, asked: Mapping[str, Any], target: Connection) -> None:
        """What does not fit is a finding too."""

    def _note_session(self, session: Session) -> None:
        """What is known without asking: by the tokens."""
        missing = session.missing(policy_documents.WRITE_AUTHORIZATION)
        roles = session.portal_claims.get("wids")
        self.facts[("admin_policy_permission",)] = None if session.permissions is None else not missing
        self.facts[("portal_roles",)] = None if roles is None else frozenset(str(role).lower() for role in roles)
        if session.portal is None:
            self.facts[("portal_roles",)] = Unavailable.because(no_portal(session.connection, {}))

    async def _find(self, session: Session, turnstile: Turnstile, fact: Fact) -> None:
        """Read a fact, or note why it cannot be read."""
        name, *of = fact
        try:
            if name == "document":
                await self.read(session, turnstile, of)
            elif name == "operator":
                self.facts[fact] = await self._operator(session)
            else:
                self.facts[fact] = await READERS[name](session.graph, *of)
        except SsprError as exc:
            if exc.kind not in UNREADABLE:
                raise
            self.facts[fact] = Unavailable.because(exc)

    async def _operator(self, session: Session) -> Any:
        user = session.portal_claims.get("oid")
        if user is None:
            raise SsprError("not_found", "there is no portal user, or the token does not tell who it is", plane=PORTAL)
        return await directory.read_person(session.graph, str(user))

    def _seen(self, plan: Plan, terms: Declarations) -> TenantView:
        was, becomes = plan.views
        before = replace(was, terms=terms, facts=self.facts)
        return replace(becomes, terms=terms, facts=self.facts, since=before)

    def _assess(self, plan: Plan, after: TenantView, waivers: Mapping[str, Waiver]) -> Assessment:
        before = after.since or after
        unread = [
            f"{option}: {page.message}"
            for option in self.asked
            if isinstance(page := self.facts.get(("document", SETTINGS[option].document)), Unavailable)
            and page.kind not in ("portal_credential_missing", "unexpected_document", "unsupported")
        ]
        return assess(before, after, plan.changes, waivers, [*plan.refusals, *unread])

    def _told(self, session: Session, plan: Plan, after: TenantView, found: Assessment) -> Result:
        self.report.warn(warning for warning in plan.warnings if not warning.startswith("Already so"))
        return {
            "changed": False,
            "ok": found.ok,
            "findings": [finding.as_result() for finding in found.findings],
            "not_checked": [{"rule": rule, "why": why} for rule, why in found.not_checked.items()],
            "locked_out": _locked_out(after),
            "changes": list(plan.changes),
            "as_of": after.agreed.as_of.isoformat(),
            "tenant": session.tenant.as_result(),
            "backend": dict(plan.backend),
            "manual": self.manual,
            "request_ids": session.request_ids,
        }


def read_terms(params: Mapping[str, Any]) -> Declarations:
    """What the task says besides settings. Raises ``invalid_setting``."""
    now = datetime.now(timezone.utc)
    as_of = day(params["as_of"]) if params.get("as_of") else now.date()
    if as_of is None:
        raise SsprError(
            "invalid_setting",
            f"as_of: {params['as_of']!r} is no day (YYYY-MM-DD)",
            hint="Correct it; nothing was sent.",
        )
    most = int(params.get("max_locked_out_users") or 0)
    if most < 0:
        raise SsprError(
            "invalid_setting", f"max_locked_out_users: {most} is negative", hint="Give 0 or more; nothing was sent."
        )
    declared = params.get("break_glass")
    return Declarations(
        as_of=as_of,
        now=now,
        telephony_provider=bool(params.get("telephony_provider")),
        max_locked_out_users=most,
        allow_unknown_readiness=bool(params.get("allow_unknown_readiness")),
        break_glass=None if declared is None else frozenset(name.strip().lower() for name in declared if name.strip()),
    )


def _locked_out(after: TenantView) -> dict[str, Any]:
    """Whether the plan made it a question, and the answer; ``count`` is null where that is not known."""
    asked = None
    try:
        asked = may_lock_out(after)
        names = sorted(row.user_principal_name for row in who_is_locked_out(after)) if asked else []
    except Undecided:
        return {"asked": asked, "count": None, "users": []}
    return {"asked": asked, "count": len(names), "users": names[:MOST_USERS]}
