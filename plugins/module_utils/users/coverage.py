# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many of a tenant's people can reset their password, and who could no longer after a change.

Pure: people, rows of the registration report, and policies in. Guests, disabled accounts and those named as no people
never count; administrators are counted apart, since they follow Microsoft's policy and not the tenant's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from .method_eligibility import ADMIN_METHODS, GATES, Settings, admin_gates, capable, usable
from .models import Registration, User
from .roles import ADMIN_ROLES as TWO_GATE

# Microsoft refreshes the report within that time. Source: howto-authentication-methods-activity.
REPORT_DELAY = timedelta(hours=36)


@dataclass(frozen=True)
class Audience:
    """Whom a method is for. ``included`` is None for everyone."""

    included: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()

    def __contains__(self, object_id: str) -> bool:
        return (self.included is None or object_id in self.included) and object_id not in self.excluded


@dataclass(frozen=True)
class Policy:
    """Whom self-service reset is for, and with what, on a day.

    ``known``: it tells which methods count and how many are needed. ``scope`` is None when it is not known; ``members``
    are the object ids of who is in the group of scope ``selected``. ``audiences``: methods that are not for everyone.
    """

    settings: Settings
    migrated: bool | None
    day: date
    known: bool = True
    scope: str | None = None
    members: frozenset[str] = frozenset()
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    telephony_provider: bool = False

    def covers(self, object_id: str) -> bool | None:
        """Whether a member of the tenant is in scope; None when the scope is not known."""
        if self.scope is None:
            return None
        return self.scope == "all" or (self.scope == "selected" and object_id in self.members)

    def usable(self, row: Registration) -> frozenset[str]:
        """The gates that the user's methods open."""
        return usable(row, self._settings_for(row.id), self.migrated, self.day, self.telephony_provider)

    def suffices(self, row: Registration) -> bool:
        """Whether they are enough, for who is in scope."""
        return capable(row, self._settings_for(row.id), self.migrated, self.day, self.telephony_provider)

    def _settings_for(self, object_id: str) -> Settings:
        kept_out = [option for option, audience in self.audiences.items() if object_id not in audience]
        return {**self.settings, **dict.fromkeys(kept_out, False)} if kept_out else self.settings


@dataclass(frozen=True)
class Crowd:
    """Everyone in a tenant, sorted. ``users`` follow the tenant's policy, ``admins`` Microsoft's."""

    total: int
    users: tuple[User, ...]
    admins: tuple[User, ...]
    guests: int
    disabled: int
    excluded: int


def sort_people(
    people: Iterable[User], exclude: Iterable[str], roles: Mapping[str, frozenset[str]]
) -> tuple[Crowd, list[str]]:
    """The people who count apart from those who do not; and the names to exclude that are nobody's.

    Each is in one class: excluded before guest before disabled. ``roles``: directory roles by object id.
    """
    named = {name.lower(): name for name in exclude}
    unmatched = dict(named)
    classes: dict[str, list[User]] = {"excluded": [], "guest": [], "disabled": [], "admin": [], "user": []}
    for person in people:
        names = {person.id, person.user_principal_name.lower()} & named.keys()
        for name in names:
            unmatched.pop(name, None)
        classes[_class(person, bool(names), roles.get(person.id, frozenset()))].append(person)
    crowd = Crowd(
        total=sum(map(len, classes.values())),
        users=_ordered(classes["user"]),
        admins=_ordered(classes["admin"]),
        guests=len(classes["guest"]),
        disabled=len(classes["disabled"]),
        excluded=len(classes["excluded"]),
    )
    return crowd, list(unmatched.values())


def _class(person: User, excluded: bool, roles: frozenset[str]) -> str:
    whether = {
        "excluded": excluded,
        "guest": person.guest,
        "disabled": person.enabled is False,
        "admin": bool(roles & TWO_GATE),
    }
    return next((name for name, holds in whether.items() if holds), "user")


def _ordered(people: list[User]) -> tuple[User, ...]:
    return tuple(sorted(people, key=lambda person: person.user_principal_name.lower()))


