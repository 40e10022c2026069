# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule is: its id, its settings, its message, how to fix it, and the function that decides it.

A rule is added in one place: a function in ``setting_checks`` or ``tenant_checks`` with everything in its decorator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ..settings.pages import AUTHORIZATION_POLICY, SETTINGS
from ..users.method_eligibility import reached
from ..users.models import Registration, User, UserRef
from .tenant_view import TenantView

Severity = Literal["error", "warning"]
ERROR: Severity = "error"
WARNING: Severity = "warning"

# Everything that the portal user sets in a tenant that is not migrated
PORTAL_USER_SETTINGS = tuple(option for option, setting in SETTINGS.items() if setting.document != AUTHORIZATION_POLICY)

# Words in messages that depend on the number of users: singular and plural.
_NUMBER_WORDS: Mapping[str, tuple[str, str]] = {
    "users": ("1 user", "{} users"),
    "administrators": ("1 administrator", "{} administrators"),
    "accounts": ("1 account", "{} accounts"),
    "have": ("has", "have"),
    "are": ("is", "are"),
}


@dataclass(frozen=True)
class CheckResult:
    """How far a tenant is from meeting a rule, 0 when it does. ``words`` fill the rule's message.

    ``users`` are whom it is about. ``severity`` overrides the rule's.
    """

    degree: int
    users: tuple[UserRef, ...] = ()
    severity: Severity | None = None
    words: Mapping[str, Any] = field(default_factory=dict)

    def worse_than(self, other: CheckResult) -> bool:
        known = {user.identity for user in other.users}
        return any(user.identity not in known for user in self.users) or self.degree > other.degree


def of_users(users: Iterable[User | Registration], severity: Severity | None = None) -> CheckResult:
    """A result about these users: how many they are is the degree."""
    return of_refs((user.ref for user in users), severity)


def of_refs(refs: Iterable[UserRef], severity: Severity | None = None) -> CheckResult:
    """The same, for users of whom only a reference is known."""
    users = tuple(sorted(refs, key=lambda ref: ref.identity))
    return CheckResult(len(users), users, severity)


Check = Callable[[TenantView], "int | CheckResult"]


@dataclass(frozen=True)
class Rule:
    """One rule. ``settings`` are the options it is about; a finding names the first one.

    ``message`` and ``fix`` are for operators: a fragment, in which words in braces are filled in, and a sentence.
    ``source`` is a page of Microsoft's documentation unless it states otherwise, ``as_of`` when it was read. ``check``
    is None for a rule that is not decided from a tenant. From the cut-over ``error_from`` of the deadlines on, a
    warning is an error. An ``enforced`` error is also raised by the modules that set it, and cannot be waived. With
    ``precedes_planning``, they raise it before they plan, so the planner does not.
    """

    id: str
    severity: Severity
    settings: tuple[str, ...]
    message: str
    fix: str
    source: str
    as_of: str
    check: Check | None = None
    error_from: str | None = None
    enforced: bool = False
    precedes_planning: bool = False

    def decide(self, view: TenantView) -> CheckResult:
        """How far a tenant is from meeting it. Raises: Undecided."""
        found = self.check(view) if self.check else 0
        return found if isinstance(found, CheckResult) else CheckResult(int(found))

    def severity_on(self, day: date) -> Severity:
        return ERROR if self.error_from and reached(self.error_from, day) else self.severity

    def text(self, result: CheckResult) -> str:
        """The message for a result."""
        count = result.degree
        words = {name: (one if count == 1 else more).format(count) for name, (one, more) in _NUMBER_WORDS.items()}
        return self.message.format(count=count, **words, **result.words)

    @property
    def generic_text(self) -> str:
        """The message with placeholders, for documentation."""
        return self.message.format_map(_Placeholders())


class _Placeholders(dict[str, str]):
    """Placeholders for a message that is not about a particular tenant."""

    def __missing__(self, word: str) -> str:
        return _NUMBER_WORDS[word][1].format("N") if word in _NUMBER_WORDS else "N" if word == "count" else "..."


class RuleSet:
    """The rules of one file, in order of definition. It is the decorator that adds them."""

    def __init__(self, as_of: str) -> None:
        self._as_of = as_of
        self._rules: list[Rule] = []

    def __call__(  # noqa: PLR0913 - the parts of a rule
        self,
        rule_id: str,
        severity: Severity,
        settings: tuple[str, ...],
        *,
        message: str,
        fix: str,
        source: str,
        error_from: str | None = None,
        enforced: bool = False,
        precedes_planning: bool = False,
    ) -> Callable[[Check], Check]:
        """Add a rule, decided by the decorated function. See ``Rule`` for its parts."""

        def add(check: Check) -> Check:
            rule = Rule(
                id=rule_id,
                severity=severity,
                settings=settings,
                message=message,
                fix=fix,
                source=source,
                as_of=self._as_of,
                check=check,
                error_from=error_from,
                enforced=enforced,
                precedes_planning=precedes_planning,
            )
            self._rules.append(rule)
            return check

        return add

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)
