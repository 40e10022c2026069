# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validating baselines before they are passed to the module, which does not have the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...module_utils._errors import SsprError
from .._json_schema import JsonSchema

# Published as docs/schemas/baseline-1.schema.json; a test keeps them equal.
BASELINE_SCHEMA = JsonSchema(Path(__file__).with_name("baseline-1.schema.json"))


def require_valid_baselines(baselines: Any) -> None:
    """Baselines that are dictionaries must have the published form. Names are left to the module.

    Raises: SsprError(invalid_setting) with the place of what is wrong, SsprError(environment).
    """
    for index, item in enumerate(baselines if isinstance(baselines, list) else ()):
        problem = None if isinstance(item, str) else BASELINE_SCHEMA.problem(item, f"baselines[{index}]")
        if problem:
            raise SsprError(
                "invalid_setting",
                problem,
                hint='docs/baselines.md describes the form. YAML needs quotes around numbers, for example "5.10". '
                "Nothing was sent.",
            )