@dataclass(frozen=True)
class Coverage:
    """What is known of a crowd. None in the place of what cannot be told without the report or the scope."""

    in_scope: tuple[User, ...] | None
    rows: Mapping[str, Registration] | None
    not_registered: tuple[User, ...] | None
    not_in_report: tuple[User, ...] | None
    directory_data_only: int | None
    admins_not_registered: tuple[User, ...] | None

    @property
    def percent(self) -> float | None:
        """How many of those in scope have registered enough, of a hundred."""
        if not self.in_scope or self.not_registered is None or self.not_in_report is None:
            return None
        lacking = len(self.not_registered) + len(self.not_in_report)
        return round(100 * (len(self.in_scope) - lacking) / len(self.in_scope), 1)

    def flagged(self, crowd: Crowd, flag: str) -> int | None:
        """Of how many users the report says that they are ``enabled``, ``registered`` or ``capable``."""
        if self.rows is None:
            return None
        rows = [self.rows[person.id] for person in crowd.users if person.id in self.rows]
        return sum(bool(getattr(row, flag)) for row in rows)


def cover(
    crowd: Crowd, registrations: Iterable[Registration] | None, policy: Policy, roles: Mapping[str, frozenset[str]]
) -> Coverage:
    """Who is in scope and has registered enough. Where the policy's scope is not known, the report's counts."""
    rows = None if registrations is None else {row.id: row for row in registrations}
    in_scope = _in_scope(crowd, rows, policy)
    if rows is None or in_scope is None:
        return Coverage(in_scope, rows, None, None, None, None)
    reported = [person for person in in_scope if person.id in rows]
    return Coverage(
        in_scope=in_scope,
        rows=rows,
        not_registered=tuple(person for person in reported if not rows[person.id].registered),
        not_in_report=tuple(person for person in in_scope if person.id not in rows),
        directory_data_only=sum(
            person.directory_data and not rows[person.id].methods & GATES.keys() for person in reported
        ),
        admins_not_registered=tuple(
            person
            for person in crowd.admins
            if person.id in rows
            and len(admin_gates(rows[person.id], roles[person.id], policy.day, policy.telephony_provider))
            < ADMIN_METHODS
        ),
    )


def locked_out(crowd: Crowd, coverage: Coverage, before: Policy, after: Policy) -> tuple[User, ...] | None:
    """Who can reset as it is and could no longer; None when it cannot be told.

    Where the policy as it is is not known, the report tells who can reset.
    """
    rows = coverage.rows
    if rows is None or not after.known:
        return None
    return tuple(
        person
        for person in crowd.users
        if (row := rows.get(person.id)) is not None
        and _can_reset(row, before)
        and not (after.suffices(row) and _is_covered(row, after))
    )


def moment(text: str | None) -> datetime | None:
    """A time of Microsoft's, which may have more digits than Python reads; to the second, UTC. None: it is not told."""
    try:
        return datetime.fromisoformat(text[:19]).replace(tzinfo=timezone.utc) if text else None
    except ValueError:
        return None


def why_stale(as_of: str | None, changed: str | None, now: datetime) -> str | None:
    """Why a report says nothing about today; None when it does."""
    made, altered = moment(as_of), moment(changed)
    if made is None:
        return "the report does not tell when it was made"
    if now - made > REPORT_DELAY:
        return f"the report was made more than {int(REPORT_DELAY.total_seconds() // 3600)} hours ago"
    if altered is not None and altered > made:
        return f"the report was made before the last change of the policy, at {changed}"
    return None


def _in_scope(crowd: Crowd, rows: Mapping[str, Registration] | None, policy: Policy) -> tuple[User, ...] | None:
    if policy.scope is not None:
        return tuple(person for person in crowd.users if policy.covers(person.id))
    if rows is None:
        return None
    return tuple(person for person in crowd.users if person.id in rows and rows[person.id].enabled)


def _is_covered(row: Registration, policy: Policy) -> bool:
    covered = policy.covers(row.id)
    return row.enabled if covered is None else covered


def _can_reset(row: Registration, policy: Policy) -> bool:
    return _is_covered(row, policy) and policy.suffices(row) if policy.known else row.capable
