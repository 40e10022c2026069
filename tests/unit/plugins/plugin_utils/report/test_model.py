# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as data: entries merged and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.tenantops.entra.plugins.module_utils import _version
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.audit_entry import AuditEntry
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.fail_on import FailOn, Outcome, verdict
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.model import (
    Slice,
    control_totals,
    merge,
    natural,
)
from ansible_collections.tenantops.entra.tests.support.fleet import AT, CONTROLS, entry, failed, report

ROOT = Path(__file__).resolve().parents[5]
SCOPE, METHODS, USERS = "cis_m365_v7:5.2.4.1", "cis_m365_v7:5.2.4.2", "cis_m365_v7:5.2.4.4"
LATER = "2026-11-25T17:00:00Z"


def not_run(host: str, tenant: str | None) -> dict[str, Any]:
    return AuditEntry.not_run(host, tenant).as_result()


def test_the_version_is_the_collections() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"{galaxy['namespace']}.{galaxy['name']}" == _version.COLLECTION
    assert galaxy["version"] == _version.VERSION


def test_of_two_entries_the_later_one_counts() -> None:
    early, late = entry("here", statuses={SCOPE: "fail"}), entry("here")
    late["evidence"]["at"] = LATER
    for slices in ([Slice("", [early]), Slice("", [late])], [Slice("", [late]), Slice("", [early])]):
        assert merge(slices, {}) == [late]


def test_a_tenant_that_failed_later_is_not_shown_as_it_was() -> None:
    broken = failed("here")
    broken["evidence"] = None
    assert merge([Slice(LATER, [broken]), Slice(AT, [entry("here")])], {}) == [broken]


def test_not_run_in_one_slice_says_nothing_against_another() -> None:
    for slices in (
        [Slice(AT, [entry("here")]), Slice(LATER, [not_run("here", None)])],
        [Slice(LATER, [not_run("here", None)]), Slice(AT, [entry("here")])],
    ):
        assert [found["run"] for found in merge(slices, {"here": None})] == ["ok"]


def test_who_is_in_no_slice_appears_as_not_run() -> None:
    found = merge([Slice("", [entry("t10")])], {"t9": "11111111-1111-4111-8111-111111111111", "t10": None, "T1": None})
    assert [(one["host"], one["run"], one["state"]) for one in found] == [
        ("T1", "not_run", "incomplete"),
        ("t9", "not_run", "incomplete"),
        ("t10", "ok", "clean"),
    ]
    assert found[1]["tenant"]["id"] == "11111111-1111-4111-8111-111111111111"


def test_totals() -> None:
    entries = [
        entry("a", coverage={"in_scope": 10, "registered": 8, "capable": 7, "enabled": None, "as_of": AT}),
        entry("b", statuses={SCOPE: "fail", METHODS: "unknown"}),
        entry("c", coverage={"in_scope": 99, "registered": None, "capable": None, "enabled": None, "as_of": None}),
        not_run("d", None),
    ]
    line = {"date": "2027-02-01", "what": "Voice", "users": 3, "why_unknown": None}
    entries[0]["outlook"] = [line, {**line, "date": "2027-03-01", "users": 0}]
    entries[1]["outlook"] = [{**line, "users": None, "why_unknown": "no report"}]
    entries[2]["outlook"] = [{**line, "users": 4}]
    totals = report(entries)["totals"]
    assert totals["tenants"] == 4
    assert totals["states"] == {"drift": 1, "incomplete": 1, "clean": 2}
    assert totals["runs"] == {"ok": 3, "failed": 0, "not_run": 1}
    count = 3 * sum(map(len, CONTROLS.values()))
    assert totals["statuses"] == {"fail": 1, "unknown": 1, "waived": 0, "pass": count - 2}
    assert totals["grades"]["verified"] == count - 1
    assert totals["coverage"] == {"tenants": 2, "in_scope": 50, "registered": 40, "capable": 37, "enabled": None}
    assert totals["outlook"] == [
        {"date": "2027-02-01", "what": "Voice", "tenants": 2, "users": 7, "unknown": 1},
        {"date": "2027-03-01", "what": "Voice", "tenants": 0, "users": 0, "unknown": 0},
    ]


CLEAN, DRIFT = entry("c"), entry("d", statuses={SCOPE: "fail"})
INCOMPLETE = entry("i", statuses={USERS: "unknown"})


@pytest.mark.parametrize(
    ("fail_on", "entries", "fails"),
    [
        ("never", [DRIFT, INCOMPLETE], False),
        ("failed", [CLEAN, DRIFT, INCOMPLETE, not_run("late", None)], False),
        ("failed", [CLEAN, failed("f")], True),
        ("drift", [CLEAN, INCOMPLETE], False),
        ("drift", [CLEAN, failed("f")], True),
        ("drift", [CLEAN, DRIFT], True),
        ("incomplete", [CLEAN], False),
        ("incomplete", [INCOMPLETE], True),
        ("incomplete", [DRIFT], True),
        ("incomplete", [not_run("late", None)], True),
    ],
)
def test_the_verdict_on_entries(fail_on: FailOn, entries: list[dict[str, Any]], fails: bool) -> None:
    outcomes = {found["host"]: Outcome(found["run"], found["state"]) for found in entries}
    assert verdict(outcomes, fail_on).fail is fails


def test_controls_are_sorted_as_people_count() -> None:
    assert sorted(["5.10", "5.9", "5.11", "5", "5.a"], key=natural) == ["5", "5.9", "5.10", "5.11", "5.a"]
    controls = control_totals([entry("a"), entry("b", statuses={SCOPE: "fail", METHODS: "unknown"})])
    assert [control.control for control in controls if control.baseline == "cis_azure_v5"] == [
        "5.5",
        "5.9",
        "5.10",
        "5.11",
    ]
    shares = {control.id: control.share for control in controls}
    assert (shares[SCOPE], shares[METHODS], shares[USERS]) == (0.5, 1.0, 1.0)
    assert len({control.anchor for control in controls}) == len(controls)
