# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entry of a tenant whose audit could not start."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.filter.failed_audit_entry import FilterModule
from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.read import ENTRY_SCHEMA

failed_audit_entry = FilterModule().filters()["failed_audit_entry"]
ERROR = SsprError("permission", "not allowed").as_result()


@pytest.mark.parametrize(
    ("result", "kind", "message"),
    [
        ({"msg": "'tenant' is undefined"}, "invalid_setting", "'tenant' is undefined"),
        ({}, "invalid_setting", "the task failed without a message"),
        ({"msg": "not allowed", "error": ERROR}, "permission", "not allowed"),
    ],
)
def test_it_is_an_entry_of_a_report(result: dict[str, Any], kind: str, message: str) -> None:
    entry = failed_audit_entry({"failed": True, **result}, "contoso")
    assert ENTRY_SCHEMA.problem(entry) is None
    assert (entry["host"], entry["run"], entry["state"]) == ("contoso", "failed", "incomplete")
    assert (entry["error"]["kind"], entry["error"]["message"]) == (kind, message)
