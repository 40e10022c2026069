# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has registered, and who could no longer reset after a change: ``sspr_registration_info``. Reads only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Any

from .._errors import Unavailable, SsprError
from ..connection.options import CONNECTION_SPEC, GUID, connection
from ..connection.service_client import ServiceClient
from ..planning.plan import Plan, make_plan
from ..rules.tenant_view import TenantView
from ..services import directory, policy_documents
from ..services.session import Session, open_session, portal_is_known
from ..settings.graph_methods import EVERYONE
from ..settings.pages import AUTH_METHODS, METHODS, POLICY, PROPERTIES, flatten, nest
from ..users.coverage import Audience, Coverage, Crowd, Policy, cover, locked_out, sort_people, why_stale
from ..users.models import User, Registration
from .base import Result, Task, run_task, state_path
from .document_reader import DocumentReader
from ..runs.recent_writes import RecentWrites
from .portal_access import no_portal
from .results import manual_steps, settings_diff
from .configure import UNREADABLE

PAGES = (PROPERTIES, AUTH_METHODS)
WHAT_IF: Mapping[str, Any] = {
    name: line
    for page in PAGES
    for name, line in page.argument_spec().items()
    if name in ("scope", "group", "methods_required", "methods")
}
SHOWN = tuple(option for page in PAGES for option in page.options if option.partition(".")[0] in WHAT_IF)
SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **WHAT_IF,
    "at_date": {"type": "str"},
    "telephony_provider": {"type": "bool", "default": False},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "limit": {"type": "int", "default": 100},
}

FROM_THE_REPORT = "Taken from the registration report instead, which may be outdated."


