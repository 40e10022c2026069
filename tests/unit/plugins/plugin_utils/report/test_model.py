# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report says: entries joined, counted, compared with an earlier report, and judged."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils import _version
from ansible_collections.tenantops.entra.plugins.module_utils.report import model, schema
from ansible_collections.tenantops.entra.plugins.module_utils.report.model import entry_misfit, joined, natural, not_run
from ansible_collections.tenantops.entra.tests.support.fleet import AT, CONTROLS, entry, failed, fleet, hostile, report

ROOT = Path(__file__).resolve().parents[4]
PUBLISHED = ROOT / "docs" / "schemas" / "audit-report-1.schema.json"
SCOPE, METHODS, USERS = "cis_m365_v7:5.2.4.1", "cis_m365_v7:5.2.4.2", "cis_m365_v7:5.2.4.4"
LATER = "2026-11-25T17:00:00Z"


def statuses(found: dict[str, Any]) -> dict[str, str]:
    return {control["id"]: control["status"] for control in found["controls"]}


def test_the_schema_is_published() -> None:
    expected = json.dumps(schema.SCHEMA, indent=2) + "\n"
    assert PUBLISHED.read_text(encoding="utf-8") == expected, "write schema.SCHEMA there, with indent=2"
    jsonschema.Draft202012Validator.check_schema(schema.SCHEMA)


def test_the_version_is_the_collections() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"{galaxy['namespace']}.{galaxy['name']}" == _version.COLLECTION
    assert galaxy["version"] == _version.VERSION


def test_reports_are_valid() -> None:
    entries = [*fleet(40), failed("broken"), *model.cleaned(hostile()), not_run("late", None), not_run("later", "x")]
    whole = report(entries, previous=report(list(fleet(40, seed=7))))
    jsonschema.validate(whole, schema.SCHEMA, jsonschema.Draft202012Validator)
    assert model.report_misfit(whole) is None


DAMAGE: dict[str, Callable[[dict[str, Any]], object]] = {
    "it has no host": lambda found: found.pop("host"),
    "schema is 2, not 1": lambda found: found.update(schema=2),
    "run is 'done', not one of ok, failed, not_run": lambda found: found.update(run="done"),
    "host is not of type string": lambda found: found.update(host=None),
    "controls[1].status is 'ok', not one of": lambda found: found["controls"][1].update(status="ok"),
    "controls[0] has no grade": lambda found: found["controls"][0].pop("grade"),
    "controls is not of type array": lambda found: found.update(controls={}),
    "coverage.in_scope is -1, below 0": lambda found: found["coverage"].update(in_scope=-1),
    "coverage.capable is not of type integer or null": lambda found: found["coverage"].update(capable=True),
    "evidence.digests.portal is not of type string": lambda found: found["evidence"]["digests"].update(portal=1),
    "outlook[0] is not of type object": lambda found: found.update(outlook=["soon"]),
}


@pytest.mark.parametrize("message", DAMAGE)
def test_what_is_no_entry_is_named(message: str) -> None:
    found = entry("here")
    DAMAGE[message](found)
    assert (entry_misfit(found) or "").startswith(message)
    assert not jsonschema.Draft202012Validator(schema.ENTRY).is_valid(found)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    ),
    st.data(),
)
def test_anything_anywhere_is_judged_as_the_schema_does(value: Any, data: st.DataObject) -> None:
    found = copy.deepcopy(entry("here", statuses={SCOPE: "waived"}))
    place: Any = found
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and data.draw(st.booleans()):
            place = place[key]
        else:
            break
    place[key] = value
    valid = jsonschema.Draft202012Validator(schema.ENTRY).is_valid(found)
    assert (entry_misfit(found) is None) == valid


def test_of_two_entries_the_later_one_counts() -> None:
    early, late = entry("here", statuses={SCOPE: "fail"}), entry("here")
    late["evidence"]["at"] = LATER
    for slices in ([("", [early]), ("", [late])], [("", [late]), ("", [early])]):
        assert joined(slices, {}) == [late]


def test_a_tenant_that_failed_later_is_not_shown_as_it_was() -> None:
    broken = failed("here")
    broken["evidence"] = None
    assert joined([(LATER, [broken]), (AT, [entry("here")])], {}) == [broken]


def test_not_run_in_one_slice_says_nothing_against_another() -> None:
    for slices in (
        [(AT, [entry("here")]), (LATER, [not_run("here", None)])],
        [(LATER, [not_run("here", None)]), (AT, [entry("here")])],
    ):
        assert [found["run"] for found in joined(slices, {"here": None})] == ["ok"]


