# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a report."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.compliance.audit_entry import AuditEntry
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.evaluation import Grade, Status
from ansible_collections.tenantops.entra.plugins.plugin_utils._report import wording
from ansible_collections.tenantops.entra.tests.support.fleet import entry, failed, report

CLEAN, DRIFT = entry("c"), entry("d", statuses={"cis_m365_v7:5.2.4.1": "fail"})
INCOMPLETE = entry("i", statuses={"cis_m365_v7:5.2.4.4": "unknown"})
NOT_RUN = AuditEntry.not_run("n", None).as_result()


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([], "There are no tenants in this report."),
        ([CLEAN], "The only tenant meets every control."),
        ([CLEAN, NOT_RUN], "1 of 2 tenants meet every control. 1 not run."),
        ([CLEAN, {**CLEAN, "host": "x"}], "All 2 tenants meet every control."),
        (
            [CLEAN, DRIFT, INCOMPLETE, failed("f")],
            "1 of 4 tenants meet every control. 1 with drift, 1 not fully checked, 1 could not be audited.",
        ),
    ],
)
def test_the_headline(entries: list[dict[str, Any]], sentence: str) -> None:
    shown = Counter(map(wording.shown_state, entries))
    assert wording.headline(report(entries)["totals"]["states"], shown) == sentence


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (DRIFT, "20 controls: 19 met, 1 require action."),
        (INCOMPLETE, "20 controls: 19 met, 1 unknown."),
        (NOT_RUN, "This tenant was not audited."),
        ({**CLEAN, "controls": []}, "No control was evaluated."),
    ],
)
def test_the_headline_of_a_tenant(found: dict[str, Any], sentence: str) -> None:
    counts = Counter(control["status"] for control in found["controls"])
    assert wording.tenant_headline(found, counts) == sentence


def test_every_word_has_a_meaning() -> None:
    for words in (wording.STATUS_TITLES, wording.STATUS_MEANINGS, wording.STATUS_COUNTS):
        assert set(words) == set(get_args(Status))
    for words in (wording.GRADE_TITLES, wording.GRADE_MEANINGS):
        assert set(words) == set(get_args(Grade))


def test_what_the_inventory_requests_is_called_agreed() -> None:
    assert wording.baseline_title("wanted") == "Agreed settings"
    assert wording.baseline_title("cis_m365_v7") == "cis_m365_v7"
