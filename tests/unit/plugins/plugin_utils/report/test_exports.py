# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CSV and JUnit as others read them: a spreadsheet library, and a library that pipelines use."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyexcel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from ansible_collections.tenantops.entra.plugins.module_utils.compliance.audit_entry import AuditEntry
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.exports import (
    COLUMNS,
    FORMULA,
    as_csv,
    as_junit,
    harmless,
)
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.printable import printable
from ansible_collections.tenantops.entra.tests.support.fleet import HOSTILE, entry, failed, fleet, hostile, report

NOT_RUN = AuditEntry.not_run("late", None).as_result()
SCOPE, METHODS, USERS = "cis_m365_v7:5.2.4.1", "cis_m365_v7:5.2.4.2", "cis_m365_v7:5.2.4.4"


def records(tmp_path: Path, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    path = tmp_path / "report.csv"
    path.write_text(as_csv(report(printable(entries))), encoding="utf-8", newline="")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "a spreadsheet takes it for Latin-1 otherwise"
    rows: list[dict[str, Any]] = pyexcel.get_records(file_name=str(path), encoding="utf-8-sig")
    assert list(rows[0]) == list(COLUMNS)
    return rows


def test_a_spreadsheet_opens_it_with_the_right_types(tmp_path: Path) -> None:
    made = entry("contoso", "Contoso Süd", {SCOPE: "fail", METHODS: "waived"})
    made["coverage"]["as_of"] = "2026-11-25"
    made["evidence"]["at"] = "2026-11-25"
    rows = records(tmp_path, [made, failed("broken"), NOT_RUN])
    by_id = {row["control"]: row for row in rows if row["host"] == "contoso"}
    assert len(by_id) == len(made["controls"])
    scope = by_id[SCOPE]
    assert (scope["tenant"], scope["status"], scope["grade"]) == ("Contoso Süd", "fail", "verified")
    assert (scope["users_in_scope"], scope["users_registered"]) == (40, 32)
    assert isinstance(scope["users_capable"], int)
    assert scope["portal_user"] == "sspr@msp.example"
    assert scope["audited_at"] == dt.date(2026, 11, 25)
    assert by_id[METHODS]["waiver_expires"] == dt.date(2027, 3, 31)
    assert by_id["cis_azure_v5:5.10"]["status"] == "pass", "not taken for the number 5.1"
    others = [row for row in rows if row["host"] != "contoso"]
    assert [(row["host"], row["run"], row["control"], row["status"]) for row in others] == [
        ("broken", "failed", "", ""),
        ("late", "not_run", "", ""),
    ]
    assert "AADSTS7000222" in others[0]["error"]


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    rows = records(tmp_path, hostile())
    assert {row["control"] for row in rows} >= {SCOPE}
    for row in rows:
        for value in row.values():
            assert not (isinstance(value, str) and FORMULA.match(value)), value
    line_ends = str.maketrans("\r", "\n")
    assert {row["title"].strip("'") for row in rows} == {printable(text).translate(line_ends) for text in HOSTILE}


@given(st.text(max_size=5) | st.sampled_from(HOSTILE))
def test_harmless_adds_one_mark_or_nothing(text: str) -> None:
    found = harmless(text)
    assert found in (text, f"'{text}")
    assert found[:1] not in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    assert harmless(-3) == -3


def test_junit_as_pipelines_read_it() -> None:
    checked = entry("contoso", statuses={SCOPE: "fail", METHODS: "waived", USERS: "unknown"})
    suites = JUnitXml.fromstring(as_junit(report([checked, failed("broken"), NOT_RUN])).encode())
    suites_found = list(suites)
    contoso, broken, late = suites_found
    assert [suite.name for suite in suites_found] == ["contoso", "broken", "late"]
    count = len(checked["controls"])
    assert (contoso.tests, contoso.failures, contoso.errors, contoso.skipped) == (count, 1, 0, 2)
    assert (suites.tests, suites.failures, suites.errors, suites.skipped) == (count + 2, 1, 2, 2)
    cases = {f"{case.classname}:{case.name.split()[0]}": case for case in contoso}
    [failure] = cases[f"contoso.{SCOPE}"].result
    assert isinstance(failure, Failure)
    assert failure.message == "Expected scope is on, found scope is off"
    assert "fix: Set scope on this page" in failure.text
    [waived] = cases[f"contoso.{METHODS}"].result
    [unknown] = cases[f"contoso.{USERS}"].result
    assert isinstance(waived, Skipped)
    assert isinstance(unknown, Skipped)
    assert waived.message == "Waived until 2027-03-31: Kiosk staff have no second method"
    assert unknown.message == "Unknown: Could not be read: no credential for the portal API is set"
    assert all(not case.result for name, case in cases.items() if name.split(".", 1)[1] not in (SCOPE, METHODS, USERS))
    for suite, words in ((broken, "AADSTS7000222"), (late, "was not run")):
        [case] = suite
        [error] = case.result
        assert isinstance(error, Error)
        assert words in error.message


def test_hostile_names_come_through_junit_as_text() -> None:
    text = as_junit(report(printable(hostile())))
    suites = JUnitXml.fromstring(text.encode())
    # XML reads line ends and tabs in attributes as blanks, unless they are escaped as these are.
    assert [suite.name for suite in suites] == [printable(name) for name in HOSTILE]
    assert "<script>" not in text


@pytest.mark.parametrize("count", [0, 30])
def test_every_control_has_its_line_and_case(count: int) -> None:
    whole = report(list(fleet(count)))
    controls = sum(len(found["controls"]) or 1 for found in whole["tenants"])
    assert as_csv(whole).count("\r\n") == controls + 1
    assert as_junit(whole).count("<testcase ") == controls