def test_who_is_in_no_slice_appears_as_not_run() -> None:
    found = joined([("", [entry("t10")])], {"t9": "11111111-1111-4111-8111-111111111111", "t10": None, "T1": None})
    assert [(one["host"], one["run"], one["state"]) for one in found] == [
        ("T1", "not_run", "incomplete"),
        ("t9", "not_run", "incomplete"),
        ("t10", "ok", "clean"),
    ]
    assert found[1]["tenant"]["id"] == "11111111-1111-4111-8111-111111111111"


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
    told = {
        key: [change["host"] for change in since[key]]
        for key in since
        if isinstance(since[key], list) and key[-7:] != "tenants"
    }
    assert told == {
        "new_drift": ["drifts", "lifted", "found"],
        "fixed": ["fixed"],
        "expired_waivers": ["waived"],
        "no_longer_known": ["blind"],
    }
    assert since["expired_waivers"][0]["expires"] == "2026-11-20"
    assert since["new_drift"][2] == {
        "host": "found",
        "id": SCOPE,
        "title": "Everyone can reset their own password",
        "was": "unknown",
        "is": "fail",
    }
    assert since["generated"] == "2026-10-25T16:00:00Z"
    assert (since["new_tenants"], since["gone_tenants"]) == (["unread", "new"], ["gone"])


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
        ("drift", [CLEAN, INCOMPLETE], False),
        ("drift", [CLEAN, DRIFT], True),
        ("incomplete", [CLEAN], False),
        ("incomplete", [INCOMPLETE], True),
        ("incomplete", [DRIFT], True),
        ("incomplete", [not_run("late", None)], True),
    ],
)
def test_verdict(fail_on: str, entries: list[dict[str, Any]], fails: bool) -> None:
    assert model.verdict(report(entries), fail_on)["fail"] is fails


@given(
    st.lists(st.text() | st.sampled_from(["con", "con.x", "..", "a", "A", "a-", "ä", "a/b", "x" * 300]), unique=True)
)
def test_file_names_are_safe_and_each_hosts_own(hosts: list[str]) -> None:
    names = model.file_names(hosts)
    assert len({name.casefold() for name in names.values()}) == len(hosts)
    for name in names.values():
        assert re.fullmatch(r"[a-z0-9][a-z0-9._~-]*\.html", name)
        assert len(name) < 120
        assert name.split(".")[0] not in ("con", "nul", "aux", "prn", "com1", "lpt9")
    assert all(model.file_names([host]) == {host: names[host]} for host in hosts), "not by what else there is"


def test_plain_hosts_keep_their_names() -> None:
    assert model.file_names(["contoso", "fabrikam.eu"]) == {
        "contoso": "contoso.html",
        "fabrikam.eu": "fabrikam.eu.html",
    }


@given(st.text(st.characters() | st.sampled_from("\x00\x0b\ud800\udfff\ufffe"), max_size=20))
def test_cleaned_text_can_be_written_and_nothing_else_is_touched(text: str) -> None:
    cleaned = model.cleaned({text: [text]})
    [(key, [value])] = cleaned.items()
    assert key == value
    value.encode()
    assert len(value) == len(text)
    assert all(one in (other, "\ufffd") for one, other in zip(value, text, strict=True))
    assert model.cleaned(value) == value


def test_controls_are_sorted_as_people_count() -> None:
    assert sorted(["5.10", "5.9", "5.11", "5", "5.a"], key=natural) == ["5", "5.9", "5.10", "5.11", "5.a"]
    columns = model.columns([entry("a"), entry("b", statuses={SCOPE: "fail", METHODS: "unknown"})])
    assert [column.control for column in columns if column.baseline == "cis_azure_v5"] == ["5.5", "5.9", "5.10", "5.11"]
    shares = {column.id: column.share for column in columns}
    assert (shares[SCOPE], shares[METHODS], shares[USERS]) == (0.5, 1.0, 1.0)
    assert len({column.name for column in columns}) == len(columns)


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([], "There are no tenants in this report."),
        ([CLEAN], "The one tenant meets all that was checked."),
        ([CLEAN, not_run("n", None)], "1 of 2 tenants meet all that was checked. 1 not run."),
        ([CLEAN, {**CLEAN, "host": "x"}], "All 2 tenants meet all that was checked."),
        (
            [CLEAN, DRIFT, INCOMPLETE, failed("f")],
            "1 of 4 tenants meet all that was checked. 1 drifted, 1 could not be checked in full, 1 could not be read.",
        ),
    ],
)
def test_the_headline(entries: list[dict[str, Any]], sentence: str) -> None:
    counts: dict[str, int] = {}
    for found in entries:
        state = model.shown_state(found)
        counts[state] = counts.get(state, 0) + 1
    assert model.headline(report(entries)["totals"], counts) == sentence
