# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What refusals mean, and what is said of permissions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._errors import GRAPH, PORTAL, Plane
from ansible_collections.tenantops.entra.plugins.module_utils.connection.responses import Answer, refusal, seconds

PERMISSIONS = ["Group.Create", "Group.Read.All", "Policy.Read.All", "User.ReadBasic.All"]


def answer(status: int, **facts: object) -> Answer:
    known = {"body": None, "request_id": "r-1", "content_type": "application/json", "retry_after": None}
    return Answer(**{"status": status, "location": None, "challenge": None, **known, **facts})  # type: ignore[arg-type]


@given(st.sampled_from(PERMISSIONS), st.none() | st.frozensets(st.sampled_from(PERMISSIONS)))
def test_a_listed_permission_is_never_called_missing(needs: str, granted: frozenset[str] | None) -> None:
    error = refusal(answer(403), GRAPH, needs, granted)
    listed = granted is not None and needs in granted
    assert error.kind == "permission"
    assert needs in error.message
    assert ("is missing" in error.message) is not listed
    assert ("Grant the app" in (error.hint or "")) is not listed


def test_a_role_of_the_portal_user() -> None:
    error = refusal(answer(403), PORTAL, "Authentication Policy Administrator", None)
    assert (error.hint or "").startswith("Assign the portal user the role Authentication Policy Administrator")


@pytest.mark.parametrize("plane", [GRAPH, PORTAL])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, "unreachable"),
        (400, "invalid_setting"),
        (404, "not_found"),
        (409, "conflict"),
        (412, "conflict"),
        (429, "throttled"),
        (500, "unreachable"),
        (503, "unreachable"),
    ],
)
def test_every_refusal_has_a_kind_and_where_it_came_from(plane: Plane, status: int, kind: str) -> None:
    body = {"error": {"code": "Some_Code", "message": "What the service says"}}
    error = refusal(answer(status, body=body), plane, "Group.Read.All", None)
    assert (error.kind, error.plane, error.status) == (kind, plane, status)
    assert (error.code, error.request_id) == ("Some_Code", "r-1")
    assert "What the service says" in error.message
    assert "None" not in error.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", 3), ("-3", 0), ("0.5", 0.5), ("inf", None), ("nan", None), ("soon", None), (None, None)],
)
def test_how_long_to_wait(text: str | None, expected: float | None) -> None:
    assert seconds(text) == expected
