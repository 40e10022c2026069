# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which permissions are missing, given those that include others."""

from __future__ import annotations

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils.services import permissions
from ansible_collections.tenantops.entra.plugins.module_utils.services.permissions import INCLUDED_IN


@pytest.mark.parametrize("name", sorted(INCLUDED_IN))
def test_a_permission_is_there_with_any_that_includes_it(name: str) -> None:
    assert permissions.not_granted([name], frozenset()) == [name]
    for granted in (name, *INCLUDED_IN[name]):
        assert permissions.not_granted([name], frozenset({granted})) == []


def test_nothing_is_missing_where_it_is_unknown_what_is_granted() -> None:
    assert permissions.not_granted(list(INCLUDED_IN), None) == []


def test_reading_does_not_include_writing() -> None:
    needed = [permissions.CREATE_GROUPS, permissions.WRITE_MEMBERS]
    assert permissions.not_granted(needed, frozenset({"Group.Read.All", "Directory.Read.All"})) == needed


def test_the_error_names_all_that_is_missing_and_says_that_nothing_was_written() -> None:
    error = permissions.permission_error(permissions.CREATE_GROUPS, permissions.WRITE_MEMBERS)
    assert (error.kind, error.plane) == ("permission", "graph")
    assert error.message == "the app lacks the permission Group.Create and GroupMember.ReadWrite.All"
    assert error.text.endswith("Nothing was written.")
