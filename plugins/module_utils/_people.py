# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is in a tenant, and what each has registered: the facts that rules and reports reason about.

Ids are in lower case. ``None`` means that it was not told, which is never the same as no.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError


@dataclass(frozen=True)
class Person:
    """A user object of the directory.

    ``plans`` are the ids of the service plans that are assigned and in force. ``directory_data`` tells whether a phone
    number or an alternate address stands in the user object, which since November 2026 is no registered method.
    """

    id: str
    upn: str
    display_name: str | None = None
    enabled: bool | None = None
    guest: bool = False
    synced: bool = False
    mail: str | None = None
    plans: frozenset[str] = frozenset()
    directory_data: bool = False


@dataclass(frozen=True)
class Registration:
    """A row of the registration report. ``as_of`` is when the report was made (ISO 8601), not when the user registered.

    ``enabled``: in scope by the policy; ``registered``: enough methods; ``capable``: both. ``methods`` are Graph's
    names, among which the alternate mobile phone never counts for self-service reset.
    """

    id: str
    upn: str
    admin: bool
    guest: bool
    enabled: bool
    registered: bool
    capable: bool
    methods: frozenset[str]
    as_of: str | None = None


@dataclass(frozen=True)
class Group:
    """A group of the directory. ``rule`` is that of a dynamic group, otherwise None."""

    id: str
    display_name: str
    security_enabled: bool | None = None
    rule: str | None = None
    synced: bool = False


@dataclass(frozen=True)
class Unavailable:
    """A fact that could not be read, in the place of the fact. ``kind`` is a kind of error, ``hint`` the way out."""

    kind: str
    message: str
    hint: str | None = None

    @classmethod
    def because(cls, error: SsprError) -> Unavailable:
        return cls(error.kind, error.message, error.hint)
