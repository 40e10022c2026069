# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has registered, and who would lose the ability to reset: what ``sspr_registration_info`` does. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import Any, TypeAlias

from .._dates import as_of_date
from .._errors import PORTAL, UNREADABLE, ErrorKind, SsprError, Unavailable, require_range
from .._failures import Result
from ..connection.options import CONNECTION_SPEC, connection
from ..connection.service_client import ServiceClient
from ..planning.plan import Plan, make_plan
from ..rules.tenant_view import TenantView
from ..services.groups import find_group
from ..services.reports import read_last_policy_change, read_registrations
from ..services.session import Session
from ..services.users import read_group_user_ids, read_role_holders, read_users
from ..settings.pages import (
    AUTH_METHODS,
    METHODS_POLICY,
    PROPERTIES,
    SSPR_POLICY,
    argument_spec,
    backend_of,
    flatten,
    group_counts,
    nest,
    surprises,
)
from ..settings.tenant_documents import Documents
from ..users.coverage import Coverage, Population, classify, locked_out, measure, report_date, why_stale
from ..users.method_eligibility import Policy
from ..users.models import Registration, User
from .base import Task, run_task
from .document_reader import DocumentReader
from .facts import FactReader
from .portal_access import SET_PORTAL_CREDENTIAL, no_portal

PAGES = (PROPERTIES, AUTH_METHODS)
WHAT_IF: Mapping[str, Any] = {
    name: line
    for name, line in argument_spec(PAGES).items()
    if name in ("scope", "group", "methods_required", "methods")
}
POLICY_OPTIONS = tuple(option for page in PAGES for option in page.options if option.partition(".")[0] in WHAT_IF)
SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    **WHAT_IF,
    "as_of": {"type": "str"},
    "telephony_provider": {"type": "bool", "default": False},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "limit": {"type": "int", "default": 100},
}

# The object ids of the users in a group, by its object id; None where they could not be read
Members: TypeAlias = "Mapping[str, frozenset[str] | None]"

