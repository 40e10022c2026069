# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Baselines: the built-in ones are data, a user's own is rejected with the place of what is wrong."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.baseline import (
    agreed_settings,
    find_baselines,
    parse_baseline,
)
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.expectation import Expectation
from ansible_collections.tenantops.entra.plugins.module_utils.data import baselines
from ansible_collections.tenantops.entra.plugins.module_utils.data.baselines import BASELINES
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import SETTINGS


def test_built_in_baselines_are_literals() -> None:
    tree = ast.parse(Path(baselines.__file__).read_text(encoding="utf-8"))
    kinds = {type(node) for node in tree.body}
    assert kinds <= {ast.Expr, ast.ImportFrom, ast.AnnAssign}
    [assigned] = [node for node in tree.body if isinstance(node, ast.AnnAssign)]
    assert assigned.value is not None
    assert ast.literal_eval(assigned.value) == BASELINES


def test_built_in_baselines_are_well_formed_and_sourced() -> None:
    assert list(BASELINES) == ["cis_m365_v7", "cis_azure_v5", "asd_blueprint", "microsoft_recommended"]
    for name, entry in BASELINES.items():
        parsed = parse_baseline(entry, name)
        assert parsed.id == name
        assert {"benchmark", "version", "as_of", "source"} <= set(entry)
        for control in parsed.controls:
            assert control.id == f"{name}:{control.control}"
            assert control.fix
            assert control.source, "each control names its source"


# What each control expects, in words: written down here once more, from the benchmarks.
EXPECTED = {
    "cis_m365_v7:5.2.4.1": ("L1", "scope: all"),
    "cis_m365_v7:5.2.4.2": ("L2", "methods_required: 2"),
    "cis_m365_v7:5.2.4.3": ("L1", "required_at_sign_in: yes; reconfirm_days: not 0"),
    "cis_m365_v7:5.2.4.4": ("L1", "notify_users: yes"),
    "cis_m365_v7:5.2.4.5": ("L1", "notify_admins: yes"),
    "cis_azure_v5:5.5": ("L1", "methods_required: 2"),
    "cis_azure_v5:5.9": ("L1", "reconfirm_days: not 0"),
    "cis_azure_v5:5.10": ("L1", "notify_users: yes"),
    "cis_azure_v5:5.11": ("L1", "notify_admins: yes"),
    "asd_blueprint:properties": (None, "scope: selected; group: any"),
    "asd_blueprint:methods_required": (None, "methods_required: 2"),
    "asd_blueprint:methods_on": (
        None,
        (
            "methods.mobile_app_notification: yes; methods.mobile_app_code: yes; methods.email: yes; "
            "methods.mobile_phone: yes"
        ),
    ),
    "asd_blueprint:methods_off": (None, "methods.office_phone: no; methods.security_questions: no"),
    "asd_blueprint:registration": (None, "required_at_sign_in: yes; reconfirm_days: 180"),
    "asd_blueprint:notifications": (None, "notify_users: yes; notify_admins: yes"),
    "asd_blueprint:customization": (None, "helpdesk_link: no"),
    "microsoft_recommended:registration": (None, "required_at_sign_in: yes"),
    "microsoft_recommended:reconfirm_days": (None, "reconfirm_days: 90 to 180"),
    "microsoft_recommended:notify_users": (None, "notify_users: yes"),
    "microsoft_recommended:notify_admins": (None, "notify_admins: yes"),
    "microsoft_recommended:helpdesk_link": (None, "helpdesk_link: yes; helpdesk_contact: any"),
    "microsoft_recommended:spare_methods": (None, "spare_methods: not 0"),
    "microsoft_recommended:writeback": (None, "password_writeback: yes; unlock_without_reset: yes"),
}


def test_what_the_built_in_baselines_expect() -> None:
    controls = [control for baseline in find_baselines(BASELINES) for control in baseline.controls]
    assert {control.id: (control.level, control.expected) for control in controls} == EXPECTED


OURS: dict[str, Any] = {
    "id": "ours_v1",
    "version": "1",
    "controls": [
        {"control": "1.1", "title": "Everyone", "setting": "scope", "expect": {"equals": "all"}},
        {
            "control": "1.2",
            "title": "Reconfirmed",
            "settings": [
                {"setting": "required_at_sign_in", "expect": {"equals": True}},
                {"setting": "reconfirm_days", "expect": {"between": [90, 365]}},
            ],
            "where": {"synced": {"equals": False}},
        },
    ],
}

