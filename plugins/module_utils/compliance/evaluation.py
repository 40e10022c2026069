# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judging a tenant by baselines: what is known of it in, a status and a grade of evidence for each control out.

Pure. A setting that was not read is missing from the values, so an unknown is never taken for an answer. Of what only
the portal API has, the scope alone leaves traces elsewhere: whether everybody is enabled. Nothing else is inferred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..data.calendar import CUT_OVERS
from ..rules.waivers import Waiver
from ..settings.pages import SETTINGS
from ..users import method_eligibility
from ..users.models import Registration, Unavailable
from .baseline import Baseline, Control, Need, clash, expected, say

VERIFIED, INFERRED, ATTESTED, LAST_VERIFIED, UNAVAILABLE = (
    "verified",
    "inferred",
    "attested",
    "last_verified",
    "unavailable",
)
PASS, FAIL, WAIVED, UNKNOWN = "pass", "fail", "waived", "unknown"
CLEAN, DRIFT, INCOMPLETE = "clean", "drift", "incomplete"

# The day a cut-over of the methods of reset comes, the earlier first
CUTS = sorted(
    {gate.ends for gate in method_eligibility.GATES.values() if gate.ends}, key=lambda name: CUT_OVERS[name]["date"]
)


@dataclass(frozen=True)
class SecureScore:
    """The control ``SelfServicePasswordReset`` of Microsoft Secure Score: ``enabled`` of ``total`` users."""

    enabled: int
    total: int
    as_of: str | None = None


@dataclass(frozen=True)
class Signals:
    """What tells something about the scope besides the policy. None: it was not asked for."""

    registrations: Sequence[Registration] | Unavailable | None = None
    secure_score: SecureScore | Unavailable | None = None


@dataclass(frozen=True)
class Attestation:
    """A person's word that a control is met."""

    control: str
    who: str
    when: date
    evidence: str
    expires: date

    def shown(self) -> dict[str, str]:
        return {
            "who": self.who,
            "when": self.when.isoformat(),
            "evidence": self.evidence,
            "expires": self.expires.isoformat(),
        }


@dataclass(frozen=True)
class Known:
    """What is known of a tenant.

    ``values`` has what was read, by setting, and nothing else. ``why_not`` tells for the rest why it was not. ``at`` is
    when it was read (ISO 8601). ``last`` has each control's result when it was read last, from an earlier report.
    """

    values: Mapping[str, Any]
    why_not: Mapping[str, str]
    at: str
    signals: Signals = field(default_factory=Signals)
    last: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Voice:
    """What one signal says: how many users of how many are enabled."""

    name: str
    enabled: int
    total: int
    as_of: str | None

    @property
    def everyone(self) -> bool:
        return self.enabled >= self.total

    @property
    def text(self) -> str:
        made = f" of {self.as_of}" if self.as_of else ""
        return f"{self.name}{made} has {self.enabled} of {self.total} users enabled"


@dataclass(frozen=True)
class Verdict:
    status: str
    grade: str
    actual: str
    reason: str
    as_of: str | None
    last: Mapping[str, Any] | None = None


Finding = dict[str, str]


def finding(kind: str, message: str) -> Finding:
    return {"kind": kind, "message": message}


def ordinary(registrations: Iterable[Registration]) -> list[Registration]:
    """The users whom the tenant's policy is for: administrators follow Microsoft's, guests their home tenant's."""
    return [entry for entry in registrations if not entry.admin and not entry.guest]


def voices(signals: Signals) -> list[Voice]:
    """What the signals say, those that say nothing left out."""
    found = []
    if isinstance(signals.registrations, Sequence):
        people = ordinary(signals.registrations)
        made = min((entry.as_of for entry in people if entry.as_of), default=None)
        found.append(Voice("the registration report", sum(entry.enabled for entry in people), len(people), made))
    if isinstance(signals.secure_score, SecureScore):
        score = signals.secure_score
        found.append(Voice("Microsoft Secure Score", score.enabled, score.total, score.as_of))
    return [voice for voice in found if voice.total]


