# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tokens say, and which are refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import Plane, SsprError
from ansible_collections.tenantops.entra.plugins.module_utils.connection.cloud import GRAPH_APP_ID, Cloud
from ansible_collections.tenantops.entra.plugins.module_utils.connection.token_claims import (
    check_token,
    claims_of,
    padded,
)

TENANT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
PUBLIC = Cloud.named("public")
USGOV = Cloud.named("usgov")
APP = {"tid": TENANT, "aud": PUBLIC.graph_resource, "exp": 2_000, "idtyp": "app"}
USER = {"tid": TENANT, "aud": PUBLIC.portal_audience, "exp": 2_000, "scp": "user_impersonation"}


def check(claims: dict[str, Any], plane: Plane, **more: Any) -> None:
    check_token(claims, plane=plane, **{"cloud": PUBLIC, "tenant": TENANT, "now": 1_000.0, **more})


def test_good_tokens() -> None:
    check(APP, "graph")
    check({**APP, "aud": GRAPH_APP_ID}, "graph")
    check({**APP, "tid": TENANT.upper()}, "graph")
    check({**APP, "iat": 1_300}, "graph")
    check({**APP, "tid": OTHER}, "graph", tenant=None)
    check(USER, "portal")
    check({**USER, "aud": USGOV.portal_audience}, "portal", cloud=USGOV)


@pytest.mark.parametrize(
    ("plane", "changes", "kind"),
    [
        ("graph", {"tid": OTHER}, "tenant_mismatch"),
        ("graph", {"tid": None}, "tenant_mismatch"),
        ("graph", {"aud": PUBLIC.portal_audience}, "credential"),
        ("graph", {"aud": "https://graph.microsoft.us"}, "credential"),
        ("graph", {"exp": 1_000}, "credential"),
        ("graph", {"exp": None}, "credential"),
        ("graph", {"iat": 1_301}, "environment"),
        ("portal", {"iat": 1_301}, "environment"),
        ("portal", {"tid": OTHER}, "tenant_mismatch"),
        ("portal", {"aud": PUBLIC.graph_resource}, "credential"),
        ("portal", {"exp": 999}, "portal_credential_expired"),
        ("portal", {"idtyp": "app"}, "credential"),
        ("portal", {"scp": None}, "credential"),
    ],
)
def test_refused_tokens(plane: Plane, changes: dict[str, Any], kind: str) -> None:
    with pytest.raises(SsprError) as caught:
        check({**(APP if plane == "graph" else USER), **changes}, plane)
    assert caught.value.kind == kind
    assert caught.value.plane == plane
    assert caught.value.hint


@pytest.mark.parametrize("size", range(1, 9))
def test_claims_without_padding(size: int) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"tid": "x" * size}).encode()).decode().rstrip("=")
    assert claims_of(f"h.{payload}.s", "graph") == {"tid": "x" * size}
    assert len(padded(payload)) % 4 == 0


@pytest.mark.parametrize("token", ["", "opaque", "a.b", "a.!!!.c", "a.W10.c", "a.eyJ.c"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(SsprError) as caught:
        claims_of(token, "graph")
    assert caught.value.kind == "credential"
    assert "JSON web token" in caught.value.message
