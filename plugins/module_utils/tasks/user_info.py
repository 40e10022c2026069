# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why one user can or cannot reset: what ``sspr_user_info`` does.

Reads only, and continues without what cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from .._dates import as_of_date, require_timestamp
from .._errors import PORTAL, TRANSIENT, UNREADABLE, Unavailable, require_range
from .._failures import Result
from ..connection.options import CONNECTION_SPEC, connection
from ..rules.reset_diagnosis import (
    QUESTIONS,
    Case,
    assess_methods,
    describe_event,
    describe_report,
    diagnose,
    registered_names,
)
from ..rules.tenant_view import TenantView, view_of
from ..services.groups import read_member_ids
from ..services.reports import read_audit_events, read_registration
from ..services.session import Session
from ..services.tenant import TenantIdentity, read_subscriptions
from ..services.users import read_memberships, read_role_holders, read_user, read_user_methods
from ..settings.pages import (
    AUTHORIZATION_POLICY,
    METHODS,
    METHODS_POLICY,
    ON_PREMISES,
    PLANE_OF,
    SETTINGS,
    SSPR_POLICY,
    DocumentName,
    GroupRef,
    nest,
    surprises,
)
from ..settings.tenant_documents import Documents
from ..users.models import Group, Registration, User
from ..users.roles import ROLE_NAMES
from .base import Task, run_task
from .document_reader import DocumentReader
from .facts import Fact, FactReader
from .portal_access import SET_PORTAL_CREDENTIAL, no_portal

SPEC: Mapping[str, Any] = {
    **CONNECTION_SPEC,
    "user": {"type": "str", "required": True},
    "as_of": {"type": "str"},
    "since": {"type": "str"},
    "events": {"type": "int", "default": 10},
    "telephony_provider": {"type": "bool", "default": False},
}

MOST_EVENTS = 100
# Domains that every tenant has from Microsoft
INITIAL_DOMAIN = re.compile(r".*\.(onmicrosoft\.(com|us)|partner\.onmschina\.cn)", re.IGNORECASE)
# The settings that decide about a user
USER_SETTINGS = (
    "scope",
    "group",
    "methods_required",
    "required_at_sign_in",
    "notify_admins",
    "password_writeback",
    "admins_can_reset",
)


def execute(params: Mapping[str, Any], _check_mode: bool) -> Result:
    """Report why a user can or cannot reset their password."""
    return run_task(_UserInfo(params))


@dataclass(frozen=True)
class UserFacts:
    """What was read of a user. ``memberships`` are groups, ``roles`` template ids by object id of the user."""

    user: User
    view: TenantView
    memberships: Fact[list[Group]]
    methods: Fact[list[dict[str, Any]]]
    report: Fact[Registration | None]
    events: Fact[list[dict[str, Any]]]
    roles: Fact[dict[str, frozenset[str]]]
    subscriptions: Fact[dict[str, frozenset[str]]]

    @property
    def registered(self) -> frozenset[str] | None:
        """What the user has registered: as it is now, or else as the report had it."""
        if self.methods.value is not None:
            return registered_names(self.methods.value)
        return None if self.report.value is None else self.report.value.methods - {QUESTIONS}

    def case(self, tenant: TenantIdentity, as_of: date, *, telephony_provider: bool) -> Case:
        """What is to be decided from them."""
        user, groups, roles = self.user, self.memberships.value, self.roles.value
        row, skus = self.report.value, self.subscriptions.value
        return Case(
            user=user,
            view=self.view,
            as_of=as_of,
            now=datetime.now(timezone.utc),
            groups=None if groups is None else frozenset(group.id for group in groups),
            roles=None if roles is None else roles.get(user.id, frozenset()),
            methods=self.registered,
            questions=None if row is None else QUESTIONS in row.methods,
            skus=None if skus is None else frozenset(skus),
            admins_need_one=_admins_need_one(tenant),
            events=tuple(self.events.value or ()),
            telephony_provider=telephony_provider,
        )


