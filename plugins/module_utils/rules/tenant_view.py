# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The input of rules: a tenant's settings as they are or would be, and what else is known about the tenant.

A rule requires the facts that it needs. A missing one ends it with ``Undecided``, which names the fact. So the rules
themselves determine which facts are read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from .._errors import Unavailable, UnavailableReason
from ..settings import graph_methods
from ..settings.pages import METHODS, SETTINGS, GroupRef
from ..settings.tenant_documents import Documents, misfits
from ..users.method_eligibility import OFFERED_KINDS, Audience, Policy

# ("users",), ("group", id), ("user", id), ...: what it is, and of whom
FactKey = tuple[str, ...]

# The message for a fact that was not read
UNREAD: Mapping[str, str] = {
    "admin_policy_permission": "the app's permissions were not checked",
    "audit": "the audit log was not read",
    "conditional_access": "the Conditional Access policies were not read",
    "document": "this page was not read",
    "group": "the group was not read",
    "group_users": "the users in a group were not read",
    "policy_changed": "the time of the last policy change was not read",
    "portal_roles": "the portal user's roles were not checked",
    "portal_user": "the portal user was not read",
    "registrations": "the registration report was not read",
    "role_holders": "the role assignments were not read",
    "security_defaults": "security defaults were not read",
    "skus": "the subscriptions were not read",
    "synced": "the organization was not read",
    "user": "a user was not read",
    "users": "the users were not read",
}


