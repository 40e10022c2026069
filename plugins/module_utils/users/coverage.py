# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many users of a tenant can reset their password, and which users no longer can after a change.

Pure: users, rows of the registration report, and policies in. Guests, disabled and excluded accounts never count;
administrators are counted separately, because they follow Microsoft's policy and not the tenant's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .._dates import oldest, parse_timestamp
from .method_eligibility import COUNTED_METHODS, Policy
from .models import Registration, User
from .roles import ADMIN_ROLES

# Microsoft refreshes the report within that time. Source: howto-authentication-methods-activity.
REPORT_DELAY = timedelta(hours=36)

Roles = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Population:
    """Everyone in a tenant, by class. ``users`` follow the tenant's policy, ``admins`` Microsoft's."""

    total: int
    users: tuple[User, ...]
    admins: tuple[User, ...]
    guests: int
    disabled: int
    excluded: int


def classify(users: Iterable[User], exclude: Iterable[str], roles: Roles) -> tuple[Population, list[str]]:
    """The tenant's users by class, and the names to exclude that no user has.

    Each user is in one class: excluded before guest before disabled. ``exclude`` are user principal names or object
    ids, ``roles`` the template ids of directory roles by object id.
    """
    named = {name.lower(): name for name in exclude}
    classes: dict[str, list[User]] = {"excluded": [], "guest": [], "disabled": [], "admin": [], "user": []}
    matched: set[str] = set()
    for user in users:
        names = {user.id, user.user_principal_name.lower()} & named.keys()
        matched |= names
        classes["excluded" if names else _class_of(user, roles)].append(user)
    population = Population(
        total=sum(map(len, classes.values())),
        users=_sorted(classes["user"]),
        admins=_sorted(classes["admin"]),
        guests=len(classes["guest"]),
        disabled=len(classes["disabled"]),
        excluded=len(classes["excluded"]),
    )
    return population, [name for key, name in named.items() if key not in matched]


def _class_of(user: User, roles: Roles) -> str:
    if user.guest:
        return "guest"
    if user.enabled is False:
        return "disabled"
    return "admin" if roles.get(user.id, frozenset()) & ADMIN_ROLES else "user"


def _sorted(users: list[User]) -> tuple[User, ...]:
    return tuple(sorted(users, key=lambda user: user.user_principal_name.lower()))


@dataclass(frozen=True)
class Coverage:
    """What is known of a population; None is what is unknown without the report or the scope."""

    in_scope: tuple[User, ...] | None
    rows: Mapping[str, Registration] | None
    not_registered: tuple[User, ...] | None = None
    not_in_report: tuple[User, ...] | None = None
    directory_data_only: int | None = None
    admins_not_registered: tuple[User, ...] | None = None

    @property
    def percent(self) -> float | None:
        """The percentage of users in scope who have registered enough methods."""
        if not self.in_scope or self.not_registered is None or self.not_in_report is None:
            return None
        lacking = len(self.not_registered) + len(self.not_in_report)
        return round(100 * (len(self.in_scope) - lacking) / len(self.in_scope), 1)

    def flagged(self, population: Population, flag: str) -> int | None:
        """How many users the report has as ``enabled``, ``registered`` or ``capable``."""
        if self.rows is None:
            return None
        rows = [self.rows[user.id] for user in population.users if user.id in self.rows]
        return sum(bool(getattr(row, flag)) for row in rows)


def measure(
    population: Population, registrations: Iterable[Registration] | None, policy: Policy, roles: Roles
) -> Coverage:
    """Who is in scope and has registered enough. Where the policy's scope is unknown, the report's counts."""
    rows = None if registrations is None else {row.id: row for row in registrations}
    in_scope = _in_scope(population, rows, policy)
    if rows is None or in_scope is None:
        return Coverage(in_scope, rows)
    reported = [user for user in in_scope if user.id in rows]
    return Coverage(
        in_scope=in_scope,
        rows=rows,
        not_registered=tuple(user for user in reported if not rows[user.id].registered),
        not_in_report=tuple(user for user in in_scope if user.id not in rows),
        directory_data_only=sum(
            user.directory_data and not rows[user.id].methods & COUNTED_METHODS.keys() for user in reported
        ),
        admins_not_registered=tuple(
            admin
            for admin in population.admins
            if admin.id in rows and not policy.suffices_for_admin(rows[admin.id].methods, roles[admin.id])
        ),
    )


def _in_scope(
    population: Population, rows: Mapping[str, Registration] | None, policy: Policy
) -> tuple[User, ...] | None:
    if policy.scope is not None:
        return tuple(user for user in population.users if policy.covers(user.id))
    if rows is None:
        return None
    return tuple(user for user in population.users if user.id in rows and rows[user.id].enabled)


def locked_out(population: Population, coverage: Coverage, before: Policy, after: Policy) -> tuple[User, ...] | None:
    """Who can reset under one policy and would lose that under the other; None where that is unknown.

    Where the policy before is unknown, the report's flag counts.
    """
    rows = coverage.rows
    if rows is None or not after.known:
        return None
    return tuple(
        user
        for user in population.users
        if (row := rows.get(user.id)) is not None and _could_reset(row, before) and not _can_reset(row, after)
    )


def _could_reset(row: Registration, before: Policy) -> bool:
    return _can_reset(row, before) if before.known else row.capable


def _can_reset(row: Registration, policy: Policy) -> bool:
    covered = policy.covers(row.id)
    in_scope = row.enabled if covered is None else covered
    return in_scope and has_enough_methods(row, policy)


def has_enough_methods(row: Registration, policy: Policy) -> bool:
    """Whether what a user has registered is enough under a policy, were the user in scope."""
    return policy.for_user(row.id).suffices(row.methods)


def loses_methods(row: Registration, before: Policy, after: Policy) -> bool:
    """Whether what a user has registered is enough under one policy, and no longer under the other."""
    return has_enough_methods(row, before) and not has_enough_methods(row, after)


def report_date(rows: Iterable[Registration]) -> str | None:
    """When the registration report was made (ISO 8601): the oldest of its rows counts. None where it does not say."""
    return oldest(row.as_of for row in rows)


def why_stale(as_of: str | None, changed: str | None, now: datetime) -> str | None:
    """Why a report does not reflect the current state; None when it does.

    ``as_of`` is when it was made, ``changed`` when the policy was changed last, both as Microsoft Graph writes them.
    """
    made, last_change = parse_timestamp(as_of), parse_timestamp(changed)
    if made is None:
        return "the report does not state when it was made"
    if now - made > REPORT_DELAY:
        return f"the report is more than {int(REPORT_DELAY.total_seconds() // 3600)} hours old"
    if last_change is not None and last_change > made:
        return f"the report was made before the last change of the policy, at {changed}"
    return None