class _UserInfo(Task):
    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.facts = FactReader(UNREADABLE | TRANSIENT | {"invalid_setting"})

    async def execute(self) -> Result:
        target = connection(self.params)
        as_of = as_of_date(self.params)
        since = require_timestamp("since", self.params["since"]) if self.params.get("since") else None
        require_range("events", self.params["events"], 1, MOST_EVENTS)
        async with self.open_session(target, wants_portal=True) as session:
            found = await self._read(session, since)
            case = found.case(session.tenant, as_of, telephony_provider=bool(self.params["telephony_provider"]))
            return {
                "changed": False,
                **_diagnosis(case, found.report),
                "through": await self._through(session, case, found.memberships.value or []),
                "unavailable": [entry.as_result() for entry in self.facts.unavailable],
                "tenant": session.tenant.as_result(),
                "request_ids": session.request_ids,
            }

    async def _read(self, session: Session, since: str | None) -> UserFacts:
        """Everything about the user, of which only the user itself has to be readable. Raises: SsprError."""
        graph, facts, limit = session.graph, self.facts, self.params["events"]
        user = await read_user(graph, str(self.params["user"]).strip(), option="user")
        return UserFacts(
            user=user,
            view=await self._settings(session),
            memberships=await facts.read("groups", read_memberships(graph, user.id)),
            methods=await facts.read("methods", read_user_methods(graph, user.id)),
            report=await facts.read("report", read_registration(graph, user.id)),
            events=await facts.read("events", read_audit_events(graph, user_id=user.id, since=since, limit=limit)),
            roles=await facts.read("roles", read_role_holders(graph)),
            subscriptions=await facts.read("licenses", read_subscriptions(graph)),
        )

    async def _settings(self, session: Session) -> TenantView:
        """The settings as far as they can be read."""
        reader = DocumentReader(session)
        documents = Documents()
        if session.portal is None:
            missing = no_portal(session.connection).with_hint("See them in the admin center.")
            if session.connection.cloud.has_portal:
                missing = missing.with_hint(f"{SET_PORTAL_CREDENTIAL} to read them.")
            unread = (option for option in USER_SETTINGS if PLANE_OF[SETTINGS[option].document] == PORTAL)
            self.facts.note(Unavailable.because(missing, "settings", unread))
        for name in (METHODS_POLICY, AUTHORIZATION_POLICY, ON_PREMISES, SSPR_POLICY):
            if reader.can_read(name):
                found = await self.facts.read("settings", reader.read_settled(name, documents), options=_options(name))
                documents = found.value or documents
        self.report.warn(*surprises(documents.sspr_policy))
        return view_of(documents)

    async def _through(self, session: Session, case: Case, groups: list[Group]) -> list[dict[str, str]] | None:
        """The groups by which a user is in scope; None where that is unknown, or the user is not."""
        if not case.in_scope:
            return None
        group: GroupRef | None = case.setting("group") if case.setting("scope") == "selected" else None
        if group is None:
            return []
        path = await self.facts.read("through", _path(session, case.user, groups, group))
        return None if path.value is None else [{"id": g.id, "display_name": g.display_name} for g in path.value]


def _options(name: DocumentName) -> tuple[str, ...]:
    """The options that are unknown without a document."""
    return METHODS if name == METHODS_POLICY else tuple(o for o in USER_SETTINGS if SETTINGS[o].document == name)


def _admins_need_one(tenant: TenantIdentity) -> bool | None:
    """Whether one method is enough for administrators: no domain of the tenant's own, and nothing synchronized."""
    if not all(INITIAL_DOMAIN.fullmatch(name) for name in tenant.domains):
        return False
    return None if tenant.synced is None else not tenant.synced


async def _path(session: Session, user: User, groups: list[Group], group: GroupRef) -> list[Group]:
    """From the group of the scope to the one that has the user as a direct member. Raises: SsprError."""
    path = [known for known in groups if known.id == group.id.lower()]
    while True:
        members = await read_member_ids(session.graph, path[-1].id)
        further = [known for known in groups if known.id in members and known not in path]
        if user.id in members or not further:
            return path
        path.append(further[0])


def _diagnosis(case: Case, report: Fact[Registration | None]) -> Result:
    """What the result says about the user."""
    diagnosis = diagnose(case)
    reported = None if report.missing else describe_report(report.value, diagnosis.capable, case.now)
    return {
        "user": _user_result(case.user),
        "capable": diagnosis.capable,
        "blockers": [cause.as_result() for cause in diagnosis.blockers],
        "problems": [cause.as_result() for cause in diagnosis.problems],
        "in_scope": case.in_scope,
        "licensed": case.licensed,
        "administrator": case.administrator,
        "roles": None if case.roles is None else sorted(ROLE_NAMES.get(role, role) for role in case.roles),
        "methods_required": case.methods_required,
        "methods": None if case.methods is None else [method.as_result() for method in assess_methods(case)],
        "settings": nest({option: case.setting(option) for option in USER_SETTINGS}),
        "events": [describe_event(event).as_result() for event in case.events],
        "report": reported.as_result() if reported else None,
        "as_of": case.as_of.isoformat(),
    }


def _user_result(user: User) -> dict[str, Any]:
    return {
        **user.ref.as_result(),
        "enabled": user.enabled,
        "guest": user.guest,
        "synced": user.synced,
        "mail": user.mail,
    }
