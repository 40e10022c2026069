# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluates every rule, on a tenant as it is and as it would be.

Each rule measures how far a tenant is from meeting it (0: it does). An error blocks only what makes that worse. What
existed before is reported. The planner decides from the documents that it has, preflight from everything that it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .._errors import Unavailable
from ..settings.pages import METHODS
from ..users.models import UserRef
from . import setting_checks, tenant_checks
from .rule import ERROR, WARNING, CheckResult, Rule, Severity
from .tenant_view import FactKey, TenantView, Undecided
from .waivers import Waiver

# Findings that do not come from a check
SETTING_REJECTED = Rule(
    id="setting-rejected",
    severity=ERROR,
    settings=METHODS,
    message="the modules would reject this setting: {why}",
    fix="Correct the setting.",
    source="the modules that set it",
    as_of="2026-11-21",
)
WAIVER_EXPIRED = Rule(
    id="waiver-expired",
    severity=WARNING,
    settings=(),
    message="the waiver for {id} (owner: {owner}) expired on {expires}: {reason}",
    fix="Renew the waiver, or fix what the rule is about.",
    source="the given waivers",
    as_of="2026-11-21",
)
# Every rule, in the order of the documentation
RULES: tuple[Rule, ...] = (*setting_checks.rule, *tenant_checks.rule, SETTING_REJECTED, WAIVER_EXPIRED)
WAIVABLE_IDS = frozenset(rule.id for rule in RULES) - {WAIVER_EXPIRED.id}

PLANNED_RULES = tuple(rule for rule in RULES if rule.enforced and not rule.precedes_planning)

# Facts that take many requests: they are read when a setting of the rule changes, not when it is only requested.
COSTLY = frozenset(
    {"audit", "group_users", "policy_changed", "portal_user", "registrations", "role_holders", "user", "users"}
)
# Users that a finding names; all of them are counted.
MOST_USERS = 20

FindingStatus = Literal["new", "present", "waived", "expired_waiver"]


@dataclass(frozen=True)
class Finding:
    """A rule that is not met. ``status``: ``new`` with what is requested, ``present`` before, or about a waiver."""

    rule: Rule
    severity: Severity
    status: FindingStatus
    blocking: bool
    message: str
    users: tuple[UserRef, ...] = ()

    def as_result(self) -> dict[str, Any]:
        return {
            "rule": self.rule.id,
            "severity": self.severity,
            "blocking": self.blocking,
            "status": self.status,
            "setting": next(iter(self.rule.settings), None),
            "message": self.message,
            "fix": self.rule.fix,
            "source": self.rule.source,
            "users": [user.as_result() for user in self.users[:MOST_USERS]],
            "count": len(self.users) or None,
        }


@dataclass
class Assessment:
    """All findings; the rules that could not be decided, with why; and the facts that would decide more of them."""

    findings: list[Finding] = field(default_factory=list)
    not_checked: list[Unavailable] = field(default_factory=list)
    needed: set[FactKey] = field(default_factory=set)

    @property
    def ok(self) -> bool:
        return not any(finding.blocking for finding in self.findings)


def violations(was: TenantView, becomes: TenantView, requested: Iterable[str]) -> tuple[list[str], list[str]]:
    """The violations that stop a task, since it causes or worsens them, and those that were there before."""
    options = set(requested)
    stops, preexisting = [], []
    for rule in PLANNED_RULES:
        before, after = _known(rule, was), _known(rule, becomes)
        if not after.degree or after.severity == WARNING:
            continue
        text = f"{rule.text(after)}. {rule.fix.removesuffix('.')}"
        if after.worse_than(before):
            stops.append(text)
        elif options & set(rule.settings):
            preexisting.append(f"Already the case in the tenant: {text}.")
    return stops, preexisting


def _known(rule: Rule, view: TenantView) -> CheckResult:
    """A result; a rule that cannot be decided counts as met."""
    try:
        return rule.decide(view)
    except Undecided:
        return CheckResult(0)


def assess(
    before: TenantView,
    after: TenantView,
    changed: Iterable[str],
    waivers: Mapping[str, Waiver],
    rejections: Iterable[str] = (),
) -> Assessment:
    """Every rule, on what is known. ``rejections`` are what the planner finds besides."""
    assessor = _Assessor(before, after, frozenset(changed), waivers)
    found = Assessment()
    for rule in RULES:
        outcome = assessor.assess(rule)
        if isinstance(outcome, Finding):
            found.findings.append(outcome)
        elif isinstance(outcome, Undecided):
            found.not_checked.append(assessor.explain(rule, outcome))
            if outcome.fact and assessor.is_needed(rule, outcome.fact):
                found.needed.add(outcome.fact)
    found.findings += [_rejected(why) for why in rejections]
    found.findings += [_expired(waiver) for waiver in waivers.values() if not assessor.is_active(waiver)]
    return found


def _rejected(why: str) -> Finding:
    message = SETTING_REJECTED.text(CheckResult(1, words={"why": why}))
    return Finding(SETTING_REJECTED, ERROR, "new", True, message)


def _expired(waiver: Waiver) -> Finding:
    message = WAIVER_EXPIRED.text(CheckResult(1, words=waiver.as_result()))
    return Finding(WAIVER_EXPIRED, WARNING, "expired_waiver", False, message)


@dataclass(frozen=True)
class _Assessor:
    """What rules are assessed on: a tenant before and after, the options that change, and the waivers."""

    before: TenantView
    after: TenantView
    changed: frozenset[str]
    waivers: Mapping[str, Waiver]

    def assess(self, rule: Rule) -> Finding | Undecided | None:
        """The finding of a rule, or why it cannot be decided; None when it is met."""
        try:
            becomes = rule.decide(self.after)
            was = self._was(rule) if becomes.degree else becomes
        except Undecided as undecided:
            return undecided
        return self._finding(rule, becomes, becomes.worse_than(was)) if becomes.degree else None

    def _finding(self, rule: Rule, becomes: CheckResult, is_new: bool) -> Finding:
        severity = becomes.severity or rule.severity_on(self.after.declared.as_of)
        enforced = rule.enforced and is_new and severity == ERROR
        waived = rule.id in self.waivers and self.is_active(self.waivers[rule.id]) and not enforced
        return Finding(
            rule=rule,
            severity=severity,
            status="waived" if waived else "new" if is_new else "present",
            blocking=severity == ERROR and is_new and not waived,
            message=rule.text(becomes),
            users=becomes.users,
        )

    def _was(self, rule: Rule) -> CheckResult:
        """How it was before; where that is unknown, a finding counts as new. Raises: Undecided."""
        try:
            return rule.decide(self.before)
        except Undecided as undecided:
            if undecided.fact and self.is_needed(rule, undecided.fact):
                raise
            return CheckResult(0)

    def is_needed(self, rule: Rule, fact: FactKey) -> bool:
        """Whether a fact is worth reading for a rule; all are when nothing is requested and the tenant is assessed."""
        requested = self.after.requested
        matters = self.changed if fact[0] in COSTLY else requested
        return not requested or bool(matters & set(rule.settings))

    def explain(self, rule: Rule, undecided: Undecided) -> Unavailable:
        """Why a rule was not checked."""
        reason, message = undecided.reason, undecided.message
        if undecided.fact and not self.is_needed(rule, undecided.fact):
            reason, message = "not_needed", f"{message}, because none of the rule's settings change"
        return Unavailable(rule.id, reason, message, undecided.hint, rule.settings)

    def is_active(self, waiver: Waiver) -> bool:
        return waiver.is_active(self.after.declared.as_of)