def disagreements(known: Known) -> list[Finding]:
    """Where two of the policy, the registration report and Secure Score contradict each other."""
    heard = voices(known.signals)
    found = []
    if len({voice.everyone for voice in heard}) > 1:
        found.append(finding("disagreement", f"Signals disagree: {', but '.join(voice.text for voice in heard)}."))
    # A group may hold everybody or nobody, so `selected` contradicts nothing.
    denies: Mapping[str, Callable[[Voice], bool]] = {
        "all": lambda it: not it.everyone,
        "none": lambda it: it.enabled > 0,
    }
    scope = str(known.values.get("scope"))
    found += [
        finding("disagreement", f"The policy has scope {scope}, but {voice.text}. Reports lag up to 36 hours.")
        for voice in heard
        if scope in denies and denies[scope](voice)
    ]
    return found


def inferred(need: Need, heard: Sequence[Voice]) -> bool | None:
    """Whether the signals alone carry that a need is met, or not met. They know everybody from not everybody."""
    if need.setting != "scope" or len({voice.everyone for voice in heard}) != 1:
        return None
    if heard[0].everyone:
        return True if need.met_by("all") else None
    return None if need.met_by("selected") or need.met_by("none") else False


def applies(control: Control, values: Mapping[str, Any]) -> bool | None:
    """Whether a control is meant for this tenant; None when that is not known."""
    met = [need.met_in(values) for need in control.where]
    return False if False in met else None if None in met else True


def verdict(control: Control, known: Known, attestation: Attestation | None) -> Verdict:
    """One control's status with the best evidence there is. A person's word counts where the tenant tells nothing."""
    heard = voices(known.signals)
    read = [need.met_in(known.values) for need in control.needs]
    best = [inferred(need, heard) if met is None else met for need, met in zip(control.needs, read, strict=True)]
    told = "; ".join(_shown(need, known, met, heard) for need, met in zip(control.needs, best, strict=True))
    made = min((voice.as_of for voice in heard if voice.as_of), default=None)
    sources = (
        (read, VERIFIED, "Read from the tenant.", known.at),
        (best, INFERRED, f"Not read, but {' and '.join(voice.text for voice in heard)}.", made),
    )
    for met, grade, reason, when in sources:
        if applies(control, known.values) and (False in met or None not in met):
            return Verdict(FAIL if False in met else PASS, grade, told, reason, when)
    if attestation is not None:
        reason = f"Attested by {attestation.who}: {attestation.evidence}"
        return Verdict(PASS, ATTESTED, told, reason, attestation.when.isoformat())
    missing = [need.setting for need in (*control.where, *control.needs) if need.met_in(known.values) is None]
    why = f"Not read: {', '.join(dict.fromkeys(known.why_not.get(name, name) for name in missing))}"
    last = known.last.get(control.id)
    if last is not None:
        reason = f"Last read on {last['as_of']}, then {last['status']}. {why}"
        return Verdict(UNKNOWN, LAST_VERIFIED, str(last["actual"]), reason, last["as_of"], last)
    return Verdict(UNKNOWN, UNAVAILABLE, told, why, None)


def _shown(need: Need, known: Known, met: bool | None, heard: Sequence[Voice]) -> str:
    if need.setting in known.values:
        return f"{need.setting}: {say(known.values[need.setting])}"
    if met is None:
        return f"{need.setting}: not read"
    return f"{need.setting}: not read, {'every user is' if heard[0].everyone else 'not every user is'} enabled"


@dataclass(frozen=True)
class Judgement:
    """All controls as they are returned, and what else was found."""

    controls: list[dict[str, Any]]
    findings: list[Finding]

    @property
    def state(self) -> str:
        statuses = {entry["status"] for entry in self.controls}
        return DRIFT if FAIL in statuses else INCOMPLETE if UNKNOWN in statuses else CLEAN


