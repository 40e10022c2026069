# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a baseline: what is wrong in a user's own is named with its place, before anything is sent."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.baseline import find_baselines
from ansible_collections.tenantops.entra.plugins.module_utils.compliance.expectation import TESTS
from ansible_collections.tenantops.entra.plugins.module_utils.data.baselines import BASELINES
from ansible_collections.tenantops.entra.plugins.plugin_utils._audit import baseline_schema
from ansible_collections.tenantops.entra.plugins.plugin_utils._audit.baseline_schema import require_valid_baselines
from ansible_collections.tenantops.entra.plugins.plugin_utils._json_schema import JsonSchema

ROOT = Path(__file__).resolve().parents[5]
PUBLISHED = ROOT / "docs" / "schemas" / "baseline-1.schema.json"

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
MISSING = object()

WRONG: list[tuple[list[Any], Any, str]] = [
    (["id"], MISSING, "baselines[0]: 'id' is a required property"),
    (["id"], "Ours v1", "baselines[0].id: 'Ours v1' does not match"),
    (["version"], 1.0, "baselines[0].version: 1.0 is not of type 'string'"),
    (["versoin"], "1", "baselines[0]: Additional properties are not allowed ('versoin' was unexpected)"),
    (["controls"], [], "baselines[0].controls: must not be empty"),
    (["controls"], MISSING, "baselines[0]: 'controls' is a required property"),
    (["controls", 0], "1.1", "baselines[0].controls[0]: '1.1' is not of type 'object'"),
    (["controls", 0, "control"], 1.1, "baselines[0].controls[0].control: 1.1 is not of type 'string'"),
    (["controls", 0, "title"], MISSING, "baselines[0].controls[0]: 'title' is a required property"),
    (["controls", 0, "title"], "", "baselines[0].controls[0].title: must not be empty"),
    (["controls", 0, "setting"], MISSING, "baselines[0].controls[0]: 'setting' is a required property"),
    (["controls", 0, "expect"], MISSING, "baselines[0].controls[0]: 'expect' is a required property"),
    (["controls", 1, "setting"], "scope", "baselines[0].controls[1].setting: cannot be combined with the other keys"),
    (["controls", 0, "expect"], {"equal": "all"}, "baselines[0].controls[0].expect: Additional properties are not all"),
    (["controls", 0, "expect"], {}, "baselines[0].controls[0].expect: must not be empty"),
    (
        ["controls", 0, "expect"],
        {"equals": "all", "not": "none"},
        "controls[0].expect: {'equals': 'all', 'not': 'none'}",
    ),
    (["controls", 0, "expect"], {"equals": None}, "baselines[0].controls[0].expect.equals: None is not of type"),
    (["controls", 0, "expect"], {"between": [1, "b"]}, "expect.between[1]: 'b' is not of type 'integer'"),
    (["controls", 0, "expect"], {"one_of": "all"}, "controls[0].expect.one_of: 'all' is not of type 'array'"),
    (["controls", 0, "expect"], {"given": 1}, "controls[0].expect.given: 1 is not of type 'boolean'"),
    (["controls", 1, "settings"], [], "baselines[0].controls[1].settings: must not be empty"),
    (
        ["controls", 1, "settings", 1, "expect"],
        {"between": [90]},
        "controls[1].settings[1].expect.between: [90] is too",
    ),
    (["controls", 1, "where"], {"synced": True}, "baselines[0].controls[1].where.synced: True is not of type 'object'"),
]


def test_the_schema_is_published() -> None:
    """One file for readers, one beside the code that needs it."""
    packaged = Path(baseline_schema.__file__).with_name(PUBLISHED.name)
    assert PUBLISHED.read_bytes() == packaged.read_bytes()


def test_the_schema_knows_every_test() -> None:
    schema = baseline_schema.BASELINE_SCHEMA._validator.schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(schema["$defs"]["expect"]["properties"]) == set(TESTS)


def test_valid_baselines() -> None:
    require_valid_baselines([OURS, *BASELINES, *BASELINES.values()])
    require_valid_baselines(["no such baseline"])
    require_valid_baselines(None)
    assert [baseline.id for baseline in find_baselines([OURS])] == ["ours_v1"]


@pytest.mark.parametrize(("place", "value", "message"), WRONG, ids=[message for *_other, message in WRONG])
def test_what_is_wrong_in_a_baseline_is_named(place: list[Any], value: Any, message: str) -> None:
    broken = copy.deepcopy(OURS)
    *way, last = place
    target: Any = broken
    for step in way:
        target = target[step]
    if value is MISSING:
        del target[last]
    else:
        target[last] = value
    with pytest.raises(SsprError) as caught:
        require_valid_baselines([broken])
    assert caught.value.kind == "invalid_setting"
    assert message in caught.value.message
    assert caught.value.hint
    assert "quotes" in caught.value.hint


def test_the_place_counts_names_too() -> None:
    with pytest.raises(SsprError) as caught:
        require_valid_baselines(["asd_blueprint", 7])
    assert caught.value.message == "baselines[1]: 7 is not of type 'object'"


def test_a_message_does_not_repeat_much_data() -> None:
    with pytest.raises(SsprError) as caught:
        require_valid_baselines([{**OURS, "version": ["long"] * 200}])
    assert caught.value.message.endswith(" ...")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    schema = JsonSchema(PUBLISHED)
    with pytest.raises(SsprError) as caught:
        schema.problem({})
    assert caught.value.kind == "environment"
    assert "jsonschema" in caught.value.message
    assert "requirements.txt" in (caught.value.hint or "")
    require_valid_baselines(["cis_m365_v7"])
