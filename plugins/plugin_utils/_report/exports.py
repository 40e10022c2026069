# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report for programs and spreadsheets: JSON, CSV, and JUnit for pipelines. Pure."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from .model import Entry, Report
from .wording import shown_user

# What makes a spreadsheet read a cell as a formula (OWASP, CSV injection), full-width forms included
FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# With it, spreadsheets read the file as UTF-8.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

Row = Mapping[str, Any]


def _of(part: str, key: str) -> Callable[[Row], Any]:
    """A value of a part of the row, which may be missing."""
    return lambda row: (row[part] or {}).get(key)


# By column: where its value is. A control is named with its baseline: 5.10 alone would become the number 5.1.
COLUMNS: Mapping[str, Callable[[Row], Any]] = {
    "host": _of("entry", "host"),
    "tenant": _of("tenant", "display_name"),
    "tenant_id": _of("tenant", "id"),
    "domain": _of("tenant", "default_domain"),
    "run": _of("entry", "run"),
    "state": _of("entry", "state"),
    "migration_state": _of("entry", "migration_state"),
    "error": _of("error", "message"),
    "control": _of("control", "id"),
    "title": _of("control", "title"),
    "level": _of("control", "level"),
    "status": _of("control", "status"),
    "grade": _of("control", "grade"),
    "expected": _of("control", "expected"),
    "actual": _of("control", "actual"),
    "reason": _of("control", "reason"),
    "as_of": _of("control", "as_of"),
    "waiver_reason": _of("waiver", "reason"),
    "waiver_owner": _of("waiver", "owner"),
    "waiver_expires": _of("waiver", "expires"),
    "attested_by": _of("attestation", "who"),
    "attested_when": _of("attestation", "when"),
    "attestation_expires": _of("attestation", "expires"),
    "fix": _of("control", "fix"),
    "link": _of("control", "link"),
    "users_in_scope": _of("coverage", "in_scope"),
    "users_registered": _of("coverage", "registered"),
    "users_capable": _of("coverage", "capable"),
    "users_enabled": _of("coverage", "enabled"),
    "audited_at": _of("evidence", "at"),
    "app": _of("evidence", "app"),
    "portal_user": lambda row: shown_user((row["evidence"] or {}).get("portal_user")),
}


def as_json(report: Any) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def as_csv(report: Report) -> str:
    """One line per tenant and control; a tenant without controls has one line too."""
    lines: list[str] = []
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in report["tenants"]:
        parts = {name: entry[name] for name in ("tenant", "error", "coverage", "evidence")}
        for control in entry["controls"] or [{}]:
            row = {
                **parts,
                "entry": entry,
                "control": control,
                "waiver": control.get("waiver"),
                "attestation": control.get("attestation"),
            }
            writer.writerow([harmless(value(row)) for value in COLUMNS.values()])
    return BYTE_ORDER_MARK + "".join(lines)


def harmless(value: Any) -> Any:
    """The value in a form that a spreadsheet does not evaluate as a formula. Numbers stay numbers."""
    if isinstance(value, str) and FORMULA.match(value):
        return f"'{value}"
    return value


def as_junit(report: Report) -> str:
    """One suite per tenant, one case per control. A tenant that was not audited is one case, with an error."""
    root = ET.Element("testsuites", name=report["title"])
    sums = dict.fromkeys(_COUNTED, 0)
    for entry in report["tenants"]:
        suite = ET.SubElement(root, "testsuite", name=entry["host"], time="0")
        if at := (entry["evidence"] or {}).get("at"):
            suite.set("timestamp", at)
        for case in _cases(entry):
            suite.append(case)
        counts = {"tests": len(suite), **{name: len(suite.findall(f"testcase/{tag}")) for name, tag in _TAGS.items()}}
        for name, count in counts.items():
            suite.set(name, str(count))
            sums[name] += count
    for name, count in sums.items():
        root.set(name, str(count))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


_TAGS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_COUNTED = ("tests", *_TAGS)


def _cases(entry: Entry) -> Iterator[ET.Element]:
    if entry["run"] != "ok":
        case = ET.Element("testcase", classname=entry["host"], name="audit", time="0")
        error = entry["error"] or {
            "kind": entry["run"],
            "message": "The audit was not run for this tenant.",
            "hint": None,
        }
        child = ET.SubElement(case, "error", type=error["kind"], message=error["message"])
        child.text = error["hint"] or error["message"]
        yield case
    for control in entry["controls"]:
        name = f"{control['control']} {control['title']}"
        case = ET.Element("testcase", classname=f"{entry['host']}.{control['baseline']}", name=name, time="0")
        outcome = _OUTCOMES.get(control["status"])
        if outcome:
            tag, message_of = outcome
            ET.SubElement(case, tag, type=control["status"], message=message_of(control)).text = _details(control)
        yield case


def _waived(control: Mapping[str, Any]) -> str:
    waiver = control["waiver"] or {}
    until = f" until {waiver['expires']}" if waiver.get("expires") else ""
    return f"Waived{until}: {waiver.get('reason') or control['reason'] or 'no reason was given'}"


# Only what requires action is a failure: unknown is skipped, like waived.
_OUTCOMES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "fail": ("failure", lambda control: f"Expected {control['expected']}, found {control['actual']}"),
    "unknown": ("skipped", lambda control: f"Unknown: {control['reason'] or 'no reason was given'}"),
    "waived": ("skipped", _waived),
}


def _details(control: Mapping[str, Any]) -> str:
    shown = ("expected", "actual", "grade", "as_of", "reason", "fix", "link")
    return "\n".join(f"{name}: {control[name]}" for name in shown if control[name])
