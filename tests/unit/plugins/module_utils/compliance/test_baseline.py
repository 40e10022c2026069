# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of baselines: the built-in ones are data, one's own is refused with the place, contraries are found."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.compliance import baseline
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.baseline import Control, Need, clash, say
from ansible_collections.tenantops.entra.plugins.module_utils.data import baselines
from ansible_collections.tenantops.entra.plugins.module_utils.data.baselines import BASELINES
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import SETTINGS

GROUP = {"id": "33333333-3333-4333-8333-333333333333", "display_name": "SSPR Pilot"}


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
        parsed = baseline.parse(entry, name)
        assert parsed.id == name
        assert {"benchmark", "version", "as_of", "source"} <= set(entry)
        for control in parsed.controls:
            assert control.id == f"{name}:{control.control}"
            assert control.fix
            assert control.source, "each control tells where it is from"


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
    controls = [control for baseline in baseline.chosen(BASELINES) for control in baseline.controls]
    assert {control.id: (control.level, baseline.expected(control)) for control in controls} == EXPECTED


CASES = [
    ("scope", {"equals": "all"}, "all", True),
    ("scope", {"equals": "all"}, "selected", False),
    ("methods_required", {"one_of": [1, 2]}, 2, True),
    ("methods_required", {"equals": 1}, True, False),
    ("notify_users", {"equals": True}, 1, False),
    ("reconfirm_days", {"between": [90, 180]}, 90, True),
    ("reconfirm_days", {"between": [90, 180]}, 180, True),
    ("reconfirm_days", {"between": [90, 180]}, 181, False),
    ("reconfirm_days", {"not": 0}, 0, False),
    ("reconfirm_days", {"not": 0}, 1, True),
    ("group", {"given": True}, GROUP, True),
    ("group", {"given": True}, None, False),
    ("group", {"given": False}, None, True),
    ("group", {"equals": "sspr pilot"}, GROUP, True),
    ("group", {"equals": GROUP["id"].upper()}, GROUP, True),
    ("group", {"equals": "33333333-3333-4333-8333-333333333334"}, GROUP, False),
    ("group", {"equals": "SSPR Pilot"}, None, False),
    ("group", {"equals": "SSPR Pilot"}, {**GROUP, "display_name": None}, None),
    ("group", {"equals": GROUP["id"]}, {**GROUP, "display_name": None}, True),
    ("helpdesk_contact", {"given": True}, "", False),
]


@pytest.mark.parametrize(("setting", "expect", "value", "met"), CASES)
def test_a_value_meets_what_is_expected(setting: str, expect: dict[str, Any], value: Any, met: bool | None) -> None:
    [(test, wanted)] = expect.items()
    assert Need(setting, test, wanted).met_by(value) is met
    assert Need(setting, test, wanted).met_in({setting: value}) is met
    assert Need(setting, test, wanted).met_in({}) is None


OURS: dict[str, Any] = {
    "id": "ours_v1",
    "version": "1",
    "controls": [
        {"control": "1.1", "title": "Everybody", "setting": "scope", "expect": {"equals": "all"}},
        {
            "control": "1.2",
            "title": "Asked again",
            "settings": [
                {"setting": "required_at_sign_in", "expect": {"equals": True}},
                {"setting": "reconfirm_days", "expect": {"between": [90, 365]}},
            ],
            "where": {"synced": {"equals": False}},
        },
    ],
}

WRONG: list[tuple[list[Any], Any, str]] = [
    (["id"], None, "baselines[0].id: is missing"),
    (["id"], "Ours v1", "baselines[0].id: 'Ours v1' is not made of lower-case letters, digits and underscores"),
    (["id"], "wanted", "baselines[0].id: 'wanted' is taken"),
    (["id"], "cis_m365_v7", "baselines[0].id: 'cis_m365_v7' is taken"),
    (["version"], 1.0, "baselines[0].version: 1.0 is no text, put it in quotes"),
    (["versoin"], "1", "baselines[0].versoin: there is no such key"),
    (["controls"], [], "baselines[0].controls: a list of controls is missing"),
    (["controls", 0], "1.1", "baselines[0].controls[0]: '1.1' is not a dictionary"),
    (["controls", 0, "control"], 1.1, "baselines[0].controls[0].control: 1.1 is no text, put it in quotes"),
    (["controls", 0, "control"], "1.2", "baselines[0].controls[1].control: '1.2' is there twice"),
    (["controls", 0, "title"], None, "baselines[0].controls[0].title: is missing"),
    (["controls", 0, "setting"], "scop", "baselines[0].controls[0].setting: 'scop' is no setting"),
    (["controls", 0, "setting"], None, "baselines[0].controls[0]: give either setting with expect, or settings"),
    (["controls", 0, "expect"], {"equal": "all"}, "baselines[0].controls[0].expect: {'equal': 'all'} is not one of"),
    (["controls", 0, "expect"], {"equals": "everyone"}, "baselines[0].controls[0].expect.equals: 'everyone' is none"),
    (["controls", 0, "expect"], {"equals": True}, "baselines[0].controls[0].expect.equals: True is not of type str"),
    (["controls", 0, "expect"], {"between": ["a", "b"]}, "expect.between: ['a', 'b'] is not a list of two int"),
    (
        ["controls", 0, "expect"],
        {"one_of": "all"},
        "baselines[0].controls[0].expect.one_of: 'all' is not a list of str",
    ),
    (
        ["controls", 1, "settings", 1, "expect"],
        {"between": [90]},
        "controls[1].settings[1].expect.between: [90] is not",
    ),
    (["controls", 1, "where"], {"sync": {"equals": True}}, "baselines[0].controls[1].where.setting: 'sync' is no"),
]


