# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of reports and entries: what does not have it is named with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.audit_entry import RUNS, STATES, AuditEntry
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.evaluation import GRADES, STATUSES
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.exports import as_csv, as_json, as_junit
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.html import fleet_page, tenant_pages
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.printable import printable
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.read import (
    ENTRY_SCHEMA,
    REPORT_SCHEMA,
    SCHEMA_PATH,
    read_entries,
    read_report,
)
from ansible_collections.tenantops.entra.tests.support.fleet import entry, failed, fleet, hostile, report

ROOT = Path(__file__).resolve().parents[5]
PUBLISHED = ROOT / "docs" / "schemas" / "audit-report-1.schema.json"


def not_run(host: str, tenant: str | None) -> dict[str, Any]:
    return AuditEntry.not_run(host, tenant).as_result()


def test_the_schema_is_published() -> None:
    """One file for readers, one beside the code that needs it."""
    assert PUBLISHED.read_bytes() == SCHEMA_PATH.read_bytes()
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_schema_has_the_words_of_the_code() -> None:
    parts = json.loads(PUBLISHED.read_text(encoding="utf-8"))["$defs"]
    assert set(parts["status"]["enum"]) == set(STATUSES)
    assert set(parts["control"]["properties"]["grade"]["enum"]) == set(GRADES)
    assert set(parts["entry"]["properties"]["run"]["enum"]) == set(RUNS)
    assert set(parts["entry"]["properties"]["state"]["enum"]) == set(STATES)
    assert set(parts["entry"]["required"]) == set(not_run("x", None))


def test_reports_are_valid() -> None:
    entries = [*fleet(40), failed("broken"), *printable(hostile()), not_run("late", None), not_run("later", "x")]
    whole = report(entries, previous=report(list(fleet(40, seed=7))))
    assert REPORT_SCHEMA.problem(whole) is None


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "'host' is a required property": lambda found: found.pop("host"),
    "schema: 1 was expected": lambda found: found.update(schema=2),
    "run: 'done' is not one of ['ok', 'failed', 'not_run']": lambda found: found.update(run="done"),
    "host: None is not of type 'string'": lambda found: found.update(host=None),
    "controls[1].status: 'ok' is not one of": lambda found: found["controls"][1].update(status="ok"),
    "controls[0]: 'grade' is a required property": lambda found: found["controls"][0].pop("grade"),
    "controls: {} is not of type 'array'": lambda found: found.update(controls={}),
    "coverage.in_scope: -1 is less than the minimum": lambda found: found["coverage"].update(in_scope=-1),
    "coverage.capable: True is not of type 'integer', 'null'": lambda found: found["coverage"].update(capable=True),
    "evidence.digests.sspr_policy: 1 is not of": lambda found: found["evidence"]["digests"].update(sspr_policy=1),
    "evidence.portal_user: 'ops' is not of type": lambda found: found["evidence"].update(portal_user="ops"),
    "outlook[0]: 'soon' is not of type 'object'": lambda found: found.update(outlook=["soon"]),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_what_is_not_an_entry_is_named(message: str) -> None:
    found = entry("here")
    DAMAGE[message](found)
    assert (ENTRY_SCHEMA.problem(found) or "").startswith(message)
    whole = report([entry("there")])
    whole["tenants"].append(found)
    assert (REPORT_SCHEMA.problem(whole) or "").startswith("tenants[1]")


@settings(max_examples=150)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    ),
    st.data(),
)
def test_whatever_the_schema_admits_can_be_shown(value: Any, data: st.DataObject) -> None:
    """Anything, anywhere in an entry: it is rejected, or every file of a report can be written."""
    found = copy.deepcopy(entry("here", statuses={"cis_m365_v7:5.2.4.1": "waived"}))
    place: Any = found
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and data.draw(st.booleans()):
            place = place[key]
        else:
            break
    place[key] = value
    found = printable(found)
    problem = ENTRY_SCHEMA.problem(found)
    assert (problem is None) == jsonschema.Draft202012Validator(ENTRY_SCHEMA._validator.schema).is_valid(found)
    if problem is None:
        whole = report([found], previous=report([entry("here")]))
        assert fleet_page(whole, pages=True)
        assert list(tenant_pages(whole))
        assert as_csv(whole)
        assert as_json(whole)
        assert as_junit(whole)


def test_a_damaged_entry_does_not_cost_the_others_their_report(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(entry("a")), encoding="utf-8")
    (tmp_path / "b.json").write_text('{"schema": 1, "host": "wood', encoding="utf-8")
    (tmp_path / "c.json").write_text('{"schema": 2}', encoding="utf-8")
    entries, warnings = read_entries(tmp_path)
    assert [found["host"] for found in entries] == ["a"]
    assert [warning.split(" is ignored, because it is not a tenant's entry: ")[0] for warning in warnings] == [
        str(tmp_path / "b.json"),
        str(tmp_path / "c.json"),
    ]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    whole = report(list(fleet(3)))
    path = tmp_path / "report.json"
    path.write_text(json.dumps(whole), encoding="utf-8-sig")
    assert read_report("merge", path) == whole
    path.write_text(json.dumps({**whole, "totals": None}), encoding="utf-8")
    with pytest.raises(SsprError) as caught:
        read_report("merge", path)
    assert caught.value.kind == "invalid_setting"
    assert f"merge: {path} is not a report that this version can read: totals: None" in caught.value.message
