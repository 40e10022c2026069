# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking at one user: what ``sspr_user_info`` does. Reads only, and goes on without what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import date, datetime, timezone
from typing import Any, TypeVar

from .._errors import Unavailable, SsprError
from ..connection.options import CONNECTION_SPEC, connection
from ..data.directory_roles import OTHER_ROLES, TWO_GATE_ROLES
from ..planning.plan import view_of
from ..rules.reset_diagnosis import QUESTIONS, Case, explained, judge, listed, names_of, reported
from ..rules.tenant_view import TenantView
from ..rules.waivers import day
from ..services import directory, policy_documents
from ..services.session import Session, open_session
from ..settings.pages import AUTHORIZATION, METHODS, ON_PREMISES, PLANE_OF, POLICY, SETTINGS
from ..users.models import Group, User, Registration
from .base import Result, Task, run_task, state_path
from .document_reader import DocumentReader
from ..runs.recent_writes import RecentWrites
from .portal_access import no_portal
from .results import manual_steps, settings_diff
from .configure import UNREADABLE, no_portal

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    "user": {"type": "str", "required": True},
    "as_of": {"type": "str"},
    "since": {"type": "str"},
    "events": {"type": "int", "default": 10},
    "telephony_provider": {"type": "bool", "default": False},
}

MOST_EVENTS = 100
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?", re.ASCII)
# What a fact may fail with and the others are still told.
GONE_WITHOUT = UNREADABLE | {"throttled", "unreachable", "invalid_setting"}
# Domains that every tenant has from Microsoft.
NOT_ITS_OWN = re.compile(r".*\.(onmicrosoft\.(com|us)|partner\.onmschina\.cn)", re.IGNORECASE)
# The settings that decide about a user.
SHOWN = (
    "scope",
    "group",
    "methods_required",
    "required_at_sign_in",
    "notify_admins",
    "password_writeback",
    "admins_can_reset",
)
ROLE_NAMES = {
    template: name for roles in (OTHER_ROLES, TWO_GATE_ROLES) for name, template in roles["roles"].items() if template
}

Fact = TypeVar("Fact")


