# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured and compared, with the targets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """One way to do a job. ``playbook`` is a file in playbooks/; ``tasks`` are those of one tenant."""

    name: str
    title: str
    playbook: str
    tasks: int
    changes: bool = False
    client: str = "adapter"


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("pages", "five page modules", "pages", 5, changes=True),
        Variant("policy", "`sspr_policy`, the same settings", "policy", 1, changes=True),
        Variant("info", "`sspr_info`", "info", 1),
        Variant("audit_task", "`sspr_audit` against four baselines", "audit_task", 1),
        Variant("audit", "the role's audit against four baselines, and its report", "audit", 1),
        Variant("noop_action", "six no-op actions", "noop_action", 6),
        Variant("noop_module", "six no-op modules", "noop_module", 6),
        Variant("noop_wait", "one no-op action that waits a second", "noop_wait", 1),
        Variant("bare_pages", "only the requests of the five pages", "bare_pages", 5, changes=True),
        Variant("bare_policy", "only the requests of `sspr_policy`", "bare_policy", 1, changes=True),
        Variant("bare_info", "only the requests of `sspr_info`", "bare_info", 1),
        Variant(
            "thin_pages",
            "the requests of the five pages, with `http.client`",
            "bare_pages",
            5,
            changes=True,
            client="thin",
        ),
        Variant(
            "thin_policy",
            "the requests of `sspr_policy`, with `http.client`",
            "bare_policy",
            1,
            changes=True,
            client="thin",
        ),
        Variant("thin_info", "the requests of `sspr_info`, with `http.client`", "bare_info", 1, client="thin"),
        Variant("uri_steps", "`uri`, step by step, no read-back", "uri_steps", 12, changes=True),
        Variant("uri_compact", "`uri`, compact, no read-back", "uri_compact", 6, changes=True),
        Variant("uri_audit", "`uri`, the same reads as `sspr_info`", "uri_audit", 5),
    )
}

# The largest number of tenants each of these is measured with
GROWTH = {"noop_action": 200, "pages": 200, "policy": 200, "info": 1000}


@dataclass(frozen=True)
class Ratio:
    """``of`` divided by ``to`` in one measure has to be at most ``target``; None: only shown.

    ``per_task`` divides both by their number of tasks first.
    """

    of: str
    to: str
    measure: str
    target: float | None
    per_task: bool = False


RATIOS = (
    Ratio("pages", "uri_steps", "cpu", 1 / 8),
    Ratio("pages", "uri_steps", "wall", 1 / 5),
    Ratio("policy", "uri_compact", "cpu", 1 / 10),
    Ratio("policy", "uri_compact", "wall", 1 / 5),
    Ratio("info", "uri_audit", "cpu", 1 / 10),
    # An audit may take a third more than reading.
    Ratio("audit_task", "info", "cpu", 4 / 3),
    Ratio("audit", "uri_audit", "cpu", 4 / 3 / 10),
    Ratio("pages", "bare_pages", "cpu", 1.3),
    Ratio("policy", "bare_policy", "cpu", 1.3),
    Ratio("info", "bare_info", "cpu", 1.3),
    Ratio("pages", "noop_action", "cpu", None, per_task=True),
    Ratio("policy", "noop_action", "cpu", None, per_task=True),
    Ratio("info", "noop_action", "cpu", None, per_task=True),
    Ratio("bare_pages", "thin_pages", "cpu", None),
    Ratio("bare_policy", "thin_policy", "cpu", None),
    Ratio("bare_info", "thin_info", "cpu", None),
    Ratio("pages", "noop_action", "largest", 1.5),
    Ratio("policy", "noop_action", "largest", 1.5),
    Ratio("info", "noop_action", "largest", 1.5),
    Ratio("pages", "noop_action", "memory", None),
    Ratio("pages", "noop_wait", "memory", None),
)
# CPU per tenant with the most tenants, compared with this many
GROWTH_BASE, GROWTH_TARGET = 50, 1.3