def test_a_baseline_of_ones_own() -> None:
    [ours] = baseline.chosen([OURS])
    assert [control.id for control in ours.controls] == ["ours_v1:1.1", "ours_v1:1.2"]
    assert ours.controls[1].where == (Need("synced", "equals", False),)


@pytest.mark.parametrize(("place", "value", "message"), WRONG, ids=[message for *_other, message in WRONG])
def test_what_is_wrong_in_a_baseline_is_named(place: list[Any], value: Any, message: str) -> None:
    broken = copy.deepcopy(OURS)
    *way, last = place
    target: Any = broken
    for step in way:
        target = target[step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    with pytest.raises(SsprError) as caught:
        baseline.chosen([broken])
    assert caught.value.kind == "invalid_setting"
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["cis"], "baselines[0]: there is no baseline 'cis', only cis_m365_v7, cis_azure_v5, asd_blueprint"),
        (["asd_blueprint", "asd_blueprint"], "baselines[1]: 'asd_blueprint' is given twice"),
        (["asd_blueprint", 7], "baselines[1]: 7 is not a dictionary"),
    ],
)
def test_which_baselines_there_are(given: list[Any], message: str) -> None:
    with pytest.raises(SsprError) as caught:
        baseline.chosen(given)
    assert message in caught.value.message


def test_what_the_inventory_wants() -> None:
    wanted = baseline.own({"scope": "all", "group": "SSPR Pilot", "methods.email": False})
    assert wanted is not None
    assert [control.id for control in wanted.controls] == ["wanted:scope", "wanted:methods.email"], "no idle group"
    other = baseline.own({"scope": "all", "methods.email": True})
    assert other is not None
    assert wanted.version != other.version
    alone = baseline.own({"group": "SSPR Pilot"})
    assert alone is not None
    assert alone.controls[0].where == (Need("scope", "equals", "selected"),)
    cleared = baseline.own({"helpdesk_contact": ""})
    assert cleared is not None
    assert cleared.controls[0].needs == (Need("helpdesk_contact", "given", False),)
    assert baseline.own({}) is None


def one(setting: str, test: str, wanted: Any) -> Control:
    return Control("x", setting, "", None, (Need(setting, test, wanted),))


def test_contraries() -> None:
    by_id = {control.id: control for baseline in baseline.chosen(BASELINES) for control in baseline.controls}
    pairs = {tuple(sorted((a, b))) for a in by_id for b in by_id if a != b and clash(by_id[a], by_id[b])}
    assert pairs == {
        ("asd_blueprint:properties", "cis_m365_v7:5.2.4.1"),
        ("asd_blueprint:customization", "microsoft_recommended:helpdesk_link"),
    }


@given(
    st.tuples(
        *[
            st.one_of(
                st.tuples(st.sampled_from(["equals", "not"]), st.integers(0, 730)),
                st.tuples(st.just("between"), st.lists(st.integers(0, 730), min_size=2, max_size=2)),
                st.tuples(st.just("one_of"), st.lists(st.integers(0, 730), min_size=1, max_size=4)),
            )
            for _side in range(2)
        ]
    )
)
def test_two_numbers_clash_when_no_number_of_all_meets_both(sides: tuple[tuple[str, Any], tuple[str, Any]]) -> None:
    mine, theirs = (one("reconfirm_days", test, wanted) for test, wanted in sides)
    possible = any(mine.needs[0].met_by(day) and theirs.needs[0].met_by(day) for day in range(731))
    assert clash(mine, theirs) is not possible


def test_clashes_of_other_kinds() -> None:
    assert clash(one("scope", "equals", "none"), one("scope", "one_of", ["selected", "all"]))
    assert not clash(one("scope", "not", "none"), one("scope", "not", "all"))
    assert clash(one("notify_users", "equals", True), one("notify_users", "not", True))
    assert clash(one("helpdesk_contact", "given", False), one("helpdesk_contact", "equals", "a@b.c"))
    assert not clash(one("helpdesk_contact", "given", True), one("helpdesk_contact", "not", "a@b.c"))
    assert not clash(one("methods_required", "equals", 1), one("questions_to_reset", "equals", 3))


def test_every_setting_can_be_expected() -> None:
    for name, setting in SETTINGS.items():
        wanted: Any = {bool: True, int: setting.low or 1, list: "SSPR Pilot"}.get(setting.json_type, "none")
        wanted = "none" if name == "scope" else wanted
        entry = {"control": name, "title": name, "setting": name, "expect": {"equals": wanted}}
        assert baseline.parse({**OURS, "controls": [entry]}, "here").controls[0].needs[0].setting == name


def test_values_are_said_as_an_operator_reads_them() -> None:
    values = [True, False, 0, "", None, "all", GROUP, {**GROUP, "display_name": None}]
    assert [say(value) for value in values] == ["yes", "no", "0", "none", "none", "all", "SSPR Pilot", GROUP["id"]]