WRONG: list[tuple[list[Any], Any, str]] = [
    (["id"], "wanted", "baselines[0].id: 'wanted' is the id of a built-in baseline"),
    (["id"], "cis_m365_v7", "baselines[0].id: 'cis_m365_v7' is the id of a built-in baseline"),
    (["controls", 0, "control"], "1.2", "baselines[0].controls[1].control: '1.2' is used twice"),
    (
        ["controls", 0, "setting"],
        "scop",
        "baselines[0].controls[0].setting: there is no setting 'scop', choose from scope, group",
    ),
    (
        ["controls", 0, "expect"],
        {"equals": "everyone"},
        "baselines[0].controls[0].expect.equals: 'everyone' is not one",
    ),
    (["controls", 0, "expect"], {"equals": True}, "baselines[0].controls[0].expect.equals: True is not of type str"),
    (["controls", 0, "expect"], {"between": [1, 2]}, "controls[0].expect.between: scope is not a number"),
    (["controls", 0, "expect"], {"one_of": ["all", "any"]}, "controls[0].expect.one_of: 'any' is not one of none, sel"),
    (
        ["controls", 1, "settings", 1, "expect"],
        {"not": "0"},
        "baselines[0].controls[1].settings[1].expect.not: '0' is not of type int, which is the type of reconfirm_days",
    ),
    (["controls", 1, "settings", 1, "expect"], {"not": False}, "expect.not: False is not of type int"),
    (["controls", 1, "where"], {"sync": {"equals": True}}, "controls[1].where.sync: there is no setting 'sync'"),
    (["controls", 1, "where"], {"synced": {"equals": 1}}, "controls[1].where.synced.equals: 1 is not of type bool"),
]


def test_a_baseline_of_the_user() -> None:
    [ours] = find_baselines([OURS])
    assert [control.id for control in ours.controls] == ["ours_v1:1.1", "ours_v1:1.2"]
    assert ours.controls[1].where == (Expectation("synced", "equals", False),)


@pytest.mark.parametrize(("place", "value", "message"), WRONG, ids=[message for *_other, message in WRONG])
def test_what_is_wrong_in_a_baseline_is_named(place: list[Any], value: Any, message: str) -> None:
    broken = copy.deepcopy(OURS)
    *way, last = place
    target: Any = broken
    for step in way:
        target = target[step]
    target[last] = value
    with pytest.raises(SsprError) as caught:
        find_baselines([broken])
    assert caught.value.kind == "invalid_setting"
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ["cis"],
            "baselines[0]: there is no built-in baseline 'cis', choose from cis_m365_v7, cis_azure_v5, asd_blueprint",
        ),
        (["asd_blueprint", "asd_blueprint"], "baselines[1]: 'asd_blueprint' is listed twice"),
    ],
)
def test_which_baselines_there_are(given: list[Any], message: str) -> None:
    with pytest.raises(SsprError) as caught:
        find_baselines(given)
    assert message in caught.value.message


def test_agreed_settings_are_a_baseline() -> None:
    agreed = agreed_settings({"scope": "all", "group": "SSPR Pilot", "methods.email": False})
    assert agreed is not None
    assert [control.id for control in agreed.controls] == ["wanted:scope", "wanted:methods.email"], (
        "no group that does not count"
    )
    other = agreed_settings({"scope": "all", "methods.email": True})
    assert other is not None
    assert agreed.version != other.version
    alone = agreed_settings({"group": "SSPR Pilot"})
    assert alone is not None
    assert alone.controls[0].where == (Expectation("scope", "equals", "selected"),)
    cleared = agreed_settings({"helpdesk_contact": ""})
    assert cleared is not None
    assert cleared.controls[0].expectations == (Expectation("helpdesk_contact", "given", False),)
    assert agreed_settings({}) is None


def test_controls_that_conflict() -> None:
    by_id = {control.id: control for baseline in find_baselines(BASELINES) for control in baseline.controls}
    pairs = {tuple(sorted((a, b))) for a in by_id for b in by_id if a != b and by_id[a].conflicts_with(by_id[b])}
    assert pairs == {
        ("asd_blueprint:properties", "cis_m365_v7:5.2.4.1"),
        ("asd_blueprint:customization", "microsoft_recommended:helpdesk_link"),
    }


def test_every_setting_can_be_expected() -> None:
    for name, setting in SETTINGS.items():
        expected: Any = {bool: True, int: setting.low or 1, list: "SSPR Pilot"}.get(setting.json_type, "none")
        expected = "none" if name == "scope" else expected
        entry = {"control": name, "title": name, "setting": name, "expect": {"equals": expected}}
        assert parse_baseline({**OURS, "controls": [entry]}, "here").controls[0].expectations[0].setting == name
