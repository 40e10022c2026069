# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages as tables: the options of several of them, and when a group counts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import (
    ALL_PAGES,
    METHODS,
    SETTINGS,
    argument_spec,
    group_counts,
)


def test_the_argument_spec_of_all_pages_has_every_option_once() -> None:
    spec = argument_spec(ALL_PAGES)
    switches = {name for page in ALL_PAGES for name in page.switches}
    assert set(spec) == {option.partition(".")[0] for option in SETTINGS} | switches
    assert [f"methods.{name}" for name in spec["methods"]["options"]] == list(METHODS)


@pytest.mark.parametrize(
    ("requested", "scope", "counts"),
    [
        ({"scope": "selected"}, None, True),
        ({"scope": "selected"}, "all", True),
        ({"scope": "all"}, "selected", False),
        ({}, "selected", True),
        ({}, "none", False),
        ({}, None, False),
    ],
)
def test_a_group_counts_where_the_resulting_scope_is_selected(
    requested: dict[str, Any], scope: str | None, counts: bool
) -> None:
    assert group_counts({**requested, "group": "SSPR Pilot"}, scope) is counts
