# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts that may be unreadable: what is tolerated is kept with its reason, each once."""

from __future__ import annotations

import asyncio

import pytest

from ansible_collections.tenantops.entra.plugins.module_utils._errors import ErrorKind, SsprError, Unavailable
from ansible_collections.tenantops.entra.plugins.module_utils.tasks.facts import Fact, FactReader

HINTS: dict[ErrorKind, str] = {"license": "Get Entra ID P1."}


async def answer(value: str | None) -> str | None:
    return value


async def failing(kind: ErrorKind, hint: str | None = None) -> str:
    raise SsprError(kind, "no answer", hint=hint)


def test_no_value_is_an_answer() -> None:
    facts = FactReader(())
    assert asyncio.run(facts.read("report", answer(None))) == Fact(None, None)
    assert asyncio.run(facts.read("report", answer("a row"))).or_missing == "a row"
    assert facts.unavailable == []


def test_what_is_tolerated_is_kept_once() -> None:
    facts = FactReader({"license", "permission"}, HINTS)
    for _again in range(2):
        found = asyncio.run(facts.read("group", failing("license"), options=["scope"], subject="g1"))
        assert found.value is None
        assert found.or_missing == Unavailable("group", "license", "g1: no answer", "Get Entra ID P1.", ("scope",))
    asyncio.run(facts.read("roles", failing("permission", "Grant it.")))
    assert [(entry.what, entry.hint) for entry in facts.unavailable] == [
        ("group", "Get Entra ID P1."),
        ("roles", "Grant it."),
    ]


def test_everything_else_ends_the_task() -> None:
    facts = FactReader({"license"})
    with pytest.raises(SsprError, match="no answer"):
        asyncio.run(facts.read("roles", failing("throttled")))
    assert facts.unavailable == []
