# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evaluating controls: takes the facts of a tenant, and gives each control a status and a grade of evidence.

A setting that was not read is never assumed. The best evidence decides: what was read from the tenant, then what other
sources prove, then a person's attestation. The result of an earlier report is shown, but does not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .._dates import oldest
from ..rules.waivers import Waiver
from .audit_entry import State
from .baseline import Baseline, Control
from .declarations import Attestation, Declarations
from .earlier_results import EarlierResult
from .expectation import Expectation, display
from .finding import AuditFinding
from .scope_evidence import ScopeEvidence, disagreements, inferred
from .tenant_facts import TenantFacts

Status = Literal["fail", "unknown", "waived", "pass"]
Grade = Literal["verified", "inferred", "attested", "last_verified", "unavailable"]
STATUSES: tuple[Status, ...] = get_args(Status)
GRADES: tuple[Grade, ...] = get_args(Grade)


@dataclass(frozen=True)
class Evaluation:
    """A control's status, and what it is based on. ``actual`` is what the tenant has, in words.

    ``as_of`` is when that was so (ISO 8601). ``earlier`` is an earlier report's result, with grade ``last_verified``.
    """

    status: Status
    grade: Grade
    actual: str
    reason: str
    as_of: str | None
    earlier: EarlierResult | None = None


@dataclass(frozen=True)
class EvaluatedControl:
    """A control with its evaluation and the declarations about it. ``link`` is its page in the admin center."""

    control: Control
    evaluation: Evaluation
    waiver: Waiver | None = None
    attestation: Attestation | None = None
    conflicts: tuple[str, ...] = ()
    link: str | None = None

    @property
    def status(self) -> Status:
        status = self.evaluation.status
        return "waived" if self.waiver is not None and status in ("fail", "unknown") else status

    def findings(self) -> Iterator[AuditFinding]:
        """That the tenant contradicts an attestation."""
        if self.attestation is not None and self.evaluation.status == "fail":
            it = self.attestation
            message = f"{it.who} attested {it.control} on {it.when}, but the tenant has {self.evaluation.actual}."
            yield AuditFinding("disagreement", message)

    def as_result(self) -> dict[str, Any]:
        control, evaluation = self.control, self.evaluation
        return {
            "id": control.id,
            "baseline": control.baseline,
            "control": control.control,
            "title": control.title,
            "level": control.level,
            "settings": control.settings,
            "expected": control.expected,
            "actual": evaluation.actual,
            "status": self.status,
            "grade": evaluation.grade,
            "reason": evaluation.reason,
            "as_of": evaluation.as_of,
            "last": evaluation.earlier.as_result() if evaluation.earlier else None,
            "fix": control.fix,
            "source": control.source,
            "link": self.link,
            "waiver": _waiver_result(self.waiver),
            "attestation": self.attestation.as_result() if self.attestation else None,
            "conflicts": list(self.conflicts),
        }


def _waiver_result(waiver: Waiver | None) -> dict[str, str] | None:
    """A waiver without its id, which is the control's."""
    if waiver is None:
        return None
    return {"reason": waiver.reason, "owner": waiver.owner, "expires": waiver.expires.isoformat()}


@dataclass(frozen=True)
class AuditEvaluation:
    """The controls that apply to a tenant, and what else was found."""

    controls: tuple[EvaluatedControl, ...]
    findings: tuple[AuditFinding, ...]

    @property
    def state(self) -> State:
        statuses = {control.status for control in self.controls}
        return "drift" if "fail" in statuses else "incomplete" if "unknown" in statuses else "clean"


