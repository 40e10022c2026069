# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules look at: a tenant's settings as they are or would be, and what is known of the tenant besides.

A rule asks for what it needs. What is not there ends it with ``Undecided``, which names the fact that was not read: so
whoever reads tenants finds out from the rules what is worth a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from ansible_collections.tenantops.entra.plugins.module_utils._pages import SETTINGS
from ansible_collections.tenantops.entra.plugins.module_utils._people import Unavailable

# ("people",), ("group", id), ("person", id), ...: what it is, and of whom
Fact = tuple[str, ...]

# What to say of a fact that nobody has read.
UNREAD: Mapping[str, str] = {
    "admin_policy_permission": "the app's permissions were not looked at",
    "audit": "the audit log was not read",
    "conditional_access": "the Conditional Access policies were not read",
    "document": "this page was not read",
    "group": "the group was not read",
    "group_people": "the users in a group were not read",
    "operator": "the portal user was not read",
    "organization": "the organization was not read",
    "people": "the users were not read",
    "person": "a user was not read",
    "policy_changed": "when the policy was changed last was not read",
    "portal_roles": "the portal user's roles were not looked at",
    "registrations": "the registration report was not read",
    "role_holders": "who holds which role was not read",
    "security_defaults": "security defaults were not read",
    "skus": "the subscriptions were not read",
}

# One phone number is one method, whether it gets an SMS or a call; so is one app, whether it shows codes or asks.
KINDS: Mapping[str, tuple[str, ...]] = {
    "email": ("methods.email",),
    "mobile_phone": ("methods.mobile_phone", "methods.voice"),
    "office_phone": ("methods.office_phone",),
    "security_questions": ("methods.security_questions",),
    "software_oath": ("methods.software_oath",),
    "mobile_app": ("methods.mobile_app_notification", "methods.mobile_app_code"),
}
METHODS = tuple(option for options in KINDS.values() for option in options)


class Undecided(Exception):  # noqa: N818 - no error: a rule that has no answer
    """Why a rule cannot be decided; ``fact`` is what was not read."""

    def __init__(self, why: str, fact: Fact | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.fact = fact


@dataclass(frozen=True)
class Terms:
    """What whoever asks says: the day, and what no API tells. ``break_glass`` is None when it was not declared."""

    as_of: date
    now: datetime
    telephony_provider: bool = False
    max_locked_out_users: int = 0
    allow_unknown_readiness: bool = False
    break_glass: frozenset[str] | None = None


@dataclass(frozen=True)
class View:
    """One tenant at one moment. ``settings`` has every setting by option name, None where it is not known.

    ``graph_methods`` are the methods in the authentication methods policy, whether they count or not; ``targets`` those
    that are not for everyone. A change has ``asked``, the options asked for, and ``since``, how it was before.
    """

    settings: Mapping[str, Any]
    migrated: bool | None
    migration_state: str | None = None
    graph_methods: Mapping[str, bool | None] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    methods_size: int = 0
    questions: tuple[Any, ...] | None = None
    email_serves_guests: bool = False
    misfits: Mapping[str, str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    since: View | None = None
    terms: Terms | None = None
    facts: Mapping[Fact, Any] = field(default_factory=dict)

    def need(self, option: str) -> Any:
        """A setting that has to be known."""
        value = self.settings.get(option)
        if value is None:
            self.know("document", SETTINGS[option].document)
            raise Undecided(f"{option} is not known")
        return value

    @property
    def agreed(self) -> Terms:
        if self.terms is None:
            raise Undecided("not asked for here")
        return self.terms

    def look(self, name: str, *of: str) -> Any:
        """A fact, or that it is ``Unavailable``."""
        fact: Fact = (name, *of)
        if fact not in self.facts:
            raise Undecided(UNREAD[name], fact)
        return self.facts[fact]

    def know(self, name: str, *of: str) -> Any:
        """A fact that has to be known."""
        found = self.look(name, *of)
        if isinstance(found, Unavailable):
            raise Undecided(found.message if found.hint is None else f"{found.message} - {found.hint}")
        return found

    def glance(self, name: str, *of: str) -> Any:
        """A fact that others have asked for; nothing is read for it."""
        fact: Fact = (name, *of)
        if fact not in self.facts:
            raise Undecided(f"{UNREAD[name]}, nothing else needs it")
        return self.facts[fact]

    @property
    def offers_reset(self) -> bool:
        return bool(self.need("scope") != "none")

    @property
    def methods_required(self) -> int:
        if self.migrated is None:
            raise Undecided("the authentication methods policy was not read")
        return int(self.need("methods_required"))

    @property
    def group(self) -> str | None:
        """The id of the group that counts."""
        group = self.settings.get("group") if self.need("scope") == "selected" else None
        return str(group["id"]).lower() if group else None

    @cached_property
    def effective(self) -> dict[str, Any]:
        """The settings with what really counts as methods: both policies' while a migration is in progress."""
        both = (self.migration_state or "").lower() == "migrationinprogress"
        other = self.graph_methods if both else {}
        return {**self.settings, **{name: bool(self.settings.get(name) or other.get(name)) for name in METHODS}}

    def on(self, *methods: str) -> bool:
        return any(self.effective[f"methods.{method}"] for method in methods)

    def kinds(self, *without: str) -> int:
        """How many kinds of methods are on, those left out that are named."""
        effective = self.effective
        return sum(
            any(effective[option] for option in options) for kind, options in KINDS.items() if kind not in without
        )


@dataclass(frozen=True)
class Outcome:
    """How far a view is from fulfilling a rule, 0 when it does. ``words`` fill the rule's message."""

    degree: int
    users: tuple[str, ...] = ()
    severity: str | None = None
    words: Mapping[str, Any] = field(default_factory=dict)

    def worse_than(self, other: Outcome) -> bool:
        return bool(set(self.users) - set(other.users)) or self.degree > other.degree


def of_users(names: list[str], severity: str | None = None) -> Outcome:
    """An outcome of these users, none of which is none."""
    return Outcome(len(names), tuple(sorted(names)), severity)


Check = Callable[[View], "int | Outcome"]
