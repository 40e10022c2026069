# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checking an earlier report, or an earlier entry of one tenant, before the module reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...module_utils._errors import SsprError
from .._report.read import ENTRY_SCHEMA, REPORT_SCHEMA


def require_valid_previous_report(path: Any) -> None:
    """It must have the published form. What cannot be read at all is left to the module.

    Raises: SsprError(invalid_setting) with the place of what is wrong, SsprError(environment).
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8-sig")) if isinstance(path, str) and path else None
    except (OSError, ValueError):
        return
    if not isinstance(document, dict) or not ({"tenants", "controls"} & document.keys()):
        return
    problem = (REPORT_SCHEMA if "tenants" in document else ENTRY_SCHEMA).problem(document)
    if problem:
        raise SsprError(
            "invalid_setting",
            f"previous_report: this is not an audit report that this version can read: {problem}",
            hint="Use a report.json of sspr_report, or a file that sspr_audit wrote to result_path. Nothing was sent.",
        )