LOCKED_OUT_UNKNOWN = Unavailable(
    "locked_out",
    "portal_credential_missing",
    "who would lose the ability to reset depends on scope, methods_required and methods, not all of which are known",
    "Set a credential for the portal API. In a migrated tenant, it is enough to request methods_required, and a group "
    "if scope is selected.",
)
HINTS: Mapping[ErrorKind, str] = {
    "license": "The report needs Entra ID P1 or P2. Without it, it is unknown who has registered.",
    "not_found": "Set another group: this one no longer exists.",
}


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Count who has registered, and who would lose the ability to reset."""
    return run_task(_RegistrationInfo(params))


class _RegistrationInfo(Task):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.facts = FactReader(UNREADABLE, HINTS)

    async def execute(self) -> Result:
        target = connection(self.params)
        now = datetime.now(timezone.utc)
        as_of = as_of_date(self.params)
        require_range("limit", self.params["limit"], 0)
        async with self.open_session(target, wants_portal=True) as session:
            documents = await self._documents(session)
            requested = await self._requested(session)
            plan = self._plan(documents, requested)
            survey = await self._survey(session, plan, requested, (now.date(), as_of))
            return {
                "changed": False,
                **await self._report_age(session.graph, survey.coverage.rows, now),
                "settings": nest({option: plan.before[option] for option in POLICY_OPTIONS}),
                **survey.as_result(self.params["limit"]),
                "unavailable": [entry.as_result() for entry in self.facts.unavailable],
                "tenant": session.tenant.as_result(),
                "request_ids": session.request_ids,
            }

    async def _documents(self, session: Session) -> Documents:
        reader = DocumentReader(session)
        documents = await reader.read_all((METHODS_POLICY, SSPR_POLICY), Documents())
        self.report.warn(*surprises(documents.sspr_policy))
        if documents.sspr_policy is None:
            self.facts.note(_without_portal(session, documents))
        return documents

    async def _requested(self, session: Session) -> dict[str, Any]:
        """The requested settings, with the group looked up. Raises: SsprError."""
        requested = flatten(self.params, PAGES)
        if requested.get("group"):
            requested["group"] = await find_group(session.graph, str(requested["group"]))
        if requested.get("group") and session.portal is None and not group_counts(requested, None):
            self.report.warn("group is ignored: scope is unknown")
        return requested

    def _plan(self, documents: Documents, requested: Mapping[str, Any]) -> Plan:
        """The settings as they are, and as they would be. Raises: SsprError(invalid_setting)."""
        plan = make_plan(documents, requested, PAGES, allow_sign_in_change=True)
        if plan.refusals:
            raise SsprError("invalid_setting", "; ".join(plan.refusals))
        self.report.warn(
            *plan.warnings,
            *plan.preexisting,
            *(f"These settings could not be applied to the tenant: {fault}" for fault in plan.violated),
        )
        return plan

    async def _survey(
        self, session: Session, plan: Plan, requested: Mapping[str, Any], days: tuple[date, date]
    ) -> _Survey:
        """Who is in scope today, who has registered, and who would lose the ability to reset on the other day."""
        today, as_of = days
        was, becomes = plan.views
        # What is not requested of the settings that were not read is as unknown as before.
        assumed = requested if session.portal is None else {}
        becomes = becomes.assuming(assumed)
        members = await self._members(session.graph, was, becomes)
        before = self._policy(session, was, members, today)
        after = self._policy(session, becomes, members, as_of, assumes_scope="scope" in assumed)
        users = await read_users(session.graph)
        roles = (await self.facts.read("roles", read_role_holders(session.graph))).value or {}
        population, unmatched = classify(users, self.params["exclude"], roles)
        if unmatched:
            self.report.warn(f"exclude: the tenant has no user {', '.join(unmatched)}")
        rows = (await self.facts.read("registrations", read_registrations(session.graph))).value
        coverage = measure(population, rows, before, roles)
        compared = bool(requested) or as_of != today
        lost = locked_out(population, coverage, before, after) if compared else None
        if compared and lost is None and rows is not None:
            self.facts.note(LOCKED_OUT_UNKNOWN)
        return _Survey(population, coverage, (before, after), compared, lost)

    async def _members(self, graph: ServiceClient, *views: TenantView) -> Members:
        """The users in the groups that decide whom reset and its methods are for."""
        groups = dict.fromkeys(
            group for view in views for group in (_group_of(view), *sorted(view.target_groups())) if group
        )
        return {
            group: (await self.facts.read("group", read_group_user_ids(graph, group), subject=group)).value
            for group in groups
        }

    def _policy(
        self, session: Session, view: TenantView, members: Members, day: date, *, assumes_scope: bool = False
    ) -> Policy:
        """The policy on a day. ``assumes_scope``: the scope was not read, and is the requested one."""
        scope, group = view.settings.get("scope"), _group_of(view)
        has_portal = session.portal is not None
        in_group = members[group] if group else None
        # No group is an answer where the SSPR policy was read.
        group_decided = in_group is not None if group else has_portal
        scope_decided = scope != "selected" or group_decided
        methods_decided = view.settings.get("methods_required") is not None and (bool(view.migrated) or has_portal)
        policy = view.policy(
            day,
            members=in_group or (),
            audiences=view.audiences(lambda name: members[name] or ()),
            telephony_provider=self.params["telephony_provider"],
        )
        return replace(
            policy,
            known=methods_decided and (scope_decided or not assumes_scope),
            scope=scope if scope_decided else None,
        )

    async def _report_age(
        self, graph: ServiceClient, rows: Mapping[str, Registration] | None, now: datetime
    ) -> dict[str, Any]:
        """When the report was made, and whether it is too old to reflect the current state."""
        if rows is None:
            return {"as_of": None, "stale": None, "stale_because": None}
        as_of = report_date(rows.values())
        why = why_stale(as_of, None, now)
        if as_of is not None and why is None:
            why = why_stale(as_of, await read_last_policy_change(graph, as_of), now)
        return {"as_of": as_of, "stale": why is not None, "stale_because": why}


def _group_of(view: TenantView) -> str | None:
    """The object id of the group of scope ``selected``."""
    return view.group if view.settings.get("scope") == "selected" else None


def _without_portal(session: Session, documents: Documents) -> Unavailable:
    options = tuple(option for option in POLICY_OPTIONS if backend_of(option, documents.migrated) == PORTAL)
    instead = "Taken from the registration report instead, which may be outdated."
    missing = no_portal(session.connection)
    if missing.kind == "unsupported":
        return Unavailable("settings", missing.kind, missing.message, instead, options)
    message = "scope and methods_required are available only through the portal API"
    hint = f"{instead} {SET_PORTAL_CREDENTIAL} to read them."
    return Unavailable("settings", missing.kind, message, hint, options)


@dataclass(frozen=True)
class _Survey:
    """What was found. ``compared``: whether other settings or another day were requested, so ``lost`` are users then.

    ``policies`` are the policy as it is, and the one that was requested.
    """

    population: Population
    coverage: Coverage
    policies: tuple[Policy, Policy]
    compared: bool
    lost: tuple[User, ...] | None

    def as_result(self, limit: int) -> Result:
        """The keys of the result, with at most ``limit`` users in a list."""
        coverage = self.coverage
        return {
            "counts": self._counts(),
            "coverage_percent": coverage.percent,
            "not_registered": self._list(coverage.not_registered, limit),
            "not_in_report": self._list(coverage.not_in_report, limit),
            "admins_not_registered": self._list(coverage.admins_not_registered, limit),
            "locked_out": {
                "asked": self.compared,
                "count": _number(self.lost),
                "users": [{**self._entry(user), **self._kinds(user)} for user in (self.lost or ())[:limit]],
            },
        }

    def _counts(self) -> dict[str, int | None]:
        population, coverage = self.population, self.coverage
        return {
            "users": population.total,
            "guests": population.guests,
            "disabled": population.disabled,
            "excluded": population.excluded,
            "admins": len(population.admins),
            "in_scope": _number(coverage.in_scope),
            **{flag: coverage.flagged(population, flag) for flag in ("enabled", "registered", "capable")},
            "not_registered": _number(coverage.not_registered),
            "not_in_report": _number(coverage.not_in_report),
            "directory_data_only": coverage.directory_data_only,
            "admins_not_registered": _number(coverage.admins_not_registered),
            "locked_out": _number(self.lost),
        }

    def _list(self, users: Sequence[User] | None, limit: int) -> list[dict[str, Any]] | None:
        return None if users is None else [self._entry(user) for user in users[:limit]]

    def _entry(self, user: User) -> dict[str, Any]:
        row = (self.coverage.rows or {}).get(user.id)
        return {**user.ref.as_result(), "methods": sorted(row.methods) if row else None}

    def _kinds(self, user: User) -> dict[str, list[str] | None]:
        """The kinds of methods that count for a user today, and that would be left."""
        methods = (self.coverage.rows or {})[user.id].methods
        usable, left = (
            sorted(policy.for_user(user.id).kinds(methods)) if policy.known else None for policy in self.policies
        )
        return {"usable": usable, "left": left}


def _number(users: Sequence[User] | None) -> int | None:
    return None if users is None else len(users)
