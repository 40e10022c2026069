# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is different from an earlier report."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.tenantops.entra.tests.support.fleet import entry, failed, report

SCOPE, METHODS = "cis_m365_v7:5.2.4.1", "cis_m365_v7:5.2.4.2"


def test_since_last_time() -> None:
    def at(host: str, **asked: str) -> dict[str, Any]:
        return entry(host, statuses={SCOPE: asked.get("scope", "pass"), METHODS: asked.get("methods", "pass")})

    before = [
        at("drifts"),
        at("fixed", scope="fail"),
        at("waived", scope="waived"),
        at("lifted", scope="waived"),
        at("blind"),
        at("found", scope="unknown"),
        at("same", scope="fail", methods="waived"),
        failed("unread"),
        at("gone", scope="fail"),
    ]
    now = [
        at("drifts", scope="fail"),
        at("fixed"),
        at("waived", scope="fail"),
        at("lifted", scope="fail"),
        at("blind", scope="unknown"),
        at("found", scope="fail"),
        at("same", scope="fail", methods="waived"),
        at("unread", scope="fail"),
        at("new", scope="fail"),
    ]
    before[2]["controls"][0]["waiver"]["expires"] = "2026-11-20"
    since = report(now, previous=report(before, generated="2026-10-25T16:00:00Z"))["since"]
    changed = {
        key: [change["host"] for change in since[key]]
        for key in since
        if isinstance(since[key], list) and key[-7:] != "tenants"
    }
    assert changed == {
        "new_drift": ["drifts", "lifted", "found"],
        "fixed": ["fixed"],
        "expired_waivers": ["waived"],
        "no_longer_known": ["blind"],
    }
    assert since["expired_waivers"][0]["expires"] == "2026-11-20"
    assert since["new_drift"][2] == {
        "host": "found",
        "id": SCOPE,
        "title": "All users can reset their own password",
        "was": "unknown",
        "is": "fail",
    }
    assert since["generated"] == "2026-10-25T16:00:00Z"
    assert (since["new_tenants"], since["gone_tenants"]) == (["unread", "new"], ["gone"])


@pytest.mark.parametrize(
    ("expires", "as_of", "expired"),
    [
        ("2026-11-24", date(2026, 11, 25), True),
        ("2026-11-25", date(2026, 11, 25), False),
        ("2026-12-31", date(2026, 11, 25), False),
        (None, date(2026, 11, 25), False),
        ("soon", date(2026, 11, 25), False),
    ],
)
def test_a_waiver_counts_on_its_last_day(expires: str | None, as_of: date, expired: bool) -> None:
    before = entry("a", statuses={SCOPE: "waived"})
    before["controls"][0]["waiver"]["expires"] = expires
    since = report([entry("a", statuses={SCOPE: "fail"})], previous=report([before]), as_of=as_of)["since"]
    assert [len(since["expired_waivers"]), len(since["new_drift"])] == ([1, 0] if expired else [0, 1])
