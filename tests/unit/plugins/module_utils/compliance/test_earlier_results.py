# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an earlier report says of a tenant's controls."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.earlier_results import (
    EarlierResult,
    earlier_entries,
    earlier_results,
)

TENANT = "11111111-1111-4111-8111-111111111111"
AT = "2026-10-25T12:00:00+00:00"
READ = {"id": "x:read", "grade": "verified", "status": "pass", "as_of": AT, "actual": "scope: all", "last": None}
EVEN_EARLIER = {"status": "fail", "as_of": "2026-09-25T12:00:00+00:00", "actual": "scope: none"}
KEPT = {**READ, "id": "x:kept", "grade": "last_verified", "status": "unknown", "last": EVEN_EARLIER}
UNREAD = {**READ, "id": "x:unread", "grade": "unavailable", "status": "unknown"}
ENTRY: dict[str, Any] = {"schema": 1, "tenant": {"id": TENANT}, "controls": [READ, KEPT, UNREAD]}


@pytest.mark.parametrize("document", [ENTRY, {"tenants": [{"schema": 1, "tenant": None}, ENTRY]}])
def test_results_of_a_tenant(document: dict[str, Any]) -> None:
    entries = earlier_entries(document, "previous_report")
    assert earlier_results(entries, TENANT) == {
        "x:read": EarlierResult("pass", AT, "scope: all"),
        "x:kept": EarlierResult("fail", "2026-09-25T12:00:00+00:00", "scope: none"),
    }
    assert earlier_results(entries, TENANT.replace("1", "2")) == {}


@pytest.mark.parametrize("document", [[], "report", {"schema": 7}, {"tenants": [{"schema": 2}]}, {"tenants": ["x"]}])
def test_what_is_not_a_report_is_rejected(document: Any) -> None:
    with pytest.raises(SsprError) as caught:
        earlier_entries(document, "previous_report")
    assert caught.value.kind == "invalid_setting"
    assert caught.value.message.startswith("previous_report: this is not an audit report")