def evaluate(
    baselines: Iterable[Baseline],
    facts: TenantFacts,
    declarations: Declarations,
    link: Callable[[str], str | None] = lambda _setting: None,
) -> AuditEvaluation:
    """Every control that applies, in the order given. ``link`` returns the page of a setting."""
    controls = [control for baseline in baselines for control in baseline.controls]
    applicable = [control for control in controls if control.applies_to(facts.values) is not False]
    evaluated = tuple(
        EvaluatedControl(
            control=control,
            evaluation=evaluate_control(control, facts, declarations.attestation_of(control.id)),
            waiver=declarations.waiver_of(control.id),
            attestation=declarations.attestation_of(control.id),
            conflicts=tuple(_conflicts(control, applicable)),
            link=link(control.settings[0]),
        )
        for control in applicable
    )
    findings = (
        *disagreements(facts.values.get("scope"), facts.extra.about_scope),
        *(finding for control in evaluated for finding in control.findings()),
        *declarations.findings({control.id for control in controls}),
    )
    return AuditEvaluation(evaluated, findings)


def _conflicts(control: Control, others: Iterable[Control]) -> Iterator[str]:
    for other in others:
        if other is not control and control.conflicts_with(other):
            yield other.id


def evaluate_control(control: Control, facts: TenantFacts, attestation: Attestation | None) -> Evaluation:
    """One control with the best evidence there is."""
    return (
        _read_from_tenant(control, facts)
        or _proven_by_other_sources(control, facts)
        or _attested(control, facts, attestation)
        or _unknown(control, facts)
    )


def _read_from_tenant(control: Control, facts: TenantFacts) -> Evaluation | None:
    met = [expectation.met_in(facts.values) for expectation in control.expectations]
    if not control.applies_to(facts.values) or not _decides(met):
        return None
    reason = "Read directly from the tenant."
    return Evaluation(_status(met), "verified", _actual(control, facts), reason, facts.read_at)


def _proven_by_other_sources(control: Control, facts: TenantFacts) -> Evaluation | None:
    """The same, with what other sources prove in the place of what was not read."""
    sources = facts.extra.about_scope
    met = [_met_or_inferred(expectation, facts, sources) for expectation in control.expectations]
    if not control.applies_to(facts.values) or not _decides(met):
        return None
    reason = f"Not read directly, but {' and '.join(source.text for source in sources)}."
    as_of = oldest(source.as_of for source in sources)
    return Evaluation(_status(met), "inferred", _actual(control, facts), reason, as_of)


def _attested(control: Control, facts: TenantFacts, attestation: Attestation | None) -> Evaluation | None:
    if attestation is None:
        return None
    reason = f"Attested by {attestation.who}: {attestation.evidence}"
    return Evaluation("pass", "attested", _actual(control, facts), reason, attestation.when.isoformat())


def _unknown(control: Control, facts: TenantFacts) -> Evaluation:
    needed = (*control.where, *control.expectations)
    missing = [expectation.setting for expectation in needed if expectation.met_in(facts.values) is None]
    whys = dict.fromkeys(facts.unread.get(setting, setting) for setting in missing)
    why = f"Could not be read: {', '.join(whys)}"
    earlier = facts.earlier.get(control.id)
    if earlier is None:
        return Evaluation("unknown", "unavailable", _actual(control, facts), why, None)
    reason = f"Last read on {earlier.as_of or 'an unknown date'}, with status {earlier.status}. {why}"
    return Evaluation("unknown", "last_verified", earlier.actual, reason, earlier.as_of, earlier)


def _met_or_inferred(expectation: Expectation, facts: TenantFacts, sources: Sequence[ScopeEvidence]) -> bool | None:
    met = expectation.met_in(facts.values)
    return inferred(expectation, sources) if met is None else met


def _decides(met: Sequence[bool | None]) -> bool:
    """One expectation that is not met decides; otherwise all have to be known."""
    return False in met or None not in met


def _status(met: Sequence[bool | None]) -> Status:
    return "fail" if False in met else "pass"


def _actual(control: Control, facts: TenantFacts) -> str:
    sources = facts.extra.about_scope
    return "; ".join(_shown(expectation, facts, sources) for expectation in control.expectations)


def _shown(expectation: Expectation, facts: TenantFacts, sources: Sequence[ScopeEvidence]) -> str:
    setting = expectation.setting
    if setting in facts.values:
        return f"{setting}: {display(facts.values[setting])}"
    if inferred(expectation, sources) is None:
        return f"{setting}: not read"
    return f"{setting}: not read, {'every user is' if sources[0].everyone else 'not every user is'} enabled"
