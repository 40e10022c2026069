# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules document, compared with the tables and with each other."""

from __future__ import annotations

import importlib
import re
from types import ModuleType
from typing import Any

import pytest
import yaml

from ansible_collections.tenantops.entra.plugins.module_utils._errors import ERROR_KINDS
from ansible_collections.tenantops.entra.plugins.module_utils.settings.pages import ALL_PAGES

NAMES = [*(page.name for page in ALL_PAGES), "policy", "info"]
SETTERS = NAMES[:-1]
OWN = {"settings", "previous", "backend", "targets", "missing_permissions"}


def module(name: str) -> ModuleType:
    return importlib.import_module(f"ansible_collections.tenantops.entra.plugins.modules.sspr_{name}")


def returned(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(module(name).RETURN)
    return loaded


@pytest.mark.parametrize("name", SETTERS)
def test_shared_return_values_are_the_same_everywhere(name: str) -> None:
    mine, first = returned(name), returned("policy")
    assert {key: mine[key] for key in mine if key not in OWN} == {key: first[key] for key in first if key not in OWN}
    for key in OWN & set(mine):
        assert {**mine[key], "sample": None} == {**first[key], "sample": None}


@pytest.mark.parametrize("name", SETTERS)
def test_kinds_of_error_are_all_documented(name: str) -> None:
    text = " ".join(returned(name)["error"]["contains"]["kind"]["description"])
    assert set(re.findall(r"C\((\w+)\)", text)) == set(ERROR_KINDS)


def test_samples_show_real_options() -> None:
    for page in ALL_PAGES:
        sample = returned(page.name)["settings"]["sample"]
        flat = {f"{key}.{name}" for key, value in sample.items() if key == "methods" for name in value}
        assert flat | (set(sample) - {"methods"}) == set(page.options)


def test_the_whole_policy_takes_every_option() -> None:
    spec = module("policy").SPEC
    for page in ALL_PAGES:
        assert page.argument_spec().items() <= spec.items()
