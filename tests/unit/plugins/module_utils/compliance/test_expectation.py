# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a control expects: values meet it, values read well, and expectations that exclude each other are found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils.compliance.expectation import Expectation, display
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import GroupRef

GROUP = GroupRef("33333333-3333-4333-8333-333333333333", "SSPR Pilot")
NAMELESS = GroupRef(GROUP.id, None)

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
    ("group", {"equals": GROUP.id.upper()}, GROUP, True),
    ("group", {"equals": "33333333-3333-4333-8333-333333333334"}, GROUP, False),
    ("group", {"equals": "SSPR Pilot"}, None, False),
    ("group", {"equals": "SSPR Pilot"}, NAMELESS, None),
    ("group", {"equals": GROUP.id}, NAMELESS, True),
    ("helpdesk_contact", {"given": True}, "", False),
]


@pytest.mark.parametrize(("setting", "expect", "value", "met"), CASES)
def test_a_value_meets_what_is_expected(setting: str, expect: dict[str, Any], value: Any, met: bool | None) -> None:
    [(test, expected)] = expect.items()
    assert Expectation(setting, test, expected).met_by(value) is met
    assert Expectation(setting, test, expected).met_in({setting: value}) is met
    assert Expectation(setting, test, expected).met_in({}) is None


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
def test_two_numbers_exclude_each_other_when_no_number_meets_both(
    sides: tuple[tuple[str, Any], tuple[str, Any]],
) -> None:
    mine, theirs = (Expectation("reconfirm_days", test, expected) for test, expected in sides)
    possible = any(mine.met_by(day) and theirs.met_by(day) for day in range(731))
    assert mine.excludes(theirs) is not possible


def test_other_kinds_that_exclude_each_other() -> None:
    assert Expectation("scope", "equals", "none").excludes(Expectation("scope", "one_of", ["selected", "all"]))
    assert not Expectation("scope", "not", "none").excludes(Expectation("scope", "not", "all"))
    assert Expectation("notify_users", "equals", True).excludes(Expectation("notify_users", "not", True))
    assert Expectation("helpdesk_contact", "given", False).excludes(Expectation("helpdesk_contact", "equals", "a@b.c"))
    assert not Expectation("helpdesk_contact", "given", True).excludes(Expectation("helpdesk_contact", "not", "a@b.c"))
    assert not Expectation("methods_required", "equals", 1).excludes(Expectation("questions_to_reset", "equals", 3))


def test_values_are_shown_as_an_operator_reads_them() -> None:
    values = [True, False, 0, "", None, "all", GROUP, NAMELESS]
    assert [display(value) for value in values] == ["yes", "no", "0", "none", "none", "all", "SSPR Pilot", GROUP.id]
