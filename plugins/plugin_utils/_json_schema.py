# Copyright (c) tenantops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validating data against a JSON schema that is stored next to the plugin's code, on the controller."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from ..module_utils._errors import SsprError

_LONGEST_MESSAGE = 200


class JsonSchema:
    """A schema, or with ``part`` one of the schemas in its ``$defs``."""

    def __init__(self, path: Path, part: str | None = None) -> None:
        self._path = path
        self._part = part

    def problem(self, value: Any, place: str = "") -> str | None:
        """The most relevant problem with its place, which begins with ``place``; None when the value is valid.

        Raises: SsprError(environment), when the library is missing.
        """
        jsonschema = require_jsonschema()
        error = jsonschema.exceptions.best_match(self._validator.iter_errors(value))
        if error is None:
            return None
        where = _place(place, error.absolute_path)
        return f"{where}: {_message(error)}" if where else _message(error)

    @cached_property
    def _validator(self) -> Any:
        schema = json.loads(self._path.read_text(encoding="utf-8"))
        if self._part is not None:
            schema = {**schema, "$ref": f"#/$defs/{self._part}"}
            schema = {key: schema[key] for key in ("$schema", "$id", "$ref", "$defs")}
        return require_jsonschema().Draft202012Validator(schema)


def require_jsonschema() -> Any:
    """The library. Raises: SsprError(environment), when this Python does not have it."""
    try:
        import jsonschema
    except ImportError as exc:
        raise SsprError(
            "environment",
            f"the Python library jsonschema is missing for {sys.executable}: {exc}",
            hint="Install it for the Python that runs Ansible, see requirements.txt of the collection.",
        ) from exc
    return jsonschema


def _place(place: str, path: Any) -> str:
    """As one would write it: ``baselines[0].controls[1].title``."""
    for step in path:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    return place.lstrip(".")


def _message(error: Any) -> str:
    """The library's message; where that only repeats the data or the schema, one of our own."""
    if error.validator == "not":
        return "cannot be combined with the other keys here"
    if error.validator in ("minItems", "minLength", "minProperties") and not error.instance:
        return "must not be empty"
    text: str = error.message
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} ..."
