# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on the results of an audit's tasks."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.tenantops.entra.plugins.filter import audit_verdict as plugin
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.fail_on import FAIL_ON
from ansible_collections.tenantops.entra.plugins.plugin_utils._report.write import SPEC

RESULTS: dict[str, dict[str, Any]] = {
    "contoso": {"state": "clean"},
    "fabrikam": {"state": "drift", "failed": False},
    "northwind": {"state": "incomplete"},
    "adatum": {"failed": True, "state": "incomplete"},
    "litware": {"failed": True, "msg": "undefined variable"},
}
audit_verdict = plugin.FilterModule().filters()["audit_verdict"]


@pytest.mark.parametrize(
    ("fail_on", "tenants"),
    [
        ("never", []),
        ("failed", ["adatum", "litware"]),
        ("drift", ["fabrikam", "adatum", "litware"]),
        ("incomplete", ["fabrikam", "northwind", "adatum", "litware"]),
    ],
)
def test_what_an_audit_fails_for(fail_on: str, tenants: list[str]) -> None:
    found = audit_verdict(RESULTS, fail_on)
    assert (found["fail"], found["tenants"]) == (bool(tenants), tenants)
    assert found["message"].startswith(f"fail_on is {fail_on}: ")


def test_a_typo_is_named() -> None:
    with pytest.raises(AnsibleFilterError, match="'drfit' is not one of never, failed, drift, incomplete"):
        audit_verdict(RESULTS, "drfit")


def test_the_choices_are_those_of_the_report() -> None:
    documented = yaml.safe_load(plugin.DOCUMENTATION)["options"]["fail_on"]["choices"]
    assert documented == list(FAIL_ON) == SPEC["fail_on"]["choices"]
