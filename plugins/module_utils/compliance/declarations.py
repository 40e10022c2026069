# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations about controls, until a date: waivers accept one that is not met, attestations confirm one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from ..rules.waivers import Waiver
from .finding import AuditFinding


@dataclass(frozen=True)
class Attestation:
    """A person's statement that a control is met. It counts from ``when`` to ``expires``, both included."""

    control: str
    who: str
    when: date
    evidence: str
    expires: date

    def is_active(self, as_of: date) -> bool:
        return self.when <= as_of <= self.expires

    def as_result(self) -> dict[str, str]:
        return {
            "who": self.who,
            "when": self.when.isoformat(),
            "evidence": self.evidence,
            "expires": self.expires.isoformat(),
        }


@dataclass(frozen=True)
class Declarations:
    """Waivers and attestations of one tenant, evaluated as of a date."""

    as_of: date
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()

    def waiver_of(self, control_id: str) -> Waiver | None:
        """The waiver of a control that is in force."""
        return next((it for it in self.waivers if it.id == control_id and it.is_active(self.as_of)), None)

    def attestation_of(self, control_id: str) -> Attestation | None:
        """The attestation of a control that is in force."""
        return next((it for it in self.attestations if it.control == control_id and it.is_active(self.as_of)), None)

    def findings(self, control_ids: Collection[str]) -> Iterator[AuditFinding]:
        """What does not count, given the controls of the audit."""
        yield from (found for it in self.waivers for found in self._about_waiver(it, control_ids))
        yield from (found for it in self.attestations for found in self._about_attestation(it, control_ids))

    def _about_waiver(self, waiver: Waiver, control_ids: Collection[str]) -> Iterator[AuditFinding]:
        if waiver.id not in control_ids:
            yield AuditFinding("unknown_control", f"waivers: this audit has no control {waiver.id}.")
        elif not waiver.is_active(self.as_of):
            message = f"The waiver for {waiver.id} (owner: {waiver.owner}) expired on {waiver.expires}: {waiver.reason}"
            yield AuditFinding("expired_waiver", message)

    def _about_attestation(self, attestation: Attestation, control_ids: Collection[str]) -> Iterator[AuditFinding]:
        what = f"The attestation for {attestation.control} by {attestation.who}, dated {attestation.when},"
        if attestation.control not in control_ids:
            yield AuditFinding("unknown_control", f"attestations: this audit has no control {attestation.control}.")
        elif attestation.expires < self.as_of:
            yield AuditFinding("expired_attestation", f"{what} expired on {attestation.expires}.")
        elif attestation.when > self.as_of:
            yield AuditFinding("early_attestation", f"{what} does not count yet as of {self.as_of}.")
