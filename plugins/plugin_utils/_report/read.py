# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the entries of tenants, and earlier reports, from files on the controller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...module_utils._errors import SsprError
from .._json_schema import JsonSchema
from .model import Entry, Report
from .printable import printable

# Published as docs/schemas/audit-report-1.schema.json; a test keeps them equal.
SCHEMA_PATH = Path(__file__).with_name("audit-report-1.schema.json")
REPORT_SCHEMA = JsonSchema(SCHEMA_PATH)
ENTRY_SCHEMA = JsonSchema(SCHEMA_PATH, "entry")


def read_report(option: str, path: Path) -> Report:
    """An earlier report. Raises: SsprError(not_found, invalid_setting, environment)."""
    try:
        report: Any = printable(json.loads(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError as exc:
        hint = "Use the path of an earlier report.json."
        raise SsprError("not_found", f"{option}: there is no file {path}", hint=hint) from exc
    except (OSError, ValueError) as exc:
        hint = "Use the path of a report.json."
        raise SsprError("invalid_setting", f"{option}: {path} cannot be read: {exc}", hint=hint) from exc
    if problem := REPORT_SCHEMA.problem(report):
        raise SsprError(
            "invalid_setting",
            f"{option}: {path} is not a report that this version can read: {problem}",
            hint="Use a report.json as sspr_report wrote it.",
        )
    return dict(report)


def read_entries(directory: Path) -> tuple[list[Entry], list[str]]:
    """The entries of tenants, and a warning for each file that is not one. Such a file does not prevent the report.

    Raises: SsprError(not_found, environment).
    """
    if not directory.is_dir():
        hint = "Run the audit first; it creates the directory."
        raise SsprError("not_found", f"entries_dir: there is no directory {directory}", hint=hint)
    entries, warnings = [], []
    for path in sorted(directory.glob("*.json")):
        entry, problem = _read_entry(path)
        if problem:
            warnings.append(f"{path} is ignored, because it is not a tenant's entry: {problem}")
        else:
            entries.append(entry)
    return entries, warnings


def _read_entry(path: Path) -> tuple[Entry, str | None]:
    """An entry, and what is wrong with it."""
    try:
        entry = printable(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as exc:
        return {}, str(exc)
    return entry, ENTRY_SCHEMA.problem(entry)
