# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit reports besides its controls: evidence that disagrees, and declarations that do not count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FindingKind = Literal["disagreement", "expired_waiver", "expired_attestation", "early_attestation", "unknown_control"]


@dataclass(frozen=True)
class AuditFinding:
    kind: FindingKind
    message: str

    def as_result(self) -> dict[str, str]:
        return {"kind": self.kind, "message": self.message}
