# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes an audit of many tenants fail: the choices of ``fail_on``, and the verdict on an audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .audit_entry import Run, State

# Each choice also fails for what the choices before it fail for.
FailOn = Literal["never", "failed", "drift", "incomplete"]
FAIL_ON: tuple[FailOn, ...] = get_args(FailOn)
_WORDS: Mapping[FailOn, str] = {
    "failed": "could not be audited",
    "drift": "with drift",
    "incomplete": "incomplete",
}


@dataclass(frozen=True)
class Outcome:
    """How the audit of one tenant ended."""

    run: Run
    state: State

    @property
    def fails_from(self) -> FailOn | None:
        """The first choice that fails for it; None when none does."""
        if self.run == "failed":
            return "failed"
        return None if self.state == "clean" else self.state


@dataclass(frozen=True)
class Verdict:
    """Whether an audit fails. ``tenants`` are those it fails for."""

    fail: bool
    message: str
    tenants: tuple[str, ...]

    def as_result(self) -> dict[str, Any]:
        return {"fail": self.fail, "message": self.message, "tenants": list(self.tenants)}


def verdict(outcomes: Mapping[str, Outcome], fail_on: FailOn) -> Verdict:
    """The verdict on tenants by inventory name."""
    counting = FAIL_ON[1 : FAIL_ON.index(fail_on) + 1]
    tenants = tuple(host for host, outcome in outcomes.items() if outcome.fails_from in counting)
    counts = {choice: sum(outcome.fails_from == choice for outcome in outcomes.values()) for choice in counting}
    found = [f"{count} {_WORDS[choice]}" for choice, count in counts.items() if count]
    total = f"{len(outcomes)} tenants"
    message = f"fail_on is {fail_on}: " + (f"of {total}, {', '.join(found)}" if found else f"none of {total}")
    return Verdict(bool(tenants), message, tenants)
