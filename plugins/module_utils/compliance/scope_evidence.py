# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence about the scope of self-service reset from other sources than the policy itself.

The registration report and Secure Score both count enabled users. That shows whether every user is enabled, and nothing
else: a group that contains everyone looks the same as scope ``all``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .._errors import Unavailable
from ..users.coverage import report_date
from ..users.models import Registration
from .expectation import Expectation
from .finding import AuditFinding


@dataclass(frozen=True)
class SecureScore:
    """The control ``SelfServicePasswordReset`` of Microsoft Secure Score: ``enabled`` of ``total`` users."""

    enabled: int
    total: int
    as_of: str | None = None

    @classmethod
    def of(cls, control: Mapping[str, Any] | None) -> SecureScore | None:
        """From the control as Graph returns it, with its numbers as text; None when it has none."""
        numbers = [str((control or {}).get(name)) for name in ("count", "total")]
        if control is None or not all(number.isdigit() for number in numbers):
            return None
        return cls(int(numbers[0]), int(numbers[1]), control.get("lastSynced"))


@dataclass(frozen=True)
class ScopeEvidence:
    """What one source shows: how many users of how many are enabled for self-service reset."""

    source: str
    enabled: int
    total: int
    as_of: str | None

    @property
    def everyone(self) -> bool:
        return self.enabled >= self.total

    @property
    def text(self) -> str:
        dated = f" of {self.as_of}" if self.as_of else ""
        return f"{self.source}{dated} shows {self.enabled} of {self.total} users enabled"


@dataclass(frozen=True)
class ExtraEvidence:
    """The sources besides the policy. None: it was not requested."""

    registrations: Sequence[Registration] | Unavailable | None = None
    secure_score: SecureScore | Unavailable | None = None

    @property
    def unavailable(self) -> list[Unavailable]:
        """Why sources that were requested could not be read."""
        return [source for source in (self.registrations, self.secure_score) if isinstance(source, Unavailable)]

    @cached_property
    def about_scope(self) -> tuple[ScopeEvidence, ...]:
        """What the sources show, without those that count no user."""
        return tuple(evidence for evidence in self._sources() if evidence.total)

    def _sources(self) -> Iterator[ScopeEvidence]:
        if isinstance(self.registrations, Sequence):
            users = ordinary_users(self.registrations)
            enabled = sum(user.enabled for user in users)
            yield ScopeEvidence("the registration report", enabled, len(users), report_date(users))
        if isinstance(self.secure_score, SecureScore):
            score = self.secure_score
            yield ScopeEvidence("Microsoft Secure Score", score.enabled, score.total, score.as_of)


def ordinary_users(registrations: Iterable[Registration]) -> list[Registration]:
    """The users to whom the tenant's policy applies: administrators follow Microsoft's, guests their home tenant's."""
    return [user for user in registrations if not user.admin and not user.guest]


def inferred(expectation: Expectation, evidence: Sequence[ScopeEvidence]) -> bool | None:
    """Whether the sources prove that an expectation is met, or not met; None when they prove neither."""
    if expectation.setting != "scope" or len({source.everyone for source in evidence}) != 1:
        return None
    if evidence[0].everyone:
        return True if expectation.met_by("all") else None
    return None if expectation.met_by("selected") or expectation.met_by("none") else False


# A group may contain everyone or no one, so scope `selected` contradicts nothing.
_CONTRADICTS: Mapping[str, Callable[[ScopeEvidence], bool]] = {
    "all": lambda source: not source.everyone,
    "none": lambda source: source.enabled > 0,
}


def disagreements(scope: str | None, evidence: Sequence[ScopeEvidence]) -> Iterator[AuditFinding]:
    """Where two of the policy, the registration report and Secure Score contradict each other."""
    if len({source.everyone for source in evidence}) > 1:
        yield AuditFinding("disagreement", f"Evidence disagrees: {', but '.join(it.text for it in evidence)}.")
    contradicts = _CONTRADICTS.get(scope or "")
    for source in evidence:
        if contradicts and contradicts(source):
            message = f"The policy has scope {scope}, but {source.text}. Reports lag up to 36 hours."
            yield AuditFinding("disagreement", message)