def judge(
    baselines: Sequence[Baseline],
    known: Known,
    *,
    as_of: date,
    waivers: Sequence[Waiver] = (),
    attestations: Sequence[Attestation] = (),
    link: Callable[[str], str | None] = lambda _setting: None,
) -> Judgement:
    """Every control that applies, in the order given. Waivers and attestations count by the day ``as_of``.

    The ``rule`` of a waiver is the id of a control here.
    """
    controls = [control for baseline in baselines for control in baseline.controls]
    ids = {control.id for control in controls}
    findings = disagreements(known)
    waived = {waiver.rule: waiver for waiver in waivers if waiver.counts(as_of)}
    sworn = {it.control: it for it in attestations if it.when <= as_of <= it.expires}
    judged = []
    meant = [control for control in controls if applies(control, known.values) is not False]
    for control in meant:
        word, waiver = sworn.get(control.id), waived.get(control.id)
        found = verdict(control, known, word)
        if word is not None and found.status == FAIL:
            message = f"{word.who} attested {control.id} on {word.when}, but the tenant has {found.actual}."
            findings.append(finding("disagreement", message))
        waives = waiver is not None and found.status in (FAIL, UNKNOWN)
        judged.append(
            {
                "id": control.id,
                "baseline": control.baseline,
                "control": control.control,
                "title": control.title,
                "level": control.level,
                "settings": [need.setting for need in control.needs],
                "expected": expected(control),
                "actual": found.actual,
                "status": WAIVED if waives else found.status,
                "grade": found.grade,
                "reason": found.reason,
                "as_of": found.as_of,
                "last": dict(found.last) if found.last is not None else None,
                "fix": control.fix,
                "source": control.source,
                "link": link(control.needs[0].setting),
                "waiver": {name: word for name, word in waiver.as_words().items() if name != "rule"}
                if waiver
                else None,
                "attestation": word.shown() if word is not None else None,
                "conflicts": [other.id for other in meant if other is not control and clash(control, other)],
            }
        )
    for waiver in waivers:
        if waiver.rule not in ids:
            findings.append(finding("unknown_control", f"waivers: this audit has no control {waiver.rule}."))
        elif not waiver.counts(as_of):
            message = f"The waiver of {waiver.rule} by {waiver.owner} ended on {waiver.expires}: {waiver.reason}"
            findings.append(finding("expired_waiver", message))
    for it in attestations:
        if it.control not in ids:
            findings.append(finding("unknown_control", f"attestations: this audit has no control {it.control}."))
        elif it.expires < as_of:
            message = f"The attestation of {it.control} by {it.who} of {it.when} ended on {it.expires}."
            findings.append(finding("expired_attestation", message))
        elif it.when > as_of:
            message = f"The attestation of {it.control} by {it.who} is of {it.when}, after {as_of}: it does not count."
            findings.append(finding("early_attestation", message))
    return Judgement(judged, findings)


def coverage(values: Mapping[str, Any], signals: Signals) -> dict[str, Any] | None:
    """How many users the policy means and how many could reset, by the registration report; None without it.

    ``in_scope`` follows the policy where it was read, ``enabled`` is what the report says.
    """
    if not isinstance(signals.registrations, Sequence):
        return None
    people = ordinary(signals.registrations)
    enabled = sum(entry.enabled for entry in people)
    by_policy = {"all": len(people), "none": 0}
    return {
        "in_scope": by_policy.get(values.get("scope") or "", enabled),
        "registered": sum(entry.registered for entry in people),
        "capable": sum(entry.capable for entry in people),
        "enabled": enabled,
        "as_of": min((entry.as_of for entry in people if entry.as_of), default=None),
    }


def outlook(values: Mapping[str, Any], migrated: bool | None, signals: Signals) -> list[dict[str, Any]]:
    """For each day on which methods of reset end: how many users can reset the day before and no longer on it."""
    found = []
    for name in CUTS:
        day = date.fromisoformat(CUT_OVERS[name]["date"])
        users, why = _losers(name, day, values, migrated, signals)
        found.append({"date": day.isoformat(), "what": CUT_OVERS[name]["what"], "users": users, "why_unknown": why})
    return found


def _losers(
    name: str, day: date, values: Mapping[str, Any], migrated: bool | None, signals: Signals
) -> tuple[int | None, str | None]:
    """How many users lose their reset on a day, or why that cannot be told."""
    ending = [option for gate in method_eligibility.GATES.values() if gate.ends == name for option in gate.options]
    there = [option for option in ending if migrated is not False or SETTINGS[option].remote]
    if values.get("scope") == "none" or all(values.get(option) is False for option in there):
        return 0, None
    if not method_eligibility.settings_known(values):
        return None, "how many methods a reset takes was not read"
    if isinstance(signals.registrations, Unavailable):
        return None, f"the registration report was not read: {signals.registrations.message}"
    if signals.registrations is None:
        return None, "the registration report was not asked for"
    before = day - timedelta(days=1)
    lost = [
        entry
        for entry in ordinary(signals.registrations)
        if entry.enabled
        and method_eligibility.capable(entry, values, migrated, before)
        and not method_eligibility.capable(entry, values, migrated, day)
    ]
    return len(lost), None
