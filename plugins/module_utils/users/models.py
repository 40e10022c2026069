# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in a tenant, and what each user has registered: the facts that rules and reports reason about.

Object ids are in lower case. ``None`` means that it is not reported, which is never the same as no.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UserRef:
    """A user as results name one."""

    id: str | None
    user_principal_name: str | None
    display_name: str | None = None

    @property
    def identity(self) -> str:
        """What identifies a user, whichever of the two is known."""
        return (self.user_principal_name or self.id or "").lower()

    def as_result(self) -> dict[str, str | None]:
        return {
            "id": self.id,
            "user_principal_name": self.user_principal_name,
            "display_name": self.display_name,
        }


@dataclass(frozen=True)
class User:
    """A user object of the directory.

    ``plans`` are the ids of the service plans that are assigned and in force. ``directory_data`` is whether the user
    object has a phone number or an alternate address, which since November 2026 is no registered method.
    """

    id: str
    user_principal_name: str
    display_name: str | None = None
    enabled: bool | None = None
    guest: bool = False
    synced: bool = False
    mail: str | None = None
    plans: frozenset[str] = frozenset()
    directory_data: bool = False

    @property
    def ref(self) -> UserRef:
        return UserRef(self.id, self.user_principal_name, self.display_name)


@dataclass(frozen=True)
class Registration:
    """A user's row of the registration report. ``as_of`` is when the report was made (ISO 8601), not the registration.

    ``enabled``: in scope by the policy; ``registered``: enough methods; ``capable``: both. ``methods`` are Graph's
    names, of which the alternate mobile phone never counts for self-service reset.
    """

    id: str
    user_principal_name: str
    admin: bool
    guest: bool
    enabled: bool
    registered: bool
    capable: bool
    methods: frozenset[str]
    as_of: str | None = None
    display_name: str | None = None

    @property
    def ref(self) -> UserRef:
        return UserRef(self.id, self.user_principal_name, self.display_name)


@dataclass(frozen=True)
class Group:
    """A group of the directory. ``rule`` is the membership rule of a dynamic group, otherwise None."""

    id: str
    display_name: str
    security_enabled: bool | None = None
    rule: str | None = None
    synced: bool = False