def survey(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Count who has registered, and who would be locked out."""
    return run_task(_Survey(params))


class _Survey(Task):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.unavailable: list[dict[str, Any]] = []
        self.members: dict[str, frozenset[str]] = {}

    async def execute(self) -> Result:
        target = connection(self.params)
        asked, now = flatten(self.params, PAGES), datetime.now(timezone.utc)
        then = _day(self.params["at_date"]) if self.params["at_date"] else now.date()
        if self.params["limit"] < 0:
            raise SsprError("invalid_setting", f"limit: {self.params['limit']} is below 0")
        async with self.open_session(target, wants_portal=True) as session:
            plan = await self._plan(session, asked)
            before, after = await self._policies(session, plan, asked, (now.date(), then))
            people = await directory.read_people(session.graph)
            roles = await self._ask("roles", session.graph, directory.read_role_holders) or {}
            crowd, strangers = sort_people(people, self.params["exclude"], roles)
            if strangers:
                self.report.warn(f"exclude: the tenant has no user {', '.join(strangers)}")
            rows = await self._ask("registrations", session.graph, directory.read_registrations)
            coverage = cover(crowd, rows, before, roles)
            is_asked = bool(asked) or then != now.date()
            lost = locked_out(crowd, coverage, before, after) if is_asked else None
            if is_asked and lost is None and rows is not None:
                self._miss("locked_out", *UNDECIDABLE)
            return {
                "changed": False,
                **await self._age(session.graph, rows, now),
                "settings": nest({option: plan.before[option] for option in SHOWN}),
                "counts": _counts(crowd, coverage, lost),
                "coverage_percent": coverage.percent,
                **{
                    name: self._listed(getattr(coverage, name), coverage)
                    for name in ("not_registered", "not_in_report", "admins_not_registered")
                },
                "locked_out": self._listed(lost, coverage, before, after),
                "unavailable": self.unavailable,
                "tenant": session.tenant.as_result(),
                "request_ids": session.request_ids,
            }

    async def _plan(self, session: Session, asked: dict[str, Any]) -> Plan:
        """The settings as they are, and as they would be; ``asked`` gets the group's object id."""
        turnstile = self.turnstile(session)
        await self.read(session, turnstile, [METHODS, POLICY])
        if self.documents.portal is None:
            self._miss("settings", *_no_portal(session))
        if asked.get("group"):
            name = str(asked["group"])
            asked["group"] = await policy_documents.find_group(session.graph, name, by_id=bool(GUID.fullmatch(name)))
        if asked.get("group") and asked.get("scope") != "selected" and self.documents.portal is None:
            self.report.warn("group is ignored: it counts only with scope selected, and the scope is not known")
        plan = make_plan(self.documents, asked, PAGES, allow_sign_in_change=True)
        if plan.refusals:
            raise SsprError("invalid_setting", "; ".join(plan.refusals))
        stops = [fault for fault in plan.faults if fault not in plan.refusals]
        self.report.warn((*plan.warnings, *(f"The tenant could not be set like that: {fault}" for fault in stops)))
        return plan

    async def _policies(
        self, session: Session, plan: Plan, asked: Mapping[str, Any], days: tuple[date, date]
    ) -> tuple[Policy, Policy]:
        """The policy as it is today, and as it would be on the other day."""
        if plan.views is None:
            raise SsprError("internal", "the plan shows no settings")
        was, becomes = plan.views
        told = asked if session.portal is None else {}
        # What stays as it is in the portal is as unknown as before.
        return await self._policy(session, was, {}, days[0]), await self._policy(session, becomes, told, days[1])

    async def _policy(self, session: Session, view: TenantView, told: Mapping[str, Any], day: date) -> Policy:
        unread = {option: value for option, value in told.items() if view.settings.get(option) is None}
        settings = {**view.effective, **unread}
        scope, group = settings.get("scope"), settings.get("group")
        chosen = str(group["id"]).lower() if scope == "selected" and group else None
        members = await self._members(session.graph, chosen) if chosen else None
        unknown = scope == "selected" and members is None and (bool(chosen) or session.portal is None)
        return Policy(
            settings=settings,
            migrated=view.migrated,
            day=day,
            known=settings.get("methods_required") is not None
            and (bool(view.migrated) or session.portal is not None)
            and not (unknown and "scope" in told),
            scope=None if unknown else scope,
            members=members or frozenset(),
            audiences=await self._audiences(session.graph, view),
            telephony_provider=self.params["telephony_provider"],
        )

    async def _audiences(self, graph: ServiceClient, view: TenantView) -> dict[str, Audience]:
        """By option: whom a method is for, where that is not everyone."""

        async def all_of(groups: Iterable[str]) -> frozenset[str]:
            found = [await self._members(graph, group.lower()) for group in groups]
            return frozenset().union(*(members for members in found if members is not None))

        return {
            f"methods.{name}": Audience(
                None if EVERYONE in target["include"] else await all_of(target["include"]),
                await all_of(target["exclude"]),
            )
            for name, target in view.targets.items()
            # While a migration is in progress, what the other policy offers is for everyone.
            if view.migrated or not view.settings.get(f"methods.{name}")
        }

    async def _members(self, graph: ServiceClient, group: str) -> frozenset[str] | None:
        """The object ids of the users in a group, read once; None when it cannot be told."""
        if group not in self.members:
            found = await self._ask("group", graph, lambda plane: directory.read_group_ids(plane, group), group)
            if found is None:
                return None
            self.members[group] = found
        return self.members[group]

    async def _ask(
        self, fact: str, graph: ServiceClient, read: Callable[[ServiceClient], Awaitable[Any]], of: str = ""
    ) -> Any:
        """A fact, or None and why it cannot be read."""
        try:
            return await read(graph)
        except SsprError as exc:
            if exc.kind not in UNREADABLE:
                raise
            self._miss(fact, exc.kind, f"{of}: {exc.message}" if of else exc.message, exc.hint or HINTS.get(exc.kind))
            return None

    def _miss(self, fact: str, reason: str, message: str, hint: str | None) -> None:
        entry = {"fact": fact, "reason": reason, "message": message, "hint": hint}
        if entry not in self.unavailable:
            self.unavailable.append(entry)

    async def _age(self, graph: ServiceClient, rows: list[Registration] | None, now: datetime) -> dict[str, Any]:
        """When the report was made, and whether that was too long ago to speak of today."""
        if rows is None:
            return {"as_of": None, "stale": None, "stale_because": None}
        as_of = min((row.as_of for row in rows if row.as_of), default=None)
        why = why_stale(as_of, None, now)
        if as_of is not None and why is None:
            why = why_stale(as_of, await directory.read_last_policy_change(graph, as_of), now)
        return {"as_of": as_of, "stale": why is not None, "stale_because": why}

    def _listed(
        self, people: tuple[User, ...] | None, coverage: Coverage, *policies: Policy
    ) -> list[dict[str, Any]] | None:
        """People by name, no more than asked for; with the two policies also what they can reset with."""
        if people is None:
            return None
        return [
            {
                "id": person.id,
                "user_principal_name": person.user_principal_name,
                "display_name": person.display_name,
                **_methods(coverage, person, policies),
            }
            for person in people[: self.params["limit"]]
        ]


UNDECIDABLE = (
    "portal_credential_missing",
    "who could no longer reset depends on the scope, the number and the methods, of which not all are known",
    "Give a credential for the portal API; or, where methods are migrated, methods_required, and the group of a scope.",
)
HINTS = {
    "license": "The report needs Entra ID P1 or P2. Without it nobody can tell who has registered.",
    "not_found": "Set another group: this one does not exist any more.",
}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise SsprError("invalid_setting", f"at_date: {text!r} is not a date", hint="For example 2027-02-01.") from exc


def _no_portal(session: Session) -> tuple[str, str, str]:
    known = portal_is_known(session.connection)
    return (
        "portal_credential_missing" if known else "unsupported",
        "scope and methods_required are only in the portal API",
        f"{FROM_THE_REPORT} Give portal_refresh_token or portal_auth_method to read them.",
    )


def _methods(coverage: Coverage, person: User, policies: tuple[Policy, ...]) -> dict[str, Any]:
    row = (coverage.rows or {}).get(person.id)
    if row is None:
        return {"methods": None}
    shown: dict[str, Any] = {"methods": sorted(row.methods)}
    for name, policy in zip(("usable", "left"), policies, strict=False):
        shown[name] = sorted(policy.usable(row)) if policy.known else None
    return shown


def _counts(crowd: Crowd, coverage: Coverage, lost: tuple[User, ...] | None) -> dict[str, int | None]:
    def number(people: tuple[User, ...] | None) -> int | None:
        return None if people is None else len(people)

    return {
        "users": crowd.total,
        "guests": crowd.guests,
        "disabled": crowd.disabled,
        "excluded": crowd.excluded,
        "admins": len(crowd.admins),
        "in_scope": number(coverage.in_scope),
        **{flag: coverage.flagged(crowd, flag) for flag in ("enabled", "registered", "capable")},
        "not_registered": number(coverage.not_registered),
        "not_in_report": number(coverage.not_in_report),
        "directory_data_only": coverage.directory_data_only,
        "admins_not_registered": number(coverage.admins_not_registered),
        "locked_out": number(lost),
    }