def look_at(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """See why a user can or cannot reset their password."""
    return run_task(_Look(params))


class _Look(Task):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.unavailable: list[dict[str, Any]] = []

    async def execute(self) -> Result:
        target = connection(self.params)
        as_of, since = self._dates()
        now = datetime.now(timezone.utc)
        async with self.open_session(target, wants_portal=True) as session:
            person = await self._person(session)
            view = await self._settings(session)
            graph = session.graph
            groups = await self._try("groups", directory.read_memberships(graph, person.id))
            holders = await self._try("roles", directory.read_role_holders(graph))
            methods = await self._try("methods", directory.read_user_methods(graph, person.id))
            skus = await self._try("licences", directory.read_skus(graph))
            one_gate = await self._try("organization", _has_one_gate(session))
            row = await self._try("report", _report_of(session, person))
            events = await self._try("events", self._events(session, person, since))
            registration = row[0] if row else None
            case = Case(
                person=person,
                view=view,
                as_of=as_of,
                now=now,
                groups=None if groups is None else frozenset(group.id for group in groups),
                roles=None if holders is None else holders.get(person.id, frozenset()),
                methods=_registered(methods, registration),
                questions=None if registration is None else QUESTIONS in registration.methods,
                skus=None if skus is None else frozenset(skus),
                one_gate=one_gate,
                events=tuple(events or ()),
                telephony_provider=bool(self.params["telephony_provider"]),
            )
            through = await self._try("through", _path(session, case, groups or [])) if case.in_scope else None
            return self._result(session, case, through, None if row is None else (registration,))

    def _dates(self) -> tuple[date, str | None]:
        asked, since = self.params.get("as_of"), self.params.get("since")
        as_of = day(asked) if asked else datetime.now(timezone.utc).date()
        if as_of is None:
            raise SsprError("invalid_setting", f"as_of: {asked!r} is no day", hint="Write it as 2027-02-01.")
        if since and not (MOMENT.fullmatch(since) and day(since[:10])):
            hint = "Write it as 2026-11-25 or 2026-11-25T08:00:00Z."
            raise SsprError("invalid_setting", f"since: {since!r} is no moment", hint=hint)
        if not 1 <= self.params["events"] <= MOST_EVENTS:
            raise SsprError(
                "invalid_setting", f"events: {self.params['events']} is not from 1 to {MOST_EVENTS}", hint="Give fewer."
            )
        return as_of, f"{since}T00:00:00Z" if since and len(since) == len("2026-11-25") else since

    async def _try(self, what: str, reading: Awaitable[Fact]) -> Fact | None:
        """A fact, or None and why it could not be read."""
        try:
            return await reading
        except SsprError as exc:
            if exc.kind not in GONE_WITHOUT:
                raise
            self._note(what, exc)
            return None

    def _note(self, what: str, error: SsprError) -> None:
        self.unavailable.append({"what": what, "reason": error.kind, "message": error.message, "hint": error.hint})

    async def _person(self, session: Session) -> User:
        user = str(self.params["user"]).strip()
        try:
            return await directory.read_person(session.graph, user)
        except SsprError as exc:
            if exc.kind != "not_found":
                raise
            hint = "Check the user principal name, and the tenant."
            raise replace(exc, message=f"user: the tenant has no user {user!r}", hint=hint) from exc

    async def _events(self, session: Session, person: User, since: str | None) -> list[dict[str, Any]]:
        limit = int(self.params["events"])
        return await directory.read_audit_events(session.graph, user_id=person.id, since=since, limit=limit)

    async def _settings(self, session: Session) -> TenantView:
        """The settings as far as they can be read; a page that cannot is noted."""
        turnstile = self.turnstile(session)
        if session.portal is None:
            self._note("the settings of the portal API", no_portal(session.connection, {}))
        for document in (METHODS, AUTHORIZATION, ON_PREMISES, POLICY):
            if session.plane(PLANE_OF[document]) is not None:
                options = [name for name in SHOWN if SETTINGS[name].document == document] or ["methods"]
                await self._try(", ".join(options), self.read(session, turnstile, [document]))
        return view_of(self.documents)

    def _result(
        self, session: Session, case: Case, through: list[Group] | None, row: tuple[Registration | None] | None
    ) -> Result:
        person = case.person
        capable, blockers, problems = judge(case)
        roles = None if case.roles is None else sorted(ROLE_NAMES.get(role, role) for role in case.roles)
        return {
            "changed": False,
            "user": {
                "id": person.id,
                "upn": person.user_principal_name,
                "display_name": person.display_name,
                "enabled": person.enabled,
                "guest": person.guest,
                "synced": person.synced,
                "mail": person.mail,
            },
            "capable": capable,
            "blockers": blockers,
            "problems": problems,
            "in_scope": case.in_scope,
            "through": None if through is None else [{"id": g.id, "display_name": g.display_name} for g in through],
            "licensed": case.licensed,
            "administrator": case.administrator,
            "roles": roles,
            "methods_required": case.required,
            "methods": None if case.methods is None else listed(case),
            "settings": {name: case.setting(name) for name in SHOWN},
            "events": [explained(event) for event in case.events],
            "report": None if row is None else reported(row[0], capable, case.now),
            "unavailable": self.unavailable,
            "as_of": case.as_of.isoformat(),
            "tenant": session.tenant.as_result(),
            "request_ids": session.request_ids,
        }


async def _report_of(session: Session, person: User) -> tuple[Registration | None]:
    """The user's row of the report, wrapped: that there is none is an answer too."""
    return (await directory.read_registration(session.graph, person.id),)


async def _has_one_gate(session: Session) -> bool:
    """Whether one method is enough for administrators: the tenant has no domain of its own, and nothing is synced."""
    organization = await policy_documents.read_organization(session.graph)
    names = [str(entry.get("name")) for entry in organization.get("verifiedDomains") or []]
    facts = await directory.read_organization_facts(session.graph)
    return not facts["synced"] and all(NOT_ITS_OWN.fullmatch(name) for name in names)


async def _path(session: Session, case: Case, groups: list[Group]) -> list[Group]:
    """From the group of the scope down to the one that has the user as a direct member; none where all are in scope."""
    if case.setting("scope") != "selected":
        return []
    path = [known for known in groups if known.id == str(case.setting("group")["id"]).lower()]
    while True:
        members = await policy_documents.read_members(session.graph, path[-1].id)
        further = [known for known in groups if known.id in members and known not in path]
        if case.person.id in members or not further:
            return path
        path.append(further[0])


def _registered(methods: list[dict[str, Any]] | None, row: Registration | None) -> frozenset[str] | None:
    """What the user has registered: as it is now, or else as the report had it."""
    if methods is not None:
        return names_of(methods)
    return None if row is None else row.methods - {QUESTIONS}
