# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many users a tenant's policy applies to, and how many of them could reset: ``coverage`` of an audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..users.coverage import report_date
from .scope_evidence import ExtraEvidence, ordinary_users


def coverage(values: Mapping[str, Any], extra: ExtraEvidence) -> dict[str, Any] | None:
    """Counts from the registration report; None without it.

    ``in_scope`` follows the policy where it was read, ``enabled`` is what the report shows.
    """
    if not isinstance(extra.registrations, Sequence):
        return None
    users = ordinary_users(extra.registrations)
    enabled = sum(user.enabled for user in users)
    by_policy = {"all": len(users), "none": 0}
    return {
        "in_scope": by_policy.get(values.get("scope") or "", enabled),
        "registered": sum(user.registered for user in users),
        "capable": sum(user.capable for user in users),
        "enabled": enabled,
        "as_of": report_date(users),
    }
