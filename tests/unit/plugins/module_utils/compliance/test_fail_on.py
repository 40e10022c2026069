# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit fails for: each choice also fails for what the choices before it fail for."""

from __future__ import annotations

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.compliance.fail_on import (
    FAIL_ON,
    FailOn,
    Outcome,
    verdict,
)

OUTCOMES = {
    "clean": Outcome("ok", "clean"),
    "failed": Outcome("failed", "incomplete"),
    "drift": Outcome("ok", "drift"),
    "incomplete": Outcome("ok", "incomplete"),
    "not run": Outcome("not_run", "incomplete"),
}


@pytest.mark.parametrize(
    ("fail_on", "tenants", "message"),
    [
        ("never", [], "fail_on is never: none of 5 tenants"),
        ("failed", ["failed"], "fail_on is failed: of 5 tenants, 1 could not be audited"),
        ("drift", ["failed", "drift"], "fail_on is drift: of 5 tenants, 1 could not be audited, 1 with drift"),
        (
            "incomplete",
            ["failed", "drift", "incomplete", "not run"],
            "fail_on is incomplete: of 5 tenants, 1 could not be audited, 1 with drift, 2 incomplete",
        ),
    ],
)
def test_the_verdict(fail_on: FailOn, tenants: list[str], message: str) -> None:
    found = verdict(OUTCOMES, fail_on).as_result()
    assert found == {"fail": bool(tenants), "tenants": tenants, "message": message}


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_choice_is_stricter_than_the_one_before(name: str) -> None:
    fails = [verdict({name: OUTCOMES[name]}, fail_on).fail for fail_on in FAIL_ON]
    assert fails == sorted(fails)
    assert fails[0] is False
    assert fails[-1] is (name != "clean")