class Undecided(Exception):  # noqa: N818 - not an error: a rule without an answer
    """Why a rule cannot be decided. ``fact`` is what was not read yet; None when reading more does not help."""

    def __init__(
        self,
        message: str,
        *,
        reason: UnavailableReason = "unknown",
        hint: str | None = None,
        fact: FactKey | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.hint = hint
        self.fact = fact


@dataclass(frozen=True)
class OperatorInput:
    """What the operator declares because no API reports it, and the date to validate for.

    ``break_glass`` are user principal names or object ids in lower case; None when they were not declared.
    """

    as_of: date
    now: datetime
    telephony_provider: bool = False
    max_locked_out_users: int = 0
    allow_unknown_readiness: bool = False
    break_glass: frozenset[str] | None = None


@dataclass(frozen=True)
class TenantView:
    """One tenant at one moment. ``settings`` has every setting by option name, None where it is unknown.

    ``graph_methods`` are the methods in the authentication methods policy, whether they count or not; ``targets`` those
    that are not for everyone. A change has ``requested``, the requested options, and ``since``, how it was before.
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
    requested: frozenset[str] = frozenset()
    since: TenantView | None = None
    declarations: OperatorInput | None = None
    facts: Mapping[FactKey, Any] = field(default_factory=dict)

    def require_setting(self, option: str) -> Any:
        """A setting that has to be known. Raises: Undecided."""
        value = self.settings.get(option)
        if value is None:
            self.require_fact("document", SETTINGS[option].document)
            raise Undecided(f"{option} is unknown")
        return value

    @property
    def declared(self) -> OperatorInput:
        if self.declarations is None:
            raise Undecided("not requested here")
        return self.declarations

    def fact_or_unavailable(self, name: str, *of: str) -> Any:
        """A fact, or that it is ``Unavailable``. Raises: Undecided, when it was not read."""
        key: FactKey = (name, *of)
        if key not in self.facts:
            raise Undecided(UNREAD[name], fact=key)
        return self.facts[key]

    def require_fact(self, name: str, *of: str) -> Any:
        """A fact that has to be known. Raises: Undecided."""
        found = self.fact_or_unavailable(name, *of)
        if isinstance(found, Unavailable):
            raise Undecided(found.message, reason=found.reason, hint=found.hint)
        return found

    def known_fact(self, name: str, *of: str) -> Any:
        """A fact that other rules have required; it is not read for this one. Raises: Undecided."""
        key: FactKey = (name, *of)
        if key not in self.facts:
            raise Undecided(f"{UNREAD[name]}, because no other rule needs it", reason="not_needed")
        return self.facts[key]

    def fact_if_read(self, name: str, *of: str) -> Any:
        """A fact, or that it is ``Unavailable``; None when it was not read, and it is not read for this rule."""
        return self.facts.get((name, *of))

    @property
    def offers_reset(self) -> bool:
        return bool(self.require_setting("scope") != "none")

    @property
    def methods_required(self) -> int:
        if self.migrated is None:
            raise Undecided("the authentication methods policy was not read")
        return int(self.require_setting("methods_required"))

    @property
    def group(self) -> str | None:
        """The object id of the group in scope."""
        group: GroupRef | None = self.settings.get("group") if self.require_setting("scope") == "selected" else None
        return group.id.lower() if group else None

    @cached_property
    def effective(self) -> dict[str, Any]:
        """The settings with the methods in effect: those of both policies while a migration is in progress."""
        both = (self.migration_state or "").lower() == "migrationinprogress"
        other = self.graph_methods if both else {}
        methods = {option: bool(self.settings.get(option) or other.get(option)) for option in METHODS}
        return {**self.settings, **methods}

    def on(self, *methods: str) -> bool:
        """Whether one of these methods is on."""
        return any(self.effective[f"methods.{method}"] for method in methods)

    def kinds(self, *without: str) -> int:
        """How many kinds of methods are on, not counting those that are named."""
        effective = self.effective
        return sum(
            any(effective[option] for option in options)
            for kind, options in OFFERED_KINDS.items()
            if kind not in without
        )

    def assuming(self, values: Mapping[str, Any]) -> TenantView:
        """The same tenant with these values for the settings that are unknown."""
        unknown = {option: value for option, value in values.items() if self.settings.get(option) is None}
        return replace(self, settings={**self.settings, **unknown})

    @property
    def _narrow_targets(self) -> dict[str, tuple[list[str] | None, list[str]]]:
        """By option: the groups a method is targeted at (None: everyone), and those that are excluded.

        While a migration is in progress, a method that is on in the legacy policy is for everyone.
        """
        return {
            f"methods.{name}": (
                None if graph_methods.EVERYONE in target["include"] else [group.lower() for group in target["include"]],
                [group.lower() for group in target["exclude"]],
            )
            for name, target in self.targets.items()
            if self.migrated or not self.settings.get(f"methods.{name}")
        }

    def target_groups(self) -> frozenset[str]:
        """The object ids of the groups whose users decide whom methods are for."""
        return frozenset(
            group for include, exclude in self._narrow_targets.values() for group in (*(include or ()), *exclude)
        )

    def audiences(self, users_of: Callable[[str], Iterable[str]]) -> dict[str, Audience]:
        """By option: the users a method is for, where that is not everyone.

        ``users_of`` has the object ids of the users in a group.
        """

        def all_of(groups: Iterable[str]) -> frozenset[str]:
            return frozenset(user for group in groups for user in users_of(group))

        return {
            option: Audience(None if include is None else all_of(include), all_of(exclude))
            for option, (include, exclude) in self._narrow_targets.items()
        }

    def policy(
        self,
        day: date,
        *,
        members: Iterable[str] = (),
        audiences: Mapping[str, Audience] | None = None,
        telephony_provider: bool = False,
    ) -> Policy:
        """Whom reset is for on a day, and with what. ``members`` are the object ids of the users in the group."""
        return Policy(
            settings=self.effective,
            migrated=self.migrated,
            day=day,
            scope=self.settings.get("scope"),
            members=frozenset(members),
            audiences=audiences or {},
            telephony_provider=telephony_provider,
        )


def view_of(documents: Documents) -> TenantView:
    """A tenant as its documents show it."""
    policy, methods = documents.sspr_policy or {}, documents.methods or {}
    questions = policy.get("securityQuestions")
    values: dict[str, Any] = {}
    for option, setting in SETTINGS.items():
        document = documents.get(setting.document)
        if document is not None:
            values[option] = setting.decode(document)
    if documents.migrated is not False:
        values.update(dict.fromkeys(graph_methods.GRAPH_METHODS))
    if documents.migrated:
        values.update(graph_methods.read(methods))
    return TenantView(
        settings=values,
        migrated=documents.migrated,
        migration_state=documents.migration_state,
        graph_methods=graph_methods.read(methods),
        targets=graph_methods.targets(methods),
        methods_size=len(json.dumps(methods)),
        questions=tuple(questions) if isinstance(questions, list) else None,
        email_serves_guests=bool(documents.migrated)
        and methods.get("Email", {}).get("allowExternalIdToUseEmailOtp") == "enabled",
        misfits=misfits(documents, SETTINGS),
    )
