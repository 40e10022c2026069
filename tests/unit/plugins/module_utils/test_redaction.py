# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets do not leave a task, in whatever form they travel."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.tenantops.entra.plugins.module_utils._redaction import MASK, Redactor

SECRET = 'p+a/s=s w"o\\rd~ü'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        repr(SECRET)[1:-1],
    ],
)
def test_forms(form: str) -> None:
    redactor = Redactor()
    redactor.add(SECRET)
    assert redactor.text(f"a {form} b") == f"a {MASK} b"


def test_nested_values_and_keys() -> None:
    redactor = Redactor()
    redactor.add("s3cret")
    assert redactor.clean({"a": [("s3cret", 1, None, True)], "s3cret": {"x": "is s3cret!"}}) == {
        "a": [[MASK, 1, None, True]],
        MASK: {"x": f"is {MASK}!"},
    }


def test_short_and_missing_secrets_do_not_destroy_the_output() -> None:
    redactor = Redactor()
    for secret in (None, "", "a", "abc"):
        redactor.add(secret)
    assert redactor.text("abc contoso") == "abc contoso"


def test_lines_of_a_private_key() -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n" + "B" * 64 + "\n-----END PRIVATE KEY-----\n"
    redactor = Redactor()
    redactor.add(key)
    assert "A" * 64 not in redactor.text("broken: " + "A" * 64)
    assert "PRIVATE KEY" in redactor.text("no PRIVATE KEY in the file")


@given(st.text(min_size=4, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_never_survives(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add(secret)
    values: Any = {"k": [before + secret + after]}
    cleaned = redactor.clean(values)["k"][0]
    assert secret not in cleaned.replace(MASK, "")
