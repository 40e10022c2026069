# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one place that judges: every rule, on a tenant as it is and as it would be.

Each rule measures how far a tenant is from fulfilling it (0 = fulfilled). An error stops only what makes that worse;
what was already so is reported. The planner judges by the documents it has, the preflight by all that can be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..users.method_eligibility import reached
from .setting_checks import SETTING_RULES
from .tenant_checks import TENANT_RULES
from .tenant_view import Check, CheckResult, Fact, TenantView, Undecided
from .texts import RULE_BOOK
from .waivers import Waiver

ERROR, WARNING = "error", "warning"
RULES: Mapping[str, Check] = {**SETTING_RULES, **TENANT_RULES}

# What the modules refuse by themselves, whatever the day and whoever asks. No waiver helps against that.
REFUSED_RULES = frozenset(
    name
    for name in SETTING_RULES
    if RULE_BOOK[name]["severity"] == ERROR and "error_from" not in RULE_BOOK[name] and name != "BREAK-GLASS"
)

# Facts that take many requests: worth it when a setting changes that they matter for, not when it is merely asked for.
COSTLY = frozenset(
    {"audit", "group_users", "operator", "users", "user", "policy_changed", "registrations", "role_holders"}
)
MOST_USERS = 20


@dataclass(frozen=True)
class Finding:
    """A rule that does not hold. ``status``: ``new`` by what is asked for, ``present`` before, or about a waiver."""

    rule: str
    severity: str
    status: str
    blocking: bool
    message: str
    users: tuple[str, ...] = ()

    def as_result(self) -> dict[str, Any]:
        entry = RULE_BOOK[self.rule]
        fix = entry["fix"]
        return {
            "rule": self.rule,
            "severity": self.severity,
            "blocking": self.blocking,
            "status": self.status,
            "setting": next(iter(entry["settings"]), None),
            "message": self.message,
            "fix": f"{fix[0].upper()}{fix[1:]}.",
            "source": entry["source"],
            "users": list(self.users[:MOST_USERS]),
            "count": len(self.users) or None,
        }


@dataclass
class Assessment:
    """All findings; the rules that could not be decided, with why; and the facts that would decide more of them."""

    findings: list[Finding] = field(default_factory=list)
    not_checked: dict[str, str] = field(default_factory=dict)
    wanted: set[Fact] = field(default_factory=set)

    @property
    def ok(self) -> bool:
        return not any(finding.blocking for finding in self.findings)


def violations(before: TenantView, after: TenantView, asked: Iterable[str]) -> tuple[list[str], list[str]]:
    """The faults that stop a task (it causes or worsens them), and those it merely meets."""
    names = set(asked)
    stops, notes = [], []
    for name in RULE_BOOK:
        # A document that is not as expected ends a task before it plans.
        if name not in REFUSED_RULES or name == "V96":
            continue
        was, becomes = _known(name, before), _known(name, after)
        if not becomes.degree or becomes.severity == WARNING:
            continue
        text = f"{_message(name, becomes)}; {RULE_BOOK[name]['fix']}"
        if becomes.worse_than(was):
            stops.append(text)
        elif names & set(RULE_BOOK[name]["settings"]):
            notes.append(f"Already so in the tenant: {text}")
    return stops, notes


def _known(name: str, view: TenantView) -> CheckResult:
    """An outcome; what cannot be told does not count against anybody."""
    try:
        return _decide(name, view)
    except Undecided:
        return CheckResult(0)


def assess(
    before: TenantView,
    after: TenantView,
    changed: Iterable[str],
    waivers: Mapping[str, Waiver],
    refusals: Iterable[str] = (),
) -> Assessment:
    """Every rule, on what is known. ``refusals`` are what the planner says besides."""
    found, touched, today = Assessment(), frozenset(changed), after.declared.as_of
    for name, entry in RULE_BOOK.items():
        if "not_checked" in entry:
            found.not_checked[name] = entry["not_checked"]
        elif name in RULES:
            try:
                becomes = _decide(name, after)
                was = _was(name, before, after, touched) if becomes.degree else becomes
            except Undecided as undecided:
                _note_undecided(name, undecided, found, after, touched)
            else:
                if becomes.degree:
                    found.findings.append(_finding(name, becomes, becomes.worse_than(was), waivers, today))
    for why in refusals:
        message = _message("REFUSED", CheckResult(1, words={"why": why}))
        found.findings.append(Finding("REFUSED", ERROR, "new", True, message))
    for waiver in waivers.values():
        if not waiver.counts(today):
            message = _message("WAIVER", CheckResult(1, words=waiver.as_words()))
            found.findings.append(Finding("WAIVER", WARNING, "expired_waiver", False, message))
    return found


def _finding(name: str, outcome: CheckResult, new: bool, waivers: Mapping[str, Waiver], today: date) -> Finding:
    severity = outcome.severity or _severity(name, today)
    refused = new and severity == ERROR and name in REFUSED_RULES
    waived = name in waivers and waivers[name].counts(today) and not refused
    return Finding(
        rule=name,
        severity=severity,
        status="waived" if waived else "new" if new else "present",
        blocking=severity == ERROR and new and not waived,
        message=_message(name, outcome),
        users=outcome.users,
    )


def _was(name: str, before: TenantView, after: TenantView, touched: frozenset[str]) -> CheckResult:
    """How it was before. Where that cannot be told, a finding counts as new."""
    try:
        return _decide(name, before)
    except Undecided as undecided:
        if undecided.fact is not None and _in_question(name, undecided.fact, after, touched):
            raise
        return CheckResult(0)


def _note_undecided(
    name: str, undecided: Undecided, found: Assessment, after: TenantView, touched: frozenset[str]
) -> None:
    found.not_checked[name] = undecided.why
    if undecided.fact is None:
        return
    if _in_question(name, undecided.fact, after, touched):
        found.wanted.add(undecided.fact)
    else:
        found.not_checked[name] += ", since nothing that the rule is about changes"


def _in_question(name: str, fact: Fact, after: TenantView, touched: frozenset[str]) -> bool:
    """Whether a fact is worth reading for a rule; all are when nothing is asked for, and the tenant is looked at."""
    matters = touched if fact[0] in COSTLY else after.requested
    return not after.requested or bool(matters & set(RULE_BOOK[name]["settings"]))


def _decide(name: str, view: TenantView) -> CheckResult:
    found = RULES[name](view)
    return found if isinstance(found, CheckResult) else CheckResult(int(found))


def _severity(name: str, today: date) -> str:
    entry = RULE_BOOK[name]
    return ERROR if "error_from" in entry and reached(entry["error_from"], today) else str(entry["severity"])


def _message(name: str, outcome: CheckResult) -> str:
    return str(RULE_BOOK[name]["message"]).format(count=outcome.degree, **outcome.words)
